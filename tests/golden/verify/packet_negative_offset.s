; A distance with a sign may lead before the packet.
    r0 = 0
    if r2 < 64 goto out
    r3 = *(s8 *)(r1 + 0)
    if r3 s> 60 goto out
    r1 += r3
    r0 = *(u8 *)(r1 + 0)
out:
    exit
