    r0 = 0
    if r2 > 60 goto +1
    r3 = 0x1122334455667788 ll
    exit
