/* SPDX-License-Identifier: MIT */
/**
 * A growable array. Declare `struct { type *data; size_t len, cap; } v = {0};`
 * the memory belongs to whoever owns the structure and is freed with free().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** Make room for one more element of `size` bytes: false without memory, and nothing has changed.
 */
bool wn_vec_grow(void **data, size_t *cap, size_t len, size_t size);

/** Append a value; false without memory. */
#define wn_vec_push(v, ...)                                                                        \
    (((v)->len < (v)->cap ||                                                                       \
      wn_vec_grow((void **)&(v)->data, &(v)->cap, (v)->len, sizeof *(v)->data)) &&                 \
     ((v)->data[(v)->len++] = (__VA_ARGS__), true))
