; So is one that was kept in the stack meanwhile.
; options: --type xdp
    r6 = r1
    r7 = *(u32 *)(r1 + 0)
    *(u64 *)(r10 - 8) = r7
    r2 = -4
    call 65
    r7 = *(u64 *)(r10 - 8)
    r0 = *(u8 *)(r7 + 0)
    exit
