; An address in the packet from before it was moved.
; options: --type xdp
    r6 = r1
    r7 = *(u32 *)(r1 + 0)
    r2 = 0
    call 44
    r1 = r7
    r2 = 4
    r3 = 0
    r4 = 0
    r5 = 0
    call 28
    r0 = 2
    exit
