; A length that was subtracted from may be negative, which is large.
; options: --type socket
    r4 = *(u32 *)(r1 + 0)
    r4 += -14
    r3 = r10
    r3 += -64
    r2 = 14
    if r4 s> 64 goto out
    call 26
out:
    r0 = 0
    exit
