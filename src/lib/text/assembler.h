/* SPDX-License-Identifier: MIT */
/** What the assembler keeps while it reads a text: shared by lines of code and directives. */
#pragma once

#include "text/lex.h"
#include "text/match.h"
#include "text/symbol.h"

#include <winnow/insn.h>
#include <winnow/text.h>

struct wn_assembler {
    enum wn_dialect dialect;
    struct wn_grammar grammar;
    struct wn_symbols symbols;
    struct {
        struct wn_slot *data;
        size_t len, cap;
    } slots;
    struct {
        struct wn_fixup *data;
        size_t len, cap;
    } fixups;

    struct wn_token section; /* the current one; no text until one is named */
    bool in_data;            /* it holds no code */
    struct wn_token code; /* the section the program began in, as above; text's if it has slots */

    uint64_t raw;           /* of data directives, until it is a whole slot */
    unsigned raw_bytes;     /* so many of it are there */
    struct wn_token raw_at; /* the last of these directives */
    uint32_t raw_line;

    struct wn_error *err;
};

/** A distance that is known when all labels are. */
struct wn_fixup {
    struct wn_token label;
    uint32_t line;
    uint32_t slot;
    bool in_imm;
};

/** Fail about a token. Returns WN_E_SYNTAX. */
__attribute__((format(printf, 4, 5))) int wn_asm_fail(struct wn_assembler *as, uint32_t line,
                                                      const struct wn_token *token, const char *fmt,
                                                      ...);

/** Fail about what could not be read of a line, if anything: 0 or WN_E_SYNTAX. */
int wn_asm_check_line(struct wn_assembler *as, const struct wn_line *line);

/** Append a slot. Returns 0, WN_E_LIMIT, WN_E_SYNTAX where no code may stand, or -ENOMEM. */
int wn_asm_push(struct wn_assembler *as, uint32_t line, const struct wn_token *token,
                struct wn_slot slot);

/**
 * Name a constant by the expression that stands at `at`.
 *
 * Returns 0, WN_E_SYNTAX or -ENOMEM.
 */
int wn_asm_define_constant(struct wn_assembler *as, uint32_t line, const struct wn_token *name,
                           const struct wn_token *at);

/** Check that the data so far makes whole slots: 0 or WN_E_SYNTAX. */
int wn_asm_check_whole(struct wn_assembler *as);

/** Carry out the directive at `t`. Returns 0, WN_E_SYNTAX, WN_E_LIMIT or -ENOMEM. */
int wn_asm_directive(struct wn_assembler *as, const struct wn_line *line, const struct wn_token *t);
