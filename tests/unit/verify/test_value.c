/* SPDX-License-Identifier: MIT */
/**
 * What is known of numbers, held against the numbers themselves.
 *
 * Built for numbers of 4, 8 and 64 bits. With 4 bits there are few enough values
 * to have all of them, and pairs of them with every number that they allow;
 * with more, values are random, and so are the numbers if there are many.
 * test_value_4 --all leaves no pair out.
 */
#include "verify/value.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WHOLE ((unsigned)WN_VALUE_BITS)
#define HALF  (WHOLE / 2)

/* ---- What rows do to numbers ----------------------------------------------------------------- */

static uint64_t cut(uint64_t number, unsigned n)
{
    return n == 64 ? number : number & ((UINT64_C(1) << n) - 1);
}

static int64_t with_sign(uint64_t number, unsigned n)
{
    number = cut(number, n);
    return number >> (n - 1) ? (int64_t)(number - (n == 64 ? 0 : UINT64_C(1) << n))
                             : (int64_t)number;
}

static unsigned field(unsigned bits)
{
    unsigned n = bits * WHOLE / 64;
    return n ? n : 1;
}

static uint64_t reversed(uint64_t number, unsigned bits)
{
    uint64_t r = 0;
    for (unsigned i = 0; i < bits; i++) {
        unsigned byte = i / field(8), rest = i % field(8);
        unsigned to = (bits / field(8) - 1 - byte) * field(8) + rest;
        r |= (number >> i & 1) << to;
    }
    return r;
}

static uint64_t divided(int64_t a, int64_t b, bool rest)
{
    if (b == 0)
        return rest ? (uint64_t)a : 0;
    if (b == -1)
        return rest ? 0 : 0 - (uint64_t)a;
    return (uint64_t)(rest ? a % b : a / b);
}

static bool is_half(enum wn_op_id id)
{
    return wn_opcode_is32(wn_rows[id].opcode);
}

#define ROWS(name)                                                                                 \
    case WN_OP_##name##64_K:                                                                       \
    case WN_OP_##name##64_X:                                                                       \
    case WN_OP_##name##32_K:                                                                       \
    case WN_OP_##name##32_X

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LITTLE(a, bits) reversed(a, bits)
#define BIG(a, bits)    cut(a, bits)
#else
#define LITTLE(a, bits) cut(a, bits)
#define BIG(a, bits)    reversed(a, bits)
#endif

static uint64_t computed(enum wn_op_id id, uint64_t a, uint64_t b)
{
    bool bytes = wn_rows[id].form == WN_FORM_DST && id != WN_OP_NEG32 && id != WN_OP_NEG64;
    unsigned n = is_half(id) && !bytes ? HALF : WHOLE;
    uint64_t all = a;
    a = cut(a, n);
    b = cut(b, n);
    switch (id) {
        ROWS(ADD) : return cut(a + b, n);
        ROWS(SUB) : return cut(a - b, n);
        ROWS(MUL) : return cut(a * b, n);
        ROWS(DIV) : return b ? a / b : 0;
        ROWS(MOD) : return b ? a % b : a;
        ROWS(SDIV) : return cut(divided(with_sign(a, n), with_sign(b, n), false), n);
        ROWS(SMOD) : return cut(divided(with_sign(a, n), with_sign(b, n), true), n);
        ROWS(OR) : return a | b;
        ROWS(AND) : return a & b;
        ROWS(XOR) : return a ^ b;
        ROWS(LSH) : return cut(a << b % n, n);
        ROWS(RSH) : return a >> b % n;
        ROWS(ARSH) : return cut((uint64_t)(with_sign(a, n) >> b % n), n);
    case WN_OP_MOV64_X:
    case WN_OP_MOV32_X: return a;
    case WN_OP_MOV64_K:
    case WN_OP_MOV32_K: return b;
    case WN_OP_MOVSX8_64:
    case WN_OP_MOVSX8_32: return cut((uint64_t)with_sign(a, field(8)), n);
    case WN_OP_MOVSX16_64:
    case WN_OP_MOVSX16_32: return cut((uint64_t)with_sign(a, field(16)), n);
    case WN_OP_MOVSX32_64: return cut((uint64_t)with_sign(all, HALF), WHOLE);
    case WN_OP_NEG64:
    case WN_OP_NEG32: return cut(0 - a, n);
    case WN_OP_LE16: return LITTLE(a, field(16));
    case WN_OP_LE32: return LITTLE(a, field(32));
    case WN_OP_LE64: return LITTLE(a, field(64));
    case WN_OP_BE16: return BIG(a, field(16));
    case WN_OP_BE32: return BIG(a, field(32));
    case WN_OP_BE64: return BIG(a, field(64));
    case WN_OP_BSWAP16: return reversed(a, field(16));
    case WN_OP_BSWAP32: return reversed(a, field(32));
    case WN_OP_BSWAP64: return reversed(a, field(64));
    default: fail_msg("no model of %s", wn_rows[id].name); return 0;
    }
}

