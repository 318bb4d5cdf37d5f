/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <winnow/err.h>
#include <winnow/insn.h>

static void note(struct watch *w, uint32_t slot, unsigned reg, uint64_t number)
{
    if (w->wrong)
        return;
    w->wrong = true;
    w->slot = slot;
    w->reg = reg;
    w->number = number;
}

static void look(struct wn_trace *trace, uint32_t slot, const uint64_t *r)
{
    struct watch *w = (struct watch *)trace;
    w->steps++;
    for (unsigned reg = 0; reg < WN_REGS; reg++) {
        const struct wn_value *v = wn_facts_find(w->facts, slot, reg);
        if (!v || !wn_value_contains(v, r[reg]))
            note(w, slot, reg, r[reg]);
        else
            w->known += !wn_value_is_unknown(v);
    }
}

void watch_begin(struct watch *w, const struct wn_code *decoded, uint32_t *times)
{
    struct wn_error err;
    *w = (struct watch){.trace = {.times = times}};
    int r = wn_facts_new(decoded, &w->facts, &err);
    if (r == 0)
        w->trace.look = look;
    else if (r != WN_E_LIMIT)
        abort();
}

bool watch_end(struct watch *w, bool quiet)
{
    const struct wn_value *v = w->wrong ? wn_facts_find(w->facts, w->slot, w->reg) : NULL;
    if (w->wrong && !quiet)
        fprintf(stderr, "  slot %u: r%u is %016" PRIx64 ", which %s\n", w->slot, w->reg, w->number,
                v ? "was excluded" : "no run was to reach");
    if (v && !quiet)
        fprintf(stderr,
                "  bits %" PRIx64 "/%" PRIx64 " u %" PRIx64 "..%" PRIx64 " s %" PRId64 "..%" PRId64
                " u32 %" PRIx32 "..%" PRIx32 " s32 %" PRId32 "..%" PRId32 "\n",
                v->bits.value, v->bits.mask, v->umin, v->umax, v->smin, v->smax, v->umin32,
                v->umax32, v->smin32, v->smax32);
    wn_facts_free(w->facts);
    return !w->wrong;
}
