/* SPDX-License-Identifier: MIT */
/** Helpers: what programs call by number. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <winnow/helper.h>

#include "base/run.h"

struct wn_helper {
    uint32_t id;
    const char *name;
    wn_helper_fn fn;
    struct wn_helper_sig sig;
};

/** The helper of a number; NULL if this library has none. */
const struct wn_helper *wn_helper_find(uint32_t id);

/** All of them by and by, from i = 0 on; NULL behind the last one. */
const struct wn_helper *wn_helper_at(size_t i);
