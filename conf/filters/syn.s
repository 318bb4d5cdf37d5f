# Attempts to open a connection: TCP packets with SYN and without ACK, over IPv4
# and IPv6. Port scans, too, look like this.
#
#     winnowd -r sample.pcap -F syn.s --stats
#
# r1 is the packet, r2 how many bytes of it there are; r0 is the verdict.

        r0 = 0                          # reject, until shown otherwise
        if r2 < 54 goto end             # Ethernet, IPv4, TCP without options
        r3 = *(u16 *)(r1 + 12)          # what the Ethernet header says follows
        r3 = be16 r3
        if r3 == 0x86dd goto ipv6
        if r3 != 0x0800 goto end

        r3 = *(u8 *)(r1 + 23)
        if r3 != 6 goto end             # no TCP
        r3 = *(u16 *)(r1 + 20)
        r3 = be16 r3
        r3 &= 0x1fff
        if r3 != 0 goto end             # a later fragment has no TCP header
        r3 = *(u8 *)(r1 + 14)
        r3 &= 15
        r3 <<= 2                        # length of the IPv4 header
        r3 += 14
        goto tcp

ipv6:   r3 = *(u8 *)(r1 + 20)
        if r3 != 6 goto end
        r3 = 54

tcp:    r4 = r3                         # r3: where TCP begins
        r4 += 14
        if r4 > r2 goto end             # no flags were captured
        r1 += r3
        r3 = *(u8 *)(r1 + 13)
        r3 &= 0x12                      # SYN and ACK
        if r3 != 0x02 goto end
        r0 = 1
end:    exit
