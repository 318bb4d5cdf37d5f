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
    case 1: return result != 0;
    case 12: return run->tailed;
    case 23: return result == (run->kernel.type == WN_PROG_XDP ? 4 : 7);
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

static bool reached(uint64_t count, const char *what, const char *how)
{
    if (!count)
        fprintf(stderr, "%s: never %s\n", what, how);
    return count != 0;
}

static bool covers_helper(const struct kernel_counts *c, const struct wn_helper *h)
{
    bool checked = false, good = reached(c->good[h->id], h->name, "went well");
    for (unsigned i = 0; i < 5; i++)
        checked |= h->sig.args[i] == WN_ARG_MAP || h->sig.args[i] == WN_ARG_CTX ||
                   h->sig.args[i] == WN_ARG_MEM;
    if (checked)
        good &= reached(c->stopped[h->id], h->name, "refused its arguments");
    switch (h->id) {
    case 5:
    case 7:
    case 8:
    case 28: return good; /* these have no errors */
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
    for (unsigned f = 0; f < WN_FAULTS; f++)
        if (f != WN_FAULT_HELPER && f != WN_FAULT_DIVIDE)
            good &= reached(c->faults[f], wn_fault_name((enum wn_fault)f), "happened");
    return good;
}
