; What is summed was never written.
; options: --type tc
    r1 = r10
    r1 += -16
    r2 = 16
    r3 = r10
    r3 += -16
    r4 = 0
    r5 = 0
    call 28
    r0 = 0
    exit
