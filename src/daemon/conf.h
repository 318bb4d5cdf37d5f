/* SPDX-License-Identifier: MIT */
/** The configuration as a value: read once, checked as a whole, never changed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <winnow/prog.h>

#include "common/log.h"

struct diag_list;

#define CONF_NAME_MAX 31 /* of a filter, interface or output */
#ifndef CONF_DEFAULT     /* the build knows where it is installed */
#define CONF_DEFAULT "/etc/winnowd/winnowd.conf"
#endif

enum conf_returns { RETURNS_BOOL, RETURNS_SNAPLEN };
enum conf_on_fault { ON_FAULT_ACCEPT, ON_FAULT_REJECT };
enum conf_direction { DIRECTION_BOTH, DIRECTION_IN, DIRECTION_OUT };
enum conf_immediate { IMMEDIATE_AUTO, IMMEDIATE_YES, IMMEDIATE_NO };
enum conf_missing { MISSING_WAIT, MISSING_FAIL };
enum conf_output_type { OUTPUT_FILE, OUTPUT_COUNT };
enum conf_format { FORMAT_PCAPNG, FORMAT_PCAP };
enum conf_state { STATE_KEEP, STATE_RESET };
enum conf_on_full { ON_FULL_DROP, ON_FULL_STOP };

/** Where an object stands, for messages. */
struct conf_origin {
    const char *file; /* belongs to the configuration */
    unsigned line;    /* of the section's header, or of a key */
};

/** A key that is given for a name, as in `map.NAME.file = VALUE`. */
struct conf_setting {
    char *name;
    char *text;      /* the value as it was written */
    uint64_t number; /* the value, if it is one; yes is 1 */
    struct conf_origin origin;
};

/** Those of one kind, in the order of the files. */
struct conf_settings {
    struct conf_setting *items;
    size_t n;
};

struct conf_filter {
    char *name;
    struct conf_origin origin;
    char
        *program; /* path; NULL: expr. Told apart by content: ELF, .s by name, else an expression */
    char *section;               /* section or function of an object; NULL: the only one */
    char *expr;                  /* tcpdump expression; "" accepts everything */
    struct conf_settings consts; /* variables of an object */
    struct conf_settings map_files, map_entries, map_private;
    enum conf_state maps, globals; /* at a reload */
    enum conf_returns returns;
    enum conf_on_fault on_fault;
    enum wn_engine engine;
    enum wn_verify verify;
    uint64_t fuel;
};

struct conf_interface {
    char *name;
    struct conf_origin origin;
    char *device;   /* kernel name */
    char *filter;   /* name of a filter; NULL: none, all packets are accepted */
    char **outputs; /* names */
    size_t n_outputs;
    uint32_t snaplen;
    bool promisc;
    uint64_t ring;       /* bytes */
    uint64_t timeout_ns; /* block retire time, never 0 */
    enum conf_immediate immediate;
    enum conf_direction direction;
    enum conf_missing on_missing;
};

struct conf_output {
    char *name;
    struct conf_origin origin;
    enum conf_output_type type;
    char *dir;
    char *pattern; /* key `name` */
    enum conf_format format;
    uint64_t rotate_size;        /* bytes; 0: never */
    uint64_t rotate_interval_ns; /* 0: never */
    uint64_t flush_interval_ns;
    uint64_t min_free; /* bytes; used if min_free_percent is 0 */
    unsigned min_free_percent;
    enum conf_on_full on_full;
    unsigned mode; /* of files */
};

struct conf {
    char id[13];  /* first 12 hex digits of the SHA-256 of all files read */
    char *path;   /* main file; NULL: made from the command line */
    char **files; /* all files read, the main one first */
    size_t n_files;
    uint32_t batch; /* packets a dispatch, 1 to 4096 */
    uint64_t drain_timeout_ns;
    char *socket; /* path; NULL: no control socket */
    unsigned socket_mode;
    char *socket_group; /* NULL: the process's own */
    enum log_level log_level;
    enum log_target log_target;
    struct conf_filter *filters;
    size_t n_filters;
    struct conf_interface *interfaces;
    size_t n_interfaces;
    struct conf_output *outputs;
    size_t n_outputs;
    struct conf_origin *set; /* where keys of sections without a name stand, a row of conf.def each;
                                line 0: nowhere */
};

/** Looks for further mistakes in a configuration that has some; changes nothing. */
typedef void (*conf_more_fn)(const struct conf *conf, struct diag_list *diags);

/**
 * Read a configuration: the file, then conf.d/ *.conf beside it in byte order.
 * Each file is read once. Everything that can be checked without opening
 * interfaces or loading programs is checked, and every mistake is added to
 * diags.
 *
 * more  called with what could be read if there are mistakes, so that one run
 *       names those of its programs too; NULL: nothing
 * out   set on success alone (warnings may have been added); free with conf_free()
 *
 * Returns 0, -EINVAL if there were errors, or -ENOMEM.
 */
int conf_load(const char *path, conf_more_fn more, struct conf **out, struct diag_list *diags);

/**
 * An empty configuration with every default, for the command line to fill; NULL
 * without memory. Other than a file's it has no control socket: socket and
 * socket_group are NULL.
 */
struct conf *conf_new(void);

/** Append an object with its defaults; NULL without memory. `name` is copied. */
struct conf_filter *conf_add_filter(struct conf *conf, const char *name);
struct conf_interface *conf_add_interface(struct conf *conf, const char *name);
struct conf_output *conf_add_output(struct conf *conf, const char *name);

/** The setting for a name; NULL if there is none. */
const struct conf_setting *conf_setting_find(const struct conf_settings *settings,
                                             const char *name);

/**
 * Set one of the command line's, replacing one of the same name.
 *
 * assignment   NAME=VALUE
 *
 * Returns 0, -EINVAL (it is none), or -ENOMEM.
 */
int conf_setting_assign(struct conf_settings *settings, const char *assignment);

/** Copies come from nowhere; `to` is empty. 0, or -ENOMEM. */
int conf_settings_copy(const struct conf_settings *from, struct conf_settings *to);

void conf_settings_fini(struct conf_settings *settings);

/**
 * Copy a filter, so that it outlives its configuration. Copies of settings come from nowhere, as
 * does the copy itself: origins belong to the configuration.
 *
 * out   set on success alone; let go with conf_filter_fini()
 *
 * Returns 0, or -ENOMEM.
 */
int conf_filter_copy(const struct conf_filter *filter, struct conf_filter *out);
void conf_filter_fini(struct conf_filter *filter);

/** Whether all keys of both have the same values, and the names are the same. */
bool conf_filter_equal(const struct conf_filter *a, const struct conf_filter *b);

/** Find by name; NULL if there is none. */
const struct conf_filter *conf_find_filter(const struct conf *conf, const char *name);
const struct conf_output *conf_find_output(const struct conf *conf, const char *name);

void conf_free(struct conf *conf);

/** Add a C090 for each key that differs and cannot be changed while running. */
void conf_check_restart(const struct conf *running, const struct conf *next,
                        struct diag_list *diags);

enum conf_print_what { CONF_PRINT_EFFECTIVE, CONF_PRINT_DEFAULTS, CONF_PRINT_SCHEMA };

/**
 * Print a configuration in its own syntax (or as JSON), so that reading the
 * output gives the same again; defaults and schema need no conf.
 */
void conf_print(const struct conf *conf, enum conf_print_what what, bool json, FILE *to);
