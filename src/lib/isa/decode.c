/* SPDX-License-Identifier: MIT */
#include "isa/decode.h"

#include <errno.h>
#include <stdlib.h>

/**
 * Which fields of a slot a form uses, and for what, as masks: all others must be
 * zero, but for the selector's. A table and no switch, as which form comes next
 * cannot be predicted.
 */
struct layout {
    uint8_t dst, src;           /* used */
    uint8_t to_dst, to_a;       /* what the destination register becomes */
    uint8_t src_to_a, src_to_b; /* and the source register */
    bool special;               /* see decode_special() */
    int16_t off;                /* used */
    int16_t disp, jumps;        /* as what: a displacement, or a distance */
    int32_t imm;                /* used */
};

enum { REG = 15, ALL = -1, MAY_GOTO = 0xe5 };

static const struct layout layouts[] = {
    [WN_FORM_NONE] = {0},
    [WN_FORM_DST_IMM] = {.dst = REG, .imm = ALL, .to_dst = REG, .to_a = REG},
    [WN_FORM_DST_SRC] = {.dst = REG, .src = REG, .to_dst = REG, .to_a = REG, .src_to_b = REG},
    [WN_FORM_SET_IMM] = {.dst = REG, .imm = ALL, .to_dst = REG},
    [WN_FORM_SET_REG] = {.dst = REG, .src = REG, .to_dst = REG, .src_to_a = REG},
    [WN_FORM_DST] = {.dst = REG, .to_dst = REG, .to_a = REG},
    [WN_FORM_WIDE] = {.dst = REG, .imm = ALL, .to_dst = REG},
    [WN_FORM_LOAD] =
        {.dst = REG, .src = REG, .off = ALL, .to_dst = REG, .src_to_a = REG, .disp = ALL},
    [WN_FORM_STORE_IMM] = {.dst = REG, .off = ALL, .imm = ALL, .to_a = REG, .disp = ALL},
    [WN_FORM_STORE_REG] =
        {.dst = REG, .src = REG, .off = ALL, .to_a = REG, .src_to_b = REG, .disp = ALL},
    [WN_FORM_ATOMIC] = {.dst = REG,
                        .src = REG,
                        .off = ALL,
                        .to_a = REG,
                        .src_to_b = REG,
                        .disp = ALL,
                        .special = 1},
    [WN_FORM_JUMP] = {.off = ALL, .jumps = ALL},
    [WN_FORM_JUMP_FAR] = {.imm = ALL, .special = 1},
    [WN_FORM_BRANCH_IMM] = {.dst = REG, .off = ALL, .imm = ALL, .to_a = REG, .jumps = ALL},
    [WN_FORM_BRANCH_REG] =
        {.dst = REG, .src = REG, .off = ALL, .to_a = REG, .src_to_b = REG, .jumps = ALL},
    [WN_FORM_CALL] = {.imm = ALL, .special = 1},
    [WN_FORM_CALL_REG] = {.special = 1},
    [WN_FORM_ABS] = {.imm = ALL},
    [WN_FORM_IND] = {.src = REG, .imm = ALL, .src_to_a = REG},
    [WN_FORM_GUARD] = {0},
    [WN_FORM_FUEL] = {0},
    [WN_FORM_CHECK] = {0},
};

static inline bool selected(const struct wn_row *row, struct wn_slot s)
{
    if (row->selector == WN_SELECT_NONE)
        return true;
    if (row->selector == WN_SELECT_OFF)
        return s.off == row->value;
    switch ((enum wn_selector)row->selector) {
    case WN_SELECT_NONE:
    case WN_SELECT_OFF: break;
    case WN_SELECT_IMM: return s.imm == row->value;
    case WN_SELECT_IMM_NOT: return s.imm != row->value;
    case WN_SELECT_SRC: return wn_slot_src(s) == (unsigned)row->value;
    }
    return false;
}

static const char *const selector_names[] = {
    [WN_SELECT_NONE] = "",
    [WN_SELECT_OFF] = "offset",
    [WN_SELECT_IMM] = "immediate",
    [WN_SELECT_IMM_NOT] = "immediate",
    [WN_SELECT_SRC] = "source register",
};

