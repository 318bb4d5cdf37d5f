/* SPDX-License-Identifier: MIT */
#include "careful.h"

#include <assert.h>
#include <string.h>

#include "context/context.h"
#include "helper/helper.h"
#include "isa/code.h"
#include "isa/decode.h"

/* Registers that mostly keep what they are for. */
#define CONTEXT WN_R6
#define DATA    WN_R7 /* the packet's first byte */
#define END     WN_R8 /* the byte behind it, or its length */
#define VALUE   WN_R9 /* of a map, or a number */

enum {
    BODY = 190,  /* slots in which a function's statements begin */
    EXITS = 200, /* jumps to where a function ends */
    NEST = 3,    /* statements within each other */
    FRAME_WORDS = WN_STACK_FRAME / 8,
};

enum kind { NOTHING, NUMBER, PLACE, ADDRESS };

/** What the writer believes. Statements may happen or not: what they have changed is forgotten
 * then. */
struct belief {
    uint8_t kind[WN_R10];
    uint32_t room;  /* bytes that have been compared for */
    uint64_t words; /* of the stack that hold numbers; bit 0 is the one below r10 */
    int32_t value;  /* the map VALUE is of; -1: none */
};

struct writer {
    struct gen *g;
    enum wn_prog_type type;
    const struct careful_maps *maps;
    struct careful_lengths *lengths;
    struct wn_slot *slots;
    size_t len, start;
    size_t exits[EXITS];
    unsigned n_exits;
    unsigned nest;
    size_t calls[4]; /* of the other function */
    unsigned n_calls;
    bool second;    /* this is the other function, which calls none */
    bool by_length; /* END is the packet's length */
    bool packet;    /* DATA and END are there */
    bool daring;
    struct belief b;
};

static bool one_in(struct gen *g, uint32_t n)
{
    return gen_below(g, n) == 0;
}

/** A mistake such as people make. */
static bool slip(struct writer *w, uint32_t n)
{
    return w->daring && one_in(w->g, n);
}

static int32_t between(struct writer *w, int32_t low, int32_t high)
{
    return low + (int32_t)gen_below(w->g, (uint32_t)(high - low + 1));
}

static void put(struct writer *w, enum wn_op_id id, unsigned dst, unsigned src, int off,
                int32_t imm)
{
    assert(w->len < GEN_SLOTS);
    w->slots[w->len++] = wn_encode(id, dst, src, (int16_t)off, imm);
}

static void put_wide(struct writer *w, enum wn_op_id id, unsigned dst, uint64_t value)
{
    put(w, id, dst, 0, 0, (int32_t)(uint32_t)value);
    w->slots[w->len++] = wn_slot(0, 0, 0, 0, (int32_t)(uint32_t)(value >> 32));
}

/** Leave the function, if the branch that is put now is taken. */
static void leave_if(struct writer *w, enum wn_op_id id, unsigned a, unsigned b, int32_t imm)
{
    if (w->n_exits < EXITS)
        w->exits[w->n_exits++] = w->len;
    put(w, id, a, b, 0, imm);
}

/** The same by a jump that the inverse branch goes around. */
static void leave_unless(struct writer *w, enum wn_op_id id, unsigned a, unsigned b, int32_t imm)
{
    put(w, id, a, b, 1, imm);
    leave_if(w, WN_OP_JA, 0, 0, 0);
}

static void copy(struct writer *w, unsigned dst, unsigned src, int32_t plus)
{
    put(w, WN_OP_MOV64_X, dst, src, 0, 0);
    if (plus)
        put(w, one_in(w->g, 4) ? WN_OP_SUB64_K : WN_OP_ADD64_K, dst, 0, 0, plus);
    if (plus && w->slots[w->len - 1].opcode == wn_rows[WN_OP_SUB64_K].opcode)
        w->slots[w->len - 1].imm = -plus;
    if (dst < WN_R10)
        w->b.kind[dst] = src == WN_R10 ? ADDRESS : w->b.kind[src];
}

/** A register for something new, other than `but`. */
static unsigned scratch(struct writer *w, unsigned but)
{
    unsigned r = gen_below(w->g, WN_R6);
    return r == but ? (r + 1) % WN_R6 : r;
}

/* ---- Numbers -------------------------------------------------------------------------------- */

static void put_stack_load(struct writer *w, unsigned dst);

/** Make a number in a register. */
static void put_some_number(struct writer *w, unsigned r)
{
    struct gen *g = w->g;
    if (w->packet && w->b.room > 0 && !one_in(g, 3)) {
        static const enum wn_op_id loads[] = {WN_OP_LDX_B,  WN_OP_LDX_H,  WN_OP_LDX_W,
                                              WN_OP_LDX_DW, WN_OP_LDSX_B, WN_OP_LDSX_H};
        enum wn_op_id id = loads[gen_below(g, 6)];
        uint32_t size = wn_opcode_size(wn_rows[id].opcode);
        if (size > w->b.room)
            id = WN_OP_LDX_B, size = 1;
        put(w, id, r, DATA, between(w, 0, (int32_t)(w->b.room - size)) + slip(w, 20), 0);
    } else if (w->b.words && one_in(g, 2)) {
        put_stack_load(w, r);
    } else if (one_in(g, 2)) {
        put(w, one_in(g, 2) ? WN_OP_MOV64_K : WN_OP_MOV32_K, r, 0, 0,
            (int32_t)(uint32_t)gen_number(g));
    } else {
        put_wide(w, WN_OP_IMM64, r, gen_number(g));
    }
    w->b.kind[r] = NUMBER;
}

