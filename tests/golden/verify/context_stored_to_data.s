; Programs move the packet's ends by helpers.
; options: --type tc
    r2 = *(u32 *)(r1 + 76)
    r0 = 0
    *(u32 *)(r1 + 76) = r0
    exit
