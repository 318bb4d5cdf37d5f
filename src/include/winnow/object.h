/* SPDX-License-Identifier: MIT */
/** ELF objects with eBPF programs, as clang writes them. */
#pragma once

#include <winnow/err.h>
#include <winnow/insn.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wn_object;

/** One program of an object; all pointers live as long as the object. */
struct wn_object_prog {
    const char *name;    /* function; empty if the object names none */
    const char *section; /* as in the object */
    uint32_t slots;      /* with the functions of .text that it calls */
};

/**
 * Read an object from memory: programs and their relocations are resolved,
 * nothing is verified yet.
 *
 * data   borrowed for the call
 * out    set on success alone; the caller frees it with wn_object_free()
 *
 * Returns 0, WN_E_FORMAT (not ELF, truncated, damaged, another machine),
 * WN_E_UNSUPPORTED (maps, a relocation this version does not know), WN_E_LIMIT
 * or -ENOMEM.
 */
WN_API int wn_object_parse(const void *data, size_t len, struct wn_object **out,
                           struct wn_error *err);

/** As wn_object_parse(), from a file of at most 64 MiB; also returns -errno. */
WN_API int wn_object_load(const char *path, struct wn_object **out, struct wn_error *err);

/** Free an object; programs made from it live on. NULL is allowed. */
WN_API void wn_object_free(struct wn_object *obj);

/** Number of programs. */
WN_API size_t wn_object_count(const struct wn_object *obj);

/** Describe program i, which is below wn_object_count(). */
WN_API void wn_object_describe(const struct wn_object *obj, size_t i, struct wn_object_prog *out);

/**
 * Find a program by section or function name; NULL asks for the only one.
 *
 * Returns its number, or a negative code: -ENOENT, or WN_E_REJECTED if name is
 * NULL and there are several (the text lists them).
 */
WN_API int wn_object_find(const struct wn_object *obj, const char *name, struct wn_error *err);

/**
 * The slots of program i as they run here; they live as long as the object.
 * Addresses of read-only data in them are those of the object's own copy.
 */
WN_API const struct wn_slot *wn_object_slots(const struct wn_object *obj, size_t i, size_t *count);

#ifdef __cplusplus
}
#endif