/** A register that holds a number, and is not `but`. */
static unsigned number(struct writer *w, unsigned but)
{
    struct gen *g = w->g;
    for (unsigned tries = 0; tries < 4; tries++) {
        unsigned r = gen_below(g, WN_R6);
        if (r != but && w->b.kind[r] == NUMBER)
            return r;
    }
    if (w->b.kind[VALUE] == NUMBER && one_in(g, 2))
        return VALUE;
    unsigned r = scratch(w, but);
    put_some_number(w, r);
    return r;
}

static void put_alu(struct writer *w)
{
    struct gen *g = w->g;
    enum wn_op_id id;
    do
        id = (enum wn_op_id)gen_below(g, WN_OPS_ENCODED);
    while (wn_rows[id].kind != WN_KIND_ALU);
    unsigned dst = number(w, WN_R10);
    int32_t imm = one_in(g, 2) ? between(w, 0, 40) : (int32_t)(uint32_t)gen_number(g);
    switch ((enum wn_form)wn_rows[id].form) {
    case WN_FORM_DST_IMM:
    case WN_FORM_SET_IMM: put(w, id, dst, 0, 0, imm); break;
    case WN_FORM_DST: put(w, id, dst, 0, 0, 0); break;
    default: put(w, id, dst, number(w, WN_R10), 0, 0); break;
    }
}

/** Bound a number: it is at most `most` behind this. */
static void put_bound(struct writer *w, unsigned r, uint32_t most)
{
    int32_t n = (int32_t)most + (slip(w, 12) ? between(w, 1, 4) : 0);
    int32_t mask = (int32_t)((1u << (31 - __builtin_clz(most + 1))) - 1);
    switch (gen_below(w->g, 8)) {
    case 0: put(w, WN_OP_AND64_K, r, 0, 0, mask); break;
    case 1: put(w, WN_OP_AND32_K, r, 0, 0, mask); break;
    case 2: put(w, one_in(w->g, 2) ? WN_OP_MOD64_K : WN_OP_MOD32_K, r, 0, 0, n + 1); break;
    case 3: leave_if(w, one_in(w->g, 2) ? WN_OP_JGT64_K : WN_OP_JGE64_K, r, 0, n); break;
    case 4: leave_unless(w, one_in(w->g, 2) ? WN_OP_JLE64_K : WN_OP_JLT64_K, r, 0, n); break;
    case 5:
        put(w, WN_OP_MOV32_X, r, r, 0, 0);
        leave_if(w, WN_OP_JGT32_K, r, 0, n);
        break;
    case 6:
        if (!slip(w, 6))
            leave_if(w, WN_OP_JSLT64_K, r, 0, 0);
        leave_if(w, WN_OP_JSGT64_K, r, 0, n);
        break;
    default:
        put(w, WN_OP_LSH64_K, r, 0, 0, 32);
        put(w, WN_OP_RSH64_K, r, 0, 0, 32 + (mask ? __builtin_clz((unsigned)mask) : 31));
        if (!mask)
            put(w, WN_OP_MOV64_K, r, 0, 0, 0);
        break;
    }
}

/* ---- The packet ----------------------------------------------------------------------------- */

static void note_length(struct writer *w, uint32_t bytes)
{
    if (w->lengths)
        w->lengths->bytes[w->lengths->n++ % CAREFUL_LENGTHS] = bytes;
}

/** Leave if `low` is behind `high`: addresses, or numbers without sign. */
static void leave_behind(struct writer *w, unsigned low, unsigned high)
{
    bool off_by_one = slip(w, 12);
    switch (gen_below(w->g, 4)) {
    case 0: leave_if(w, off_by_one ? WN_OP_JGE64_X : WN_OP_JGT64_X, low, high, 0); break;
    case 1: leave_if(w, off_by_one ? WN_OP_JGT64_X : WN_OP_JLT64_X, high, low, 0); break;
    case 2: leave_unless(w, off_by_one ? WN_OP_JLT64_X : WN_OP_JLE64_X, low, high, 0); break;
    default: leave_unless(w, off_by_one ? WN_OP_JGT64_X : WN_OP_JGE64_X, high, low, 0); break;
    }
}

/** Compare a length that is in a register with a constant. */
static void put_length_check(struct writer *w, unsigned length, int32_t n)
{
    switch (gen_below(w->g, 6)) {
    case 0: leave_if(w, WN_OP_JLT64_K, length, 0, n); break;
    case 1: leave_if(w, WN_OP_JLE64_K, length, 0, n - 1); break;
    case 2: leave_if(w, WN_OP_JLT32_K, length, 0, n); break;
    case 3: leave_if(w, WN_OP_JSLT64_K, length, 0, n); break;
    case 4: leave_unless(w, WN_OP_JGE64_K, length, 0, n); break;
    default: leave_unless(w, WN_OP_JGT64_K, length, 0, n - 1); break;
    }
}

