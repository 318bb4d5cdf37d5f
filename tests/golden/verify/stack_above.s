; r10 is the end: the first byte is below it.
    r0 = 0
    *(u8 *)(r10 + 0) = r0
    exit
