/* SPDX-License-Identifier: MIT */
/**
 * Programs built by a program: a function for each instruction, and a growable
 * program with labels.
 *
 *     struct wn_builder b = {0};
 *     uint32_t reject = wn_build_label(&b);
 *     wn_build(&b, wn_mov64_k(WN_R0, 0));
 *     wn_build_jump(&b, wn_jlt64_k(WN_R2, 14, 0), reject);
 *     wn_build(&b, wn_ldx_h(WN_R0, WN_R1, 12));
 *     wn_build_place(&b, reject);
 *     wn_build(&b, wn_exit());
 *     return wn_build_finish(&b, &slots, &count, &err);
 *
 * Nothing has to be checked in between: the first mistake is kept and is what
 * wn_build_finish() returns.
 */
#pragma once

#include <stdbool.h>

#include <winnow/err.h>
#include <winnow/insn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Instructions ---------------------------------------------------------------------------- */

/*
 * Names are those of the instruction table (docs/isa.md): _k takes a constant, _x a register, 64
 * and 32 are the width. Operands stand as in assembly, destination first; memory is a register and
 * an offset. A register that does not exist gives a slot that no program accepts. Numbers in
 * brackets are sections of RFC 9669.
 */

/** A wide instruction (5.4): two slots. */
struct wn_wide {
    struct wn_slot half[2];
};

/** A slot whose registers may be wrong: r15 stands for all that do not exist. */
static inline struct wn_slot wn_slot_of(unsigned opcode, unsigned dst, unsigned src, int off,
                                        int32_t imm)
{
    return wn_slot((uint8_t)opcode, dst < WN_REGS ? dst : 15, src < WN_REGS ? src : 15,
                   (int16_t)off, imm);
}

/** wn_<name>64_k, 32_k (dst, imm) and 64_x, 32_x (dst, src): dst = dst op operand (4.1). */
#define WN_ARITHMETIC(name, code, off)                                                             \
    static inline struct wn_slot wn_##name##64_k(unsigned dst, int32_t imm)                        \
    {                                                                                              \
        return wn_slot_of((code) | 0x07, dst, 0, off, imm);                                        \
    }                                                                                              \
    static inline struct wn_slot wn_##name##64_x(unsigned dst, unsigned src)                       \
    {                                                                                              \
        return wn_slot_of((code) | 0x0f, dst, src, off, 0);                                        \
    }                                                                                              \
    static inline struct wn_slot wn_##name##32_k(unsigned dst, int32_t imm)                        \
    {                                                                                              \
        return wn_slot_of((code) | 0x04, dst, 0, off, imm);                                        \
    }                                                                                              \
    static inline struct wn_slot wn_##name##32_x(unsigned dst, unsigned src)                       \
    {                                                                                              \
        return wn_slot_of((code) | 0x0c, dst, src, off, 0);                                        \
    }
WN_ARITHMETIC(add, 0x00, 0)
WN_ARITHMETIC(sub, 0x10, 0)
WN_ARITHMETIC(mul, 0x20, 0)
WN_ARITHMETIC(div, 0x30, 0)
WN_ARITHMETIC(sdiv, 0x30, 1)
WN_ARITHMETIC(or, 0x40, 0)
WN_ARITHMETIC(and, 0x50, 0)
WN_ARITHMETIC(lsh, 0x60, 0)
WN_ARITHMETIC(rsh, 0x70, 0)
WN_ARITHMETIC(mod, 0x90, 0)
WN_ARITHMETIC(smod, 0x90, 1)
WN_ARITHMETIC(xor, 0xa0, 0)
WN_ARITHMETIC(mov, 0xb0, 0)
WN_ARITHMETIC(arsh, 0xc0, 0)
#undef WN_ARITHMETIC

/** wn_<name>(dst, src): dst = src, of which the low bits are sign-extended (4.1). */
#define WN_EXTENDING_MOVE(name, opcode, bits)                                                      \
    static inline struct wn_slot wn_##name(unsigned dst, unsigned src)                             \
    {                                                                                              \
        return wn_slot_of(opcode, dst, src, bits, 0);                                              \
    }
