; Moving the packet's beginning is for XDP.
; options: --type tc
    r2 = 0
    call 44
    r0 = 0
    exit
