; r6 is set on one way only.
    if r2 < 60 goto short
    r6 = 1
short:
    r0 = r6
    r0 ^= 1
    exit
