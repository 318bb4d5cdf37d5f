/* SPDX-License-Identifier: MIT */
/** What the parts of winnowctl know of each other. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/prog.h>
#include <winnow/text.h>

struct json_t;
struct wn_error;

/** Exit statuses, the same for every command. */
enum client_exit {
    CLIENT_OK = 0,
    CLIENT_REFUSED = 1, /* the answer is no: rejected, degraded, failed */
    CLIENT_USAGE = 2,
    CLIENT_NOT_RUNNING = 3,
    CLIENT_DENIED = 4,
    CLIENT_TIMEOUT = 5,
    CLIENT_PROTOCOL = 6, /* the daemon speaks something else, or an older version */
};

#define CLIENT_REPEATS 64 /* times an option may be given that takes more each time */

/** The values of such an option. */
struct client_list {
    const char *items[CLIENT_REPEATS];
    size_t n;
};

/** What the command line says; zero where it says nothing. */
struct client_opts {
    const char *socket; /* NULL: where daemons usually are */
    bool json;
    bool indent; /* JSON for people */
    bool quiet;
    bool color;
    int timeout_ms; /* 0: the command's own */
    bool rate, nonzero, check, labels, numbers, jit, verdicts, gdb;
    int watch_ms; /* 0: once */
    bool trace, relocs, lines;
    bool strict, log, all, atomic, create;
    const char *output, *section, *read, *jitdump, *write, *expect;
    struct client_list consts, maps, dumps, entries;
    enum wn_dialect dialect;
    enum wn_engine engine;
    enum wn_prog_type type; /* 0: what the object says, else a filter */
    uint64_t fuel;
    uint64_t count; /* packets or changes at most; 0: all */
    int linktype;   /* DLT_ value; -1: not said */
};

/** A command: its operands, terminated by NULL. Returns an exit status. */
typedef int (*client_fn)(const struct client_opts *opts, char **operands);

#define C(name, ...) int command_##name(const struct client_opts *opts, char **operands);
#include "common/ctl.def"
#undef C

/** A row of ctl.def. */
struct client_command {
    const char *name, *method, *operands, *options, *help;
    client_fn run;
};

/** NULL if there is no such command. */
const struct client_command *client_find(const char *name);

/** Command i, NULL beyond the last. */
const struct client_command *client_at(unsigned i);

/** An option of the command line. */
struct client_option {
    const char *name;  /* without its dashes */
    char letter;       /* 0: none */
    const char *value; /* what it takes; NULL: nothing; in brackets: may be missing */
    const char *help;
    bool everywhere; /* else only where a command's row names it */
};

/** Option i, NULL beyond the last. */
const struct client_option *client_option_at(unsigned i);

/** Say what is wrong on stderr (as JSON on stdout if that was asked for); returns `status`. */
int client_fail(const struct client_opts *opts, int status, const char *error, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/** As client_fail(), with what else the answer said; `details` is borrowed and may be NULL. */
int client_fail_json(const struct client_opts *opts, int status, const char *error,
                     struct json_t *details, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/** Print a command line mistake and where help is; returns CLIENT_USAGE. */
int client_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * Complete a command line for a shell: candidates for the last word, one a
 * line; none where the shell's own (files) fit.
 *
 * words   of the command line after the program's name, terminated by NULL
 */
int client_complete(const struct client_opts *opts, char **words);

/** Names of objects as `stat` takes them, from the daemon if it answers at once; NULL if not. */
struct json_t *remote_object_names(const struct client_opts *opts);

/** Names of a filter's maps; of the filters that have some if `filter` is NULL. As above. */
struct json_t *remote_map_names(const struct client_opts *opts, const char *filter);
