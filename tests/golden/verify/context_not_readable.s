; A field that programs of this type may not have at all.
; options: --type xdp
    r0 = *(u32 *)(r1 + 20)
    exit
