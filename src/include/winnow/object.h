/* SPDX-License-Identifier: MIT */
/**
 * ELF objects with eBPF programs, as clang writes them: programs, the maps they
 * use, the variables they have.
 *
 * Reading an object makes nothing but the object: everything can be looked at,
 * also in objects whose programs cannot run here. Maps come to life when a
 * program that uses them is loaded (wn_prog_load() of prog.h), once for an
 * object, so that its programs share them; until then sizes and the variables'
 * first values may be changed. Variables live in maps too, one a section, as in
 * the kernel.
 *
 * An object is for one thread at a time; what was made from it (programs, maps)
 * needs it no longer and outlives it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <winnow/err.h>
#include <winnow/insn.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wn_map;
struct wn_object;

/* ---- reading */

/**
 * Read an object from memory: programs and their relocations are resolved,
 * nothing is verified yet.
 *
 * data   borrowed for the call; at most 64 MiB
 * out    set on success alone; the caller frees it with wn_object_free()
 *
 * Returns 0, WN_E_FORMAT (not ELF, truncated, damaged, another machine),
 * WN_E_UNSUPPORTED (types of a kind this version does not know), WN_E_LIMIT or
 * -ENOMEM. What is wrong with one program alone is said when that is loaded.
 */
WN_API int wn_object_parse(const void *data, size_t len, struct wn_object **out,
                           struct wn_error *err);

/** As wn_object_parse(), from a file of at most 64 MiB; also returns -errno. */
WN_API int wn_object_load(const char *path, struct wn_object **out, struct wn_error *err);

/** Free an object; programs and maps made from it live on. NULL is allowed. */
WN_API void wn_object_free(struct wn_object *obj);

/** The text in section "license", "" without. */
WN_API const char *wn_object_license(const struct wn_object *obj);

/* ---- programs */

/** A section's name says no type of programs. */
#define WN_OBJECT_NO_TYPE (-1)

/** One program of an object; all pointers live as long as the object. */
struct wn_object_prog {
    const char *name;    /* function; empty if the object names none */
    const char *section; /* as in the object */
    int type;            /* enum wn_prog_type, by the section's name; or WN_OBJECT_NO_TYPE */
    uint32_t slots;      /* with the functions that it calls; 0 if it cannot be put together */
    uint32_t functions;  /* the main one included */
    const struct wn_error *refused; /* why it cannot run here; NULL: nothing is known against it */
};

/** Number of programs. */
WN_API size_t wn_object_count(const struct wn_object *obj);

/** Describe program i, which is below wn_object_count(). */
WN_API void wn_object_describe(const struct wn_object *obj, size_t i, struct wn_object_prog *out);

/**
 * Find a program by section or function name; NULL asks for the only one.
 *
 * Returns its number, or a negative code: -ENOENT, or WN_E_REJECTED if there are
 * several (the text lists them).
 */
WN_API int wn_object_find(const struct wn_object *obj, const char *name, struct wn_error *err);

/**
 * The slots of program i; they live as long as the object. Wide immediates with
 * WN_PSEUDO_MAP_FD and WN_PSEUDO_MAP_VALUE have the numbers of the object's maps.
 */
WN_API const struct wn_slot *wn_object_slots(const struct wn_object *obj, size_t i, size_t *count);

/**
 * The numbers of the maps that program i refers to, ascending.
 *
 * numbers  room for n; may be NULL if n is 0
 *
 * Returns how many there are; no more than n have been written.
 */
WN_API size_t wn_object_prog_maps(const struct wn_object *obj, size_t i, uint32_t *numbers,
                                  size_t n);

/** As wn_object_prog_maps(), the numbers of the helpers that program i calls; of those above 4,095
 *  only the 64 least. */
WN_API size_t wn_object_prog_helpers(const struct wn_object *obj, size_t i, uint32_t *numbers,
                                     size_t n);

/** Where an instruction comes from; all pointers live as long as the object. */
struct wn_object_line {
    const char *file;     /* "" if the object was compiled without -g */
    const char *text;     /* of the line, without the blanks it begins with; may be "" */
    uint32_t line;        /* 0 if not known */
    uint32_t column;      /* from 1; 0: not known */
    const char *function; /* that the slot is in; may be "" */
    const char *section;  /* of the function */
    uint32_t at;          /* slot in that section */
};

/** Find where a slot of program i comes from; false if it has no such slot. */
WN_API bool wn_object_line(const struct wn_object *obj, size_t i, uint32_t slot,
                           struct wn_object_line *out);

/* ---- maps */

/** How an object defines a map. */
enum wn_object_map_kind {
    WN_OBJECT_MAP_BTF,    /* section .maps */
    WN_OBJECT_MAP_LEGACY, /* section maps: struct bpf_map_def */
    WN_OBJECT_MAP_DATA,   /* a section of variables: an array of one element */
};