static bool holds(enum wn_op_id id, uint64_t a, uint64_t b)
{
    unsigned n = is_half(id) ? HALF : WHOLE;
    int64_t sa = with_sign(a, n), sb = with_sign(b, n);
    a = cut(a, n);
    b = cut(b, n);
    switch (id) {
        ROWS(JEQ) : return a == b;
        ROWS(JNE) : return a != b;
        ROWS(JGT) : return a > b;
        ROWS(JGE) : return a >= b;
        ROWS(JLT) : return a < b;
        ROWS(JLE) : return a <= b;
        ROWS(JSET) : return (a & b) != 0;
        ROWS(JSGT) : return sa > sb;
        ROWS(JSGE) : return sa >= sb;
        ROWS(JSLT) : return sa < sb;
        ROWS(JSLE) : return sa <= sb;
    default: fail_msg("no model of %s", wn_rows[id].name); return false;
    }
}

/** Rows of a kind; of two that differ in taking an immediate, the tests of pairs need one. */
static bool is_row(unsigned id, enum wn_kind kind)
{
    return wn_rows[id].kind == kind && id < WN_OPS_ENCODED;
}

static bool is_unary(unsigned id)
{
    enum wn_form form = (enum wn_form)wn_rows[id].form;
    return form == WN_FORM_DST || form == WN_FORM_SET_REG;
}

static bool is_binary(unsigned id)
{
    enum wn_form form = (enum wn_form)wn_rows[id].form;
    return form == WN_FORM_DST_SRC || form == WN_FORM_BRANCH_REG;
}

/* ---- Values ---------------------------------------------------------------------------------- */

static uint64_t random_state = 1;

