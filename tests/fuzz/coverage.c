/* SPDX-License-Identifier: MIT */
/** A generator that no longer reaches something tests nothing there. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "diff.h"
#include "isa/decode.h"
#include "trial.h"
#include "watch.h"

/** Each row that can be executed is, this often in 10,000 programs. */
#define OFTEN 200

void diff_count(struct diff_counts *counts, const struct wn_code *decoded, struct wn_trace *trace,
                struct wn_result result)
{
    counts->runs++;
    counts->faults[result.fault]++;
    for (uint32_t i = 0; i < decoded->n_ops; i++)
        if (decoded->ops[i].id < WN_OPS_ENCODED)
            counts->times[decoded->ops[i].id] += trace->times[i];
    if (!result.fault)
        counts->deepest[trace->deepest]++;
    else
        counts->faulted[decoded->ops[result.slot].id][result.fault]++;
    memset(trace->times, 0, decoded->n_ops * sizeof *trace->times);
    trace->deepest = 0;
}

void diff_count_watched(struct diff_counts *counts, const struct wn_code *decoded,
                        const struct watch *w)
{
    counts->watched += w->steps;
    counts->known += w->known;
    for (uint32_t i = 0; w->facts && i < decoded->n_ops; i++)
        counts->never += !wn_facts_find(w->facts, i, 0) && decoded->ops[i].id != WN_OP_HOLE;
}

void diff_count_verifying(struct diff_counts *counts, const struct trial *t,
                          const struct wn_prog *prog)
{
    struct diff_verified *v = &counts->verified[t->careful];
    struct wn_prog_info info;
    v->programs++;
    if (!prog)
        return;
    wn_prog_info(prog, &info);
    v->accepted++;
    v->whole += info.accesses && !info.guarded && !info.calls_checked && !info.loops_fuelled;
    v->accesses += info.accesses;
    v->guarded += info.guarded;
    v->loops += info.loops;
    v->fuelled += info.loops_fuelled;
}

void diff_count_verified(struct diff_counts *counts, const struct trial *t,
                         struct wn_result checked, struct wn_result verified)
{
    struct diff_verified *v = &counts->verified[t->careful];
    v->runs++;
    v->faults[verified.fault]++;
    v->longer += checked.fault == WN_FAULT_FUEL && verified.fault != WN_FAULT_FUEL;
}

void diff_count_refused(struct diff_counts *counts, const struct trial *t,
                        const struct wn_error *err)
{
    counts->refused++;
    int row = err->at < t->n ? wn_slot_row(t->slots[err->at], 0, NULL) : -1;
    if (err->code == WN_E_UNSUPPORTED && row >= 0)
        counts->unsupported[row]++;
}

void diff_print_verified(const struct diff_counts *counts)
{
    static const char *const names[] = {"random", "careful"};
    for (unsigned i = 0; i < 2; i++) {
        const struct diff_verified *v = &counts->verified[i];
        printf("verified, %s: %" PRIu64 " programs, %" PRIu64 " accepted, %" PRIu64
               " of them wholly proved; accesses %" PRIu64 ", guarded %" PRIu64 "; loops %" PRIu64
               ", fuelled %" PRIu64 "; runs %" PRIu64,
               names[i], v->programs, v->accepted, v->whole, v->accesses, v->guarded, v->loops,
               v->fuelled, v->runs);
        for (unsigned f = WN_FAULT_NONE + 1; f < WN_FAULTS; f++)
            printf(", %s %" PRIu64, wn_fault_name((enum wn_fault)f), v->faults[f]);
        printf(", longer than fuel %" PRIu64 "\n", v->longer);
    }
}

void diff_print_coverage(const struct diff_counts *counts)
{
    printf("%-22s %12s %9s", "row", "executed", "refused");
    for (unsigned f = WN_FAULT_NONE + 1; f < WN_FAULTS; f++)
        printf(" %9s", wn_fault_name((enum wn_fault)f));
    for (unsigned id = 0; id < WN_OPS_ENCODED; id++) {
        printf("\n%-17s 0x%02x %12" PRIu64 " %9" PRIu64, wn_rows[id].name, wn_rows[id].opcode,
               counts->times[id], counts->unsupported[id]);
        for (unsigned f = WN_FAULT_NONE + 1; f < WN_FAULTS; f++)
            printf(" %9" PRIu64, counts->faulted[id][f]);
    }
    printf("\ncalls within each other:");
    for (unsigned d = 0; d < WN_CALL_DEPTH; d++)
        printf(" %" PRIu64, counts->deepest[d]);
    printf("\nmachines by kind:");
    for (unsigned k = 0; k < 4; k++)
        printf(" %" PRIu64, counts->machines[k]);
    printf("\n");
}

static bool seen(uint64_t count, uint64_t least, const char *what, const char *how)
{
    if (count < least)
        fprintf(stderr, "%s: %s %" PRIu64 " times, not %" PRIu64 "\n", what, how, count, least);
    return count >= least;
}