/** One map of an object; all pointers live as long as the object. */
struct wn_object_map {
    const char *name; /* of data: the section's, ".bss" */
    enum wn_object_map_kind kind;
    uint32_t type;         /* enum wn_map_type, or another of the kernel's numbers */
    const char *type_name; /* as in the kernel's headers: "percpu_hash"; NULL if unknown */
    uint32_t key_bytes;
    uint32_t value_bytes;
    uint32_t max_entries;
    uint32_t flags;                 /* enum wn_map_flag */
    bool pinned;                    /* by name: see wn_object_pin() */
    const char *key_type;           /* in C: "struct flow"; "" if not known */
    const char *value_type;         /* the same */
    const struct wn_error *refused; /* why it cannot be made here; NULL: nothing is known */
    struct wn_map *live;            /* borrowed; NULL before it is made */
};

/** Number of maps. */
WN_API size_t wn_object_map_count(const struct wn_object *obj);

/** Describe map i, which is below wn_object_map_count(). */
WN_API void wn_object_describe_map(const struct wn_object *obj, size_t i,
                                   struct wn_object_map *out);

/**
 * Find a map by name. A section of variables is found by libbpf's name as well,
 * with the object's name before the first dot: "filter.bss".
 *
 * Returns its number, -ENOENT, or WN_E_REJECTED (two have this name).
 */
WN_API int wn_object_find_map(const struct wn_object *obj, const char *name, struct wn_error *err);

/** What maps may be; all zero is the default. */
struct wn_object_limits {
    uint32_t cpus;      /* slots of per-CPU maps; 0 means 1 */
    uint64_t max_bytes; /* most memory of one map; 0 means what wn_map_new() allows */
};

/** Say what the maps that are made from now on may be. */
WN_API void wn_object_limit(struct wn_object *obj, const struct wn_object_limits *limits);

/**
 * Get a map, which is made if it has not been yet; then its sizes and first values
 * can be changed no longer.
 *
 * out   set on success alone; borrowed from the object: wn_map_ref() keeps it
 *
 * Returns 0, -ENOENT, WN_E_REJECTED (two have this name), or as wn_map_new().
 */
WN_API int wn_object_map(struct wn_object *obj, const char *name, struct wn_map **out,
                         struct wn_error *err);

/** Make all maps. Returns 0, or what wn_map_new() says of one; the text names it. */
WN_API int wn_object_make_maps(struct wn_object *obj, struct wn_error *err);

/**
 * Set the number of entries of a map that has not been made yet. Of a ring buffer they are
 * bytes, and rounded up to whole pages, a power of two of them.
 *
 * Returns 0, -ENOENT, WN_E_REJECTED (two have this name), -EBUSY (the map has been
 * made), or -EINVAL (a section of variables).
 */
WN_API int wn_object_resize_map(struct wn_object *obj, const char *name, uint32_t max_entries,
                                struct wn_error *err);

/**
 * Have programs use a map that exists already, that of another object say, instead
 * of making one.
 *
 * map   must agree in type, sizes, entries and flags; the object takes a reference
 *
 * Returns 0, -ENOENT, WN_E_REJECTED (two have this name), -EBUSY (the map has been
 * made), or -EINVAL (another kind of map; the text says what differs).
 */
WN_API int wn_object_use_map(struct wn_object *obj, const char *name, struct wn_map *map,
                             struct wn_error *err);

/* ---- maps that objects share */

/**
 * Maps that are pinned by name (`__uint(pinning, LIBBPF_PIN_BY_NAME)`), which in a kernel are files
 * below /sys/fs/bpf: here, what objects find that are loaded by one process.
 */
struct wn_pins;

/** An empty set of them; the caller frees it. NULL without memory. */
WN_API struct wn_pins *wn_pins_new(void);

/** Let go of the maps; objects and programs that use them keep them. NULL is allowed. */
WN_API void wn_pins_free(struct wn_pins *pins);

/** The map of a name, borrowed; NULL if none has been pinned. */
WN_API struct wn_map *wn_pins_find(const struct wn_pins *pins, const char *name);

/**
 * Have an object share its pinned maps, before they are made: those that are in the set are
 * used, others are made and put there.
 *
 * Returns 0, -EINVAL (a map of the same name is another one; the text says what differs; maps
 * before it are shared already), -ENOMEM, or what wn_map_new() says of one.
 */
WN_API int wn_object_pin(struct wn_object *obj, struct wn_pins *pins, struct wn_error *err);

/* ---- variables */

/** One variable of an object; all pointers live as long as the object. */
struct wn_object_var {
    const char *name;
    const char *section;
    uint32_t map;     /* number of the section's map */
    uint32_t offset;  /* in the value of that */
    uint32_t bytes;   /* 0 if not known */
    bool read_only;   /* programs cannot change it */
    bool global;      /* other files may refer to it */
    const char *type; /* in C; "" if not known */
};

