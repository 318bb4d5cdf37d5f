; r1 to r5 belong to whoever is called.
    r0 = 0
    call 5
    r0 = *(u8 *)(r1 + 0)
    exit
