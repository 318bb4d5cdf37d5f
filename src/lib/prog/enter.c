/* SPDX-License-Identifier: MIT */
#include "prog/prog.h"

#include <string.h>

#include "context/context.h"
#include "exec/reference.h"
#include "map/ring.h"

/* Up to this much of the stack is cleared by a few stores instead of a call. */
#define SMALL_STACK 64u

#define MAX_TAIL_CALLS 33u /* of one run (Linux: MAX_TAIL_CALL_CNT) */

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
    run->n_repeats = 0;
    run->fault_prog = NULL;
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
    uint32_t n = prog->info.stack_cleared;
    prepare_flat(prog, run, pkt, prog->stack_bytes);
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
    run->fault_prog = NULL;
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
    prepare(prog, run, pkt);
    return wn_interp_run(prog->interp, run, (uint64_t)(uintptr_t)pkt->data, pkt->caplen,
                         pkt->wirelen);
}

static struct wn_result enter_reference(const struct wn_prog *prog, struct wn_run *run,
                                        const struct wn_packet *pkt)
{
    uint64_t args[5];
    set_arguments(args, pkt);
    prepare(prog, run, pkt);
    return wn_reference_run(prog->decoded, run, args);
}

static struct wn_result run_engine(const struct wn_prog *prog, struct wn_run *run,
                                   const uint64_t args[5])
{
    switch (prog->info.engine) {
    case WN_ENGINE_JIT: return prog->jit.enter(args[0], args[1], args[2], run);
    case WN_ENGINE_REFERENCE: return wn_reference_run(prog->decoded, run, args);
    case WN_ENGINE_AUTO:
    case WN_ENGINE_INTERP: break;
    }
    return wn_interp_run(prog->interp, run, args[0], args[1], args[2]);
}

/* ---- programs with maps, and those written for the kernel */

/** What a program starts with: its packet, or the kernel's structure about it. */
static void set_context_arguments(const struct wn_prog *prog, struct wn_run *run, uint64_t args[5])
{
    set_arguments(args, run->packet);
    if (prog->info.type == WN_PROG_FILTER)
        return;
    args[0] = (uint64_t)(uintptr_t)run->kernel.bytes;
    args[1] = args[2] = 0;
}

/** Let the run use what belongs to a program, and its stack of zeros. */
static void switch_to(const struct wn_prog *prog, struct wn_run *run)
{
    uint32_t n = prog->stack_bytes;
    run->prog = prog;
    run->regions = prog->regions;
    run->n_regions = prog->n_regions;
    run->maps = prog->maps;
    run->n_maps = prog->n_maps;
    run->copy.skipped = prog->cooked ? WN_COOKED : 0;
    wn_window_set(&run->store, (uint64_t)(uintptr_t)(run->stack + WN_STACK_BYTES - n), n);
    memset(run->stack + WN_STACK_BYTES - prog->info.stack_cleared, 0, prog->info.stack_cleared);
}

/** Run the next program in the place of a function that has ended. */
static uint64_t run_next(struct wn_run *run, const struct wn_prog *next)
{
    const struct wn_prog *prog = run->prog;
    uint64_t args[5], sp = run->native_sp;
    switch_to(next, run);
    set_context_arguments(next, run, args);
    struct wn_result result = run_engine(next, run, args);
    if (result.fault && !run->fault_prog) {
        run->fault_prog = next;
        run->fault_slot = result.slot;
    }
    run->ended = result.fault;
    run->tailed = true;
    run->native_sp = sp;
    switch_to(prog, run);
    return result.value;
}

/** As run_next(); the frames of functions below the one that has ended are kept for them. Apart, as
 * tail calls lie within each other and only few need this much of the thread's stack. */
static __attribute__((noinline)) uint64_t run_next_above(struct wn_run *run,
                                                         const struct wn_prog *next)
{
    uint8_t kept[WN_STACK_BYTES];
    uint32_t n = run->prog->stack_bytes;
    memcpy(kept, run->stack + WN_STACK_BYTES - n, n);
    uint64_t result = run_next(run, next);
    memcpy(run->stack + WN_STACK_BYTES - n, kept, n);
    return result;
}

/**
 * A tail call: another program takes the place of the function that calls it,
 * which ends with its result. What the next program costs is spent before it runs.
 * One of another type cannot be called: it would find another context.
 */
static uint64_t tail(struct wn_run *run, const struct wn_prog *next)
{
    const struct wn_prog *prog = run->prog;
    if (next->info.type != prog->info.type || run->tail_calls == MAX_TAIL_CALLS)
        return 0;
    run->tail_calls++;
    if (run->fuel < next->info.slots) {
        wn_run_end(run, WN_FAULT_FUEL);
        return 0;
    }
    run->fuel -= next->info.slots;
    return prog->info.functions > 1 ? run_next_above(run, next) : run_next(run, next);
}

