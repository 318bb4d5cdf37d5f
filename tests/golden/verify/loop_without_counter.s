; Doubling is not counting.
    r0 = 1
    r0 <<= 1
    if r0 != 0 goto -2
    exit
