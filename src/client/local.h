/* SPDX-License-Identifier: MIT */
/** What the commands that need no daemon share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <winnow/prog.h>

#include "client/client.h"
#include "common/own.h"
#include "common/source.h"

#define LOCAL_EXPR_BYTES 65536

/** What a program is made from: a file, or an expression from the command line. */
struct local_origin {
    const char *path;            /* NULL: an expression */
    char expr[LOCAL_EXPR_BYTES]; /* operands, joined by spaces */
};

/** Tell a file from an expression. Returns an exit status, with the reason said. */
int local_find_origin(const char *command, char **operands, struct local_origin *out);

/** What the command line says of loading; linktype is a DLT_ value for where it says nothing. */
struct source_opts local_source_opts(const struct client_opts *opts, int linktype);

/** Read what the origin names; as source_open(). */
int local_open(const struct local_origin *origin, const struct source_opts *opts,
               struct source **out, enum diag_code *why, struct wn_error *err);

/**
 * Say why there is no program, as a compiler would; returns CLIENT_REFUSED.
 *
 * source   that was asked for the program; NULL: none was
 */
int local_fail_program(const struct client_opts *opts, const struct local_origin *origin,
                       const struct source *source, enum diag_code why, const struct wn_error *err);

/** What local_fail_program() says, as a value; insn as diag_add_error() takes it. */
struct json_t *local_diagnostic(const struct diag_place *at, enum diag_code why,
                                const struct diag_insn *insn, const struct wn_error *err);

/** How program i of an object is asked for; NULL: it cannot be told from another. */
const char *local_program_name(const struct wn_object *object, size_t i);

/** Add what was proved of a program and what is checked when it runs; null where info is NULL. */
void local_add_proofs(struct json_t *to, const struct wn_prog_info *info);

/** "jit", "interp", ... */
const char *local_engine_name(enum wn_engine engine);

OWN_BY(prog, struct wn_prog, wn_prog_free)
OWN_BY(run, struct wn_run, wn_run_free)
OWN_BY(source, struct source, source_close)

static inline void own_insn(struct diag_insn *insn)
{
    diag_insn_fini(insn);
}

/** Lets go of an owning JSON value. */
void own_json(struct json_t **value);
