; r3 is what was on the wire; what was captured is in r2.
    r0 = 0
    if r3 < 60 goto out
    r0 = *(u8 *)(r1 + 59)
out:
    exit
