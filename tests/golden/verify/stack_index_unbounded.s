; An array in the stack with an index from the packet.
    r0 = 0
    if r2 < 14 goto out
    r3 = *(u8 *)(r1 + 0)
    r4 = r10
    r4 += -64
    r4 += r3
    *(u8 *)(r4 + 0) = r0
out:
    exit
