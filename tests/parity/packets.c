/* SPDX-License-Identifier: MIT */
#include "packets.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 2000 };
enum { ETH_IP4 = 0x0800, ETH_ARP = 0x0806, ETH_VLAN = 0x8100, ETH_IP6 = 0x86dd, ETH_QINQ = 0x88a8 };
enum { ETH_MPLS = 0x8847, ETH_BRIDGE = 0x6558, ETH_LLDP = 0x88cc };
enum { HOPOPTS = 0, ICMP = 1, IPIP = 4, TCP = 6, UDP = 17, IP6 = 41, ROUTING = 43, FRAGMENT = 44 };
enum { GRE = 47, AH = 51, ICMP6 = 58, NONE = 59, DSTOPTS = 60 };

static struct packet all[MOST];
static size_t n_all;
static const char *family;
static uint64_t state = 0x9e3779b97f4a7c15;

/* Called once in an expression: compilers differ in the order of operands and arguments. */
static uint32_t below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 20) % n;
}

/* ---- Building one ---------------------------------------------------------------------------- */

struct frame {
    uint8_t bytes[PACKET_LONGEST + 400];
    uint32_t n;
};

static void put8(struct frame *f, uint32_t value)
{
    assert(f->n < sizeof f->bytes);
    f->bytes[f->n++] = (uint8_t)value;
}

static void put16(struct frame *f, uint32_t value)
{
    put8(f, value >> 8);
    put8(f, value);
}

static void put32(struct frame *f, uint32_t value)
{
    put16(f, value >> 16);
    put16(f, value);
}

static void set16(struct frame *f, uint32_t at, uint32_t value)
{
    f->bytes[at] = (uint8_t)(value >> 8);
    f->bytes[at + 1] = (uint8_t)value;
}

static void noise(struct frame *f, uint32_t n)
{
    while (n--)
        put8(f, below(256));
}

static uint32_t sum(const struct frame *f, uint32_t from, uint32_t to, uint32_t start)
{
    for (uint32_t i = from; i < to; i++)
        start += (i - from) & 1 ? f->bytes[i] : (uint32_t)f->bytes[i] << 8;
    return start;
}

static uint32_t folded(uint32_t s)
{
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return ~s & 0xffff;
}

static void eth(struct frame *f, uint32_t type)
{
    /* The loopback device's own address is zero; the kernel's PACKET_HOST depends on it. */
    uint32_t kind = below(8);
    put16(f, kind == 0 ? 0xffff : kind == 1 ? 0x0100 : 0);
    put32(f, kind == 0 ? 0xffffffff : kind == 1 ? 0x5e000001 : 0);
    put16(f, 0x0200);
    put32(f, below(4));
    put16(f, type);
}

static void vlan(struct frame *f, uint32_t id, uint32_t type)
{
    put16(f, id | below(8) << 13);
    put16(f, type);
}

/** An address of few, so that tables see the same ones again. */
static uint32_t host4(void)
{
    static const uint32_t nets[] = {0x0a000000, 0xc0a80100, 0xac100a00, 0xc6336400};
    uint32_t net = nets[below(4)];
    return net + 1 + below(6);
}

static uint32_t ip4_full(struct frame *f, uint32_t proto, uint32_t words, uint32_t frag)
{
    uint32_t at = f->n;
    put8(f, 0x40 | words);
    put8(f, below(4) << 2);
    put16(f, 0);
    put16(f, below(65536));
    put16(f, frag);
    put8(f, below(6) ? 64 : below(3));
    put8(f, proto);
    put16(f, 0);
    put32(f, host4());
    put32(f, host4());
    for (uint32_t i = 5; i < words; i++)
        put32(f, i + 1 == words ? 0x01010100 : below(2) ? 0x94040000 : 0x01010101);
    return at;
}

static uint32_t ip4(struct frame *f, uint32_t proto)
{
    return ip4_full(f, proto, 5, below(2) ? 0x4000 : 0);
}

/** What length and checksum a header has is known when all that it holds is there. */
static void ip4_end(struct frame *f, uint32_t at)
{
    set16(f, at + 2, f->n - at);
    set16(f, at + 10, folded(sum(f, at, at + (f->bytes[at] & 15) * 4, 0)));
}

