; There is nothing before the packet's first byte.
    r0 = *(u8 *)(r1 - 1)
    exit
