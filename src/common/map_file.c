/* SPDX-License-Identifier: MIT */
/* Files with entries of maps. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/map_text.h"
#include "common/own.h"

#define FILE_BYTES (256u << 20)
#define LOAD_FLAGS (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY)
#define KEY_FLAGS  (JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY)

struct map_file {
    char *bytes;
    size_t len;
    json_t *all;        /* what the file says */
    const json_t *list; /* its entries */
};

static inline void own_json(json_t **value)
{
    json_decref(*value);
}

OWN_BY(map_file, struct map_file, map_file_close)

void map_file_close(struct map_file *file)
{
    if (!file)
        return;
    json_decref(file->all);
    free(file->bytes);
    free(file);
}

static int no_memory(struct wn_error *err)
{
    return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
}

static int cannot_read(int code, struct wn_error *err)
{
    return wn_fail(err, code, WN_NOWHERE, "cannot be read: %s", strerror(-code));
}

static int read_all(FILE *from, struct map_file *file, struct wn_error *err)
{
    size_t cap = 0;
    for (;;) {
        if (file->len == cap) {
            if (cap > FILE_BYTES)
                return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "is larger than %u MiB",
                               FILE_BYTES >> 20);
            cap = cap ? 2 * cap : 65536;
            char *more = realloc(file->bytes, cap);
            if (!more)
                return no_memory(err);
            file->bytes = more;
        }
        size_t n = fread(file->bytes + file->len, 1, cap - file->len, from);
        file->len += n;
        if (n == 0)
            return ferror(from) ? cannot_read(-errno, err) : 0;
    }
}

int map_file_open(const char *path, struct map_file **out, struct wn_error *err)
{
    OWN(map_file) struct map_file *f = calloc(1, sizeof *f);
    json_error_t where;
    if (!f)
        return no_memory(err);
    FILE *from = fopen(path, "re");
    if (!from)
        return cannot_read(-errno, err);
    int code = read_all(from, f, err);
    fclose(from);
    if (code)
        return code;
    f->all = json_loadb(f->bytes, f->len, LOAD_FLAGS, &where);
    if (!f->all)
        return wn_fail(err, WN_E_SYNTAX, where.line > 0 ? (uint32_t)where.line : 1, "%s",
                       where.text);
    f->list = json_is_object(f->all) ? json_object_get(f->all, "entries") : f->all;
    if (!json_is_array(f->list))
        return wn_fail(err, WN_E_SYNTAX, 1,
                       "expected an array of entries, or an object with \"entries\"");
    *out = give(f);
    return 0;
}

bool map_file_equal(const struct map_file *a, const struct map_file *b)
{
    return a && b && a->len == b->len && (!a->len || memcmp(a->bytes, b->bytes, a->len) == 0);
}

/* ---- where an entry stands: jansson has forgotten */

/* Text that is known to be JSON, and the line of where we are. */
struct scan {
    const char *at, *end;
    uint32_t line;
};

static void skip_blanks(struct scan *s)
{
    for (; s->at < s->end && strchr(" \t\r\n", *s->at) && *s->at; s->at++)
        s->line += *s->at == '\n';
}

/* Go behind a string, which begins here. */
static void skip_string(struct scan *s)
{
    for (s->at++; s->at < s->end && *s->at != '"'; s->at++)
        s->at += *s->at == '\\';
    s->at++;
}

/* Go behind a value, which begins here, or to the comma, bracket or brace behind a word. */
static void skip_value(struct scan *s)
{
    int depth = 0;
    do {
        skip_blanks(s);
        if (s->at >= s->end)
            return;
        if (*s->at == '"') {
            skip_string(s);
            continue;
        }
        if (depth == 0 && strchr(",:]}", *s->at))
            return;
        depth += *s->at == '[' || *s->at == '{' ? 1 : *s->at == ']' || *s->at == '}' ? -1 : 0;
        s->at++;
        skip_blanks(s);
    } while (s->at < s->end && (depth || !strchr(",:]}", *s->at)));
}

