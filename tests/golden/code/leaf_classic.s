; what classic BPF becomes: LD_ABS and LD_IND
r0 = *(u16 *)skb[12]
if w0 != 0x800 goto out
r0 = *(u8 *)skb[14]
w0 &= 15
w0 <<= 2
r7 = r0
r0 = *(u16 *)skb[r7 + 16]
if w0 != 80 goto out
r0 = 262144
exit
out:
r0 = 0
exit
