; Options are skipped by their own length, which may be 0: the loop stands still.
    r4 = 14
again:
    r0 = 0
    r5 = r4
    r5 += 2
    if r5 > r2 goto out
    r5 = r1
    r5 += r4
    r0 = *(u8 *)(r5 + 0)
    if r0 == 1 goto out
    r3 = *(u8 *)(r5 + 1)
    r4 += r3
    goto again
out:
    exit
