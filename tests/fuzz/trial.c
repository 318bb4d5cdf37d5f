/* SPDX-License-Identifier: MIT */
#include "trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "careful.h"
#include "helper/helper.h"
#include "isa/code.h"
#include "isa/decode.h"
#include "prog/prog.h"

struct trial_memory trial_memory;
struct trial_calls trial_calls;

static const uint8_t readable_before[GEN_REGION_BYTES] = "only to be read";

/* ---- Memory ---------------------------------------------------------------------------------- */

/** Where the pieces are, in pages; what lies between them cannot be touched. */
enum { INPUT = 1, WRITABLE = 3, READABLE = 5, RUN = 7, RUN_PAGES = 2, PAGES = 10 };

static size_t page;

static uint8_t *open_pages(uint8_t *base, unsigned first, unsigned n)
{
    if (mprotect(base + first * page, n * page, PROT_READ | PROT_WRITE))
        abort();
    return base + first * page;
}

static void find_memory(void)
{
    if (trial_memory.run)
        return;
    page = (size_t)sysconf(_SC_PAGESIZE);
    void *wish = (void *)(uintptr_t)(sizeof(void *) == 8 ? UINT64_C(0x200000000000) : 0);
    uint8_t *base = mmap(wish, PAGES * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || sizeof(struct wn_run) > RUN_PAGES * page)
        abort();
    trial_memory = (struct trial_memory){
        .run = (void *)open_pages(base, RUN, RUN_PAGES),
        .input = open_pages(base, INPUT, 1),
        .writable = open_pages(base, WRITABLE, 1) + page - GEN_REGION_BYTES,
        .readable = open_pages(base, READABLE, 1),
    };
    memcpy(trial_memory.readable, readable_before, sizeof readable_before);
    if (mprotect(trial_memory.readable, page, PROT_READ))
        abort();
}

void trial_place(const struct trial_input *input)
{
    uint8_t *start = (uint8_t *)((uintptr_t)trial_memory.writable & ~(page - 1));
    start -= (WRITABLE - INPUT) * page;
    trial_memory.input = input->low ? start : start + page - input->length;
    memcpy(trial_memory.input, input->bytes, input->length);
}

void trial_reset(void)
{
    memset(trial_memory.run->stack, 0xa5, sizeof trial_memory.run->stack);
    memset(trial_memory.writable, 0x11, GEN_REGION_BYTES);
    trial_memory.run->random = 42;
    trial_memory.run->fault_address = 0;
    trial_calls = (struct trial_calls){0};
}

/* ---- Helpers --------------------------------------------------------------------------------- */

static void note(uint64_t seen)
{
    trial_calls.seen = (trial_calls.seen ^ seen) * UINT64_C(0x9e3779b97f4a7c15);
    trial_calls.seen ^= trial_calls.seen >> 29;
}

static void note_call(uint32_t id, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
    trial_calls.count++;
    note(id);
    note(r1);
    note(r2);
    note(r3);
    note(r4);
    note(r5);
}

/** One of the library's, with somebody looking over its shoulder. */
#define WATCHED(id)                                                                                \
    static uint64_t watched_##id(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,  \
                                 struct wn_run *run)                                               \
    {                                                                                              \
        note_call(id, r1, r2, r3, r4, r5);                                                         \
        return wn_helper_find(id)->fn(r1, r2, r3, r4, r5, run);                                    \
    }
WATCHED(5)
WATCHED(7)
WATCHED(8)

/** Reads and writes the program's memory, as lookups and copies do. */
static uint64_t copy(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                     struct wn_run *run)
{
    note_call(9, r1, r2, r3, r4, r5);
    uint64_t value = r4;
    if (wn_run_holds(run, r1, sizeof value, false))
        memcpy(&value, (const void *)(uintptr_t)r1, sizeof value);
    else if (r5 & 1)
        wn_run_end_memory(run, r1);
    note(value);
    if (wn_run_holds(run, r2, sizeof value, true))
        memcpy((void *)(uintptr_t)r2, &value, sizeof value);
    return value;
}

