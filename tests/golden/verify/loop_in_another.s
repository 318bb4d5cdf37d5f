; The inner loop has a limit, the outer one has none.
    r0 = 0
outer:
    r1 = 0
inner:
    r0 += r1
    r1 += 1
    if r1 != 8 goto inner
    r0 &= 255
    if r0 != 7 goto outer
    exit
