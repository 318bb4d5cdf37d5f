; The comparison comes, but after the access.
    r0 = *(u16 *)(r1 + 12)
    if r2 < 14 goto short
    exit
short:
    r0 = 0
    exit
