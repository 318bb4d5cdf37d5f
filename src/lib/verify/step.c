/* SPDX-License-Identifier: MIT */
/** What arithmetic does to registers: numbers, and addresses that go on pointing to their memory.
 */
#include <string.h>

#include "verify/search.h"

/* Numbers up to here, added to addresses, do not come near to where addresses wrap. Larger than
 * lengths, so that loops that count up to one are widened to something that still is. */
#define NEAR (INT64_C(1) << 41)

struct wn_value wn_value_plus(const struct wn_value *v, int64_t number)
{
    struct wn_value n = wn_value_const((uint64_t)number);
    return number ? wn_value_compute(WN_OP_ADD64_K, v, &n) : *v;
}

bool wn_is_near(const struct wn_value *v)
{
    return v->smin >= -NEAR && v->smax <= NEAR;
}

static bool is_small(int64_t off)
{
    return off >= -WN_FARTHEST && off <= WN_FARTHEST;
}

/** The second operand: a register, or the immediate. False if the register holds nothing. */
static bool second(struct wn_search *q, const struct wn_op *op, struct wn_reg *out)
{
    if (wn_rows[op->id].form == WN_FORM_DST_SRC)
        return wn_read(q, op->b, out);
    *out = wn_reg_const((uint64_t)(int64_t)op->imm);
    return true;
}

static void set(struct wn_search *q, const struct wn_op *op, const struct wn_reg *reg)
{
    q->s.r[op->dst] = *reg;
}

/** An address that has become a number of which nothing is known but that it was one. */
static void set_any(struct wn_search *q, const struct wn_op *op, const struct wn_reg *was,
                    bool half)
{
    struct wn_reg r = wn_reg_lost(WN_PAST_COMPUTED, q->s.at);
    if (half)
        r.v = wn_value_of_bits(32);
    if (was && wn_is_packet_type(was->type))
        q->detours = true;
    set(q, op, &r);
}

