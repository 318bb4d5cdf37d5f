/* SPDX-License-Identifier: MIT */
/**
 * bpf_fib_lookup() and bpf_check_mtu() against the kernel's: a namespace with
 * devices, routes and neighbours, the same ones here, and random questions about them by XDP and tc
 * programs. Everything that is answered must be the same.
 *
 *     routes SEED QUESTIONS
 */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <winnow/net.h>
#include <winnow/prog.h>

#include "kernel.h"
#include "numbers.h"
#include "program.h"

enum { LOOKUP = 64, PACKET = 120, AT = 14 };

/* Devices 2 and 3 are the ends of one cable, 4 and 5 those of another. */
static const char *const commands[] = {
    "ip link set lo up",
    "ip link add n2 index 2 address 02:00:00:00:00:02 type veth peer name n3 index 3 address "
    "02:00:00:00:00:03",
    "ip link add n4 index 4 address 02:00:00:00:00:04 mtu 1400 type veth peer name n5 index 5 "
    "address "
    "02:00:00:00:00:05",
    "for d in 2 3 4 5; do echo 0 >/proc/sys/net/ipv6/conf/n$d/accept_dad; "
    "echo 1 >/proc/sys/net/ipv6/conf/n$d/addr_gen_mode; done",
    "for d in 2 3 4 5; do ip link set n$d up; done",
    "echo 1 >/proc/sys/net/ipv4/conf/all/forwarding",
    "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding",
    "echo 0 >/proc/sys/net/ipv4/conf/n5/forwarding",
    "echo 0 >/proc/sys/net/ipv6/conf/n5/forwarding",
    "ip addr add 10.0.0.1/24 dev n2",
    "ip addr add 10.1.0.1/16 dev n4",
    "ip addr add fd00::1/64 dev n2 nodad",
    "ip addr add fd01::1/64 dev n4 nodad",
    "ip route add default via 10.0.0.254 metric 100",
    "ip route add 192.168.0.0/16 via 10.1.0.254",
    "ip route add 192.168.5.0/24 via 10.0.0.253 mtu lock 1300",
    "ip route add 192.168.6.0/24 via 10.0.0.253 metric 20",
    "ip route add 192.168.6.0/24 via 10.1.0.254 metric 10",
    "ip route add 192.168.7.7/32 via 10.1.0.253 src 10.0.0.1",
    "ip route add 100.64.0.0/10 dev n4",
    "ip route add 172.16.0.0/12 via inet6 fd01::fe dev n4",
    "ip route add blackhole 203.0.113.0/24",
    "ip route add unreachable 198.51.100.0/24",
    "ip route add prohibit 198.51.100.128/25",
    "ip route add 192.168.0.0/16 via 10.0.0.253 table 77",
    "ip route add default via fd00::fe metric 100",
    "ip route add 2001:db8::/32 via fd01::fe metric 1024",
    "ip route add 2001:db8:5::/48 via fd00::fd metric 1024 mtu lock 1300",
    "ip route add 2001:db8:7::/48 dev n4 metric 33",
    "ip route add blackhole 2001:db8:8::/48 metric 1024",
    "ip route add unreachable 2001:db8:9::/48 metric 1024",
    "ip route add prohibit 2001:db8:a::/48 metric 1024",
    "ip neigh add 10.0.0.254 lladdr 02:00:00:00:fe:00 dev n2",
    "ip neigh add 10.1.0.254 lladdr 02:00:00:00:fe:01 dev n4",
    "ip neigh add 10.0.0.9 lladdr 02:00:00:00:09:00 dev n2",
    "ip neigh add 100.64.0.5 lladdr 02:00:00:00:05:01 dev n4",
    "ip neigh add fd00::fe lladdr 02:00:00:00:fe:06 dev n2",
    "ip neigh add fd01::fe lladdr 02:00:00:00:fe:16 dev n4",
    "ip neigh add 2001:db8:7::5 lladdr 02:00:00:00:75:16 dev n4",
};

#define MAC(a, b)                                                                                  \
    {                                                                                              \
        2, 0, 0, 0, a, b                                                                           \
    }
#define FD(net, host)                                                                              \
    {                                                                                              \
        0xfd, net, [15] = host                                                                     \
    }
#define DB8(...)                                                                                   \
    {                                                                                              \
        0x20, 1, 0x0d, 0xb8, __VA_ARGS__                                                           \
    }

