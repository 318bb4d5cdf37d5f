/* SPDX-License-Identifier: MIT */
#include "diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "isa/decode.h"
#include "jit/backend.h"
#include "machines.h"
#include "opt/blind.h"
#include "opt/lower.h"
#include "prog/prog.h"
#include "trial.h"
#include "watch.h"

/** The last one is machine code again, without what only some processors have. */
enum { REFERENCE, INTERP, JIT, BASELINE, ENGINES };
static const enum wn_engine engines[] = {WN_ENGINE_REFERENCE, WN_ENGINE_INTERP, WN_ENGINE_JIT,
                                         WN_ENGINE_JIT};
static const char *const engine_names[] = {"reference", "interp", "jit", "jit, baseline"};

/** Code for other machines cannot be run here, but making it must go well. */
static void emit_for_all_machines(const struct wn_code *lowered)
{
    static const struct wn_backend *const backends[] = {&wn_backend_x86, &wn_backend_a64};
    for (unsigned i = 0; i < 4; i++) {
        struct wn_code_buf buf = {0};
        struct wn_error err;
        if (wn_jit_emit(backends[i / 2], lowered, i % 2, &buf, &err)) {
            fprintf(stderr, "%s, slot %u: %s\n", backends[i / 2]->name, err.at, err.text);
            abort();
        }
        wn_buf_fini(&buf);
    }
}

/** Put code with blinded constants in the place of lowered code. */
static int blind(struct wn_code **lowered, struct wn_error *err)
{
    struct wn_code *blinded = NULL;
    int r = wn_blind(*lowered, &blinded, err);
    if (r)
        return r;
    wn_code_free(*lowered);
    *lowered = blinded;
    return 0;
}

/**
 * The program once more, compiled for the least of processors, every other one
 * with blinded constants; NULL if that is the same code. The reference interpreter's program has
 * kept the decoded form.
 */
static struct wn_prog *make_baseline(const struct trial *t, enum wn_verify way,
                                     const struct wn_prog *compiled)
{
    struct wn_error err;
    struct wn_code *lowered = NULL;
    struct wn_prog *prog = trial_filter(t, WN_ENGINE_REFERENCE, way, &err);
    if (!prog || wn_lower(prog->decoded, &lowered, &err) ||
        (t->seed % 2 && blind(&lowered, &err)) ||
        wn_jit_compile_for(lowered, 0, &prog->jit, &err)) {
        fprintf(stderr, "no baseline code: %s\n", err.text);
        abort();
    }
    if (t->seed % 8 < 2)
        emit_for_all_machines(lowered);
    wn_code_free(lowered);
    prog->entry = wn_prog_enter(prog, WN_ENGINE_JIT);
    if (prog->jit.bytes == compiled->jit.bytes &&
        !memcmp(prog->jit.code, compiled->jit.code, prog->jit.bytes)) {
        wn_prog_free(prog);
        return NULL;
    }
    return prog;
}

static void print_outcome(const char *name, const struct outcome *o)
{
    fprintf(stderr,
            "  %-10s value %016" PRIx64 " fault %s slot %u address %" PRIx64 " fuel %" PRIu64
            " calls %" PRIu64 " (%016" PRIx64 ")\n",
            name, o->result.value, wn_fault_name((enum wn_fault)o->result.fault), o->result.slot,
            o->fault_address, o->fuel, o->calls.count, o->calls.seen);
}

static void print_difference(const char *name, const struct outcome *a, const struct outcome *b)
{
    print_outcome(engine_names[0], a);
    print_outcome(name, b);
    for (unsigned i = 0; i < WN_STACK_BYTES; i++)
        if (a->stack[i] != b->stack[i]) {
            fprintf(stderr, "  stack differs first at end - %u: %02x, %02x\n", WN_STACK_BYTES - i,
                    a->stack[i], b->stack[i]);
            break;
        }
    if (memcmp(a->writable, b->writable, sizeof a->writable))
        fprintf(stderr, "  other memory differs\n");
    if (b->input_changed)
        fprintf(stderr, "  the packet has been written\n");
}

