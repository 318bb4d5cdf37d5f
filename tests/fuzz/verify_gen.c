/* SPDX-License-Identifier: MIT */
/** Programs that look like filters: what is in a register is mostly used as what it is. */
#include <assert.h>
#include <string.h>

#include "context/context.h"
#include "helper/helper.h"
#include "isa/code.h"
#include "isa/decode.h"
#include "verify.h"

/* Registers that mostly keep what the prologue put there. */
#define END     WN_R7
#define DATA    WN_R8
#define CONTEXT WN_R9 /* or the packet's length, in programs for raw packets */

#define WORDS 8   /* of the stack, in which things are kept */
#define FUNCS 2   /* local functions besides the main one */
#define BODY  150 /* slots in which the main function's statements begin */

enum kind { NOTHING, NUMBER, PACKET, AFTER, STACK, VALUE, MAYBE, MEMORY, BEFORE, RECORD, KEY };

struct place {
    uint8_t kind;
    uint8_t map; /* values: of which map */
};

struct maker {
    struct gen *g;
    struct verify_trial *t;
    struct place r[WN_R10];
    struct place word[WORDS];
    uint32_t locked; /* registers that are left alone, as a mask */
    size_t outs[64]; /* jumps to where the function ends */
    unsigned n_outs;
    unsigned nested;
    struct {
        size_t call;  /* 0: nobody calls it */
        bool repeats; /* it is the address that is taken there, and a helper calls it */
        uint8_t map;  /* 1 + the map whose elements it is shown; 0: none */
        struct place argument;
    } func[FUNCS];
    bool within;  /* a function that is called */
    bool repeats; /* by a helper, which wants 0 or 1 */
    bool quiet;   /* a loop, in which nothing is called */
};

static uint32_t below(struct maker *m, uint32_t n)
{
    return gen_below(m->g, n);
}

static bool one_in(struct maker *m, uint32_t n)
{
    return below(m, n) == 0;
}

static bool is_full(const struct maker *m)
{
    return m->t->n > VERIFY_SLOTS - 60;
}

static void put(struct maker *m, enum wn_op_id id, unsigned dst, unsigned src, int off, int64_t imm)
{
    assert(m->t->n < VERIFY_SLOTS);
    m->t->slots[m->t->n++] = wn_encode(id, dst, src, (int16_t)off, (int32_t)imm);
}

static void put_wide(struct maker *m, enum wn_op_id id, unsigned dst, uint64_t value)
{
    put(m, id, dst, 0, 0, (int32_t)(uint32_t)value);
    m->t->slots[m->t->n++] = wn_slot(0, 0, 0, 0, (int32_t)(uint32_t)(value >> 32));
}

/** Note a constant at which something may change. */
static int64_t interesting(struct maker *m, int64_t number)
{
    struct verify_trial *t = m->t;
    t->numbers[t->n_numbers++ % VERIFY_NUMBERS] = number;
    return number;
}

/** A small constant, most of the time. */
static int64_t constant(struct maker *m)
{
    static const int32_t edges[] = {-1, -8, 0xff, 0x100, 0xffff, 0x10000, INT32_MAX, INT32_MIN};
    switch (below(m, 10)) {
    case 0: return interesting(m, edges[below(m, 8)]);
    case 1: return interesting(m, (int32_t)(uint32_t)gen_number(m->g));
    case 2:
    case 3: return interesting(m, below(m, 200));
    default: return interesting(m, below(m, 17));
    }
}

/* ---- registers ------------------------------------------------------------------------------- */

static unsigned target(struct maker *m)
{
    for (unsigned tries = 0; tries < 20; tries++) {
        unsigned r = below(m, one_in(m, 12) ? WN_R10 : WN_R7);
        if (!(m->locked >> r & 1))
            return r;
    }
    return WN_R0;
}

/** A register that holds something of these kinds, as a mask; WN_R10 if none does. */
static unsigned find(struct maker *m, uint32_t kinds)
{
    unsigned start = below(m, WN_R10);
    for (unsigned i = 0; i < WN_R10; i++) {
        unsigned r = (start + i) % WN_R10;
        if (kinds >> m->r[r].kind & 1)
            return r;
    }
    return WN_R10;
}

static void set(struct maker *m, unsigned r, enum kind kind)
{
    m->r[r] = (struct place){.kind = (uint8_t)kind};
}

static bool may_call(const struct maker *m)
{
    return !(m->locked & 0x3f) && !m->quiet;
}

static void copy(struct maker *m, unsigned to, unsigned from)
{
    put(m, WN_OP_MOV64_X, to, from, 0, 0);
    m->r[to] = from == WN_R10 ? (struct place){.kind = STACK} : m->r[from];
}

/* ---- numbers --------------------------------------------------------------------------------- */

static const enum wn_op_id loads[] = {WN_OP_LDX_B, WN_OP_LDX_H, WN_OP_LDX_W, WN_OP_LDX_DW};
static const enum wn_op_id signed_loads[] = {WN_OP_LDSX_B, WN_OP_LDSX_H, WN_OP_LDSX_W,
                                             WN_OP_LDX_DW};
static const enum wn_op_id stores[] = {WN_OP_STX_B, WN_OP_STX_H, WN_OP_STX_W, WN_OP_STX_DW};
static const enum wn_op_id constants[] = {WN_OP_ST_B, WN_OP_ST_H, WN_OP_ST_W, WN_OP_ST_DW};

static void put_load(struct maker *m, unsigned dst, unsigned base, int off, unsigned log)
{
    put(m, one_in(m, 6) ? signed_loads[log] : loads[log], dst, base, off, 0);
    set(m, dst, NUMBER);
}

