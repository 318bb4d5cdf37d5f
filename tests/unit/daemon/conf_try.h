/* SPDX-License-Identifier: MIT */
/** Configurations for tests: written to a directory of their own, read, compared. */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/diag.h"
#include "daemon/conf.h"

/** Around the line under test, which is line 10 of each: valid, and without warnings. */
#define IN_WINNOWD "\n\n\n\n\n\n[control]\nsocket = none\n[winnowd]\n%s\n"
#define IN_CONTROL "\n\n\n\n\n\n\n\n[control]\n%s\ngroup = none\n"
#define IN_LOG     "\n\n\n\n\n\n[control]\nsocket = none\n[log]\n%s\n"
#define IN_FILTER                                                                                  \
    "\n\n\n[control]\nsocket = none\n[interface lo]\nfilter = web\n[filter web]\nexpr =\n%s\n"
#define IN_SOURCE                                                                                  \
    "\n\n\n\n[control]\nsocket = none\n[interface lo]\nfilter = web\n[filter web]\n%s\n"
#define IN_INTERFACE                                                                               \
    "\n\n[control]\nsocket = none\n[output count]\ntype = count\n[interface eth0]\nfilter = "      \
    "none\noutputs = count\n%s\n"
#define IN_OUTPUT                                                                                  \
    "[control]\nsocket = none\n[interface lo]\nfilter = none\noutputs = disk\n\n[output "          \
    "disk]\ntype = file\ndir = /tmp\n%s\n"

extern bool try_seen[DIAG_CODES];

static inline int try_enter(void **state)
{
    char *dir = strdup("/tmp/conf-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    assert_int_equal(chdir(dir), 0);
    umask(022);
    *state = dir;
    return 0;
}

static inline int try_leave(void **state)
{
    char command[80];
    assert_int_equal(chdir("/"), 0);
    snprintf(command, sizeof(command), "rm -rf %s", (char *)*state);
    assert_int_equal(system(command), 0);
    free(*state);
    return 0;
}

static inline void try_write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static inline void try_write(const char *path, const char *text)
{
    try_write_bytes(path, text, strlen(text));
}

/** Read w.conf; *out is NULL if that failed. Returns what was said, to be freed. */
static inline char *try_load(struct conf **out)
{
    struct diag_list diags = {0};
    char *said = NULL;
    size_t size = 0;
    *out = NULL;
    int ret = conf_load("w.conf", NULL, out, &diags);
    assert_int_equal(ret, diags.errors ? -EINVAL : 0);
    assert_true((*out == NULL) == (diags.errors > 0));
    assert_int_equal(diags.count, diags.errors + diags.warnings);
    FILE *to = open_memstream(&said, &size);
    diag_print(&diags, to);
    fclose(to);
    for (size_t i = 0; i < diags.count; i++)
        try_seen[diags.items[i].code] = true;
    diag_fini(&diags);
    return said;
}

/** w.conf is as it should be. */
static inline struct conf *try_good(void)
{
    struct conf *conf;
    char *said = try_load(&conf);
    assert_string_equal(said, "");
    free(said);
    return conf;
}

/** w.conf gives exactly these lines. */
static inline void try_says(const char *expected)
{
    struct conf *conf;
    char *said = try_load(&conf);
    assert_string_equal(said, expected);
    free(said);
    conf_free(conf);
}

static inline void try_fill(const char *skeleton, const char *line)
{
    char *text;
    assert_true(asprintf(&text, skeleton, line) > 0);
    try_write("w.conf", text);
    free(text);
}

/** The line is accepted, and the configuration `c` is then as the check says. */
#define ACCEPTS(skeleton, line, check)                                                             \
    do {                                                                                           \
        try_fill(skeleton, line);                                                                  \
        struct conf *c = try_good();                                                               \
        assert_true(check);                                                                        \
        conf_free(c);                                                                              \
    } while (0)

/** The line is refused with these words, and nothing else is said. */
#define REFUSES(skeleton, line, words)                                                             \
    do {                                                                                           \
        try_fill(skeleton, line);                                                                  \
        try_says("w.conf:10:1: error[" words "\n");                                                \
    } while (0)
