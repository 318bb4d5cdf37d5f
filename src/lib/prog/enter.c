/* SPDX-License-Identifier: MIT */
#include "prog/prog.h"

#include <string.h>

#include "exec/reference.h"

/** What every run starts from. Runs are short: nothing is set that is right already. */
static inline void prepare(const struct wn_prog *prog, struct wn_run *run,
                           const struct wn_packet *pkt)
{
    uint8_t *end = run->stack + WN_STACK_BYTES;
    uint32_t n = prog->stack_bytes;
    run->fuel = prog->fuel;
    run->packet = pkt;
    run->regions = prog->regions;
    run->n_regions = prog->n_regions;
    wn_window_set(&run->load, (uint64_t)(uintptr_t)pkt->data, pkt->caplen);
    if (run->store.room[0] != n)
        wn_window_set(&run->store, (uint64_t)(uintptr_t)(end - n), n);
    if (n)
        memset(end - n, 0, n);
}

static inline void set_arguments(uint64_t args[5], const struct wn_packet *pkt)
{
    args[0] = (uint64_t)(uintptr_t)pkt->data;
    args[1] = pkt->caplen;
    args[2] = pkt->wirelen;
    args[3] = args[4] = 0;
}

static struct wn_result enter_jit(const struct wn_prog *prog, struct wn_run *run,
                                  const struct wn_packet *pkt)
{
    prepare(prog, run, pkt);
    return prog->jit.enter((uint64_t)(uintptr_t)pkt->data, pkt->caplen, pkt->wirelen, run);
}

static struct wn_result enter_interp(const struct wn_prog *prog, struct wn_run *run,
                                     const struct wn_packet *pkt)
{
    uint64_t args[5];
    set_arguments(args, pkt);
    prepare(prog, run, pkt);
    return wn_interp_run(prog->interp, run, args);
}

static struct wn_result enter_reference(const struct wn_prog *prog, struct wn_run *run,
                                        const struct wn_packet *pkt)
{
    uint64_t args[5];
    set_arguments(args, pkt);
    prepare(prog, run, pkt);
    return wn_reference_run(prog->decoded, run, args);
}

struct wn_prog_entry wn_prog_enter(enum wn_engine engine)
{
    switch (engine) {
    case WN_ENGINE_JIT: return (struct wn_prog_entry){enter_jit};
    case WN_ENGINE_REFERENCE: return (struct wn_prog_entry){enter_reference};
    case WN_ENGINE_AUTO:
    case WN_ENGINE_INTERP: break;
    }
    return (struct wn_prog_entry){enter_interp};
}
