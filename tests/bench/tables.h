/* SPDX-License-Identifier: MIT */
/** What a C programmer would write: tables for one thread and for keys that nobody chooses. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <winnow/map.h>

struct table;

/** A table that stands for maps of a type; NULL if none does. */
struct table *table_new(enum wn_map_type type, uint32_t key_bytes, uint32_t entries);

void table_free(struct table *table);

/** Set the value of a key that is not there. */
void table_set(struct table *table, const uint8_t *key, uint64_t value);

/**
 * Look up `lookups` keys of a list of `n` (a power of 2), 32 bytes each, and add up what is found.
 *
 * at   the one before the first; the last one afterwards
 */
uint64_t table_sum(const struct table *table, uint64_t *at, const uint8_t (*keys)[32], uint32_t n,
                   uint32_t lookups);
