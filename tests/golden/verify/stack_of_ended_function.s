; The function's stack is gone when it has returned.
    call local +2
    r0 = *(u64 *)(r0 + 0)
    exit
    r1 = 1
    *(u64 *)(r10 - 8) = r1
    r0 = r10
    r0 += -8
    exit
