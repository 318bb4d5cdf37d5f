/* SPDX-License-Identifier: MIT */
#include "elf/core_spec.h"

#include <stdio.h>
#include <string.h>

/** The numbers of a way, as "0:1:2": how many, or 0 if that is not what it is. */
static uint32_t parse_numbers(const char *s, uint32_t *out)
{
    for (uint32_t n = 0; n < WN_CORE_STEPS;) {
        uint64_t v = 0;
        if (*s < '0' || *s > '9')
            return 0;
        for (; *s >= '0' && *s <= '9'; s++) {
            v = v * 10 + (uint64_t)(*s - '0');
            if (v > UINT32_MAX)
                return 0;
        }
        out[n++] = (uint32_t)v;
        if (*s == '\0')
            return n;
        if (*s++ != ':')
            return 0;
    }
    return 0;
}

static void add_step(struct wn_core_spec *spec, const char *name, uint32_t type, uint32_t index)
{
    spec->step[spec->n++] = (struct wn_core_step){name, type, index};
}

/** Go to element `index` of a type: false if that is further than bits can be counted. */
static bool add_element(struct wn_core_spec *spec, uint32_t type, uint32_t index)
{
    uint64_t bytes = (uint64_t)spec->btf->types[type].bytes * index;
    add_step(spec, NULL, type, index);
    spec->bit += bytes * 8;
    return bytes <= UINT32_MAX;
}

static bool has_element(const struct wn_btf_array *a, uint32_t index)
{
    return a->count == 0 || index < a->count; /* 0: an array that ends a structure */
}

/** One step on from a type, which becomes the one that was come to. */
static bool parse_step(struct wn_core_spec *spec, uint32_t *type, uint32_t index)
{
    const struct wn_btf *btf = spec->btf;
    uint32_t id = wn_btf_skip(btf, *type);
    enum wn_btf_kind kind = wn_btf_kind(btf, id);
    if (kind == WN_BTF_STRUCT || kind == WN_BTF_UNION) {
        if (index >= btf->types[id].count)
            return false;
        struct wn_btf_member m = wn_btf_member(btf, id, index);
        if (m.name[0])
            add_step(spec, m.name, id, index);
        spec->bit += m.bit;
        *type = m.type;
        return true;
    }
    if (kind != WN_BTF_ARRAY)
        return false;
    struct wn_btf_array a = wn_btf_array(btf, id);
    *type = a.element;
    return has_element(&a, index) && add_element(spec, a.element, index);
}

bool wn_core_spec_parse(const struct wn_btf *btf, const struct wn_core_relo *relo,
                        struct wn_core_spec *out)
{
    uint32_t number[WN_CORE_STEPS], type = wn_btf_skip(btf, relo->type);
    uint32_t n = parse_numbers(relo->access, number);
    enum wn_btf_kind kind = wn_btf_kind(btf, type);
    *out = (struct wn_core_spec){.btf = btf, .root = relo->type};
    switch (relo->kind) {
    case WN_CORE_TYPE_ID_LOCAL:
    case WN_CORE_TYPE_ID_TARGET:
    case WN_CORE_TYPE_EXISTS:
    case WN_CORE_TYPE_SIZE:
    case WN_CORE_TYPE_MATCHES: return n == 1 && number[0] == 0;
    case WN_CORE_ENUMVAL_EXISTS:
    case WN_CORE_ENUMVAL_VALUE:
        if (n != 1 || (kind != WN_BTF_ENUM && kind != WN_BTF_ENUM64) ||
            number[0] >= btf->types[type].count)
            return false;
        add_step(out, wn_btf_value(btf, type, number[0]).name, type, number[0]);
        return true;
    case WN_CORE_FIELD_BYTE_OFFSET:
    case WN_CORE_FIELD_BYTE_SIZE:
    case WN_CORE_FIELD_EXISTS:
    case WN_CORE_FIELD_SIGNED:
    case WN_CORE_FIELD_LSHIFT_U64:
    case WN_CORE_FIELD_RSHIFT_U64:
    case WN_CORE_KINDS: break;
    }
    /* The first number is an index, as if the type were an array of itself. */
    if (n == 0 || !btf->types[type].sized || !add_element(out, type, number[0]))
        return false;
    for (uint32_t i = 1; i < n; i++)
        if (!parse_step(out, &type, number[i]))
            return false;
    return true;
}

