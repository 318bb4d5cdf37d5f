; data is an address only if all 4 bytes of it are loaded.
; options: --type xdp
    r2 = *(u16 *)(r1 + 0)
    r0 = *(u8 *)(r2 + 0)
    exit