/** Ends the run now and then, with whatever cause, and its result is often 0. */
static uint64_t moody(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                      struct wn_run *run)
{
    note_call(10, r1, r2, r3, r4, r5);
    if ((r1 ^ r3) >> 3 & 1)
        wn_run_end(run, r5 & 4 ? WN_FAULT_DIVIDE : WN_FAULT_HELPER);
    return (r2 + r4 + r5) & 2;
}

/** Has a signature, so whatever memory it is given is the program's. */
static uint64_t typed(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                      struct wn_run *run)
{
    (void)run;
    note_call(11, r1, r2, r3, r4, r5);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < r2; i++)
        sum = sum * 31 + ((const uint8_t *)(uintptr_t)r1)[i];
    if (r4)
        memset((void *)(uintptr_t)r3, (int)(sum & 255), r4);
    return sum;
}

const int32_t trial_numbers[TRIAL_HELPERS] = {5, 7, 8, INT32_MAX, -1, 1000};
const struct trial_helper trial_helpers[TRIAL_HELPERS] = {
    {watched_5, {0}},
    {watched_7, {0}},
    {watched_8, {0}},
    {copy, {0}},
    {moody, {0}},
    {typed, {WN_ARG_SCALAR, {WN_ARG_MEM, WN_ARG_SIZE, WN_ARG_MEM_WRITE, WN_ARG_SIZE0}}},
};

/** Those that the library does not know may end the run, if the trial has it so. */
static bool find(const void *arg, uint32_t id, struct wn_callee *out)
{
    const struct trial *t = arg;
    for (unsigned i = 0; i < TRIAL_HELPERS; i++) {
        if (trial_numbers[i] != (int32_t)id)
            continue;
        out->fn = trial_helpers[i].fn;
        memcpy(out->args, trial_helpers[i].sig.args, sizeof out->args);
        out->maps = wn_helper_maps(id);
        out->check = wn_helper_find(id) ? 0 : t->check;
        return true;
    }
    return false;
}

/* ---- Runs ------------------------------------------------------------------------------------ */

struct wn_prog *trial_filter(const struct trial *t, enum wn_engine engine, enum wn_verify way,
                             struct wn_error *err)
{
    static struct wn_region regions[2];
    find_memory();
    regions[0] = (struct wn_region){(uintptr_t)trial_memory.readable, GEN_REGION_BYTES, false};
    regions[1] = (struct wn_region){(uintptr_t)trial_memory.writable, GEN_REGION_BYTES, true};
    struct wn_prog_opts opts = {.engine = engine, .verify = way, .fuel = t->fuel};
    struct wn_prog_env env = {.find = way == WN_VERIFY_NONE ? find : NULL,
                              .arg = t,
                              .numbers = (const uint32_t *)trial_numbers,
                              .n_numbers = t->numbers ? TRIAL_HELPERS : 0,
                              .divide_faults = t->divide_faults};
    struct wn_prog *prog = NULL;
    if (wn_prog_make(t->slots, t->n, &opts, &env, &prog, err))
        return NULL;
    prog->regions = regions;
    prog->n_regions = 2;
    return prog;
}

void trial_run(const struct trial *t, const struct wn_prog *prog, const struct trial_input *input,
               struct outcome *out)
{
    struct wn_run *run = trial_memory.run;
    struct wn_packet pkt = {.data = trial_memory.input,
                            .caplen = input->length,
                            .wirelen = input->length + (uint32_t)(input - t->inputs),
                            .time_ns = 1234567890123456789};
    trial_reset();
    run->fuel = t->fuel; /* machine code that spends none does not set it */
    memset(out, 0, sizeof *out);
    out->result = wn_prog_run(prog, run, &pkt);
    out->fault_address = out->result.fault == WN_FAULT_MEMORY ? run->fault_address : 0;
    out->fuel = out->result.fault ? 0 : run->fuel;
    out->calls = trial_calls;
    memcpy(out->stack, run->stack, sizeof out->stack);
    memcpy(out->writable, trial_memory.writable, sizeof out->writable);
    out->input_changed = memcmp(trial_memory.input, input->bytes, input->length) != 0;
}