/** Compare for a constant number of bytes. */
static void put_check(struct writer *w)
{
    unsigned r = gen_below(w->g, WN_R6), e = scratch(w, r);
    int32_t n = between(w, 1, one_in(w->g, 8) ? 200 : 60), less = slip(w, 8) ? between(w, 1, 3) : 0;
    note_length(w, (uint32_t)n);
    switch (gen_below(w->g, 4)) {
    case 0: /* numbers */
        if (!w->by_length) {
            copy(w, r, END, 0);
            put(w, WN_OP_SUB64_X, r, DATA, 0, 0);
        }
        put_length_check(w, w->by_length ? (unsigned)END : r, n - less);
        if (!w->by_length)
            w->b.kind[r] = NUMBER;
        break;
    case 1: /* a number in a register */
        if (w->by_length) {
            put(w, WN_OP_MOV64_K, r, 0, 0, n - less);
            leave_behind(w, r, END);
            w->b.kind[r] = NUMBER;
            break;
        }
        __attribute__((fallthrough));
    default: /* addresses */
        copy(w, r, DATA, n - less);
        if (w->by_length) {
            copy(w, e, DATA, 0);
            put(w, WN_OP_ADD64_X, e, END, 0, 0);
        }
        leave_behind(w, r, w->by_length ? e : (unsigned)END);
        w->b.kind[r] = PLACE;
        if (w->by_length)
            w->b.kind[e] = PLACE;
        break;
    }
    if ((uint32_t)n > w->b.room)
        w->b.room = (uint32_t)n;
}

static const enum wn_op_id loads[] = {WN_OP_LDX_B, WN_OP_LDX_H, WN_OP_LDX_W, WN_OP_LDX_DW};
static const enum wn_op_id stores[] = {WN_OP_STX_B, WN_OP_STX_H, WN_OP_STX_W, WN_OP_STX_DW};
static const enum wn_op_id constants[] = {WN_OP_ST_B, WN_OP_ST_H, WN_OP_ST_W, WN_OP_ST_DW};

/** Access memory of so many bytes at base + off. */
static void put_access(struct writer *w, unsigned base, int32_t off, uint32_t bytes, bool writable)
{
    struct gen *g = w->g;
    unsigned log = gen_below(g, 4);
    while (1u << log > bytes)
        log--;
    off += between(w, 0, (int32_t)(bytes - (1u << log)));
    off += slip(w, 16) ? between(w, -2, 4) : 0;
    if (writable && one_in(g, 3)) {
        put(w, stores[log], base, number(w, base), off, 0);
    } else if (writable && one_in(g, 3)) {
        put(w, constants[log], base, 0, off, (int32_t)(uint32_t)gen_number(g));
    } else {
        unsigned r = scratch(w, base);
        put(w, loads[log], r, base, off, 0);
        w->b.kind[r] = NUMBER;
    }
}

static bool may_write_packet(const struct writer *w)
{
    return w->type == WN_PROG_XDP || w->type == WN_PROG_TC;
}

static void put_packet(struct writer *w)
{
    if (!w->packet)
        return;
    if (w->b.room == 0 || one_in(w->g, 4))
        put_check(w);
    int32_t n = (int32_t)w->b.room;
    if (w->by_length || !one_in(w->g, 6))
        put_access(w, DATA, 0, w->b.room, may_write_packet(w));
    else /* from the end backwards */
        put_access(w, END, -n - (slip(w, 4) ? between(w, 1, 2) : 0),
                   one_in(w->g, 2) ? 1 : w->b.room, false);
}

/** Ask of an address whether it is one. */
static void put_null_check(struct writer *w)
{
    unsigned r = scratch(w, WN_R10);
    for (unsigned i = 0; i < WN_R6 && (w->b.kind[r] == NOTHING || w->b.kind[r] == NUMBER); i++)
        r = (r + 1) % WN_R6;
    if (w->b.kind[r] == NOTHING || w->b.kind[r] == NUMBER || one_in(w->g, 2))
        r = w->b.value >= 0 && one_in(w->g, 2) ? VALUE : w->packet ? DATA : WN_R10;
    if (one_in(w->g, 2))
        leave_if(w, WN_OP_JEQ64_K, r, 0, 0);
    else
        leave_unless(w, WN_OP_JNE64_K, r, 0, 0);
}