static const struct wn_net_device devices[] = {
    {.ifindex = 1, .mtu = 65536, .forwards_ip4 = true, .forwards_ip6 = true, .ip4 = {127, 0, 0, 1}},
    {2, 1500, MAC(0, 2), true, true, {10, 0, 0, 1}, FD(0, 1)},
    {3, 1500, MAC(0, 3), true, true, {0}, {0}},
    {4, 1400, MAC(0, 4), true, true, {10, 1, 0, 1}, FD(1, 1)},
    {5, 1500, MAC(0, 5), false, false, {0}, {0}},
};

#define VIA4(...)      .gateway_family = 4, .gateway = {__VA_ARGS__}
#define VIA6(...)      .gateway_family = 6, .gateway = __VA_ARGS__
#define TO4(bits, ...) .family = 4, .prefix_bits = bits, .address = {__VA_ARGS__}
#define TO6(bits, ...) .family = 6, .prefix_bits = bits, .address = __VA_ARGS__

static const struct wn_net_route routes[] = {
    {TO4(8, 127), .type = WN_NET_LOCAL},
    {TO4(32, 10, 0, 0, 1), .type = WN_NET_LOCAL, .ifindex = 2},
    {TO4(32, 10, 0, 0, 255), .type = WN_NET_LOCAL, .ifindex = 2},
    {TO4(32, 10, 1, 0, 1), .type = WN_NET_LOCAL, .ifindex = 4},
    {TO4(32, 10, 1, 255, 255), .type = WN_NET_LOCAL, .ifindex = 4},
    {TO4(24, 10), .ifindex = 2, .source = {10, 0, 0, 1}},
    {TO4(16, 10, 1), .ifindex = 4, .source = {10, 1, 0, 1}},
    {TO4(0, 0), VIA4(10, 0, 0, 254), .ifindex = 2, .metric = 100},
    {TO4(16, 192, 168), VIA4(10, 1, 0, 254), .ifindex = 4},
    {TO4(24, 192, 168, 5), VIA4(10, 0, 0, 253), .ifindex = 2, .mtu = 1300},
    {TO4(24, 192, 168, 6), VIA4(10, 0, 0, 253), .ifindex = 2, .metric = 20},
    {TO4(24, 192, 168, 6), VIA4(10, 1, 0, 254), .ifindex = 4, .metric = 10},
    {TO4(32, 192, 168, 7, 7), VIA4(10, 1, 0, 253), .ifindex = 4, .source = {10, 0, 0, 1}},
    {TO4(10, 100, 64), .ifindex = 4},
    {TO4(12, 172, 16), VIA6(FD(1, 0xfe)), .ifindex = 4},
    {TO4(24, 203, 0, 113), .type = WN_NET_BLACKHOLE},
    {TO4(24, 198, 51, 100), .type = WN_NET_UNREACHABLE},
    {TO4(25, 198, 51, 100, 128), .type = WN_NET_PROHIBIT},
    {TO4(16, 192, 168), VIA4(10, 0, 0, 253), .ifindex = 2, .table = 77},
    {TO6(128, FD(0, 1)), .type = WN_NET_LOCAL, .ifindex = 2},
    {TO6(128, FD(1, 1)), .type = WN_NET_LOCAL, .ifindex = 4},
    {TO6(128, FD(0, 0)), .type = WN_NET_LOCAL, .ifindex = 2}, /* anycast: of all routers */
    {TO6(128, FD(1, 0)), .type = WN_NET_LOCAL, .ifindex = 4},
    {TO6(64, FD(0, 0)), .ifindex = 2, .metric = 256},
    {TO6(64, FD(1, 0)), .ifindex = 4, .metric = 256},
    {TO6(0, {0}), VIA6(FD(0, 0xfe)), .ifindex = 2, .metric = 100},
    {TO6(32, DB8(0)), VIA6(FD(1, 0xfe)), .ifindex = 4, .metric = 1024},
    {TO6(48, DB8(0, 5)), VIA6(FD(0, 0xfd)), .ifindex = 2, .metric = 1024, .mtu = 1300},
    {TO6(48, DB8(0, 7)), .ifindex = 4, .metric = 33},
    {TO6(48, DB8(0, 8)), .type = WN_NET_BLACKHOLE, .metric = 1024},
    {TO6(48, DB8(0, 9)), .type = WN_NET_UNREACHABLE, .metric = 1024},
    {TO6(48, DB8(0, 10)), .type = WN_NET_PROHIBIT, .metric = 1024},
};

static const struct wn_net_neighbour neighbours[] = {
    {4, {10, 0, 0, 254}, MAC(0xfe, 0), 2},
    {4, {10, 1, 0, 254}, MAC(0xfe, 1), 4},
    {4, {10, 0, 0, 9}, MAC(9, 0), 2},
    {4, {100, 64, 0, 5}, MAC(5, 1), 4},
    {6, FD(0, 0xfe), MAC(0xfe, 6), 2},
    {6, FD(1, 0xfe), MAC(0xfe, 0x16), 4},
    {6, DB8(0, 7, [15] = 5), MAC(0x75, 0x16), 4},
};