/** The program for each engine; false if they are not of one mind about it. */
static bool make_all(const struct trial *t, enum wn_verify way, bool quiet,
                     struct wn_prog *progs[ENGINES], struct wn_error *err)
{
    bool may_be_refused = t->damaged || way != WN_VERIFY_NONE;
    for (unsigned e = REFERENCE; e < BASELINE; e++) {
        struct wn_error why = {0};
        progs[e] = trial_filter(t, engines[e], way, &why);
        if (e == REFERENCE)
            *err = why;
        if (progs[e] || why.code == WN_E_NOJIT)
            continue;
        if (may_be_refused && !progs[REFERENCE] && why.code == err->code && why.at == err->at)
            continue;
        if (!quiet)
            fprintf(stderr, "%s refuses: %s (slot %u)\n", engine_names[e], why.text, why.at);
        return false;
    }
    if (progs[JIT])
        progs[BASELINE] = make_baseline(t, way, progs[JIT]);
    return true;
}

/** All engines on one input that is in its place; false if one leaves something else than the
 * first. */
static bool run_all(const struct trial *t, struct wn_prog *const progs[ENGINES],
                    const struct trial_input *input, struct wn_trace *trace, bool quiet,
                    struct outcome *first)
{
    static struct outcome other;
    bool same = true;
    trial_memory.run->trace = trace;
    trial_run(t, progs[REFERENCE], input, first);
    trial_memory.run->trace = NULL;
    for (unsigned e = REFERENCE + 1; e < ENGINES; e++) {
        if (!progs[e])
            continue;
        trial_run(t, progs[e], input, &other);
        if (!memcmp(first, &other, sizeof *first))
            continue;
        same = false;
        if (!quiet)
            print_difference(engine_names[e], first, &other);
    }
    return same;
}

/** Everything checked, on all inputs. */
static bool agree_unverified(const struct trial *t, struct wn_prog *const progs[ENGINES],
                             bool quiet, struct outcome left[TRIAL_INPUTS],
                             struct diff_counts *counts)
{
    static uint32_t times[GEN_SLOTS];
    struct watch w;
    bool same = true;
    counts->compiled += progs[JIT] != NULL;
    counts->baseline += progs[BASELINE] != NULL;
    watch_begin(&w, progs[REFERENCE]->decoded, times);
    for (unsigned i = 0; same && i < TRIAL_INPUTS; i++) {
        trial_place(&t->inputs[i]);
        same = run_all(t, progs, &t->inputs[i], &w.trace, quiet, &left[i]) && !w.wrong;
        diff_count(counts, progs[REFERENCE]->decoded, &w.trace, left[i].result);
    }
    diff_count_watched(counts, progs[REFERENCE]->decoded, &w);
    watch_end(&w, quiet);
    return same;
}

/** Whether a guard of the packet alone has ended a run, at an address outside of it. */
static bool has_left_packet(const struct wn_prog *prog, const struct outcome *o,
                            const struct trial_input *input)
{
    uint64_t at = o->fault_address - (uintptr_t)trial_memory.input;
    uint32_t slot = o->result.slot;
    return o->result.fault == WN_FAULT_MEMORY && prog->decoded->mark[slot] == WN_MARK_PACKET &&
           (at > input->length || at + prog->decoded->ops[slot].size > input->length);
}

/**
 * Whether a verified program has done what it does with everything checked. Where fuel
 * ends that, it may go on; where that went from the packet to other memory, it does
 * not.
 */
static bool is_what_it_was(const struct wn_prog *prog, const struct trial_input *input,
                           const struct outcome *checked, const struct outcome *verified)
{
    if (checked->result.fault == WN_FAULT_FUEL)
        return true;
    if (!checked->result.fault && has_left_packet(prog, verified, input))
        return true;
    return !memcmp(&checked->result, &verified->result, sizeof checked->result) &&
           checked->fault_address == verified->fault_address &&
           !memcmp(checked->writable, verified->writable, sizeof checked->writable) &&
           !verified->input_changed;
}

/** Without anything that spends fuel, a run is short: this much shorter than fuel would have it. */
static bool has_ended_soon(const struct wn_prog *prog, struct wn_trace *trace)
{
    enum { MOST = 1 << 20 };
    uint64_t steps = 0;
    for (uint32_t i = 0; i < prog->info.slots; i++)
        steps += trace->times[i];
    memset(trace->times, 0, prog->info.slots * sizeof *trace->times);
    return prog->info.loops_fuelled || steps <= MOST + prog->info.slots;
}

