/* SPDX-License-Identifier: MIT */
/** From decoded to lowered code: blocks, guards and fuel become explicit. */
#pragma once

#include <winnow/err.h>

#include "isa/code.h"

/**
 * Lower a checked program.
 *
 * Every access that is not marked proved is preceded by a GUARD_ANY of its
 * address, size and direction; every jump that is a back edge by a FUEL of
 * wn_back_edge_cost(), spent only when the jump is taken. (A conditional one
 * becomes its inverse around FUEL and a JA.) A local call spends the callee's
 * slots before it. LD_ABS and LD_IND get the block to go to when they are
 * beyond the packet, which leaves the function with 0. HOLEs vanish.
 *
 * Guards and fuel carry the slot of the access or jump they belong to, so all
 * engines name the same instruction.
 *
 * decoded   borrowed; wn_flow_check() has passed it, helper targets are set
 * out       set on success alone; the caller frees it with wn_code_free()
 *
 * Returns 0 or -ENOMEM.
 */
int wn_lower(const struct wn_code *decoded, struct wn_code **out, struct wn_error *err);
