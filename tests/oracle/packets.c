/* SPDX-License-Identifier: MIT */
/**
 * Helpers that read and change packets, and fields of contexts, against the
 * kernel's: random programs, which call one after another, on packets of all kinds. What they
 * return, the packet and the context that they leave must be the same on every engine, and nothing
 * may be left to check at run time.
 *
 *     packets SEED PROGRAMS
 */
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <winnow/net.h>

#include "../parity/packets.h"
#include "helper/helper.h"
#include "kernel.h"
#include "numbers.h"
#include "packet_steps.h"

enum { ROOM = 20000, PACKETS = 6, LOOPBACK = 1, LOOPBACK_MTU = 65536, HELPERS = 256 };
#define TIME UINT64_C(1700000000000000000)

struct outcome {
    uint32_t value, bytes;
    uint8_t data[ROOM];
    /* of a struct __sk_buff, as test runs give it back */
    uint32_t mark, priority, cb[5];
    uint64_t tstamp;
};

static const struct {
    enum wn_engine engine;
    enum wn_verify verify;
    const char *name;
} ways[] = {
    {WN_ENGINE_REFERENCE, WN_VERIFY_GUARD, "reference"},
    {WN_ENGINE_INTERP, WN_VERIFY_GUARD, "interp"},
    {WN_ENGINE_JIT, WN_VERIFY_GUARD, "jit"},
    {WN_ENGINE_JIT, WN_VERIFY_NONE, "jit, all checked"},
    {WN_ENGINE_INTERP, WN_VERIFY_NONE, "interp, all checked"},
};
enum { WAYS = sizeof ways / sizeof *ways };

static const struct packet *packets;
static size_t n_packets;
static struct wn_run *run;
static bool clones; /* the loopback device takes them */
static uint64_t called[HELPERS];

/** A namespace of one's own, whose loopback device swallows what is cloned to it. */
static bool leave_network(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    if (unshare(CLONE_NEWNET))
        return false;
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool up = s >= 0 && ioctl(s, SIOCSIFFLAGS, &lo) == 0;
    close(s);
    return up;
}

static int ask_kernel(int prog, enum wn_prog_type type, const struct packet *packet,
                      struct outcome *out)
{
    struct __sk_buff skb = {.ingress_ifindex = LOOPBACK, .tstamp = TIME};
    struct kernel_run asked = {.data = packet->data,
                               .data_bytes = packet->bytes,
                               .data_out = out->data,
                               .data_out_bytes = sizeof out->data};
    if (type != WN_PROG_XDP) {
        asked.ctx = asked.ctx_out = &skb;
        asked.ctx_bytes = asked.ctx_out_bytes = sizeof skb;
    }
    int r = kernel_run(prog, &asked);
    out->value = asked.result;
    out->bytes = asked.data_out_bytes;
    if (type ==
        WN_PROG_SOCKET) /* the link layer's header has been taken off and comes back empty */
        memcpy(out->data, packet->data, 14);
    if (type == WN_PROG_XDP)
        skb = (struct __sk_buff){0};
    out->mark = skb.mark;
    out->priority = skb.priority;
    out->tstamp = skb.tstamp;
    memcpy(out->cb, skb.cb, sizeof out->cb);
    return r;
}

static bool run_here(const struct wn_prog *prog, enum wn_prog_type type,
                     const struct packet *packet, struct outcome *out)
{
    struct wn_packet p = {.data = packet->data,
                          .caplen = packet->bytes,
                          .wirelen = packet->bytes,
                          .time_ns = TIME,
                          .ifindex = LOOPBACK};
    struct wn_result r = wn_prog_run(prog, run, &p);
    struct __sk_buff skb = {0};
    uint32_t bytes, meta_bytes;
    const uint8_t *data = wn_run_packet(run, &out->bytes);
    const uint8_t *meta =
        wn_run_metadata(run, &meta_bytes); /* test runs put it before the packet */
    const void *context = wn_run_context(run, &bytes);
    if (r.fault || out->bytes + meta_bytes > ROOM) {
        printf("# fault %s at slot %u\n", wn_fault_name((enum wn_fault)r.fault), r.slot);
        return false;
    }
    memcpy(out->data, meta, meta_bytes);
    memcpy(out->data + meta_bytes, data, out->bytes);
    out->bytes += meta_bytes;
    if (type != WN_PROG_XDP)
        memcpy(&skb, context, sizeof skb);
    out->value = (uint32_t)r.value;
    out->mark = skb.mark;
    out->priority = skb.priority;
    out->tstamp = type == WN_PROG_SOCKET ? TIME : skb.tstamp;
    memcpy(out->cb, skb.cb, sizeof out->cb);
    return true;
}

static void print(const char *who, const struct outcome *o)
{
    printf("# %20s: value %08x, mark %x, priority %x, tstamp %" PRIx64
           ", cb %x %x %x %x %x, %u bytes ",
           who, o->value, o->mark, o->priority, o->tstamp, o->cb[0], o->cb[1], o->cb[2], o->cb[3],
           o->cb[4], o->bytes);
    for (uint32_t i = 0; i < o->bytes && i < 80; i++)
        printf("%02x", o->data[i]);
    printf("\n");
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->value == b->value && a->bytes == b->bytes && !memcmp(a->data, b->data, a->bytes) &&
           a->mark == b->mark && a->priority == b->priority && a->tstamp == b->tstamp &&
           !memcmp(a->cb, b->cb, sizeof a->cb);
}

