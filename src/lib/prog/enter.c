/* SPDX-License-Identifier: MIT */
#include "prog/prog.h"

#include <string.h>

#include "exec/reference.h"

/* Up to this much of the stack is cleared by a few stores instead of a call. */
#define SMALL_STACK 64u

static inline void set_load_window(struct wn_run *run, const struct wn_packet *pkt)
{
    wn_window_set(&run->load, (uint64_t)(uintptr_t)pkt->data, pkt->caplen);
}

/** What a program starts from that has no stack. Runs are short: what is right already stays. */
static inline void prepare_flat(const struct wn_prog *prog, struct wn_run *run,
                                const struct wn_packet *pkt, uint32_t stack_bytes)
{
    run->fuel = prog->fuel;
    run->packet = pkt;
    run->regions = prog->regions;
    run->n_regions = prog->n_regions;
    run->ended = WN_FAULT_NONE;
    set_load_window(run, pkt);
    if (run->store.room[0] != stack_bytes)
        wn_window_set(&run->store, (uint64_t)(uintptr_t)(run->stack + WN_STACK_BYTES - stack_bytes),
                      stack_bytes);
}

/** What every program may start from. */
static inline void prepare(const struct wn_prog *prog, struct wn_run *run,
                           const struct wn_packet *pkt)
{
    uint8_t *end = run->stack + WN_STACK_BYTES;
    uint32_t n = prog->stack_bytes;
    prepare_flat(prog, run, pkt, n);
    if (n > SMALL_STACK)
        memset(end - n, 0, n);
    else if (n)
        memset(end - SMALL_STACK, 0, SMALL_STACK);
}

static inline void set_arguments(uint64_t args[5], const struct wn_packet *pkt)
{
    args[0] = (uint64_t)(uintptr_t)pkt->data;
    args[1] = pkt->caplen;
    args[2] = pkt->wirelen;
    args[3] = args[4] = 0;
}

static inline struct wn_result jump_in(const struct wn_prog *prog, struct wn_run *run,
                                       const struct wn_packet *pkt)
{
    return prog->jit.enter((uint64_t)(uintptr_t)pkt->data, pkt->caplen, pkt->wirelen, run);
}

/* Machine code says what it needs; small filters are not to pay for more than that. */

static struct wn_result enter_jit(const struct wn_prog *prog, struct wn_run *run,
                                  const struct wn_packet *pkt)
{
    prepare(prog, run, pkt);
    return jump_in(prog, run, pkt);
}

static struct wn_result enter_jit_flat(const struct wn_prog *prog, struct wn_run *run,
                                       const struct wn_packet *pkt)
{
    prepare_flat(prog, run, pkt, 0);
    return jump_in(prog, run, pkt);
}

static struct wn_result enter_jit_window(const struct wn_prog *prog, struct wn_run *run,
                                         const struct wn_packet *pkt)
{
    set_load_window(run, pkt);
    return jump_in(prog, run, pkt);
}

static struct wn_prog_entry enter_machine_code(const struct wn_prog *prog)
{
    switch (prog->jit.needs) {
    case 0: return (struct wn_prog_entry){jump_in};
    case WN_JIT_WINDOW: return (struct wn_prog_entry){enter_jit_window};
    default: return (struct wn_prog_entry){prog->stack_bytes ? enter_jit : enter_jit_flat};
    }
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

struct wn_result wn_prog_start(const struct wn_prog *prog, struct wn_run *run,
                               const struct wn_start *start)
{
    uint64_t args[5] = {start->args[0], start->args[1]};
    prepare(prog, run, start->packet);
    run->fuel = start->fuel;
    run->regions = start->regions;
    run->n_regions = start->n_regions;
    switch (prog->info.engine) {
    case WN_ENGINE_JIT: return prog->jit.enter(args[0], args[1], args[2], run);
    case WN_ENGINE_REFERENCE: return wn_reference_run(prog->decoded, run, args);
    case WN_ENGINE_AUTO:
    case WN_ENGINE_INTERP: break;
    }
    return wn_interp_run(prog->interp, run, args);
}

struct wn_prog_entry wn_prog_enter(const struct wn_prog *prog, enum wn_engine engine)
{
    switch (engine) {
    case WN_ENGINE_JIT: return enter_machine_code(prog);
    case WN_ENGINE_REFERENCE: return (struct wn_prog_entry){enter_reference};
    case WN_ENGINE_AUTO:
    case WN_ENGINE_INTERP: break;
    }
    return (struct wn_prog_entry){enter_interp};
}

void wn_prog_run_batch(const struct wn_prog *prog, struct wn_run *run, const struct wn_packet *pkts,
                       size_t n, struct wn_result *results)
{
    for (size_t i = 0; i < n; i++)
        results[i] = wn_prog_run(prog, run, &pkts[i]);
}
