/* SPDX-License-Identifier: MIT */
/** From decoded to lowered code: blocks, guards and fuel become explicit. */
#pragma once

#include <winnow/err.h>

#include "isa/code.h"

/**
 * Lower a checked program.
 *
 * Blocks stand in the order of slots. A block ends with a jump, branch, packet
 * load or exit, or before the next block's first operation.
 *
 * - An access that is not marked proved is preceded by a GUARD_ANY of its
 *   address, size and direction. The guard of an atomic operation is one of a
 *   store, and its imm has the address bits that must be 0: misaligned atomics
 *   fault like those outside. Proved atomics are aligned. Where the address comes
 *   from r10 within a straight run of code, its b is 1 (wn_guard_is_near_stack()).
 * - A back edge is preceded by a FUEL of wn_back_edge_cost(), spent only when
 *   the jump is taken: a conditional one becomes its inverse around FUEL and JA.
 * - A local call is preceded by a FUEL of the callee's slots. The call itself
 *   faults when it nests too deep (WN_FAULT_STACK), so fuel runs out first.
 * - A call through a register compares its value, in r0, with the numbers of
 *   helpers it may name and with the address of every function whose address
 *   the program takes: after the one that it is come the call and a jump to the
 *   next instruction; if it is none, a CHECK of 0 ends the run with WN_FAULT_CALL.
 * - Behind a helper that has functions called (WN_CHECK_REPEAT) stand these calls, in a loop
 *   between calls of wn_repeat_next(): compares as of a call through a register, and each call
 *   preceded by a FUEL whatever is proved.
 * - LD_ABS and LD_IND have the block to go to when they are beyond the packet
 *   as their target. It leaves the function with 0.
 * - A proved bpf_map_lookup_elem() of a map whose address was loaded in the same straight
 *   run of code becomes a comparison and a sum if the map is an array; else a call
 *   of what wn_map_finder() has for the map, with its address in r1.
 * - What wn_op.check asks for becomes operations: a CHECK of the divisor before a
 *   division; behind a helper's call CHECK_RUN, then a CHECK of r0.
 * - Far jumps become JA, function addresses become IMM64 with WN_FUNC_ADDRESS().
 *   HOLEs vanish.
 *
 * FUEL faults if less than imm is left, else takes imm away; what is left after
 * a fault means nothing. Guards and fuel carry the slot of the access, jump or
 * call they belong to, so all engines name the same instruction.
 *
 * decoded   borrowed; wn_flow_check() has passed it, calls are resolved
 * out       set on success alone; the caller frees it with wn_code_free()
 *
 * Returns 0 or -ENOMEM.
 */
int wn_lower(const struct wn_code *decoded, struct wn_code **out, struct wn_error *err);
