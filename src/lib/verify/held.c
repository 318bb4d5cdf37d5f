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

/* ---- locks ----------------------------------------------------------------------------------- */

uint32_t wn_lock_of(const struct wn_search *q, const struct wn_reg *r)
{
    if (r->type != WN_T_VALUE || r->nullable || !wn_value_is_const(&r->v))
        return 0;
    const struct wn_verify_map *map = &q->env->maps[r->which];
    if (!map->has_lock || r->v.smin + r->off != (int64_t)map->lock_at)
        return 0;
    return r->id ? r->id : WN_LOCK_GLOBAL | r->which;
}

void wn_mind_lock(struct wn_search *q)
{
    struct wn_why why = wn_why_of(q, WN_WHY_LOCKED, 0, NULL);
    if (q->exploring)
        wn_refuse(q, &why);
    else
        wn_note(q, WN_UNPROVED, &why);
}
