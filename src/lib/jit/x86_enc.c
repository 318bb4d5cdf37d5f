/* SPDX-License-Identifier: MIT */
#include "jit/x86_enc.h"

#include <assert.h>

#define ESCAPE 0x0f00u /* two-byte opcodes, as in the manual: 0f xx */

static bool fits8(int32_t v)
{
    return v >= INT8_MIN && v <= INT8_MAX;
}

static void imm32(struct wn_chunk *c, int32_t v)
{
    wn_chunk_put_le(c, (uint32_t)v, 4);
}

/** 8 or 32 bits, as arithmetic takes them. */
static void imm_short(struct wn_chunk *c, int32_t v)
{
    wn_chunk_put_le(c, (uint32_t)v, fits8(v) ? 1 : 4);
}

/** An instruction up to its displacement and immediate, least significant byte first: it is put
 * together in a register, and into memory at once. */
struct head {
    uint64_t bytes;
    unsigned n;
};

static inline struct head with(struct head h, unsigned byte)
{
    return (struct head){h.bytes | (uint64_t)(uint8_t)byte << 8 * h.n, h.n + 1};
}

static inline void put(struct wn_chunk *c, struct head h)
{
    wn_chunk_put_le(c, h.bytes, h.n);
}

static const struct head nothing = {0, 0};

/** `reg` and `rm` are registers or, for `reg`, the number of an operation. */
static inline struct head with_rex(struct head h, bool wide, unsigned reg, unsigned index,
                                   unsigned rm, bool force)
{
    unsigned b = 0x40u | (unsigned)wide << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | rm >> 3;
    return b != 0x40 || force ? with(h, b) : h;
}

static inline struct head with_opcode(struct head h, unsigned op)
{
    return with(op & ESCAPE ? with(h, 0x0f) : h, op);
}

static inline struct head with_modrm(struct head h, unsigned mod, unsigned reg, unsigned rm)
{
    return with(h, mod << 6 | (reg & 7) << 3 | (rm & 7));
}

/** Whether the low byte of a register can be named only with a REX prefix: spl, bpl, sil, dil. */
static bool byte_needs_rex(unsigned reg)
{
    return reg >= X86_RSP && reg <= X86_RDI;
}

static void insn_rr(struct wn_chunk *c, bool wide, unsigned op, unsigned reg, unsigned rm)
{
    put(c, with_modrm(with_opcode(with_rex(nothing, wide, reg, 0, rm, false), op), 3, reg, rm));
}

/** An opcode that has a register in its low bits. */
static void insn_r(struct wn_chunk *c, bool wide, unsigned op, unsigned reg)
{
    put(c, with_opcode(with_rex(nothing, wide, 0, 0, reg, false), op | (reg & 7)));
}

/** An opcode that means rax. */
static void insn_rax(struct wn_chunk *c, bool wide, unsigned op)
{
    put(c, with_opcode(with_rex(nothing, wide, 0, 0, 0, false), op));
}

/** rsp and r12 as base need a SIB byte, rbp and r13 a displacement. */
static void operand_m(struct wn_chunk *c, struct head h, unsigned reg, struct x86_mem m)
{
    unsigned low = m.base & 7;
    unsigned mod = m.disp == 0 && low != X86_RBP ? 0 : fits8(m.disp) ? 1 : 2;
    h = with_modrm(h, mod, reg, low);
    if (low == X86_RSP)
        h = with(h, 0x24);
    put(c, h);
    if (mod)
        imm_short(c, m.disp);
}

static void insn_rm(struct wn_chunk *c, bool wide, unsigned op, unsigned reg, struct x86_mem m)
{
    operand_m(c, with_opcode(with_rex(nothing, wide, reg, 0, m.base, false), op), reg, m);
}

void x86_mov_rr(struct wn_chunk *c, bool wide, unsigned dst, unsigned src)
{
    insn_rr(c, wide, 0x89, src, dst);
}

void x86_mov_ri(struct wn_chunk *c, unsigned dst, uint64_t value)
{
    if (value == 0) {
        x86_alu_rr(c, X86_XOR, false, dst, dst);
    } else if (value <= UINT32_MAX) {
        insn_r(c, false, 0xb8, dst);
        wn_chunk_put_le(c, value, 4);
    } else if ((int64_t)value >= INT32_MIN && (int64_t)value < 0) {
        insn_rr(c, true, 0xc7, 0, dst);
        wn_chunk_put_le(c, value, 4);
    } else {
        insn_r(c, true, 0xb8, dst);
        wn_chunk_put_le(c, value, 8);
    }
}

