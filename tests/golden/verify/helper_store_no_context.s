; Argument 1 is the address of the packet instead of the context.
; options: --type tc
    r1 = *(u32 *)(r1 + 76)
    *(u64 *)(r10 - 8) = 0
    r2 = 0
    r3 = r10
    r3 += -8
    r4 = 8
    r5 = 0
    call 9
    exit
