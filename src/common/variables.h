/* SPDX-License-Identifier: MIT */
/** Variables of an object, set from what an operator writes: NAME=VALUE. */
#pragma once

#include <winnow/err.h>

struct wn_object;

/**
 * Give a variable its first value, before the first program is loaded.
 *
 * assignment   "port=443", "name=eth0", "nets=[1,2]": a number, the name of an
 *              enumerator, JSON, or the text of an array of char
 *
 * Returns 0, WN_E_SYNTAX (no "=", or no value for the variable's type), or what
 * wn_object_set_number() or wn_object_parse_var() say; the text names the variable.
 */
int variables_set(struct wn_object *object, const char *assignment, struct wn_error *err);