/** Instructions that are there to be refused: they need a kernel, or maps. */
static bool refused_always(enum wn_op_id id)
{
    return id == WN_OP_CALL_BTF ||
           (wn_rows[id].kind == WN_KIND_WIDE && id != WN_OP_IMM64 && id != WN_OP_FUNC);
}

/** The causes that an instruction must have ended a run with, as bits; branches rarely do. */
static unsigned ways_to_end(enum wn_op_id id, uint64_t programs)
{
    switch (id) {
    case WN_OP_CALL: return 1u << WN_FAULT_HELPER | 1u << WN_FAULT_MEMORY | 1u << WN_FAULT_DIVIDE;
    case WN_OP_CALL_LOCAL: return 1u << WN_FAULT_FUEL | 1u << WN_FAULT_STACK;
    case WN_OP_CALLX:
    case WN_OP_CALLX_IMM: return 1u << WN_FAULT_FUEL | 1u << WN_FAULT_STACK | 1u << WN_FAULT_CALL;
    case WN_OP_JA:
    case WN_OP_JA32: return 1u << WN_FAULT_FUEL;
    case WN_OP_DIV64_X:
    case WN_OP_DIV32_X:
    case WN_OP_SDIV64_X:
    case WN_OP_SDIV32_X:
    case WN_OP_MOD64_X:
    case WN_OP_MOD32_X:
    case WN_OP_SMOD64_X:
    case WN_OP_SMOD32_X: return 1u << WN_FAULT_DIVIDE;
    default: break;
    }
    switch ((enum wn_kind)wn_rows[id].kind) {
    case WN_KIND_LOAD:
    case WN_KIND_STORE:
    case WN_KIND_ATOMIC: return 1u << WN_FAULT_MEMORY;
    case WN_KIND_BRANCH: return programs < 200000 ? 0 : 1u << WN_FAULT_FUEL;
    default: return 0;
    }
}

static bool row_covered(const struct diff_counts *counts, enum wn_op_id id)
{
    const char *name = wn_rows[id].name;
    if (refused_always(id))
        return seen(counts->unsupported[id], 1, wn_rows[id].sym, "refused");
    bool good = seen(counts->times[id], OFTEN * (counts->programs / 10000), name, "executed");
    for (unsigned f = WN_FAULT_NONE + 1; f < WN_FAULTS; f++)
        if (ways_to_end(id, counts->programs) >> f & 1)
            good &= seen(counts->faulted[id][f], 1, name, wn_fault_name((enum wn_fault)f));
    return good;
}

/** Programs written as filters are mostly proved, and not all of what they do is. */
static bool verified_covered(const struct diff_counts *counts)
{
    const struct diff_verified *v = &counts->verified[1], *random = &counts->verified[0];
    bool good = seen(v->programs, counts->programs / 5, "a filter", "verified");
    good &= seen(v->accepted, v->programs * 7 / 10, "a filter", "accepted");
    good &= seen(v->programs - v->accepted, v->programs / 100, "a filter", "rejected");
    good &= seen(v->whole, v->accepted / 2, "a filter", "proved wholly");
    good &= seen(v->accesses - v->guarded, v->accesses * 9 / 10, "an access", "proved");
    good &= seen(v->guarded, v->accepted / 50, "an access", "guarded");
    good &= seen(v->loops - v->fuelled, v->accepted / 5, "a loop", "bounded");
    good &= seen(v->fuelled, 1, "a loop", "fuelled");
    good &= seen(v->faults[WN_FAULT_MEMORY], v->runs / 1000, "a guard", "needed");
    good &= seen(v->faults[WN_FAULT_FUEL], 1, "a loop", "ended by fuel");
    good &= seen(v->longer, 1, "a loop", "run longer than fuel allows");
    good &= seen(random->accepted, random->programs / 100, "a random program", "accepted");
    return good;
}

bool diff_covers(const struct diff_counts *counts)
{
    bool good = true;
    for (unsigned id = 0; id < WN_OPS_ENCODED; id++)
        good &= row_covered(counts, (enum wn_op_id)id);
    for (unsigned f = 0; f < WN_FAULTS; f++)
        good &= seen(counts->faults[f], 1, wn_fault_name((enum wn_fault)f), "happened");
    for (unsigned d = 0; d < WN_CALL_DEPTH; d++)
        good &= seen(counts->deepest[d], 1, "a depth of calls", "reached");
    for (unsigned k = 0; k < 4; k++)
        good &= seen(counts->machines[k], 1, "a kind of machine", "run");
    good &= seen(counts->watched, 10 * counts->runs, "instructions", "looked at");
    good &= seen(counts->known, counts->watched, "something of a register", "known");
    good &= seen(counts->never, counts->programs / 10, "an instruction", "never reached");
    good &= verified_covered(counts);
    return good;
}
