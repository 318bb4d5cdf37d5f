/* SPDX-License-Identifier: MIT */
#include "diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/prog.h>

#include "base/run.h"
#include "gen.h"
#include "helper/helper.h"
#include "isa/code.h"
#include "isa/decode.h"
#include "jit/backend.h"
#include "opt/lower.h"
#include "prog/prog.h"

#define PACKETS      4
#define PACKET_BYTES 64

/** The last one is machine code again, without what only some processors have. */
static const enum wn_engine engines[] = {WN_ENGINE_REFERENCE, WN_ENGINE_INTERP, WN_ENGINE_JIT,
                                         WN_ENGINE_JIT};
static const char *const engine_names[] = {"reference", "interp", "jit", "jit, baseline"};
#define ENGINES  4
#define BASELINE 3

/** The memory that all runs share, put back before each. */
static struct {
    _Alignas(8) uint8_t writable[GEN_REGION_BYTES];
    _Alignas(8) uint8_t readable[GEN_REGION_BYTES];
} memory;

static const uint8_t readable_before[GEN_REGION_BYTES] = "only to be read";

/** Everything a run leaves behind. */
struct outcome {
    struct wn_result result;
    uint64_t fault_address;
    uint64_t fuel;
    uint8_t stack[WN_STACK_BYTES];
    uint8_t writable[GEN_REGION_BYTES];
};

struct trial {
    struct wn_slot slots[GEN_SLOTS];
    size_t n;
    uint64_t fuel;
    uint8_t packets[PACKETS][PACKET_BYTES];
    uint32_t caplen[PACKETS];
    bool damaged; /* may be refused, by all alike */
    bool divide_faults;
    uint8_t check; /* what may end the run behind a helper */
};

static void run_once(const struct wn_prog *prog, struct wn_run *run, const struct trial *t,
                     unsigned which, struct outcome *out)
{
    struct wn_packet pkt = {.data = t->packets[which],
                            .caplen = t->caplen[which],
                            .wirelen = t->caplen[which] + which,
                            .time_ns = 1234567890123456789};
    memset(run->stack, 0xa5, sizeof run->stack);
    memset(memory.writable, 0x11, sizeof memory.writable);
    memcpy(memory.readable, readable_before, sizeof memory.readable);
    run->random = 42;
    run->fuel = t->fuel; /* machine code that spends none does not set it */
    run->fault_address = 0;
    memset(out, 0, sizeof *out);
    out->result = wn_prog_run(prog, run, &pkt);
    out->fault_address = out->result.fault == WN_FAULT_MEMORY ? run->fault_address : 0;
    out->fuel = out->result.fault ? 0 : run->fuel;
    memcpy(out->stack, run->stack, sizeof out->stack);
    memcpy(out->writable, memory.writable, sizeof out->writable);
}

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

/** Compile a program of the reference interpreter, which has kept the decoded form. */
static int compile_for_baseline(struct wn_prog *prog, struct wn_error *err)
{
    struct wn_code *lowered = NULL;
    int r = wn_lower(prog->decoded, &lowered, err);
    if (r == 0)
        emit_for_all_machines(lowered);
    if (r == 0)
        r = wn_jit_compile_for(lowered, 0, &prog->jit, err);
    wn_code_free(lowered);
    prog->entry = wn_prog_enter(prog, WN_ENGINE_JIT);
    return r;
}

/** A helper that ends the run now and then, and whose result is often 0. */
static uint64_t moody(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                      struct wn_run *run)
{
    if ((r1 ^ r3) >> 3 & 1)
        wn_run_end(run, WN_FAULT_HELPER);
    return (r2 + r4 + r5) & 2;
}

/** Helpers as the trial has them: the library's, or moody ones that may end the run. */
static bool find(const void *arg, uint32_t id, struct wn_callee *out)
{
    const struct trial *t = arg;
    const struct wn_helper *helper = wn_helper_find(id);
    if (!helper)
        return false;
    memcpy(out->args, helper->sig.args, sizeof out->args);
    out->check = t->check;
    out->fn = t->check ? moody : helper->fn;
    return true;
}

/** A program with two memories beside stack and packet, as an object's would be. */
static struct wn_prog *make(const struct trial *t, unsigned which, struct wn_error *err)
{
    static struct wn_region regions[2];
    regions[0] = (struct wn_region){(uintptr_t)memory.readable, GEN_REGION_BYTES, false};
    regions[1] = (struct wn_region){(uintptr_t)memory.writable, GEN_REGION_BYTES, true};
    struct wn_prog_opts opts = {.engine = which == BASELINE ? WN_ENGINE_REFERENCE : engines[which],
                                .fuel = t->fuel};
    struct wn_prog *prog = NULL;
    struct wn_prog_env env = {.find = find, .arg = t, .divide_faults = t->divide_faults};
    if (wn_prog_make(t->slots, t->n, &opts, &env, &prog, err))
        return NULL;
    if (which == BASELINE && compile_for_baseline(prog, err)) {
        wn_prog_free(prog);
        return NULL;
    }
    prog->regions = regions;
    prog->n_regions = 2;
    return prog;
}

