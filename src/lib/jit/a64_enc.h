/* SPDX-License-Identifier: MIT */
/**
 * A64 instructions as words, and what their operands can be (Arm Architecture
 * Reference Manual, C4 and C6).
 *
 * Nothing here knows of BPF. `wide` selects 64 bits; results of 32 bits clear
 * the upper half, as the machine does. Register 31 is zero, except as base of
 * an access and in arithmetic with a constant, where it is the stack pointer.
 * Distances are bytes from the instruction itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "jit/code_buf.h"

enum a64_reg {
    A64_X0,
    A64_X1,
    A64_X2,
    A64_X3,
    A64_X4,
    A64_X5,
    A64_X6,
    A64_X7,
    A64_X8,
    A64_X9,
    A64_X10,
    A64_X11,
    A64_X12,
    A64_X13,
    A64_X14,
    A64_X15,
    A64_X16,
    A64_X17,
    A64_X18, /* belongs to the platform */
    A64_X19,
    A64_X20,
    A64_X21,
    A64_X22,
    A64_X23,
    A64_X24,
    A64_X29 = 29,
    A64_X30, /* where calls leave the return address */
    A64_ZR,
    A64_SP = A64_ZR
};

/** [base + disp] */
struct a64_mem {
    uint8_t base; /* enum a64_reg */
    int32_t disp;
};

/** By number: bit 1 subtracts, bit 0 sets the flags. */
enum a64_arith { A64_ADD, A64_ADDS, A64_SUB, A64_SUBS };

/** By number; ANDS sets the flags. */
enum a64_logic { A64_AND, A64_ORR, A64_EOR, A64_ANDS };

/** By number. */
enum a64_shift { A64_LSL, A64_LSR, A64_ASR };

/** What an atomic operation of the LSE extension does, by number; CLR is and-not. */
enum a64_atomic { A64_LDADD, A64_LDCLR, A64_LDEOR, A64_LDSET, A64_SWP = 8 };

/** Conditions, by number: the inverse differs in bit 0. */
enum a64_cc {
    A64_EQ,
    A64_NE,
    A64_HS,
    A64_LO,
    A64_MI,
    A64_PL,
    A64_VS,
    A64_VC,
    A64_HI,
    A64_LS,
    A64_GE,
    A64_LT,
    A64_GT,
    A64_LE
};

/** How a pair of registers goes to memory and comes back. */
enum a64_pair { A64_POST = 1, A64_OFFSET, A64_PRE };

/* What operands can be */

/** Constants of additions and subtractions: 12 bits, or 12 bits above 12 zeros. */
bool a64_fits_arith(uint64_t value);
/** Constants of and, orr, eor: a run of ones, rotated, in equal elements of 2 to 64 bits. */
bool a64_fits_logic(bool wide, uint64_t value);
/** Displacements of accesses of `size` bytes. */
bool a64_fits_mem(unsigned size, int64_t disp);
/** Distances of branches whose field has `bits` bits. */
bool a64_fits_branch(unsigned bits, int64_t distance);

/* Moves */
void a64_mov_rr(struct wn_chunk *c, bool wide, unsigned d, unsigned n);
/** Load a constant in as few instructions as there are, 1 to 4. */
void a64_mov_ri(struct wn_chunk *c, unsigned d, uint64_t value);
/** Load an address of 48 bits, always in 3: code is as long wherever functions lie. */
void a64_mov_address(struct wn_chunk *c, unsigned d, uint64_t address);
void a64_mvn(struct wn_chunk *c, bool wide, unsigned d, unsigned m);
/** Extend the low 1, 2 or 4 bytes; by zeros, the result has 64 bits either way. */
void a64_extend(struct wn_chunk *c, bool is_signed, bool wide, unsigned size, unsigned d,
                unsigned n);
