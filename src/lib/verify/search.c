/* SPDX-License-Identifier: MIT */
#include "verify/search.h"

#include <stdio.h>

#include "base/vec.h"

struct wn_why wn_why_of(const struct wn_search *q, enum wn_reason reason, unsigned number,
                        const struct wn_reg *reg)
{
    struct wn_why why = {.slot = q->s.at,
                         .reason = (uint8_t)reason,
                         .number = (uint8_t)number,
                         .depth = (uint8_t)q->s.depth};
    if (reg)
        why.reg = *reg;
    return why;
}

void wn_note(struct wn_search *q, enum wn_outcome outcome, const struct wn_why *why)
{
    struct wn_finding *f = &q->found[q->s.at];
    f->outcome |= outcome;
    q->was_wrong |= outcome == WN_WRONG;
    if (!why || f->why)
        return;
    if (wn_vec_push(&q->whys, *why))
        f->why = (uint32_t)q->whys.len;
    else
        q->heap.out = true;
}

void wn_refuse(struct wn_search *q, const struct wn_why *why)
{
    if (!q->fatal)
        q->refusal = *why;
    q->fatal = true;
}

bool wn_read(struct wn_search *q, unsigned number, struct wn_reg *out)
{
    *out = wn_state_reg(&q->s, number);
    if (out->type != WN_T_NONE)
        return true;
    struct wn_why why = wn_why_of(q, WN_WHY_UNWRITTEN, number, out);
    wn_refuse(q, &why);
    return false;
}

void wn_tell(const struct wn_search *q, const char *what)
{
    char line[1024];
    size_t n = (size_t)snprintf(line, sizeof line, "%u:", (unsigned)q->s.at);
    for (unsigned r = 0; r < WN_R10 && n < sizeof line - 80; r++) {
        char text[64];
        if (q->s.r[r].type == WN_T_NONE)
            continue;
        wn_reg_print(q->env, &q->s.r[r], text, sizeof text);
        n += (size_t)snprintf(line + n, sizeof line - n, " r%u=%s", r, text);
    }
    if (q->s.least && n < sizeof line - 40)
        n += (size_t)snprintf(line + n, sizeof line - n, " packet>=%u", (unsigned)q->s.least);
    if (n < sizeof line)
        snprintf(line + n, sizeof line - n, "%s", what);
    q->env->log(q->env->log_arg, line);
}
