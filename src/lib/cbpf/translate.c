/* SPDX-License-Identifier: MIT */
#include <winnow/text.h>

#include <errno.h>
#include <stdlib.h>

#include "base/own.h"
#include "base/vec.h"
#include "cbpf/cbpf.h"
#include "isa/decode.h"

/*
 * The classic machine in registers that calls destroy: the translation makes no
 * calls, so machine code needs no frame. A and X are always zero-extended.
 */
enum {
    A = WN_R0, /* so that returning A costs nothing */
    DATA = WN_R1,
    CAPLEN = WN_R2,
    WIRELEN = WN_R3,
    X = WN_R4,
    T = WN_R5,
};

/** A jump whose distance is not known yet. */
struct fixup {
    uint32_t slot;
    uint32_t from;   /* classic instruction it belongs to */
    uint32_t target; /* classic instruction; their number means: reject */
};

struct emitter {
    struct {
        struct wn_slot *data;
        size_t len, cap;
    } slots;
    struct {
        struct fixup *data;
        size_t len, cap;
    } fixups;
    const struct wn_cbpf_insn *insns;
    const struct wn_cbpf_fact *facts;
    uint32_t n;
    uint32_t i;      /* being translated */
    uint32_t *begin; /* slot at which each classic instruction begins; [n]: the rejection */
    bool *far;       /* jumps of this instruction do not fit into 16 bits */
    bool no_memory;  /* sticky */
};

static void emit_slot(struct emitter *e, struct wn_slot s)
{
    if (!wn_vec_push(&e->slots, s))
        e->no_memory = true;
}

static void emit(struct emitter *e, enum wn_op_id id, unsigned dst, unsigned src, int32_t imm)
{
    emit_slot(e, wn_encode(id, dst, src, 0, imm));
}

/** A constant of any size; zero-extended. */
static void emit_constant(struct emitter *e, unsigned dst, uint64_t value)
{
    if (value <= UINT32_MAX) {
        emit(e, WN_OP_MOV32_K, dst, 0, (int32_t)(uint32_t)value);
        return;
    }
    emit(e, WN_OP_IMM64, dst, 0, (int32_t)(uint32_t)value);
    emit_slot(e, wn_slot(0, 0, 0, 0, (int32_t)(value >> 32)));
}

static void emit_fixup(struct emitter *e, struct wn_slot s, uint32_t target)
{
    struct fixup f = {(uint32_t)e->slots.len, e->i, target};
    if (!wn_vec_push(&e->fixups, f))
        e->no_memory = true;
    emit_slot(e, s);
}

static void emit_goto(struct emitter *e, uint32_t target)
{
    emit_fixup(e, wn_encode(e->far[e->i] ? WN_OP_JA32 : WN_OP_JA, 0, 0, 0, 0), target);
}

/** A conditional jump. There is no far one, so a far target is reached by a jump around a jump. */
static void emit_branch(struct emitter *e, struct wn_slot s, uint32_t target)
{
    if (!e->far[e->i]) {
        emit_fixup(e, s, target);
        return;
    }
    s.off = 1;
    emit_slot(e, s);
    emit_slot(e, wn_encode(WN_OP_JA, 0, 0, 1, 0));
    emit_goto(e, target);
}

static void emit_reject_if(struct emitter *e, enum wn_op_id id, unsigned dst, unsigned src,
                           int32_t imm)
{
    emit_branch(e, wn_encode(id, dst, src, 0, imm), e->n);
}

/** Reject packets that have fewer bytes. */
static void emit_check(struct emitter *e, uint64_t bytes)
{
    if (bytes == 0)
        return;
    if (bytes <= INT32_MAX) {
        emit_reject_if(e, WN_OP_JLT64_K, CAPLEN, 0, (int32_t)bytes);
        return;
    }
    emit_constant(e, T, bytes);
    emit_reject_if(e, WN_OP_JLT64_X, CAPLEN, T, 0);
}

