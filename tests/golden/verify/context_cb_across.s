; The last word of cb[] has no other one behind it.
; options: --type tc
    r2 = 1
    *(u64 *)(r1 + 64) = r2
    r0 = 0
    exit
