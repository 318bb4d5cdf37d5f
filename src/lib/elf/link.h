/* SPDX-License-Identifier: MIT */
/**
 * From the sections of an object to programs that stand alone: the functions a
 * program calls are put behind it, and relocations are applied.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <winnow/err.h>
#include <winnow/insn.h>

#include "elf/elf_file.h"

#define WN_LINK_MAX_SLOTS 1000000u /* of one program */

/** A function, as a symbol or the extent of a section says. */
struct wn_link_func {
    const char *name; /* empty if there is none; borrowed from the file */
    uint32_t section;
    uint32_t first; /* slot in the section */
    uint32_t count; /* slots; 0 until the symbols have said where the next begins */
    bool global;
};

/** A section with instructions. */
struct wn_link_code {
    struct wn_slot *slots; /* NULL if the section is none */
    uint32_t *reloc;       /* of each slot: 1 + index in relocs; 0: none */
    uint32_t n;
};

struct wn_link {
    const struct wn_elf *elf;
    struct wn_link_code *code; /* of each section */
    uint64_t *address;         /* of each section: where its constants are; 0: it has none */
    struct {
        struct wn_elf_reloc *data;
        size_t len, cap;
    } relocs;
    struct wn_link_func *funcs; /* by section, then place */
    uint32_t n_funcs;
    uint32_t *placed; /* of each function: 1 + its slot in the program being linked; 0: not in it */
};

/** A program that is finished. */
struct wn_link_prog {
    struct wn_slot *data;
    size_t len, cap;
};

/**
 * Find the sections with instructions and the functions in them.
 *
 * elf    borrowed for as long as the result is used
 * out    filled also on failure; the caller releases it with wn_link_fini()
 *
 * Returns 0, WN_E_FORMAT, WN_E_LIMIT or -ENOMEM.
 */
int wn_link_init(struct wn_link *out, const struct wn_elf *elf, struct wn_error *err);

/** Release everything but the file. */
void wn_link_fini(struct wn_link *link);

/**
 * Link one program.
 *
 * link   address has been filled in
 * func   number of its function
 * out    all zero; filled; the caller frees out->data, also after a failure
 *
 * Returns 0, WN_E_FORMAT, WN_E_UNSUPPORTED, WN_E_LIMIT or -ENOMEM.
 */
int wn_link_prog(struct wn_link *link, uint32_t func, struct wn_link_prog *out,
                 struct wn_error *err);

/** Whether a section holds constants: programs may read them and nobody writes. */
bool wn_link_is_const(const struct wn_elf_section *section);

/**
 * Say why a symbol has no address here, if the symbol is a map, a variable or
 * nothing that this object has.
 *
 * where    what refers to it, for the message
 * offset   into the symbol, which may be a whole section's
 */
int wn_link_refuse(const struct wn_elf *elf, const struct wn_elf_symbol *symbol, uint64_t offset,
                   const char *where, struct wn_error *err);