/** A number that comes from outside. */
static unsigned put_number(struct maker *m)
{
    static const int xdp[] = {12, 16}, skb[] = {0, 40, 48, 52, 56};
    enum wn_prog_type type = m->t->type;
    unsigned dst = target(m), base = find(m, 1u << PACKET);
    switch (below(m, 4)) {
    case 0:
        if (base < WN_R10) {
            put_load(m, dst, base, (int)below(m, one_in(m, 4) ? 40 : 8), below(m, 3));
            return dst;
        }
        break;
    case 1:
        put(m, WN_OP_MOV64_K, dst, 0, 0, constant(m));
        set(m, dst, NUMBER);
        return dst;
    case 2:
        if (m->r[CONTEXT].kind == MEMORY) {
            put(m, WN_OP_LDX_W, dst, CONTEXT,
                type == WN_PROG_XDP ? xdp[below(m, 2)] : skb[below(m, 5)], 0);
            set(m, dst, NUMBER);
            return dst;
        }
        break;
    default: break;
    }
    base = find(m, 1u << NUMBER);
    if (base < WN_R10)
        copy(m, dst, base);
    else
        put(m, WN_OP_MOV64_K, dst, 0, 0, constant(m));
    set(m, dst, NUMBER);
    return dst;
}

static unsigned some_number(struct maker *m)
{
    unsigned r = find(m, 1u << NUMBER);
    return r < WN_R10 && !one_in(m, 6) ? r : put_number(m);
}

/** Arithmetic with a number; few of all rows make up most of what filters do. */
static void put_alu(struct maker *m, unsigned r)
{
    static const enum wn_op_id by_imm[] = {
        WN_OP_ADD64_K, WN_OP_ADD32_K, WN_OP_SUB64_K, WN_OP_SUB32_K, WN_OP_AND64_K,
        WN_OP_AND32_K, WN_OP_MUL64_K, WN_OP_OR64_K,  WN_OP_XOR64_K, WN_OP_MOD64_K,
        WN_OP_MOD32_K, WN_OP_DIV64_K, WN_OP_ADD64_K, WN_OP_ADD64_K, WN_OP_AND64_K};
    static const enum wn_op_id shifts[] = {WN_OP_LSH64_K, WN_OP_RSH64_K, WN_OP_ARSH64_K,
                                           WN_OP_LSH32_K, WN_OP_RSH32_K, WN_OP_ARSH32_K};
    static const enum wn_op_id alone[] = {WN_OP_NEG64, WN_OP_NEG32, WN_OP_BE16,
                                          WN_OP_BE32,  WN_OP_BE64,  WN_OP_BSWAP16};
    static const enum wn_op_id by_reg[] = {WN_OP_ADD64_X, WN_OP_SUB64_X, WN_OP_AND64_X,
                                           WN_OP_OR64_X,  WN_OP_ADD32_X, WN_OP_SUB32_X,
                                           WN_OP_MUL64_X, WN_OP_LSH64_X};
    static const enum wn_op_id moves[] = {WN_OP_MOV32_X,    WN_OP_MOVSX8_64, WN_OP_MOVSX16_64,
                                          WN_OP_MOVSX32_64, WN_OP_MOVSX8_32, WN_OP_MOV32_X};
    if (m->locked >> r & 1)
        return;
    switch (below(m, 8)) {
    case 0:
        put(m, shifts[below(m, 6)], r, 0, 0, one_in(m, 2) ? below(m, 9) : 32 * one_in(m, 2));
        return;
    case 1: put(m, alone[below(m, 6)], r, 0, 0, 0); return;
    case 2: put(m, by_reg[below(m, 8)], r, some_number(m), 0, 0); return;
    case 3: put(m, moves[below(m, 6)], r, r, 0, 0); return;
    case 4: /* there and back */
        put(m, WN_OP_LSH64_K, r, 0, 0, 32);
        put(m, one_in(m, 2) ? WN_OP_RSH64_K : WN_OP_ARSH64_K, r, 0, 0, 32);
        return;
    default: put(m, by_imm[below(m, 15)], r, 0, 0, constant(m)); return;
    }
}

/* ---- branches -------------------------------------------------------------------------------- */

static const enum wn_op_id orders[] = {WN_OP_JGT64_X, WN_OP_JGE64_X, WN_OP_JLT64_X, WN_OP_JLE64_X};

static enum wn_op_id some_branch(struct maker *m, bool by_register)
{
    unsigned n = below(m, 11); /* rows of either width stand in the same order, registers behind */
    if (by_register)
        return (enum wn_op_id)((one_in(m, 4) ? WN_OP_JEQ32_X : WN_OP_JEQ64_X) + n);
    return (enum wn_op_id)((one_in(m, 4) ? WN_OP_JEQ32_K : WN_OP_JEQ64_K) + n);
}

/** A branch to where the function ends. */
static void put_out(struct maker *m, enum wn_op_id id, unsigned a, unsigned b, int64_t imm)
{
    if (m->n_outs == sizeof m->outs / sizeof *m->outs)
        return;
    m->outs[m->n_outs++] = m->t->n;
    put(m, id, a, b, 0, imm);
}

/** Compare a number with something; which side goes on is left to chance, mostly the smaller. */
static void put_bound(struct maker *m, unsigned r)
{
    static const enum wn_op_id upper[] = {WN_OP_JGT64_K,  WN_OP_JGE64_K, WN_OP_JSGT64_K,
                                          WN_OP_JSGE64_K, WN_OP_JGT32_K, WN_OP_JSLT64_K};
    if (one_in(m, 4))
        put_out(m, some_branch(m, true), r, some_number(m), 0);
    else if (one_in(m, 3))
        put_out(m, some_branch(m, false), r, 0, constant(m));
    else
        put_out(m, upper[below(m, 6)], r, 0, interesting(m, below(m, one_in(m, 3) ? 200 : 40)));
}

static void put_statement(struct maker *m, bool simple);
static void put_simple(struct maker *m);

/** What holds on both ways, and now and then what holds on one. */
static void meet_place(struct maker *m, struct place *a, const struct place *b)
{
    bool same = !memcmp(a, b, sizeof *a), both = a->kind != NOTHING && b->kind != NOTHING;
    if (!same && !(both && one_in(m, 8)))
        *a = (struct place){NOTHING, 0};
}

static void meet(struct maker *m, const struct maker *other)
{
    for (unsigned r = 0; r < WN_R10; r++)
        meet_place(m, &m->r[r], &other->r[r]);
    for (unsigned i = 0; i < WORDS; i++)
        meet_place(m, &m->word[i], &other->word[i]);
}

