/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "elf/core.h"

/* Parts of opcodes (RFC 9669, section 3.1). */
enum {
    CLASS = 0x07,
    LD = 0x00,
    LDX = 0x01,
    STX = 0x03,
    ALU = 0x04,
    JMP = 0x05,
    JMP32 = 0x06,
    ALU64 = 0x07,
    FROM_REGISTER = 0x08,
    OPERATION = 0xf0,
    LD_IMM64 = 0x18,
    JA = 0x05,
    JA32 = 0x06,
    CALL = 0x85,
    EXIT = 0x95,
};

/** What is known when control comes to a slot: constants in registers. */
struct state {
    bool reached;
    uint16_t known; /* a bit a register */
    uint64_t value[WN_REGS];
};

struct pruning {
    struct wn_slot *slots;
    uint32_t n;
    struct state *state; /* of each slot */
    uint32_t *todo;      /* slots whose state has changed */
    bool *waits;         /* in todo */
    uint32_t n_todo;
};

static bool is_poison(const struct wn_slot *s)
{
    return s->opcode == CALL && s->regs == 0 && s->off == 0 && s->imm == WN_CORE_POISON;
}

/** Control comes to a slot with a state; only what all ways there agree on stays known. */
static void reach(struct pruning *p, int64_t at, const struct state *with)
{
    if (at < 0 || at >= p->n)
        return; /* leaves the function: others refuse that */
    struct state *s = &p->state[at];
    uint16_t known = s->reached ? s->known & with->known : with->known;
    for (unsigned r = 0; s->reached && r < WN_REGS; r++)
        if (s->value[r] != with->value[r])
            known &= (uint16_t) ~(1u << r);
    if (s->reached && known == s->known)
        return;
    if (!s->reached)
        *s = *with;
    s->reached = true;
    s->known = known;
    if (!p->waits[at])
        p->todo[p->n_todo++] = (uint32_t)at;
    p->waits[at] = true;
}

static void set(struct state *s, unsigned reg, bool known, uint64_t value)
{
    if (reg >= WN_REGS)
        return;
    s->known = (uint16_t)((s->known & ~(1u << reg)) | (unsigned)known << reg);
    s->value[reg] = value;
}

static bool get(const struct state *s, unsigned reg, uint64_t *value)
{
    *value = reg < WN_REGS ? s->value[reg] : 0;
    return reg < WN_REGS && s->known >> reg & 1;
}

/** The second operand of an instruction: whether it is known. */
static bool operand(const struct state *s, const struct wn_slot *i, uint64_t *value)
{
    if (i->opcode & FROM_REGISTER)
        return get(s, wn_slot_src(*i), value);
    *value = (uint64_t)(int64_t)i->imm;
    return true;
}

/** As much arithmetic as compilers do with answers of 0 and 1. */
static void compute(struct state *s, const struct wn_slot *i)
{
    bool narrow = (i->opcode & CLASS) == ALU;
    uint64_t a, b, mask = narrow ? 31 : 63;
    bool known_b = operand(s, i, &b), known = get(s, wn_slot_dst(*i), &a) && known_b && !i->off;
    if (narrow) {
        a = (uint32_t)a;
        b = (uint32_t)b;
    }
    switch (i->opcode & OPERATION) {
    case 0x00: a += b; break;
    case 0x10: a -= b; break;
    case 0x20: a *= b; break;
    case 0x40: a |= b; break;
    case 0x50: a &= b; break;
    case 0x60: a <<= b & mask; break;
    case 0x70: a >>= b & mask; break;
    case 0xa0: a ^= b; break;
    case 0xb0:
        a = b;
        known = known_b && !i->off; /* with an offset it extends a sign */
        break;
    default: known = false;
    }
    set(s, wn_slot_dst(*i), known, narrow ? (uint32_t)a : a);
}