/** dst = [base + off] in network order. */
static void emit_load(struct emitter *e, unsigned size, unsigned dst, unsigned base, int16_t off)
{
    enum wn_op_id id = size == 4 ? WN_OP_LDX_W : size == 2 ? WN_OP_LDX_H : WN_OP_LDX_B;
    emit_slot(e, wn_encode(id, dst, base, off, 0));
    if (size > 1)
        emit(e, size == 4 ? WN_OP_BE32 : WN_OP_BE16, dst, 0, 0);
}

/** dst = packet[k]. The check has been made when an earlier one covers this load. */
static void emit_load_abs(struct emitter *e, unsigned size, unsigned dst, uint32_t k)
{
    emit_check(e, e->facts[e->i].check);
    if (k <= INT16_MAX) {
        emit_load(e, size, dst, DATA, (int16_t)k);
        return;
    }
    emit_constant(e, T, k);
    emit(e, WN_OP_ADD64_X, T, DATA, 0);
    emit_load(e, size, dst, T, 0);
}

/** A = packet[X + k]: the end of the load is what gets compared, and the load counts back from it.
 */
static void emit_load_ind(struct emitter *e, unsigned size, uint32_t k)
{
    uint64_t end = (uint64_t)k + size;
    if (end <= INT32_MAX) {
        emit(e, WN_OP_MOV64_X, T, X, 0);
        emit(e, WN_OP_ADD64_K, T, 0, (int32_t)end);
    } else {
        emit_constant(e, T, end);
        emit(e, WN_OP_ADD64_X, T, X, 0);
    }
    emit_reject_if(e, WN_OP_JGT64_X, T, CAPLEN, 0);
    emit(e, WN_OP_ADD64_X, T, DATA, 0);
    emit_load(e, size, A, T, (int16_t) - (int)size);
}

static int16_t word_off(uint32_t k)
{
    return (int16_t)((int)k * 4 - CBPF_WORDS * 4);
}

static void translate_load(struct emitter *e, const struct wn_cbpf_insn *p)
{
    unsigned dst = wn_cbpf_class(p) == CBPF_LD ? A : X;
    switch (p->code & 0xe0) {
    case CBPF_IMM: emit_constant(e, dst, p->k); break;
    case CBPF_ABS: emit_load_abs(e, wn_cbpf_size(p), dst, p->k); break;
    case CBPF_IND: emit_load_ind(e, wn_cbpf_size(p), p->k); break;
    case CBPF_MEM: emit_slot(e, wn_encode(WN_OP_LDX_W, dst, WN_R10, word_off(p->k), 0)); break;
    case CBPF_LEN: emit(e, WN_OP_MOV32_X, dst, WIRELEN, 0); break;
    case CBPF_MSH:
        emit_load_abs(e, 1, X, p->k);
        emit(e, WN_OP_AND32_K, X, 0, 15);
        emit(e, WN_OP_LSH32_K, X, 0, 2);
        break;
    }
}

/** Shifts by 32 and more give 0; those of eBPF look at five bits of the distance only. */
static void emit_shift(struct emitter *e, const struct wn_cbpf_insn *p, enum wn_op_id by_k,
                       enum wn_op_id by_x)
{
    if (p->code & CBPF_X) {
        emit(e, by_x, A, X, 0);
        emit_slot(e, wn_encode(WN_OP_JLT32_K, X, 0, 1, 32));
        emit(e, WN_OP_MOV32_K, A, 0, 0);
    } else if (p->k < 32) {
        emit(e, by_k, A, 0, (int32_t)p->k);
    } else {
        emit(e, WN_OP_MOV32_K, A, 0, 0);
    }
}

static void emit_alu(struct emitter *e, const struct wn_cbpf_insn *p, enum wn_op_id by_k,
                     enum wn_op_id by_x)
{
    if (p->code & CBPF_X)
        emit(e, by_x, A, X, 0);
    else
        emit(e, by_k, A, 0, (int32_t)p->k);
}

