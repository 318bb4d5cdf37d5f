; Atomic operations are for what others see as well.
; options: --type xdp
    r0 = 1
    r2 = *(u32 *)(r1 + 4)
    r1 = *(u32 *)(r1 + 0)
    r3 = r1
    r3 += 8
    if r3 > r2 goto out
    lock *(u32 *)(r1 + 0) += r0
out:
    exit
