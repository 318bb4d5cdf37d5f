/* SPDX-License-Identifier: MIT */
/**
 * Classic BPF: an accumulator A, an index X, sixteen words M[], and a packet.
 * (McCanne and Jacobson, "The BSD Packet Filter", 1993; Linux
 * Documentation/networking/filter.rst.)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/err.h>
#include <winnow/insn.h>

/** Fields of an opcode, and the opcodes that are one of a kind. */
enum {
    CBPF_LD = 0x00,
    CBPF_LDX = 0x01,
    CBPF_ST = 0x02,
    CBPF_STX = 0x03,
    CBPF_ALU = 0x04,
    CBPF_JMP = 0x05,
    CBPF_RET = 0x06,
    CBPF_MISC = 0x07,

    CBPF_W = 0x00,
    CBPF_H = 0x08,
    CBPF_B = 0x10,

    CBPF_IMM = 0x00,
    CBPF_ABS = 0x20,
    CBPF_IND = 0x40,
    CBPF_MEM = 0x60,
    CBPF_LEN = 0x80,
    CBPF_MSH = 0xa0,

    CBPF_ADD = 0x00,
    CBPF_SUB = 0x10,
    CBPF_MUL = 0x20,
    CBPF_DIV = 0x30,
    CBPF_OR = 0x40,
    CBPF_AND = 0x50,
    CBPF_LSH = 0x60,
    CBPF_RSH = 0x70,
    CBPF_NEG = 0x80,
    CBPF_MOD = 0x90,
    CBPF_XOR = 0xa0,

    CBPF_JA = 0x00,
    CBPF_JEQ = 0x10,
    CBPF_JGT = 0x20,
    CBPF_JGE = 0x30,
    CBPF_JSET = 0x40,

    CBPF_X = 0x08,     /* operand is X instead of k */
    CBPF_A = 0x10,     /* returned is A instead of k */
    CBPF_TAX = 0x07,   /* X = A */
    CBPF_TXA = 0x87,   /* A = X */
    CBPF_WORDS = 16,   /* of M[] */
    CBPF_MAX = 100000, /* longest program taken */
};

/** State of the classic machine as a mask: one bit for each word of M[], and these. */
#define CBPF_LIVE_A (1u << 16)
#define CBPF_LIVE_X (1u << 17)

/** What is known where an instruction begins. */
struct wn_cbpf_fact {
    uint64_t have;  /* bytes the packet is known to have */
    uint64_t need;  /* with fewer bytes the program rejects, whatever it does from here */
    uint64_t check; /* loads at a fixed place: compare the length with this first; 0: no need to */
    uint32_t live;  /* what may be read before it is written: CBPF_LIVE_* and bits of M[] */
    bool reached;   /* control may come here; if not, only live and need mean something */
};

static inline unsigned wn_cbpf_class(const struct wn_cbpf_insn *p)
{
    return p->code & 7u;
}

/** Width of a packet load in bytes. */
static inline unsigned wn_cbpf_size(const struct wn_cbpf_insn *p)
{
    return (p->code & 0x18) == CBPF_W ? 4 : (p->code & 0x18) == CBPF_H ? 2 : 1;
}

/**
 * Check a program: opcodes, constants, where jumps lead, and that it ends in a
 * return. Takes exactly what libpcap's bpf_validate() takes, but for opcodes
 * that no machine knows.
 *
 * Returns 0, WN_E_MALFORMED, WN_E_LIMIT or WN_E_UNSUPPORTED; err->at is the instruction.
 */
int wn_cbpf_check(const struct wn_cbpf_insn *insns, size_t n, struct wn_error *err);

/**
 * Find out what can be said of a checked program before it runs.
 *
 * facts   n of them, all zero; filled
 */
void wn_cbpf_flow(const struct wn_cbpf_insn *insns, size_t n, struct wn_cbpf_fact *facts);
