; Atomic operations need a multiple of their size.
    r0 = 0
    *(u64 *)(r10 - 8) = r0
    *(u64 *)(r10 - 16) = r0
    r1 = 1
    lock *(u64 *)(r10 - 12) += r1
    exit