WN_EXTENDING_MOVE(movsx8_64, 0xbf, 8)
WN_EXTENDING_MOVE(movsx16_64, 0xbf, 16)
WN_EXTENDING_MOVE(movsx32_64, 0xbf, 32)
WN_EXTENDING_MOVE(movsx8_32, 0xbc, 8)
WN_EXTENDING_MOVE(movsx16_32, 0xbc, 16)
#undef WN_EXTENDING_MOVE

/** wn_<name>(dst): negation (4.1), conversion to a byte order, and swapping always (4.2). */
#define WN_UNARY(name, opcode, bits)                                                               \
    static inline struct wn_slot wn_##name(unsigned dst)                                           \
    {                                                                                              \
        return wn_slot_of(opcode, dst, 0, 0, bits);                                                \
    }
WN_UNARY(neg64, 0x87, 0)
WN_UNARY(neg32, 0x84, 0)
WN_UNARY(le16, 0xd4, 16)
WN_UNARY(le32, 0xd4, 32)
WN_UNARY(le64, 0xd4, 64)
WN_UNARY(be16, 0xdc, 16)
WN_UNARY(be32, 0xdc, 32)
WN_UNARY(be64, 0xdc, 64)
WN_UNARY(bswap16, 0xd7, 16)
WN_UNARY(bswap32, 0xd7, 32)
WN_UNARY(bswap64, 0xd7, 64)
#undef WN_UNARY

/** wn_<name>(dst, src, off): dst = [src + off], zero-extended (5.1); ldsx: sign-extended (5.2). */
#define WN_LOAD(name, opcode)                                                                      \
    static inline struct wn_slot wn_##name(unsigned dst, unsigned src, int16_t off)                \
    {                                                                                              \
        return wn_slot_of(opcode, dst, src, off, 0);                                               \
    }
WN_LOAD(ldx_b, 0x71)
WN_LOAD(ldx_h, 0x69)
WN_LOAD(ldx_w, 0x61)
WN_LOAD(ldx_dw, 0x79)
WN_LOAD(ldsx_b, 0x91)
WN_LOAD(ldsx_h, 0x89)
WN_LOAD(ldsx_w, 0x81)
#undef WN_LOAD

/** wn_st_<size>(dst, off, imm) and wn_stx_<size>(dst, off, src): [dst + off] = operand (5.1). */
#define WN_STORE(size, bits)                                                                       \
    static inline struct wn_slot wn_st_##size(unsigned dst, int16_t off, int32_t imm)              \
    {                                                                                              \
        return wn_slot_of(0x62 | (bits), dst, 0, off, imm);                                        \
    }                                                                                              \
    static inline struct wn_slot wn_stx_##size(unsigned dst, int16_t off, unsigned src)            \
    {                                                                                              \
        return wn_slot_of(0x63 | (bits), dst, src, off, 0);                                        \
    }
WN_STORE(b, 0x10)
WN_STORE(h, 0x08)
WN_STORE(w, 0x00)
WN_STORE(dw, 0x18)
#undef WN_STORE

/** wn_atomic_<name>32 and 64 (dst, off, src): [dst + off] op= src; fetch leaves in src what was
 * there, cmpxchg in r0 (5.3). */
#define WN_ATOMIC(name, what)                                                                      \
    static inline struct wn_slot wn_atomic_##name##32(unsigned dst, int16_t off, unsigned src)     \
    {                                                                                              \
        return wn_slot_of(0xc3, dst, src, off, what);                                              \
    }                                                                                              \
    static inline struct wn_slot wn_atomic_##name##64(unsigned dst, int16_t off, unsigned src)     \
    {                                                                                              \
        return wn_slot_of(0xdb, dst, src, off, what);                                              \
    }
WN_ATOMIC(add, 0x00)
WN_ATOMIC(or, 0x40)
WN_ATOMIC(and, 0x50)
WN_ATOMIC(xor, 0xa0)
WN_ATOMIC(fetch_add, 0x01)
WN_ATOMIC(fetch_or, 0x41)
WN_ATOMIC(fetch_and, 0x51)
WN_ATOMIC(fetch_xor, 0xa1)
WN_ATOMIC(xchg, 0xe1)
WN_ATOMIC(cmpxchg, 0xf1)
#undef WN_ATOMIC

/** wn_<name>64_k, 32_k (dst, imm, off) and 64_x, 32_x (dst, src, off): on to the slot `off` after
 * the next if the comparison holds (4.3). With wn_build_jump() off is 0. */
