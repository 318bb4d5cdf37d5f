/* SPDX-License-Identifier: MIT */
/** An object as the files of this room share it, and as those see it who load from it. */
#pragma once

#include <winnow/object.h>

#include "elf/btf.h"
#include "elf/btf_ext.h"
#include "elf/elf_file.h"
#include "elf/link.h"
#include "elf/map_def.h"

#define WN_OBJECT_MAX_MAPS 4096u

/** A program: a function that nobody else has to call. */
struct wn_elf_prog {
    const char *name;
    const char *section;
    int type; /* enum wn_prog_type or WN_OBJECT_NO_TYPE */
    uint32_t func;
    struct wn_link_prog linked;
    struct wn_error refused; /* code 0: it can be loaded as far as this room knows */
};

/** A map, or a section of variables. */
struct wn_elf_map {
    const char *name;
    enum wn_object_map_kind kind;
    struct wn_map_def def; /* n_values: BTF alone */
    uint32_t section;
    uint32_t offset;      /* of the definition in the section */
    uint32_t bytes;       /* of the definition, or of the variables */
    const uint8_t *first; /* what the variables hold at first, `bytes` long; NULL: zeros */
    uint8_t *own;         /* the same, once somebody has changed it */
    uint32_t inits;       /* index of its first init */
    uint32_t n_inits;     /* those of one map stand one behind the other */
    char *key_type, *value_type;
    struct wn_error refused;
    struct wn_map *live; /* NULL before it is made */
    bool filled;         /* its inits have been applied */
};

/** What an element of a map, or a place among variables, is to hold. */
struct wn_elf_init {
    uint32_t map;    /* number */
    uint32_t at;     /* element, or byte */
    uint32_t target; /* number of the program, or of the map of which it is an address */
    uint32_t offset; /* in that map's value */
};

struct wn_elf_var {
    const char *name;
    uint32_t map;
    uint32_t offset;
    uint32_t bytes;
    bool global;
    uint32_t btf; /* type; 0: not known */
    char *type;   /* the same, in C */
};

struct wn_object {
    uint8_t *file;
    struct wn_elf elf;
    uint8_t *types; /* section .BTF with its relocations applied */
    struct wn_btf btf;
    bool has_btf;
    struct wn_btf_ext ext; /* without .BTF.ext: empty */
    struct wn_link link;
    struct wn_object_limits limits;
    struct {
        struct wn_elf_prog *data;
        size_t len, cap;
    } progs;
    struct {
        struct wn_elf_map *data;
        size_t len, cap;
    } maps; /* by section, then place */
    struct {
        struct wn_elf_init *data;
        size_t len, cap;
    } inits;
    struct {
        struct wn_elf_var *data;
        size_t len, cap;
    } vars; /* by map, then place */
};

/** Whether a map is a section that programs cannot write. */
bool wn_elf_read_only(const struct wn_object *obj, const struct wn_elf_map *map);

/** The kernel's name of a type of maps, also of those that do not exist here; NULL if unknown. */
const char *wn_elf_map_type_name(uint32_t type);

/** Entries that a map is made with when so many are asked for: a ring buffer gets whole pages, a
 * power of two of them, as from libbpf. */
uint32_t wn_elf_entries(uint32_t type, uint32_t wanted);

/** "out of memory", as an error. */
int wn_elf_no_memory(struct wn_error *err);

/* In the order in which an object is read; each returns 0, WN_E_FORMAT, WN_E_UNSUPPORTED,
 * WN_E_LIMIT or -ENOMEM. */

/** Read the types and what is said of instructions. */
int wn_elf_read_types(struct wn_object *obj, struct wn_error *err);

/** Apply relocations against types, and what weak symbols come to, to the functions. */
int wn_elf_adjust(struct wn_object *obj, struct wn_error *err);

/** Find the maps; they are known to the linker then. */
int wn_elf_read_maps(struct wn_object *obj, struct wn_error *err);

/** Find the variables. */
int wn_elf_read_vars(struct wn_object *obj, struct wn_error *err);

/** Find what maps hold at first, once the programs are known. */
int wn_elf_read_inits(struct wn_object *obj, struct wn_error *err);

/** What a section's name says: enum wn_prog_type, or WN_OBJECT_NO_TYPE. */
int wn_elf_section_type(const char *section);

/** Say what is wrong with a section's name, and which one may have been meant. */
int wn_elf_refuse_section(const char *section, struct wn_error *err);

/** A type as in C, "struct flow *"; the caller frees it. NULL without memory. */
char *wn_elf_type_name(const struct wn_btf *btf, uint32_t id);
