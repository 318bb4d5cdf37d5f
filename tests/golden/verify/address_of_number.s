; A length is no address.
    r0 = *(u8 *)(r2 + 0)
    exit
