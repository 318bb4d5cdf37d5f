/* SPDX-License-Identifier: MIT */
#include "elf/btf.h"

#include <string.h>

/* What follows a type in words, by kind (Linux: include/uapi/linux/btf.h). */
enum {
    MEMBER_WORDS = 3,
    ENUM_WORDS = 2,
    ENUM64_WORDS = 3,
    PARAM_WORDS = 2,
    SECVAR_WORDS = 3,
};

static const uint32_t *words_of(const struct wn_btf *btf, uint32_t id)
{
    return btf->words + btf->types[id].first;
}

const char *wn_btf_kind_name(enum wn_btf_kind kind)
{
    switch (kind) {
    case WN_BTF_VOID: return "void";
    case WN_BTF_INT: return "integer";
    case WN_BTF_PTR: return "pointer";
    case WN_BTF_ARRAY: return "array";
    case WN_BTF_STRUCT: return "struct";
    case WN_BTF_UNION: return "union";
    case WN_BTF_ENUM: return "enum";
    case WN_BTF_FWD: return "forward declaration";
    case WN_BTF_TYPEDEF: return "typedef";
    case WN_BTF_VOLATILE: return "volatile";
    case WN_BTF_CONST: return "const";
    case WN_BTF_RESTRICT: return "restrict";
    case WN_BTF_FUNC: return "function";
    case WN_BTF_FUNC_PROTO: return "function type";
    case WN_BTF_VAR: return "variable";
    case WN_BTF_DATASEC: return "section";
    case WN_BTF_FLOAT: return "float";
    case WN_BTF_DECL_TAG: return "declaration tag";
    case WN_BTF_TYPE_TAG: return "type tag";
    case WN_BTF_ENUM64: return "enum";
    case WN_BTF_KINDS: break;
    }
    return "unknown kind";
}

uint32_t wn_btf_find(const struct wn_btf *btf, const char *name, enum wn_btf_kind kind)
{
    for (uint32_t id = 1; id < btf->n_types; id++)
        if (btf->types[id].kind == kind && strcmp(wn_btf_name(btf, id), name) == 0)
            return id;
    return 0;
}

uint32_t wn_btf_skip(const struct wn_btf *btf, uint32_t id)
{
    for (;;)
        switch (btf->types[id].kind) {
        case WN_BTF_TYPEDEF:
        case WN_BTF_VOLATILE:
        case WN_BTF_CONST:
        case WN_BTF_RESTRICT:
        case WN_BTF_TYPE_TAG: id = btf->types[id].type; break;
        default: return id;
        }
}

struct wn_btf_int wn_btf_int(const struct wn_btf *btf, uint32_t id)
{
    uint32_t w = words_of(btf, id)[0];
    return (struct wn_btf_int){
        .bits = (uint8_t)w,
        .offset = (uint8_t)(w >> 16),
        .is_signed = w >> 24 & 1,
        .is_bool = w >> 24 & 4,
    };
}

struct wn_btf_array wn_btf_array(const struct wn_btf *btf, uint32_t id)
{
    const uint32_t *w = words_of(btf, id);
    return (struct wn_btf_array){.element = w[0], .index = w[1], .count = w[2]};
}

struct wn_btf_member wn_btf_member(const struct wn_btf *btf, uint32_t id, uint32_t i)
{
    const uint32_t *w = words_of(btf, id) + (size_t)i * MEMBER_WORDS;
    struct wn_btf_member m = {.name = btf->strings + w[0], .type = w[1], .bit = w[2]};
    if (btf->types[id].flag) {
        m.bit = w[2] & 0xffffff;
        m.bits = w[2] >> 24;
        return m;
    }
    /* As compilers wrote it before the flag: the integer itself is narrow. */
    uint32_t plain = wn_btf_skip(btf, m.type);
    if (btf->types[plain].kind != WN_BTF_INT)
        return m;
    struct wn_btf_int n = wn_btf_int(btf, plain);
    if (n.offset || n.bits != btf->types[plain].bytes * 8) {
        m.bit += n.offset;
        m.bits = n.bits;
    }
    return m;
}

struct wn_btf_value wn_btf_value(const struct wn_btf *btf, uint32_t id, uint32_t i)
{
    const struct wn_btf_type *t = &btf->types[id];
    if (t->kind == WN_BTF_ENUM64) {
        const uint32_t *w = words_of(btf, id) + (size_t)i * ENUM64_WORDS;
        return (struct wn_btf_value){btf->strings + w[0], w[1] | (uint64_t)w[2] << 32};
    }
    const uint32_t *w = words_of(btf, id) + (size_t)i * ENUM_WORDS;
    return (struct wn_btf_value){btf->strings + w[0],
                                 t->flag ? (uint64_t)(int32_t)w[1] : (uint64_t)w[1]};
}

struct wn_btf_param wn_btf_param(const struct wn_btf *btf, uint32_t id, uint32_t i)
{
    const uint32_t *w = words_of(btf, id) + (size_t)i * PARAM_WORDS;
    return (struct wn_btf_param){btf->strings + w[0], w[1]};
}

struct wn_btf_secvar wn_btf_secvar(const struct wn_btf *btf, uint32_t id, uint32_t i)
{
    const uint32_t *w = words_of(btf, id) + (size_t)i * SECVAR_WORDS;
    return (struct wn_btf_secvar){w[0], w[1], w[2]};
}

uint32_t wn_btf_linkage(const struct wn_btf *btf, uint32_t id)
{
    const struct wn_btf_type *t = &btf->types[id];
    return t->kind == WN_BTF_FUNC ? t->count : words_of(btf, id)[0];
}

int32_t wn_btf_component(const struct wn_btf *btf, uint32_t id)
{
    return (int32_t)words_of(btf, id)[0];
}
