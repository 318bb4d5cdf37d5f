/* SPDX-License-Identifier: MIT */
/** Programs from assembly, run on every engine that this machine has. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <winnow/map.h>
#include <winnow/prog.h>
#include <winnow/text.h>

static const enum wn_engine engines[] = {WN_ENGINE_REFERENCE, WN_ENGINE_INTERP, WN_ENGINE_JIT};
enum { ENGINES = sizeof engines / sizeof *engines };

/** What they run on. */
static uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 0, 0x45};

static inline struct wn_packet packet(void)
{
    return (struct wn_packet){.data = frame,
                              .caplen = sizeof frame,
                              .wirelen = 1500,
                              .time_ns = 77,
                              .ifindex = 5,
                              .queue = 3};
}

/** Make a program; NULL where this machine has no compiler. */
static inline struct wn_prog *make(const char *text, const struct wn_prog_opts *opts)
{
    struct wn_slot *slots = NULL;
    struct wn_prog *prog = NULL;
    struct wn_error err = {0};
    size_t n = 0;
    if (wn_assemble(text, strlen(text), NULL, &slots, &n, &err))
        fail_msg("line %u: %s", err.at, err.text);
    int r = wn_prog_new(slots, n, opts, &prog, &err);
    free(slots);
    if (r && r != WN_E_NOJIT)
        fail_msg("%s", err.text);
    return prog;
}

/** Run a program once on each engine; what it gives must be the same, and its value this. */
static inline void gives(struct wn_prog_opts opts, const char *text, uint64_t value)
{
    for (unsigned i = 0; i < ENGINES; i++) {
        opts.engine = engines[i];
        struct wn_prog *prog = make(text, &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        assert_non_null(run);
        for (int again = 0; prog && again < 2; again++) {
            struct wn_result r = wn_prog_run(prog, run, &pkt);
            assert_int_equal(r.fault, WN_FAULT_NONE);
            assert_int_equal(r.value, value);
        }
        wn_run_free(run);
        wn_prog_free(prog);
    }
}

/** As gives(), for programs that end with a fault at a slot. */
static inline void faults(struct wn_prog_opts opts, const char *text, enum wn_fault fault,
                          uint32_t slot)
{
    for (unsigned i = 0; i < ENGINES; i++) {
        opts.engine = engines[i];
        struct wn_prog *prog = make(text, &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        if (prog) {
            struct wn_result r = wn_prog_run(prog, run, &pkt);
            assert_int_equal(r.fault, fault);
            assert_int_equal(r.slot, slot);
        }
        wn_run_free(run);
        wn_prog_free(prog);
    }
}

__attribute__((unused)) static const struct wn_prog_opts xdp = {.type = WN_PROG_XDP};
__attribute__((unused)) static const struct wn_prog_opts tc = {.type = WN_PROG_TC};
__attribute__((unused)) static const struct wn_prog_opts sock = {.type = WN_PROG_SOCKET};
