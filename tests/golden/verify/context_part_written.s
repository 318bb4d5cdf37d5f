; Half of mark is written.
; options: --type tc
    *(u16 *)(r1 + 8) = 1
    r0 = 0
    exit
