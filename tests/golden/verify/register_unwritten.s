; r6 was never set.
    r0 = r6
    r0 += 1
    exit