/** A place that a number says: bounded, compared, accessed. */
static void put_variable(struct writer *w)
{
    struct gen *g = w->g;
    if (!w->packet)
        return;
    unsigned x = number(w, VALUE);
    if (x == VALUE || one_in(g, 3)) {
        unsigned to = scratch(w, x);
        copy(w, to, x, 0);
        x = to;
    }
    if (!slip(w, 16))
        put_bound(w, x, gen_below(g, one_in(g, 4) ? 60000 : 60));
    unsigned p = scratch(w, x), q = scratch(w, p);
    int32_t n = between(w, 1, 20);
    bool counts = w->by_length && one_in(g, 2); /* compare numbers, not addresses */
    if (q == x)
        q = (q + 1) % WN_R6 == p ? (q + 2) % WN_R6 : (q + 1) % WN_R6;
    note_length(w, (uint32_t)n + gen_below(g, 30));
    if (counts) {
        copy(w, q, x, n);
        leave_behind(w, q, END);
    }
    copy(w, p, one_in(g, 2) ? x : (unsigned)DATA, 0);
    put(w, WN_OP_ADD64_X, p, w->b.kind[p] == NUMBER ? (unsigned)DATA : x, 0, 0);
    w->b.kind[p] = PLACE;
    if (!counts && !slip(w, 16)) {
        copy(w, q, p, n);
        unsigned e = END;
        if (w->by_length) {
            e = WN_R0;
            while (e == p || e == q)
                e++;
            copy(w, e, DATA, 0);
            put(w, WN_OP_ADD64_X, e, END, 0, 0);
            w->b.kind[e] = PLACE;
        }
        leave_behind(w, q, e);
    }
    put_access(w, p, 0, (uint32_t)n, may_write_packet(w));
    if (one_in(g, 3) && w->b.kind[p] == PLACE)
        put_access(w, p, 0, (uint32_t)n, may_write_packet(w));
    if (one_in(g, 4) && w->b.kind[q] == PLACE && !counts)
        put_access(w, q, -n, (uint32_t)n, may_write_packet(w));
}

/** A packet load, which needs no comparison. */
static void put_packet_load(struct writer *w)
{
    static const enum wn_op_id ids[] = {WN_OP_LD_ABS_B, WN_OP_LD_ABS_H, WN_OP_LD_ABS_W,
                                        WN_OP_LD_IND_B, WN_OP_LD_IND_H, WN_OP_LD_IND_W};
    if (w->type == WN_PROG_XDP)
        return;
    unsigned which = gen_below(w->g, 6);
    unsigned x = which < 3 ? 0 : number(w, WN_R10);
    if (which >= 3 && x != VALUE)
        put_bound(w, x, 60);
    put(w, ids[which], 0, x, 0, between(w, 0, 40));
    memset(w->b.kind, NOTHING, WN_R6);
    w->b.kind[WN_R0] = NUMBER;
}

/* ---- The stack ------------------------------------------------------------------------------ */

static int some_word(struct writer *w)
{
    return between(w, 0, one_in(w->g, 6) ? FRAME_WORDS - 1 : 11);
}

static void put_stack_store(struct writer *w)
{
    struct gen *g = w->g;
    int word = some_word(w);
    if (slip(w, 30))
        word = FRAME_WORDS;
    unsigned r = number(w, WN_R10);
    if (one_in(g, 3)) {
        unsigned log = gen_below(g, 4);
        put(w, constants[log], WN_R10, 0, -8 * word - 8, (int32_t)(uint32_t)gen_number(g));
        if (log < 3 && word < FRAME_WORDS && !(w->b.words >> word & 1))
            return;
    } else {
        put(w, WN_OP_STX_DW, WN_R10, r, -8 * word - 8, 0);
    }
    if (word < FRAME_WORDS)
        w->b.words |= UINT64_C(1) << word;
}

static void put_stack_load(struct writer *w, unsigned dst)
{
    struct gen *g = w->g;
    int word = 0;
    unsigned log = one_in(g, 2) ? 3 : gen_below(g, 4);
    for (unsigned tries = 0; tries < 8 && !(w->b.words >> word & 1); tries++)
        word = some_word(w);
    if (slip(w, 10))
        word = some_word(w);
    put(w, loads[log], dst, WN_R10, -8 * word - 8 + (int)((gen_below(g, 8) >> log) << log), 0);
    w->b.kind[dst] = NUMBER;
}

/** Keep an address, and fetch it again when it is needed. */
static void put_spill(struct writer *w)
{
    int word = some_word(w);
    unsigned r = scratch(w, WN_R10);
    put(w, WN_OP_STX_DW, WN_R10, DATA, -8 * word - 8, 0);
    w->b.words &= ~(UINT64_C(1) << word);
    if (one_in(w->g, 2))
        put_check(w);
    put(w, WN_OP_LDX_DW, r, WN_R10, -8 * word - 8, 0);
    w->b.kind[r] = PLACE;
    if (w->b.room)
        put_access(w, r, 0, w->b.room, may_write_packet(w));
}

/** A table in the stack: a place that a number says. */
static void put_table(struct writer *w)
{
    struct gen *g = w->g;
    unsigned x = number(w, VALUE);
    if (x == VALUE)
        return;
    uint32_t words = 1u << gen_below(g, 4);
    unsigned p = scratch(w, x);
    put_bound(w, x, words - 1);
    put(w, WN_OP_LSH64_K, x, 0, 0, 3);
    copy(w, p, WN_R10, -8 * (int32_t)words - 64);
    put(w, WN_OP_ADD64_X, p, x, 0, 0);
    w->b.kind[p] = ADDRESS;
    put_access(w, p, 0, 8, true);
}

