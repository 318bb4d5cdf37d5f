; Four bytes are asked of, and there are two.
; options: --type tc
    *(u16 *)(r10 - 2) = 0
    r2 = 0
    r3 = r10
    r3 += -2
    r4 = 0
    r5 = 0
    call 163
    exit
