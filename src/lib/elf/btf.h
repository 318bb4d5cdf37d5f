/* SPDX-License-Identifier: MIT */
/**
 * BTF, the types of a program as clang -g writes them into section .BTF (Linux:
 * Documentation/bpf/btf.rst). Everything is checked once, when it is parsed;
 * what the functions below take for granted is what was checked: ids and names
 * are in range, no type contains itself, types nest at most WN_BTF_DEPTH deep,
 * members lie within their structures.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/err.h>

#define WN_BTF_DEPTH 32u /* kernel: MAX_RESOLVE_DEPTH */

/** The numbers are BTF's. */
enum wn_btf_kind {
    WN_BTF_VOID,
    WN_BTF_INT,
    WN_BTF_PTR,
    WN_BTF_ARRAY,
    WN_BTF_STRUCT,
    WN_BTF_UNION,
    WN_BTF_ENUM,
    WN_BTF_FWD,
    WN_BTF_TYPEDEF,
    WN_BTF_VOLATILE,
    WN_BTF_CONST,
    WN_BTF_RESTRICT,
    WN_BTF_FUNC,
    WN_BTF_FUNC_PROTO,
    WN_BTF_VAR,
    WN_BTF_DATASEC,
    WN_BTF_FLOAT,
    WN_BTF_DECL_TAG,
    WN_BTF_TYPE_TAG,
    WN_BTF_ENUM64,
    WN_BTF_KINDS,
};

struct wn_btf_type {
    uint32_t name;  /* place in the strings; its first byte is 0 if there is none */
    uint32_t count; /* of members, enumerators, parameters, variables; FUNC: the linkage */
    uint32_t
        type; /* what it refers to: pointers, modifiers, functions, variables, results; else 0 */
    uint32_t bytes; /* what a value takes, through typedefs, modifiers and arrays; 0 if unsized */
    uint32_t first; /* in words: what follows the type */
    uint8_t kind;   /* enum wn_btf_kind */
    uint8_t depth;  /* of the types in it, 0 where it contains none */
    bool flag;      /* ENUM: signed; FWD: a union; STRUCT, UNION: has bit-fields */
    bool sized;     /* there are values of it */
};

struct wn_btf {
    const char *strings; /* borrowed; the last byte is 0 */
    uint32_t strings_len;
    bool big;                  /* order of the object, so of the values its programs make */
    struct wn_btf_type *types; /* types[0] is void */
    uint32_t n_types;          /* with void */
    uint32_t *words;           /* the types as they stand in the section, in host order */
};

struct wn_btf_int {
    uint8_t bits;
    uint8_t offset; /* in bits, from the value's beginning; compilers of today make it 0 */
    bool is_signed;
    bool is_bool;
};

struct wn_btf_array {
    uint32_t element;
    uint32_t index;
    uint32_t count;
};

/** A member of a structure or a union. */
struct wn_btf_member {
    const char *name; /* empty if anonymous */
    uint32_t type;
    uint32_t bit;  /* where it begins, in bits */
    uint32_t bits; /* width of a bit-field; 0 if it is none */
};

struct wn_btf_value {
    const char *name;
    uint64_t value; /* sign-extended if the enumeration is signed */
};

struct wn_btf_param {
    const char *name;
    uint32_t type; /* 0 at the end of the list: `...` */
};

/** A variable or function of a section. */
struct wn_btf_secvar {
    uint32_t type; /* VAR or FUNC */
    uint32_t offset;
    uint32_t bytes;
};

/**
 * Read and check the types of an object.
 *
 * data   section .BTF; borrowed for as long as the result is used
 * big    byte order of the object
 * out    set on success alone; the caller releases it with wn_btf_fini()
 *
 * Returns 0, WN_E_FORMAT (the text names the type's number), WN_E_UNSUPPORTED (a
 * version or kind not known), WN_E_LIMIT (nested too deep) or -ENOMEM.
 */
int wn_btf_parse(const void *data, size_t len, bool big, struct wn_btf *out, struct wn_error *err);

/** Release the arrays; all zero is allowed. */
void wn_btf_fini(struct wn_btf *btf);

/** The string at a place; NULL if the place is outside. */
static inline const char *wn_btf_string(const struct wn_btf *btf, uint32_t at)
{
    return at < btf->strings_len ? btf->strings + at : NULL;
}

/** Name of a type, empty if it has none. */
static inline const char *wn_btf_name(const struct wn_btf *btf, uint32_t id)
{
    return btf->strings + btf->types[id].name;
}

static inline enum wn_btf_kind wn_btf_kind(const struct wn_btf *btf, uint32_t id)
{
    return (enum wn_btf_kind)btf->types[id].kind;
}

/** "struct", "enum", ...: what C calls a kind, for messages. */
const char *wn_btf_kind_name(enum wn_btf_kind kind);

/** Find the first type of a kind with a name; 0 if there is none. */
uint32_t wn_btf_find(const struct wn_btf *btf, const char *name, enum wn_btf_kind kind);

/** What a type is without const, volatile, restrict, tags and typedefs. */
uint32_t wn_btf_skip(const struct wn_btf *btf, uint32_t id);

/** The parts of a type of the kind that the name says; i is below the type's count. */
struct wn_btf_int wn_btf_int(const struct wn_btf *btf, uint32_t id);
struct wn_btf_array wn_btf_array(const struct wn_btf *btf, uint32_t id);
struct wn_btf_member wn_btf_member(const struct wn_btf *btf, uint32_t id, uint32_t i);
struct wn_btf_value wn_btf_value(const struct wn_btf *btf, uint32_t id, uint32_t i);
struct wn_btf_param wn_btf_param(const struct wn_btf *btf, uint32_t id, uint32_t i);
struct wn_btf_secvar wn_btf_secvar(const struct wn_btf *btf, uint32_t id, uint32_t i);

/** FUNC, VAR: 0 static, 1 global, 2 extern. */
uint32_t wn_btf_linkage(const struct wn_btf *btf, uint32_t id);

/** DECL_TAG: the member or parameter that it is on; -1: on all of it. */
int32_t wn_btf_component(const struct wn_btf *btf, uint32_t id);
