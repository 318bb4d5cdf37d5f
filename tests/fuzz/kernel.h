/* SPDX-License-Identifier: MIT */
/**
 * Programs written for the kernel, on every engine: contexts, helpers, maps and tail
 * calls. All that a run leaves behind must be the same.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <winnow/map.h>
#include <winnow/prog.h>

#include "gen.h"

#define KERNEL_PROGRAMS 3
#define KERNEL_SLOTS    GEN_SLOTS
#define KERNEL_INPUTS   3
#define KERNEL_IFINDEX  7   /* where packets come from, in the network that programs ask about */
#define KERNEL_PACKET   160 /* longest, but for a few */
#define KERNEL_MAPS     10
#define KERNEL_ARRAYS   8 /* places of the program array */

/** The maps of all programs, by their numbers. */
/* Those with keys and values come first. */
enum {
    MAP_ARRAY,
    MAP_PERCPU,
    MAP_HASH,
    MAP_LRU,
    MAP_PERCPU_HASH,
    MAP_TRIE,
    MAP_QUEUE,
    MAP_BLOOM,
    MAP_DEVICES,
    MAP_PROGS
};
extern const struct wn_map_opts kernel_maps[KERNEL_MAPS];

/** Whether a helper wants more than these programs know of: locks, records, perf events, functions.
 * fuzz/verify, oracle/ring and the parity programs call these. */
static inline bool kernel_elsewhere(uint32_t id)
{
    return id == 25 || id == 93 || id == 94 || (id >= 130 && id <= 134) || id == 164 || id == 181;
}

struct kernel_program {
    struct wn_slot slots[KERNEL_SLOTS];
    size_t n;
};

struct kernel_input {
    uint8_t bytes[KERNEL_PACKET];
    uint32_t length;
    uint32_t longer; /* zeros behind them */
};

struct kernel_trial {
    uint64_t seed;
    bool careful; /* written as programs for the kernel are */
    enum wn_prog_type type;
    uint32_t flags; /* enum wn_prog_flags */
    uint64_t fuel;
    struct kernel_program programs[KERNEL_PROGRAMS];
    struct kernel_input inputs[KERNEL_INPUTS];
};

/** Write the programs and packets of a seed. */
void kernel_make(struct kernel_trial *t, uint64_t seed);

#define KERNEL_HELPERS 256 /* numbers below this one */

/** What became of programs that were to be verified. */
struct kernel_verified {
    uint64_t programs;
    uint64_t accepted;
    uint64_t whole; /* without anything to check when they run, though they access memory */
    uint64_t in_place;
    uint64_t accesses, guarded;
    uint64_t calls, checked;
    uint64_t loops, fuelled;
    uint64_t runs;
    uint64_t faults[WN_FAULTS];
    uint64_t longer; /* runs that fuel would have ended, of loops that have a bound */
};

/** What has happened over many programs. */
struct kernel_counts {
    uint64_t trials;
    uint64_t refused;
    uint64_t runs;
    uint64_t compiled;
    uint64_t faults[WN_FAULTS];
    uint64_t deepest;                      /* runs with as many tail calls as there may be */
    uint64_t behind;                       /* faults behind a tail call */
    uint64_t within;                       /* tail calls of local functions */
    uint64_t good[KERNEL_HELPERS];         /* calls with success, by helper */
    uint64_t bad[KERNEL_HELPERS];          /* with an error */
    uint64_t stopped[KERNEL_HELPERS];      /* whose arguments ended the run */
    uint64_t field[WN_PROG_TYPES][256][2]; /* accesses that went well: loads, stores; by byte */
    uint64_t field_refused[WN_PROG_TYPES][256][2]; /* and that ended the run */
    struct kernel_verified verified[2];            /* random programs, and careful ones */
};

/**
 * Run the programs of a seed on all engines; false if these disagree: what they made
 * of it is on standard error.
 */
bool kernel_one(uint64_t seed, struct kernel_counts *counts);

/** Print what has been proved. */
void kernel_print_verified(const struct kernel_counts *counts);

/**
 * Whether every helper and every field has been reached with success and with
 * failure; what has not is on standard error. Meant for 30,000 trials and more.
 */
bool kernel_covers(const struct kernel_counts *counts);