/** Number of variables. */
WN_API size_t wn_object_var_count(const struct wn_object *obj);

/** Describe variable i, which is below wn_object_var_count(): by section, then place. */
WN_API void wn_object_describe_var(const struct wn_object *obj, size_t i,
                                   struct wn_object_var *out);

/** Find a variable by name. Returns its number, -ENOENT, or WN_E_REJECTED (there are two). */
WN_API int wn_object_find_var(const struct wn_object *obj, const char *name, struct wn_error *err);

/**
 * Give a variable its first value, a constant one too (`const volatile`).
 *
 * value  in the byte order of the object
 * bytes  size of the variable
 *
 * Returns 0, -ENOENT, WN_E_REJECTED (two have this name), -EBUSY (the section's map
 * has been made), -EINVAL (another size) or -ENOMEM.
 */
WN_API int wn_object_set(struct wn_object *obj, const char *name, const void *value, size_t bytes,
                         struct wn_error *err);

/**
 * As wn_object_set(), of an integer, enumeration or bool: the object's types say
 * what fits; without types (-g) any number that fits the size, signed or not.
 *
 * Also returns -ERANGE (it does not fit) and -EINVAL (the variable is no number).
 */
WN_API int wn_object_set_number(struct wn_object *obj, const char *name, int64_t value,
                                struct wn_error *err);

/**
 * Copy out what a variable holds: now, if the section's map has been made, else at
 * first.
 *
 * Returns 0, -ENOENT, WN_E_REJECTED (two have this name) or -EINVAL (another size).
 */
WN_API int wn_object_get(const struct wn_object *obj, const char *name, void *value, size_t bytes,
                         struct wn_error *err);

/* ---- values as text */

/**
 * Print a key or value of map i as JSON, by its type if the object says which; else
 * as a string of hexadecimal bytes. The value of a section is an object with a
 * member for each variable.
 *
 * bytes  at `key` or `value`: as the map has them
 * text   terminated on success
 *
 * Returns the length of the text, WN_E_LIMIT (there is no room) or WN_E_FORMAT (too
 * few bytes).
 */
WN_API int wn_object_print_key(const struct wn_object *obj, size_t i, const void *key, size_t bytes,
                               char *text, size_t size, struct wn_error *err);
WN_API int wn_object_print_value(const struct wn_object *obj, size_t i, const void *value,
                                 size_t bytes, char *text, size_t size, struct wn_error *err);

/** The same of variable i. */
WN_API int wn_object_print_var(const struct wn_object *obj, size_t i, const void *value,
                               size_t bytes, char *text, size_t size, struct wn_error *err);

/**
 * Read a key or value of map i from JSON, as wn_object_print_key() and
 * wn_object_print_value() print it: by its type if the object says which. A number
 * may also be a string, decimal or with 0x; structures and arrays of other than
 * char may be a string of hexadecimal bytes, which untyped values have to be;
 * members that are not named become 0. Of a section the variables that are not
 * named stay as they are at `value`.
 *
 * bytes  at `key` or `value`: at least what the map has; changed on success alone
 *
 * Returns 0, WN_E_SYNTAX (the text says what was expected, and of which member),
 * -ERANGE (a number that does not fit), WN_E_FORMAT (too few bytes) or -ENOMEM.
 */
WN_API int wn_object_parse_key(const struct wn_object *obj, size_t i, const char *text, size_t len,
                               void *key, size_t bytes, struct wn_error *err);
WN_API int wn_object_parse_value(const struct wn_object *obj, size_t i, const char *text,
                                 size_t len, void *value, size_t bytes, struct wn_error *err);

/** The same of variable i. */
WN_API int wn_object_parse_var(const struct wn_object *obj, size_t i, const char *text, size_t len,
                               void *value, size_t bytes, struct wn_error *err);

/* ---- the file */

/** One section; the name lives as long as the object. */
struct wn_object_section {
    const char *name;
    uint32_t type;  /* SHT_ of elf.h */
    uint64_t flags; /* SHF_ */
    uint64_t bytes;
    uint32_t relocs; /* relocations in it, if it is a section of those */
};

/** Number of sections; number 0 is always empty. */
WN_API size_t wn_object_section_count(const struct wn_object *obj);

/** Describe section i, which is below wn_object_section_count(). */
WN_API void wn_object_describe_section(const struct wn_object *obj, size_t i,
                                       struct wn_object_section *out);

/** One relocation; the names live as long as the object. */
struct wn_object_reloc {
    const char *section; /* that it changes */
    const char *symbol;
    const char *kind; /* "R_BPF_64_64", ...; "" if unknown */
    uint64_t offset;  /* in the section */
    int64_t addend;
    uint32_t type;
};

/** Describe relocation k of section i; false if there is none. */
WN_API bool wn_object_reloc(const struct wn_object *obj, size_t i, size_t k,
                            struct wn_object_reloc *out);

#ifdef __cplusplus
}
#endif
