/* SPDX-License-Identifier: MIT */
/** One program with what it runs on, the memory it lives in, and what a run leaves behind. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <winnow/helper.h>
#include <winnow/prog.h>

#include "base/run.h"
#include "gen.h"

#define TRIAL_INPUTS 4
#define TRIAL_PACKET 2000 /* longest */

struct trial_input {
    uint8_t bytes[TRIAL_PACKET];
    uint32_t length;
    bool low; /* no memory before it; else none behind it */
};

struct trial {
    struct wn_slot slots[GEN_SLOTS];
    size_t n;
    uint64_t fuel;
    struct trial_input inputs[TRIAL_INPUTS];
    uint64_t seed;
    bool tame;
    bool careful; /* written as filters are */
    bool damaged; /* may be refused, by all alike */
    bool divide_faults;
    bool numbers;    /* calls through a register may be of a helper's number */
    uint8_t check;   /* what may end the run behind a helper, as bits of enum wn_check */
    uint8_t machine; /* 0: a packet filter; else 1 + enum wn_vm_kind */
};

/**
 * Memory of all runs, each piece between pages that cannot be touched, and at an
 * address that is the same in each process if the system agrees: what an engine
 * lets pass by mistake crashes.
 */
struct trial_memory {
    struct wn_run *run;
    uint8_t *writable;
    uint8_t *readable;
    uint8_t *input; /* as trial_place() put it */
};

extern struct trial_memory trial_memory;

/** Calls of helpers in one run: how many, and a number made of all they have seen. */
struct trial_calls {
    uint64_t count;
    uint64_t seen;
};

extern struct trial_calls trial_calls;

/** Everything a filter's run leaves behind. */
struct outcome {
    struct wn_result result;
    uint64_t fault_address;
    uint64_t fuel;
    struct trial_calls calls;
    uint8_t stack[WN_STACK_BYTES];
    uint8_t writable[GEN_REGION_BYTES];
    bool input_changed;
};

/** Make a program and its inputs from choices (may be empty), then from the seed. */
void trial_make(struct trial *t, const uint8_t *data, size_t len, uint64_t seed);

/** Put an input where runs find it. */
void trial_place(const struct trial_input *input);

/** Put everything back that a run may have changed, the input apart. */
void trial_reset(void);

/** Run a filter that trial_filter() made, on the input that was placed. */
void trial_run(const struct trial *t, const struct wn_prog *prog, const struct trial_input *input,
               struct outcome *out);

/**
 * A filter for an engine; NULL if it is refused or cannot be compiled here. One that
 * is verified calls the library's helpers as they are, without anybody who looks.
 */
struct wn_prog *trial_filter(const struct trial *t, enum wn_engine engine, enum wn_verify way,
                             struct wn_error *err);

/** The helpers that programs call. */
struct trial_helper {
    wn_helper_fn fn;
    struct wn_helper_sig sig;
};

#define TRIAL_HELPERS 6
extern const int32_t trial_numbers[TRIAL_HELPERS];
extern const struct trial_helper trial_helpers[TRIAL_HELPERS];
