; The packet as memory of a helper: it has to be as long, too.
; options: --type xdp
    r1 = *(u32 *)(r1 + 0)
    r2 = 20
    r3 = r1
    r4 = 0
    r5 = 0
    call 28
    r0 = 2
    exit