static void put_atomic(struct writer *w, unsigned base, int32_t off)
{
    enum wn_op_id id;
    do
        id = (enum wn_op_id)gen_below(w->g, WN_OPS_ENCODED);
    while (wn_rows[id].kind != WN_KIND_ATOMIC);
    if (w->b.kind[WN_R0] != NUMBER)
        put_some_number(w, WN_R0);
    unsigned r = number(w, base);
    if (r == VALUE)
        return;
    put(w, id, base, r, off + (slip(w, 12) ? 4 : 0), 0);
}

/* ---- Maps ----------------------------------------------------------------------------------- */

static void call(struct writer *w, int32_t helper)
{
    put(w, WN_OP_CALL, 0, 0, 0, helper);
    memset(w->b.kind, NOTHING, WN_R6);
    w->b.kind[WN_R0] = NUMBER;
}

static void put_map_fd(struct writer *w, unsigned r, uint32_t map)
{
    put_wide(w, one_in(w->g, 2) ? WN_OP_MAP_FD : WN_OP_MAP_IDX, r, map);
}

/** A key in the stack, its address in r2. */
static void put_key(struct writer *w)
{
    if (one_in(w->g, 4) && w->b.words & 1)
        put(w, WN_OP_ST_B, WN_R10, 0, -8, between(w, 0, 3));
    else
        put(w, WN_OP_ST_DW, WN_R10, 0, -8, between(w, 0, 4));
    w->b.words |= 1;
    copy(w, WN_R2, WN_R10, -8);
}

static void put_value_access(struct writer *w)
{
    struct gen *g = w->g;
    uint32_t bytes = w->maps->maps[w->b.value].value_bytes;
    if (one_in(g, 4) && bytes >= 8) {
        put_atomic(w, VALUE, 0);
    } else if (one_in(g, 3) && bytes > 1) {
        unsigned x = number(w, VALUE), p = scratch(w, x);
        uint32_t n = 1 + gen_below(g, bytes - 1);
        put_bound(w, x, bytes - n);
        copy(w, p, VALUE, 0);
        put(w, WN_OP_ADD64_X, p, x, 0, 0);
        w->b.kind[p] = ADDRESS;
        put_access(w, p, 0, n, true);
    } else {
        put_access(w, VALUE, 0, bytes, true);
    }
}

static void put_lookup(struct writer *w)
{
    struct gen *g = w->g;
    uint32_t map = gen_below(g, w->maps->n);
    put_key(w);
    put_map_fd(w, WN_R1, map);
    call(w, 1);
    bool late = one_in(g, 3);
    if (late)
        put(w, WN_OP_MOV64_X, VALUE, WN_R0, 0, 0);
    if (!slip(w, 12))
        leave_if(w, WN_OP_JEQ64_K, late && one_in(g, 2) ? (unsigned)VALUE : WN_R0, 0, 0);
    if (!late)
        put(w, WN_OP_MOV64_X, VALUE, WN_R0, 0, 0);
    w->b.kind[VALUE] = ADDRESS;
    w->b.kind[WN_R0] = ADDRESS;
    w->b.value = (int32_t)map;
    put_value_access(w);
}

static void put_update(struct writer *w)
{
    uint32_t map = gen_below(w->g, w->maps->n);
    put_key(w);
    for (unsigned word = 4; word < 8; word++)
        if (!(w->b.words >> word & 1) && !slip(w, 12)) {
            put(w, WN_OP_ST_DW, WN_R10, 0, -8 * (int)word - 8, between(w, 0, 99));
            w->b.words |= UINT64_C(1) << word;
        }
    copy(w, WN_R3, WN_R10, slip(w, 12) ? -8 : -64);
    put(w, WN_OP_MOV64_K, WN_R4, 0, 0, between(w, 0, 2));
    put_map_fd(w, WN_R1, map);
    call(w, one_in(w->g, 4) ? 3 : 2);
}

static void put_maps(struct writer *w)
{
    if (!w->maps)
        return;
    if (w->b.value >= 0 && one_in(w->g, 2))
        put_value_access(w);
    else if (one_in(w->g, 3))
        put_update(w);
    else
        put_lookup(w);
}

/* ---- Contexts and helpers ------------------------------------------------------------------- */

/** Ask the context where the packet is. */
static void find_packet(struct writer *w)
{
    int at = w->type == WN_PROG_XDP ? 0 : 76;
    put(w, WN_OP_LDX_W, DATA, CONTEXT, at, 0);
    put(w, WN_OP_LDX_W, END, CONTEXT, at + 4, 0);
    w->b.room = 0;
}

static void put_context(struct writer *w)
{
    struct gen *g = w->g;
    uint32_t n = wn_context_bytes(w->type);
    if (n == 0)
        return;
    for (unsigned tries = 0; tries < 8; tries++) {
        const struct wn_context_field *f = wn_context_field(w->type, gen_below(g, n));
        bool write = one_in(g, 3);
        unsigned log = f ? 31 - (unsigned)__builtin_clz(f->bytes) : 0;
        unsigned access = f ? wn_context_access(w->type, f) : 0;
        if (!f || log > 3 || !(access & (write ? 2u : 1u)) ||
            wn_context_what(f) != WN_CONTEXT_NUMBER)
            continue;
        unsigned r = write ? number(w, WN_R10) : scratch(w, WN_R10);
        if (write)
            put(w, stores[log], CONTEXT, r, f->offset, 0);
        else
            put(w, loads[log], r, CONTEXT, f->offset, 0);
        w->b.kind[r] = NUMBER;
        return;
    }
}