static void translate_alu(struct emitter *e, const struct wn_cbpf_insn *p)
{
    unsigned op = p->code & 0xf0;
    if ((op == CBPF_DIV || op == CBPF_MOD) && p->code & CBPF_X)
        emit_reject_if(e, WN_OP_JEQ32_K, X, 0, 0);
    switch (op) {
    case CBPF_ADD: emit_alu(e, p, WN_OP_ADD32_K, WN_OP_ADD32_X); break;
    case CBPF_SUB: emit_alu(e, p, WN_OP_SUB32_K, WN_OP_SUB32_X); break;
    case CBPF_MUL: emit_alu(e, p, WN_OP_MUL32_K, WN_OP_MUL32_X); break;
    case CBPF_DIV: emit_alu(e, p, WN_OP_DIV32_K, WN_OP_DIV32_X); break;
    case CBPF_MOD: emit_alu(e, p, WN_OP_MOD32_K, WN_OP_MOD32_X); break;
    case CBPF_OR: emit_alu(e, p, WN_OP_OR32_K, WN_OP_OR32_X); break;
    case CBPF_AND: emit_alu(e, p, WN_OP_AND32_K, WN_OP_AND32_X); break;
    case CBPF_XOR: emit_alu(e, p, WN_OP_XOR32_K, WN_OP_XOR32_X); break;
    case CBPF_LSH: emit_shift(e, p, WN_OP_LSH32_K, WN_OP_LSH32_X); break;
    case CBPF_RSH: emit_shift(e, p, WN_OP_RSH32_K, WN_OP_RSH32_X); break;
    case CBPF_NEG: emit(e, WN_OP_NEG32, A, 0, 0); break;
    }
}

/** Conditions by comparison: with k and with X, and both the other way round where there is one. */
static const struct condition {
    enum wn_op_id by_k, by_x, not_k, not_x;
} conditions[] = {
    [CBPF_JEQ >> 4] = {WN_OP_JEQ32_K, WN_OP_JEQ32_X, WN_OP_JNE32_K, WN_OP_JNE32_X},
    [CBPF_JGT >> 4] = {WN_OP_JGT32_K, WN_OP_JGT32_X, WN_OP_JLE32_K, WN_OP_JLE32_X},
    [CBPF_JGE >> 4] = {WN_OP_JGE32_K, WN_OP_JGE32_X, WN_OP_JLT32_K, WN_OP_JLT32_X},
    [CBPF_JSET >> 4] = {WN_OP_JSET32_K, WN_OP_JSET32_X, WN_OPS, WN_OPS},
};

static void translate_jump(struct emitter *e, const struct wn_cbpf_insn *p)
{
    uint32_t next = e->i + 1, t = next + p->jt, f = next + p->jf;
    if (p->code == (CBPF_JMP | CBPF_JA))
        t = f = next + p->k;
    if (t == f) {
        if (t != next)
            emit_goto(e, t);
        return;
    }
    const struct condition *c = &conditions[p->code >> 4 & 15];
    bool by_x = p->code & CBPF_X;
    enum wn_op_id id = by_x ? c->by_x : c->by_k, inverse = by_x ? c->not_x : c->not_k;
    bool invert = t == next && inverse != WN_OPS;
    struct wn_slot s = by_x ? wn_encode(invert ? inverse : id, A, X, 0, 0)
                            : wn_encode(invert ? inverse : id, A, 0, 0, (int32_t)p->k);
    emit_branch(e, s, invert ? f : t);
    if (!invert && f != next)
        emit_goto(e, f);
}

static void translate_insn(struct emitter *e, const struct wn_cbpf_insn *p)
{
    switch (wn_cbpf_class(p)) {
    case CBPF_LD:
    case CBPF_LDX: translate_load(e, p); break;
    case CBPF_ST: emit_slot(e, wn_encode(WN_OP_STX_W, WN_R10, A, word_off(p->k), 0)); break;
    case CBPF_STX: emit_slot(e, wn_encode(WN_OP_STX_W, WN_R10, X, word_off(p->k), 0)); break;
    case CBPF_ALU: translate_alu(e, p); break;
    case CBPF_JMP: translate_jump(e, p); break;
    case CBPF_RET:
        if (!(p->code & CBPF_A))
            emit(e, WN_OP_MOV32_K, A, 0, (int32_t)p->k);
        emit(e, WN_OP_EXIT, 0, 0, 0);
        break;
    case CBPF_MISC:
        if (p->code == CBPF_TAX)
            emit(e, WN_OP_MOV32_X, X, A, 0);
        else
            emit(e, WN_OP_MOV32_X, A, X, 0);
        break;
    }
}