/* ---- Making ---------------------------------------------------------------------------------- */

/** What a slot becomes when somebody who means harm, or a bad disk, has had it. */
static void damage(struct gen *g, struct wn_slot *s)
{
    if (s->opcode == wn_rows[WN_OP_IMM64].opcode || s->opcode == wn_rows[WN_OP_CALL].opcode) {
        s->regs = (uint8_t)((s->regs & 15) | gen_below(g, 8) << 4); /* another meaning */
        return;
    }
    switch (gen_below(g, 6)) {
    case 5: *s = wn_encode(WN_OP_CALL_BTF, 0, 0, 0, (int32_t)gen_below(g, 8)); break;
    case 0: s->opcode = (uint8_t)gen_below(g, 256); break;
    case 1: s->regs = (uint8_t)gen_below(g, 256); break;
    case 2: s->off = (int16_t)gen_number(g); break;
    case 3: s->imm = (int32_t)(uint32_t)gen_number(g); break;
    default: s->off ^= (int16_t)(1 << gen_below(g, 16)); break;
    }
}

static uint32_t input_length(struct gen *g, bool tame)
{
    switch (tame ? 0 : gen_below(g, 8)) {
    case 0: return 48 + (gen_below(g, 4) ? gen_below(g, 17) : gen_below(g, TRIAL_PACKET - 47));
    case 1: return gen_below(g, TRIAL_PACKET + 1);
    case 2: return gen_below(g, 65);
    case 3: return 0;
    default: return 48 + gen_below(g, 17);
    }
}

void trial_make(struct trial *t, const uint8_t *data, size_t len, uint64_t seed)
{
    find_memory();
    struct gen g = {.data = data,
                    .left = len,
                    .seed = seed,
                    .writable = (uintptr_t)trial_memory.writable,
                    .readable = (uintptr_t)trial_memory.readable,
                    .helpers = trial_numbers,
                    .n_helpers = TRIAL_HELPERS};
    memset(t, 0, sizeof *t);
    t->seed = seed;
    t->careful = gen_below(&g, 3) == 0;
    struct careful_lengths lengths = {.n = 0};
    if (t->careful)
        t->n = careful_program(&g, WN_PROG_FILTER, NULL, t->slots, &lengths);
    else
        t->n = gen_program(&g, t->slots);
    t->tame = g.tame;
    t->fuel = g.tame || gen_below(&g, 4) ? 5000 : 1 + gen_below(&g, 200);
    for (struct trial_input *in = t->inputs; in < t->inputs + TRIAL_INPUTS; in++) {
        in->length =
            t->careful ? careful_length(&g, &lengths, TRIAL_PACKET) : input_length(&g, g.tame);
        in->low = gen_below(&g, 2);
        gen_fill(&g, in->bytes, in->length);
    }
    t->damaged = gen_below(&g, 8) == 0;
    t->numbers = !t->careful && gen_below(&g, 4) == 0;
    t->divide_faults = gen_below(&g, 4) == 0;
    t->check = gen_below(&g, 3) ? 0 : (uint8_t)(gen_below(&g, 4) * WN_CHECK_RUN);
    t->machine = gen_below(&g, 8) ? 0 : (uint8_t)(1 + gen_below(&g, 4));
    for (uint32_t i = t->damaged ? 1 + gen_below(&g, 3) : 0; i > 0; i--)
        damage(&g, &t->slots[gen_below(&g, (uint32_t)t->n)]);
    t->damaged |= t->divide_faults; /* those by a constant 0 are refused */
}