#define COUNT(list) (sizeof(list) / sizeof *(list))
static const struct wn_net_opts network = {devices,       COUNT(devices), routes,
                                           COUNT(routes), neighbours,     COUNT(neighbours)};

static uint64_t state;

static uint32_t below(uint32_t n)
{
    return (uint32_t)(numbers_next(&state) % n);
}

/** A question: struct bpf_fib_lookup and flags; or a device, a length, a difference and flags. */
struct question {
    enum wn_prog_type type;
    bool mtu;
    uint8_t lookup[LOOKUP];
    uint32_t flags, ifindex, length;
    int32_t more;
};

static void set16(uint8_t *at, uint32_t value)
{
    uint16_t half = (uint16_t)value;
    memcpy(at, &half, sizeof half);
}

/** Of a route's or a neighbour's addresses, and others. */
static void put_address(uint8_t *at, unsigned family)
{
    const struct wn_net_route *r = &routes[below(COUNT(routes))];
    const struct wn_net_neighbour *n = &neighbours[below(COUNT(neighbours))];
    size_t bytes = family == 4 ? 4 : 16;
    if (below(6) == 0) {
        for (size_t i = 0; i < bytes; i++)
            at[i] = (uint8_t)below(256);
    } else if (below(3) == 0 && n->family == family) {
        memcpy(at, n->address, bytes);
    } else {
        while (r->family != family)
            r = &routes[below(COUNT(routes))];
        memcpy(at, r->address, bytes);
        at[bytes - 1] = (uint8_t)(at[bytes - 1] + below(4) * 3);
        at[bytes - 2] ^= below(4) == 0 ? (uint8_t)below(256) : 0;
    }
}

static void ask(struct question *q, uint64_t seed)
{
    static const uint32_t lengths[] = {0, 0, 60, 1280, 1300, 1301, 1400, 1401, 1500, 1501, 65535};
    static const uint32_t tables[] = {254, 255, 77, 253, 99, 0};
    state = seed;
    uint32_t ifindex = below(16) ? 1 + below(5) : 9, table = tables[below(6)];
    unsigned family = below(2) ? 4 : 6;
    *q = (struct question){.type = below(2) ? WN_PROG_XDP : WN_PROG_TC, .mtu = below(8) == 0};
    q->ifindex = below(4) ? ifindex : 0;
    q->length = below(2) ? 0 : lengths[below(COUNT(lengths))];
    q->more = (int32_t)below(4000) - 2000;
    q->flags = below(2) ? 0 : below(q->mtu ? 3 : 64);
    if (below(40) == 0)
        q->flags |= 64;
    q->lookup[0] = below(40) == 0 ? 7 : family == 4 ? 2 : 10;
    q->lookup[1] = (uint8_t)below(256);
    set16(q->lookup + 6, lengths[below(COUNT(lengths))]);
    memcpy(q->lookup + 8, &ifindex, sizeof ifindex);
    put_address(q->lookup + 32, family);
    if (below(2))
        put_address(q->lookup + 16, family);
    memcpy(q->lookup + 48, &table, sizeof table);
}

/** A program that asks, and puts what comes of it into its packet. */
static void write_program(const struct question *q, struct program *p)
{
    bool xdp = q->type == WN_PROG_XDP;
    p->n = 0;
    program_put(p, wn_mov64_x(WN_R6, WN_R1));
    for (int16_t i = 0; i < LOOKUP; i += 8) {
        uint64_t word;
        memcpy(&word, q->lookup + i, sizeof word);
        program_put_wide(p, wn_imm64(WN_R0, word));
        program_put(p, wn_stx_dw(WN_R10, (int16_t)(i - LOOKUP), WN_R0));
    }
    program_put(p, wn_mov64_x(WN_R2, WN_R10));
    program_put(p, wn_add64_k(WN_R2, -LOOKUP));
    if (q->mtu) {
        program_put(p, wn_st_w(WN_R10, -LOOKUP, (int32_t)q->length));
        program_put(p, wn_mov64_x(WN_R3, WN_R2));
        program_put(p, wn_mov64_k(WN_R2, (int32_t)q->ifindex));
        program_put(p, wn_mov64_k(WN_R4, q->more));
        program_put(p, wn_mov64_k(WN_R5, (int32_t)q->flags));
    } else {
        program_put(p, wn_mov64_k(WN_R3, LOOKUP));
        program_put(p, wn_mov64_k(WN_R4, (int32_t)q->flags));
    }
    program_put(p, wn_call(q->mtu ? 163 : 69));
    program_put(p, wn_mov64_x(WN_R7, WN_R0));
    program_put(p, wn_mov64_x(WN_R1, WN_R6));
    program_put(p, wn_mov64_k(WN_R2, AT));
    program_put(p, wn_mov64_x(WN_R3, WN_R10));
    program_put(p, wn_add64_k(WN_R3, -LOOKUP));
    program_put(p, wn_mov64_k(WN_R4, LOOKUP));
    program_put(p, wn_mov64_k(WN_R5, 0));
    program_put(p, wn_call(xdp ? 190 : 9));
    program_put(p, wn_mov64_x(WN_R0, WN_R7));
    program_put(p, wn_exit());
}

