/* SPDX-License-Identifier: MIT */
/**
 * Instructions as they are stored: slots of 64 bits (RFC 9669, section 3).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * One slot of a program, fields in host byte order. A wide instruction (RFC
 * 9669, section 5.4) takes two.
 */
struct wn_slot {
    uint8_t opcode;
    uint8_t regs; /* destination register in the low four bits, source in the high four */
    int16_t off;
    int32_t imm;
};

#define WN_SLOT_BYTES 8

/** Registers: r0 result, r1-r5 arguments, r6-r9 kept across calls, r10 frame pointer. */
enum { WN_R0, WN_R1, WN_R2, WN_R3, WN_R4, WN_R5, WN_R6, WN_R7, WN_R8, WN_R9, WN_R10, WN_REGS };

/** Values of the source field that change what an instruction means (RFC 9669, 4.3.1 and 5.4). */
enum {
    WN_PSEUDO_CALL_LOCAL = 1, /* imm: distance in slots to the callee */
    WN_PSEUDO_CALL_BTF = 2,   /* imm: BTF id of a kernel function */
    WN_PSEUDO_MAP_FD = 1,
    WN_PSEUDO_MAP_VALUE = 2,
    WN_PSEUDO_VAR = 3,
    WN_PSEUDO_FUNC = 4,
    WN_PSEUDO_MAP_IDX = 5,
    WN_PSEUDO_MAP_IDX_VALUE = 6,
};

static inline unsigned wn_slot_dst(struct wn_slot s)
{
    return s.regs & 15u;
}

static inline unsigned wn_slot_src(struct wn_slot s)
{
    return s.regs >> 4;
}

/** Build one slot from its fields; registers above 15 are the caller's mistake. */
static inline struct wn_slot wn_slot(uint8_t opcode, unsigned dst, unsigned src, int16_t off,
                                     int32_t imm)
{
    struct wn_slot s = {opcode, (uint8_t)(dst | src << 4), off, imm};
    return s;
}

/** One slot from its 8 bytes, which are little-endian in files and elsewhere outside of here. */
static inline struct wn_slot wn_slot_decode(const uint8_t *bytes)
{
    uint32_t off = bytes[2] | (uint32_t)bytes[3] << 8;
    uint32_t imm =
        bytes[4] | (uint32_t)bytes[5] << 8 | (uint32_t)bytes[6] << 16 | (uint32_t)bytes[7] << 24;
    struct wn_slot s = {bytes[0], bytes[1], (int16_t)off, (int32_t)imm};
    return s;
}

/** The 8 bytes of a slot, for wn_slot_decode(). */
static inline void wn_slot_encode(struct wn_slot s, uint8_t *bytes)
{
    bytes[0] = s.opcode;
    bytes[1] = s.regs;
    for (unsigned i = 0; i < 2; i++)
        bytes[2 + i] = (uint8_t)((uint16_t)s.off >> 8 * i);
    for (unsigned i = 0; i < 4; i++)
        bytes[4 + i] = (uint8_t)((uint32_t)s.imm >> 8 * i);
}

/** An instruction of classic BPF, as pcap_compile() and SO_ATTACH_FILTER have it. */
struct wn_cbpf_insn {
    uint16_t code;
    uint8_t jt;
    uint8_t jf;
    uint32_t k;
};

#ifdef __cplusplus
}
#endif
