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

/** Say why there is no program, as a compiler would; returns CLIENT_REFUSED. */
int local_fail_program(const struct client_opts *opts, const struct local_origin *origin,
                       const struct source_opts *source, enum diag_code why,
                       const struct wn_error *err);

/** "jit", "interp", ... */
const char *local_engine_name(enum wn_engine engine);

OWN_BY(prog, struct wn_prog, wn_prog_free)
OWN_BY(run, struct wn_run, wn_run_free)
OWN_BY(source, struct source, source_close)

/** Lets go of an owning JSON value. */
void own_json(struct json_t **value);