static uint64_t random_bits(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

#define MOST_MEMBERS 64

/** A value and numbers that it allows: all of them, or at most so many. */
struct sample {
    struct wn_value v;
    uint64_t members[MOST_MEMBERS];
    unsigned n;
};

static void print_value(const char *name, const struct wn_value *v)
{
    print_message("%s: bits %" PRIx64 "/%" PRIx64 " u %" PRIx64 "..%" PRIx64 " s %" PRId64
                  "..%" PRId64 " u32 %" PRIx32 "..%" PRIx32 " s32 %" PRId32 "..%" PRId32 "\n",
                  name, v->bits.value, v->bits.mask, v->umin, v->umax, v->smin, v->smax, v->umin32,
                  v->umax32, v->smin32, v->smax32);
}

/** Bits that are known do not count as unknown, and ranges have an order. */
static bool is_sane(const struct wn_value *v)
{
    return !(v->bits.value & v->bits.mask) && v->umin <= v->umax && v->smin <= v->smax &&
           v->umin32 <= v->umax32 && v->smin32 <= v->smax32 && v->umax == cut(v->umax, WHOLE) &&
           !((v->bits.value | v->bits.mask) & ~cut(UINT64_MAX, WHOLE)) &&
           v->umax32 == cut(v->umax32, HALF) && v->smin == with_sign((uint64_t)v->smin, WHOLE) &&
           v->smax == with_sign((uint64_t)v->smax, WHOLE);
}

static void check_result(enum wn_op_id id, const struct wn_value *a, const struct wn_value *b,
                         const struct wn_value *r, uint64_t x, uint64_t y)
{
    uint64_t number = computed(id, x, y);
    if (wn_value_contains(r, number) && is_sane(r))
        return;
    print_value("a", a);
    print_value("b", b);
    print_value("result", r);
    fail_msg("%s: %" PRIx64 " and %" PRIx64 " make %" PRIx64, wn_rows[id].name, x, y, number);
}

static void check_compute(enum wn_op_id id, const struct sample *a, const struct sample *b)
{
    struct wn_value r = wn_value_compute(id, &a->v, &b->v);
    for (unsigned i = 0; i < a->n; i++)
        for (unsigned j = 0; j < b->n; j++)
            check_result(id, &a->v, &b->v, &r, a->members[i], b->members[j]);
}

static void fail_refine(enum wn_op_id id, bool taken, const struct sample *a,
                        const struct sample *b, uint64_t x, uint64_t y)
{
    print_value("a", &a->v);
    print_value("b", &b->v);
    fail_msg("%s %s: %" PRIx64 " and %" PRIx64 " are lost", wn_rows[id].name,
             taken ? "taken" : "not taken", x, y);
}

static void check_refine(enum wn_op_id id, bool taken, const struct sample *a,
                         const struct sample *b)
{
    struct wn_value va = a->v, vb = b->v;
    bool possible = wn_value_refine(id, taken, &va, &vb);
    if (possible && (!is_sane(&va) || !is_sane(&vb)))
        fail_refine(id, taken, a, b, 0, 0);
    for (unsigned i = 0; i < a->n; i++)
        for (unsigned j = 0; j < b->n; j++) {
            uint64_t x = a->members[i], y = b->members[j];
            if (holds(id, x, y) == taken &&
                !(possible && wn_value_contains(&va, x) && wn_value_contains(&vb, y)))
                fail_refine(id, taken, a, b, x, y);
        }
}

static void check_pair(const struct sample *a, const struct sample *b)
{
    for (unsigned id = 0; id < WN_OPS_ENCODED; id++) {
        if (!is_binary(id))
            continue;
        if (is_row(id, WN_KIND_ALU))
            check_compute((enum wn_op_id)id, a, b);
        if (!is_row(id, WN_KIND_BRANCH))
            continue;
        check_refine((enum wn_op_id)id, true, a, b);
        check_refine((enum wn_op_id)id, false, a, b);
    }
}

static void check_members(const char *what, const struct wn_value *v, const struct sample *of)
{
    for (unsigned i = 0; i < of->n; i++)
        if (!wn_value_contains(v, of->members[i])) {
            print_value("of", &of->v);
            print_value("made", v);
            fail_msg("%s: %" PRIx64 " is lost", what, of->members[i]);
        }
}

/** Joins, meets, widening and inclusion. */
static void check_lattice(const struct sample *a, const struct sample *b)
{
    struct wn_value join = wn_value_join(&a->v, &b->v), wide = wn_value_widen(&a->v, &b->v);
    check_members("join", &join, a);
    check_members("join", &join, b);
    check_members("widen", &wide, a);
    check_members("widen", &wide, b);
    assert_true(is_sane(&join) && is_sane(&wide));
    assert_true(wn_value_includes(&join, &a->v) && wn_value_includes(&join, &b->v));
    assert_true(wn_value_includes(&wide, &join));
    if (wn_value_includes(&a->v, &b->v))
        check_members("inclusion", &a->v, b);
    struct wn_value meet = a->v;
    bool possible = wn_value_meet(&meet, &b->v);
    for (unsigned i = 0; i < a->n; i++)
        if (wn_value_contains(&b->v, a->members[i]) &&
            !(possible && wn_value_contains(&meet, a->members[i])))
            fail_msg("meet: %" PRIx64 " is lost", a->members[i]);
}

static void check_unary(const struct sample *a)
{
    static const struct sample zero = {.n = 1};
    for (unsigned id = 0; id < WN_OPS_ENCODED; id++)
        if (is_row(id, WN_KIND_ALU) && is_unary(id))
            check_compute((enum wn_op_id)id, a, &zero);
}

/* ---- Few values ------------------------------------------------------------------------------ */

#if WN_VALUE_BITS == 4

static struct sample *all;
static size_t n_all;
static bool leave_none_out;

static int compare_samples(const void *a, const void *b)
{
    return memcmp(&((const struct sample *)a)->v, &((const struct sample *)b)->v,
                  sizeof(struct wn_value));
}

static void drop_doubles(void)
{
    size_t kept = 0;
    qsort(all, n_all, sizeof *all, compare_samples);
    for (size_t i = 0; i < n_all; i++)
        if (kept == 0 || compare_samples(&all[kept - 1], &all[i]))
            all[kept++] = all[i];
    n_all = kept;
}

/** Note a value, unless it allows nothing. Settling must lose no number. */
static void note_value(const struct wn_value *raw)
{
    struct sample s = {.v = *raw};
    bool possible = wn_value_settle(&s.v);
    for (uint64_t x = 0; x < 16; x++) {
        if (wn_value_contains(raw, x) && !(possible && wn_value_contains(&s.v, x)))
            fail_msg("settling loses %" PRIx64, x);
        if (possible && wn_value_contains(&s.v, x))
            s.members[s.n++] = x;
    }
    if (!possible)
        return;
    if (n_all % 65536 == 0)
        all = realloc(all, (n_all + 65536) * sizeof *all);
    assert_non_null(all);
    all[n_all++] = s;
    if (n_all % 65536 == 65535)
        drop_doubles();
}

/** Everything that bits, a range and a range with sign say together. */
static void make_wholes(struct wn_tnum bits)
{
    for (unsigned u = 0; u < 256; u++)
        for (int s = 0; s < 256; s++) {
            struct wn_value v = wn_value_unknown();
            v.bits = bits;
            v.umin = u / 16;
            v.umax = u % 16;
            v.smin = s / 16 - 8;
            v.smax = s % 16 - 8;
            if (v.umin <= v.umax && v.smin <= v.smax)
                note_value(&v);
        }
}

/** And what ranges of the lower half add. */
static void add_halves(void)
{
    size_t n = n_all;
    struct sample *wholes = all;
    all = NULL;
    n_all = 0;
    for (size_t i = 0; i < n; i++)
        for (unsigned half = 0; half < 256; half++) {
            struct wn_value v = wholes[i].v;
            v.umin32 = half & 3;
            v.umax32 = half >> 2 & 3;
            v.smin32 = (int32_t)(half >> 4 & 3) - 2;
            v.smax32 = (int32_t)(half >> 6) - 2;
            if (v.umin32 <= v.umax32 && v.smin32 <= v.smax32)
                note_value(&v);
        }
    free(wholes);
    drop_doubles();
}

static int make_all(void **state)
{
    (void)state;
    for (uint64_t mask = 0; mask < 16; mask++)
        for (uint64_t value = 0; value < 16; value++)
            if (!(value & mask))
                make_wholes((struct wn_tnum){value, mask});
    drop_doubles();
    add_halves();
    print_message("# %zu values\n", n_all);
    return 0;
}

static int free_all(void **state)
{
    (void)state;
    free(all);
    return 0;
}

static void every_value_goes_through_every_row(void **state)
{
    (void)state;
    assert_true(n_all > 1000);
    for (size_t i = 0; i < n_all; i++)
        check_unary(&all[i]);
}

/** Whether a value is what one part alone says. */
static bool is_simple(const struct sample *s)
{
    struct wn_value nothing = wn_value_unknown(), v[3] = {nothing, nothing, nothing};
    v[0].bits = s->v.bits;
    v[1].umin = s->v.umin;
    v[1].umax = s->v.umax;
    v[2].smin = s->v.smin;
    v[2].smax = s->v.smax;
    bool simple = false;
    for (unsigned i = 0; i < 3; i++)
        simple |= wn_value_settle(&v[i]) && !memcmp(&v[i], &s->v, sizeof v[i]);
    return simple;
}

/** All pairs of what one part says, and some of the others. */
static void pairs_go_through_every_row(void **state)
{
    (void)state;
    bool *simple = calloc(n_all, sizeof *simple);
    assert_non_null(simple);
    for (size_t i = 0; i < n_all; i++)
        simple[i] = is_simple(&all[i]);
    uint64_t seen = 0;
    for (size_t i = 0; i < n_all; i++)
        for (size_t j = 0; j < n_all; j++) {
            if (!leave_none_out && !(simple[i] && simple[j]) && random_bits() % 4096)
                continue;
            seen++;
            check_pair(&all[i], &all[j]);
            check_lattice(&all[i], &all[j]);
        }
    print_message("# %" PRIu64 " pairs of %zu\n", seen, n_all * n_all);
    free(simple);
}

#else

/* ---- Many values ----------------------------------------------------------------------------- */

/** Numbers of all sizes, more of those near where something changes. */
static uint64_t random_number(void)
{
    uint64_t r = random_bits();
    unsigned n = 1 + r % WHOLE;
    uint64_t number = random_bits();
    switch (r >> 32 & 7) {
    case 0: return cut(number, n);
    case 1: return cut((uint64_t)with_sign(number, n), WHOLE);
    case 2: return cut((UINT64_C(1) << (n - 1)) + number % 5 - 2, WHOLE);
    case 3: return cut(number % 5 - 2, WHOLE);
    default: return cut(number, WHOLE);
    }
}

/** Numbers near another one, or not so near. */
static uint64_t beyond(uint64_t from, uint64_t limit)
{
    uint64_t room = limit - from, far = random_number() >> random_bits() % WHOLE;
    return random_bits() % 4 == 0 ? limit : from + (far < room ? far : room);
}

static int64_t sbeyond(int64_t from, int64_t limit)
{
    uint64_t room = (uint64_t)limit - (uint64_t)from,
             far = random_number() >> random_bits() % WHOLE;
    return random_bits() % 4 == 0 ? limit : (int64_t)((uint64_t)from + (far < room ? far : room));
}

/** Something true of a number. */
static struct wn_value random_value(uint64_t number)
{
    struct wn_value v = wn_value_unknown();
    uint64_t what = random_bits();
    uint64_t ones = cut(UINT64_MAX, WHOLE), half = cut(number, HALF);
    int64_t s = with_sign(number, WHOLE), s32 = with_sign(number, HALF);
    if (what & 1) {
        v.bits.mask = random_number();
        v.bits.value = number & ~v.bits.mask;
    }
    if (what & 2)
        v.umax = beyond(number, ones);
    if (what & 4)
        v.umin = ones - beyond(ones - number, ones);
    if (what & 8)
        v.smax = sbeyond(s, v.smax);
    if (what & 16)
        v.smin = ~sbeyond(~s, ~v.smin);
    if (what & 32)
        v.umax32 = (uint32_t)beyond(half, v.umax32);
    if (what & 64)
        v.smax32 = (int32_t)sbeyond(s32, v.smax32);
    if (what & 128)
        v.smin32 = (int32_t)~sbeyond(~s32, ~(int64_t)v.smin32);
    return what >> 8 & 7 ? v : wn_value_const(number);
}

/** A number that a value allows, near `member`, which is one. */
static uint64_t random_member(const struct wn_value *v, uint64_t member)
{
    uint64_t tries[] = {v->umin,
                        v->umax,
                        cut((uint64_t)v->smin, WHOLE),
                        cut((uint64_t)v->smax, WHOLE),
                        v->bits.value,
                        v->bits.value | v->bits.mask,
                        v->bits.value | (v->bits.mask & random_bits()),
                        v->bits.value | (v->bits.mask & random_bits() & random_bits())};
    uint64_t x = tries[random_bits() % 8];
    return wn_value_contains(v, x) ? x : member;
}

static struct sample random_sample(unsigned members)
{
    uint64_t number = random_number();
    struct sample s = {.v = random_value(number), .members = {number}, .n = 1};
    struct wn_value raw = s.v;
    assert_true(wn_value_contains(&raw, number));
    if (!wn_value_settle(&s.v) || !wn_value_contains(&s.v, number))
        fail_msg("settling loses %" PRIx64, number);
    while (s.n < members)
        s.members[s.n++] = random_member(&s.v, number);
    return s;
}

static unsigned pairs = WN_VALUE_BITS == 8 ? 1000000 : 200000;

static void every_value_goes_through_every_row(void **state)
{
    (void)state;
    for (unsigned i = 0; i < pairs / 4; i++) {
        struct sample a = random_sample(8);
        check_unary(&a);
    }
}

static void pairs_go_through_every_row(void **state)
{
    (void)state;
    for (unsigned i = 0; i < pairs; i++) {
        struct sample a = random_sample(2), b = random_sample(2);
        check_pair(&a, &b);
        check_lattice(&a, &b);
    }
}

static int make_all(void **state)
{
    (void)state;
    return 0;
}

#define free_all make_all

#endif

/* ---- Exactly --------------------------------------------------------------------------------- */

static uint64_t any_number(void)
{
    uint64_t r = random_bits();
    return cut(r >> r % 64, WHOLE);
}

static void constants_stay_constants(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t x = any_number(), y = any_number();
        struct wn_value a = wn_value_const(x), b = wn_value_const(y);
        for (unsigned id = 0; id < WN_OPS_ENCODED; id++) {
            if (!is_row(id, WN_KIND_ALU))
                continue;
            struct wn_value r = wn_value_compute((enum wn_op_id)id, &a, &b);
            check_result((enum wn_op_id)id, &a, &b, &r, x, y);
            if (!wn_value_is_const(&r))
                fail_msg("%s of %" PRIx64 " and %" PRIx64 " is not one number", wn_rows[id].name, x,
                         y);
        }
    }
}

