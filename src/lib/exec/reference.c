/* SPDX-License-Identifier: MIT */
#include "exec/reference.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "base/repeat.h"
#include "exec/arith.h"

/** What a local call remembers of its caller. */
struct frame {
    uint32_t back; /* slot to go on at */
    bool repeats;  /* it is a helper there that has called, and may do so again */
    uint64_t kept[4];
};

struct machine {
    const struct wn_code *code;
    struct wn_run *run;
    uint64_t r[WN_REGS];
    struct frame frames[WN_CALL_DEPTH];
    uint32_t depth; /* frames in use, the main function's not counted */
    uint32_t at;    /* slot of the current instruction */
    uint32_t next;  /* slot of the one after it, unless it jumps */
    enum wn_fault fault;
    bool done;
    bool again; /* what a helper has had called has returned to it, at the current slot */
};

/** r[dst] = a op b for all arithmetic; b is the register or the immediate, sign-extended. */
static uint64_t compute(const struct wn_op *op, uint64_t a, uint64_t b)
{
    uint32_t a32 = (uint32_t)a, b32 = (uint32_t)b;
#define BOTH(name, value)                                                                          \
    case WN_OP_##name##_K:                                                                         \
    case WN_OP_##name##_X: return value;
    switch ((enum wn_op_id)op->id) {
        BOTH(ADD64, a + b)
        BOTH(SUB64, a - b)
        BOTH(MUL64, a * b)
        BOTH(DIV64, wn_div64(a, b))
        BOTH(SDIV64, wn_sdiv64(a, b))
        BOTH(OR64, a | b)
        BOTH(AND64, a & b)
        BOTH(LSH64, a << (b & 63))
        BOTH(RSH64, a >> (b & 63))
        BOTH(MOD64, wn_mod64(a, b))
        BOTH(SMOD64, wn_smod64(a, b))
        BOTH(XOR64, a ^ b)
        BOTH(ARSH64, (uint64_t)((int64_t)a >> (b & 63)))
        BOTH(ADD32, a32 + b32)
        BOTH(SUB32, a32 - b32)
        BOTH(MUL32, a32 * b32)
        BOTH(DIV32, wn_div32(a32, b32))
        BOTH(SDIV32, wn_sdiv32(a32, b32))
        BOTH(OR32, a32 | b32)
        BOTH(AND32, a32 & b32)
        BOTH(LSH32, a32 << (b & 31))
        BOTH(RSH32, a32 >> (b & 31))
        BOTH(MOD32, wn_mod32(a32, b32))
        BOTH(SMOD32, wn_smod32(a32, b32))
        BOTH(XOR32, a32 ^ b32)
        BOTH(ARSH32, (uint32_t)((int32_t)a32 >> (b & 31)))
    case WN_OP_MOV64_K: return b;
    case WN_OP_MOV64_X: return a;
    case WN_OP_MOVSX8_64: return (uint64_t)(int8_t)a;
    case WN_OP_MOVSX16_64: return (uint64_t)(int16_t)a;
    case WN_OP_MOVSX32_64: return (uint64_t)(int32_t)a;
    case WN_OP_NEG64: return 0 - a;
    case WN_OP_MOV32_K: return b32;
    case WN_OP_MOV32_X: return a32;
    case WN_OP_MOVSX8_32: return (uint32_t)(int8_t)a;
    case WN_OP_MOVSX16_32: return (uint32_t)(int16_t)a;
    case WN_OP_NEG32: return 0 - a32;
    case WN_OP_LE16: return htole16((uint16_t)a);
    case WN_OP_LE32: return htole32(a32);
    case WN_OP_LE64: return htole64(a);
    case WN_OP_BE16: return htobe16((uint16_t)a);
    case WN_OP_BE32: return htobe32(a32);
    case WN_OP_BE64: return htobe64(a);
    case WN_OP_BSWAP16: return __builtin_bswap16((uint16_t)a);
    case WN_OP_BSWAP32: return __builtin_bswap32(a32);
    case WN_OP_BSWAP64: return __builtin_bswap64(a);
    default: assert(!"no arithmetic"); return 0;
    }
#undef BOTH
}