/** One or two ways that are gone or not. */
static void put_fork(struct maker *m)
{
    struct maker before;
    unsigned r = some_number(m);
    size_t branch = m->t->n, jump = 0;
    if (one_in(m, 3))
        put(m, some_branch(m, true), r, some_number(m), 0, 0);
    else
        put(m, some_branch(m, false), r, 0, 0, interesting(m, below(m, 9)));
    branch = m->t->n - 1;
    before = *m;
    for (uint32_t n = 1 + below(m, 3); n > 0; n--)
        put_statement(m, true);
    bool both = one_in(m, 2);
    if (both) {
        jump = m->t->n;
        put(m, WN_OP_JA, 0, 0, 0, 0);
    }
    m->t->slots[branch].off = (int16_t)(m->t->n - branch - 1);
    struct maker first = *m;
    unsigned n_outs = m->n_outs;
    memcpy(m->r, before.r, sizeof m->r);
    memcpy(m->word, before.word, sizeof m->word);
    m->n_outs = n_outs;
    if (both) {
        for (uint32_t n = 1 + below(m, 3); n > 0; n--)
            put_statement(m, true);
        m->t->slots[jump].off = (int16_t)(m->t->n - jump - 1);
    }
    meet(m, &first);
}

/** Something counts up or down; the limit may be a register, and the body may do anything. */
static void put_loop(struct maker *m)
{
    static const enum wn_op_id up[] = {WN_OP_JLT64_K, WN_OP_JNE64_K, WN_OP_JSLT64_K,
                                       WN_OP_JLT32_K, WN_OP_JLE64_K, WN_OP_JNE32_K};
    static const enum wn_op_id down[] = {WN_OP_JNE64_K, WN_OP_JGT64_K, WN_OP_JSGT64_K,
                                         WN_OP_JGT32_K};
    unsigned count = target(m), limit = find(m, 1u << NUMBER);
    bool falls = one_in(m, 4), known = one_in(m, 3);
    int64_t times = interesting(m, 1 + below(m, one_in(m, 6) ? 2000 : 12));
    uint32_t locked = m->locked;
    bool quiet = m->quiet;
    if (m->nested == 2 || m->locked >> count & 1)
        return;
    m->quiet |= !one_in(m, 4);
    for (unsigned r = WN_R0; r <= WN_R5 && !m->quiet;
         r++) /* the next time around they may be gone */
        if (!(m->locked >> r & 1))
            set(m, r, NOTHING);
    if (known && !falls && limit < WN_R10)
        m->locked |= 1u << limit;
    put(m, WN_OP_MOV64_K, count, 0, 0, falls ? times : (int64_t)below(m, 2));
    set(m, count, NUMBER);
    size_t top = m->t->n;
    m->nested++;
    if (!one_in(m, 8))
        m->locked |= 1u << count;
    for (uint32_t n = 1 + below(m, 3); n > 0; n--)
        put_statement(m, one_in(m, 2));
    put(m, one_in(m, 4) ? WN_OP_ADD32_K : WN_OP_ADD64_K, count, 0, 0,
        falls ? -1 : 1 + one_in(m, 4));
    m->nested--;
    m->locked = locked;
    m->quiet = quiet;
    int distance = (int)top - (int)m->t->n - 1;
    if (falls)
        put(m, down[below(m, 4)], count, 0, distance, 0);
    else if (known && limit < WN_R10 && limit != count)
        put(m, one_in(m, 3) ? WN_OP_JNE64_X : WN_OP_JLT64_X, count, limit, distance, 0);
    else
        put(m, up[below(m, 6)], count, 0, distance, times);
    if (one_in(m, 3)) /* the number that it counted is a good index */
        put_bound(m, count);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/** Of 1 << log bytes. */
static void put_access(struct maker *m, unsigned base, int off, unsigned log)
{
    static const enum wn_op_id atomics[] = {WN_OP_ATOMIC_ADD64, WN_OP_ATOMIC_FETCH_ADD64,
                                            WN_OP_ATOMIC_XCHG64, WN_OP_ATOMIC_CMPXCHG64};
    static const enum wn_op_id halves[] = {WN_OP_ATOMIC_ADD32, WN_OP_ATOMIC_FETCH_OR32,
                                           WN_OP_ATOMIC_XCHG32, WN_OP_ATOMIC_CMPXCHG32};
    enum kind kind = base == WN_R10 ? STACK : (enum kind)m->r[base].kind;
    bool values = kind == RECORD || (kind == VALUE && m->r[base].map != VERIFY_FROZEN);
    bool writes = kind == STACK || values || (kind == PACKET && m->t->type != WN_PROG_FILTER);
    unsigned n = below(m, 8), src = some_number(m);
    if (writes && n == 0 && log >= 2 && kind != PACKET && !(m->locked >> src & 1) &&
        !(m->locked & 1)) {
        put(m, log == 3 ? atomics[below(m, 4)] : halves[below(m, 4)], base, src,
            off & ~((1 << log) - 1), 0);
        set(m, src, NUMBER);
        if (base != WN_R0)
            set(m, WN_R0, NUMBER);
    } else if (writes && n < 3) {
        put(m, stores[log], base, src, off, 0);
    } else if (writes && n == 3) {
        put(m, constants[log], base, 0, off, constant(m));
    } else {
        unsigned dst = target(m);
        put_load(m, dst, base, off, log);
    }
}

/** A place in the packet, or before or behind others. */
static unsigned put_place(struct maker *m)
{
    unsigned from = find(m, 1u << PACKET), dst = target(m);
    if (from == WN_R10)
        return WN_R10;
    if (from != dst && !one_in(m, 6))
        copy(m, dst, from);
    else
        dst = from;
    if (m->locked >> dst & 1)
        return dst;
    switch (below(m, 6)) {
    case 0: put(m, WN_OP_ADD64_K, dst, 0, 0, constant(m)); break;
    case 1: put(m, WN_OP_SUB64_K, dst, 0, 0, below(m, 20)); break;
    case 2:
    case 3: {
        unsigned number = some_number(m);
        if (number != dst)
            put(m, one_in(m, 8) ? WN_OP_SUB64_X : WN_OP_ADD64_X, dst, number, 0, 0);
        break;
    }
    default: put(m, WN_OP_ADD64_K, dst, 0, 0, interesting(m, below(m, 40))); break;
    }
    return dst;
}

/** Compare a place with the packet's end, and use what is there, or almost. */
static void put_check(struct maker *m)
{
    unsigned place = one_in(m, 2) ? put_place(m) : find(m, 1u << PACKET),
             end = find(m, 1u << AFTER);
    unsigned probe = target(m), log = below(m, 4);
    int n = (int)below(m, 48), at = n - (1 << log) + (one_in(m, 3) ? (int)below(m, 5) - 2 : 0);
    if (place == WN_R10 || end == WN_R10 || probe == place || probe == end)
        return;
    copy(m, probe, place);
    put(m, WN_OP_ADD64_K, probe, 0, 0, interesting(m, n));
    bool turned = one_in(m, 2);
    unsigned a = turned ? end : probe, b = turned ? probe : end;
    enum wn_op_id id = orders[below(m, 4)];
    bool outside = turned == (id == WN_OP_JLT64_X || id == WN_OP_JLE64_X);
    if (one_in(m, 24))
        id = (enum wn_op_id)(id + WN_OP_JEQ32_X - WN_OP_JEQ64_X);
    if (outside != one_in(m, 16)) {
        put_out(m, id, a, b, 0);
    } else { /* what is inside is jumped to */
        put(m, id, a, b, 1, 0);
        put_out(m, WN_OP_JA, 0, 0, 0);
    }
    if (place < WN_R10 && m->r[place].kind == PACKET)
        put_access(m, place, at < 0 ? 0 : at, log);
}

/** The same with numbers: a length, and something counted from the packet's beginning. */
static void put_length_check(struct maker *m)
{
    unsigned length = target(m), number = some_number(m);
    if (number == length || m->r[DATA].kind != PACKET)
        return;
    if (m->r[CONTEXT].kind == NUMBER) {
        copy(m, length, CONTEXT);
    } else if (m->r[END].kind == AFTER) {
        copy(m, length, END);
        put(m, one_in(m, 6) ? WN_OP_SUB32_X : WN_OP_SUB64_X, length, DATA, 0, 0);
    } else {
        return;
    }
    set(m, length, NUMBER);
    if (one_in(m, 3)) {
        put_out(m, one_in(m, 2) ? WN_OP_JLT64_K : WN_OP_JLE64_K, length, 0,
                interesting(m, below(m, 60)));
        put_access(m, DATA, (int)below(m, 60), below(m, 4));
        return;
    }
    unsigned place = target(m);
    if (place == number || place == length || place == DATA)
        return;
    copy(m, place, DATA);
    put(m, WN_OP_ADD64_X, place, number, 0, 0);
    int n = (int)below(m, 20);
    if (!(m->locked >> number & 1))
        put(m, one_in(m, 3) ? WN_OP_ADD32_K : WN_OP_ADD64_K, number, 0, 0, interesting(m, n));
    bool turned = one_in(m, 2);
    put_out(m,
            turned         ? WN_OP_JLT64_X
            : one_in(m, 3) ? WN_OP_JGT32_X
                           : WN_OP_JGT64_X,
            turned ? length : number, turned ? number : length, 0);
    put_access(m, place, n > 4 ? (int)below(m, (uint32_t)n) : 0, below(m, 4));
}

/** Memory of a known size, at a place that a number says. */
static void put_index(struct maker *m)
{
    unsigned base = one_in(m, 3) ? find(m, 1u << VALUE) : find(m, 1u << STACK | 1u << VALUE);
    unsigned number = some_number(m), dst = target(m), log = below(m, 4);
    int size = base < WN_R10 && m->r[base].kind == VALUE
                   ? (int)verify_maps[m->r[base].map].value_bytes
                   : 64;
    int low = base == WN_R10 || m->r[base].kind == STACK ? -size : 0, room = size >> log;
    int64_t most = room + (one_in(m, 3) ? (int)below(m, 5) - 2 : -1);
    if (number == dst || (m->locked >> number & 1))
        return;
    switch (below(m, 4)) {
    case 0: put(m, WN_OP_AND64_K, number, 0, 0, interesting(m, most > 0 ? most : 7)); break;
    case 1: put(m, WN_OP_MOD64_K, number, 0, 0, interesting(m, most > 0 ? most + 1 : 7)); break;
    default:
        put_out(m, one_in(m, 3) ? WN_OP_JGT32_K : WN_OP_JGT64_K, number, 0, interesting(m, most));
        break;
    }
    if (one_in(m, 4))
        put_statement(m, true);
    if (m->r[number].kind != NUMBER ||
        (base < WN_R10 && m->r[base].kind != VALUE && m->r[base].kind != STACK))
        return;
    if (log && !(m->locked >> number & 1))
        put(m, WN_OP_LSH64_K, number, 0, 0, log);
    copy(m, dst, base);
    if (dst != number)
        put(m, WN_OP_ADD64_X, dst, number, 0, 0);
    put_access(m, dst, low, log);
}

/* ---- what is kept ---------------------------------------------------------------------------- */

static int offset_of(unsigned word)
{
    return -8 * (int)(word + 1);
}

static void put_spill(struct maker *m)
{
    unsigned r = find(m, ~(1u << NOTHING)), word = below(m, WORDS), log = one_in(m, 3) ? 2 : 3;
    if (r == WN_R10)
        return;
    if (m->r[r].kind != NUMBER && !one_in(m, 20))
        log = 3;
    else if (one_in(m, 8))
        log = below(m, 2);
    put(m, stores[log], WN_R10, r, offset_of(word), 0);
    m->word[word] = log == 3 ? m->r[r] : (struct place){NUMBER, 0};
    if (one_in(m, 4) && m->r[r].kind == NUMBER &&
        !(m->locked >> r & 1)) /* keep a copy and go on with it */
        put(m, WN_OP_ADD64_K, r, 0, 0, constant(m));
}

static void put_fill(struct maker *m)
{
    unsigned word = below(m, WORDS), dst = target(m);
    if (m->word[word].kind == NOTHING)
        return;
    if (m->word[word].kind == NUMBER && one_in(m, 3)) {
        put_load(m, dst, WN_R10, offset_of(word) + (one_in(m, 4) ? 4 : 0), below(m, 3));
        return;
    }
    put(m, WN_OP_LDX_DW, dst, WN_R10, offset_of(word), 0);
    m->r[dst] = m->word[word];
}

static void put_copy(struct maker *m)
{
    unsigned from = find(m, ~(1u << NOTHING)), to = target(m);
    if (from == WN_R10)
        return;
    if (m->r[from].kind == NUMBER && one_in(m, 4)) {
        put(m, WN_OP_MOV32_X, to, from, 0, 0);
        set(m, to, NUMBER);
    } else {
        copy(m, to, from);
    }
}

/** Of two registers of a kind, one becomes the other: ways that meet behind it differ in that. */
static void put_exchange(struct maker *m)
{
    unsigned a = find(m, ~(1u << NOTHING));
    if (a == WN_R10 || m->locked >> a & 1)
        return;
    for (unsigned r = 0; r < WN_R10; r++)
        if (r != a && !memcmp(&m->r[r], &m->r[a], sizeof m->r[a]) && one_in(m, 2)) {
            copy(m, a, r);
            return;
        }
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void forget_arguments(struct maker *m)
{
    for (unsigned r = WN_R1; r <= WN_R5; r++)
        set(m, r, NOTHING);
    set(m, WN_R0, NUMBER);
}

/** The address of a key on the stack, or of something else. */
static void put_key(struct maker *m)
{
    unsigned word = below(m, WORDS), other = find(m, 1u << PACKET | 1u << VALUE | 1u << STACK);
    put(m, WN_OP_ST_W, WN_R10, 0, offset_of(word), below(m, 5));
    m->word[word] = (struct place){NUMBER, 0};
    bool elsewhere = other < WN_R10 && other != WN_R1 && m->r[other].kind != STACK && one_in(m, 6);
    copy(m, WN_R2, elsewhere ? other : WN_R10);
    put(m, WN_OP_ADD64_K, WN_R2, 0, 0, elsewhere ? (int)below(m, 16) : offset_of(word));
}

static void put_lookup(struct maker *m)
{
    static const uint8_t maps[] = {VERIFY_HASH, VERIFY_MANY, VERIFY_HASH, VERIFY_ONE,
                                   VERIFY_FROZEN};
    unsigned map = maps[below(m, 5)], dst = target(m);
    if (!may_call(m))
        return;
    put_key(m);
    put_wide(m, WN_OP_MAP_FD, WN_R1, map);
    put(m, WN_OP_CALL, 0, 0, 0, 1);
    forget_arguments(m);
    m->r[WN_R0] = (struct place){MAYBE, (uint8_t)map};
    if (one_in(m, 2))
        copy(m, dst, WN_R0);
}

static void put_null_check(struct maker *m)
{
    unsigned r = find(m, 1u << MAYBE);
    if (r == WN_R10)
        return;
    struct place was = m->r[r];
    if (!one_in(m, 12))
        put_out(m, WN_OP_JEQ64_K, r, 0, 0);
    for (unsigned k = 0; k < WN_R10; k++) /* its copies, most of the time */
        if (!memcmp(&m->r[k], &was, sizeof was))
            m->r[k].kind = VALUE;
    put_access(m, r, (int)below(m, 16), below(m, 4));
}

/** Memory and its size in two registers. */
static void put_sized(struct maker *m, unsigned r, unsigned number)
{
    unsigned base = find(m, 1u << PACKET | 1u << VALUE | 1u << STACK);
    bool varies = number < WN_R10 && (number >= WN_R6 || number == WN_R0) && one_in(m, 2);
    if (base == WN_R10 || (base >= WN_R1 && base <= WN_R5) || one_in(m, 2)) {
        copy(m, r, WN_R10);
        put(m, WN_OP_ADD64_K, r, 0, 0, -64 - (int)below(m, 16));
    } else {
        copy(m, r, base);
    }
    if (varies) {
        copy(m, r + 1, number);
        if (one_in(m, 2))
            put(m, WN_OP_AND64_K, r + 1, 0, 0, interesting(m, below(m, 64)));
        else
            put_out(m, WN_OP_JGT64_K, r + 1, 0, interesting(m, below(m, 64)));
    } else {
        put(m, WN_OP_MOV64_K, r + 1, 0, 0, interesting(m, below(m, 65)));
    }
}

/** get_prandom_u32 and bpf_ktime_get_ns: numbers of which nothing is known. */
static void put_random(struct maker *m)
{
    if (!may_call(m))
        return;
    put(m, WN_OP_CALL, 0, 0, 0, one_in(m, 2) ? 5 : 7);
    forget_arguments(m);
}

/** What lies before an XDP program's packet, if there is something. */
static void put_metadata(struct maker *m)
{
    int off = one_in(m, 4) ? (int)below(m, 5) : 0;
    put(m, WN_OP_LDX_W, WN_R2, CONTEXT, 8, 0);
    put(m, WN_OP_LDX_W, WN_R3, CONTEXT, 0, 0);
    put(m, WN_OP_MOV64_X, WN_R4, WN_R2, 0, 0);
    put(m, WN_OP_ADD64_K, WN_R4, 0, 0, 4);
    put(m, WN_OP_JGT64_X, WN_R4, WN_R3, 2, 0);
    put(m, WN_OP_ST_B, WN_R2, 0, off, 7);
    put(m, WN_OP_LDX_B, WN_R4, WN_R2, off, 0);
}

/** Move the packet: xdp_adjust_head, xdp_adjust_tail, xdp_adjust_meta; skb_change_head,
 * skb_change_tail, skb_vlan_push, skb_adjust_room. */
static void put_mover(struct maker *m, bool xdp)
{
    static const int32_t helpers[2][4] = {{43, 38, 18, 50}, {44, 65, 54, 54}};
    int32_t helper = helpers[xdp][below(m, 4)], by = (int)below(m, 40) - (xdp ? 20 : 0);
    copy(m, WN_R1, CONTEXT);
    put(m, WN_OP_MOV64_K, WN_R2, 0, 0, helper == 54 ? -4 * (int)below(m, 6) : by);
    if (!xdp) {
        put(m, WN_OP_MOV64_K, WN_R3, 0, 0, 0);
        put(m, WN_OP_MOV64_K, WN_R4, 0, 0, 0);
    }
    put(m, WN_OP_CALL, 0, 0, 0, helper);
    if (xdp)
        put_metadata(m);
}

/** fib_lookup, whose structure has 64 bytes, or check_mtu. */
static void put_inout(struct maker *m, unsigned number)
{
    bool lookup = one_in(m, 2);
    put_sized(m, lookup ? WN_R2 : WN_R3, number);
    copy(m, WN_R1, CONTEXT);
    if (lookup && !one_in(m, 4))
        put(m, WN_OP_MOV64_K, WN_R3, 0, 0, 64);
    if (!lookup)
        put(m, WN_OP_MOV64_K, WN_R2, 0, 0, 0);
    put(m, WN_OP_MOV64_K, WN_R4, 0, 0, 0);
    put(m, WN_OP_MOV64_K, WN_R5, 0, 0, 0);
    put(m, WN_OP_CALL, 0, 0, 0, lookup ? 69 : 163);
}

static void put_helper(struct maker *m)
{
    enum wn_prog_type type = m->t->type;
    unsigned number = find(m, 1u << NUMBER), map = below(m, 3);
    bool context = m->r[CONTEXT].kind == MEMORY;
    if (!may_call(m))
        return;
    switch (below(m, 7)) {
    case 6: /* map_push_elem, map_pop_elem, map_peek_elem */
        put_sized(m, WN_R2, WN_R10);
        put_wide(m, WN_OP_MAP_FD, WN_R1, one_in(m, 16) ? map : VERIFY_STACK);
        put(m, WN_OP_MOV64_K, WN_R3, 0, 0, one_in(m, 2) ? 2 : 0);
        put(m, WN_OP_CALL, 0, 0, 0, 87 + (int)below(m, 3));
        break;
    case 0: /* map_update_elem */
        put_key(m);
        put_sized(m, WN_R3, WN_R10);
        put_wide(m, WN_OP_MAP_FD, WN_R1, map);
        put(m, WN_OP_MOV64_K, WN_R4, 0, 0, 0);
        put(m, WN_OP_CALL, 0, 0, 0, 2);
        break;
    case 1: /* csum_diff, or what reads and writes the same memory */
        if (type != WN_PROG_XDP && type != WN_PROG_TC)
            return;
        if (context && one_in(m, 2)) {
            put_inout(m, number);
            break;
        }
        put_sized(m, WN_R1, number);
        put_sized(m, WN_R3, number);
        put(m, WN_OP_MOV64_K, WN_R5, 0, 0, 0);
        put(m, WN_OP_CALL, 0, 0, 0, 28);
        break;
    case 2: /* skb_load_bytes */
        if (!context || type == WN_PROG_XDP)
            return;
        put_sized(m, WN_R3, number);
        copy(m, WN_R1, CONTEXT);
        put(m, WN_OP_MOV64_K, WN_R2, 0, 0, below(m, 60));
        put(m, WN_OP_CALL, 0, 0, 0, 26);
        break;
    case 3: /* trace_printk */
        put_sized(m, WN_R1, number);
        if (number == WN_R0 || number > WN_R5)
            copy(m, WN_R3, number < WN_R10 ? number : WN_R10);
        put(m, WN_OP_CALL, 0, 0, 0, 6);
        break;
    case 4: /* tail_call: nothing is there to be called */
        if (!context || !one_in(m, 4))
            return;
        copy(m, WN_R1, CONTEXT);
        put_wide(m, WN_OP_MAP_FD, WN_R2, VERIFY_PROGS);
        put(m, WN_OP_MOV64_K, WN_R3, 0, 0, 1);
        put(m, WN_OP_CALL, 0, 0, 0, 12);
        break;
    default:
        if ((type != WN_PROG_XDP && type != WN_PROG_TC) || !context)
            return;
        put_mover(m, type == WN_PROG_XDP);
        for (unsigned r = 0; r < WN_R10 && !one_in(m, 4); r++)
            if (m->r[r].kind == PACKET || m->r[r].kind == AFTER)
                set(m, r, NOTHING);
        forget_arguments(m);
        put(m, WN_OP_LDX_W, DATA, CONTEXT, type == WN_PROG_XDP ? 0 : 76, 0);
        put(m, WN_OP_LDX_W, END, CONTEXT, type == WN_PROG_XDP ? 4 : 80, 0);
        set(m, DATA, PACKET);
        set(m, END, AFTER);
        return;
    }
    forget_arguments(m);
}

/** A local function; the first call says what it is given. */
static void put_call(struct maker *m)
{
    unsigned which = below(m, FUNCS);
    unsigned argument = find(m, one_in(m, 2) ? 1u << NUMBER : ~(1u << NOTHING));
    if (m->within || !may_call(m) || argument == WN_R10 || m->func[which].call)
        return;
    if (argument != WN_R1)
        copy(m, WN_R1, argument);
    m->func[which].argument = m->r[WN_R1];
    if (one_in(m, 3)) {
        copy(m, WN_R1, WN_R10);
        put(m, WN_OP_ADD64_K, WN_R1, 0, 0, -64);
        m->func[which].argument = (struct place){STACK, 0};
    }
    put(m, WN_OP_MOV64_K, WN_R2, 0, 0, constant(m));
    unsigned number = find(m, 1u << NUMBER);
    if (number < WN_R10 && number != WN_R2 && number != WN_R1)
        copy(m, WN_R2, number);
    m->func[which].call = m->t->n;
    put(m, WN_OP_CALL_LOCAL, 0, 0, 0, 0);
    forget_arguments(m);
}

/** bpf_loop(), bpf_for_each_map_elem(): a function that is called any number of times, with its
 * number or an element, and anything. */
static void put_repeat(struct maker *m)
{
    unsigned which = below(m, FUNCS), data = find(m, ~(1u << NOTHING));
    if (m->within || !may_call(m) || data == WN_R10 || m->func[which].call)
        return;
    struct place given = m->r[data];
    put(m, WN_OP_MOV64_X, WN_R3, data, 0, 0);
    if (one_in(m, 2)) {
        put(m, WN_OP_MOV64_X, WN_R3, WN_R10, 0, 0);
        put(m, WN_OP_ADD64_K, WN_R3, 0, 0, -64);
        given = (struct place){STACK, 0};
    }
    set(m, WN_R3, NOTHING);
    if (one_in(m, 2)) {
        static const uint8_t maps[] = {VERIFY_HASH, VERIFY_MANY, VERIFY_ONE, VERIFY_LOCKED};
        uint8_t map = maps[below(m, 4)];
        m->func[which].call = m->t->n;
        m->func[which].repeats = true;
        m->func[which].argument = given;
        m->func[which].map = map + 1;
        put_wide(m, WN_OP_FUNC, WN_R2, 0);
        put_wide(m, WN_OP_MAP_FD, WN_R1, one_in(m, 24) ? VERIFY_PROGS : map);
        put(m, WN_OP_MOV64_K, WN_R4, 0, 0, one_in(m, 16));
        put(m, WN_OP_CALL, 0, 0, 0, 164);
        forget_arguments(m);
        return;
    }
    unsigned times = find(m, 1u << NUMBER);
    put(m, WN_OP_MOV64_K, WN_R1, 0, 0, interesting(m, below(m, 6)));
    if (times < WN_R10 && times != WN_R1 && one_in(m, 3)) {
        put(m, WN_OP_MOV64_X, WN_R1, times, 0, 0);
        put(m, WN_OP_AND64_K, WN_R1, 0, 0, 7);
    }
    m->func[which].call = m->t->n;
    m->func[which].repeats = true;
    m->func[which].argument = given;
    put_wide(m, WN_OP_FUNC, WN_R2, 0);
    put(m, WN_OP_MOV64_K, WN_R4, 0, 0, 0);
    put(m, WN_OP_CALL, 0, 0, 0, 181);
    forget_arguments(m);
}

/** A record of a ring buffer, which is given back before anything else is called. */
static void put_record(struct maker *m)
{
    unsigned bytes = 8 * (1 + below(m, 4)), keep = WN_R6;
    if (!may_call(m) || m->locked >> keep & 1)
        return;
    put_wide(m, WN_OP_MAP_FD, WN_R1, VERIFY_RING);
    put(m, WN_OP_MOV64_K, WN_R2, 0, 0, one_in(m, 16) ? 1 << 20 : bytes);
    put(m, WN_OP_MOV64_K, WN_R3, 0, 0, 0);
    put(m, WN_OP_CALL, 0, 0, 0, 131);
    forget_arguments(m);
    size_t branch = m->t->n;
    struct maker before = *m;
    put(m, WN_OP_JEQ64_K, WN_R0, 0, 0, 0);
    copy(m, keep, WN_R0);
    set(m, keep, RECORD);
    m->locked |= 1u << keep;
    for (uint32_t n = 1 + below(m, 4); n > 0; n--)
        if (one_in(m, 2))
            put_simple(m);
        else
            put_access(m, keep, (int)below(m, bytes - (one_in(m, 8) ? 0 : 7)), below(m, 4));
    m->locked &= ~(1u << keep);
    put(m, WN_OP_MOV64_X, WN_R1, one_in(m, 32) ? WN_R0 : keep, 0, 0);
    put(m, WN_OP_MOV64_K, WN_R2, 0, 0, below(m, 4));
    put(m, WN_OP_CALL, 0, 0, 0, 132 + (int)below(m, 2));
    forget_arguments(m);
    set(m, WN_R0, NOTHING);
    set(m, keep, one_in(m, 16) ? RECORD : NOTHING);
    m->t->slots[branch].off = (int16_t)(m->t->n - branch - 1);
    meet(m, &before);
}

/** What is changed under a lock, which is given back. */
static void put_locked(struct maker *m)
{
    const unsigned keep = WN_R6;
    if (!may_call(m) || m->locked >> keep & 1)
        return;
    put_key(m);
    put_wide(m, WN_OP_MAP_FD, WN_R1, one_in(m, 32) ? VERIFY_MANY : VERIFY_LOCKED);
    put(m, WN_OP_CALL, 0, 0, 0, 1);
    forget_arguments(m);
    size_t branch = m->t->n;
    struct maker before = *m;
    put(m, WN_OP_JEQ64_K, WN_R0, 0, 0, 0);
    copy(m, keep, WN_R0);
    m->r[keep] = (struct place){VALUE, VERIFY_LOCKED};
    m->locked |= 1u << keep;
    for (unsigned give = 0; give < 2; give++) {
        put(m, WN_OP_MOV64_X, WN_R1, keep, 0, 0);
        put(m, WN_OP_ADD64_K, WN_R1, 0, 0, one_in(m, 48) ? 8 : 12);
        put(m, WN_OP_CALL, 0, 0, 0, (one_in(m, 48) ? 94 : 93) + (int)give);
        forget_arguments(m);
        set(m, WN_R0, NOTHING);
        for (uint32_t n = below(m, 4); n > 0 && !give; n--)
            if (one_in(m, 2))
                put_simple(m);
            else
                put_access(m, keep, (int)below(m, one_in(m, 12) ? 16 : 5), below(m, 4));
    }
    m->locked &= ~(1u << keep);
    m->t->slots[branch].off = (int16_t)(m->t->n - branch - 1);
    meet(m, &before);
}

/** LD_ABS, LD_IND: beyond the packet the function ends with 0. */
static void put_packet_load(struct maker *m)
{
    static const enum wn_op_id abs[] = {WN_OP_LD_ABS_B, WN_OP_LD_ABS_H, WN_OP_LD_ABS_W};
    static const enum wn_op_id ind[] = {WN_OP_LD_IND_B, WN_OP_LD_IND_H, WN_OP_LD_IND_W};
    unsigned number = find(m, 1u << NUMBER);
    if (!may_call(m))
        return;
    if (number < WN_R10 && one_in(m, 2))
        put(m, ind[below(m, 3)], 0, number, 0, below(m, 30));
    else
        put(m, abs[below(m, 3)], 0, 0, 0, below(m, 60));
    forget_arguments(m);
}

/* ---- programs -------------------------------------------------------------------------------- */

static void put_simple(struct maker *m)
{
    switch (below(m, 12)) {
    case 0: put_number(m); return;
    case 1:
    case 2: put_alu(m, some_number(m)); return;
    case 3: put_bound(m, some_number(m)); return;
    case 4: put_place(m); return;
    case 5: put_spill(m); return;
    case 6: put_fill(m); return;
    case 7:
    case 8: put_copy(m); return;
    default: put_exchange(m); return;
    }
}

static void put_any_access(struct maker *m)
{
    unsigned base =
        find(m, 1u << PACKET | 1u << VALUE | 1u << STACK | 1u << AFTER | 1u << MAYBE | 1u << KEY);
    if (base == WN_R10)
        put_access(m, WN_R10, -8 - (int)below(m, 60), below(m, 4));
    else
        put_access(m, base,
                   m->r[base].kind == AFTER || m->r[base].kind == STACK ? -8 - (int)below(m, 16)
                                                                        : (int)below(m, 12),
                   below(m, 4));
}

static void put_statement(struct maker *m, bool simple)
{
    if (is_full(m))
        return;
    if (simple) {
        put_simple(m);
        return;
    }
    switch (below(m, 20)) {
    case 0:
    case 1:
    case 2: put_check(m); return;
    case 3: put_length_check(m); return;
    case 4:
    case 5: put_index(m); return;
    case 6:
    case 7:
    case 8: put_fork(m); return;
    case 9: put_loop(m); return;
    case 10: put_lookup(m); return;
    case 11: put_null_check(m); return;
    case 12: put_any_access(m); return;
    case 13:
        if (one_in(m, 12))
            put_record(m);
        else if (one_in(m, 16))
            put_locked(m);
        else if (one_in(m, 2))
            put_helper(m);
        else if (one_in(m, 4))
            put_random(m);
        else if (one_in(m, 3))
            put_packet_load(m);
        else if (one_in(m, 2))
            put_repeat(m);
        else
            put_call(m);
        return;
    default: put_simple(m); return;
    }
}

/** Where branches out lead: a result, and the end. */
static void put_end(struct maker *m)
{
    unsigned r = find(m, 1u << NUMBER);
    if (r < WN_R10)
        put(m, WN_OP_MOV64_X, WN_R0, r, 0, 0);
    else
        put(m, WN_OP_MOV64_K, WN_R0, 0, 0, 1);
    if (m->repeats)
        put(m, WN_OP_AND64_K, WN_R0, 0, 0, one_in(m, 8) ? 3 : 1);
    put(m, WN_OP_EXIT, 0, 0, 0, 0);
    for (unsigned i = 0; i < m->n_outs; i++)
        m->t->slots[m->outs[i]].off = (int16_t)(m->t->n - m->outs[i] - 1);
    put(m, WN_OP_MOV64_K, WN_R0, 0, 0, 0);
    put(m, WN_OP_EXIT, 0, 0, 0, 0);
    m->n_outs = 0;
}

static void put_prologue(struct maker *m)
{
    switch (m->t->type) {
    case WN_PROG_FILTER:
        copy(m, DATA, WN_R1);
        copy(m, CONTEXT, WN_R2);
        copy(m, END, WN_R1);
        put(m, WN_OP_ADD64_X, END, CONTEXT, 0, 0);
        set(m, DATA, PACKET);
        set(m, END, AFTER);
        set(m, CONTEXT, NUMBER);
        break;
    case WN_PROG_XDP:
    case WN_PROG_TC: {
        int data = m->t->type == WN_PROG_XDP ? 0 : 76;
        copy(m, CONTEXT, WN_R1);
        put(m, WN_OP_LDX_W, DATA, WN_R1, data, 0);
        put(m, WN_OP_LDX_W, END, WN_R1, data + 4, 0);
        set(m, DATA, PACKET);
        set(m, END, AFTER);
        set(m, CONTEXT, MEMORY);
        break;
    }
    case WN_PROG_SOCKET:
    case WN_PROG_TYPES:
        copy(m, CONTEXT, WN_R1);
        set(m, CONTEXT, MEMORY);
        break;
    }
    set(m, WN_R1, NOTHING);
    set(m, WN_R2, NOTHING);
    if (one_in(m, 2) && m->t->type != WN_PROG_SOCKET) { /* most filters begin so */
        copy(m, WN_R1, DATA);
        put(m, WN_OP_ADD64_K, WN_R1, 0, 0, interesting(m, 8 + below(m, 40)));
        put_out(m, WN_OP_JGT64_X, WN_R1, END, 0);
    }
    if (one_in(m, 4)) {
        copy(m, WN_R6, WN_R10);
        put_wide(m, WN_OP_MAP_VALUE, WN_R5, one_in(m, 2) ? VERIFY_ONE : VERIFY_FROZEN);
        m->t->slots[m->t->n - 1].imm = (int32_t)below(m, 3) * 8;
        m->r[WN_R5] = (struct place){VALUE, (uint8_t)m->t->slots[m->t->n - 2].imm};
    }
}

void verify_make(struct verify_trial *t, struct gen *g)
{
    struct maker m = {.g = g, .t = t};
    t->type = (enum wn_prog_type)(gen_below(g, 8) ? gen_below(g, 2) : gen_below(g, WN_PROG_TYPES));
    t->n = 0;
    t->n_numbers = 0;
    put_prologue(&m);
    size_t most = 20 + gen_below(g, BODY);
    while (t->n < most && !is_full(&m))
        put_statement(&m, false);
    put_end(&m);
    for (unsigned f = 0; f < FUNCS; f++) {
        if (!m.func[f].call)
            continue;
        t->slots[m.func[f].call].imm = (int32_t)(t->n - m.func[f].call - 1);
        struct maker inner = {.g = g, .t = t, .within = true};
        inner.repeats = m.func[f].repeats;
        if (m.func[f].map) {
            inner.r[WN_R2].kind = KEY;
            inner.r[WN_R3] = (struct place){VALUE, m.func[f].map - 1};
            inner.r[WN_R4] = m.func[f].argument;
        } else {
            inner.r[inner.repeats ? WN_R2 : WN_R1] = m.func[f].argument;
            inner.r[inner.repeats ? WN_R1 : WN_R2].kind = NUMBER;
        }
        most = t->n + 10 + gen_below(g, 30);
        while (t->n < most && t->n < VERIFY_SLOTS - 40)
            put_statement(&inner, false);
        put_end(&inner);
    }
}
