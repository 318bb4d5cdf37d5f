/* SPDX-License-Identifier: MIT */
/**
 * What section .BTF.ext says of instructions: functions, source lines, and
 * which of them the loader is to adjust to the types it has (CO-RE).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/btf.h"

/** What one instruction has; the words mean what the table that it is in says. */
struct wn_btf_record {
    uint32_t section; /* index in wn_btf_ext.sections */
    uint32_t slot;    /* in the section */
    uint32_t word[3];
};

struct wn_btf_records {
    struct wn_btf_record *data; /* by section, then slot */
    size_t len, cap;
};

struct wn_btf_ext {
    const struct wn_btf *btf; /* borrowed, with its strings */
    struct {
        const char **data;
        size_t len, cap;
    } sections; /* names */
    struct wn_btf_records funcs;
    struct wn_btf_records lines;
    struct wn_btf_records relos;
};

/** Where an instruction comes from; strings are borrowed from the types. */
struct wn_btf_line {
    const char *file;
    const char *text; /* of the line, without the blanks it begins with; may be empty */
    uint32_t line;
    uint32_t column; /* from 1; 0: not known */
};

/** What a relocation asks of the target (Linux: enum bpf_core_relo_kind). */
enum wn_core_kind {
    WN_CORE_FIELD_BYTE_OFFSET,
    WN_CORE_FIELD_BYTE_SIZE,
    WN_CORE_FIELD_EXISTS,
    WN_CORE_FIELD_SIGNED,
    WN_CORE_FIELD_LSHIFT_U64,
    WN_CORE_FIELD_RSHIFT_U64,
    WN_CORE_TYPE_ID_LOCAL,
    WN_CORE_TYPE_ID_TARGET,
    WN_CORE_TYPE_EXISTS,
    WN_CORE_TYPE_SIZE,
    WN_CORE_ENUMVAL_EXISTS,
    WN_CORE_ENUMVAL_VALUE,
    WN_CORE_TYPE_MATCHES,
    WN_CORE_KINDS,
};

struct wn_core_relo {
    uint32_t slot;      /* in its section */
    uint32_t type;      /* of the object */
    const char *access; /* numbers with ":" between them: how to get to the member */
    enum wn_core_kind kind;
};

/**
 * Read and check a section .BTF.ext.
 *
 * data   borrowed for the call
 * btf    types of the same object; borrowed for as long as the result is used
 * out    set on success alone; the caller releases it with wn_btf_ext_fini()
 *
 * Returns 0, WN_E_FORMAT, WN_E_UNSUPPORTED (a version or kind of relocation not
 * known), WN_E_LIMIT (too many sections) or -ENOMEM.
 */
int wn_btf_ext_parse(const void *data, size_t len, const struct wn_btf *btf, struct wn_btf_ext *out,
                     struct wn_error *err);

/** Release the arrays; all zero is allowed. */
void wn_btf_ext_fini(struct wn_btf_ext *ext);

/** Find the source line of a slot of a section: whether there is one. */
bool wn_btf_line(const struct wn_btf_ext *ext, const char *section, uint32_t slot,
                 struct wn_btf_line *out);

/** Type (FUNC) of the function that a slot of a section is in; 0 if there is none. */
uint32_t wn_btf_func(const struct wn_btf_ext *ext, const char *section, uint32_t slot);

/** Find the relocations of a section: how many, and the index of the first. */
size_t wn_core_find(const struct wn_btf_ext *ext, const char *section, size_t *first);

/** Relocation i, below ext->relos.len. */
struct wn_core_relo wn_core_relo(const struct wn_btf_ext *ext, size_t i);
