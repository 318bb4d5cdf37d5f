; An address kept in the stack, and one of its bytes overwritten.
    *(u64 *)(r10 - 8) = r1
    r3 = 1
    *(u8 *)(r10 - 8) = r3
    r1 = *(u64 *)(r10 - 8)
    r0 = 0
    if r2 < 2 goto out
    r0 = *(u8 *)(r1 + 0)
out:
    exit
