; Arithmetic with 32 bits cuts an address.
    r0 = 0
    if r2 < 20 goto out
    w1 += 14
    r0 = *(u8 *)(r1 + 0)
out:
    exit
