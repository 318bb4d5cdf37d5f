/* SPDX-License-Identifier: MIT */
/**
 * x86-64 instructions as bytes (Intel SDM, volume 2). Nothing of BPF.
 *
 * Each function appends one instruction to a chunk, in the shortest encoding
 * it knows. `wide` selects 64 bits; results of 32 bits clear the upper half, as
 * the machine does. Immediates are extended by their sign.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "jit/code_buf.h"

enum x86_reg {
    X86_RAX,
    X86_RCX,
    X86_RDX,
    X86_RBX,
    X86_RSP,
    X86_RBP,
    X86_RSI,
    X86_RDI,
    X86_R8,
    X86_R9,
    X86_R10,
    X86_R11,
    X86_R12,
    X86_R13,
    X86_R14,
    X86_R15,
    X86_REGS
};

/** [base + disp] */
struct x86_mem {
    uint8_t base; /* enum x86_reg */
    int32_t disp;
};

/** The eight operations that share their encodings, by number. */
enum x86_alu { X86_ADD, X86_OR, X86_ADC, X86_SBB, X86_AND, X86_SUB, X86_XOR, X86_CMP };

/** Operations on one operand of opcode group 3, by number. */
enum x86_unary { X86_NOT = 2, X86_NEG, X86_MUL, X86_IMUL, X86_DIV, X86_IDIV };

/** Shifts, by number. */
enum x86_shift { X86_ROL = 0, X86_ROR = 1, X86_SHL = 4, X86_SHR = 5, X86_SAR = 7 };

/** Conditions, by number. */
enum x86_cc {
    X86_B = 2,
    X86_AE,
    X86_E,
    X86_NE,
    X86_BE,
    X86_A,
    X86_S,
    X86_NS,
    X86_L = 12,
    X86_GE,
    X86_LE,
    X86_G
};

/* Moves */
void x86_mov_rr(struct wn_chunk *c, bool wide, unsigned dst, unsigned src);
/** Load a constant; zero is made by an xor, which changes the flags. */
void x86_mov_ri(struct wn_chunk *c, unsigned dst, uint64_t value);
/** Extend the low 1, 2 or 4 bytes of a register; by zeros, the result has 64 bits either way. */
void x86_extend(struct wn_chunk *c, bool is_signed, bool wide, unsigned size, unsigned dst,
                unsigned src);
/** Load 1, 2, 4 or 8 bytes and extend to 64 bits. */
void x86_load(struct wn_chunk *c, bool is_signed, unsigned size, unsigned dst, struct x86_mem m);
void x86_store_r(struct wn_chunk *c, unsigned size, struct x86_mem m, unsigned src);
void x86_store_i(struct wn_chunk *c, unsigned size, struct x86_mem m, int32_t imm);
void x86_lea(struct wn_chunk *c, bool wide, unsigned dst, struct x86_mem m);
/** dst = a + b; b is not rsp. */
void x86_lea_sum(struct wn_chunk *c, bool wide, unsigned dst, unsigned a, unsigned b);
void x86_push(struct wn_chunk *c, unsigned reg);
void x86_push_i(struct wn_chunk *c, int32_t imm);
void x86_pop(struct wn_chunk *c, unsigned reg);

/* Arithmetic */
void x86_alu_rr(struct wn_chunk *c, enum x86_alu op, bool wide, unsigned dst, unsigned src);
void x86_alu_ri(struct wn_chunk *c, enum x86_alu op, bool wide, unsigned dst, int32_t imm);
void x86_alu_rm(struct wn_chunk *c, enum x86_alu op, bool wide, unsigned dst, struct x86_mem m);
void x86_alu_mr(struct wn_chunk *c, enum x86_alu op, bool wide, struct x86_mem m, unsigned src);
void x86_alu_mi(struct wn_chunk *c, enum x86_alu op, bool wide, struct x86_mem m, int32_t imm);
void x86_test_rr(struct wn_chunk *c, bool wide, unsigned a, unsigned b);
/** Only the zero flag is meant: narrower forms are used where the constant allows it. */
void x86_test_ri(struct wn_chunk *c, bool wide, unsigned reg, int32_t imm);
void x86_unary(struct wn_chunk *c, enum x86_unary op, bool wide, unsigned reg);
void x86_imul_rr(struct wn_chunk *c, bool wide, unsigned dst, unsigned src);
void x86_imul_rri(struct wn_chunk *c, bool wide, unsigned dst, unsigned src, int32_t imm);
/** Fill rdx with the sign of rax. */
void x86_sign_rdx(struct wn_chunk *c, bool wide);
void x86_shift_i(struct wn_chunk *c, enum x86_shift op, bool wide, unsigned reg, unsigned count);
void x86_shift_cl(struct wn_chunk *c, enum x86_shift op, bool wide, unsigned reg);
/** BMI2: dst = src shifted by a register; SHL, SHR or SAR, flags untouched. */
void x86_shiftx(struct wn_chunk *c, enum x86_shift op, bool wide, unsigned dst, unsigned src,
                unsigned count);
void x86_bswap(struct wn_chunk *c, bool wide, unsigned reg);
/** Exchange the two low bytes. */
void x86_swap16(struct wn_chunk *c, unsigned reg);

/* Atomic operations; xchg with memory locks by itself, the others need the prefix. */
void x86_lock(struct wn_chunk *c);
void x86_xadd(struct wn_chunk *c, bool wide, struct x86_mem m, unsigned reg);
void x86_xchg(struct wn_chunk *c, bool wide, struct x86_mem m, unsigned reg);
/** Compares with rax. */
void x86_cmpxchg(struct wn_chunk *c, bool wide, struct x86_mem m, unsigned reg);

/* Control */
void x86_ret(struct wn_chunk *c, unsigned drop);
void x86_call_r(struct wn_chunk *c, unsigned reg);
/** Jumps and calls with a distance from behind the instruction. */
void x86_jmp8(struct wn_chunk *c, int8_t distance);
void x86_jmp32(struct wn_chunk *c, int32_t distance);
void x86_jcc8(struct wn_chunk *c, enum x86_cc cc, int8_t distance);
void x86_jcc32(struct wn_chunk *c, enum x86_cc cc, int32_t distance);
void x86_call32(struct wn_chunk *c, int32_t distance);
/** Make the jump of 8 bits that ends at `from` bytes into the chunk lead to the chunk's end. */
void x86_land8(struct wn_chunk *c, uint32_t from);
