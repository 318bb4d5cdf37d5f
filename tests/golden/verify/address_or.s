; Setting bits of an address to align it.
    r1 |= 7
    r0 = *(u8 *)(r1 + 0)
    exit
