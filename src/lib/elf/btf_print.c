/* SPDX-License-Identifier: MIT */
#include "elf/btf_print.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/** Text that grows; once something has not fitted, nothing is added and work ends. */
struct text {
    char *data;
    size_t size, len;
    size_t members; /* visited */
    bool full;
};

enum { FREE_MEMBERS = 4096 };

WN_PRINTF(2, 3) static void add(struct text *t, const char *fmt, ...)
{
    va_list ap;
    if (t->full)
        return;
    va_start(ap, fmt);
    int n = vsnprintf(t->data + t->len, t->size - t->len, fmt, ap);
    va_end(ap);
    t->full = n < 0 || (size_t)n >= t->size - t->len;
    t->len += t->full ? 0 : (size_t)n;
}

/** A JSON string; bytes that are not plain ASCII are escaped, whatever they mean. */
static void add_string(struct text *t, const char *s, size_t len)
{
    add(t, "\"");
    for (size_t i = 0; i < len && !t->full; i++) {
        uint8_t c = (uint8_t)s[i];
        if (c == '"' || c == '\\')
            add(t, "\\%c", c);
        else if (c < 0x20 || c > 0x7e)
            add(t, "\\u%04x", c);
        else
            add(t, "%c", c);
    }
    add(t, "\"");
}

/** A number of at most 8 bytes. */
static uint64_t load(const struct wn_btf *btf, const uint8_t *p, uint32_t bytes)
{
    uint64_t v = 0;
    for (uint32_t i = 0; i < bytes; i++)
        v |= (uint64_t)p[i] << 8 * (btf->big ? bytes - 1 - i : i);
    return v;
}

/** `bits` bits from bit `at` on, counted as the object's byte order counts; at most 64 are kept. */
static uint64_t load_bits(const struct wn_btf *btf, const uint8_t *p, uint32_t at, uint32_t bits)
{
    uint64_t v = 0;
    for (uint32_t i = 0; i < bits; i++) {
        uint32_t b = at + i;
        uint64_t bit = p[b / 8] >> (btf->big ? 7 - b % 8 : b % 8) & 1;
        if (btf->big)
            v = v << 1 | bit;
        else if (i < 64)
            v |= bit << i;
    }
    return v;
}

static uint64_t extend(uint64_t v, uint32_t bits)
{
    return bits == 0 || bits >= 64 ? v : (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits));
}

static void add_hex(struct text *t, const struct wn_btf *btf, const uint8_t *p, uint32_t bytes)
{
    bool begun = false;
    add(t, "\"0x");
    for (uint32_t i = 0; i < bytes; i++) {
        uint8_t b = p[btf->big ? i : bytes - 1 - i];
        if (begun || b || i + 1 == bytes)
            add(t, begun ? "%02x" : "%x", b);
        begun |= b != 0;
    }
    add(t, "\"");
}

static void add_enum(struct text *t, const struct wn_btf *btf, uint32_t id, uint64_t v,
                     uint32_t bits)
{
    const struct wn_btf_type *e = &btf->types[id];
    uint64_t mask = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    for (uint32_t i = 0; i < e->count; i++) {
        struct wn_btf_value known = wn_btf_value(btf, id, i);
        if ((known.value & mask) != (v & mask))
            continue;
        add_string(t, known.name, strlen(known.name));
        return;
    }
    if (e->flag)
        add(t, "%" PRId64, (int64_t)extend(v, bits));
    else
        add(t, "%" PRIu64, v);
}

/** An integer or enumeration that has been loaded. */
static void add_number(struct text *t, const struct wn_btf *btf, uint32_t id, uint64_t v,
                       uint32_t bits)
{
    if (btf->types[id].kind != WN_BTF_INT) {
        add_enum(t, btf, id, v, bits);
        return;
    }
    struct wn_btf_int n = wn_btf_int(btf, id);
    if (n.is_bool && v < 2)
        add(t, v ? "true" : "false");
    else if (n.is_signed)
        add(t, "%" PRId64, (int64_t)extend(v, bits));
    else
        add(t, "%" PRIu64, v);
}

