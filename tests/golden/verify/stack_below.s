; A function has 512 bytes.
    r0 = 0
    *(u64 *)(r10 - 520) = r0
    exit
