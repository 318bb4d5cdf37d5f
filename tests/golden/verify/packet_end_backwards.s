; A trailer of 4 bytes, in packets that may have less.
; options: --type xdp
    r2 = *(u32 *)(r1 + 4)
    r0 = *(u32 *)(r2 - 4)
    exit
