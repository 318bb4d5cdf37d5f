; The address of the end is where the packet is not any more.
; options: --type xdp
    r0 = 1
    r2 = *(u32 *)(r1 + 4)
    r1 = *(u32 *)(r1 + 0)
    r3 = r1
    r3 += 14
    if r3 > r2 goto out
    r0 = *(u8 *)(r2 + 0)
out:
    exit
