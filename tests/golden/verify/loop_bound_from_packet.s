; It counts, but up to a number of 32 bits from the packet.
    r0 = 0
    if r2 < 8 goto out
    r3 = *(u32 *)(r1 + 4)
    r4 = 0
again:
    r4 += 1
    r0 ^= r4
    if r4 < r3 goto again
out:
    exit
