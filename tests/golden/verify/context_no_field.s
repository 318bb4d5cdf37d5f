; struct xdp_md ends at 24.
; options: --type xdp
    r0 = *(u32 *)(r1 + 24)
    exit
