/* SPDX-License-Identifier: MIT */
#include "elf/btf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/vec.h"

enum {
    MAGIC = 0xeb9f,
    HEADER = 24, /* bytes; later versions may have more */
    MAX_LINKAGE = 2,
    UNSEEN = 0xff, /* in depth, while types are being resolved */
    OPEN = 0xfe,   /* is being resolved: to meet it again is a loop */
};

struct types {
    struct wn_btf_type *data;
    size_t len, cap;
};

static int no_memory(struct wn_error *err)
{
    return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
}

static int cut_short(uint32_t id, struct wn_error *err)
{
    return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, ".BTF ends within type %u", id);
}

/** Find the two parts: types as a reader of their own, and strings. */
static int parse_header(struct wn_reader *all, struct wn_reader *types, struct wn_btf *btf,
                        struct wn_error *err)
{
    uint16_t magic = wn_reader_u16(all);
    uint8_t version = wn_reader_u8(all);
    uint8_t flags = wn_reader_u8(all);
    uint32_t header = wn_reader_u32(all);
    uint64_t types_at = (uint64_t)header + wn_reader_u32(all);
    uint32_t types_len = wn_reader_u32(all);
    uint64_t strings_at = (uint64_t)header + wn_reader_u32(all);
    btf->strings_len = wn_reader_u32(all);
    if (all->bad)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, ".BTF ends within its header");
    if (magic != MAGIC)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, ".BTF begins with %#x, not with %#x", magic,
                       MAGIC);
    if (version != 1 || flags)
        return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE, ".BTF of version %u, flags %#x", version,
                       flags);
    if (header < HEADER || types_at % 4 || types_len % 4)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, ".BTF: types at no multiple of 4 bytes");
    wn_reader_seek(all, types_at);
    const uint8_t *bytes = wn_reader_take(all, types_len);
    wn_reader_seek(all, strings_at);
    const uint8_t *strings = wn_reader_take(all, btf->strings_len);
    if (all->bad)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, ".BTF ends within its types or strings");
    if (btf->strings_len == 0 || strings[0] || strings[btf->strings_len - 1])
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       ".BTF: strings do not begin and end with a zero byte");
    btf->strings = (const char *)strings;
    *types = wn_reader_init(bytes, types_len, all->big);
    return 0;
}

static int read_words(struct wn_btf *btf, struct wn_reader *r, struct wn_error *err)
{
    size_t n = r->len / 4;
    btf->words = calloc(n ? n : 1, sizeof *btf->words);
    if (!btf->words)
        return no_memory(err);
    for (size_t i = 0; i < n; i++)
        btf->words[i] = wn_reader_u32(r);
    return 0;
}

/** How many words follow a type, of which it has `count` parts. */
static uint64_t words_behind(enum wn_btf_kind kind, uint32_t count)
{
    switch (kind) {
    case WN_BTF_INT:
    case WN_BTF_VAR:
    case WN_BTF_DECL_TAG: return 1;
    case WN_BTF_ARRAY: return 3;
    case WN_BTF_ENUM:
    case WN_BTF_FUNC_PROTO: return 2 * (uint64_t)count;
    case WN_BTF_STRUCT:
    case WN_BTF_UNION:
    case WN_BTF_DATASEC:
    case WN_BTF_ENUM64: return 3 * (uint64_t)count;
    default: return 0;
    }
}

static bool has_count(enum wn_btf_kind kind)
{
    switch (kind) {
    case WN_BTF_ENUM:
    case WN_BTF_ENUM64:
    case WN_BTF_STRUCT:
    case WN_BTF_UNION:
    case WN_BTF_FUNC:
    case WN_BTF_FUNC_PROTO:
    case WN_BTF_DATASEC: return true;
    default: return false;
    }
}

static bool has_flag(enum wn_btf_kind kind)
{
    switch (kind) {
    case WN_BTF_ENUM:
    case WN_BTF_ENUM64:
    case WN_BTF_STRUCT:
    case WN_BTF_UNION:
    case WN_BTF_FWD:
    case WN_BTF_DECL_TAG: /* attributes of later compilers */
    case WN_BTF_TYPE_TAG: return true;
    default: return false;
    }
}

