; An address of the machine, as in a driver.
    r1 = 0xb8000 ll
    r0 = *(u8 *)(r1 + 0)
    exit
