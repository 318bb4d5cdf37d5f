; An offset of 32 bits from the packet may be anywhere.
    r0 = 0
    if r2 < 4 goto out
    r3 = *(u32 *)(r1 + 0)
    r1 += r3
    r0 = *(u8 *)(r1 + 0)
out:
    exit
