; The access is on the way for packets that are too short.
    r0 = 0
    if r2 > 13 goto out
    r0 = *(u16 *)(r1 + 12)
out:
    exit