void x86_extend(struct wn_chunk *c, bool is_signed, bool wide, unsigned size, unsigned dst,
                unsigned src)
{
    if (size == 4) {
        if (is_signed && wide)
            insn_rr(c, true, 0x63, dst, src);
        else
            x86_mov_rr(c, false, dst, src);
        return;
    }
    bool force = size == 1 && byte_needs_rex(src);
    struct head h = with_rex(nothing, is_signed && wide, dst, 0, src, force);
    h = with_opcode(h, ESCAPE | (is_signed ? 0xbe : 0xb6) | (size == 2));
    put(c, with_modrm(h, 3, dst, src));
}

void x86_load(struct wn_chunk *c, bool is_signed, unsigned size, unsigned dst, struct x86_mem m)
{
    switch (size) {
    case 1: insn_rm(c, is_signed, ESCAPE | (is_signed ? 0xbe : 0xb6), dst, m); break;
    case 2: insn_rm(c, is_signed, ESCAPE | (is_signed ? 0xbf : 0xb7), dst, m); break;
    case 4: insn_rm(c, is_signed, is_signed ? 0x63 : 0x8b, dst, m); break;
    default: insn_rm(c, true, 0x8b, dst, m); break;
    }
}

void x86_store_r(struct wn_chunk *c, unsigned size, struct x86_mem m, unsigned src)
{
    struct head h = size == 2 ? with(nothing, 0x66) : nothing;
    h = with_rex(h, size == 8, src, 0, m.base, size == 1 && byte_needs_rex(src));
    operand_m(c, with(h, size == 1 ? 0x88 : 0x89), src, m);
}

void x86_store_i(struct wn_chunk *c, unsigned size, struct x86_mem m, int32_t imm)
{
    if (size == 2)
        wn_chunk_put(c, 0x66);
    insn_rm(c, size == 8, size == 1 ? 0xc6 : 0xc7, 0, m);
    wn_chunk_put_le(c, (uint32_t)imm, size == 8 ? 4 : size);
}

void x86_lea(struct wn_chunk *c, bool wide, unsigned dst, struct x86_mem m)
{
    insn_rm(c, wide, 0x8d, dst, m);
}

void x86_lea_sum(struct wn_chunk *c, bool wide, unsigned dst, unsigned a, unsigned b)
{
    assert(b != X86_RSP);
    struct head h = with(with_rex(nothing, wide, dst, b, a, false), 0x8d);
    bool needs_disp = (a & 7) == X86_RBP;
    h = with(with_modrm(h, needs_disp, dst, X86_RSP), (b & 7) << 3 | (a & 7));
    put(c, needs_disp ? with(h, 0) : h);
}

void x86_push(struct wn_chunk *c, unsigned reg)
{
    insn_r(c, false, 0x50, reg);
}

void x86_push_i(struct wn_chunk *c, int32_t imm)
{
    wn_chunk_put(c, fits8(imm) ? 0x6a : 0x68);
    imm_short(c, imm);
}

void x86_pop(struct wn_chunk *c, unsigned reg)
{
    insn_r(c, false, 0x58, reg);
}

void x86_alu_rr(struct wn_chunk *c, enum x86_alu op, bool wide, unsigned dst, unsigned src)
{
    insn_rr(c, wide, (unsigned)op << 3 | 1, src, dst);
}

void x86_alu_ri(struct wn_chunk *c, enum x86_alu op, bool wide, unsigned dst, int32_t imm)
{
    if (fits8(imm)) {
        insn_rr(c, wide, 0x83, op, dst);
    } else if (dst == X86_RAX) {
        insn_rax(c, wide, (unsigned)op << 3 | 5);
    } else {
        insn_rr(c, wide, 0x81, op, dst);
    }
    imm_short(c, imm);
}

void x86_alu_rm(struct wn_chunk *c, enum x86_alu op, bool wide, unsigned dst, struct x86_mem m)
{
    insn_rm(c, wide, (unsigned)op << 3 | 3, dst, m);
}

void x86_alu_mr(struct wn_chunk *c, enum x86_alu op, bool wide, struct x86_mem m, unsigned src)
{
    insn_rm(c, wide, (unsigned)op << 3 | 1, src, m);
}

void x86_alu_mi(struct wn_chunk *c, enum x86_alu op, bool wide, struct x86_mem m, int32_t imm)
{
    insn_rm(c, wide, fits8(imm) ? 0x83 : 0x81, op, m);
    imm_short(c, imm);
}

void x86_test_rr(struct wn_chunk *c, bool wide, unsigned a, unsigned b)
{
    insn_rr(c, wide, 0x85, b, a);
}

void x86_test_ri(struct wn_chunk *c, bool wide, unsigned reg, int32_t imm)
{
    bool byte = imm >= 0 && imm <= INT8_MAX;
    wide = wide && imm < 0;
    if (reg == X86_RAX) {
        insn_rax(c, wide, byte ? 0xa8 : 0xa9);
    } else {
        struct head h = with_rex(nothing, wide, 0, 0, reg, byte && byte_needs_rex(reg));
        put(c, with_modrm(with(h, byte ? 0xf6 : 0xf7), 3, 0, reg));
    }
    wn_chunk_put_le(c, (uint32_t)imm, byte ? 1 : 4);
}

