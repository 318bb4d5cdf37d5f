/* SPDX-License-Identifier: MIT */
/** Helpers: what programs call by number. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/helper.h>

#include "base/run.h"

/** A helper after which addresses of the packet mean nothing, because it may lie elsewhere; or
 * where the kernel would say so. */
#define WN_HELPER_MOVES 128u
/** A helper that may change the packet: its bytes, or where they are. */
#define WN_HELPER_WRITES 64u
/** A helper that has functions of the program called (base/repeat.h). */
#define WN_HELPER_CALLS 32u

struct wn_helper {
    uint32_t id;
    const char *name;
    wn_helper_fn fn;
    uint8_t types; /* programs that may call it: a bit for each enum wn_prog_type; WN_HELPER_ */
    struct wn_helper_sig sig;
};

/** Whether addresses of the packet that the program has mean nothing behind a call of a helper. */
bool wn_helper_moves_packet(const struct wn_helper *helper);

/** Whether a helper may change the packet, so that there has to be a copy. */
bool wn_helper_writes_packet(const struct wn_helper *helper);

/** Whether a helper has functions of the program called (base/repeat.h). */
bool wn_helper_repeats(const struct wn_helper *helper);

/** The helper of a number; NULL if this library has none. */
const struct wn_helper *wn_helper_find(uint32_t id);

/** All of them by and by, from i = 0 on; NULL behind the last one. */
const struct wn_helper *wn_helper_at(size_t i);

/** A helper of the kernel's that this library does not have. */
struct wn_helper_absent {
    uint32_t id;
    const char *name;
    const char *why; /* "is not provided yet", or what it would need, and what to do instead */
};

/** What is known of a number that wn_helper_find() does not find; NULL if nothing. */
const struct wn_helper_absent *wn_helper_absent(uint32_t id);

/**
 * The types of maps that a helper works on, 1 << type for each (Linux:
 * check_map_func_compatibility); of helpers that take no map, all.
 */
uint64_t wn_helper_maps(uint32_t id);

/** Whether a helper works on maps of a type. */
static inline bool wn_helper_takes(uint32_t id, uint32_t type)
{
    return type < 64 && wn_helper_maps(id) >> type & 1;
}

/** Whether the kernel takes a format with so many values. */
bool wn_format_holds(const char *format, unsigned args);

/** Defines the function of a row of helper.def. */
#define HELPER(name)                                                                               \
    uint64_t wn_helper_##name(                                                                     \
        __attribute__((unused)) uint64_t r1, __attribute__((unused)) uint64_t r2,                  \
        __attribute__((unused)) uint64_t r3, __attribute__((unused)) uint64_t r4,                  \
        __attribute__((unused)) uint64_t r5, __attribute__((unused)) struct wn_run *run)

#define H(id, name, ...)                                                                           \
    uint64_t wn_helper_##name(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,     \
                              struct wn_run *run);
#define N(...)
#include "helper/helper.def"
#undef H
#undef N
