; The protocol of an IPv4 packet, read before anything was said about the packet's length.
    r0 = *(u8 *)(r1 + 23)
    exit
