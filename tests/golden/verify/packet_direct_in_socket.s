; Socket programs get at the packet by helpers only.
; options: --type socket
    r2 = *(u32 *)(r1 + 80)
    r0 = 0
    exit
