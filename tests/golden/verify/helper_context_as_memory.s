; The context is no memory for helpers.
; options: --type xdp
    r2 = 20
    r3 = r1
    r4 = 0
    r5 = 0
    call 28
    r0 = 2
    exit
