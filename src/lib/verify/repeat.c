/* SPDX-License-Identifier: MIT */
/** Functions that helpers call: what they are given, what they may return. */
#include "helper/helper.h"
#include "verify/search.h"

/* bpf_loop() calls nothing if it is to do so more often. */
#define MOST_LOOPS (1u << 23)

bool wn_may_repeat(struct wn_search *q)
{
    const struct wn_reg *times = &q->s.r[WN_R1];
    wn_depend(q, WN_R1);
    return times->type != WN_T_NUMBER || times->v.umax > q->s.rounds[q->s.depth - 1];
}

/** How often it has been called before: less than it is to be called. */
static struct wn_value count_of(const struct wn_reg *times)
{
    struct wn_value v = wn_value_of_bits(23);
    uint64_t most = times->type == WN_T_NUMBER ? times->v.umax : MOST_LOOPS;
    if (most > 0 && most < MOST_LOOPS) {
        v.umax = most - 1;
        v.smax = (int64_t)most - 1;
    }
    return wn_value_settle(&v) ? v : wn_value_of_bits(23);
}

/** An element of the map that is gone through. */
static void set_element(struct wn_search *q, const struct wn_reg *map)
{
    bool known = map->type == WN_T_MAP;
    struct wn_reg key = wn_reg_any(), value = wn_reg_any();
    if (known) {
        key = wn_reg_address(WN_T_KEY, map->which);
        key.id = WN_KEY_OF(q->s.depth);
        value = wn_reg_address(WN_T_VALUE, map->which);
        if (q->env->maps[map->which].has_lock)
            value.id = wn_new_id(q);
    }
    q->s.r[WN_R1] = *map;
    q->s.r[WN_R2] = key;
    q->s.r[WN_R3] = value;
}

void wn_set_repeated(struct wn_search *q)
{
    const struct wn_frame *f = q->s.frames[q->s.depth - 1];
    const struct wn_reg *given = f->kept; /* r1 and what follows */
    const struct wn_helper *h = wn_helper_find((uint32_t)q->code->ops[f->back].imm);
    if (h->fn == wn_helper_for_each_map_elem) {
        set_element(q, &given[0]);
        q->s.r[WN_R4] = given[2];
    } else {
        q->s.r[WN_R1] = wn_reg_number(count_of(&given[0]));
        q->s.r[WN_R2] = given[2];
    }
}

void wn_step_again(struct wn_search *q)
{
    const struct wn_reg *r = &q->s.r[WN_R0];
    struct wn_why why = wn_why_of(q, WN_WHY_ANSWER, WN_R0, r);
    bool number = r->type == WN_T_NUMBER;
    enum wn_outcome outcome = number && r->v.umax <= 1 ? WN_PROVED : WN_UNPROVED;
    if (r->type == WN_T_NONE || (number && r->v.umin > 1))
        outcome = WN_WRONG;
    wn_expose(q, r);
    wn_depend(q, WN_R0);
    wn_note(q, outcome, outcome == WN_PROVED ? NULL : &why);
    q->flags |= WN_STEP_AGAIN;
}
