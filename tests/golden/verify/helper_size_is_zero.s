; options: --type socket
    r4 = 0
    r3 = r10
    r3 += -64
    r2 = 0
    call 26
    r0 = 0
    exit
