/* SPDX-License-Identifier: MIT */
/**
 * Programs from what an operator writes down: an ELF object, assembly, or a
 * tcpdump expression, in a file or on the command line. Files are told apart
 * by content: what begins like ELF is an object, a name ending in `.s` is
 * assembly, whole slots with a zero byte among them are slots, what begins like
 * the output of `tcpdump -d`, `-dd` or `-ddd` is classic BPF, anything else is an
 * expression (where # begins a comment, as in `tcpdump -F`).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <winnow/prog.h>
#include <winnow/text.h>

#include "common/diag.h"

struct wn_object;

enum source_kind {
    SOURCE_OBJECT,
    SOURCE_ASSEMBLY,
    SOURCE_SLOTS,
    SOURCE_CLASSIC,
    SOURCE_EXPRESSION
};

#define SOURCE_OBJECT_MAX (64u << 20) /* bytes of an object file */
#define SOURCE_TEXT_MAX   (16u << 20) /* bytes of assembly or of an expression in a file */

struct source_opts {
    int linktype;              /* of the packets, as expr_compile() takes it; expressions need it */
    const char *section;       /* section or function of an object; NULL: the only one */
    const char *const *consts; /* variables of an object, each "NAME=VALUE" */
    size_t n_consts;
    const char *const *entries; /* sizes of an object's maps, each "MAP=N" */
    size_t n_entries;
    bool any_file; /* pipes and devices may be read too, which may take for ever */
    struct wn_prog_opts prog;
    struct wn_text_opts text; /* of assembly */
};

/** What has been read, from which programs are made. */
struct source;

/**
 * Read a file; an object is parsed, nothing else is looked at yet.
 *
 * path   of the file; "-" is standard input if opts->any_file
 * out    set on success alone; let go with source_close()
 * why    set on failure alone: the diagnostic code that fits; may be NULL
 * err    filled on failure
 *
 * Returns 0, -errno if the file cannot be read, WN_E_LIMIT, or what wn_object_parse() says.
 */
int source_open(const char *path, const struct source_opts *opts, struct source **out,
                enum diag_code *why, struct wn_error *err);

/** The same from the text of an expression; "" accepts everything. */
int source_open_expr(const char *expr, struct source **out, enum diag_code *why,
                     struct wn_error *err);

/** Programs made from it live on. NULL is allowed. */
void source_close(struct source *source);

enum source_kind source_kind(const struct source *source);

/** The object that was read, the source's own; NULL if it is none. */
struct wn_object *source_object(struct source *source);

/**
 * Make a program that can be run. Programs of one object share its maps, whose
 * variables are set by the first call.
 *
 * out    set on success alone; free with wn_prog_free()
 * why    set on failure alone; may be NULL
 * err    filled on failure; at is a slot for P110, a line for P131 and P132
 *
 * Returns 0, WN_E_REJECTED (a variable cannot be set so), or what wn_assemble(),
 * expr_compile(), wn_prog_load() or wn_prog_new() say.
 */
int source_program(struct source *source, const struct source_opts *opts, struct wn_prog **out,
                   enum diag_code *why, struct wn_error *err);

/**
 * Describe an instruction of the program that source_program() was last asked for, whether that was
 * made or not.
 *
 * out    filled; diag_insn_fini() lets go of it. Without text if there is no such slot, no memory,
 *        or if the source did not get as far as slots
 */
void source_insn(const struct source *source, uint32_t slot, struct diag_insn *out);

/** As source_insn(), of slots that come from no source. */
void source_slot_insn(const struct wn_slot *slots, size_t count, uint32_t slot,
                      struct diag_insn *out);

/**
 * The slots of a file before anything is checked, for listings.
 *
 * slots   set on success alone; free with free()
 * kind    set on success alone: what the file was; may be NULL
 */
int source_slots(const char *path, const struct source_opts *opts, struct wn_slot **slots,
                 size_t *count, enum source_kind *kind, enum diag_code *why, struct wn_error *err);

/** As source_slots(), from the text of an expression. */
int source_expr_slots(const char *expr, const struct source_opts *opts, struct wn_slot **slots,
                      size_t *count, enum diag_code *why, struct wn_error *err);

/** As source_slots(), from a file that is assembly whatever its name is. */
int source_assembly_slots(const char *path, const struct source_opts *opts, struct wn_slot **slots,
                          size_t *count, enum diag_code *why, struct wn_error *err);
