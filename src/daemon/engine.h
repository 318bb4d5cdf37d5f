/* SPDX-License-Identifier: MIT */
/**
 * The engine: interfaces, the current generation of filters and outputs, and
 * the one transaction that replaces it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <winnow/prog.h>

struct conf;
struct diag_list;
struct engine;
struct event_base;
struct stats;
struct wn_object;

struct engine_opts {
    const char *conf_path; /* what a reload reads again; NULL: there is nothing to reload */
    bool count_lines;      /* print counts each second on stdout (`-i` without `-w`) */
    const char *write;     /* `-w`; NULL: outputs of the configuration only; "-" is stdout */
    bool write_pcap;       /* classic pcap instead of pcapng */
    uint64_t max_packets;  /* `-c`: stop after so many accepted packets; 0: never */
    uint32_t keep_max;     /* `-s`: bytes written of a packet; 0: all */
};

/**
 * Start: build generation 1, open outputs, then interfaces. A missing interface
 * is no error unless its on_missing says so.
 *
 * base   borrowed for as long as the engine lives
 * conf   taken, also on failure
 *
 * Returns 0, or a negative code with the reasons in diags; -ENODEV: an
 * interface with on_missing = fail is missing; -EPERM: no packet socket.
 */
int engine_start(struct event_base *base, struct conf *conf, const struct engine_opts *opts,
                 struct engine **out, struct diag_list *diags);

enum engine_outcome { ENGINE_APPLIED, ENGINE_UNCHANGED, ENGINE_REJECTED };

/**
 * Replace the generation by what the configuration says now, or change nothing.
 * Everything that can fail happens before the one pointer is swapped, between
 * two packets. Also reports to systemd.
 *
 * check_only   build, then throw away
 * diags        errors if rejected, warnings otherwise
 */
enum engine_outcome engine_reload(struct engine *engine, bool check_only, struct diag_list *diags);

/** Begin to stop: drain rings (up to drain_timeout), complete files, then leave the event loop. */
void engine_stop(struct engine *engine);

/** After the loop has ended: complete the outputs, so that all counters are final. Later only
 * engine_stats() and engine_free() may be called. */
void engine_finish(struct engine *engine);

/** After the loop has ended. Returns the program's exit status so far (0, or 1/74 if data was
 * lost). */
int engine_free(struct engine *engine);

struct engine_generation {
    uint64_t number; /* from 1 */
    const char *config_id;
    uint64_t since_ns; /* 1970 */
};

struct engine_interface {
    const char *name, *device;
    const char *state;  /* "up", "down", "missing", "error" */
    const char *reason; /* NULL if up */
    const char *filter; /* NULL: none */
    uint32_t snaplen;
    uint64_t ring;
    int linktype; /* -1 before it was first opened */
};

struct engine_filter {
    const char *name;
    const char *source; /* path or expression */
    enum wn_engine engine;
    const char *no_jit; /* why there is no machine code; NULL */
    enum wn_verify verify;
    uint32_t slots, accesses, guarded, calls, calls_checked, loops, loops_fuelled;
    bool in_place; /* no copy is made of packets */
    size_t code_bytes;
};

struct engine_output {
    const char *name, *type, *state, *reason, *file; /* reason and file may be NULL */
    uint64_t free_bytes;                             /* UINT64_MAX: unknown */
};

void engine_generation(const struct engine *engine, struct engine_generation *out);
uint64_t engine_started_ns(const struct engine *engine);
struct stats *engine_stats(struct engine *engine);

/** Fresh kernel counters into stats; call before showing any. */
void engine_poll(struct engine *engine);

/** Object i of each kind; false beyond the last. Strings live until the next reload. */
bool engine_interface_at(struct engine *engine, size_t i, struct engine_interface *out);
bool engine_filter_at(struct engine *engine, size_t i, struct engine_filter *out);
bool engine_output_at(struct engine *engine, size_t i, struct engine_output *out);

/** The object of a filter, which is NULL if its program is from none; false: there is no such
 * filter.
 */
bool engine_filter_object(struct engine *engine, const char *filter, struct wn_object **out);

/** Is a map for those alone who may change things? */
bool engine_map_private(struct engine *engine, const char *filter, const char *map);
