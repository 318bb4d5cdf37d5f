; Compared with data, where data_end was meant: that is never behind it, and nothing is learned.
; options: --type xdp
    r0 = 1
    r2 = *(u32 *)(r1 + 0)
    r1 = *(u32 *)(r1 + 0)
    r3 = r1
    r3 += 14
    if r2 > r3 goto out
    r0 = *(u16 *)(r1 + 12)
out:
    exit