/** Whether a branch is taken. */
static bool compare(const struct wn_op *op, uint64_t a, uint64_t b)
{
    uint32_t a32 = (uint32_t)a, b32 = (uint32_t)b;
    int64_t sa = (int64_t)a, sb = (int64_t)b;
    int32_t sa32 = (int32_t)a, sb32 = (int32_t)b;
#define BOTH(name, holds)                                                                          \
    case WN_OP_##name##_K:                                                                         \
    case WN_OP_##name##_X: return holds;
    switch ((enum wn_op_id)op->id) {
        BOTH(JEQ64, a == b)
        BOTH(JNE64, a != b)
        BOTH(JGT64, a > b)
        BOTH(JGE64, a >= b)
        BOTH(JLT64, a < b)
        BOTH(JLE64, a <= b)
        BOTH(JSET64, (a & b) != 0)
        BOTH(JSGT64, sa > sb)
        BOTH(JSGE64, sa >= sb)
        BOTH(JSLT64, sa < sb)
        BOTH(JSLE64, sa <= sb)
        BOTH(JEQ32, a32 == b32)
        BOTH(JNE32, a32 != b32)
        BOTH(JGT32, a32 > b32)
        BOTH(JGE32, a32 >= b32)
        BOTH(JLT32, a32 < b32)
        BOTH(JLE32, a32 <= b32)
        BOTH(JSET32, (a32 & b32) != 0)
        BOTH(JSGT32, sa32 > sb32)
        BOTH(JSGE32, sa32 >= sb32)
        BOTH(JSLT32, sa32 < sb32)
        BOTH(JSLE32, sa32 <= sb32)
    default: assert(!"no branch"); return false;
    }
#undef BOTH
}

static uint64_t load(const struct wn_op *op, const void *from)
{
    uint64_t u64;
    uint32_t u32;
    uint16_t u16;
    uint8_t u8;
    memcpy(&u8, from, 1);
    switch ((enum wn_op_id)op->id) {
    case WN_OP_LDX_B: return u8;
    case WN_OP_LDSX_B: return (uint64_t)(int8_t)u8;
    case WN_OP_LDX_H: memcpy(&u16, from, 2); return u16;
    case WN_OP_LDSX_H: memcpy(&u16, from, 2); return (uint64_t)(int16_t)u16;
    case WN_OP_LDX_W: memcpy(&u32, from, 4); return u32;
    case WN_OP_LDSX_W: memcpy(&u32, from, 4); return (uint64_t)(int32_t)u32;
    case WN_OP_LDX_DW: memcpy(&u64, from, 8); return u64;
    default: assert(!"no load"); return 0;
    }
}

static void store(void *to, uint64_t value, unsigned size)
{
    uint32_t u32 = (uint32_t)value;
    uint16_t u16 = (uint16_t)value;
    uint8_t u8 = (uint8_t)value;
    switch (size) {
    case 1: memcpy(to, &u8, 1); break;
    case 2: memcpy(to, &u16, 2); break;
    case 4: memcpy(to, &u32, 4); break;
    default: memcpy(to, &value, 8); break;
    }
}

