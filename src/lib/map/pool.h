/* SPDX-License-Identifier: MIT */
/**
 * Elements nobody uses. They are handed out again last in, first out; those
 * never used so far come last, so that memory is touched when it is needed.
 */
#pragma once

#include <stdint.h>

#include "base/lock.h"

struct wn_pool {
    struct wn_lock lock;
    uint32_t head;     /* number + 1 of the element to hand out next; 0: a fresh one */
    atomic_uint fresh; /* elements from this one on have never been used */
    uint32_t n;
    uint32_t stride;
    uint8_t *links; /* of element 0: a 4-byte word of each element that is the pool's alone */
};

/** No element left. */
#define WN_POOL_EMPTY UINT32_MAX

/** Number of an element, the caller's from now on; WN_POOL_EMPTY without. */
uint32_t wn_pool_take(struct wn_pool *pool);

/** Hand an element back. */
void wn_pool_give(struct wn_pool *pool, uint32_t i);
