A = (1 << 4) | 3 & ~2 ^ 5
.equ B, A * 2 % 7 - -1
.quad 0x95 + B, 0
.byte 1,2,3,4
.long A >> 1
.section x,"ax",@progbits
r1 = f ll
f: r0 = 017 + (B)
.data
d: .string "a\"b"
.text
exit
