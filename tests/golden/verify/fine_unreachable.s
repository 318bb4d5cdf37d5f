; No mistake: what no run comes to harms nobody.
    r0 = 1
    exit
    r0 = *(u8 *)(r9 + 77)
    exit