static void print_outcome(const char *name, const struct outcome *o)
{
    fprintf(stderr,
            "  %-10s value %016" PRIx64 " fault %s slot %u address %" PRIx64 " fuel %" PRIu64 "\n",
            name, o->result.value, wn_fault_name((enum wn_fault)o->result.fault), o->result.slot,
            o->fault_address, o->fuel);
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
}

/** Run everything; false at the first difference, which is printed unless quiet. */
static bool agree(const struct trial *t, bool quiet, struct diff_counts *counts)
{
    static struct outcome first, other;
    struct wn_prog *progs[ENGINES] = {0};
    struct wn_run *run = wn_run_new();
    struct wn_error err = {0};
    bool same = true;
    for (unsigned e = 0; run && e < ENGINES; e++) {
        progs[e] = make(t, e, &err);
        bool missing = !progs[e] && err.code != WN_E_NOJIT;
        if (missing && (!t->damaged || (e > 0 && progs[0]))) {
            if (!quiet)
                fprintf(stderr, "%s refuses: %s (slot %u)\n", engine_names[e], err.text, err.at);
            same = false;
        }
    }
    counts->refused += !progs[0];
    counts->compiled |= progs[2] != NULL;
    for (unsigned p = 0; same && progs[0] && p < PACKETS; p++) {
        run_once(progs[0], run, t, p, &first);
        counts->runs++;
        counts->faults[first.result.fault]++;
        for (unsigned e = 1; e < ENGINES; e++) {
            if (!progs[e])
                continue;
            run_once(progs[e], run, t, p, &other);
            if (!memcmp(&first, &other, sizeof first) &&
                !memcmp(memory.readable, readable_before, sizeof readable_before))
                continue;
            same = false;
            if (!quiet)
                print_difference(engine_names[e], &first, &other);
        }
    }
    for (unsigned e = 0; e < ENGINES; e++)
        wn_prog_free(progs[e]);
    wn_run_free(run);
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
            struct trial old = *t;
            int row = wn_slot_row(t->slots[i], 0, NULL);
            bool wide = row >= 0 && wn_rows[row].kind == WN_KIND_WIDE && i + 1 < t->n;
            struct wn_slot nothing = wn_encode(WN_OP_JA, 0, 0, 0, 0);
            if (!memcmp(&t->slots[i], &nothing, sizeof nothing))
                continue;
            t->slots[i] = nothing;
            if (wide)
                t->slots[i + 1] = nothing;
            struct wn_error err;
            struct wn_prog *prog = make(t, 0, &err);
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
    fprintf(stderr, "engines disagree (seed %" PRIu64 ", fuel %" PRIu64 "):\n", seed, t->fuel);
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

/** What a slot becomes when somebody who means harm, or a bad disk, has had it. */
static void damage(struct gen *g, struct wn_slot *s)
{
    switch (gen_below(g, 5)) {
    case 0: s->opcode = (uint8_t)gen_below(g, 256); break;
    case 1: s->regs = (uint8_t)gen_below(g, 256); break;
    case 2: s->off = (int16_t)gen_number(g); break;
    case 3: s->imm = (int32_t)(uint32_t)gen_number(g); break;
    default: s->off ^= (int16_t)(1 << gen_below(g, 16)); break;
    }
}

bool diff_one(const uint8_t *data, size_t len, uint64_t seed, struct diff_counts *counts)
{
    static struct trial t;
    struct gen g = {.data = data,
                    .left = len,
                    .seed = seed,
                    .writable = (uintptr_t)memory.writable,
                    .readable = (uintptr_t)memory.readable};
    memset(&t, 0, sizeof t);
    t.n = gen_program(&g, t.slots);
    t.fuel = gen_below(&g, 8) ? 5000 : 1 + gen_below(&g, 200);
    for (unsigned p = 0; p < PACKETS; p++) {
        t.caplen[p] = gen_below(&g, 4) ? 48 + gen_below(&g, 17) : gen_below(&g, PACKET_BYTES + 1);
        for (unsigned i = 0; i < PACKET_BYTES; i++)
            t.packets[p][i] = (uint8_t)gen_below(&g, 256);
    }
    t.damaged = gen_below(&g, 4) == 0;
    t.divide_faults = gen_below(&g, 4) == 0;
    t.check = gen_below(&g, 3) ? 0 : (uint8_t)(gen_below(&g, 4) * WN_CHECK_RUN);
    for (uint32_t i = t.damaged ? 1 + gen_below(&g, 3) : 0; i > 0; i--)
        damage(&g, &t.slots[gen_below(&g, (uint32_t)t.n)]);
    t.damaged |= t.divide_faults; /* those by a constant 0 are refused */
    counts->programs++;
    if (agree(&t, true, counts))
        return true;
    report(&t, seed);
    return false;
}
