; a loop with fuel, a store to the stack, division
r4 = 10
r0 = 0
again:
r0 += r4
*(u64 *)(r10 - 8) = r0
r4 -= 1
if r4 != 0 goto again
r0 /= r2
exit
