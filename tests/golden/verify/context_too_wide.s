; A load of 8 bytes from a field of 4.
; options: --type xdp
    r2 = *(u64 *)(r1 + 12)
    r0 = 2
    exit
