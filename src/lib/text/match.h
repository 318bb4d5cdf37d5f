/* SPDX-License-Identifier: MIT */
/** One line of tokens against the shapes: which row it is, and its operands. */
#pragma once

#include "isa/isa.h"
#include "text/lex.h"
#include "text/shape.h"
#include "text/symbol.h"

#include <winnow/text.h>

/** Rows by shape and by mnemonic: an index over isa.def. */
struct wn_grammar {
    uint8_t by_shape[WN_SHAPES]; /* first row and one, 0 for none */
    uint8_t next_of_shape[WN_OPS_ENCODED];
    uint8_t by_name[256]; /* by hash of the mnemonic */
    uint8_t next_of_name[WN_OPS_ENCODED];
};

void wn_grammar_init(struct wn_grammar *grammar);

/** An instruction as it was written. */
struct wn_match {
    enum wn_op_id id;
    unsigned dst, src;
    int16_t off;
    int32_t imm;
    uint32_t high;
    const struct wn_token *label; /* stands for the distance in off or imm; NULL without one */
};

/**
 * Match a line.
 *
 * tokens  END behind the last; borrowed by out->label
 *
 * Returns 0 or WN_E_SYNTAX: err->column and the text say what would have been understood where.
 */
int wn_match_line(const struct wn_grammar *grammar, const struct wn_symbols *symbols,
                  enum wn_dialect dialect, const struct wn_line *line,
                  const struct wn_token *tokens, struct wn_match *out, struct wn_error *err);

/** Whether a number lies in [-low, high]. */
static inline bool wn_number_within(struct wn_number n, uint64_t low, uint64_t high)
{
    return n.magnitude <= (n.negative ? low : high);
}

/** Whether the distance of a row's target is in its immediate, not in its offset. */
static inline bool wn_target_in_imm(const struct wn_row *row)
{
    return row->form == WN_FORM_JUMP_FAR || row->form == WN_FORM_CALL || row->form == WN_FORM_WIDE;
}