/** A packet that no copy can be made of. */
static struct wn_result too_long(struct wn_run *run, const struct wn_packet *pkt)
{
    run->n_maps = 0;
    run->copied.data = NULL;
    run->redirect = 0;
    run->fault_address = (uint64_t)(uintptr_t)pkt->data;
    return (struct wn_result){.fault = WN_FAULT_MEMORY};
}

/** What a run has not given back, as it has faulted, is for nobody to read; nor do others wait for
 * it. */
static void drop_holds(struct wn_run *run)
{
    if (run->lock)
        wn_lock_drop(run->lock);
    run->lock = NULL;
    while (run->n_holds > 0) {
        const struct wn_hold *hold = &run->holds[--run->n_holds];
        wn_ring_commit(hold->map, (void *)(uintptr_t)hold->address, 0, true);
    }
}

/** A run that may involve maps, other programs and a copy of the packet. */
static struct wn_result enter_whole(const struct wn_prog *prog, struct wn_run *run,
                                    const struct wn_packet *pkt)
{
    const enum wn_prog_type type = prog->info.type;
    uint64_t args[5];
    run->fuel = prog->fuel;
    run->packet = pkt;
    run->ended = WN_FAULT_NONE;
    run->tail_calls = 0;
    run->n_repeats = 0;
    run->n_inner = 0;
    run->fault_prog = NULL;
    run->tail = tail;
    switch_to(prog, run);
    if (type == WN_PROG_FILTER)
        set_load_window(run, pkt);
    else if (prog->info.in_place)
        wn_context_begin_in_place(run, type, pkt);
    else if (!wn_context_begin(run, type, pkt))
        return too_long(run, pkt);
    set_context_arguments(prog, run, args);
    struct wn_result result = run_engine(prog, run, args);
    if (__builtin_expect(run->n_holds || run->lock, 0))
        drop_holds(run);
    if (type == WN_PROG_TC)
        wn_context_settle(run);
    run->kernel.n = 0; /* the next run may be another program's, which has neither */
    run->n_maps = 0;
    if (result.fault && run->fault_prog)
        result.slot = run->fault_slot;
    return result;
}

struct wn_result wn_prog_start(const struct wn_prog *prog, struct wn_run *run,
                               const struct wn_start *start)
{
    uint64_t args[5] = {start->args[0], start->args[1]};
    prepare(prog, run, start->packet);
    run->fuel = start->fuel;
    run->regions = start->regions;
    run->n_regions = start->n_regions;
    return run_engine(prog, run, args);
}

struct wn_prog_entry wn_prog_enter(const struct wn_prog *prog, enum wn_engine engine)
{
    if (prog->info.type != WN_PROG_FILTER || prog->n_maps)
        return (struct wn_prog_entry){enter_whole};
    switch (engine) {
    case WN_ENGINE_JIT: return enter_machine_code(prog);
    case WN_ENGINE_REFERENCE: return (struct wn_prog_entry){enter_reference};
    case WN_ENGINE_AUTO:
    case WN_ENGINE_INTERP: break;
    }
    return (struct wn_prog_entry){enter_interp};
}

const struct wn_prog *wn_run_fault_prog(const struct wn_run *run)
{
    return run->fault_prog;
}

const uint8_t *wn_run_packet(const struct wn_run *run, uint32_t *bytes)
{
    *bytes = run->copied.data ? run->copied.caplen : 0;
    return run->copied.data;
}

const uint8_t *wn_run_metadata(const struct wn_run *run, uint32_t *bytes)
{
    const struct wn_copy *c = &run->copy;
    *bytes = run->copied.data ? c->data - c->meta : 0;
    return run->copied.data ? c->base + c->meta : NULL;
}

const void *wn_run_context(const struct wn_run *run, uint32_t *bytes)
{
    *bytes = run->copied.data ? wn_context_bytes((enum wn_prog_type)run->kernel.type) : 0;
    return *bytes ? run->kernel.bytes : NULL;
}

uint32_t wn_run_redirect(const struct wn_run *run)
{
    return run->redirect;
}

void wn_run_set_cpu(struct wn_run *run, uint32_t cpu)
{
    run->cpu = cpu;
}

void wn_run_set_print(struct wn_run *run, wn_print_fn print, void *arg)
{
    run->print = print;
    run->print_arg = arg;
}

void wn_run_set_clone(struct wn_run *run, wn_clone_fn clone, void *arg)
{
    run->clone = clone;
    run->clone_arg = arg;
}

void wn_prog_run_batch(const struct wn_prog *prog, struct wn_run *run, const struct wn_packet *pkts,
                       size_t n, struct wn_result *results)
{
    for (size_t i = 0; i < n; i++)
        results[i] = wn_prog_run(prog, run, &pkts[i]);
}