/* Go to the value of a member of the object that begins here. */
static void enter_member(struct scan *s, const char *name)
{
    size_t len = strlen(name);
    for (s->at++; s->at < s->end;) {
        skip_blanks(s);
        const char *key = s->at;
        if (*key != '"')
            return;
        skip_string(s);
        bool found = (size_t)(s->at - key) == len + 2 && memcmp(key + 1, name, len) == 0;
        skip_blanks(s);
        s->at++; /* the colon */
        skip_blanks(s);
        if (found)
            return;
        skip_value(s);
        s->at++; /* the comma */
    }
}

static uint32_t line_of(const struct map_file *file, size_t entry)
{
    struct scan s = {file->bytes, file->bytes + file->len, 1};
    skip_blanks(&s);
    if (s.at < s.end && *s.at == '{')
        enter_member(&s, "entries");
    s.at++; /* the bracket */
    skip_blanks(&s);
    for (size_t i = 0; i < entry && s.at < s.end; i++) {
        skip_value(&s);
        s.at++; /* the comma */
        skip_blanks(&s);
    }
    return s.line;
}

/* ---- into a map */

/* What tells an entry from the others: its key, in one spelling; NULL: it has none. */
static char *identity(const json_t *entry)
{
    const json_t *key = json_object_get(entry, "key");
    return key ? json_dumps(key, KEY_FLAGS) : NULL;
}

/* Entries by identity; NULL without memory. */
static json_t *by_identity(const json_t *list)
{
    json_t *all = json_object(), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        OWN(free) char *id = identity(entry);
        if (id && json_object_set(all, id, entry)) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}

static int at_entry(int code, const struct map_file *file, size_t i, struct wn_error *err)
{
    struct wn_error inner = *err;
    return wn_fail(err, code, line_of(file, i), "entry %zu: %s", i + 1, inner.text);
}

/* Delete what was there before and is not now; who deletes it first has done so. */
static int delete_gone(const struct map_text *map, json_t *before, const json_t *now,
                       struct wn_error *err)
{
    OWN(free) uint8_t *key = calloc(1, map->info.key_bytes + 1u);
    const char *id;
    json_t *entry;
    if (!key)
        return no_memory(err);
    json_object_foreach(before, id, entry)
    {
        if (json_object_get(now, id))
            continue;
        int code = map_text_parse_key(map, json_object_get(entry, "key"), key, err);
        if (code)
            return code;
        code = wn_map_delete(map->map.live, key);
        if (code == -EINVAL) { /* of an array: back to 0 */
            OWN(free) uint8_t *zero = calloc(1, map->info.lookup_bytes + 1u);
            code = zero ? wn_map_update(map->map.live, key, zero, WN_MAP_ANY) : -ENOMEM;
        }
        if (code && code != -ENOENT)
            return wn_fail(err, code, WN_NOWHERE, "%s", map_text_why(map, code));
    }
    return 0;
}

int map_file_fill(const struct map_file *file, const struct map_file *before,
                  const struct map_text *map, struct wn_error *err)
{
    OWN(json) json_t *old = before ? by_identity(before->list) : NULL;
    OWN(json) json_t *now = before ? by_identity(file->list) : NULL;
    if (before && (!old || !now))
        return no_memory(err);
    int code = before ? delete_gone(map, old, now, err) : 0;
    if (code)
        return code;
    const size_t n = json_array_size(file->list);
    for (size_t i = 0; i < n; i++) {
        /* What a stack gives first has been put into it last. */
        size_t at = map->info.type == WN_MAP_STACK ? n - 1 - i : i;
        const json_t *entry = json_array_get(file->list, at);
        OWN(free) char *id = before ? identity(entry) : NULL;
        if (id && json_equal(json_object_get(old, id), entry))
            continue;
        code = map_text_set(map, entry, WN_MAP_ANY, err);
        if (code)
            return at_entry(code, file, at, err);
    }
    return 0;
}
