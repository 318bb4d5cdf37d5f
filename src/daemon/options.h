/* SPDX-License-Identifier: MIT */
/** The command line of winnowd as a value. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/conf.h"

enum options_mode {
    MODE_DAEMON,
    MODE_OFFLINE,
    MODE_LIVE,
    MODE_CHECK,
    MODE_PRINT_CONFIG,
    MODE_LIST_INTERFACES,
    MODE_VERSION,
    MODE_HELP,
};

struct options {
    enum options_mode mode;
    const char **read; /* files, in order; the strings are argv's */
    size_t n_read;
    const char *interface;
    char *program, *section;                  /* -F */
    struct conf_settings consts, maps, dumps; /* --const, --map, --dump-map */
    char *expr;                               /* operands joined by spaces; NULL: none were given */
    const char *write;                        /* "-" is standard output; NULL: nothing is written */
    bool write_pcap;
    uint64_t count;       /* 0: no limit */
    uint64_t duration_ns; /* 0: no limit */
    uint32_t snaplen;     /* 0: as large as packets come */
    const char *socket;
    enum wn_engine engine;
    enum wn_verify verify;
    enum conf_returns returns;
    enum conf_on_fault on_fault;
    uint64_t fuel;       /* 0: the default */
    const char *given;   /* an option that only makes sense for a program; NULL: none was given */
    const char *jitdump; /* directory; NULL: none */
    bool gdb;
    bool stats_json, exit_match, quiet, verbose, strict, json;
    const char *config; /* NULL: CONF_DEFAULT */
    enum conf_print_what print;
};

/**
 * Read the command line. Says on stderr what is wrong with it.
 *
 * opts   filled also on failure; let go with options_fini()
 *
 * Returns 0, or an exit status (64, 71).
 */
int options_parse(int argc, char **argv, struct options *opts);

void options_fini(struct options *opts);

/** What --help prints. */
void options_help(FILE *to);

/** What bare `winnowd` prints where there is no configuration. */
void options_three_ways(FILE *to);

/** The configuration that -r or -i stand for: one filter; with -i one interface. NULL without
 * memory. */
struct conf *options_conf(const struct options *opts);
