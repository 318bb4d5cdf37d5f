; bpf_redirect() takes two numbers.
; options: --type xdp
    r1 = 3
    call 23
    exit
    r2 = 0
    exit