/** What the program may read first must hold something: 0, as in the kernel. */
static void translate_entry(struct emitter *e)
{
    uint32_t live = e->facts[0].live;
    if (live & CBPF_LIVE_A)
        emit(e, WN_OP_MOV32_K, A, 0, 0);
    if (live & CBPF_LIVE_X)
        emit(e, WN_OP_MOV32_K, X, 0, 0);
    for (uint32_t k = 0; k < CBPF_WORDS; k++)
        if (live & 1u << k)
            emit_slot(e, wn_encode(WN_OP_ST_W, WN_R10, 0, word_off(k), 0));
}

/** Where rejections go: to a `ret #0` of the program's own if there is one. */
static void translate_rejection(struct emitter *e)
{
    size_t f = 0;
    while (f < e->fixups.len && e->fixups.data[f].target != e->n)
        f++;
    if (f == e->fixups.len)
        return;
    for (uint32_t i = e->n; i-- > 0;)
        if (e->insns[i].code == CBPF_RET && e->insns[i].k == 0 && e->facts[i].reached) {
            e->begin[e->n] = e->begin[i];
            return;
        }
    e->begin[e->n] = (uint32_t)e->slots.len;
    emit(e, WN_OP_MOV32_K, A, 0, 0);
    emit(e, WN_OP_EXIT, 0, 0, 0);
}

/** Fill in distances; false if some do not fit, and then `far` says which. */
static bool resolve(struct emitter *e)
{
    bool fits = true;
    for (size_t i = 0; i < e->fixups.len; i++) {
        const struct fixup *f = &e->fixups.data[i];
        struct wn_slot *s = &e->slots.data[f->slot];
        int64_t distance = (int64_t)e->begin[f->target] - f->slot - 1;
        if (e->far[f->from] && s->opcode == wn_rows[WN_OP_JA32].opcode) {
            s->imm = (int32_t)distance;
        } else if (distance >= INT16_MIN && distance <= INT16_MAX) {
            s->off = (int16_t)distance;
        } else {
            e->far[f->from] = true;
            fits = false;
        }
    }
    return fits;
}

static void translate_all(struct emitter *e)
{
    e->slots.len = e->fixups.len = 0;
    e->i = 0;
    translate_entry(e);
    for (e->i = 0; e->i < e->n; e->i++) {
        e->begin[e->i] = (uint32_t)e->slots.len;
        if (e->facts[e->i].reached)
            translate_insn(e, &e->insns[e->i]);
    }
    translate_rejection(e);
}

int wn_cbpf_translate(const struct wn_cbpf_insn *insns, size_t n, struct wn_slot **out,
                      size_t *count, struct wn_error *err)
{
    int r = wn_cbpf_check(insns, n, err);
    if (r)
        return r;
    WN_OWN(free) struct wn_cbpf_fact *facts = calloc(n, sizeof *facts);
    WN_OWN(free) uint32_t *begin = calloc(n + 1, sizeof *begin);
    WN_OWN(free) bool *far = calloc(n, sizeof *far);
    struct emitter e = {
        .insns = insns, .facts = facts, .n = (uint32_t)n, .begin = begin, .far = far};
    e.no_memory = !facts || !begin || !far;
    if (!e.no_memory) {
        wn_cbpf_flow(insns, n, facts);
        /* Each round makes more jumps far and none near again, so this ends; it rarely begins. */
        do
            translate_all(&e);
        while (!e.no_memory && !resolve(&e));
    }
    free(e.fixups.data);
    if (e.no_memory) {
        free(e.slots.data);
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    }
    *out = e.slots.data;
    *count = e.slots.len;
    return 0;
}
