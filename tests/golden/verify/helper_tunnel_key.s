; Tunnels are the kernel's.
; options: --type tc
    r2 = r10
    r2 += -64
    r3 = 64
    r4 = 0
    call 20
    exit