static uint32_t ip6(struct frame *f, uint32_t next)
{
    uint32_t at = f->n;
    put32(f, 0x60000000 | below(4) << 20);
    put16(f, 0);
    put8(f, next);
    put8(f, below(6) ? 64 : below(3));
    for (int i = 0; i < 2; i++) {
        put32(f, 0x20010db8);
        put32(f, 0);
        put32(f, 0);
        put32(f, 1 + below(6));
    }
    return at;
}

static void ip6_end(struct frame *f, uint32_t at)
{
    set16(f, at + 4, f->n - at - 40);
}

/** Checksum of TCP or UDP: its pseudo header's addresses end where the IP header's do. */
static void transport_end(struct frame *f, uint32_t ip, uint32_t at, uint32_t proto)
{
    uint32_t field = at + (proto == TCP ? 16 : proto == ICMP6 ? 2 : 6);
    bool v4 = f->bytes[ip] >> 4 == 4;
    uint32_t s = sum(f, ip + (v4 ? 12 : 8), ip + (v4 ? 20 : 40), proto + f->n - at);
    if (proto == UDP)
        set16(f, at + 4, f->n - at);
    set16(f, field, 0);
    set16(f, field, folded(sum(f, at, f->n, s)));
}

static uint32_t port(void)
{
    static const uint32_t known[] = {22, 53, 80, 123, 443, 4789, 8080, 33000};
    return below(5) ? known[below(8)] : 1024 + below(60000);
}

static uint32_t tcp(struct frame *f, uint32_t options)
{
    static const uint8_t flags[] = {0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14, 0x00, 0xff, 0x29};
    uint32_t at = f->n;
    put16(f, port());
    put16(f, port());
    put32(f, below(1u << 30));
    put32(f, below(1u << 30));
    put8(f, (5 + options) << 4);
    put8(f, flags[below(sizeof flags)]);
    put16(f, 8192 + below(50000));
    put32(f, 0);
    for (uint32_t i = 0; i < options; i++)
        switch (below(5)) {
        case 0: put32(f, 0x02040000 | (500 + below(1000))); break;
        case 1: put32(f, 0x01030300 | below(15)); break;
        case 2: put32(f, 0x01010402); break;
        case 3: put32(f, below(3) ? 0x01010101 : 0x00000000); break;
        case 4: put32(f, below(4) ? 0x01010101 : below(1u << 30)); break;
        }
    return at;
}

static uint32_t udp(struct frame *f, uint32_t to)
{
    uint32_t at = f->n;
    put16(f, port());
    put16(f, to);
    put32(f, 0);
    return at;
}

static void dns_name(struct frame *f, const char *name)
{
    while (*name) {
        uint32_t n = 0;
        while (name[n] && name[n] != '.')
            n++;
        put8(f, n);
        for (uint32_t i = 0; i < n; i++)
            put8(f, (uint8_t)name[i]);
        name += n + (name[n] == '.');
    }
    put8(f, 0);
}

static void dns(struct frame *f)
{
    static const char *const names[] = {
        "example.com",
        "www.example.com",
        "a.b.c.d.e.f.g.h.example.org",
        "blocked.test",
        "BLOCKED.test",
        "x",
        "",
        "an-unusually-long-label-of-forty-nine-characters-x.example.net",
    };
    put16(f, below(65536));
    put16(f, below(3) ? 0x0100 : 0x8180);
    put16(f, below(8) ? 1 : below(3));
    put16(f, 0);
    put32(f, 0);
    switch (below(8)) {
    case 0: put16(f, 0xc00c); break; /* points to itself */
    case 1:
        put8(f, 63);
        noise(f, 10);
        break;
    default: dns_name(f, names[below(8)]); break;
    }
    put16(f, below(3) ? 1 : 28);
    put16(f, 1);
}

static void keep_bytes(const uint8_t *data, uint32_t bytes)
{
    uint8_t *copy = malloc(bytes);
    assert(copy && n_all < MOST);
    memcpy(copy, data, bytes);
    all[n_all++] = (struct packet){family, copy, bytes};
}

static void keep(const struct frame *f)
{
    keep_bytes(f->bytes, f->n);
}

/* ---- Layers on layers ------------------------------------------------------------------------ */

