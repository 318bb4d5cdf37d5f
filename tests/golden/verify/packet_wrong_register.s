; r4 is compared with the end, r3 is used.
; options: --type xdp
    r0 = 1
    r2 = *(u32 *)(r1 + 4)
    r1 = *(u32 *)(r1 + 0)
    r4 = r1
    r4 += 14
    if r4 > r2 goto out
    r5 = *(u8 *)(r1 + 0)
    r3 = r4
    r3 += r5
    if r4 > r2 goto out
    r0 = *(u8 *)(r3 + 0)
out:
    exit
