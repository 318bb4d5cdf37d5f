; Nothing is no length for this helper.
; options: --type socket
    r4 = *(u32 *)(r1 + 0)
    r4 &= 31
    r3 = r10
    r3 += -64
    r2 = 0
    call 26
    r0 = 0
    exit