/** Move an end of the packet, or what is in it, and ask where it is now. */
static void put_adjust(struct writer *w)
{
    static const int32_t movers[WN_PROG_TYPES][6] = {
        [WN_PROG_XDP] = {44, 65, 54, 44, 65, 54}, [WN_PROG_TC] = {18, 19, 38, 39, 43, 50}};
    int32_t helper = movers[w->type][gen_below(w->g, 6)];
    if (!helper || w->second)
        return;
    copy(w, WN_R1, CONTEXT, 0);
    put(w, WN_OP_MOV64_K, WN_R2, 0, 0,
        helper == 38 || helper == 39 ? between(w, 14, 80)
        : helper == 43               ? between(w, 0, 80)
        : helper == 54               ? -4 * between(w, 0, 3)
                                     : between(w, -8, 8));
    put(w, WN_OP_MOV64_K, WN_R3, 0, 0, 0);
    put(w, WN_OP_MOV64_K, WN_R4, 0, 0, 0);
    call(w, helper);
    if (one_in(w->g, 2))
        leave_if(w, WN_OP_JNE64_K, WN_R0, 0, 0);
    if (slip(w, 6))
        return;
    find_packet(w);
}

/** Bytes of the packet to the stack; a sum of what is there. */
static void put_bytes(struct writer *w)
{
    struct gen *g = w->g;
    bool sums = w->type == WN_PROG_XDP || (w->type == WN_PROG_TC && one_in(g, 2));
    int32_t most = 8 * between(w, 1, 8);
    unsigned length = sums ? WN_R2 : WN_R4;
    if (w->type == WN_PROG_FILTER)
        return;
    if (one_in(g, 2)) {
        unsigned x = number(w, WN_R10);
        copy(w, length, x, 0);
        put_bound(w, length, (uint32_t)most);
        if (!one_in(g, 3))
            leave_if(w, WN_OP_JEQ64_K, length, 0, 0);
    } else {
        put(w, WN_OP_MOV64_K, length, 0, 0, most + slip(w, 12));
    }
    if (sums) {
        copy(w, WN_R1, WN_R10, -most);
        put(w, WN_OP_MOV64_K, WN_R3, 0, 0, 0);
        put(w, WN_OP_MOV64_K, WN_R4, 0, 0, 0);
        put(w, WN_OP_MOV64_K, WN_R5, 0, 0, between(w, 0, 99));
    } else {
        copy(w, WN_R1, CONTEXT, 0);
        put(w, WN_OP_MOV64_K, WN_R2, 0, 0, between(w, 0, 60));
        copy(w, WN_R3, WN_R10, -most);
    }
    call(w, sums ? 28 : 26);
}

static void put_helper(struct writer *w)
{
    static const int32_t simple[] = {5, 7, 8};
    switch (gen_below(w->g, 4)) {
    case 0: put_bytes(w); break;
    case 1: put_adjust(w); break;
    default: call(w, simple[gen_below(w->g, 3)]); break;
    }
}

/** Another program takes over, or not. */
static void put_tail_call(struct writer *w)
{
    if (!w->maps)
        return;
    copy(w, WN_R1, CONTEXT, 0);
    put_map_fd(w, WN_R2, w->maps->programs);
    put(w, WN_OP_MOV64_K, WN_R3, 0, 0, between(w, 0, 3));
    call(w, 12);
}

/* ---- Ways ----------------------------------------------------------------------------------- */

static void put_statement(struct writer *w);

/** What holds whether something has happened or not. */
static void merge(struct belief *b, const struct belief *other)
{
    for (unsigned r = 0; r < WN_R10; r++)
        if (b->kind[r] != other->kind[r])
            b->kind[r] = NOTHING;
    if (other->room < b->room)
        b->room = other->room;
    b->words &= other->words;
    if (b->value != other->value)
        b->value = -1;
}

static enum wn_op_id some_branch(struct gen *g)
{
    enum wn_op_id id;
    do
        id = (enum wn_op_id)gen_below(g, WN_OPS_ENCODED);
    while (wn_rows[id].kind != WN_KIND_BRANCH);
    return id;
}

