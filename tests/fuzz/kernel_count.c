/* SPDX-License-Identifier: MIT */
/** A generator that no longer reaches something tests nothing there. */
#include "kernel_count.h"

#include <inttypes.h>
#include <stdio.h>

#include "context/context.h"
#include "helper/helper.h"
#include "isa/code.h"
#include "isa/decode.h"

static struct kernel_counts *into;

void kernel_count_into(struct kernel_counts *counts)
{
    into = counts;
}

/** What a helper's result says of it. */
static bool went_well(const struct wn_run *run, uint32_t id, uint64_t result)
{
    switch (id) {
    case 1:
    case 195: return result != 0;
    case 12: return run->tailed;
    case 23:
    case 152:
    case 155: return result == (run->kernel.type == WN_PROG_XDP ? 4 : 7);
    case 69: return result == 0;
    case 7: return true;
    default: return (int64_t)result >= 0;
    }
}

void kernel_count_call(const struct wn_run *run, uint32_t id, uint64_t result)
{
    if (into)
        (went_well(run, id, result) ? into->good : into->bad)[id]++;
}

/** An access to the context by r6, where makers of programs keep it. */
static bool is_access(struct wn_slot s, enum wn_kind *kind)
{
    int row = wn_slot_row(s, 0, NULL);
    if (row < 0)
        return false;
    *kind = (enum wn_kind)wn_rows[row].kind;
    unsigned base = *kind == WN_KIND_LOAD ? s.regs >> 4 : s.regs & 15;
    return (*kind == WN_KIND_LOAD || *kind == WN_KIND_STORE) && base == WN_R6 && s.off >= 0 &&
           s.off < 256 - 8;
}

static void count_fault(struct kernel_counts *counts, const struct kernel_trial *t,
                        const struct kernel_program *p, struct wn_result result)
{
    struct wn_slot s = p->slots[result.slot];
    enum wn_kind kind;
    if (result.fault != WN_FAULT_MEMORY)
        return;
    if (s.opcode == wn_rows[WN_OP_CALL].opcode && (uint32_t)s.imm < KERNEL_HELPERS)
        counts->stopped[s.imm]++;
    else if (is_access(s, &kind))
        counts->field_refused[t->type][s.off][kind == WN_KIND_STORE]++;
}

void kernel_count_run(struct kernel_counts *counts, const struct kernel_trial *t,
                      const uint32_t *times, struct wn_result result, uint32_t tail_calls,
                      int32_t fault_prog)
{
    const struct kernel_program *main = &t->programs[0];
    counts->runs++;
    counts->faults[result.fault]++;
    counts->deepest += tail_calls == 33;
    counts->behind += fault_prog >= 0;
    if (result.fault)
        count_fault(counts, t, &t->programs[fault_prog < 0 ? 0 : fault_prog], result);
    for (size_t i = 0; !tail_calls && i < main->n; i++) {
        enum wn_kind kind;
        if (times[i] > (result.fault && result.slot == i) && is_access(main->slots[i], &kind)) {
            unsigned bytes = wn_opcode_size(main->slots[i].opcode);
            for (unsigned k = 0; k < bytes; k++)
                counts->field[t->type][main->slots[i].off + k][kind == WN_KIND_STORE]++;
        }
    }
}

void kernel_count_verifying(struct kernel_counts *counts, const struct kernel_trial *t,
                            const struct wn_prog *prog)
{
    struct kernel_verified *v = &counts->verified[t->careful];
    struct wn_prog_info info;
    v->programs++;
    if (!prog)
        return;
    wn_prog_info(prog, &info);
    v->accepted++;
    v->whole += info.accesses && !info.guarded && !info.calls_checked && !info.loops_fuelled;
    v->in_place += info.in_place;
    v->accesses += info.accesses;
    v->guarded += info.guarded;
    v->calls += info.calls;
    v->checked += info.calls_checked;
    v->loops += info.loops;
    v->fuelled += info.loops_fuelled;
}

void kernel_count_verified(struct kernel_counts *counts, const struct kernel_trial *t,
                           struct wn_result checked, struct wn_result verified)
{
    struct kernel_verified *v = &counts->verified[t->careful];
    v->runs++;
    v->faults[verified.fault]++;
    v->longer += checked.fault == WN_FAULT_FUEL && verified.fault != WN_FAULT_FUEL;
}

void kernel_print_verified(const struct kernel_counts *counts)
{
    static const char *const names[] = {"random", "careful"};
    for (unsigned i = 0; i < 2; i++) {
        const struct kernel_verified *v = &counts->verified[i];
        printf("verified, %s: %" PRIu64 " programs, %" PRIu64 " accepted, %" PRIu64
               " of them wholly proved, %" PRIu64 " in place; accesses %" PRIu64
               ", guarded %" PRIu64 "; calls %" PRIu64 ", checked %" PRIu64 "; loops %" PRIu64
               ", fuelled %" PRIu64 "; runs %" PRIu64,
               names[i], v->programs, v->accepted, v->whole, v->in_place, v->accesses, v->guarded,
               v->calls, v->checked, v->loops, v->fuelled, v->runs);
        for (unsigned f = WN_FAULT_NONE + 1; f < WN_FAULTS; f++)
            printf(", %s %" PRIu64, wn_fault_name((enum wn_fault)f), v->faults[f]);
        printf(", longer than fuel %" PRIu64 "\n", v->longer);
    }
}

