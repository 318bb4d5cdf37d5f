; an IPv4 TCP packet to port 80 or 443
ETH_P_IP = 0x0800
.equ TCP, 6
        r0 = 0
        if r2 < 34 goto out
        r3 = *(u16 *)(r1 + 12)
        r3 = be16 r3
        if r3 != ETH_P_IP goto out
        w4 = *(u8 *)(r1 + 23)
        if w4 != TCP goto out
        r5 = *(u8 *)(r1 + 14)
        r5 &= 15
        r5 <<= 2
        r1 += r5
        r3 = *(u16 *)(r1 + 16)
        r3 = be16 r3
        if r3 == 80 goto yes
        if r3 != 443 goto out
yes:    r0 = 0xffffffff ll
out:    exit
