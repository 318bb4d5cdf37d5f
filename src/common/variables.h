/* SPDX-License-Identifier: MIT */
/** Variables of an object, set from what an operator writes. */
#pragma once

#include <winnow/err.h>

struct wn_object;

/**
 * Give a variable its first value, before the first program is loaded.
 *
 * text   "443", "eth0", "[1,2]": a number, the name of an enumerator, JSON, or the text
 *        of an array of char
 *
 * Returns 0, -ENOENT (the text names one that may have been meant), WN_E_SYNTAX (no value for the
 * variable's type), or what wn_object_set_number() or wn_object_parse_var() say; the text names the
 * variable.
 */
int variables_set(struct wn_object *object, const char *name, const char *text,
                  struct wn_error *err);

/** As variables_set() of "NAME=VALUE"; WN_E_SYNTAX without "=". */
int variables_assign(struct wn_object *object, const char *assignment, struct wn_error *err);
