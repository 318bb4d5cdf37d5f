/* SPDX-License-Identifier: MIT */
/** The same programs here, loaded and run by the library's public interface. */
#pragma once

#include "side.h"

/** Verified, and at the end without that: then nearly everything is checked. */
enum our_engine {
    OUR_REFERENCE,
    OUR_INTERP,
    OUR_JIT,
    OUR_BLINDED,
    OUR_CHECKED_INTERP,
    OUR_CHECKED_JIT,
    OUR_ENGINES
};

extern const char *const our_engine_names[OUR_ENGINES];

struct ours;

/**
 * Load an object, with maps of its own; what happens then is about its program `name`.
 *
 * Returns 0, WN_E_NOJIT (quietly: this machine has no compiler) or what else the
 * library says, with words.
 */
int ours_open(const char *path, const char *name, enum our_engine engine, struct ours **out);

/** What the program was written for. */
enum wn_prog_type ours_type(const struct ours *o);

/** Run on a packet; a fault is an error, with words. */
int ours_run(struct ours *o, const struct packet *packet, struct outcome *out);

/** List what the maps hold. */
void ours_elements(struct ours *o, struct elements *out);

void ours_close(struct ours *o);
