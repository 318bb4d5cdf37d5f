; A function's address can be called, not read.
    r1 = func(helper) ll
    r0 = *(u8 *)(r1 + 0)
    exit
helper:
    r0 = 0
    exit
