; A function gets the address of 8 bytes of its caller's stack, and writes behind them.
    r0 = 0
    *(u64 *)(r10 - 8) = r0
    r1 = r10
    r1 += -8
    call fill
    exit
fill:
    r0 = 0
    *(u64 *)(r1 + 8) = r0
    exit
