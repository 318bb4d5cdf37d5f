/* SPDX-License-Identifier: MIT */
/** Programs in all their forms, for tests that look at one engine alone. */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/run.h"
#include "isa/code.h"
#include "isa/decode.h"
#include "jit/backend.h"
#include "jit/jit.h"
#include "opt/lower.h"
#include "verify/flow.h"

#define ALL_FEATURES UINT32_MAX

struct forms {
    struct wn_code *decoded, *lowered;
    struct wn_call *calls;
};

/** What registers may name: helper 1. */
static const struct wn_callable only_number = {.id = 1};

/** Check and lower slots; every helper they call is the one given. */
static inline struct forms forms_of(const struct wn_slot *p, size_t n, wn_helper_fn helper)
{
    struct forms f = {0};
    struct wn_error err = {0};
    if (wn_decode(p, n, &f.decoded, &err) || wn_flow_check(f.decoded, &err))
        fail_msg("slot %u: %s", err.at, err.text);
    if (helper) {
        f.calls = calloc(1, sizeof *f.calls);
        assert_non_null(f.calls);
        f.calls->fn = helper;
        f.decoded->calls = f.calls;
        f.decoded->n_calls = 1;
        f.decoded->numbers = &only_number;
        f.decoded->n_numbers = 1;
    }
    assert_int_equal(wn_lower(f.decoded, &f.lowered, &err), 0);
    return f;
}

static inline void forms_free(struct forms *f)
{
    wn_code_free(f->decoded);
    wn_code_free(f->lowered);
    free(f->calls);
}

static inline struct wn_jit compiled(const struct wn_code *lowered, uint32_t features)
{
    struct wn_jit jit = {0};
    struct wn_error err = {0};
    if (wn_jit_compile_for(lowered, features, &jit, &err))
        fail_msg("slot %u: %s", err.at, err.text);
    return jit;
}

/** A run structure that sees all of its stack and `bytes` bytes of a packet. */
static inline struct wn_run *run_over(const void *packet, size_t bytes)
{
    struct wn_run *run = wn_run_new();
    assert_non_null(run);
    run->fuel = 1000000;
    wn_window_set(&run->load, (uint64_t)(uintptr_t)packet, bytes);
    wn_window_set(&run->store, (uint64_t)(uintptr_t)run->stack, WN_STACK_BYTES);
    return run;
}
