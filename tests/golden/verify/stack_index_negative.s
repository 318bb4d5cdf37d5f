; A comparison with signs lets negative numbers pass.
    r0 = 0
    if r2 < 14 goto out
    r3 = *(s16 *)(r1 + 0)
    if r3 s> 15 goto out
    r4 = r10
    r4 += -16
    r4 += r3
    *(u8 *)(r4 + 0) = r0
out:
    exit