/** Make the program one way; NULL where there is no compiler, or with words. */
static struct wn_prog *make(const struct steps *s, const struct program *p, unsigned way, bool *bad)
{
    struct wn_prog_opts opts = {.type = s->type,
                                .engine = ways[way].engine,
                                .verify = ways[way].verify,
                                .flags = s->type == WN_PROG_SOCKET ? WN_PROG_COOKED : 0};
    struct wn_prog *prog = NULL;
    struct wn_prog_info info;
    struct wn_error err = {0};
    int r = wn_prog_new(p->slots, p->n, &opts, &prog, &err);
    if (r == WN_E_NOJIT)
        return NULL;
    if (r) {
        printf("# %s refuses slot %u: %s\n", ways[way].name, err.at, err.text);
        *bad = true;
        return NULL;
    }
    wn_prog_info(prog, &info);
    if (opts.verify == WN_VERIFY_GUARD && (info.guarded || info.calls_checked)) {
        printf("# %u accesses and %u calls are not proved\n", info.guarded, info.calls_checked);
        *bad = true;
    }
    return prog;
}

/** Whether all engines do what the kernel does on some packets. */
static bool agrees(const struct steps *s, uint64_t seed, bool quiet)
{
    static char log[1 << 16];
    static struct outcome theirs, ours;
    static const enum bpf_prog_type types[] = {[WN_PROG_XDP] = BPF_PROG_TYPE_XDP,
                                               [WN_PROG_TC] = BPF_PROG_TYPE_SCHED_CLS,
                                               [WN_PROG_SOCKET] = BPF_PROG_TYPE_SOCKET_FILTER};
    struct program p;
    struct wn_prog *progs[WAYS];
    bool bad = false;
    steps_write(s, &p);
    int kernel = kernel_load(types[s->type], p.slots, p.n, log, sizeof log);
    if (kernel < 0) {
        printf("# the kernel refuses it: %s\n%s\n", strerror(-kernel), quiet ? "" : log);
        return false;
    }
    for (unsigned w = 0; w < WAYS; w++)
        progs[w] = make(s, &p, w, &bad);
    for (unsigned i = 0; i < PACKETS && !bad;) {
        const struct packet *packet = &packets[numbers_next(&seed) % n_packets];
        if (!packet_is_for(s->type, packet))
            continue;
        i++;
        int r = ask_kernel(kernel, s->type, packet, &theirs);
        if (r) {
            printf("# test run: %s\n", strerror(-r));
            bad = true;
        }
        for (unsigned w = 0; w < WAYS && !bad; w++) {
            if (!progs[w])
                continue;
            bad = !run_here(progs[w], s->type, packet, &ours) || !same(&theirs, &ours);
            if (!bad || quiet)
                continue;
            printf("# %s, %u bytes\n", packet->family, packet->bytes);
            print("the kernel", &theirs);
            print(ways[w].name, &ours);
        }
    }
    for (unsigned w = 0; w < WAYS; w++)
        wn_prog_free(progs[w]);
    close(kernel);
    return !bad;
}

/** Leave out steps for as long as something is wrong. */
static void minimise(struct steps *s, uint64_t seed)
{
    for (unsigned i = 0; i < s->n;) {
        struct steps less = *s;
        less.n--;
        memmove(&less.list[i], &less.list[i + 1], (less.n - i) * sizeof *less.list);
        if (agrees(&less, seed, true))
            i++;
        else
            *s = less;
    }
}

static void count(const struct steps *s)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->list[i].kind == STEP_CALL)
            called[s->list[i].helper]++;
}

int main(int argc, char **argv)
{
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;
    const struct wn_net_device lo = {.ifindex = LOOPBACK, .mtu = LOOPBACK_MTU};
    const struct wn_net_opts opts = {.devices = &lo, .n_devices = 1};
    struct wn_net *net;
    const char *missing = kernel_missing();
    if (missing) {
        printf("1..0 # SKIP %s\n", missing);
        return 77;
    }
    packets = packets_all(&n_packets);
    run = wn_run_new();
    if (!run || wn_net_new(&opts, &net, NULL))
        abort();
    wn_run_set_net(run, net);
    clones = leave_network();
    for (uint64_t seed = first; seed < first + n; seed++) {
        struct steps s;
        steps_make(&s, seed, clones);
        count(&s);
        if (agrees(&s, seed, true))
            continue;
        minimise(&s, seed);
        printf("# seed %" PRIu64 "\n", seed);
        steps_print(&s);
        agrees(&s, seed, false);
        return 1;
    }
    for (unsigned i = 0; i < HELPERS; i++)
        if (called[i])
            printf("# %s: %" PRIu64 " calls\n", wn_helper_find(i)->name, called[i]);
    wn_run_free(run);
    wn_net_free(net);
    return 0;
}