static void branches_on_constants_are_decided(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t x = any_number(), y = i % 4 ? any_number() : x;
        for (unsigned id = 0; id < WN_OPS_ENCODED; id++)
            for (unsigned taken = 0; is_row(id, WN_KIND_BRANCH) && taken < 2; taken++) {
                struct wn_value a = wn_value_const(x), b = wn_value_const(y);
                if (wn_value_refine((enum wn_op_id)id, taken, &a, &b) !=
                    (holds((enum wn_op_id)id, x, y) == taken))
                    fail_msg("%s of %" PRIx64 " and %" PRIx64, wn_rows[id].name, x, y);
            }
    }
}

/** A comparison with a constant leaves, of a range, what is on its side. */
static void comparisons_cut_ranges(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t limit = any_number();
        struct wn_value a = wn_value_unknown(), b = wn_value_const(limit);
        if (wn_value_refine(WN_OP_JLE64_X, true, &a, &b))
            assert_true(a.umax == limit && a.umin == 0);
        a = wn_value_unknown();
        if (wn_value_refine(WN_OP_JSGT64_X, false, &a, &b))
            assert_true(a.smax == with_sign(limit, WHOLE));
        a = wn_value_unknown();
        if (wn_value_refine(WN_OP_JGE32_X, true, &a, &b))
            assert_true(a.umin32 == cut(limit, HALF) && a.umax == cut(UINT64_MAX, WHOLE));
        a = wn_value_unknown();
        if (wn_value_refine(WN_OP_JSET64_X, false, &a, &b))
            assert_true(!((a.bits.value | a.bits.mask) & limit));
    }
}

