; The last byte is there, but only reads may count from the end.
; options: --type xdp
    r0 = 1
    r2 = *(u32 *)(r1 + 4)
    r1 = *(u32 *)(r1 + 0)
    r1 += 1
    if r1 > r2 goto out
    *(u8 *)(r2 - 1) = r0
out:
    exit
