; What is left of the xor of two addresses is no address.
    r3 = r10
    r3 ^= r1
    r0 = 0
    exit
