; Which queue a packet came from is for reading.
; options: --type xdp
    r0 = 2
    *(u32 *)(r1 + 16) = r0
    exit