/** A transport and what it carries, behind an IP header that begins at `ip`. */
static void carry(struct frame *f, uint32_t ip, uint32_t proto, uint32_t payload)
{
    uint32_t at = f->n;
    switch (proto) {
    case TCP:
        tcp(f, below(3) ? below(11) : 0);
        noise(f, payload);
        break;
    case UDP:
        udp(f, port());
        if (f->bytes[f->n - 6] == 0 && f->bytes[f->n - 5] == 53)
            dns(f);
        else
            noise(f, payload);
        break;
    case ICMP6: /* fall through */
    case ICMP:
        put8(f, proto == ICMP ? (below(3) ? 8 : below(20)) : 128 + below(10));
        put8(f, 0);
        put16(f, 0);
        put32(f, below(1u << 30));
        noise(f, payload);
        if (proto == ICMP)
            set16(f, at + 2, folded(sum(f, at, f->n, 0)));
        break;
    default: noise(f, payload); return;
    }
    if (proto != ICMP)
        transport_end(f, ip, at, proto);
}

static void v4(struct frame *f, uint32_t proto, uint32_t payload)
{
    uint32_t ip = below(4) ? ip4(f, proto) : ip4_full(f, proto, 5 + below(11), 0);
    carry(f, ip, proto, payload);
    ip4_end(f, ip);
}

static void v6(struct frame *f, uint32_t proto, uint32_t payload)
{
    uint32_t ip = ip6(f, proto);
    carry(f, ip, proto, payload);
    ip6_end(f, ip);
}

/** IPv6 with extension headers in a chain. */
static void v6_chain(struct frame *f, uint32_t proto)
{
    static const uint8_t kinds[] = {HOPOPTS, DSTOPTS, ROUTING, FRAGMENT, AH};
    uint32_t ip = ip6(f, 0), next = ip + 6;
    for (uint32_t i = 1 + below(4); i; i--) {
        uint8_t kind = kinds[i == 4 ? 0 : below(5)];
        uint32_t words = kind == FRAGMENT ? 0 : below(3);
        f->bytes[next] = kind;
        next = f->n;
        put8(f, NONE);
        put8(f, kind == AH ? 1 + words * 2 : words);
        if (kind == FRAGMENT)
            put16(f, below(2) ? 0 : below(16000) & ~6u);
        else
            put16(f, 0x0104);
        put32(f, 0);
        if (kind == AH)
            put32(f, 0x1234);
        noise(f, words * 8);
    }
    f->bytes[next] = (uint8_t)proto;
    carry(f, ip, proto, below(40));
    ip6_end(f, ip);
}

static void inner(struct frame *f, bool six)
{
    uint32_t proto = below(2) ? TCP : UDP, payload = below(60);
    if (six)
        v6(f, proto, payload);
    else
        v4(f, proto, payload);
}

static void gre(struct frame *f)
{
    uint32_t ip = ip4(f, GRE), flags = below(2) << 13;
    flags |= below(2) << 12;
    flags |= below(3) ? 0 : 1u << 15;
    uint32_t kind = below(3);
    put16(f, flags);
    put16(f, kind == 0 ? ETH_IP4 : kind == 1 ? ETH_IP6 : ETH_BRIDGE);
    if (flags & 1u << 15)
        put32(f, 0);
    if (flags & 1u << 13)
        put32(f, below(1000));
    if (flags & 1u << 12)
        put32(f, below(1000));
    if (kind == 2)
        eth(f, ETH_IP4);
    inner(f, kind == 1);
    ip4_end(f, ip);
}

static void vxlan(struct frame *f, uint32_t id)
{
    uint32_t ip = ip4(f, UDP), at = udp(f, 4789);
    put32(f, below(8) ? 0x08000000 : 0);
    put32(f, id << 8);
    eth(f, ETH_IP4);
    inner(f, false);
    set16(f, at + 4, f->n - at);
    ip4_end(f, ip);
}

static void tunnel(struct frame *f, uint32_t kind)
{
    uint32_t ip;
    switch (kind) {
    case 0:
        eth(f, ETH_IP4);
        gre(f);
        return;
    case 1:
        eth(f, ETH_IP4);
        vxlan(f, below(20));
        return;
    case 2: /* 4 in 4, 6 in 4 */
    case 3:
        eth(f, ETH_IP4);
        ip = ip4(f, kind == 2 ? IPIP : IP6);
        inner(f, kind == 3);
        ip4_end(f, ip);
        return;
    case 4: /* 4 in 6, 6 in 6 */
    case 5:
        eth(f, ETH_IP6);
        ip = ip6(f, kind == 4 ? IPIP : IP6);
        inner(f, kind == 5);
        ip6_end(f, ip);
        return;
    default:
        eth(f, ETH_MPLS);
        for (uint32_t i = 1 + below(4); i; i--)
            put32(f, below(1000) << 12 | (i == 1 ? 0x100 : 0) | 64);
        inner(f, below(2));
    }
}