/** Whether a branch is taken: 1 or 0, or -1 if that is not known. */
static int decide(const struct state *s, const struct wn_slot *i)
{
    uint64_t a, b;
    if (!get(s, wn_slot_dst(*i), &a) || !operand(s, i, &b))
        return -1;
    bool narrow = (i->opcode & CLASS) == JMP32;
    if (narrow) {
        a = (uint32_t)a;
        b = (uint32_t)b;
    }
    int64_t x = narrow ? (int32_t)a : (int64_t)a, y = narrow ? (int32_t)b : (int64_t)b;
    switch (i->opcode & OPERATION) {
    case 0x10: return a == b;
    case 0x20: return a > b;
    case 0x30: return a >= b;
    case 0x40: return (a & b) != 0;
    case 0x50: return a != b;
    case 0x60: return x > y;
    case 0x70: return x >= y;
    case 0xa0: return a < b;
    case 0xb0: return a <= b;
    case 0xc0: return x < y;
    case 0xd0: return x <= y;
    }
    return -1;
}

static void forget_call(struct state *s)
{
    for (unsigned r = WN_R0; r <= WN_R5; r++)
        set(s, r, false, 0);
}

static void jump(struct pruning *p, uint32_t at, struct state *s)
{
    const struct wn_slot *i = &p->slots[at];
    if (i->opcode == EXIT)
        return;
    if (i->opcode == JA || i->opcode == JA32) {
        reach(p, at + 1 + (int64_t)(i->opcode == JA ? i->off : i->imm), s);
        return;
    }
    if ((i->opcode & OPERATION) == (CALL & OPERATION)) {
        forget_call(s);
        reach(p, at + 1, s);
        return;
    }
    int taken = decide(s, i);
    if (taken != 0)
        reach(p, at + 1 + (int64_t)i->off, s);
    if (taken != 1)
        reach(p, at + 1, s);
}

/** What an instruction changes, and where it goes on. */
static void step(struct pruning *p, uint32_t at)
{
    const struct wn_slot *i = &p->slots[at];
    struct state s = p->state[at];
    switch (i->opcode & CLASS) {
    case JMP:
    case JMP32: jump(p, at, &s); return;
    case ALU:
    case ALU64: compute(&s, i); break;
    case LDX: set(&s, wn_slot_dst(*i), false, 0); break;
    case STX: /* of these, atomics write registers: r0 or the source */
        set(&s, WN_R0, false, 0);
        set(&s, wn_slot_src(*i), false, 0);
        break;
    case LD:
        if (i->opcode == LD_IMM64) {
            bool number = wn_slot_src(*i) == 0 && at + 1 < p->n;
            uint64_t high = number ? (uint32_t)p->slots[at + 1].imm : 0;
            set(&s, wn_slot_dst(*i), number, (uint32_t)i->imm | high << 32);
            reach(p, (int64_t)at + 2, &s);
            return;
        }
        forget_call(&s); /* the legacy loads from the packet */
        break;
    }
    reach(p, (int64_t)at + 1, &s);
}

int wn_core_prune(struct wn_slot *slots, uint32_t n, uint32_t *reached, struct wn_error *err)
{
    static const struct state nothing = {.known = 0};
    bool any = false;
    for (uint32_t i = 0; i < n; i++)
        any |= is_poison(&slots[i]);
    *reached = WN_NOWHERE;
    if (!any)
        return 0;
    WN_OWN(free) struct state *state = calloc(n, sizeof *state);
    WN_OWN(free) uint32_t *todo = calloc(n, sizeof *todo);
    WN_OWN(free) bool *waits = calloc(n, sizeof *waits);
    if (!state || !todo || !waits)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    struct pruning p = {slots, n, state, todo, waits, 0};
    reach(&p, 0, &nothing);
    while (p.n_todo) {
        uint32_t at = todo[--p.n_todo];
        waits[at] = false;
        step(&p, at);
    }
    for (uint32_t i = n; i-- > 0;) {
        if (is_poison(&slots[i]) && state[i].reached)
            *reached = i;
        else if (is_poison(&slots[i]))
            slots[i] = wn_slot(JA, 0, 0, 0, 0);
    }
    return 0;
}
