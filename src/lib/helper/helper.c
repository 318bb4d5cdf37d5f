/* SPDX-License-Identifier: MIT */
#include "helper/helper.h"

#define BIT(type) (1u << WN_PROG_##type)
#define ALL       (BIT(FILTER) | BIT(XDP) | BIT(SOCKET) | BIT(TC))
#define XDP       BIT(XDP)
#define SKB       (BIT(SOCKET) | BIT(TC))
#define ACTION    (BIT(XDP) | BIT(TC))
#define TC        BIT(TC)
#define ALL_C     (ALL | WN_HELPER_CALLS)
#define XDP_M     (XDP | WN_HELPER_MOVES | WN_HELPER_WRITES)
#define XDP_W     (XDP | WN_HELPER_WRITES)
#define TC_M      (TC | WN_HELPER_MOVES | WN_HELPER_WRITES)
#define TC_P      (TC | WN_HELPER_MOVES)
#define TC_W      (TC | WN_HELPER_WRITES)

#define H(id, name, types, result, a1, a2, a3, a4, a5)                                             \
    {id,                                                                                           \
     "bpf_" #name,                                                                                 \
     wn_helper_##name,                                                                             \
     (types),                                                                                      \
     {WN_ARG_##result, {WN_ARG_##a1, WN_ARG_##a2, WN_ARG_##a3, WN_ARG_##a4, WN_ARG_##a5}}},
#define N(...)
static const struct wn_helper helpers[] = {
#include "helper/helper.def"
};
#undef H
#undef N

#define LATER   "is not provided yet"
#define TRACING "looks into a running kernel; there is none here, only packets"
#define TRACED  "is for programs that trace a kernel; others use bpf_perf_event_output()"
#define CGROUP  "asks about control groups, which packets of a capture do not have"
#define SOCKET  "works on sockets, which only a kernel has; look at addresses and ports instead"
#define LATE    "runs when no packet is there; look at the time when the next one comes instead"
#define OBJECTS "keeps a kernel's objects, of which there are none here"
#define PERCPU  "reads variables of a running kernel; there is none here"
#define SENT    "takes what a process sends; use a map that is written from outside instead"
#define ROUTING "works on the kernel's tunnels and routes; look at the packet's own headers instead"

#define H(...)
#define N(id, name, why) {id, "bpf_" #name, why},
static const struct wn_helper_absent absent[] = {
#include "helper/helper.def"
};
#undef H
#undef N

/** Packet time, not the clock's: a run over a file gives the same every time. */
HELPER(ktime_get_ns)
{
    return run->packet ? run->packet->time_ns : 0;
}

/** Clocks of which there is one: a capture says when a packet came, not how long its machine had
 * slept by then. */
HELPER(ktime_get_boot_ns)
{
    return wn_helper_ktime_get_ns(0, 0, 0, 0, 0, run);
}

HELPER(ktime_get_coarse_ns)
{
    return wn_helper_ktime_get_ns(0, 0, 0, 0, 0, run);
}

/** Atomic time: since 2017 it has been 37 seconds ahead of UTC. */
HELPER(ktime_get_tai_ns)
{
    return wn_helper_ktime_get_ns(0, 0, 0, 0, 0, run) + UINT64_C(37000000000);
}

/** Ticks: as with HZ=1000, counted from where packet time begins. */
HELPER(jiffies64)
{
    return wn_helper_ktime_get_ns(0, 0, 0, 0, 0, run) / 1000000;
}

/** xorshift64*: seeded per run structure, so that a run can be repeated. */
HELPER(get_prandom_u32)
{
    uint64_t x = run->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    run->random = x;
    return (x * UINT64_C(0x2545f4914f6cdd1d)) >> 32;
}

/** Whose memory is where matters to nobody here. */
HELPER(get_numa_node_id)
{
    return 0;
}

/** "CPU" is the thread's slot of per-CPU maps. */
HELPER(get_smp_processor_id)
{
    return run->cpu;
}

bool wn_helper_moves_packet(const struct wn_helper *helper)
{
    return helper->types & WN_HELPER_MOVES;
}

bool wn_helper_writes_packet(const struct wn_helper *helper)
{
    return helper->types & WN_HELPER_WRITES;
}

bool wn_helper_repeats(const struct wn_helper *helper)
{
    return helper->types & WN_HELPER_CALLS;
}

const struct wn_helper *wn_helper_at(size_t i)
{
    return i < sizeof helpers / sizeof *helpers ? &helpers[i] : NULL;
}

const struct wn_helper *wn_helper_find(uint32_t id)
{
    const struct wn_helper *h = helpers;
    for (size_t i = 0; h && h->id != id; i++)
        h = wn_helper_at(i);
    return h;
}

const struct wn_helper_absent *wn_helper_absent(uint32_t id)
{
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        if (absent[i].id == id)
            return &absent[i];
    return NULL;
}

const char *wn_helper_name(uint32_t number, bool *here)
{
    const struct wn_helper *helper = wn_helper_find(number);
    const struct wn_helper_absent *other = helper ? NULL : wn_helper_absent(number);
    if (here)
        *here = helper != NULL;
    return helper ? helper->name : other ? other->name : NULL;
}
