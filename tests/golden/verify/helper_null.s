; NULL where memory is wanted.
; options: --type socket
    r4 = 16
    r3 = 0
    r2 = 0
    call 26
    r0 = 0
    exit
