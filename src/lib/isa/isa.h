/* SPDX-License-Identifier: MIT */
/** What isa.def says of each instruction. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** Which fields an instruction uses, so which must be zero. */
enum wn_form {
    WN_FORM_NONE,       /* nothing */
    WN_FORM_DST_IMM,    /* dst, imm */
    WN_FORM_DST_SRC,    /* dst, src */
    WN_FORM_SET_IMM,    /* dst, imm; dst is not read */
    WN_FORM_SET_REG,    /* dst, src; dst is not read */
    WN_FORM_DST,        /* dst */
    WN_FORM_WIDE,       /* dst, imm of both slots */
    WN_FORM_LOAD,       /* dst, [src + off] */
    WN_FORM_STORE_IMM,  /* [dst + off], imm */
    WN_FORM_STORE_REG,  /* [dst + off], src */
    WN_FORM_ATOMIC,     /* [dst + off], src */
    WN_FORM_JUMP,       /* off */
    WN_FORM_JUMP_FAR,   /* imm as distance */
    WN_FORM_BRANCH_IMM, /* dst, imm, off */
    WN_FORM_BRANCH_REG, /* dst, src, off */
    WN_FORM_CALL,       /* imm */
    WN_FORM_CALL_REG,   /* a register: in dst, or in imm as clang wrote it before 19 */
    WN_FORM_ABS,        /* imm */
    WN_FORM_IND,        /* src, imm */
    WN_FORM_GUARD,      /* lowered: [a + off], size */
    WN_FORM_FUEL,       /* lowered: imm */
    WN_FORM_CHECK,      /* lowered: a, size, imm */
};

enum wn_kind {
    WN_KIND_ALU,  /* registers in, register out, nothing else */
    WN_KIND_WIDE, /* constant of 64 bits, or an address */
    WN_KIND_LOAD,
    WN_KIND_STORE,
    WN_KIND_ATOMIC,
    WN_KIND_JUMP,   /* goes to its target */
    WN_KIND_BRANCH, /* goes to its target or on */
    WN_KIND_CALL,
    WN_KIND_EXIT,
    WN_KIND_PACKET, /* LD_ABS, LD_IND: loads into r0 or ends the function with 0 */
    WN_KIND_HOLE,   /* second slot of a wide instruction */
    WN_KIND_GUARD,  /* faults unless an access is allowed */
    WN_KIND_FUEL,   /* spends, faults when nothing is left */
    WN_KIND_CHECK,  /* ends the run, or lets it go on */
};

enum wn_selector {
    WN_SELECT_NONE,
    WN_SELECT_OFF,
    WN_SELECT_IMM,
    WN_SELECT_IMM_NOT,
    WN_SELECT_SRC,
};

#define I(id, ...) WN_OP_##id,
#define X(id, ...) WN_OP_##id,
/** Every instruction and every operation of the lowered form. */
enum wn_op_id {
#include "isa/isa.def"
    WN_OPS
};
#undef I
#undef X

#define I(id, ...) +1
#define X(id, ...)
/** Rows that exist as slots come first. */
enum {
    WN_OPS_ENCODED = 0
#include "isa/isa.def"
};
#undef I
#undef X

struct wn_row {
    const char *name; /* mnemonic */
    const char *sym;  /* operator; NULL for lowered operations */
    int32_t value;    /* what the selector holds */
    uint8_t opcode;
    uint8_t selector; /* enum wn_selector */
    uint8_t form;     /* enum wn_form */
    uint8_t kind;     /* enum wn_kind */
};

extern const struct wn_row wn_rows[WN_OPS];

/** Width of a memory access in bytes, from an opcode of the load, store, atomic and packet classes.
 */
static inline unsigned wn_opcode_size(uint8_t opcode)
{
    static const uint8_t size[4] = {4, 2, 1, 8};
    return size[opcode >> 3 & 3];
}

/** Whether an arithmetic or branch opcode works on the low 32 bits. */
static inline bool wn_opcode_is32(uint8_t opcode)
{
    unsigned cls = opcode & 7;
    return cls == 4 || cls == 6;
}

/** The last row of each opcode, counted from 1; 0 if the opcode is none. */
extern const uint8_t wn_last_row[256];

/** The row an opcode's rows start at, WN_OPS if the opcode is none. */
static inline unsigned wn_row_first(uint8_t opcode)
{
    unsigned row = wn_last_row[opcode];
    if (!row)
        return WN_OPS;
    row--;
    while (row > 0 && wn_rows[row - 1].opcode == opcode)
        row--;
    return row;
}
