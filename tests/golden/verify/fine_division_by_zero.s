; No mistake: division by zero gives zero, the rest of it the dividend.
    r0 = 7
    r3 = 0
    r0 /= r3
    r0 %= r3
    exit