/** A search for one member in another type; what it costs is bounded, whatever the type. */
struct search {
    const struct wn_btf *btf;
    const char *name;
    const struct wn_btf *local; /* its type there */
    uint32_t local_type;
    uint32_t left;
};

/** Find a member by name, also in anonymous ones; spec->bit moves to it, *type becomes its type. */
static bool find_member(struct search *s, uint32_t in, struct wn_core_spec *spec, uint32_t *type)
{
    enum wn_btf_kind kind = wn_btf_kind(s->btf, in);
    if (kind != WN_BTF_STRUCT && kind != WN_BTF_UNION)
        return false;
    for (uint32_t i = 0; i < s->btf->types[in].count && s->left; i++, s->left--) {
        struct wn_btf_member m = wn_btf_member(s->btf, in, i);
        spec->bit += m.bit;
        if (!m.name[0]) {
            if (find_member(s, wn_btf_skip(s->btf, m.type), spec, type))
                return true;
        } else if (strcmp(m.name, s->name) == 0 &&
                   wn_core_fields_agree(s->local, s->local_type, s->btf, m.type)) {
            add_step(spec, m.name, in, i);
            *type = m.type;
            return true;
        }
        spec->bit -= m.bit;
    }
    return false;
}

static bool match_step(const struct wn_core_spec *local, const struct wn_core_step *step,
                       struct wn_core_spec *spec, uint32_t *type)
{
    enum { MAX_STEPS = 100000 };
    uint32_t id = wn_btf_skip(spec->btf, *type);
    if (step->name) {
        struct search s = {
            .btf = spec->btf,
            .name = step->name,
            .local = local->btf,
            .local_type = wn_btf_member(local->btf, step->type, step->index).type,
            .left = MAX_STEPS,
        };
        return find_member(&s, id, spec, type);
    }
    if (wn_btf_kind(spec->btf, id) != WN_BTF_ARRAY)
        return false;
    struct wn_btf_array a = wn_btf_array(spec->btf, id);
    *type = a.element;
    return has_element(&a, step->index) && add_element(spec, a.element, step->index);
}

static bool match_enumerator(const struct wn_core_step *step, uint32_t type,
                             struct wn_core_spec *spec)
{
    enum wn_btf_kind kind = wn_btf_kind(spec->btf, type);
    for (uint32_t i = 0;
         (kind == WN_BTF_ENUM || kind == WN_BTF_ENUM64) && i < spec->btf->types[type].count; i++) {
        const char *name = wn_btf_value(spec->btf, type, i).name;
        if (!wn_core_same_name(step->name, name))
            continue;
        add_step(spec, name, type, i);
        return true;
    }
    return false;
}

bool wn_core_spec_match(const struct wn_core_spec *local, const struct wn_btf *btf, uint32_t root,
                        enum wn_core_kind kind, struct wn_core_spec *out)
{
    uint32_t type = wn_btf_skip(btf, root);
    *out = (struct wn_core_spec){.btf = btf, .root = root};
    if (kind == WN_CORE_TYPE_MATCHES)
        return wn_core_types_match(local->btf, local->root, btf, root);
    if (local->n == 0)
        return wn_core_types_agree(local->btf, local->root, btf, root);
    if (kind == WN_CORE_ENUMVAL_EXISTS || kind == WN_CORE_ENUMVAL_VALUE)
        return match_enumerator(&local->step[0], type, out);
    if (!btf->types[type].sized || !add_element(out, type, local->step[0].index))
        return false;
    for (uint32_t i = 1; i < local->n; i++)
        if (!match_step(local, &local->step[i], out, &type))
            return false;
    return true;
}

struct wn_core_part wn_core_spec_part(const struct wn_core_spec *spec)
{
    const struct wn_core_step *last = &spec->step[spec->n - 1];
    if (!last->name)
        return (struct wn_core_part){.type = wn_btf_skip(spec->btf, last->type)};
    struct wn_btf_member m = wn_btf_member(spec->btf, last->type, last->index);
    return (struct wn_core_part){wn_btf_skip(spec->btf, m.type), m.bits};
}

void wn_core_spec_print(const struct wn_core_spec *spec, char *text, size_t size)
{
    size_t len = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < spec->n && len < size; i++) {
        const struct wn_core_step *s = &spec->step[i];
        int n = 0;
        if (s->name)
            n = snprintf(text + len, size - len, "%s%s", len ? "." : "", s->name);
        else if (i > 0 || s->index)
            n = snprintf(text + len, size - len, "[%u]", s->index);
        len += n > 0 ? (size_t)n : 0;
    }
}