static void meaningless(struct wn_search *q, const struct wn_op *op, unsigned number,
                        const struct wn_reg *reg)
{
    struct wn_why why = wn_why_of(q, WN_WHY_ARITHMETIC, number, reg);
    wn_note(q, WN_WRONG, &why);
    /* Swapping bytes has an opcode of 32 bits for all widths. */
    bool swaps = op->id == WN_OP_BE64 || op->id == WN_OP_LE64;
    set_any(q, op, reg, wn_opcode_is32(wn_rows[op->id].opcode) && !swaps);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/** Numbers that something is to be linked with get a number of their own. */
static void give_id(struct wn_search *q, unsigned number, struct wn_reg *r)
{
    if (r->id && !r->shifted)
        return;
    r->id = wn_new_id(q);
    r->off = 0;
    r->shifted = 0;
    if (number < WN_R10)
        q->s.r[number] = *r;
}

/** Whether a number plus a constant is that sum, and not something that has wrapped. */
static bool sum_is_exact(const struct wn_reg *a, int64_t k, bool half)
{
    if (!is_small(k) || !is_small(a->off + k))
        return false;
    if (half)
        return a->v.umax <= UINT32_MAX && (int64_t)a->v.umin + k >= 0 &&
               (int64_t)a->v.umax + k <= UINT32_MAX;
    return wn_is_near(&a->v);
}

/** Keep what a number is linked with over the addition of a constant. */
static void link_sum(const struct wn_reg *a, int64_t k, bool half, struct wn_reg *r)
{
    bool exact = !a->shifted && sum_is_exact(a, k, half);
    bool low = half && (a->shifted == WN_LINK_HALF || (!a->shifted && wn_is_near(&a->v)));
    if (!a->id || (!exact && !low) || !is_small(k) || !is_small(a->off + k))
        return;
    r->id = a->id;
    r->off = a->off + (int32_t)k;
    r->shifted = exact ? WN_LINK_EXACT : WN_LINK_HALF;
}

/** Two shifts by 32 leave a number of 32 bits as it was: how compilers widened them before v3. */
static void link_shift(const struct wn_op *op, const struct wn_reg *a, struct wn_reg *r)
{
    if (op->imm != 32 || !a->id)
        return;
    if (op->id == WN_OP_LSH64_K && !a->shifted && a->v.umax <= UINT32_MAX) {
        r->id = a->id;
        r->off = a->off;
        r->shifted = a->v.umax <= INT32_MAX ? WN_LINK_SHIFTED_31 : WN_LINK_SHIFTED;
    } else if ((op->id == WN_OP_RSH64_K &&
                (a->shifted == WN_LINK_SHIFTED || a->shifted == WN_LINK_SHIFTED_31)) ||
               (op->id == WN_OP_ARSH64_K && a->shifted == WN_LINK_SHIFTED_31)) {
        r->id = a->id;
        r->off = a->off;
    }
}

/** Whether the result is what the operation makes of any number, one that it is not linked with. */
static bool is_cut(const struct wn_op *op, const struct wn_value *r)
{
    switch ((enum wn_op_id)op->id) {
    case WN_OP_AND64_K:
        return op->imm >= 0 && r->umin == 0 && r->umax == (uint32_t)op->imm &&
               r->bits.mask == (uint32_t)op->imm;
    case WN_OP_AND32_K:
        return r->umin == 0 && r->bits.mask == (uint32_t)op->imm && r->umax == (uint32_t)op->imm;
    case WN_OP_RSH64_K:
        return op->imm > 0 && op->imm < 64 && r->umin == 0 && r->umax == UINT64_MAX >> op->imm &&
               r->bits.mask == r->umax;
    case WN_OP_MOD64_K:
    case WN_OP_MOD32_K:
        return op->imm > 0 && r->umin == 0 && r->umax == (uint32_t)op->imm - 1 &&
               r->bits.mask == wn_tnum_range(0, r->umax).mask;
    default: return false;
    }
}

static void compute(struct wn_search *q, const struct wn_op *op, const struct wn_reg *a,
                    const struct wn_reg *b)
{
    struct wn_reg r = wn_reg_number(wn_value_compute((enum wn_op_id)op->id, &a->v, &b->v));
    /* No address is so small. */
    if ((a->type == WN_T_ANY || b->type == WN_T_ANY) && r.v.umax >= WN_SMALLEST_ADDRESS) {
        const struct wn_reg *any = a->type == WN_T_ANY ? a : b;
        r.type = WN_T_ANY;
        r.past = any->past;
        r.which = any->which;
    }
    bool constant = wn_value_is_const(&b->v);
    switch ((enum wn_op_id)op->id) {
    case WN_OP_ADD64_K:
    case WN_OP_ADD64_X:
    case WN_OP_ADD32_K:
    case WN_OP_ADD32_X:
        if (constant)
            link_sum(a, (int64_t)b->v.bits.value, wn_opcode_is32(wn_rows[op->id].opcode), &r);
        else if (wn_value_is_const(&a->v))
            link_sum(b, (int64_t)a->v.bits.value, wn_opcode_is32(wn_rows[op->id].opcode), &r);
        break;
    case WN_OP_SUB64_K:
    case WN_OP_SUB64_X:
    case WN_OP_SUB32_K:
    case WN_OP_SUB32_X:
        if (constant && b->v.smin > INT64_MIN)
            link_sum(a, -(int64_t)b->v.bits.value, wn_opcode_is32(wn_rows[op->id].opcode), &r);
        break;
    case WN_OP_LSH64_K:
    case WN_OP_RSH64_K:
    case WN_OP_ARSH64_K: link_shift(op, a, &r); break;
    default: break;
    }
    if (wn_value_is_const(&r.v)) {
        r.id = 0;
        r.off = 0;
        r.shifted = 0;
    }
    if (!r.id && is_cut(op, &r.v))
        q->flags |= WN_STEP_CUT;
    set(q, op, &r);
}

/* ---- addresses ------------------------------------------------------------------------------- */

static bool takes_sums(const struct wn_reg *p)
{
    switch ((enum wn_type)p->type) {
    case WN_T_CONTEXT:
    case WN_T_STACK:
    case WN_T_PACKET:
    case WN_T_META:
    case WN_T_END:
    case WN_T_KEY: return true;
    case WN_T_VALUE:
    case WN_T_RECORD: return !p->nullable;
    default: return false;
    }
}

/** A place in the packet that a number says: the two stay linked, so that what is learned of one
 * holds of the other. */
static void add_to_packet(struct wn_search *q, const struct wn_op *op, struct wn_reg p,
                          unsigned number, struct wn_reg n)
{
    if (p.id == 0) {
        give_id(q, number, &n);
        p.id = n.id;
        p.v = wn_value_plus(&n.v, -(int64_t)n.off);
        p.off += n.off;
    } else {
        p.id = wn_new_id(q);
        p.v = wn_value_compute(WN_OP_ADD64_X, &p.v, &n.v);
    }
    set(q, op, &p);
}

/** As far as offsets reach, a constant is one; beyond, a place in the packet has a number of its
 * own. */
static void add_constant(struct wn_search *q, const struct wn_op *op, struct wn_reg p, int64_t k)
{
    if (is_small(k) && is_small(p.off + k)) {
        p.off += (int32_t)k;
        set(q, op, &p);
        return;
    }
    struct wn_value v = wn_value_plus(&p.v, k);
    if (p.type != WN_T_PACKET || !wn_is_near(&v)) {
        set_any(q, op, &p, false);
        return;
    }
    p.v = v;
    p.id = wn_new_id(q);
    set(q, op, &p);
}

/** p + n, of which n is in register `number` (WN_R10: in none). */
static void add(struct wn_search *q, const struct wn_op *op, struct wn_reg p, unsigned number,
                struct wn_reg n)
{
    if (wn_value_is_const(&n.v)) {
        add_constant(q, op, p, (int64_t)n.v.bits.value);
        return;
    }
    bool length = p.type == WN_T_PACKET && p.id == 0 && n.id == WN_ID_LENGTH && !n.shifted;
    if (length && is_small((int64_t)p.off + n.off)) {
        struct wn_reg end = wn_reg_address(WN_T_END, 0);
        end.off = p.off + n.off;
        set(q, op, &end);
    } else if ((n.type == WN_T_ANY && !wn_is_near(&n.v)) || p.type == WN_T_CONTEXT ||
               p.type == WN_T_END) {
        set_any(q, op, &p, false);
        if (p.type == WN_T_CONTEXT)
            q->s.r[op->dst].past = WN_PAST_CONTEXT;
    } else if (p.type == WN_T_PACKET || p.type == WN_T_META) {
        if (is_small((int64_t)p.off + n.off))
            add_to_packet(q, op, p, number, n);
        else
            set_any(q, op, &p, false);
    } else {
        p.v = wn_value_compute(WN_OP_ADD64_X, &p.v, &n.v);
        set(q, op, &p);
    }
}

static void subtract(struct wn_search *q, const struct wn_op *op, struct wn_reg p,
                     const struct wn_reg *n)
{
    struct wn_value zero = wn_value_const(0);
    struct wn_reg minus = wn_reg_number(wn_value_compute(WN_OP_SUB64_X, &zero, &n->v));
    minus.type = n->type;
    add(q, op, p, WN_R10, minus);
}

/** How far two addresses are from each other. */
static void distance(struct wn_search *q, const struct wn_op *op, const struct wn_reg *a,
                     const struct wn_reg *b)
{
    struct wn_reg r = wn_reg_number(wn_value_unknown());
    bool same = a->type == b->type && a->which == b->which;
    if (same && (a->type == WN_T_STACK || a->type == WN_T_VALUE) && wn_value_is_const(&a->v) &&
        wn_value_is_const(&b->v) && a->type == WN_T_STACK)
        r = wn_reg_const((uint64_t)((int64_t)a->off - b->off));
    if (same && (a->type == WN_T_PACKET || a->type == WN_T_END) && a->id == b->id)
        r = wn_reg_const((uint64_t)((int64_t)a->off - b->off));
    else if (a->type == WN_T_PACKET && b->type == WN_T_PACKET && b->id == 0 && wn_is_near(&a->v)) {
        r.id = a->id;
        r.off = a->off - b->off;
        r.v = wn_value_plus(&a->v, r.off);
    } else if (a->type == WN_T_END && b->type == WN_T_PACKET && b->id == 0) {
        r.id = WN_ID_LENGTH;
        r.off = a->off - b->off;
        r.v = wn_value_of_bits(32);
        wn_need(q, q->s.least);
        r.v.umin = r.v.umin32 = q->s.least;
        if (!wn_value_settle(&r.v))
            r.v = wn_value_of_bits(32);
        r.v = wn_value_plus(&r.v, r.off);
    }
    if (r.id && !is_small(r.off))
        r.id = 0, r.off = 0;
    set(q, op, &r);
}

/** Whether what an operation makes of addresses of the packet is the same wherever that is: places
 * in it, and how far they are from each other. */
static bool is_relative(enum wn_op_id id, const struct wn_reg *a, const struct wn_reg *b)
{
    bool both = wn_is_packet_type(a->type) && wn_is_packet_type(b->type);
    switch (id) {
    case WN_OP_ADD64_K:
    case WN_OP_ADD64_X:
    case WN_OP_SUB64_K: return wn_is_number(a) || wn_is_number(b);
    case WN_OP_SUB64_X: return wn_is_number(b) || both;
    case WN_OP_SUB32_X: return both;
    default: return false;
    }
}

static void alu_address(struct wn_search *q, const struct wn_op *op, const struct wn_reg *a,
                        const struct wn_reg *b)
{
    bool a_is = !wn_is_number(a), b_is = !wn_is_number(b);
    unsigned number = wn_rows[op->id].form == WN_FORM_DST_SRC ? op->b : WN_R10;
    if (!a_is)
        wn_depend(q, op->a);
    if (!b_is)
        wn_depend(q, number);
    if (a_is && b_is) {
        wn_depend(q, op->a);
        wn_depend(q, op->b);
    }
    if (!is_relative((enum wn_op_id)op->id, a, b)) {
        wn_expose(q, a);
        wn_expose(q, b);
    }
    switch ((enum wn_op_id)op->id) {
    case WN_OP_ADD64_K:
    case WN_OP_ADD64_X:
        if (a_is && !b_is && takes_sums(a))
            add(q, op, *a, number, *b);
        else if (b_is && !a_is && takes_sums(b))
            add(q, op, *b, op->a, *a);
        else
            meaningless(q, op, a_is ? op->a : number, a_is ? a : b);
        break;
    case WN_OP_SUB64_K:
    case WN_OP_SUB64_X:
        if (a_is && !b_is && takes_sums(a))
            subtract(q, op, *a, b);
        else if (a_is && b_is)
            distance(q, op, a, b);
        else
            meaningless(q, op, b_is ? number : op->a, b_is ? b : a);
        break;
    case WN_OP_SUB32_X: {
        struct wn_reg r = wn_reg_number(wn_value_of_bits(32));
        set(q, op, &r);
        break;
    }
    case WN_OP_ADD32_K:
    case WN_OP_ADD32_X:
    case WN_OP_SUB32_K:
    case WN_OP_AND64_K: set_any(q, op, a_is ? a : b, op->id != WN_OP_AND64_K); break;
    default: meaningless(q, op, a_is ? op->a : number, a_is ? a : b); break;
    }
}

/* ---- moves ----------------------------------------------------------------------------------- */

/** Compilers move what they know to be of no use; it is none at the other place either. */
static struct wn_reg read_moved(const struct wn_search *q, const struct wn_op *op)
{
    struct wn_reg a = wn_state_reg(&q->s, op->a);
    if (a.type == WN_T_NONE && a.past != WN_PAST_COPY) {
        a.past = WN_PAST_COPY;
        a.which = q->s.at;
    }
    return a;
}

static void move(struct wn_search *q, const struct wn_op *op)
{
    struct wn_reg a = read_moved(q, op);
    if (wn_is_number(&a) && !wn_value_is_const(&a.v) && !a.id)
        give_id(q, op->a, &a);
    set(q, op, &a);
}

/** Moves that change what they move, or might. */
static void convert(struct wn_search *q, const struct wn_op *op, uint64_t umax)
{
    struct wn_reg a = read_moved(q, op);
    if (a.type == WN_T_NONE) {
        set(q, op, &a);
        return;
    }
    bool half = wn_opcode_is32(wn_rows[op->id].opcode);
    if (!wn_is_number(&a)) {
        set_any(q, op, &a, half);
        return;
    }
    bool same = a.v.umax <= umax;
    if (same && !wn_value_is_const(&a.v) && !a.id)
        give_id(q, op->a, &a);
    struct wn_reg r = wn_reg_number(wn_value_compute((enum wn_op_id)op->id, &a.v, &a.v));
    r.type = a.type;
    r.past = a.past;
    r.which = a.which;
    bool low = op->id == WN_OP_MOV32_X && a.id && wn_is_near(&a.v) &&
               (a.shifted == WN_LINK_HALF || !a.shifted);
    if ((same && !a.shifted) || low) {
        r.id = a.id;
        r.off = a.off;
        r.shifted = same ? a.shifted : WN_LINK_HALF;
    }
    set(q, op, &r);
}

void wn_step_alu(struct wn_search *q, const struct wn_op *op)
{
    struct wn_reg a, b;
    switch ((enum wn_op_id)op->id) {
    case WN_OP_MOV64_K:
        a = wn_reg_const((uint64_t)(int64_t)op->imm);
        set(q, op, &a);
        return;
    case WN_OP_MOV32_K:
        a = wn_reg_const((uint32_t)op->imm);
        set(q, op, &a);
        return;
    case WN_OP_MOV64_X: move(q, op); return;
    case WN_OP_MOV32_X: convert(q, op, UINT32_MAX); return;
    case WN_OP_MOVSX32_64: convert(q, op, INT32_MAX); return;
    case WN_OP_MOVSX16_64:
    case WN_OP_MOVSX16_32: convert(q, op, INT16_MAX); return;
    case WN_OP_MOVSX8_64:
    case WN_OP_MOVSX8_32: convert(q, op, INT8_MAX); return;
    default: break;
    }
    if (!wn_read(q, op->a, &a) || !second(q, op, &b))
        return;
    bool zero = op->a == op->b && wn_rows[op->id].form == WN_FORM_DST_SRC;
    if (zero && (op->id == WN_OP_XOR64_X || op->id == WN_OP_XOR32_X || op->id == WN_OP_SUB64_X)) {
        a = wn_reg_const(0);
        set(q, op, &a);
    } else if (wn_is_number(&a) && wn_is_number(&b)) {
        compute(q, op, &a, &b);
    } else {
        alu_address(q, op, &a, &b);
    }
}

void wn_step_wide(struct wn_search *q, const struct wn_op *op)
{
    struct wn_reg r = wn_reg_const(wn_op_wide(op));
    if (op->id == WN_OP_FUNC) {
        r = wn_reg_address(WN_T_FUNC, wn_func_slot(op, q->s.at));
    } else if (op->b == WN_WIDE_MAP) {
        r = wn_reg_address(WN_T_MAP, op->target);
    } else if (op->b == WN_WIDE_VALUE) {
        r = wn_reg_address(WN_T_VALUE, op->target);
        r.off = op->off;
    }
    set(q, op, &r);
}