/** Whether the third word of a type is a size; else it is a type, or nothing. */
static bool has_bytes(enum wn_btf_kind kind)
{
    switch (kind) {
    case WN_BTF_INT:
    case WN_BTF_STRUCT:
    case WN_BTF_UNION:
    case WN_BTF_ENUM:
    case WN_BTF_ENUM64:
    case WN_BTF_FLOAT:
    case WN_BTF_DATASEC: return true;
    default: return false;
    }
}

/** Read the three words of one type at *at, which moves behind everything that is its. */
static int read_type(const struct wn_btf *btf, size_t n_words, size_t *at, uint32_t id,
                     struct wn_btf_type *t, struct wn_error *err)
{
    if (n_words - *at < 3)
        return cut_short(id, err);
    const uint32_t *w = btf->words + *at;
    uint32_t info = w[1];
    enum wn_btf_kind kind = info >> 24 & 31;
    *t = (struct wn_btf_type){
        .name = w[0],
        .count = info & 0xffff,
        .kind = (uint8_t)kind,
        .flag = info >> 31,
        .depth = UNSEEN,
        .first = (uint32_t)(*at + 3),
    };
    if (kind == WN_BTF_VOID || kind >= WN_BTF_KINDS)
        return wn_fail(err, kind ? WN_E_UNSUPPORTED : WN_E_FORMAT, WN_NOWHERE,
                       ".BTF: type %u is of kind %u", id, kind);
    if (info & 0x60ff0000 || (t->flag && !has_flag(kind)) || (t->count && !has_count(kind)))
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, ".BTF: type %u (%s): described by %#x", id,
                       wn_btf_kind_name(kind), info);
    if (has_bytes(kind))
        t->bytes = w[2];
    else if (kind != WN_BTF_ARRAY && kind != WN_BTF_FWD)
        t->type = w[2];
    *at += 3;
    uint64_t behind = words_behind(kind, t->count);
    if (behind > n_words - *at)
        return cut_short(id, err);
    *at += behind;
    return 0;
}

static int read_types(struct wn_btf *btf, size_t n_words, struct wn_error *err)
{
    struct types types = {0};
    struct wn_btf_type t = {0}; /* void */
    int r = wn_vec_push(&types, t) ? 0 : no_memory(err);
    for (size_t at = 0; r == 0 && at < n_words;) {
        r = read_type(btf, n_words, &at, (uint32_t)types.len, &t, err);
        if (r == 0 && !wn_vec_push(&types, t))
            r = no_memory(err);
    }
    btf->types = types.data;
    btf->n_types = (uint32_t)types.len;
    return r;
}

static int check_name(const struct wn_btf *btf, uint32_t id, uint32_t name, struct wn_error *err)
{
    if (name < btf->strings_len)
        return 0;
    return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, ".BTF: type %u: a name at %u, behind the strings",
                   id, name);
}

static int check_type(const struct wn_btf *btf, uint32_t id, uint32_t type, struct wn_error *err)
{
    if (type < btf->n_types)
        return 0;
    return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, ".BTF: type %u refers to type %u of %u", id, type,
                   btf->n_types);
}

static int check_simple(const struct wn_btf *btf, uint32_t id, struct wn_error *err)
{
    const struct wn_btf_type *t = &btf->types[id];
    uint32_t b = t->bytes;
    bool power = b && !(b & (b - 1));
    bool good = true;
    if (t->kind == WN_BTF_INT) {
        struct wn_btf_int n = wn_btf_int(btf, id);
        uint32_t encoding = btf->words[t->first] >> 24;
        good = power && b <= 16 && n.bits && n.bits + n.offset <= 8 * (int)b && encoding < 16 &&
               !(encoding & (encoding - 1));
    } else if (t->kind == WN_BTF_ENUM || t->kind == WN_BTF_ENUM64) {
        good = power && b <= 8;
    } else if (t->kind == WN_BTF_FLOAT) {
        good = (power || b == 12) && b >= 2 && b <= 16;
    } else if (t->kind == WN_BTF_FUNC) {
        good = t->count <= MAX_LINKAGE && btf->types[t->type].kind == WN_BTF_FUNC_PROTO;
    } else if (t->kind == WN_BTF_VAR) {
        good = wn_btf_linkage(btf, id) <= MAX_LINKAGE;
    }
    if (good)
        return 0;
    return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, ".BTF: type %u: no %s is like that", id,
                   wn_btf_kind_name(t->kind));
}