/** Load 1, 2, 4 or 8 bytes and extend to 64 bits; a64_fits_mem(size, m.disp). */
void a64_load(struct wn_chunk *c, bool is_signed, unsigned size, unsigned t, struct a64_mem m);
/** Load from base + index. */
void a64_load_x(struct wn_chunk *c, unsigned size, unsigned t, unsigned base, unsigned index);
void a64_store(struct wn_chunk *c, unsigned size, unsigned t, struct a64_mem m);
/** Two registers of 64 bits; disp is a multiple of 8 from -512 to 504. */
void a64_load_pair(struct wn_chunk *c, enum a64_pair how, unsigned t, unsigned t2,
                   struct a64_mem m);
void a64_store_pair(struct wn_chunk *c, enum a64_pair how, unsigned t, unsigned t2,
                    struct a64_mem m);

/* Arithmetic: d = n op m */
void a64_arith_r(struct wn_chunk *c, enum a64_arith op, bool wide, unsigned d, unsigned n,
                 unsigned m);
void a64_arith_i(struct wn_chunk *c, enum a64_arith op, bool wide, unsigned d, unsigned n,
                 uint32_t imm);
void a64_logic_r(struct wn_chunk *c, enum a64_logic op, bool wide, unsigned d, unsigned n,
                 unsigned m);
void a64_logic_i(struct wn_chunk *c, enum a64_logic op, bool wide, unsigned d, unsigned n,
                 uint64_t imm);
void a64_shift_r(struct wn_chunk *c, enum a64_shift op, bool wide, unsigned d, unsigned n,
                 unsigned m);
/** count is less than the width. */
void a64_shift_i(struct wn_chunk *c, enum a64_shift op, bool wide, unsigned d, unsigned n,
                 unsigned count);
void a64_mul(struct wn_chunk *c, bool wide, unsigned d, unsigned n, unsigned m);
/** d = a - n * m */
void a64_msub(struct wn_chunk *c, bool wide, unsigned d, unsigned n, unsigned m, unsigned a);
/** Division by zero gives 0, and the smallest number by -1 itself; nothing traps. */
void a64_div(struct wn_chunk *c, bool is_signed, bool wide, unsigned d, unsigned n, unsigned m);
/** Reverse the bytes: 8, the low 4, or both pairs of the low 4 (size 2). */
void a64_rev(struct wn_chunk *c, unsigned size, unsigned d, unsigned n);

/* Atomic operations, acquire and release */

/** LSE: t = [n], then [n] = t op s. */
void a64_atomic(struct wn_chunk *c, enum a64_atomic op, bool wide, unsigned s, unsigned t,
                unsigned n);
/** LSE: [n] = t if it was s; s takes what was there. */
void a64_cas(struct wn_chunk *c, bool wide, unsigned s, unsigned t, unsigned n);
void a64_load_exclusive(struct wn_chunk *c, bool wide, unsigned t, unsigned n);
/** s becomes 0 if the store took place; s is neither t nor n. */
void a64_store_exclusive(struct wn_chunk *c, bool wide, unsigned s, unsigned t, unsigned n);

/* Control */

/** What a conditional branch depends on. */
struct a64_when {
    uint32_t word; /* the instruction, without its distance */
    uint32_t flip; /* the bit that inverts it */
    uint8_t bits;  /* of the distance, as for a64_fits_branch() */
};

struct a64_when a64_if(enum a64_cc cc);
struct a64_when a64_if_zero(bool wide, unsigned t, bool zero);
/** Reaches 32 KiB; the others 1 MiB. */
struct a64_when a64_if_bit(unsigned t, unsigned bit, bool set);

static inline struct a64_when a64_unless(struct a64_when when)
{
    when.word ^= when.flip;
    return when;
}

enum { A64_FAR = 26 }; /* bits of the distance of b and bl */

void a64_branch(struct wn_chunk *c, struct a64_when when, int32_t distance);
void a64_b(struct wn_chunk *c, int32_t distance);
void a64_bl(struct wn_chunk *c, int32_t distance);
void a64_br(struct wn_chunk *c, unsigned n);
void a64_blr(struct wn_chunk *c, unsigned n);
void a64_ret(struct wn_chunk *c);
/** Put a distance into a b or bl that has none; `at` is the instruction. */
void a64_aim(uint8_t *at, int64_t distance);
