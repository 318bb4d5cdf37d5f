/* SPDX-License-Identifier: MIT */
/** What has to be given back. */
#include "verify/search.h"

/** Whose addresses mean nothing any more. */
struct released {
    uint32_t id; /* 0: all that was held */
    uint32_t slot;
};

static bool is_released(const void *arg, const struct wn_reg *r)
{
    const struct released *what = arg;
    return wn_is_held_type(r->type) && (!what->id || what->id == r->id);
}

/** What has been given back for certain is nobody's memory, so using it is wrong. */
static bool make_number(void *arg, struct wn_reg *r)
{
    const struct released *what = arg;
    *r = wn_reg_number(wn_value_unknown());
    r->past = WN_PAST_RELEASED;
    r->which = what->slot;
    return true;
}

static bool make_any(void *arg, struct wn_reg *r)
{
    const struct released *what = arg;
    *r = wn_reg_lost(WN_PAST_RELEASED, what->slot);
    return true;
}

void wn_release(struct wn_search *q, uint32_t id)
{
    struct released what = {id, q->s.at};
    wn_state_release(&q->s, id);
    wn_state_each(&q->s, &q->heap, is_released, make_number, &what);
}

void wn_release_any(struct wn_search *q)
{
    struct released what = {0, q->s.at};
    q->s.n_held = 0;
    q->s.loose = true;
    wn_state_each(&q->s, &q->heap, is_released, make_any, &what);
}
