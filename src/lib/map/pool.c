/* SPDX-License-Identifier: MIT */
#include "map/pool.h"

static uint32_t *link_of(const struct wn_pool *pool, uint32_t i)
{
    return (uint32_t *)(pool->links + (uint64_t)i * pool->stride);
}

uint32_t wn_pool_take(struct wn_pool *pool)
{
    uint32_t taken = WN_POOL_EMPTY;
    wn_lock_hold(&pool->lock);
    uint32_t fresh = atomic_load_explicit(&pool->fresh, memory_order_relaxed);
    if (pool->head) {
        taken = pool->head - 1;
        pool->head = *link_of(pool, taken);
    } else if (fresh < pool->n) {
        taken = fresh;
        atomic_store_explicit(&pool->fresh, fresh + 1, memory_order_relaxed);
    }
    wn_lock_drop(&pool->lock);
    return taken;
}

void wn_pool_give(struct wn_pool *pool, uint32_t i)
{
    wn_lock_hold(&pool->lock);
    *link_of(pool, i) = pool->head;
    pool->head = i + 1;
    wn_lock_drop(&pool->lock);
}
