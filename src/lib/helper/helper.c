/* SPDX-License-Identifier: MIT */
#include "helper/helper.h"

#include <stddef.h>

#define H(id, name, function, ...)                                                                 \
    static uint64_t wn_helper_##function(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,         \
                                         struct wn_run *);
#include "helper/helper.def"
#undef H

#define H(id, name, function, result, a1, a2, a3, a4, a5)                                          \
    {id,                                                                                           \
     "bpf_" #name,                                                                                 \
     wn_helper_##function,                                                                         \
     {WN_ARG_##result, {WN_ARG_##a1, WN_ARG_##a2, WN_ARG_##a3, WN_ARG_##a4, WN_ARG_##a5}}},
static const struct wn_helper helpers[] = {
#include "helper/helper.def"
};
#undef H

#define HELPER(name)                                                                               \
    static uint64_t wn_helper_##name(                                                              \
        __attribute__((unused)) uint64_t r1, __attribute__((unused)) uint64_t r2,                  \
        __attribute__((unused)) uint64_t r3, __attribute__((unused)) uint64_t r4,                  \
        __attribute__((unused)) uint64_t r5, __attribute__((unused)) struct wn_run *run)

/** Packet time, not the clock's: a run over a file gives the same every time. */
HELPER(ktime_get_ns)
{
    return run->packet ? run->packet->time_ns : 0;
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

/** "CPU" is the thread's run structure; there is one until maps have slots. */
HELPER(get_smp_processor_id)
{
    return 0;
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
