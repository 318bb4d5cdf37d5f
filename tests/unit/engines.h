/* SPDX-License-Identifier: MIT */
/** Programs from assembly, run on every engine that this machine has, verified and not. */
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

/** Slots of assembly; the caller frees them. */
static inline struct wn_slot *assemble(const char *text, size_t *n)
{
    struct wn_slot *slots = NULL;
    struct wn_error err = {0};
    if (wn_assemble(text, strlen(text), NULL, &slots, n, &err))
        fail_msg("line %u: %s", err.at, err.text);
    return slots;
}

/** Make a program; NULL where this machine has no compiler. */
static inline struct wn_prog *make(const char *text, const struct wn_prog_opts *opts)
{
    struct wn_prog *prog = NULL;
    struct wn_error err = {0};
    size_t n = 0;
    struct wn_slot *slots = assemble(text, &n);
    int r = wn_prog_new(slots, n, opts, &prog, &err);
    free(slots);
    if (r && r != WN_E_NOJIT)
        fail_msg("slot %u: %s", err.at, err.text);
    return prog;
}

/** Make a program of which the verifier refuses this slot. */
static inline void refuses(struct wn_prog_opts opts, const char *text, uint32_t slot)
{
    struct wn_prog *prog = NULL;
    struct wn_error err = {0};
    size_t n = 0;
    struct wn_slot *slots = assemble(text, &n);
    opts.verify = WN_VERIFY_GUARD;
    int r = wn_prog_new(slots, n, &opts, &prog, &err);
    free(slots);
    assert_int_equal(r, WN_E_REJECTED);
    assert_null(prog);
    assert_true(err.text[0]);
    if (err.at != slot)
        fail_msg("slot %u instead of %u: %s", err.at, slot, err.text);
}

/** Run a program once or twice on each engine, as it is verified and with everything checked; what
 * it gives must be the same. */
static inline void runs(struct wn_prog_opts opts, const char *text, struct wn_result wanted,
                        unsigned times)
{
    static const enum wn_verify ways[] = {WN_VERIFY_GUARD, WN_VERIFY_NONE};
    for (unsigned i = 0; i < 2 * ENGINES; i++) {
        if (opts.verify == WN_VERIFY_NONE && i % 2 == 0)
            continue;
        struct wn_prog_opts these = opts;
        these.engine = engines[i / 2];
        these.verify = ways[i % 2];
        struct wn_prog *prog = make(text, &these);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        assert_non_null(run);
        for (unsigned again = 0; prog && again < times; again++) {
            struct wn_result r = wn_prog_run(prog, run, &pkt);
            assert_int_equal(r.fault, wanted.fault);
            assert_int_equal(r.slot, wanted.slot);
            assert_int_equal(r.value, wanted.value);
        }
        wn_run_free(run);
        wn_prog_free(prog);
    }
}

/** Programs that give a value. */
static inline void gives(struct wn_prog_opts opts, const char *text, uint64_t value)
{
    runs(opts, text, (struct wn_result){.value = value}, 2);
}

/** Programs that end with a fault at a slot, whether the verifier has seen them or not. */
static inline void faults(struct wn_prog_opts opts, const char *text, enum wn_fault fault,
                          uint32_t slot)
{
    runs(opts, text, (struct wn_result){.fault = fault, .slot = slot}, 1);
}

/** Programs that the verifier refuses at the slot where they end with a fault if nobody verifies
 * them. */
static inline void is_wrong(struct wn_prog_opts opts, const char *text, enum wn_fault fault,
                            uint32_t slot)
{
    refuses(opts, text, slot);
    opts.verify = WN_VERIFY_NONE;
    faults(opts, text, fault, slot);
}

__attribute__((unused)) static const struct wn_prog_opts xdp = {.type = WN_PROG_XDP};
__attribute__((unused)) static const struct wn_prog_opts tc = {.type = WN_PROG_TC};
__attribute__((unused)) static const struct wn_prog_opts sock = {.type = WN_PROG_SOCKET};
