; An index into the context, here one of __sk_buff's five words cb.
; options: --type tc
    r2 = *(u32 *)(r1 + 8)
    r2 &= 3
    r2 <<= 2
    r1 += r2
    r0 = *(u32 *)(r1 + 48)
    exit
