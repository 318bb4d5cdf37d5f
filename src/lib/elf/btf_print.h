/* SPDX-License-Identifier: MIT */
/** Values in memory as JSON, by their BTF type: what a map holds, to look at. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "elf/btf.h"

/**
 * Print one value as JSON, without white space.
 *
 * Integers and bit-fields are numbers, those wider than 64 bits strings in
 * hexadecimal; enumerations are strings where the value has a name; arrays of
 * char are strings up to the last byte that is not 0; pointers and floats are
 * strings in hexadecimal; members of anonymous structures are printed as
 * members of what contains them.
 *
 * type    of the value
 * value   in the byte order of the object; bytes long
 * out     terminated on success; size includes the end
 *
 * Returns the length of the text, WN_E_FORMAT if the value is shorter than its
 * type or the type has no values, or WN_E_LIMIT if the text is longer than there
 * is room.
 */
int wn_btf_print(const struct wn_btf *btf, uint32_t type, const void *value, size_t bytes,
                 char *out, size_t size, struct wn_error *err);
