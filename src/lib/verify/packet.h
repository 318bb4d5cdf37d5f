/* SPDX-License-Identifier: MIT */
/** Accesses to the packet that need no guard, because the program has compared its length. */
#pragma once

#include <winnow/err.h>

#include "isa/code.h"

/**
 * Mark loads proved that lie at a constant distance from the packet's beginning
 * and within the length that every way there has checked.
 *
 * One pass in the order of slots that knows constants, the packet's beginning,
 * its length and its end, and what is known of the length; at the head of a
 * loop it knows nothing any more. Only comparisons count: that a guard let an
 * access pass says nothing of the packet, for other memory may lie behind it.
 *
 * code   decoded and checked by wn_flow_check(); run with r1 the data and r2
 *        the length of a packet that neither moves nor shrinks in a run
 *
 * Returns 0 or -ENOMEM.
 */
int wn_packet_prove(struct wn_code *code, struct wn_error *err);
