/* SPDX-License-Identifier: MIT */
/** How queues and stacks lie in memory. */
#pragma once

#include "map/kind.h"

struct wn_queue {
    struct wn_map map;
    uint8_t *slots; /* max_entries of them */
    uint32_t stride;
    bool newest_first;

    _Alignas(64) struct wn_lock lock;
    uint32_t oldest;   /* its slot */
    atomic_uint count; /* written under the lock */
};
