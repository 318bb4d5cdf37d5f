/* SPDX-License-Identifier: MIT */
/** Single runs of programs that were verified. */
#pragma once

#include "base/run.h"
#include "prog/prog.h"
#include "verify.h"

#define VERIFY_FUEL      20000
#define VERIFY_MAP_BYTES 4096 /* of all maps together */
#define VERIFY_LEFT      4096 /* of a packet that has grown */

extern struct wn_map *verify_live_maps[VERIFY_MAPS];

/** Everything that a run leaves behind, where the packet is and the stack excepted. */
struct verify_left {
    struct wn_result result;
    uint64_t fuel;
    uint64_t random;
    uint64_t seen; /* made of what was printed */
    uint32_t packet_bytes;
    uint8_t packet[VERIFY_LEFT];
    uint8_t context[WN_CONTEXT_BYTES];
    uint8_t maps[VERIFY_MAP_BYTES];
};

/** Make maps and memory; does nothing when called again. */
void verify_begin(void);

/**
 * Run on the reference interpreter and look at each instruction before it happens.
 *
 * Returns false if something that was proved does not hold: `text` says what, and the run is
 * not gone on with.
 */
bool verify_watch(const struct wn_prog *prog, const struct verify_input *in,
                  struct verify_left *out, struct verify_counts *counts, char *text, size_t size);

/** Run on another engine. `way` is a number that the stack is filled by. False if it crashes. */
bool verify_run(const struct wn_prog *prog, const struct verify_input *in, unsigned way,
                struct verify_left *out, char *text, size_t size);