static int32_t selector_field(enum wn_selector selector, struct wn_slot s)
{
    switch (selector) {
    case WN_SELECT_OFF: return s.off;
    case WN_SELECT_SRC: return (int32_t)wn_slot_src(s);
    case WN_SELECT_NONE:
    case WN_SELECT_IMM:
    case WN_SELECT_IMM_NOT: break;
    }
    return s.imm;
}

/** Reserved fields (RFC 9669, 3: "must be set to zero"), and registers that exist. */
static int check_fields(const struct wn_row *row, struct wn_slot s, uint32_t at,
                        struct wn_error *err)
{
    struct layout used = layouts[row->form];
    unsigned dst = wn_slot_dst(s), src = wn_slot_src(s);
    bool register_in_imm = row->selector == WN_SELECT_IMM_NOT;
    used.dst |= row->form == WN_FORM_CALL_REG && !register_in_imm;
    used.off |= row->selector == WN_SELECT_OFF;
    used.imm |= row->selector == WN_SELECT_IMM || register_in_imm;
    used.src |= row->selector == WN_SELECT_SRC;

    if (used.dst ? dst > WN_R10 : dst)
        return wn_fail(err, WN_E_MALFORMED, at, "%s: destination register is r%u, must be %s",
                       row->name, dst, used.dst ? "r0 to r10" : "0");
    if (used.src ? src > WN_R10 : src)
        return wn_fail(err, WN_E_MALFORMED, at, "%s: source register is r%u, must be %s", row->name,
                       src, used.src ? "r0 to r10" : "0");
    if (s.off && !used.off)
        return wn_fail(err, WN_E_MALFORMED, at, "%s: offset is %d, must be 0", row->name, s.off);
    if (s.imm && !used.imm)
        return wn_fail(err, WN_E_MALFORMED, at, "%s: immediate is %d, must be 0", row->name, s.imm);
    if (register_in_imm && (s.imm < 0 || s.imm > WN_R10))
        return wn_fail(err, WN_E_MALFORMED, at, "%s: immediate %d names no register", row->name,
                       s.imm);
    return 0;
}

/** Whether all fields are in order that need no knowledge of the selector; most slots are so. */
static bool is_plain(const struct wn_row *row, struct wn_slot s)
{
    const struct layout *used = &layouts[row->form];
    int cut =
        (s.regs & ~(used->dst | used->src << 4)) | (s.off & ~used->off) | (s.imm & ~used->imm);
    return !cut && wn_slot_dst(s) <= WN_R10 && wn_slot_src(s) <= WN_R10;
}

/** Say what is wrong with a slot that is no row's. */
static int fail_unknown(struct wn_slot slot, uint32_t at, struct wn_error *err)
{
    unsigned first = wn_row_first(slot.opcode);
    if (first == WN_OPS)
        /* The one that compilers' authors ask for by name, and RFC 9669 does not know. */
        return slot.opcode == MAY_GOTO
                   ? wn_fail(err, WN_E_MALFORMED, at,
                             "may_goto (opcode 0xe5) is not provided; count the loop's rounds, and "
                             "stop at a constant")
                   : wn_fail(err, WN_E_MALFORMED, at, "unknown opcode 0x%02x", slot.opcode);
    const struct wn_row *row = &wn_rows[first];
    return wn_fail(err, WN_E_MALFORMED, at, "%s (opcode 0x%02x): %s %d has no meaning", row->name,
                   slot.opcode, selector_names[row->selector],
                   selector_field((enum wn_selector)row->selector, slot));
}

static inline int slot_row(struct wn_slot slot, uint32_t at, struct wn_error *err)
{
    unsigned id = wn_row_first(slot.opcode);
    for (; id < WN_OPS_ENCODED && wn_rows[id].opcode == slot.opcode; id++)
        if (selected(&wn_rows[id], slot)) {
            int r = is_plain(&wn_rows[id], slot) ? 0 : check_fields(&wn_rows[id], slot, at, err);
            return r ? r : (int)id;
        }
    return fail_unknown(slot, at, err);
}

int wn_slot_row(struct wn_slot slot, uint32_t at, struct wn_error *err)
{
    return slot_row(slot, at, err);
}