void x86_unary(struct wn_chunk *c, enum x86_unary op, bool wide, unsigned reg)
{
    insn_rr(c, wide, 0xf7, op, reg);
}

void x86_imul_rr(struct wn_chunk *c, bool wide, unsigned dst, unsigned src)
{
    insn_rr(c, wide, ESCAPE | 0xaf, dst, src);
}

void x86_imul_rri(struct wn_chunk *c, bool wide, unsigned dst, unsigned src, int32_t imm)
{
    insn_rr(c, wide, fits8(imm) ? 0x6b : 0x69, dst, src);
    imm_short(c, imm);
}

void x86_sign_rdx(struct wn_chunk *c, bool wide)
{
    insn_rax(c, wide, 0x99);
}

void x86_shift_i(struct wn_chunk *c, enum x86_shift op, bool wide, unsigned reg, unsigned count)
{
    insn_rr(c, wide, count == 1 ? 0xd1 : 0xc1, op, reg);
    if (count != 1)
        wn_chunk_put(c, (uint8_t)count);
}

void x86_shift_cl(struct wn_chunk *c, enum x86_shift op, bool wide, unsigned reg)
{
    insn_rr(c, wide, 0xd3, op, reg);
}

void x86_shiftx(struct wn_chunk *c, enum x86_shift op, bool wide, unsigned dst, unsigned src,
                unsigned count)
{
    /* The mandatory prefix selects the shift: 66 shlx, f2 shrx, f3 sarx. Map 0f38, vvvv = count;
     * the bits of the prefix that extend registers are inverted. */
    unsigned prefix = op == X86_SHL ? 1 : op == X86_SHR ? 3 : 2;
    wn_chunk_put(c, 0xc4);
    wn_chunk_put(c, (uint8_t)((~dst >> 3 & 1) << 7 | 0x40 | (~src >> 3 & 1) << 5 | 2));
    wn_chunk_put(c, (uint8_t)((unsigned)wide << 7 | (~count & 15) << 3 | prefix));
    put(c, with_modrm(with(nothing, 0xf7), 3, dst, src));
}

void x86_bswap(struct wn_chunk *c, bool wide, unsigned reg)
{
    insn_r(c, wide, ESCAPE | 0xc8, reg);
}

void x86_swap16(struct wn_chunk *c, unsigned reg)
{
    wn_chunk_put(c, 0x66);
    insn_rr(c, false, 0xc1, X86_ROL, reg);
    wn_chunk_put(c, 8);
}

void x86_lock(struct wn_chunk *c)
{
    wn_chunk_put(c, 0xf0);
}

void x86_xadd(struct wn_chunk *c, bool wide, struct x86_mem m, unsigned reg)
{
    insn_rm(c, wide, ESCAPE | 0xc1, reg, m);
}

void x86_xchg(struct wn_chunk *c, bool wide, struct x86_mem m, unsigned reg)
{
    insn_rm(c, wide, 0x87, reg, m);
}

void x86_cmpxchg(struct wn_chunk *c, bool wide, struct x86_mem m, unsigned reg)
{
    insn_rm(c, wide, ESCAPE | 0xb1, reg, m);
}

void x86_ret(struct wn_chunk *c, unsigned drop)
{
    wn_chunk_put(c, drop ? 0xc2 : 0xc3);
    if (drop)
        wn_chunk_put_le(c, drop, 2);
}

void x86_call_r(struct wn_chunk *c, unsigned reg)
{
    insn_rr(c, false, 0xff, 2, reg);
}

void x86_jmp8(struct wn_chunk *c, int8_t distance)
{
    put(c, with(with(nothing, 0xeb), (uint8_t)distance));
}

void x86_jmp32(struct wn_chunk *c, int32_t distance)
{
    wn_chunk_put(c, 0xe9);
    imm32(c, distance);
}

void x86_jcc8(struct wn_chunk *c, enum x86_cc cc, int8_t distance)
{
    put(c, with(with(nothing, 0x70u | cc), (uint8_t)distance));
}

void x86_jcc32(struct wn_chunk *c, enum x86_cc cc, int32_t distance)
{
    put(c, with_opcode(nothing, ESCAPE | 0x80u | cc));
    imm32(c, distance);
}

void x86_call32(struct wn_chunk *c, int32_t distance)
{
    wn_chunk_put(c, 0xe8);
    imm32(c, distance);
}

void x86_land8(struct wn_chunk *c, uint32_t from)
{
    assert(c->len >= from && c->len - from <= INT8_MAX);
    if (!c->overflow)
        c->bytes[from - 1] = (uint8_t)(c->len - from);
}
