/* SPDX-License-Identifier: MIT */
/**
 * What maps and variables of an object hold, as JSON, both ways:
 *
 *     {"map": "flows", "type": "hash", "key_type": "struct flow", "value_type": "__u64",
 *      "entries": [{"key": {"saddr": 1, "port": 443}, "value": 5}]}
 *
 * Keys and values are as wn_object_print_key() and wn_object_parse_key() have them.
 */
#pragma once

#include <stddef.h>

#include "client/client.h"

struct json_t;
struct wn_object;

/**
 * Fill a map from a file: "MAP=FILE". The file holds such an object, or only its
 * entries; other members do not matter. Says what is wrong, and in which entry.
 *
 * Returns an exit status.
 */
int map_text_fill(const struct client_opts *opts, struct wn_object *object, const char *assignment);

/** Say before a run that there is nothing of this name to dump. Returns an exit status. */
int map_text_check(const struct client_opts *opts, const struct wn_object *object,
                   const char *name);

/**
 * Get a map as such an object, its entries in the order of their keys; elements of arrays that
 * are 0 are left out. The name of a variable gives that variable and its value.
 *
 * out   set on success alone; the caller's
 *
 * Returns an exit status, with what is wrong said.
 */
int map_text_dump(const struct client_opts *opts, struct wn_object *object, const char *name,
                  struct json_t **out);

/** Print what map_text_dump() gave on stdout, an entry a line. */
void map_text_print(struct json_t *dump);

/** Printed JSON as a value of jansson's, numbers too large for it as strings; NULL without memory.
 */
struct json_t *map_text_json(const char *text);
