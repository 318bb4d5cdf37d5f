#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Make sample.pcap: a few hundred packets of all kinds, to try filters on.

    make-sample.py FILE

The same bytes every time, on every machine: nothing here is random, and no
clock is read. Addresses are those that RFC 5737 and RFC 3849 set aside.
"""
import struct
import sys

MAC = {n: bytes([2, 0, 0, 0, 0, n]) for n in range(1, 9)}
BROADCAST = b"\xff" * 6
IPV4, ARP, RARP, VLAN, IPV6, QINQ = 0x0800, 0x0806, 0x8035, 0x8100, 0x86DD, 0x88A8
PPPOED, PPPOES, MPLS, LLDP = 0x8863, 0x8864, 0x8847, 0x88CC
ICMP, IGMP, TCP, UDP, GRE, ESP, AH, ICMP6, OSPF, PIM, VRRP, SCTP = 1, 2, 6, 17, 47, 50, 51, 58, 89, 103, 112, 132
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << n for n in range(8))
CLIENT, SERVER, RESOLVER, ROUTER = "192.0.2.10", "198.51.100.20", "203.0.113.53", "192.0.2.1"
CLIENT6, SERVER6, RESOLVER6 = "2001:db8::10", "2001:db8:1::20", "2001:db8:2::53"

packets = []  # (bytes captured, bytes on the wire)


def add(frame, caplen=None):
    packets.append((frame if caplen is None else frame[:caplen], len(frame)))


def words(n, seed=1):
    """n bytes that look like something and are always the same."""
    out = bytearray()
    while len(out) < n:
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        out.append(seed >> 16 & 0xFF)
    return bytes(out)


def v4(text):
    return bytes(int(part) for part in text.split("."))


def v6(text):
    head, _, tail = text.partition("::")
    head = [int(x, 16) for x in head.split(":") if x]
    tail = [int(x, 16) for x in tail.split(":") if x]
    return struct.pack("!8H", *head, *[0] * (8 - len(head) - len(tail)), *tail)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ether(kind, payload, src=1, dst=2, tags=()):
    frame = (dst if isinstance(dst, bytes) else MAC[dst]) + MAC[src]
    for tag_kind, vid in tags:
        frame += struct.pack("!HH", tag_kind, vid)
    return (frame + struct.pack("!H", kind) + payload).ljust(60, b"\0")


def llc(payload, dst):
    """802.3: a length where the type would be."""
    return (dst + MAC[1] + struct.pack("!H", len(payload)) + payload).ljust(60, b"\0")


def ip(proto, payload, src=CLIENT, dst=SERVER, ident=0, frag=0, ttl=64, tos=0, options=b"", length=None):
    ihl = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH", 0x40 | ihl, tos, length or ihl * 4 + len(payload), ident, frag, ttl, proto, 0)
    head += v4(src) + v4(dst) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ip6(proto, payload, src=CLIENT6, dst=SERVER6, hops=64, flow=0):
    return struct.pack("!IHBB", 6 << 28 | flow, len(payload), proto, hops) + v6(src) + v6(dst) + payload


def pseudo(src, dst, proto, length):
    if ":" in src:
        return v6(src) + v6(dst) + struct.pack("!II", length, proto)
    return v4(src) + v4(dst) + struct.pack("!HH", proto, length)


def tcp(sport, dport, flags, data=b"", src=CLIENT, dst=SERVER, seq=1000, ack=0, options=b"", window=64240):
    offset = 5 + len(options) // 4
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, offset << 4, flags, window, 0, 0) + options
    check = checksum(pseudo(src, dst, TCP, len(head) + len(data)) + head + data)
    return head[:16] + struct.pack("!H", check) + head[18:] + data


def udp(sport, dport, data=b"", src=CLIENT, dst=SERVER):
    head = struct.pack("!HHHH", sport, dport, 8 + len(data), 0)
    check = checksum(pseudo(src, dst, UDP, 8 + len(data)) + head + data) or 0xFFFF
    return head[:6] + struct.pack("!H", check) + data


def icmp(kind, code, rest):
    head = struct.pack("!BBH", kind, code, 0) + rest
    return head[:2] + struct.pack("!H", checksum(head)) + rest


def icmp6(kind, code, rest, src, dst):
    head = struct.pack("!BBH", kind, code, 0) + rest
    check = checksum(pseudo(src, dst, ICMP6, len(head)) + head)
    return head[:2] + struct.pack("!H", check) + rest


def either(proto, build, src, dst, **more):
    """A packet of IPv4 or IPv6, as the addresses are."""
    if ":" in src:
        return IPV6, ip6(proto, build(src, dst), src, dst, **more)
    return IPV4, ip(proto, build(src, dst), src, dst, **more)


def conversation(sport, dport, src, dst, ask, answer, tags=()):
    """A whole TCP connection, from SYN to FIN."""
    def say(there, flags, data, seq, ack):
        a, b = (src, dst) if there else (dst, src)
        p, q = (sport, dport) if there else (dport, sport)
        options = b"\x02\x04\x05\xb4\x01\x03\x03\x07" if flags & SYN else b""
        kind, packet = either(TCP, lambda s, d: tcp(p, q, flags, data, s, d, seq, ack, options), a, b)
        add(ether(kind, packet, 1 if there else 2, 2 if there else 1, tags))

    say(True, SYN, b"", 1000, 0)
    say(False, SYN | ACK, b"", 5000, 1001)
    say(True, ACK, b"", 1001, 5001)
    say(True, PSH | ACK, ask, 1001, 5001)
    say(False, ACK, b"", 5001, 1001 + len(ask))
    at = 5001
    for i in range(0, len(answer), 512):
        part = answer[i:i + 512]
        say(False, (PSH if i + 512 >= len(answer) else 0) | ACK, part, at, 1001 + len(ask))
        at += len(part)
    say(True, FIN | ACK, b"", 1001 + len(ask), at)
    say(False, FIN | ACK, b"", at, 1002 + len(ask))
    say(True, ACK, b"", 1002 + len(ask), at + 1)


def question(name, kind=1, ident=7):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
    return struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!HH", kind, 1)


def dns(client, resolver, name, ident):
    ask = question(name, 28 if ":" in client else 1, ident)
    answer = ask[:2] + b"\x81\x80\x00\x01\x00\x01" + ask[8:] + b"\xc0\x0c\x00\x01\x00\x01\0\0\x01\x2c\x00\x04" + v4(SERVER)
    port = 40000 + ident
    kind, packet = either(UDP, lambda s, d: udp(port, 53, ask, s, d), client, resolver)
    add(ether(kind, packet))
    kind, packet = either(UDP, lambda s, d: udp(53, port, answer, s, d), resolver, client)
    add(ether(kind, packet, 2, 1))


def arp(op, kind=ARP, sender=CLIENT, target=ROUTER, dst=BROADCAST):
    body = struct.pack("!HHBBH", 1, IPV4, 6, 4, op) + MAC[1] + v4(sender) + bytes(6) + v4(target)
    return ether(kind, body, 1, dst)


def lan():
    """What every segment is full of."""
    add(arp(1))
    add(arp(2, sender=ROUTER, target=CLIENT, dst=MAC[1]))
    add(arp(1, sender=CLIENT, target=CLIENT))
    add(arp(3, RARP))
    add(llc(b"\x42\x42\x03" + bytes(35), b"\x01\x80\xc2\x00\x00\x00"))
    add(llc(b"\xaa\xaa\x03\x00\x00\x0c\x20\x00" + words(40), b"\x01\x00\x0c\xcc\xcc\xcc"))
    add(llc(b"\xe0\xe0\x03\xff\xff" + words(28), BROADCAST))
    add(llc(b"\xf0\xf0\x7f", MAC[3]))
    add(llc(b"\xfe\xfe\x03\x83" + words(30), b"\x01\x80\xc2\x00\x00\x14"))
    add(ether(LLDP, b"\x02\x07\x04" + MAC[1] + b"\x04\x02\x07\x31\x06\x02\x00\x78\x00\x00", 1, b"\x01\x80\xc2\x00\x00\x0e"))
    add(ether(0x9000, words(46), 3, 3))
    add(ether(0x6003, words(46), 4, 5))
    add(ether(0x809B, words(46), 4, 5))


def dhcp_and_friends():
    body = b"\x01\x01\x06\x00" + words(4, 9) + bytes(20) + MAC[1] + bytes(202) + b"\x63\x82\x53\x63\x35\x01\x01\xff"
    add(ether(IPV4, ip(UDP, udp(68, 67, body, "0.0.0.0", "255.255.255.255"), "0.0.0.0", "255.255.255.255"), 1, BROADCAST))
    add(ether(IPV4, ip(UDP, udp(67, 68, body, ROUTER, CLIENT), ROUTER, CLIENT), 2, 1))
    group = b"\x01\x00\x5e\x00\x00\xfb"
    add(ether(IPV4, ip(UDP, udp(5353, 5353, question("_http._tcp.local", 12, 0), CLIENT, "224.0.0.251"), CLIENT, "224.0.0.251", ttl=255), 1, group))
    add(ether(IPV4, ip(UDP, udp(137, 137, words(50), CLIENT, "192.0.2.255"), CLIENT, "192.0.2.255"), 1, BROADCAST))
    for sport, dport, size in ((123, 123, 48), (50001, 161, 43), (514, 514, 90), (5060, 5060, 300), (33434, 33434, 12), (50002, 4789, 0), (6081, 6081, 8)):
        add(ether(IPV4, ip(UDP, udp(sport, dport, words(size, sport)), ttl=1 if dport == 33434 else 64)))
    for port in (69, 111, 443, 500, 1194, 1812, 4500, 51820):
        add(ether(IPV4, ip(UDP, udp(50000 + port % 97, port, words(port % 200, port)), tos=(port & 7) << 5)))
        add(ether(IPV6, ip6(UDP, udp(port, 50000 + port % 97, words(port % 100, port), SERVER6, CLIENT6), SERVER6, CLIENT6), 2, 1))


def icmps():
    for seq in range(4):
        body = struct.pack("!HH", 77, seq) + words(56)
        add(ether(IPV4, ip(ICMP, icmp(8, 0, body), CLIENT, SERVER, ident=seq)))
        add(ether(IPV4, ip(ICMP, icmp(0, 0, body), SERVER, CLIENT, ident=seq), 2, 1))
        add(ether(IPV6, ip6(ICMP6, icmp6(128, 0, body, CLIENT6, SERVER6))))
        add(ether(IPV6, ip6(ICMP6, icmp6(129, 0, body, SERVER6, CLIENT6), SERVER6, CLIENT6), 2, 1))
    inner = ip(UDP, udp(33434, 33434, words(12)), ttl=1)[:28]
    for kind, code in ((3, 1), (3, 3), (3, 13), (4, 0), (5, 1), (9, 0), (10, 0), (11, 0), (12, 0), (13, 0), (14, 0), (17, 0)):
        add(ether(IPV4, ip(ICMP, icmp(kind, code, bytes(4) + inner), ROUTER, CLIENT), 2, 1))
    inner6 = ip6(UDP, udp(1, 2, b"", CLIENT6, SERVER6))
    for kind, code in ((1, 4), (2, 0), (3, 0), (4, 1)):
        add(ether(IPV6, ip6(ICMP6, icmp6(kind, code, bytes(4) + inner6, SERVER6, CLIENT6), SERVER6, CLIENT6), 2, 1))
    link, nodes = "fe80::1", "ff02::1"
    for kind, body in ((133, bytes(4)), (134, bytes(12)), (135, bytes(4) + v6(CLIENT6)), (136, bytes(4) + v6(CLIENT6)), (137, bytes(36))):
        add(ether(IPV6, ip6(ICMP6, icmp6(kind, 0, body, link, nodes), link, nodes, hops=255), 1, b"\x33\x33\x00\x00\x00\x01"))


def fragments():
    whole = udp(40100, 9999, words(3000))
    for offset in range(0, len(whole), 1480):
        part = whole[offset:offset + 1480]
        more = 0x2000 if offset + 1480 < len(whole) else 0
        add(ether(IPV4, ip(UDP, part, ident=4242, frag=more | offset // 8)))
    whole = tcp(40101, 80, PSH | ACK, words(100))
    add(ether(IPV4, ip(TCP, whole[:24], ident=4243, frag=0x2000)))
    add(ether(IPV4, ip(TCP, whole[24:], ident=4243, frag=3)))
    whole = udp(40102, 53, words(1800), CLIENT6, SERVER6)
    for offset in range(0, len(whole), 1232):
        part = whole[offset:offset + 1232]
        head = struct.pack("!BBHI", UDP, 0, offset | (offset + 1232 < len(whole)), 99)
        add(ether(IPV6, ip6(44, head + part)))


def extension_headers():
    hop = lambda following: bytes([following, 0]) + b"\x01\x04" + bytes(4)
    body = tcp(40200, 80, SYN, b"", CLIENT6, SERVER6)
    add(ether(IPV6, ip6(0, hop(TCP) + body)))
    add(ether(IPV6, ip6(60, hop(TCP) + body)))
    add(ether(IPV6, ip6(0, hop(60) + hop(UDP) + udp(1, 53, b"", CLIENT6, SERVER6))))
    add(ether(IPV6, ip6(43, bytes([TCP, 2, 0, 0]) + bytes(4) + v6(SERVER6) + body)))
    add(ether(IPV6, ip6(0, hop(ICMP6) + icmp6(143, 0, bytes(4), "fe80::1", "ff02::16"), "fe80::1", "ff02::16", 1), 1, b"\x33\x33\x00\x00\x00\x16"))
    add(ether(IPV6, ip6(AH, bytes([TCP, 4, 0, 0]) + words(20) + body)))
    add(ether(IPV6, ip6(59, b"")))
    add(ether(IPV4, ip(AH, bytes([TCP, 4, 0, 0]) + words(20) + tcp(40201, 22, SYN))))


def tunnels_and_tags():
    inner = ip(UDP, udp(40300, 53, question("tunnel.example")))
    add(ether(IPV4, ip(GRE, struct.pack("!HH", 0, IPV4) + inner)))
    add(ether(IPV4, ip(4, inner)))
    add(ether(IPV4, ip(41, ip6(UDP, udp(1, 2, b"six", CLIENT6, SERVER6)))))
    add(ether(IPV4, ip(UDP, udp(50003, 4789, b"\x08\0\0\0\0\0\x2a\0" + ether(IPV4, inner)))))
    add(ether(IPV4, ip(UDP, udp(50004, 6081, b"\0\0\x65\x58\0\0\x07\0" + ether(IPV4, inner)))))
    add(ether(MPLS, struct.pack("!I", 100 << 12 | 0x1FF) + inner))
    add(ether(MPLS, struct.pack("!II", 200 << 12 | 0x0FF, 100 << 12 | 0x1FF) + inner))
    add(ether(PPPOED, b"\x11\x09\x00\x00\x00\x04\x01\x01\x00\x00", 1, BROADCAST))
    add(ether(PPPOES, b"\x11\x00\x00\x05" + struct.pack("!HH", len(inner) + 2, 0x0021) + inner))
    add(ether(PPPOES, b"\x11\x00\x00\x06" + struct.pack("!HH", 6, 0xC021) + b"\x01\x01\x00\x04"))
    for vid in (1, 5, 5, 100, 4094):
        add(ether(IPV4, ip(UDP, udp(40301, 53, question("vlan%d.example" % vid))), tags=((VLAN, vid),)))
        add(ether(IPV6, ip6(TCP, tcp(40302, 443, SYN, b"", CLIENT6, SERVER6)), tags=((VLAN, 0x2000 | vid),)))
    add(ether(ARP, arp(1)[14:42], 1, BROADCAST, ((VLAN, 5),)))
    for outer, inside in ((10, 20), (10, 21), (300, 5)):
        add(ether(IPV4, ip(ICMP, icmp(8, 0, bytes(4) + words(20))), tags=((QINQ, outer), (VLAN, inside))))
        add(ether(IPV4, ip(TCP, tcp(40303, 443, SYN)), tags=((VLAN, outer), (VLAN, inside))))
    conversation(40304, 8080, CLIENT, SERVER, b"GET / HTTP/1.1\r\n\r\n", words(700), ((VLAN, 100),))


def odd_protocols():
    for proto, dst in ((IGMP, "224.0.0.22"), (OSPF, "224.0.0.5"), (PIM, "224.0.0.13"), (VRRP, "224.0.0.18"), (9, SERVER), (255, SERVER)):
        group = b"\x01\x00\x5e\x00\x00" + v4(dst)[3:] if dst.startswith("224") else MAC[2]
        add(ether(IPV4, ip(proto, words(24, proto), ROUTER, dst, ttl=1, options=b"\x94\x04\0\0" if proto == IGMP else b""), 2, group))
    add(ether(IPV4, ip(ESP, words(80))))
    add(ether(IPV6, ip6(ESP, words(80))))
    for sport, dport in ((2905, 2905), (36412, 36412), (40400, 80)):
        add(ether(IPV4, ip(SCTP, struct.pack("!HHII", sport, dport, 1, 2) + words(24))))
    add(ether(IPV6, ip6(SCTP, struct.pack("!HHII", 40401, 443, 1, 2) + words(24))))


def odd_headers():
    for flags in (0, FIN, SYN, RST, RST | ACK, FIN | PSH | URG, SYN | FIN, SYN | ECE | CWR, ACK | ECE, URG | ACK, 255):
        add(ether(IPV4, ip(TCP, tcp(40500 + flags, 80, flags, urgent_text(flags)))))
        add(ether(IPV6, ip6(TCP, tcp(40500 + flags, 443, flags, b"", CLIENT6, SERVER6))))
    for size in (4, 20, 40):
        add(ether(IPV4, ip(TCP, tcp(40600 + size, 80, PSH | ACK, b"GET /" + words(40)), options=b"\x01" * size)))
        add(ether(IPV4, ip(TCP, tcp(40610 + size, 443, ACK, words(30), options=b"\x01" * size))))
    broken = bytearray(ip(TCP, tcp(40700, 80, SYN)))
    for first in (0x40, 0x41, 0x4F, 0x55, 0x65):
        broken[0] = first
        add(ether(IPV4, bytes(broken)))
    add(ether(IPV4, ip(UDP, udp(40701, 53, b"short"), length=20)))
    add(ether(IPV4, ip(UDP, udp(40702, 53, b"long"), length=1500)))
    for frag in (0x4000, 0x8000):
        add(ether(IPV4, ip(UDP, udp(40703, 7, b"flags"), frag=frag)))
    for tos, ttl in ((0x10, 1), (0xB8, 2), (0x02, 128), (0xFF, 255)):
        add(ether(IPV4, ip(UDP, udp(40704, 9, b"tos"), tos=tos, ttl=ttl)))
    for net in ("10.1.2.3", "10.200.0.1", "172.16.5.4", "172.31.255.255", "127.0.0.1", "169.254.7.7", "192.168.1.1", "192.168.77.9"):
        add(ether(IPV4, ip(TCP, tcp(40800, 22, SYN, b"", net, CLIENT), net, CLIENT), 3, 1))


def urgent_text(flags):
    return b"urgent!" if flags & URG else b""


def sizes():
    for size in (0, 1, 17, 18, 19, 100, 470, 981, 1472):
        add(ether(IPV4, ip(UDP, udp(40900, 9, words(size)))))
    add(ether(IPV4, ip(TCP, tcp(40901, 9000, PSH | ACK, words(8960)))))
    whole = ether(IPV4, ip(TCP, tcp(40902, 80, PSH | ACK, words(1400))))
    for caplen in (0, 1, 12, 13, 14, 15, 20, 23, 24, 33, 34, 36, 38, 47, 48, 54, 60, 68, 96, 128):
        add(whole, caplen)
    whole = ether(IPV6, ip6(UDP, udp(40903, 53, words(1000), CLIENT6, SERVER6)))
    for caplen in (14, 20, 21, 38, 54, 56, 58, 62, 96):
        add(whole, caplen)
    whole = ether(IPV4, ip(UDP, udp(40904, 53, words(500))), tags=((VLAN, 5),))
    for caplen in (14, 16, 18, 30, 41, 42, 68):
        add(whole, caplen)


def write(path):
    now = 1704110400 * 10**9  # 2024-01-01 12:00 UTC
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for i, (frame, wirelen) in enumerate(packets):
            out.write(struct.pack("<IIII", now // 10**9, now % 10**9, len(frame), wirelen) + frame)
            now += 1 + i * 7919 % 1000 * 12345


def main():
    lan()
    dhcp_and_friends()
    for ident, name in enumerate(("example.com", "www.example.org", "a.example.net", "mail.example.com")):
        dns(CLIENT, RESOLVER, name, ident)
        dns(CLIENT6, RESOLVER6, name, 100 + ident)
    conversation(40001, 80, CLIENT, SERVER, b"GET /index.html HTTP/1.1\r\nHost: example.com\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n" + words(2000))
    conversation(40002, 443, CLIENT, SERVER, b"\x16\x03\x01\x02\x00" + words(512), b"\x16\x03\x03" + words(3000))
    conversation(40003, 22, CLIENT, SERVER, b"SSH-2.0-sample\r\n", b"SSH-2.0-sample\r\n" + words(400))
    conversation(40004, 25, CLIENT, SERVER, b"EHLO example.com\r\n", b"250 mail.example.com\r\n")
    conversation(40005, 80, CLIENT6, SERVER6, b"POST /form HTTP/1.1\r\nHost: example.com\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n")
    conversation(40006, 443, CLIENT6, SERVER6, b"\x16\x03\x01\x02\x00" + words(512), b"\x16\x03\x03" + words(1500))
    icmps()
    fragments()
    extension_headers()
    tunnels_and_tags()
    odd_protocols()
    odd_headers()
    sizes()
    write(sys.argv[1])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
