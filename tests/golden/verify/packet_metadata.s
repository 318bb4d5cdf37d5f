; Metadata is there if its address and data are apart, and nobody has looked.
; options: --type xdp
    r0 = 1
    r1 = *(u32 *)(r1 + 8)
    r0 = *(u32 *)(r1 + 0)
    exit
