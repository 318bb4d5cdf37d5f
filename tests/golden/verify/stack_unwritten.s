; Nobody has written to these 8 bytes.
    r0 = *(u64 *)(r10 - 8)
    exit
