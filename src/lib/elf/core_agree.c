/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "elf/core_spec.h"

/* Types that point in circles would have no end, and those that fan out none in a lifetime. */
enum { MAX_DEPTH = 32, MAX_STEPS = 100000 };

struct pair {
    const struct wn_btf *a, *b;
    uint32_t left; /* steps */
};

size_t wn_core_name_length(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = len; i-- > 1;)
        if (i + 4 <= len && memcmp(name + i, "___", 3) == 0 && name[i - 1] != '_' &&
            name[i + 3] != '_' && name[i + 3])
            return i;
    return len;
}

bool wn_core_same_name(const char *a, const char *b)
{
    size_t len = wn_core_name_length(a);
    return len == wn_core_name_length(b) && memcmp(a, b, len) == 0;
}

static bool is_enum(enum wn_btf_kind kind)
{
    return kind == WN_BTF_ENUM || kind == WN_BTF_ENUM64;
}

static bool is_composite(enum wn_btf_kind kind)
{
    return kind == WN_BTF_STRUCT || kind == WN_BTF_UNION;
}

bool wn_core_same_kind(enum wn_btf_kind a, enum wn_btf_kind b)
{
    return a == b || (is_enum(a) && is_enum(b));
}

bool wn_core_fields_agree(const struct wn_btf *a, uint32_t a_id, const struct wn_btf *b,
                          uint32_t b_id)
{
    for (;;) {
        a_id = wn_btf_skip(a, a_id);
        b_id = wn_btf_skip(b, b_id);
        enum wn_btf_kind kind = wn_btf_kind(a, a_id), other = wn_btf_kind(b, b_id);
        if (is_composite(kind) && is_composite(other))
            return true;
        if (!wn_core_same_kind(kind, other))
            return false;
        switch (kind) {
        case WN_BTF_PTR:
        case WN_BTF_FLOAT: return true;
        case WN_BTF_FWD:
        case WN_BTF_ENUM:
        case WN_BTF_ENUM64: {
            const char *x = wn_btf_name(a, a_id), *y = wn_btf_name(b, b_id);
            return !x[0] || !y[0] || wn_core_same_name(x, y);
        }
        case WN_BTF_INT: return !wn_btf_int(a, a_id).offset && !wn_btf_int(b, b_id).offset;
        case WN_BTF_ARRAY:
            a_id = wn_btf_array(a, a_id).element;
            b_id = wn_btf_array(b, b_id).element;
            break;
        default: return false;
        }
    }
}

typedef bool (*compare_fn)(struct pair *p, uint32_t a_id, uint32_t b_id, unsigned depth,
                           bool pointed);

/** Results and parameters of two function types. */
static bool same_call(struct pair *p, uint32_t a_id, uint32_t b_id, unsigned depth,
                      compare_fn compare)
{
    const struct wn_btf_type *x = &p->a->types[a_id], *y = &p->b->types[b_id];
    if (x->count != y->count || !compare(p, x->type, y->type, depth + 1, false))
        return false;
    for (uint32_t i = 0; i < x->count; i++)
        if (!compare(p, wn_btf_param(p->a, a_id, i).type, wn_btf_param(p->b, b_id, i).type,
                     depth + 1, false))
            return false;
    return true;
}

static bool agree(struct pair *p, uint32_t a_id, uint32_t b_id, unsigned depth, bool pointed)
{
    a_id = wn_btf_skip(p->a, a_id);
    b_id = wn_btf_skip(p->b, b_id);
    enum wn_btf_kind kind = wn_btf_kind(p->a, a_id);
    if (depth > MAX_DEPTH || p->left == 0 || !wn_core_same_kind(kind, wn_btf_kind(p->b, b_id)))
        return false;
    p->left--;
    switch (kind) {
    case WN_BTF_VOID:
    case WN_BTF_STRUCT:
    case WN_BTF_UNION:
    case WN_BTF_ENUM:
    case WN_BTF_ENUM64:
    case WN_BTF_FWD:
    case WN_BTF_FLOAT: return true;
    case WN_BTF_INT: return !wn_btf_int(p->a, a_id).offset && !wn_btf_int(p->b, b_id).offset;
    case WN_BTF_PTR:
        return agree(p, p->a->types[a_id].type, p->b->types[b_id].type, depth + 1, pointed);
    case WN_BTF_ARRAY:
        return agree(p, wn_btf_array(p->a, a_id).element, wn_btf_array(p->b, b_id).element,
                     depth + 1, pointed);
    case WN_BTF_FUNC_PROTO: return same_call(p, a_id, b_id, depth, agree);
    default: return false;
    }
}

bool wn_core_types_agree(const struct wn_btf *a, uint32_t a_id, const struct wn_btf *b,
                         uint32_t b_id)
{
    struct pair p = {a, b, MAX_STEPS};
    /* The types themselves are compared by kind before modifiers and typedefs are taken away. */
    return wn_core_same_kind(wn_btf_kind(a, a_id), wn_btf_kind(b, b_id)) &&
           agree(&p, a_id, b_id, 0, false);
}

