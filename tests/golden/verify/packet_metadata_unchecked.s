; Metadata has been made room for, and nobody has looked whether it is there.
; options: --type xdp
    r6 = r1
    r2 = -4
    call 54
    r1 = *(u32 *)(r6 + 8)
    *(u32 *)(r1 + 0) = 7
    r0 = 2
    exit
