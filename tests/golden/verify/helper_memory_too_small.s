; 16 bytes into 8.
; options: --type socket
    r3 = r10
    r3 += -8
    r2 = 0
    r4 = 16
    call 26
    r0 = 0
    exit
