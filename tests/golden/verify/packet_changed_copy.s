; The length of the header is compared for before it is multiplied by 4.
    r0 = 0
    if r2 < 34 goto out
    r3 = *(u8 *)(r1 + 14)
    r3 &= 15
    r4 = r3
    r4 += 38
    if r4 > r2 goto out
    r3 <<= 2
    r1 += r3
    r0 = *(u32 *)(r1 + 34)
out:
    exit
