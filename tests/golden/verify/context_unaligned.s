; A load that begins within a field.
; options: --type tc
    r0 = *(u16 *)(r1 + 25)
    exit
