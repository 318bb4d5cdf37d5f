; r10 is where it is.
    r0 = 0
    r10 += -8
    exit