static void tagged(struct frame *f, uint32_t tags)
{
    eth(f, tags > 1 ? ETH_QINQ : ETH_VLAN);
    for (uint32_t i = tags; i > 1; i--)
        vlan(f, 1 + below(10), ETH_VLAN);
    bool six = below(2);
    vlan(f, 1 + below(10), six ? ETH_IP6 : ETH_IP4);
    inner(f, six);
}

/* ---- Families -------------------------------------------------------------------------------- */

static void make_plain(const char *name, uint32_t type, uint32_t proto, uint32_t count)
{
    family = name;
    while (count--) {
        struct frame f = {.n = 0};
        eth(&f, type);
        if (type == ETH_IP4)
            v4(&f, proto, below(count % 4 ? 60 : 600));
        else
            v6(&f, proto, below(count % 4 ? 60 : 600));
        keep(&f);
    }
}

static void make_v6_chains(void)
{
    static const uint8_t protos[] = {TCP, UDP, ICMP6, NONE};
    family = "extensions";
    for (int i = 0; i < 40; i++) {
        struct frame f = {.n = 0};
        eth(&f, ETH_IP6);
        v6_chain(&f, protos[below(4)]);
        keep(&f);
    }
}

static void make_tags(void)
{
    for (uint32_t tags = 1; tags < 5; tags++) {
        family = tags == 1 ? "vlan" : tags == 2 ? "qinq" : "many tags";
        for (int i = 0; i < (tags < 3 ? 25 : 8); i++) {
            struct frame f = {.n = 0};
            tagged(&f, tags);
            keep(&f);
        }
    }
}

static void make_tunnels(void)
{
    static const char *const names[] = {"gre", "vxlan", "ipip", "6in4", "4in6", "6in6", "mpls"};
    for (uint32_t kind = 0; kind < 7; kind++) {
        family = names[kind];
        for (int i = 0; i < 14; i++) {
            struct frame f = {.n = 0};
            tunnel(&f, kind);
            keep(&f);
        }
    }
}

static void make_fragments(void)
{
    static const uint32_t frags[] = {0x2000, 0x2001, 0x00b9, 0x20b9,
                                     0x1fff, 0x3fff, 0x8000, 0x6000};
    family = "fragments";
    for (uint32_t i = 0; i < 32; i++) {
        struct frame f = {.n = 0};
        eth(&f, ETH_IP4);
        uint32_t proto = below(2) ? TCP : UDP, ip = ip4_full(&f, proto, 5, frags[i % 8]);
        carry(&f, ip, proto, 100);
        ip4_end(&f, ip);
        keep(&f);
    }
}

/** Good packets with one field that is wrong. */
static void make_malformed(void)
{
    family = "malformed";
    for (uint32_t i = 0; i < 80; i++) {
        struct frame f = {.n = 0};
        bool six = i % 3 == 2;
        eth(&f, six ? ETH_IP6 : ETH_IP4);
        inner(&f, six);
        uint32_t transport = 14 + (six ? 40u : (f.bytes[14] & 15u) * 4);
        switch (i % 10) {
        case 0: f.bytes[14] = (uint8_t)((f.bytes[14] & 0xf0) | below(5)); break;
        case 1: f.bytes[14] = (uint8_t)(below(16) << 4 | 5); break;
        case 2: set16(&f, 16, below(40)); break;
        case 3: set16(&f, 16, 65535); break;
        case 4: set16(&f, 24, below(65536)); break;
        case 5: f.bytes[transport + 12] = (uint8_t)(below(5) << 4); break;
        case 6: set16(&f, transport + 4, below(20)); break;
        case 7: f.bytes[transport + 12] = 0xf0; break;
        case 8: {
            uint32_t at = 14 + below(f.n - 14);
            f.bytes[at] ^= (uint8_t)(1 + below(255));
            break;
        }
        case 9: f.bytes[14] = 0x4f; break;
        }
        keep(&f);
    }
}

