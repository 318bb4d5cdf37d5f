; A jump leads from one function into another.
    call twice
    exit
twice:
    r0 = 2
    if r2 > 60 goto -3
    exit
