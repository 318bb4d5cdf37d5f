; Only one of two ways to the access compares.
    r0 = 0
    r4 = r3
    r4 &= 1
    if r4 == 0 goto even
    if r2 < 14 goto out
even:
    r0 = *(u16 *)(r1 + 12)
out:
    exit