static void make_truncated(void)
{
    struct frame whole[3] = {{.n = 0}};
    family = "truncated";
    for (int i = 0; i < 3; i++) {
        struct frame *f = &whole[i];
        switch (i) {
        case 0: {
            eth(f, ETH_VLAN);
            vlan(f, 7, ETH_IP4);
            uint32_t ip = ip4_full(f, TCP, 7, 0);
            transport_end(f, ip, tcp(f, 5), TCP);
            ip4_end(f, ip);
            break;
        }
        case 1:
            eth(f, ETH_IP6);
            v6_chain(f, UDP);
            break;
        case 2:
            eth(f, ETH_IP4);
            vxlan(f, 5);
            break;
        }
        for (uint32_t n = 14; n < f->n && n < 150; n++)
            keep_bytes(f->bytes, n);
    }
}

static void make_jumbo(void)
{
    static const uint32_t sizes[] = {1514, 1518, 2048, 2049, 3000, 3400, 3519, PACKET_LONGEST};
    family = "jumbo";
    for (uint32_t i = 0; i < 16; i++) {
        struct frame f = {.n = 0};
        eth(&f, i & 1 ? ETH_IP6 : ETH_IP4);
        (i & 1 ? v6 : v4)(&f, i % 3 ? TCP : ICMP, sizes[i / 2]);
        f.n = sizes[i / 2];
        (i & 1 ? ip6_end : ip4_end)(&f, 14);
        keep(&f);
    }
}

static void make_others(void)
{
    static const uint32_t types[] = {ETH_ARP, ETH_LLDP, 0x0004, 0x05dc, 0x0600, 0xffff, 0x05ff, 46};
    family = "others";
    for (uint32_t i = 0; i < 24; i++) {
        struct frame f = {.n = 0};
        eth(&f, types[i % 8]);
        if (i % 8 == 3 && i > 8)
            put16(&f, 0xffff);
        noise(&f, i < 8 ? 46 : below(60));
        keep(&f);
    }
}

static void make_noise(void)
{
    static const uint32_t types[] = {ETH_IP4, ETH_IP6, ETH_VLAN, ETH_QINQ};
    family = "noise";
    for (uint32_t i = 0; i < 60; i++) {
        struct frame f = {.n = 0};
        eth(&f, types[i % 4]);
        noise(&f, 40 + below(160));
        keep(&f);
    }
}

/** A few hosts that talk to each other again and again, for what counts and remembers. */
static void make_flows(void)
{
    family = "flows";
    for (uint32_t i = 0; i < 80; i++) {
        struct frame f = {.n = 0};
        eth(&f, ETH_IP4);
        uint32_t ip = ip4(&f, TCP), flow = i % 7, back = i / 7 % 2;
        for (uint32_t k = 0; k < 2; k++) {
            f.n = ip + 12 + k * 4;
            put32(&f, 0x0a000001 + (k == back ? 0 : 1 + flow));
        }
        uint32_t at = tcp(&f, 0);
        set16(&f, at + (back ? 0 : 2), 443);
        set16(&f, at + (back ? 2 : 0), 40000 + flow);
        f.bytes[at + 13] = i < 7 ? 0x02 : i < 14 ? 0x12 : i < 70 ? 0x18 : 0x11;
        noise(&f, below(30));
        transport_end(&f, ip, at, TCP);
        ip4_end(&f, ip);
        keep(&f);
    }
}

const struct packet *packets_all(size_t *n)
{
    if (n_all == 0) {
        make_plain("tcp4", ETH_IP4, TCP, 60);
        make_plain("udp4", ETH_IP4, UDP, 60);
        make_plain("icmp4", ETH_IP4, ICMP, 30);
        make_plain("tcp6", ETH_IP6, TCP, 40);
        make_plain("udp6", ETH_IP6, UDP, 40);
        make_plain("icmp6", ETH_IP6, ICMP6, 20);
        make_v6_chains();
        make_tags();
        make_tunnels();
        make_fragments();
        make_malformed();
        make_flows();
        make_truncated();
        make_jumbo();
        make_others();
        make_noise();
    }
    *n = n_all;
    return all;
}

bool packet_is_for(enum wn_prog_type type, const struct packet *packet)
{
    const uint8_t *type_at = packet->data + 12;
    uint32_t ether = (uint32_t)type_at[0] << 8 | type_at[1];
    if (packet->bytes < 14 || packet->bytes > PACKET_LONGEST)
        return false;
    if (type == WN_PROG_XDP)
        return true;
    if (ether == ETH_IP4)
        return packet->bytes >= 14 + 20;
    return ether != ETH_IP6 || packet->bytes >= 14 + 40;
}
