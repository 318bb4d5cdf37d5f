/* SPDX-License-Identifier: MIT */
/** JSON as values in memory, by their BTF type: what btf_print prints, and what people write. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "elf/btf.h"

/**
 * Read one value from JSON.
 *
 * What wn_btf_print() prints is read back. Beyond that a number may be a string,
 * decimal or with 0x; members that are not named are 0; and whatever is no
 * number and no array of char may be a string of its bytes in hexadecimal,
 * two digits each. Bytes that no member covers become 0.
 *
 * type    of the value; 0: a type that is not known, so bytes in hexadecimal
 * text    one JSON value with nothing behind it but blanks
 * value   set on success alone, in the byte order of the object
 * bytes   at `value`: as many as the type has
 *
 * Returns 0, WN_E_SYNTAX (no JSON, or of another shape than the type; the text
 * names the member), -ERANGE (a number that does not fit), WN_E_FORMAT (the type
 * has no values, or is longer) or -ENOMEM.
 */
int wn_btf_read(const struct wn_btf *btf, uint32_t type, const char *text, size_t len, void *value,
                size_t bytes, struct wn_error *err);

/** A variable of a section. */
struct wn_btf_place {
    uint32_t type; /* 0: not known */
    uint32_t offset;
    uint32_t bytes; /* at least what the type has */
};

/** Find a variable by its name; false if there is none. */
typedef bool (*wn_btf_place_fn)(const void *arg, const char *name, struct wn_btf_place *out);

/**
 * As wn_btf_read(), an object with a member for each variable of a section that is
 * to change; the others stay as they are.
 */
int wn_btf_read_section(const struct wn_btf *btf, wn_btf_place_fn find, const void *arg,
                        const char *text, size_t len, void *value, size_t bytes,
                        struct wn_error *err);
