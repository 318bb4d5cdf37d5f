/* SPDX-License-Identifier: MIT */
/** Helpers: what programs call by number. */
#pragma once

#include <stdint.h>

#include "base/run.h"

enum wn_arg { WN_ARG_NONE, WN_ARG_SCALAR, WN_ARG_ANY };

struct wn_helper {
    uint32_t id;
    const char *name;
    wn_helper_fn fn;
    uint8_t result; /* enum wn_arg */
    uint8_t args[5];
};

/** The helper of a number; NULL if this library has none. */
const struct wn_helper *wn_helper_find(uint32_t id);