/** Work on memory in one indivisible step; what was there is returned. */
static uint64_t atomic(const struct wn_op *op, void *at, uint64_t b, uint64_t r0)
{
    uint64_t *p = at, expected = r0;
    uint32_t *p32 = at, expected32 = (uint32_t)r0, b32 = (uint32_t)b;
#define ATOMIC(name, verb)                                                                         \
    case WN_OP_ATOMIC_##name##64: return __atomic_##verb(p, b, __ATOMIC_SEQ_CST);                  \
    case WN_OP_ATOMIC_##name##32: return __atomic_##verb(p32, b32, __ATOMIC_SEQ_CST);
    switch ((enum wn_op_id)op->id) {
        ATOMIC(ADD, fetch_add)
        ATOMIC(OR, fetch_or)
        ATOMIC(AND, fetch_and)
        ATOMIC(XOR, fetch_xor)
        ATOMIC(FETCH_ADD, fetch_add)
        ATOMIC(FETCH_OR, fetch_or)
        ATOMIC(FETCH_AND, fetch_and)
        ATOMIC(FETCH_XOR, fetch_xor)
        ATOMIC(XCHG, exchange_n)
    case WN_OP_ATOMIC_CMPXCHG64:
        __atomic_compare_exchange_n(p, &expected, b, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
        return expected;
    case WN_OP_ATOMIC_CMPXCHG32:
        __atomic_compare_exchange_n(p32, &expected32, b32, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST);
        return expected32;
    default: assert(!"no atomic"); return 0;
    }
#undef ATOMIC
}

static void touch(struct machine *m, const struct wn_op *op)
{
    enum wn_kind kind = wn_op_kind(op);
    uint64_t address = m->r[op->a] + (uint64_t)(int64_t)op->off;
    bool within = kind == WN_KIND_ATOMIC
                      ? wn_run_reach_atomic(m->run, address, op->size)
                      : wn_run_reach(m->run, address, op->size, kind == WN_KIND_STORE);
    assert(within || m->code->mark[m->at] == WN_MARK_NONE ||
           m->code->mark[m->at] == WN_MARK_PACKET);
    if (m->code->mark[m->at] == WN_MARK_PACKET)
        within = wn_run_reach_packet(m->run, address, op->size);
    if (!within) {
        m->fault = WN_FAULT_MEMORY;
        return;
    }
    void *p = (void *)(uintptr_t)address;
    if (kind == WN_KIND_LOAD)
        m->r[op->dst] = load(op, p);
    else if (kind == WN_KIND_STORE && wn_rows[op->id].form == WN_FORM_STORE_IMM)
        store(p, (uint64_t)(int64_t)op->imm, op->size);
    else if (kind == WN_KIND_STORE)
        store(p, m->r[op->b], op->size);
    else {
        uint64_t before = atomic(op, p, m->r[op->b], m->r[WN_R0]);
        if (wn_op_defs(op))
            m->r[op->dst] = before;
    }
}

static void compute_or_fault(struct machine *m, const struct wn_op *op, uint64_t a, uint64_t b)
{
    bool is32 = wn_opcode_is32(wn_rows[op->id].opcode);
    if (op->check & WN_CHECK_DIVISOR && !(is32 ? (uint32_t)b : b))
        m->fault = WN_FAULT_DIVIDE;
    else
        m->r[op->dst] = compute(op, a, b);
}

static bool spend(struct machine *m, uint32_t cost)
{
    if (m->run->fuel < cost) {
        m->fault = WN_FAULT_FUEL;
        return false;
    }
    m->run->fuel -= cost;
    return true;
}

static void jump(struct machine *m, uint32_t target)
{
    bool free = !wn_is_back_edge(m->at, target) || m->code->mark[m->at] == WN_MARK_PROVED;
    if (free || spend(m, wn_back_edge_cost(m->at, target)))
        m->next = target;
}

static void clear_arguments(struct machine *m)
{
    memset(&m->r[WN_R1], 0, 5 * sizeof m->r[0]);
}

static void leave(struct machine *m)
{
    if (m->depth == 0) {
        m->done = true;
        return;
    }
    const struct frame *f = &m->frames[--m->depth];
    memcpy(&m->r[WN_R6], f->kept, sizeof f->kept);
    m->r[WN_R10] += m->code->frame_bytes;
    m->next = f->back;
    m->again = f->repeats;
    clear_arguments(m);
}

/** The function an address names; NULL if it is none whose address the program takes. */
static const struct wn_func *named(const struct machine *m, uint64_t address)
{
    const struct wn_func *f = wn_code_func_at(m->code, (uint32_t)address);
    return f && f->taken && address == WN_FUNC_ADDRESS(f->first_slot) ? f : NULL;
}

/** The helper of a number that a register holds; NULL if there is none. */
static const struct wn_callable *numbered(const struct machine *m, uint64_t value)
{
    for (uint32_t i = 0; i < m->code->n_numbers; i++)
        if (m->code->numbers[i].id == value)
            return &m->code->numbers[i];
    return NULL;
}

static void push_frame(struct machine *m, const struct wn_func *callee, uint32_t back)
{
    uint64_t *r = m->r;
    if (m->depth + 1 == m->code->call_depth) {
        m->fault = WN_FAULT_STACK;
        return;
    }
    struct frame *f = &m->frames[m->depth++];
    f->back = back;
    f->repeats = back == m->at;
    memcpy(f->kept, &r[WN_R6], sizeof f->kept);
    r[WN_R0] = 0;
    r[WN_R10] -= m->code->frame_bytes;
    m->next = callee->first;
}

/** The next call of the function that a helper has called; behind the last one, the helper's
 * result. */
static void repeat(struct machine *m)
{
    uint64_t *r = m->r;
    const struct wn_repeat *rep =
        (const void *)(uintptr_t)wn_repeat_next(r[WN_R0], 0, 0, 0, 0, m->run);
    if (!rep) {
        r[WN_R0] = wn_repeat_end(0, 0, 0, 0, 0, m->run);
        return;
    }
    const struct wn_func *callee = named(m, rep->slot | WN_FUNC_TAG);
    if (!callee || rep->slot >= m->code->n_ops) {
        m->fault = WN_FAULT_CALL;
        return;
    }
    memcpy(&r[WN_R1], rep->args, sizeof rep->args);
    if (spend(m, callee->slots))
        push_frame(m, callee, m->at);
}

static void call_helper(struct machine *m, uint32_t index, uint8_t check)
{
    uint64_t *r = m->r;
    m->run->call = &m->code->calls[index];
    r[WN_R0] = m->run->call->fn(r[1], r[2], r[3], r[4], r[5], m->run);
    clear_arguments(m);
    if (check & WN_CHECK_RUN)
        m->fault = (enum wn_fault)m->run->ended;
    assert(!(check & WN_CHECK_ARGUMENTS) || !m->fault || m->code->mark[m->at] == WN_MARK_NONE);
    m->done = check & WN_CHECK_RESULT && !r[WN_R0];
    if (check & WN_CHECK_TAIL && m->run->tailed)
        leave(m);
    if (check & WN_CHECK_REPEAT && !m->fault)
        repeat(m);
}

static void call_function(struct machine *m, const struct wn_func *callee)
{
    if (!callee) {
        m->fault = WN_FAULT_CALL;
        return;
    }
    if (m->code->mark[m->at] != WN_MARK_PROVED && !spend(m, callee->slots))
        return;
    push_frame(m, callee, m->next);
}

static void call(struct machine *m, const struct wn_op *op)
{
    if (op->id == WN_OP_CALL) {
        call_helper(m, op->target, op->check);
        return;
    }
    if (op->id == WN_OP_CALL_LOCAL) {
        call_function(m, wn_code_func_at(m->code, op->target));
        return;
    }
    uint64_t value = m->r[op->a];
    const struct wn_callable *number = numbered(m, value);
    if (number)
        call_helper(m, number->call, number->check);
    else
        call_function(m, named(m, value));
}

/** LD_ABS and LD_IND: big endian, into r0; beyond the packet the function ends with 0. */
static void load_packet(struct machine *m, const struct wn_op *op)
{
    const struct wn_packet *p = m->run->packet;
    bool indirect = wn_rows[op->id].form == WN_FORM_IND;
    uint64_t off = (uint32_t)(op->imm + (indirect ? (uint32_t)m->r[op->a] : 0));
    m->r[WN_R0] = 0;
    if (!p || off + op->size > p->caplen) {
        leave(m);
        return;
    }
    for (unsigned i = 0; i < op->size; i++)
        m->r[WN_R0] = m->r[WN_R0] << 8 | p->data[off + i];
    clear_arguments(m);
}

/** Whether what has just been done is what facts say of it: asked where assertions are. */
static __attribute__((unused)) bool is_as_known(const struct machine *m, const struct wn_op *op,
                                                uint64_t a, uint64_t b)
{
    if (!m->code->facts || m->fault)
        return true;
    const struct wn_fact *f = &m->code->facts[m->at];
    switch (wn_op_kind(op)) {
    case WN_KIND_ALU:
    case WN_KIND_LOAD: return !(f->flags & WN_FACT_RESULT) || m->r[op->dst] == f->value;
    case WN_KIND_BRANCH: return f->flags & (compare(op, a, b) ? WN_FACT_TAKEN : WN_FACT_PASSED);
    default: return f->flags & WN_FACT_REACHED || wn_op_kind(op) == WN_KIND_HOLE;
    }
}

static void step(struct machine *m)
{
    if (m->again) {
        m->again = false;
        m->next = m->at + 1;
        repeat(m);
        return;
    }
    const struct wn_op *op = &m->code->ops[m->at];
    enum wn_form form = (enum wn_form)wn_rows[op->id].form;
    bool by_register = form == WN_FORM_DST_SRC || form == WN_FORM_BRANCH_REG;
    uint64_t a = m->r[op->a], b = by_register ? m->r[op->b] : (uint64_t)(int64_t)op->imm;
    m->next = m->at + 1;
    switch (wn_op_kind(op)) {
    case WN_KIND_ALU: compute_or_fault(m, op, a, b); break;
    case WN_KIND_WIDE:
        m->r[op->dst] =
            op->id == WN_OP_FUNC ? WN_FUNC_ADDRESS(wn_func_slot(op, m->at)) : wn_op_wide(op);
        m->next++;
        break;
    case WN_KIND_LOAD:
    case WN_KIND_STORE:
    case WN_KIND_ATOMIC: touch(m, op); break;
    case WN_KIND_JUMP: jump(m, op->target); break;
    case WN_KIND_BRANCH:
        if (compare(op, a, b))
            jump(m, op->target);
        break;
    case WN_KIND_CALL: call(m, op); break;
    case WN_KIND_EXIT: leave(m); break;
    case WN_KIND_PACKET: load_packet(m, op); break;
    case WN_KIND_HOLE:
    case WN_KIND_GUARD:
    case WN_KIND_FUEL:
    case WN_KIND_CHECK: assert(!"not in decoded code"); break;
    }
    assert(is_as_known(m, op, a, b));
}

static void note(struct wn_trace *trace, const struct machine *m)
{
    trace->times[m->at]++;
    if (m->depth > trace->deepest)
        trace->deepest = m->depth;
    if (trace->look)
        trace->look(trace, m->at, m->r);
}

struct wn_result wn_reference_run(const struct wn_code *code, struct wn_run *run,
                                  const uint64_t args[5])
{
    struct machine m = {.code = code, .run = run};
    memcpy(&m.r[WN_R1], args, 5 * sizeof args[0]);
    m.r[WN_R10] = (uint64_t)(uintptr_t)(run->stack + WN_STACK_BYTES);
    while (!m.done) {
        if (run->trace && !m.again)
            note(run->trace, &m);
        step(&m);
        if (m.fault)
            return (struct wn_result){.fault = m.fault, .slot = m.at};
        m.at = m.next;
    }
    return (struct wn_result){.value = m.r[WN_R0]};
}
