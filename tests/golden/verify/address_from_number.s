; A number minus an address is none.
    r3 = 64
    r3 -= r1
    r0 = 0
    exit
