/* SPDX-License-Identifier: MIT */
/** Machine code under the instructions it came from. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <winnow/insn.h>
#include <winnow/prog.h>

#include "client/client.h"

/**
 * Print each instruction and under it its machine code in hex, each stretch
 * with its offset; at the end what belongs to no instruction. As JSON where that is asked for.
 *
 * prog   compiled from the slots, with wn_prog_opts.lines
 *
 * Returns 0, WN_E_MALFORMED or -ENOMEM.
 */
int listing_show(const struct client_opts *opts, const struct wn_prog *prog,
                 const struct wn_slot *slots, size_t count, struct wn_error *err);

/** Bytes in hex, to be freed with free(); NULL without memory. */
char *listing_hex(const uint8_t *bytes, size_t len);