static void fields_have_their_ranges(void **state)
{
    (void)state;
    static const struct {
        enum wn_op_id id;
        unsigned bits;
        bool sign;
    } loads[] = {{WN_OP_LDX_B, 8, false},   {WN_OP_LDX_H, 16, false}, {WN_OP_LDX_W, 32, false},
                 {WN_OP_LDX_DW, 64, false}, {WN_OP_LDSX_B, 8, true},  {WN_OP_LDSX_H, 16, true},
                 {WN_OP_LDSX_W, 32, true}};
    for (unsigned i = 0; i < sizeof loads / sizeof *loads; i++) {
        struct wn_value v = wn_value_loaded(loads[i].id);
        unsigned n = field(loads[i].bits);
        uint64_t most = cut(UINT64_MAX, n);
        assert_true(is_sane(&v));
        if (loads[i].sign) {
            assert_true(v.smax == (int64_t)(most / 2) && v.smin == -v.smax - 1);
        } else {
            assert_true(v.umin == 0 && v.umax == most);
            assert_true(wn_value_contains(&v, most) && !(~most & v.bits.mask));
        }
    }
}

/** Of bits, inclusion is exact. With ranges beside them 4 bits could not tell. */
static void bits_include_what_they_allow(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1 << 16; i++) {
        struct wn_tnum a = {i & 15, i >> 4 & 15}, b = {i >> 8 & 15, i >> 12};
        bool within = true;
        for (uint64_t x = 0; x < 16; x++)
            within &= ((x ^ b.value) & ~b.mask) || !((x ^ a.value) & ~a.mask);
        if (!(a.value & a.mask) && !(b.value & b.mask))
            assert_true(wn_tnum_includes(a, b) == within);
    }
}

/** Whatever is added at the head of a loop, it stops changing. */
static void widening_ends(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        struct wn_value v = wn_value_const(any_number());
        unsigned steps = 0;
        for (unsigned tries = 0; tries < 1000; tries++) {
            struct wn_value more = wn_value_const(any_number());
            if (wn_value_includes(&v, &more))
                continue;
            v = wn_value_widen(&v, &more);
            assert_true(++steps <= 8 * 6 + WHOLE);
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_stay_constants),
        cmocka_unit_test(branches_on_constants_are_decided),
        cmocka_unit_test(comparisons_cut_ranges),
        cmocka_unit_test(fields_have_their_ranges),
        cmocka_unit_test(bits_include_what_they_allow),
        cmocka_unit_test(widening_ends),
        cmocka_unit_test(every_value_goes_through_every_row),
        cmocka_unit_test(pairs_go_through_every_row),
    };
#if WN_VALUE_BITS == 4
    leave_none_out = argc > 1 && !strcmp(argv[1], "--all");
#else
    if (argc > 1)
        pairs = (unsigned)strtoul(argv[1], NULL, 0);
#endif
    return cmocka_run_group_tests(tests, make_all, free_all);
}
