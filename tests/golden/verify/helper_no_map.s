; A number where a map is wanted.
    r0 = 0
    *(u32 *)(r10 - 4) = r0
    r2 = r10
    r2 += -4
    r1 = 3
    call 1
    r0 = 0
    exit