/** Statements that happen or not. */
static void put_choice(struct writer *w)
{
    struct gen *g = w->g;
    enum wn_op_id id = some_branch(g);
    bool with_imm = wn_rows[id].form == WN_FORM_BRANCH_IMM;
    unsigned a = number(w, WN_R10), b = with_imm ? 0 : number(w, WN_R10);
    size_t at = w->len;
    put(w, id, a, b, 0, with_imm ? (int32_t)(uint32_t)gen_number(g) : 0);
    struct belief before = w->b;
    for (uint32_t n = 1 + gen_below(g, 3); n > 0; n--)
        put_statement(w);
    if (one_in(g, 3)) { /* and others otherwise */
        size_t over = w->len;
        struct belief then = w->b;
        put(w, WN_OP_JA, 0, 0, 0, 0);
        w->slots[at].off = (int16_t)(w->len - at - 1);
        w->b = before;
        put_statement(w);
        w->slots[over].off = (int16_t)(w->len - over - 1);
        before = then;
    } else {
        w->slots[at].off = (int16_t)(w->len - at - 1);
    }
    merge(&w->b, &before);
}

/** Look at bytes one by one: as often as a number says that has a bound, or none. */
static void put_byte_loop(struct writer *w)
{
    static const enum wn_op_id ends[] = {WN_OP_JLT64_K, WN_OP_JNE64_K, WN_OP_JSLT64_K,
                                         WN_OP_JLT32_K, WN_OP_JLE64_K};
    struct gen *g = w->g;
    enum { I = WN_R0, P = WN_R1, Q = WN_R2, SUM = WN_R3, LIMIT = WN_R4 };
    int32_t n = between(w, 1, 24), step = one_in(g, 3) ? between(w, 1, 4) : 1;
    bool by_register = one_in(g, 3);
    if (by_register) {
        copy(w, LIMIT, number(w, WN_R10), 0);
        if (!one_in(g, 6))
            put_bound(w, LIMIT, (uint32_t)n);
    }
    put(w, WN_OP_MOV64_K, I, 0, 0, 0);
    put(w, WN_OP_MOV64_K, SUM, 0, 0, 0);
    size_t top = w->len;
    put(w, WN_OP_MOV64_X, P, DATA, 0, 0);
    put(w, WN_OP_ADD64_X, P, I, 0, 0);
    if (w->by_length) {
        copy(w, Q, I, 1);
    } else {
        put(w, WN_OP_MOV64_X, Q, P, 0, 0);
        put(w, WN_OP_ADD64_K, Q, 0, 0, 1);
    }
    leave_behind(w, Q, END);
    put(w, WN_OP_LDX_B, Q, P, slip(w, 12), 0);
    put(w, WN_OP_ADD64_X, SUM, Q, 0, 0);
    put(w, WN_OP_ADD64_K, I, 0, 0, step);
    enum wn_op_id end = step == 1 || w->daring ? ends[gen_below(g, 5)] : WN_OP_JLT64_K;
    put(w, by_register ? WN_OP_JLT64_X : end, I, by_register ? LIMIT : 0,
        (int)top - (int)w->len - 1, by_register ? 0 : n);
    memset(w->b.kind, NOTHING, WN_R6);
    w->b.kind[I] = w->b.kind[SUM] = NUMBER;
}

/** Go from header to header: how long each is says the packet. */
static void put_header_loop(struct writer *w)
{
    struct gen *g = w->g;
    enum { I = WN_R0, P = WN_R1, Q = WN_R2, STEP = WN_R3, E = WN_R4 };
    put(w, WN_OP_MOV64_K, I, 0, 0, between(w, 1, 8));
    put(w, WN_OP_MOV64_X, P, DATA, 0, 0);
    put(w, WN_OP_MOV64_X, E, END, 0, 0);
    if (w->by_length)
        put(w, WN_OP_ADD64_X, E, DATA, 0, 0);
    size_t top = w->len;
    put(w, WN_OP_MOV64_X, Q, P, 0, 0);
    put(w, WN_OP_ADD64_K, Q, 0, 0, 2);
    leave_behind(w, Q, E);
    put(w, WN_OP_LDX_B, STEP, P, slip(w, 12) ? 2 : 1, 0);
    put(w, WN_OP_AND64_K, STEP, 0, 0, one_in(g, 4) ? 255 : 7);
    if (!one_in(g, 4))
        put(w, WN_OP_ADD64_K, STEP, 0, 0, between(w, 1, 3));
    put(w, WN_OP_ADD64_X, P, STEP, 0, 0);
    put(w, WN_OP_SUB64_K, I, 0, 0, 1);
    put(w, one_in(g, 2) ? WN_OP_JNE64_K : WN_OP_JSGT64_K, I, 0, (int)top - (int)w->len - 1, 0);
    memset(w->b.kind, NOTHING, WN_R6);
    w->b.kind[I] = w->b.kind[STEP] = NUMBER;
}

static void put_loop(struct writer *w)
{
    if (!w->packet)
        return;
    if (one_in(w->g, 3))
        put_header_loop(w);
    else
        put_byte_loop(w);
}

/** Call the other function with the packet and a number. */
static void put_local_call(struct writer *w)
{
    if (w->second || w->n_calls == sizeof w->calls / sizeof *w->calls)
        return;
    unsigned x = number(w, WN_R10);
    put(w, WN_OP_MOV64_X, WN_R4, x, 0, 0);
    if (w->type != WN_PROG_FILTER)
        put(w, WN_OP_MOV64_X, WN_R1, CONTEXT, 0, 0);
    if (w->packet) {
        put(w, WN_OP_MOV64_X, WN_R2, DATA, 0, 0);
        put(w, WN_OP_MOV64_X, WN_R3, END, 0, 0);
    }
    w->calls[w->n_calls++] = w->len;
    put(w, WN_OP_CALL_LOCAL, 0, 0, 0, 0);
    memset(w->b.kind, NOTHING, WN_R6);
    w->b.kind[WN_R0] = NUMBER;
}

