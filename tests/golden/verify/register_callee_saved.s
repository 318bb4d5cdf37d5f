; A function finds nothing in r6 to r9 of whoever called it.
    r6 = r1
    call local +1
    exit
    r0 = *(u8 *)(r6 + 0)
    exit
