/* SPDX-License-Identifier: MIT */
#include "opt/blind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/own.h"
#include "base/vec.h"

WN_OWN_BY(code, struct wn_code, wn_code_free)

/** The blinded program while it grows. */
struct blinding {
    const struct wn_code *from;
    struct {
        struct wn_op *data;
        size_t len, cap;
    } ops;
    struct {
        uint32_t *data;
        size_t len, cap;
    } slots;
    uint32_t slot;
    uint32_t random[64]; /* fetched in advance; those below `left` are unused */
    unsigned left;
    int error; /* sticky, -errno */
};

/** Half a constant is a piece of an instruction on some machines: no half of a key may be 0. */
static bool hides(uint32_t key)
{
    return key & 0xffff && key >> 16;
}

static void fetch_random(struct blinding *b)
{
    ssize_t n = getrandom(b->random, sizeof b->random, 0);
    if (n == (ssize_t)sizeof b->random)
        b->left = sizeof b->random / sizeof *b->random;
    else if (n >= 0 || errno != EINTR)
        b->error = n >= 0 ? -EIO : -errno;
}

/** A random number that changes each half of what it is joined with. */
static uint32_t new_key(struct blinding *b)
{
    while (!b->error) {
        if (!b->left)
            fetch_random(b);
        else if (hides(b->random[--b->left]))
            return b->random[b->left];
    }
    return 0;
}

static void emit(struct blinding *b, struct wn_op op)
{
    if (!wn_vec_push(&b->ops, op) || !wn_vec_push(&b->slots, b->slot))
        b->error = -ENOMEM;
}

/** reg = imm, extended by its sign. */
static void emit_constant(struct blinding *b, uint8_t reg, int32_t imm)
{
    int32_t key = (int32_t)new_key(b);
    emit(b, (struct wn_op){.id = WN_OP_MOV64_K, .dst = reg, .imm = imm ^ key});
    emit(b, (struct wn_op){.id = WN_OP_XOR64_K, .dst = reg, .a = reg, .imm = key});
}

/** dst = imm, of which only the low half is kept. */
static void emit_constant32(struct blinding *b, const struct wn_op *op)
{
    int32_t key = (int32_t)new_key(b);
    struct wn_op join = {.id = WN_OP_XOR32_K, .dst = op->dst, .a = op->dst, .imm = key};
    emit(b, (struct wn_op){.id = WN_OP_MOV32_K, .dst = op->dst, .imm = op->imm ^ key});
    emit(b, join);
}

static void emit_wide(struct blinding *b, const struct wn_op *op)
{
    uint32_t low = new_key(b), high = new_key(b);
    struct wn_op hidden = *op, key = *op;
    hidden.imm = (int32_t)((uint32_t)op->imm ^ low);
    hidden.high = op->high ^ high;
    key.dst = WN_AUX;
    key.imm = (int32_t)low;
    key.high = high;
    emit(b, hidden);
    emit(b, key);
    emit(b, (struct wn_op){.id = WN_OP_XOR64_X, .dst = op->dst, .a = op->dst, .b = WN_AUX});
}

/** The same with a register instead of the constant. Those of shifts have six bits, and stay. */
static enum wn_op_id by_register(enum wn_op_id id)
{
#define BOTH(name)                                                                                 \
    case WN_OP_##name##64_K: return WN_OP_##name##64_X;                                            \
    case WN_OP_##name##32_K: return WN_OP_##name##32_X;
    switch (id) {
        BOTH(ADD)
        BOTH(SUB)
        BOTH(MUL)
        BOTH(DIV)
        BOTH(SDIV)
        BOTH(OR)
        BOTH(AND)
        BOTH(MOD)
        BOTH(SMOD)
        BOTH(XOR)
        BOTH(JEQ)
        BOTH(JNE)
        BOTH(JGT)
        BOTH(JGE)
        BOTH(JLT)
        BOTH(JLE)
        BOTH(JSET)
        BOTH(JNSET)
        BOTH(JSGT)
        BOTH(JSGE)
        BOTH(JSLT)
        BOTH(JSLE)
    case WN_OP_ST_B: return WN_OP_STX_B;
    case WN_OP_ST_H: return WN_OP_STX_H;
    case WN_OP_ST_W: return WN_OP_STX_W;
    case WN_OP_ST_DW: return WN_OP_STX_DW;
    default: return id;
    }
#undef BOTH
}

