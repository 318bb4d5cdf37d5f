; A number from the packet is no function.
    r0 = 0
    if r2 < 8 goto out
    r3 = *(u64 *)(r1 + 0)
    callx r3
out:
    exit