static void put_statement(struct writer *w)
{
    if (w->len - w->start >= BODY || w->n_exits + 8 > EXITS || w->nest == NEST)
        return;
    w->nest++;
    switch (gen_below(w->g, 20)) {
    case 0:
    case 1:
    case 2:
    case 3: put_packet(w); break;
    case 4:
    case 5:
    case 6: put_variable(w); break;
    case 7:
    case 8: put_alu(w); break;
    case 9: put_stack_store(w); break;
    case 10: put_table(w); break;
    case 11:
        if (one_in(w->g, 4))
            put_null_check(w);
        else if (w->packet)
            put_spill(w);
        break;
    case 12:
    case 13: put_choice(w); break;
    case 14: put_loop(w); break;
    case 15: put_helper(w); break;
    case 16:
        if (w->b.words & 2)
            put_atomic(w, WN_R10, -16);
        else
            put_stack_store(w);
        break;
    case 17:
        if (one_in(w->g, 2))
            put_context(w);
        else
            put_packet_load(w);
        break;
    case 18:
        if (one_in(w->g, 2))
            put_context(w);
        else
            put_local_call(w);
        break;
    default: put_maps(w); break;
    }
    w->nest--;
}

/* ---- Programs ------------------------------------------------------------------------------- */

/** Find what the function was given. */
static void put_beginning(struct writer *w)
{
    bool kernels = w->type != WN_PROG_FILTER;
    w->start = w->len;
    w->n_exits = 0;
    w->b = (struct belief){.value = -1};
    if (kernels)
        put(w, WN_OP_MOV64_X, CONTEXT, WN_R1, 0, 0);
    if (w->second) {
        if (w->packet) {
            put(w, WN_OP_MOV64_X, DATA, WN_R2, 0, 0);
            put(w, WN_OP_MOV64_X, END, WN_R3, 0, 0);
        }
        w->b.kind[WN_R4] = NUMBER;
        return;
    }
    w->packet = w->type != WN_PROG_SOCKET;
    w->by_length = !kernels && one_in(w->g, 2);
    if (kernels && w->packet)
        find_packet(w);
    if (!kernels) {
        put(w, WN_OP_MOV64_X, CONTEXT, WN_R1, 0, 0);
        put(w, WN_OP_MOV64_X, DATA, WN_R1, 0, 0);
        put(w, WN_OP_MOV64_X, END, WN_R2, 0, 0);
        if (!w->by_length)
            put(w, WN_OP_ADD64_X, END, DATA, 0, 0);
        w->b.kind[WN_R2] = w->b.kind[WN_R3] = NUMBER;
    }
}

/** End with a number; here go all who leave earlier, too. */
static void put_end(struct writer *w)
{
    struct gen *g = w->g;
    if (w->b.kind[WN_R0] != NUMBER)
        put_some_number(w, WN_R0);
    if (one_in(g, 4) && !w->second)
        put_tail_call(w);
    put(w, WN_OP_EXIT, 0, 0, 0, 0);
    size_t end = w->len;
    put(w, WN_OP_MOV64_K, WN_R0, 0, 0, between(w, 0, 3));
    put(w, WN_OP_EXIT, 0, 0, 0, 0);
    for (unsigned i = 0; i < w->n_exits; i++)
        w->slots[w->exits[i]].off = (int16_t)(end - w->exits[i] - 1);
}

size_t careful_program(struct gen *g, enum wn_prog_type type, const struct careful_maps *maps,
                       struct wn_slot *out, struct careful_lengths *lengths)
{
    struct writer w = {.g = g, .type = type, .maps = maps, .lengths = lengths, .slots = out};
    w.daring = one_in(g, 2);
    put_beginning(&w);
    for (uint32_t n = 1 + gen_below(g, 14); n > 0; n--)
        put_statement(&w);
    put_end(&w);
    if (w.n_calls == 0)
        return w.len;
    for (unsigned i = 0; i < w.n_calls; i++)
        w.slots[w.calls[i]].imm = (int32_t)(w.len - w.calls[i] - 1);
    w.second = true;
    put_beginning(&w);
    for (uint32_t n = 1 + gen_below(g, 6); n > 0; n--)
        put_statement(&w);
    put_end(&w);
    return w.len;
}

uint32_t careful_length(struct gen *g, const struct careful_lengths *lengths, uint32_t most)
{
    uint32_t known = lengths->n < CAREFUL_LENGTHS ? lengths->n : CAREFUL_LENGTHS;
    uint32_t n = known && !one_in(g, 4) ? lengths->bytes[gen_below(g, known)] + gen_below(g, 5)
                                        : gen_below(g, 80);
    n = n > 2 && one_in(g, 2) ? n - 2 : n;
    return n < most ? n : most;
}
