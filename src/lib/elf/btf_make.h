/* SPDX-License-Identifier: MIT */
/** Types that are described here rather than by a compiler: what relocations resolve against. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <winnow/err.h>

/**
 * A field. 1, 2 and 4 bytes are an unsigned integer; 8 an unsigned integer or a
 * pointer, whichever is asked for; another multiple of 4 an array of 4-byte
 * integers.
 */
struct wn_btf_field {
    const char *name;
    uint32_t offset; /* in bytes */
    uint32_t bytes;
};

struct wn_btf_struct {
    const char *name;
    uint32_t bytes;
    const struct wn_btf_field *fields;
    uint32_t n;
};

/**
 * Write the types as a section .BTF in the order of this machine, to be read
 * with wn_btf_parse().
 *
 * out   the caller frees it; the types parsed from it borrow from it
 *
 * Returns 0 or -ENOMEM. What makes no sense is left to wn_btf_parse() to refuse.
 */
int wn_btf_make(const struct wn_btf_struct *structs, size_t n, uint8_t **out, size_t *len,
                struct wn_error *err);