/** Ids and names of everything that follows a type. */
static int check_parts(const struct wn_btf *btf, uint32_t id, struct wn_error *err)
{
    const struct wn_btf_type *t = &btf->types[id];
    const uint32_t *w = btf->words + t->first;
    int r = 0;
    switch (t->kind) {
    case WN_BTF_ARRAY:
        r = check_type(btf, id, w[0], err);
        return r ? r : check_type(btf, id, w[1], err);
    case WN_BTF_STRUCT:
    case WN_BTF_UNION:
    case WN_BTF_FUNC_PROTO:
        for (uint32_t i = 0; r == 0 && i < t->count;
             i++, w += t->kind == WN_BTF_FUNC_PROTO ? 2 : 3) {
            r = check_name(btf, id, w[0], err);
            r = r ? r : check_type(btf, id, w[1], err);
        }
        return r;
    case WN_BTF_ENUM:
    case WN_BTF_ENUM64:
        for (uint32_t i = 0; r == 0 && i < t->count; i++)
            r = check_name(btf, id, w[t->kind == WN_BTF_ENUM ? i * 2 : i * 3], err);
        return r;
    case WN_BTF_DATASEC:
        for (uint32_t i = 0; r == 0 && i < t->count; i++, w += 3) {
            r = check_type(btf, id, w[0], err);
            if (r == 0 && btf->types[w[0]].kind != WN_BTF_VAR &&
                btf->types[w[0]].kind != WN_BTF_FUNC)
                r = wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                            ".BTF: type %u: a section with type %u, which is no variable", id,
                            w[0]);
        }
        return r;
    }
    return 0;
}

static int check_types(const struct wn_btf *btf, struct wn_error *err)
{
    for (uint32_t id = 1; id < btf->n_types; id++) {
        int r = check_name(btf, id, btf->types[id].name, err);
        if (r == 0)
            r = check_type(btf, id, btf->types[id].type, err);
        if (r == 0)
            r = check_simple(btf, id, err);
        if (r == 0)
            r = check_parts(btf, id, err);
        if (r)
            return r;
    }
    return 0;
}

static int resolve(struct wn_btf *btf, uint32_t id, unsigned level, struct wn_error *err);

/** Resolve a type that `in` contains, and count its depth in. */
static int resolve_part(struct wn_btf *btf, uint32_t in, uint32_t part, unsigned level,
                        struct wn_error *err)
{
    int r = resolve(btf, part, level + 1, err);
    unsigned depth = btf->types[part].depth + 1u;
    if (r == 0 && level + depth > WN_BTF_DEPTH)
        r = wn_fail(err, WN_E_LIMIT, WN_NOWHERE, ".BTF: type %u: types nest more than %u deep", in,
                    WN_BTF_DEPTH);
    return r;
}

static int check_member(const struct wn_btf *btf, uint32_t id, uint32_t i, struct wn_error *err)
{
    const struct wn_btf_member m = wn_btf_member(btf, id, i);
    const struct wn_btf_type *of = &btf->types[m.type];
    uint8_t plain = btf->types[wn_btf_skip(btf, m.type)].kind;
    bool narrow = plain == WN_BTF_INT || plain == WN_BTF_ENUM || plain == WN_BTF_ENUM64;
    uint64_t bits = m.bits ? m.bits : (uint64_t)of->bytes * 8;
    bool placed = m.bits ? narrow && m.bits <= of->bytes * 8 && m.bits <= 128 : m.bit % 8 == 0;
    if (of->sized && placed && m.bit + bits <= (uint64_t)btf->types[id].bytes * 8)
        return 0;
    return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                   ".BTF: type %u (%s '%.40s'): member %u ('%.40s') does not fit", id,
                   wn_btf_kind_name(btf->types[id].kind), wn_btf_name(btf, id), i, m.name);
}

static int resolve_members(struct wn_btf *btf, uint32_t id, unsigned level, unsigned *depth,
                           struct wn_error *err)
{
    struct wn_btf_type *t = &btf->types[id];
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < t->count; i++) {
        uint32_t part = btf->words[t->first + (size_t)i * 3 + 1];
        r = resolve_part(btf, id, part, level, err);
        if (r == 0)
            r = check_member(btf, id, i, err);
        if (r == 0 && btf->types[part].depth >= *depth)
            *depth = btf->types[part].depth + 1u;
    }
    t->sized = true;
    return r;
}

