; A copy of data made before bpf_xdp_adjust_head() is of no use after it.
; options: --type xdp
    r6 = r1
    r7 = *(u32 *)(r1 + 0)
    r2 = -20
    call 44
    if r0 != 0 goto out
    r2 = *(u32 *)(r6 + 4)
    r3 = r7
    r3 += 14
    if r3 > r2 goto out
    r0 = *(u16 *)(r7 + 12)
out:
    r0 = 1
    exit
