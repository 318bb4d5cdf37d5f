; How much is stored comes from the packet.
; options: --type xdp
    r6 = r1
    r7 = *(u32 *)(r6 + 0)
    r8 = *(u32 *)(r6 + 4)
    r2 = r7
    r2 += 2
    if r2 > r8 goto out
    r4 = *(u8 *)(r7 + 1)
    *(u64 *)(r10 - 8) = 0
    r1 = r6
    r2 = 0
    r3 = r10
    r3 += -8
    call 190
out:
    r0 = 2
    exit