/** A packet load from where a register says. */
static enum wn_op_id indirect(enum wn_op_id id)
{
    switch (id) {
    case WN_OP_LD_ABS_B: return WN_OP_LD_IND_B;
    case WN_OP_LD_ABS_H: return WN_OP_LD_IND_H;
    case WN_OP_LD_ABS_W: return WN_OP_LD_IND_W;
    default: return id;
    }
}

static void blind_packet(struct blinding *b, struct wn_op op)
{
    enum wn_op_id id = indirect((enum wn_op_id)op.id);
    emit_constant(b, WN_AUX, op.imm);
    if (op.id == id)
        emit(b, (struct wn_op){.id = WN_OP_ADD32_X, .dst = WN_AUX, .a = WN_AUX, .b = op.a});
    op.id = (uint16_t)id;
    op.a = WN_AUX;
    op.imm = 0;
    emit(b, op);
}

static void blind_op(struct blinding *b, struct wn_op op)
{
    enum wn_op_id id = by_register((enum wn_op_id)op.id);
    if (op.id == WN_OP_MOV64_K) {
        emit_constant(b, op.dst, op.imm);
    } else if (op.id == WN_OP_MOV32_K) {
        emit_constant32(b, &op);
    } else if (op.id == WN_OP_IMM64) {
        emit_wide(b, &op);
    } else if (wn_op_kind(&op) == WN_KIND_PACKET) {
        blind_packet(b, op);
    } else if (id != op.id) {
        emit_constant(b, WN_AUX, op.imm);
        op.id = (uint16_t)id;
        op.b = WN_AUX;
        op.imm = 0;
        emit(b, op);
    } else {
        emit(b, op);
    }
}

/** Blocks and functions stay where they are; only what is in the blocks grows. */
static int blind_all(struct blinding *b, struct wn_code *code)
{
    const struct wn_code *from = b->from;
    code->blocks = calloc(from->n_blocks, sizeof *code->blocks);
    code->funcs = calloc(from->n_funcs, sizeof *code->funcs);
    if (!code->blocks || !code->funcs)
        return -ENOMEM;
    memcpy(code->funcs, from->funcs, from->n_funcs * sizeof *code->funcs);
    for (uint32_t i = 0; i < from->n_blocks && !b->error; i++) {
        const struct wn_block *block = &from->blocks[i];
        code->blocks[i].first = (uint32_t)b->ops.len;
        for (uint32_t k = block->first; k < block->first + block->count && !b->error; k++) {
            b->slot = from->slot[k];
            blind_op(b, from->ops[k]);
        }
        code->blocks[i].count = (uint32_t)b->ops.len - code->blocks[i].first;
    }
    code->ops = b->ops.data;
    code->slot = b->slots.data;
    code->n_ops = (uint32_t)b->ops.len;
    return b->error;
}

int wn_blind(const struct wn_code *lowered, struct wn_code **out, struct wn_error *err)
{
    struct blinding b = {.from = lowered};
    WN_OWN(code) struct wn_code *code = calloc(1, sizeof *code);
    if (!code)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    *code = *lowered;
    code->ops = NULL;
    code->slot = NULL;
    code->mark = NULL;
    int r = blind_all(&b, code);
    if (r == -ENOMEM)
        return wn_fail(err, r, WN_NOWHERE, "out of memory");
    if (r)
        return wn_fail(err, r, WN_NOWHERE, "no random numbers to blind constants with");
    *out = wn_give(code);
    return 0;
}