static void add_value(struct text *t, const struct wn_btf *btf, uint32_t id, const uint8_t *p);

static bool is_char(const struct wn_btf *btf, uint32_t id)
{
    id = wn_btf_skip(btf, id);
    return btf->types[id].kind == WN_BTF_INT && btf->types[id].bytes == 1 &&
           strcmp(wn_btf_name(btf, id), "char") == 0;
}

static void add_array(struct text *t, const struct wn_btf *btf, uint32_t id, const uint8_t *p)
{
    struct wn_btf_array a = wn_btf_array(btf, id);
    if (is_char(btf, a.element)) {
        size_t len = a.count;
        while (len && p[len - 1] == 0)
            len--;
        add_string(t, (const char *)p, len);
        return;
    }
    add(t, "[");
    for (uint32_t i = 0; i < a.count && !t->full; i++) {
        add(t, i ? "," : "");
        add_value(t, btf, a.element, p + (size_t)i * btf->types[a.element].bytes);
    }
    add(t, "]");
}

/** The members of a structure or union; `first` says whether none has been printed yet. */
static void add_members(struct text *t, const struct wn_btf *btf, uint32_t id, const uint8_t *p,
                        bool *first)
{
    for (uint32_t i = 0; i < btf->types[id].count && !t->full; i++) {
        struct wn_btf_member m = wn_btf_member(btf, id, i);
        uint32_t plain = wn_btf_skip(btf, m.type);
        uint8_t kind = btf->types[plain].kind;
        /* Anonymous members print nothing themselves, and could be made to be 2^32. */
        if (++t->members > FREE_MEMBERS + t->size)
            t->full = true;
        if (m.name[0] == '\0' && (kind == WN_BTF_STRUCT || kind == WN_BTF_UNION)) {
            add_members(t, btf, plain, p + m.bit / 8, first);
            continue;
        }
        if (m.name[0] == '\0') /* padding */
            continue;
        add(t, *first ? "" : ",");
        *first = false;
        add_string(t, m.name, strlen(m.name));
        add(t, ":");
        if (m.bits)
            add_number(t, btf, plain, load_bits(btf, p, m.bit, m.bits), m.bits);
        else
            add_value(t, btf, plain, p + m.bit / 8);
    }
}

static void add_value(struct text *t, const struct wn_btf *btf, uint32_t id, const uint8_t *p)
{
    id = wn_btf_skip(btf, id);
    const struct wn_btf_type *type = &btf->types[id];
    bool first = true;
    switch (type->kind) {
    case WN_BTF_INT:
    case WN_BTF_ENUM:
    case WN_BTF_ENUM64:
        if (type->bytes > 8)
            add_hex(t, btf, p, type->bytes);
        else
            add_number(t, btf, id, load(btf, p, type->bytes), type->bytes * 8);
        return;
    case WN_BTF_ARRAY: add_array(t, btf, id, p); return;
    case WN_BTF_STRUCT:
    case WN_BTF_UNION:
        add(t, "{");
        add_members(t, btf, id, p, &first);
        add(t, "}");
        return;
    default: add_hex(t, btf, p, type->bytes); return;
    }
}

int wn_btf_print(const struct wn_btf *btf, uint32_t type, const void *value, size_t bytes,
                 char *out, size_t size, struct wn_error *err)
{
    struct text t = {.data = out, .size = size, .full = size == 0};
    if (type >= btf->n_types || !btf->types[type].sized)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "type %u has no values", type);
    if (bytes < btf->types[type].bytes)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "%zu bytes for a value of %u ('%.60s')", bytes,
                       btf->types[type].bytes, wn_btf_name(btf, type));
    add_value(&t, btf, type, value);
    if (t.full || t.len > INT_MAX)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "the value is longer than %zu characters",
                       size);
    return (int)t.len;
}
