/* SPDX-License-Identifier: MIT */
/** An engine that captures nothing, for tests of what asks it: a fixed state, a chosen answer to
 * reloads. */
#pragma once

#include <stddef.h>

#include "daemon/engine.h"

struct fake_engine {
    enum engine_outcome outcome; /* of the next reloads */
    size_t interfaces;           /* how many it seems to have */
    void (*stop)(void *arg);     /* what engine_stop() does; may be NULL */
    void *arg;
};

/** NULL without memory. `fake` is borrowed. */
struct engine *fake_engine_new(const struct fake_engine *fake);
void fake_engine_free(struct engine *engine);
