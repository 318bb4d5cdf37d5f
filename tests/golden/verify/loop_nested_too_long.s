; Each loop has a bound, and together they take 16 million steps.
    r0 = 0
    r1 = 0
outer:
    r2 = 0
inner:
    r0 += r2
    r2 += 1
    if r2 != 4096 goto inner
    r1 += 1
    if r1 != 1024 goto outer
    exit
