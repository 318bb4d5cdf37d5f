; Two addresses were added: one of them was meant to be a length.
    r3 = r10
    r3 += r1
    r0 = *(u8 *)(r3 + 0)
    exit
