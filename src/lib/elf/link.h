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

#include "elf/btf.h"
#include "elf/elf_file.h"

#define WN_LINK_MAX_SLOTS 1000000u /* of one program */

/** A function, as a symbol or the extent of a section says. */
struct wn_link_func {
    const char *name; /* empty if there is none; borrowed from the file */
    uint32_t section;
    uint32_t first; /* slot in the section */
    uint32_t count; /* slots; 0 until the symbols have said where the next begins */
    bool global;
    bool used; /* another function calls it or takes its address */
    char *why; /* it cannot run, as part of a message; NULL: nothing is known against it */
};

/** What has a place for data or maps in a section; its number is the object's number of the map. */
struct wn_link_map {
    uint32_t section;
    uint32_t offset; /* of the definition; variables: 0 */
    uint32_t bytes;  /* variables: of all in the section */
    bool data;       /* variables, which have addresses; else a map's definition */
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
    const struct wn_btf *btf;  /* borrowed; NULL: the object has no types */
    struct wn_link_map *maps;  /* by section, then place */
    uint32_t n_maps;
    struct {
        struct wn_elf_reloc *data;
        size_t len, cap;
    } relocs;
    struct wn_link_func *funcs; /* by section, then place */
    uint32_t n_funcs;
    uint32_t *placed; /* of each function: 1 + its slot in the program being linked; 0: not in it */
};

/** A function in a program. */
struct wn_link_piece {
    uint32_t at;   /* its first slot in the program */
    uint32_t func; /* number */
};

/** A program that is finished. */
struct wn_link_prog {
    struct wn_slot *data;
    size_t len, cap;
    struct {
        struct wn_link_piece *data; /* by place */
        size_t len, cap;
    } pieces;
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

/** Say which functions others use, once weak symbols are settled. */
void wn_link_mark_used(struct wn_link *link);

/** The function that begins at a byte of a section; n_funcs if none does. */
uint32_t wn_link_find_func(const struct wn_link *link, uint32_t section, uint64_t byte);

/**
 * The map at a byte of a section: at its definition's beginning, or anywhere among
 * variables and just behind them; n_maps if there is none.
 */
uint32_t wn_link_find_map(const struct wn_link *link, uint32_t section, uint64_t byte);

/**
 * Link one program.
 *
 * link   maps have been filled in
 * func   number of its function
 * out    all zero; filled; the caller releases it with wn_link_prog_fini(), also
 *        after a failure
 *
 * Returns 0, WN_E_FORMAT, WN_E_UNSUPPORTED, WN_E_LIMIT or -ENOMEM.
 */
int wn_link_prog(struct wn_link *link, uint32_t func, struct wn_link_prog *out,
                 struct wn_error *err);

/** Release the arrays; all zero is allowed. */
void wn_link_prog_fini(struct wn_link_prog *prog);

/** Whether types say that a name is that of a function of a kernel. */
bool wn_link_is_ksym(const struct wn_link *link, const char *name);

/**
 * Say why a symbol has no address here.
 *
 * where  what refers to it, for the message
 */
int wn_link_refuse(const struct wn_link *link, const struct wn_elf_symbol *symbol,
                   const char *where, struct wn_error *err);
