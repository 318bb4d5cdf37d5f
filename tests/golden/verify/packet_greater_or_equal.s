; The comparison lets pass what is equal: 13 bytes may be all there are, and byte 13 is read.
    r0 = 0
    r3 = 13
    if r3 > r2 goto out
    r0 = *(u8 *)(r1 + 13)
out:
    exit