#define WN_BRANCH(name, code)                                                                      \
    static inline struct wn_slot wn_##name##64_k(unsigned dst, int32_t imm, int16_t off)           \
    {                                                                                              \
        return wn_slot_of((code) | 0x05, dst, 0, off, imm);                                        \
    }                                                                                              \
    static inline struct wn_slot wn_##name##64_x(unsigned dst, unsigned src, int16_t off)          \
    {                                                                                              \
        return wn_slot_of((code) | 0x0d, dst, src, off, 0);                                        \
    }                                                                                              \
    static inline struct wn_slot wn_##name##32_k(unsigned dst, int32_t imm, int16_t off)           \
    {                                                                                              \
        return wn_slot_of((code) | 0x06, dst, 0, off, imm);                                        \
    }                                                                                              \
    static inline struct wn_slot wn_##name##32_x(unsigned dst, unsigned src, int16_t off)          \
    {                                                                                              \
        return wn_slot_of((code) | 0x0e, dst, src, off, 0);                                        \
    }
WN_BRANCH(jeq, 0x10)
WN_BRANCH(jgt, 0x20)
WN_BRANCH(jge, 0x30)
WN_BRANCH(jset, 0x40)
WN_BRANCH(jne, 0x50)
WN_BRANCH(jsgt, 0x60)
WN_BRANCH(jsge, 0x70)
WN_BRANCH(jlt, 0xa0)
WN_BRANCH(jle, 0xb0)
WN_BRANCH(jslt, 0xc0)
WN_BRANCH(jsle, 0xd0)
#undef WN_BRANCH

/** Jump to the slot `off` after the next. */
static inline struct wn_slot wn_ja(int16_t off)
{
    return wn_slot_of(0x05, 0, 0, off, 0);
}

/** Jump as far as one likes. */
static inline struct wn_slot wn_ja32(int32_t distance)
{
    return wn_slot_of(0x06, 0, 0, 0, distance);
}

/** Call a helper by its number (4.3.1). */
static inline struct wn_slot wn_call(int32_t helper)
{
    return wn_slot_of(0x85, 0, 0, 0, helper);
}

/** Call the program's own function that begins `distance` after the next slot (4.3.2). */
static inline struct wn_slot wn_call_local(int32_t distance)
{
    return wn_slot_of(0x85, 0, WN_PSEUDO_CALL_LOCAL, 0, distance);
}

/** Call a kernel function by its BTF id (4.3.1). */
static inline struct wn_slot wn_call_btf(int32_t id)
{
    return wn_slot_of(0x85, 0, WN_PSEUDO_CALL_BTF, 0, id);
}

/** Call the function whose address a register holds, as clang writes it since 19. */
static inline struct wn_slot wn_callx(unsigned reg)
{
    return wn_slot_of(0x8d, reg, 0, 0, 0);
}

/** The same as clang wrote it before: the register in the immediate (of r0 both look alike). */
static inline struct wn_slot wn_callx_imm(unsigned reg)
{
    return wn_slot_of(0x8d, 0, 0, 0, reg < WN_REGS ? (int32_t)reg : 15);
}

/** Return r0. */
static inline struct wn_slot wn_exit(void)
{
    return wn_slot_of(0x95, 0, 0, 0, 0);
}

/** Legacy packet access (5.5): r0 = packet[imm], or packet[src + imm], in host order. */
#define WN_PACKET_LOAD(size, bits)                                                                 \
    static inline struct wn_slot wn_ld_abs_##size(int32_t imm)                                     \
    {                                                                                              \
        return wn_slot_of(0x20 | (bits), 0, 0, 0, imm);                                            \
    }                                                                                              \
    static inline struct wn_slot wn_ld_ind_##size(unsigned src, int32_t imm)                       \
    {                                                                                              \
        return wn_slot_of(0x40 | (bits), 0, src, 0, imm);                                          \
    }
WN_PACKET_LOAD(b, 0x10)
WN_PACKET_LOAD(h, 0x08)
WN_PACKET_LOAD(w, 0x00)
#undef WN_PACKET_LOAD