static void print(const char *who, uint32_t value, const uint8_t *packet)
{
    printf("# %12s: %d, ", who, (int32_t)value);
    for (int i = 0; i < LOOKUP; i++)
        printf("%02x%s", packet[AT + i], i % 4 == 3 ? " " : "");
    printf("\n");
}

static bool agrees(const struct question *q, struct wn_run *run, uint64_t seed, uint64_t *well)
{
    static char log[1 << 16];
    static const enum bpf_prog_type types[] = {
        [WN_PROG_XDP] = BPF_PROG_TYPE_XDP, [WN_PROG_TC] = BPF_PROG_TYPE_SCHED_CLS};
    static const uint8_t packet[PACKET] = {[12] = 0x88, [13] = 0xb5};
    uint8_t theirs[PACKET], ours[PACKET];
    struct program p;
    struct wn_prog *prog;
    struct wn_error err = {0};
    struct wn_prog_opts opts = {.type = q->type};
    struct wn_packet pkt = {.data = packet, .caplen = PACKET, .wirelen = PACKET, .ifindex = 1};
    struct kernel_run asked = {
        .data = packet, .data_bytes = PACKET, .data_out = theirs, .data_out_bytes = PACKET};
    uint32_t bytes;
    write_program(q, &p);
    int kernel = kernel_load(types[q->type], p.slots, p.n, log, sizeof log);
    if (kernel < 0 || kernel_run(kernel, &asked) || wn_prog_new(p.slots, p.n, &opts, &prog, &err)) {
        printf("# seed %" PRIu64 ": %s %s\n", seed, log, err.text);
        return false;
    }
    close(kernel);
    struct wn_result r = wn_prog_run(prog, run, &pkt);
    memcpy(ours, wn_run_packet(run, &bytes), PACKET);
    wn_prog_free(prog);
    *well += r.value == 0;
    if ((uint32_t)r.value == asked.result && !memcmp(theirs, ours, PACKET))
        return true;
    printf("# seed %" PRIu64 ", %s, %s, flags %u, device %u, length %u, more %d\n", seed,
           wn_prog_type_name(q->type), q->mtu ? "mtu" : "lookup", q->flags, q->ifindex, q->length,
           q->more);
    uint8_t question[PACKET] = {0};
    memcpy(question + AT, q->lookup, LOOKUP);
    print("question", 0, question);
    print("the kernel", asked.result, theirs);
    print("here", (uint32_t)r.value, ours);
    return false;
}

static const char *make_namespace(void)
{
    if (unshare(CLONE_NEWNET))
        return "no network of one's own";
    for (size_t i = 0; i < COUNT(commands); i++)
        if (system(commands[i])) {
            printf("# %s\n", commands[i]);
            return "the network cannot be set up";
        }
    return NULL;
}

int main(int argc, char **argv)
{
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, well = 0;
    uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;
    const char *missing = kernel_missing();
    missing = missing ? missing : make_namespace();
    if (missing) {
        printf("1..0 # SKIP %s\n", missing);
        return 77;
    }
    struct wn_net *net;
    struct wn_run *run = wn_run_new();
    struct wn_error err = {0};
    if (!run || wn_net_new(&network, &net, &err)) {
        printf("# %s (%u)\n", err.text, err.at);
        return 1;
    }
    wn_run_set_net(run, net);
    unsigned wrong = 0;
    for (uint64_t seed = first; seed < first + n && wrong < 10; seed++) {
        struct question q;
        ask(&q, seed);
        wrong += !agrees(&q, run, seed, &well);
    }
    printf("# %" PRIu64 " of %" PRIu64 " went well\n", well, n);
    wn_run_free(run);
    wn_net_free(net);
    return wrong || well < n / 20;
}
