; The low 32 bits are compared, all 64 are used.
    r0 = 0
    if r2 < 14 goto out
    r3 = *(u64 *)(r1 + 0)
    if w3 > 15 goto out
    r4 = r10
    r4 += -16
    r4 += r3
    *(u8 *)(r4 + 0) = r0
out:
    exit