static int resolve_array(struct wn_btf *btf, uint32_t id, unsigned level, unsigned *depth,
                         struct wn_error *err)
{
    struct wn_btf_type *t = &btf->types[id];
    struct wn_btf_array a = wn_btf_array(btf, id);
    int r = resolve_part(btf, id, a.element, level, err);
    if (r)
        return r;
    const struct wn_btf_type *element = &btf->types[a.element];
    uint64_t bytes = (uint64_t)a.count * element->bytes;
    if (!element->sized || bytes > UINT32_MAX)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, ".BTF: type %u: an array of %u times type %u",
                       id, a.count, a.element);
    t->bytes = (uint32_t)bytes;
    t->sized = true;
    *depth = element->depth + 1u;
    return 0;
}

/** A type that is another one by another name. */
static int resolve_alias(struct wn_btf *btf, uint32_t id, unsigned level, unsigned *depth,
                         struct wn_error *err)
{
    struct wn_btf_type *t = &btf->types[id];
    int r = resolve_part(btf, id, t->type, level, err);
    if (r)
        return r;
    t->bytes = btf->types[t->type].bytes;
    t->sized = btf->types[t->type].sized && t->kind != WN_BTF_VAR;
    *depth = btf->types[t->type].depth + 1u;
    return 0;
}

/** Size and depth of a type; `level` bounds the recursion, as the depth does what it returns. */
static int resolve(struct wn_btf *btf, uint32_t id, unsigned level, struct wn_error *err)
{
    struct wn_btf_type *t = &btf->types[id];
    if (t->depth == OPEN)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, ".BTF: type %u (%s '%.60s') contains itself",
                       id, wn_btf_kind_name(t->kind), wn_btf_name(btf, id));
    if (t->depth != UNSEEN || level > WN_BTF_DEPTH)
        return 0; /* the caller refuses the level */
    unsigned depth = 0;
    int r = 0;
    t->depth = OPEN;
    switch ((enum wn_btf_kind)t->kind) {
    case WN_BTF_INT:
    case WN_BTF_ENUM:
    case WN_BTF_ENUM64:
    case WN_BTF_FLOAT: t->sized = true; break;
    case WN_BTF_PTR:
        t->bytes = 8;
        t->sized = true;
        break;
    case WN_BTF_ARRAY: r = resolve_array(btf, id, level, &depth, err); break;
    case WN_BTF_STRUCT:
    case WN_BTF_UNION: r = resolve_members(btf, id, level, &depth, err); break;
    case WN_BTF_TYPEDEF:
    case WN_BTF_VOLATILE:
    case WN_BTF_CONST:
    case WN_BTF_RESTRICT:
    case WN_BTF_TYPE_TAG:
    case WN_BTF_VAR: r = resolve_alias(btf, id, level, &depth, err); break;
    case WN_BTF_VOID:
    case WN_BTF_FWD:
    case WN_BTF_FUNC:
    case WN_BTF_FUNC_PROTO:
    case WN_BTF_DATASEC:
    case WN_BTF_DECL_TAG:
    case WN_BTF_KINDS: break;
    }
    t->depth = (uint8_t)depth;
    return r;
}

int wn_btf_parse(const void *data, size_t len, bool big, struct wn_btf *out, struct wn_error *err)
{
    struct wn_reader all = wn_reader_init(data, len, big), types = {0};
    struct wn_btf btf = {.big = big};
    int r = parse_header(&all, &types, &btf, err);
    if (r == 0)
        r = read_words(&btf, &types, err);
    if (r == 0)
        r = read_types(&btf, types.len / 4, err);
    if (r == 0)
        r = check_types(&btf, err);
    for (uint32_t id = 0; r == 0 && id < btf.n_types; id++)
        r = resolve(&btf, id, 0, err);
    if (r) {
        wn_btf_fini(&btf);
        return r;
    }
    *out = btf;
    return 0;
}

void wn_btf_fini(struct wn_btf *btf)
{
    free(btf->types);
    free(btf->words);
}