/** As the verifier marks it, on all inputs. */
static bool agree_verified(const struct trial *t, struct wn_prog *const progs[ENGINES], bool quiet,
                           const struct outcome left[TRIAL_INPUTS], struct diff_counts *counts)
{
    static uint32_t times[GEN_SLOTS];
    static struct outcome now;
    struct wn_trace trace = {.times = times};
    bool same = true;
    memset(times, 0, sizeof times);
    for (unsigned i = 0; same && i < TRIAL_INPUTS; i++) {
        trial_place(&t->inputs[i]);
        same = run_all(t, progs, &t->inputs[i], &trace, quiet, &now);
        diff_count_verified(counts, t, left[i].result, now.result);
        if (!is_what_it_was(progs[REFERENCE], &t->inputs[i], &left[i], &now)) {
            same = false;
            if (!quiet)
                print_difference("verified", &left[i], &now);
        }
        if (!has_ended_soon(progs[REFERENCE], &trace)) {
            same = false;
            if (!quiet)
                fprintf(stderr, "  input %u: a loop without bound spends no fuel\n", i);
        }
    }
    return same;
}

/** Run everything; false at the first difference, which is printed unless quiet. */
static bool agree(const struct trial *t, bool quiet, struct diff_counts *counts)
{
    static struct outcome left[TRIAL_INPUTS];
    if (t->machine)
        return machines_agree(t, quiet, counts);
    struct wn_prog *checked[ENGINES] = {0}, *verified[ENGINES] = {0};
    struct wn_error err = {0};
    bool same = make_all(t, WN_VERIFY_NONE, quiet, checked, &err);
    if (same && !checked[REFERENCE])
        diff_count_refused(counts, t, &err);
    if (same && checked[REFERENCE])
        same = agree_unverified(t, checked, quiet, left, counts);
    /* Helpers of other numbers are nobody's then. */
    if (same && checked[REFERENCE] && !t->numbers) {
        same = make_all(t, WN_VERIFY_GUARD, quiet, verified, &err);
        if (same && err.code != WN_E_UNSUPPORTED)
            diff_count_verifying(counts, t, verified[REFERENCE]);
        if (same && verified[REFERENCE])
            same = agree_verified(t, verified, quiet, left, counts);
    }
    for (unsigned e = 0; e < ENGINES; e++) {
        wn_prog_free(checked[e]);
        wn_prog_free(verified[e]);
    }
    return same;
}

/** Replace instructions by ones that do nothing for as long as the engines still differ. */
static void minimise(struct trial *t)
{
    struct diff_counts ignored = {0};
    bool shorter = true;
    while (shorter) {
        shorter = false;
        for (size_t i = 0; i < t->n; i++) {
            static struct trial old;
            old = *t;
            int row = wn_slot_row(t->slots[i], 0, NULL);
            bool wide = row >= 0 && wn_rows[row].kind == WN_KIND_WIDE && i + 1 < t->n;
            struct wn_slot nothing = wn_encode(WN_OP_JA, 0, 0, 0, 0);
            if (!memcmp(&t->slots[i], &nothing, sizeof nothing))
                continue;
            t->slots[i] = nothing;
            if (wide)
                t->slots[i + 1] = nothing;
            struct wn_error err;
            struct wn_prog *prog = trial_filter(t, WN_ENGINE_REFERENCE, WN_VERIFY_NONE, &err);
            if (prog && !agree(t, true, &ignored))
                shorter = true;
            else
                *t = old;
            wn_prog_free(prog);
            i += wide;
        }
    }
}

static void report(struct trial *t, uint64_t seed)
{
    struct diff_counts ignored = {0};
    minimise(t);
    fprintf(stderr, "engines disagree (seed %" PRIu64 ", fuel %" PRIu64 "%s):\n", seed, t->fuel,
            t->machine ? ", a machine" : "");
    for (size_t i = 0; i < t->n; i++) {
        const struct wn_slot *s = &t->slots[i];
        if (s->opcode == wn_rows[WN_OP_JA].opcode && s->off == 0)
            continue;
        int row = wn_slot_row(*s, 0, NULL);
        fprintf(stderr, "  %4zu: %02x %02x %6d %11d  %s\n", i, s->opcode, s->regs, s->off, s->imm,
                row < 0 ? "" : wn_rows[row].name);
    }
    agree(t, false, &ignored);
}

bool diff_trial(struct trial *t, struct diff_counts *counts)
{
    counts->programs++;
    if (agree(t, true, counts))
        return true;
    report(t, t->seed);
    return false;
}

bool diff_one(const uint8_t *data, size_t len, uint64_t seed, struct diff_counts *counts)
{
    static struct trial t;
    trial_make(&t, data, len, seed);
    return diff_trial(&t, counts);
}
