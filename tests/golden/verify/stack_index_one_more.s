; An array of 16 at the end of the stack; index 16 passes.
    r0 = 0
    if r2 < 14 goto out
    r3 = *(u8 *)(r1 + 0)
    if r3 > 16 goto out
    r4 = r10
    r4 += -16
    r4 += r3
    *(u8 *)(r4 + 0) = r0
out:
    exit
