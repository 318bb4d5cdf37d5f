; A size of 64 bits that nobody has looked at.
; options: --type tc
    r6 = r1
    call 5
    r4 = r0
    r1 = r6
    r2 = 0
    r3 = r10
    r3 += -64
    call 26
    r0 = 0
    exit