static bool match(struct pair *p, uint32_t a_id, uint32_t b_id, unsigned depth, bool pointed);

/** Whether every enumerator of one is one of the other. */
static bool match_enum(struct pair *p, uint32_t a_id, uint32_t b_id)
{
    for (uint32_t i = 0; i < p->a->types[a_id].count; i++) {
        const char *name = wn_btf_value(p->a, a_id, i).name;
        bool found = false;
        for (uint32_t k = 0; !found && k < p->b->types[b_id].count && p->left; k++, p->left--)
            found = wn_core_same_name(name, wn_btf_value(p->b, b_id, k).name);
        if (!found)
            return false;
    }
    return true;
}

/** Find a member by name, also in anonymous ones, that matches one member. */
static bool match_member(struct pair *p, const struct wn_btf_member *m, uint32_t b_id,
                         unsigned depth)
{
    for (uint32_t k = 0; k < p->b->types[b_id].count && p->left; k++, p->left--) {
        struct wn_btf_member other = wn_btf_member(p->b, b_id, k);
        uint32_t inner = wn_btf_skip(p->b, other.type);
        if (!other.name[0]) {
            if (is_composite(wn_btf_kind(p->b, inner)) && match_member(p, m, inner, depth))
                return true;
        } else if (wn_core_same_name(m->name, other.name) &&
                   match(p, m->type, other.type, depth + 1, false)) {
            return true;
        }
    }
    return false;
}

/** Whether every member of one is one of the other; anonymous ones are their members. */
static bool match_members(struct pair *p, uint32_t a_id, uint32_t b_id, unsigned depth)
{
    for (uint32_t i = 0; i < p->a->types[a_id].count; i++) {
        struct wn_btf_member m = wn_btf_member(p->a, a_id, i);
        uint32_t inner = wn_btf_skip(p->a, m.type);
        if (p->left == 0)
            return false;
        p->left--;
        if (!m.name[0]) {
            if (is_composite(wn_btf_kind(p->a, inner)) && !match_members(p, inner, b_id, depth))
                return false;
        } else if (!match_member(p, &m, b_id, depth)) {
            return false;
        }
    }
    return true;
}

/** Behind a pointer a declaration will do for what it declares. */
static bool match_declared(struct pair *p, uint32_t a_id, uint32_t b_id)
{
    const struct wn_btf_type *x = &p->a->types[a_id], *y = &p->b->types[b_id];
    if (x->kind == WN_BTF_FWD && y->kind == WN_BTF_FWD)
        return x->flag == y->flag;
    const struct wn_btf_type *declared = x->kind == WN_BTF_FWD ? x : y;
    enum wn_btf_kind kind = declared == x ? y->kind : x->kind;
    return kind == (declared->flag ? WN_BTF_UNION : WN_BTF_STRUCT);
}

static bool match(struct pair *p, uint32_t a_id, uint32_t b_id, unsigned depth, bool pointed)
{
    a_id = wn_btf_skip(p->a, a_id);
    b_id = wn_btf_skip(p->b, b_id);
    const struct wn_btf_type *x = &p->a->types[a_id], *y = &p->b->types[b_id];
    if (depth > MAX_DEPTH || p->left == 0 ||
        !wn_core_same_name(wn_btf_name(p->a, a_id), wn_btf_name(p->b, b_id)))
        return false;
    p->left--;
    if (x->kind == WN_BTF_FWD || y->kind == WN_BTF_FWD)
        return (pointed || x->kind == y->kind) && match_declared(p, a_id, b_id);
    if (!wn_core_same_kind(x->kind, y->kind))
        return false;
    switch ((enum wn_btf_kind)x->kind) {
    case WN_BTF_VOID: return true;
    case WN_BTF_INT:
        return x->bytes == y->bytes && !wn_btf_int(p->a, a_id).offset &&
               wn_btf_int(p->a, a_id).is_signed == wn_btf_int(p->b, b_id).is_signed &&
               !wn_btf_int(p->b, b_id).offset;
    case WN_BTF_FLOAT: return x->bytes == y->bytes;
    case WN_BTF_ENUM:
    case WN_BTF_ENUM64: return x->bytes == y->bytes && match_enum(p, a_id, b_id);
    case WN_BTF_PTR: return match(p, x->type, y->type, depth + 1, true);
    case WN_BTF_STRUCT:
    case WN_BTF_UNION: return pointed || match_members(p, a_id, b_id, depth);
    case WN_BTF_ARRAY:
        return wn_btf_array(p->a, a_id).count == wn_btf_array(p->b, b_id).count &&
               match(p, wn_btf_array(p->a, a_id).element, wn_btf_array(p->b, b_id).element,
                     depth + 1, pointed);
    case WN_BTF_FUNC_PROTO: return same_call(p, a_id, b_id, depth, match);
    default: return false;
    }
}

bool wn_core_types_match(const struct wn_btf *local, uint32_t local_id, const struct wn_btf *target,
                         uint32_t target_id)
{
    struct pair p = {local, target, MAX_STEPS};
    return match(&p, local_id, target_id, 0, false);
}
