; The packet cannot hold addresses.
    r0 = 0
    if r2 < 8 goto out
    r1 = *(u64 *)(r1 + 0)
    r0 = *(u8 *)(r1 + 0)
out:
    exit
