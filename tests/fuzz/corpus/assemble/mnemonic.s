# uBPF's registers and rbpf's
mov %r0, 1
mov32 r0, r1
lddw r1, 0x123456789abcdef0
ldxh r0, [r1+2]
stw [r10-4], 7
loop: add r1, 'A'
lock fetch add32 [%r1+8], %r2
lock cmpxchg [r1], r2
jeq r1, 5, loop
jslt32 r1, r2, +1
call local f
call btf 7
callxi r3
ldabsb 5
ldindw r3, -4
exit
f: be16 r0
neg32 r4 // comment
exit /* end */
