; bpf_xdp_adjust_tail() wants what r1 held at the beginning, not the packet.
; options: --type xdp
    r1 = *(u32 *)(r1 + 0)
    r2 = -4
    call 65
    r0 = 2
    exit