/** Any wide instruction: `pseudo` says what the two immediates mean. */
static inline struct wn_wide wn_wide_of(unsigned dst, unsigned pseudo, int32_t low, int32_t high)
{
    struct wn_wide w = {{wn_slot_of(0x18, dst, pseudo, 0, low), wn_slot_of(0, 0, 0, 0, high)}};
    return w;
}

/** dst = a constant of 64 bits. */
static inline struct wn_wide wn_imm64(unsigned dst, uint64_t imm)
{
    return wn_wide_of(dst, 0, (int32_t)(uint32_t)imm, (int32_t)(uint32_t)(imm >> 32));
}

/** dst = a map, by descriptor or by number in the program's list of maps. */
static inline struct wn_wide wn_map_fd(unsigned dst, int32_t fd)
{
    return wn_wide_of(dst, WN_PSEUDO_MAP_FD, fd, 0);
}

static inline struct wn_wide wn_map_idx(unsigned dst, int32_t idx)
{
    return wn_wide_of(dst, WN_PSEUDO_MAP_IDX, idx, 0);
}

/** dst = the address of a byte in the first value of such a map. */
static inline struct wn_wide wn_map_value(unsigned dst, int32_t fd, int32_t byte)
{
    return wn_wide_of(dst, WN_PSEUDO_MAP_VALUE, fd, byte);
}

static inline struct wn_wide wn_map_idx_value(unsigned dst, int32_t idx, int32_t byte)
{
    return wn_wide_of(dst, WN_PSEUDO_MAP_IDX_VALUE, idx, byte);
}

/** dst = the address of a platform variable. */
static inline struct wn_wide wn_var(unsigned dst, int32_t id)
{
    return wn_wide_of(dst, WN_PSEUDO_VAR, id, 0);
}

/** dst = the address of the function that begins `distance` after this instruction's second slot.
 * With wn_build_func() distance is 0. */
static inline struct wn_wide wn_func(unsigned dst, int32_t distance)
{
    return wn_wide_of(dst, WN_PSEUDO_FUNC, distance, 0);
}

/* ---- The growable program -------------------------------------------------------------------- */

struct wn_build_ref;

/**
 * A program that grows. All zero is an empty one; the fields are the builder's
 * own. One thread at a time.
 */
struct wn_builder {
    struct wn_slot *slots;
    size_t count, room;
    uint32_t *labels; /* slot of each label; WN_NOWHERE until it is placed */
    size_t n_labels, labels_room;
    struct wn_build_ref *refs; /* what names labels */
    size_t n_refs, refs_room;
    struct wn_error error; /* the first mistake; code 0 without one */
    bool finished;
};

/** Append an instruction. */
WN_API void wn_build(struct wn_builder *b, struct wn_slot slot);

/** Append a wide instruction. */
WN_API void wn_build_wide(struct wn_builder *b, struct wn_wide wide);

/** Make a label, to be placed before or after it is named. Never 0, not even after a mistake. */
WN_API uint32_t wn_build_label(struct wn_builder *b);

/** Let a label mean the next instruction. */
WN_API void wn_build_place(struct wn_builder *b, uint32_t label);

/** Append a jump, a branch or a call of the program's own function; the label says where to. */
WN_API void wn_build_jump(struct wn_builder *b, struct wn_slot jump, uint32_t label);

/** Append a wn_func(); the label says which function. */
WN_API void wn_build_func(struct wn_builder *b, struct wn_wide func, uint32_t label);

/**
 * Take the program. Afterwards the builder holds no memory, whether this
 * succeeded or not, and refuses everything until wn_build_reset().
 *
 * slots  set on success alone: *count slots, which the caller frees with free()
 * err    filled on failure; at is the slot of the first mistake
 *
 * Returns 0; WN_E_MALFORMED: a slot that is no instruction, a register above
 * r10, a jump that is none or whose label is too far, an empty program; -EINVAL:
 * a label that was not made, not placed, or placed twice, a builder used after
 * it was finished; WN_E_LIMIT (over 1,000,000 slots or labels); -ENOMEM.
 */
WN_API int wn_build_finish(struct wn_builder *b, struct wn_slot **slots, size_t *count,
                           struct wn_error *err);

/** Throw away what was built, and start again. */
WN_API void wn_build_reset(struct wn_builder *b);

#ifdef __cplusplus
}
#endif
