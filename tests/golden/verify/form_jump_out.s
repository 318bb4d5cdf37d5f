    r0 = 0
    if r2 > 60 goto +5
    exit
