; bpf_check_mtu() says in argument 3 what fits.
; options: --type tc
    r2 = 0
    r3 = 0
    r4 = 0
    r5 = 0
    call 163
    exit