/** What is not simply a field. */
static void decode_special(struct wn_op *op, struct wn_slot s, uint32_t at)
{
    unsigned dst = wn_slot_dst(s), src = wn_slot_src(s);
    switch ((enum wn_form)wn_rows[op->id].form) {
    case WN_FORM_ATOMIC:
        op->dst = s.imm == wn_rows[WN_OP_ATOMIC_CMPXCHG64].value ? WN_R0
                  : s.imm & 1                                    ? (uint8_t)src
                                                                 : 0;
        op->imm = 0;
        break;
    case WN_FORM_JUMP_FAR:
        op->target = at + 1 + (uint32_t)s.imm;
        op->imm = 0;
        break;
    case WN_FORM_CALL:
        if (op->id == WN_OP_CALL_LOCAL)
            op->target = at + 1 + (uint32_t)s.imm;
        break;
    case WN_FORM_CALL_REG: op->a = (uint8_t)(op->id == WN_OP_CALLX ? dst : (uint32_t)s.imm); break;
    default: break;
    }
}

/** The operands of a slot, by form. */
static void decode_operands(struct wn_op *op, struct wn_slot s, uint32_t at)
{
    const struct wn_row *row = &wn_rows[op->id];
    const struct layout *l = &layouts[row->form];
    unsigned dst = wn_slot_dst(s), src = wn_slot_src(s);
    const uint32_t sized =
        1u << WN_KIND_LOAD | 1u << WN_KIND_STORE | 1u << WN_KIND_ATOMIC | 1u << WN_KIND_PACKET;
    bool has_size = sized >> row->kind & 1;

    op->dst = (uint8_t)(dst & l->to_dst);
    op->a = (uint8_t)((dst & l->to_a) | (src & l->src_to_a));
    op->b = (uint8_t)(src & l->src_to_b);
    op->size = has_size ? (uint8_t)wn_opcode_size(s.opcode) : 0;
    op->off = s.off & l->disp;
    op->imm = s.imm & l->imm;
    op->target = (at + 1 + (uint32_t)s.off) & (uint32_t)l->jumps;
    if (l->special)
        decode_special(op, s, at);
}

static int decode_wide(struct wn_op *op, const struct wn_slot *slots, size_t count, size_t at,
                       struct wn_error *err)
{
    if (at + 1 == count)
        return wn_fail(err, WN_E_MALFORMED, (uint32_t)at, "lddw: the program ends inside it");
    struct wn_slot high = slots[at + 1];
    if (high.opcode || high.regs || high.off)
        return wn_fail(err, WN_E_MALFORMED, (uint32_t)at + 1,
                       "lddw: second slot must be zero but for its immediate");
    op->high = (uint32_t)high.imm;
    op[1].id = WN_OP_HOLE;
    return 0;
}

int wn_decode(const struct wn_slot *slots, size_t count, struct wn_code **out, struct wn_error *err)
{
    if (count == 0)
        return wn_fail(err, WN_E_MALFORMED, WN_NOWHERE, "the program is empty");
    struct wn_code *code = calloc(1, sizeof *code);
    if (code)
        code->ops = calloc(count, sizeof *code->ops);
    if (!code || !code->ops) {
        wn_code_free(code);
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    }
    code->form = WN_DECODED;
    code->frame_bytes = WN_STACK_FRAME;
    code->call_depth = WN_CALL_DEPTH;
    code->n_ops = (uint32_t)count;

    for (size_t i = 0; i < count; i++) {
        struct wn_op *op = &code->ops[i];
        int id = slot_row(slots[i], (uint32_t)i, err);
        int r = id < 0 ? id : 0;
        if (r == 0) {
            op->id = (uint16_t)id;
            decode_operands(op, slots[i], (uint32_t)i);
            if (wn_op_kind(op) == WN_KIND_WIDE) {
                r = decode_wide(op, slots, count, i, err);
                i++;
            }
        }
        if (r) {
            wn_code_free(code);
            return r;
        }
    }
    *out = code;
    return 0;
}

struct wn_slot wn_encode(enum wn_op_id id, unsigned dst, unsigned src, int16_t off, int32_t imm)
{
    const struct wn_row *row = &wn_rows[id];
    struct wn_slot s = wn_slot(row->opcode, dst, src, off, imm);
    switch ((enum wn_selector)row->selector) {
    case WN_SELECT_NONE:
    case WN_SELECT_IMM_NOT: break;
    case WN_SELECT_OFF: s.off = (int16_t)row->value; break;
    case WN_SELECT_IMM: s.imm = row->value; break;
    case WN_SELECT_SRC: s.regs = (uint8_t)(dst | (unsigned)row->value << 4); break;
    }
    return s;
}
