; What is subtracted may be more than there is, so the difference may be anything.
    r0 = 0
    if r2 < 14 goto out
    r3 = *(u16 *)(r1 + 12)
    r4 = r2
    r4 -= r3
    if r4 < 4 goto out
    r1 += r3
    r0 = *(u32 *)(r1 + 0)
out:
    exit
