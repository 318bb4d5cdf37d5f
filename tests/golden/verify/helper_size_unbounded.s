; As many bytes as the packet has, into 64.
; options: --type socket
    r4 = *(u32 *)(r1 + 0)
    r3 = r10
    r3 += -64
    r2 = 0
    call 26
    r0 = 0
    exit
