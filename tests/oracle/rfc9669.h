/* SPDX-License-Identifier: MIT */
/**
 * Arithmetic, byte order, moves and branches as RFC 9669 has them: opcodes put
 * together from its tables and results in plain C, with nothing of the library.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What an operation takes. */
enum rfc_shape {
    RFC_ALU,    /* dst = dst op operand: sections 4.1 and 4.2, without the conversions */
    RFC_MOVE,   /* dst = src with a sign, by register only: 4.1 */
    RFC_UNARY,  /* dst = op dst: negation, byte order */
    RFC_BRANCH, /* 4.3 */
};

struct rfc_operation {
    char name[16];
    enum rfc_shape shape;
    unsigned bits;  /* 32 or 64; width of a byte order conversion */
    uint8_t opcode; /* without the source bit */
    int16_t off;    /* as the slot has it; 0 for branches */
    int32_t imm;    /* as the slot has it, if the operation has no operand there */
    unsigned code;  /* which row of the tables: rfc9669.c's own */
};

#define RFC_OPERATIONS 75   /* 14 * 2 + 5 + 2 + 9 + 11 * 2, and some room */
#define RFC_SRC        0x08 /* the source bit of an opcode: the operand is a register */

/** All of them. Returns how many. */
size_t rfc_operations(struct rfc_operation out[RFC_OPERATIONS]);

/**
 * What is in dst afterwards, given dst and the operand (a constant already
 * extended to 64 bits); of branches 1 if the jump is taken, else 0.
 */
uint64_t rfc_result(const struct rfc_operation *op, uint64_t dst, uint64_t operand);

/** Whether the kernel's verifier takes this constant: no division by 0, no shift by the width. */
bool rfc_kernel_takes(const struct rfc_operation *op, int32_t imm);