static bool reached(uint64_t count, const char *what, const char *how)
{
    if (!count)
        fprintf(stderr, "%s: never %s\n", what, how);
    return count != 0;
}

static bool covers_helper(const struct kernel_counts *c, const struct wn_helper *h)
{
    if (kernel_elsewhere(h->id))
        return true;
    bool checked = false, good = h->id == 40 || reached(c->good[h->id], h->name, "went well");
    for (unsigned i = 0; i < 5; i++)
        checked |= h->sig.args[i] == WN_ARG_MAP || h->sig.args[i] == WN_ARG_CTX ||
                   h->sig.args[i] == WN_ARG_MEM;
    if (checked &&
        c->trials >= 100000) /* there are many helpers, and most are given what they want */
        good &= reached(c->stopped[h->id], h->name, "refused its arguments");
    switch (h->id) {
    case 5:
    case 7:
    case 8:
    case 18:
    case 24:
    case 28:
    case 34:
    case 41:
    case 42:
    case 48:
    case 51:
    case 97:
    case 118:
    case 125:
    case 160:
    case 188:
    case 208: return good; /* these have no errors */
    default: return reached(c->bad[h->id], h->name, "failed") && good;
    }
}

static bool covers_field(const struct kernel_counts *c, enum wn_prog_type type,
                         const struct wn_context_field *f)
{
    const uint64_t enough = 100000; /* trials until fields of one byte are met, too */
    unsigned access = wn_context_access(type, f);
    bool good = true;
    if (f->bytes == 1 && c->trials < enough)
        return true;
    for (unsigned write = 0; write < 2; write++) {
        const uint64_t *counted = (access >> write & 1 ? c->field : c->field_refused)[type][0];
        uint64_t sum = 0;
        for (unsigned i = f->offset; i < f->offset + (unsigned)f->bytes; i++)
            sum += counted[2 * i + write];
        good &= reached(sum, f->name, write ? "stored to" : "loaded");
    }
    return good;
}

static bool enough(uint64_t count, uint64_t least, const char *what)
{
    if (count < least)
        fprintf(stderr, "%s: %" PRIu64 ", not %" PRIu64 "\n", what, count, least);
    return count >= least;
}

/** Careful programs are mostly proved, and not all of what they do is. */
static bool covers_verified(const struct kernel_counts *c)
{
    const struct kernel_verified *v = &c->verified[1], *random = &c->verified[0];
    bool good = enough(v->programs, c->trials / 2, "careful programs");
    good &= enough(v->accepted, v->programs * 7 / 10, "accepted");
    good &= enough(v->programs - v->accepted, v->programs / 100, "rejected");
    good &= enough(v->whole, v->accepted / 2, "proved wholly");
    good &= enough(v->in_place, v->accepted / 5, "that need no copy");
    good &= enough(v->accesses - v->guarded, v->accesses * 9 / 10, "accesses proved");
    good &= enough(v->guarded, v->accepted / 50, "accesses guarded");
    good &= enough(v->calls - v->checked, v->calls * 9 / 10, "calls proved");
    good &= enough(v->checked, 1, "calls checked");
    good &= enough(v->loops - v->fuelled, v->accepted / 5, "loops bounded");
    good &= enough(v->fuelled, 1, "loops fuelled");
    good &= enough(v->faults[WN_FAULT_MEMORY], v->runs / 1000, "guards needed");
    good &= enough(v->longer, 1, "runs longer than fuel allows");
    good &= enough(random->accepted, random->programs / 50, "random programs accepted");
    return good;
}

bool kernel_covers(const struct kernel_counts *c)
{
    const struct wn_helper *h;
    bool good = reached(c->deepest, "33 tail calls", "made");
    good &= reached(c->behind, "a tail call", "followed by a fault");
    for (size_t i = 0; (h = wn_helper_at(i)); i++)
        good &= covers_helper(c, h);
    for (unsigned type = 0; type < WN_PROG_TYPES; type++)
        for (uint32_t at = 0; at < wn_context_bytes((enum wn_prog_type)type); at++) {
            const struct wn_context_field *f = wn_context_field((enum wn_prog_type)type, at);
            if (f && f->offset == at)
                good &= covers_field(c, (enum wn_prog_type)type, f);
        }
    good &= covers_verified(c);
    for (unsigned f = 0; f < WN_FAULTS; f++)
        if (f != WN_FAULT_HELPER && f != WN_FAULT_DIVIDE)
            good &= reached(c->faults[f], wn_fault_name((enum wn_fault)f), "happened");
    return good;
}
