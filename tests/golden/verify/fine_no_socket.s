; There is no socket, and the program sees to that.
; options: --type tc
    r1 = *(u64 *)(r1 + 168)
    r0 = 0
    if r1 == 0 goto out
    r0 = *(u32 *)(r1 + 4)
out:
    exit
