; TCP over IPv4 to port 80, every access guarded
r0 = 0
r4 = *(u16 *)(r1 + 12)
if w4 != 8 goto out
r4 = *(u8 *)(r1 + 23)
if w4 != 6 goto out
r5 = *(u8 *)(r1 + 14)
r5 &= 15
r5 <<= 2
r1 += r5
r4 = *(u16 *)(r1 + 16)
if w4 != 0x5000 goto out
r0 = r2
out:
exit
