/* SPDX-License-Identifier: MIT */
/** Slots to operations and back. The only place that knows what a slot's fields mean. */
#pragma once

#include <stddef.h>

#include <winnow/err.h>
#include <winnow/insn.h>

#include "isa/code.h"

/**
 * The row a slot belongs to, by opcode and selector.
 *
 * at    number of the slot, for the message
 *
 * Returns an enum wn_op_id below WN_OPS_ENCODED, or WN_E_MALFORMED: unknown
 * opcode or selector, a register above r10, a reserved field that is not zero.
 * The second slot of a wide instruction is not looked at.
 */
int wn_slot_row(struct wn_slot slot, uint32_t at, struct wn_error *err);

/**
 * Decode a program: field by field, without looking at where jumps lead.
 * Targets are slots, wrapped to 32 bits where they lie outside the program;
 * there are no functions yet.
 *
 * out   set on success alone; the caller frees it with wn_code_free()
 *
 * Returns 0, WN_E_MALFORMED or -ENOMEM.
 */
int wn_decode(const struct wn_slot *slots, size_t count, struct wn_code **out,
              struct wn_error *err);

/** A slot of a row, its opcode and selector filled in; wide instructions need their second slot
 * besides. */
struct wn_slot wn_encode(enum wn_op_id id, unsigned dst, unsigned src, int16_t off, int32_t imm);
