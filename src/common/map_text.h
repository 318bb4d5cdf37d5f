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

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <winnow/map.h>
#include <winnow/object.h>

struct json_t;

/** A map of an object, alive, and what is known of its types. */
struct map_text {
    const struct wn_object *object; /* borrowed */
    size_t number;                  /* in the object */
    struct wn_object_map map;
    struct wn_map_info info; /* as of the time it was found */
};

/** Find a map, which is made if it has not been; as wn_object_map(). */
int map_text_find(struct wn_object *object, const char *name, struct map_text *out,
                  struct wn_error *err);

/** As map_text_find(), of a map that is alive: -ENOENT if it is not. */
int map_text_look(const struct wn_object *object, const char *name, struct map_text *out,
                  struct wn_error *err);

/**
 * A key and a value as JSON. `value` is as wn_map_lookup() gives it; NULL, where values are
 * programs, is null.
 *
 * Returns the caller's, or NULL: wn_object_print_key() says why, or there is no memory.
 */
struct json_t *map_text_key(const struct map_text *map, const void *key, struct wn_error *err);
struct json_t *map_text_value(const struct map_text *map, const void *value, struct wn_error *err);

/**
 * Read them: `key` has room for info.key_bytes, `value` for info.lookup_bytes.
 *
 * Returns 0, or what wn_object_parse_key() says.
 */
int map_text_parse_key(const struct map_text *map, const struct json_t *from, void *key,
                       struct wn_error *err);
int map_text_parse_value(const struct map_text *map, const struct json_t *from, void *value,
                         struct wn_error *err);

/**
 * An entry as JSON, {"key": K, "value": V}; of per-CPU maps with several slots "values", an array
 * of them. Without a key (NULL, of maps without keys) it has none.
 */
struct json_t *map_text_entry(const struct map_text *map, const void *key, const void *value,
                              struct wn_error *err);

/**
 * Read the value of such an entry, as wn_map_update() takes it: "value" is for all slots. Of
 * variables those that are not named stay as they are.
 */
int map_text_parse_entry(const struct map_text *map, const struct json_t *entry, const void *key,
                         void *value, struct wn_error *err);

/** As wn_map_lookup(), of this very key: of a trie not of a shorter prefix. */
int map_text_exact(const struct map_text *map, const void *key, void *value);

/**
 * Set one entry, {"key": K, "value": V}; of variables those that are not named stay as they are.
 *
 * flags  enum wn_map_update_flag
 *
 * Returns 0, WN_E_SYNTAX, or what parsing or wn_map_update() say, in words.
 */
int map_text_set(const struct map_text *map, const struct json_t *entry, uint64_t flags,
                 struct wn_error *err);

/** Why an update or a deletion was refused. */
const char *map_text_why(const struct map_text *map, int code);

/** What is known of a map, without its entries; NULL without memory. */
struct json_t *map_text_head(const struct map_text *map);

/** Whether there is a map or a variable of this name: 0, or a negative code with the reason. */
int map_text_check(const struct wn_object *object, const char *name, struct wn_error *err);

/**
 * Get a map as such an object, its entries in the order of their keys; elements of arrays that
 * are 0 are left out. The name of a variable gives that variable and its value.
 *
 * out   set on success alone; the caller's
 *
 * Returns 0, or a negative code with the reason.
 */
int map_text_dump(struct wn_object *object, const char *name, struct json_t **out,
                  struct wn_error *err);

/** Print what map_text_dump() gave, an entry a line. */
void map_text_print(struct json_t *dump, FILE *to);

/** Write it to a file, "-" is standard output. Returns 0, or as map_text_dump(), or -errno. */
int map_text_save(struct wn_object *object, const char *name, const char *path,
                  struct wn_error *err);

/** Is an element of such a map left out of what people see? */
bool map_text_empty(const struct map_text *map, const void *value);

/** Printed JSON as a value of jansson's, numbers too large for it as strings; NULL without memory.
 */
struct json_t *map_text_json(const char *text);

/* ---- map_file.c: files with entries */

struct map_file;

/**
 * Read a file with such an object, or only its entries; other members do not matter.
 *
 * out   set on success alone; let go with map_file_close()
 * err   on failure `at` is a line of the file, or WN_NOWHERE
 *
 * Returns 0, -errno, WN_E_SYNTAX, WN_E_LIMIT (more than 256 MiB) or -ENOMEM.
 */
int map_file_open(const char *path, struct map_file **out, struct wn_error *err);
void map_file_close(struct map_file *file);

/** Whether both hold the same bytes. */
bool map_file_equal(const struct map_file *a, const struct map_file *b);

/**
 * Set a map's entries.
 *
 * before   what the map has been filled from: entries that are gone are deleted, those that are the
 *          same are left as they are; NULL: all are set
 * err      on failure `at` is the line of an entry, which the text names
 *
 * Returns 0, or as map_text_set(); some entries may have been set.
 */
int map_file_fill(const struct map_file *file, const struct map_file *before,
                  const struct map_text *map, struct wn_error *err);
