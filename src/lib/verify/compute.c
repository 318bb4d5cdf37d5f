/* SPDX-License-Identifier: MIT */
#include "verify/value.h"

#include <assert.h>

#include "verify/part.h"

/** An operation on n bits. Parts need not be told what the others know: that comes last. */
typedef struct wn_part (*part_fn)(const struct wn_part *a, const struct wn_part *b, unsigned n);

static bool is_const(const struct wn_part *p)
{
    return p->bits.mask == 0;
}

/* ---- Sums ------------------------------------------------------------------------------------ */

/** Which way a sum of numbers with a sign has left the range: -1, 0 or 1. */
static int leaves(int64_t a, int64_t b, int64_t sum)
{
    if (a >= 0 && b >= 0)
        return sum < 0;
    return a < 0 && b < 0 && sum >= 0 ? -1 : 0;
}

/** Sums of ranges are ranges if both ends wrap alike. */
static struct wn_part add(const struct wn_part *a, const struct wn_part *b, unsigned n)
{
    struct wn_part r = part_bits(wn_tnum_add(a->bits, b->bits), n);
    uint64_t umin = cut(a->umin + b->umin, n), umax = cut(a->umax + b->umax, n);
    if ((umin < a->umin) == (umax < a->umax)) {
        r.umin = umin;
        r.umax = umax;
    }
    int64_t smin = extend((uint64_t)a->smin + (uint64_t)b->smin, n);
    int64_t smax = extend((uint64_t)a->smax + (uint64_t)b->smax, n);
    if (leaves(a->smin, b->smin, smin) == leaves(a->smax, b->smax, smax)) {
        r.smin = smin;
        r.smax = smax;
    }
    return r;
}

static struct wn_part sub(const struct wn_part *a, const struct wn_part *b, unsigned n)
{
    struct wn_part r = part_bits(wn_tnum_sub(a->bits, b->bits), n);
    if ((a->umin < b->umax) == (a->umax < b->umin)) {
        r.umin = cut(a->umin - b->umax, n);
        r.umax = cut(a->umax - b->umin, n);
    }
    int64_t smin = extend((uint64_t)a->smin - (uint64_t)b->smax, n);
    int64_t smax = extend((uint64_t)a->smax - (uint64_t)b->smin, n);
    /* a - b is a + ~b + 1, and the carry of 1 cannot leave where a + ~b does not. */
    if (leaves(a->smin, ~b->smax, smin) == leaves(a->smax, ~b->smin, smax)) {
        r.smin = smin;
        r.smax = smax;
    }
    return r;
}

static struct wn_part neg(const struct wn_part *a, const struct wn_part *b, unsigned n)
{
    (void)b;
    const struct wn_part zero = part_const(0, n);
    return sub(&zero, a, n);
}

/* ---- Products and quotients ------------------------------------------------------------------ */

static bool smul_fits(int64_t a, int64_t b, unsigned n, int64_t *product)
{
    return !__builtin_mul_overflow(a, b, product) && *product >= least(n) && *product <= most(n);
}

static struct wn_part mul(const struct wn_part *a, const struct wn_part *b, unsigned n)
{
    struct wn_part r = part_bits(wn_tnum_mul(a->bits, b->bits), n);
    uint64_t umax;
    if (!__builtin_mul_overflow(a->umax, b->umax, &umax) && umax <= ones(n)) {
        r.umin = a->umin * b->umin;
        r.umax = umax;
    }
    int64_t p[4];
    if (smul_fits(a->smin, b->smin, n, &p[0]) && smul_fits(a->smin, b->smax, n, &p[1]) &&
        smul_fits(a->smax, b->smin, n, &p[2]) && smul_fits(a->smax, b->smax, n, &p[3])) {
        r.smin = ssmaller(ssmaller(p[0], p[1]), ssmaller(p[2], p[3]));
        r.smax = slarger(slarger(p[0], p[1]), slarger(p[2], p[3]));
    }
    return r;
}

static struct wn_part shift_right(const struct wn_part *a, unsigned first, unsigned last,
                                  unsigned n);

/** Division by 0 gives 0. */
static struct wn_part udiv(const struct wn_part *a, const struct wn_part *b, unsigned n)
{
    if (b->umax == 0)
        return part_const(0, n);
    if (is_const(b) && !(b->umin & (b->umin - 1))) {
        unsigned shift = (unsigned)__builtin_ctzll(b->umin);
        return shift_right(a, shift, shift, n);
    }
    if (b->umin == 0)
        return part_range(0, a->umax, n);
    return part_range(a->umin / b->umax, a->umax / b->umin, n);
}

/** What is left of a division by 0 is the dividend. */
static struct wn_part umod(const struct wn_part *a, const struct wn_part *b, unsigned n)
{
    if (b->umax == 0 || (b->umin && a->umax < b->umin))
        return *a;
    if (is_const(a) && is_const(b) && b->umin)
        return part_const(a->umin % b->umin, n);
    if (is_const(b) && !(b->umin & (b->umin - 1)))
        return part_bits(wn_tnum_and(a->bits, wn_tnum_const(b->umin - 1)), n);
    return part_range(0, b->umin ? smaller(a->umax, b->umax - 1) : a->umax, n);
}

/** Rounded to 0, as C does; the least number divided by -1 is itself. */
static struct wn_part sdiv(const struct wn_part *a, const struct wn_part *b, unsigned n)
{
    if (is_const(b) && b->umin == 0)
        return part_const(0, n);
    if (is_const(b) && b->smin == -1)
        return neg(a, b, n);
    if (is_const(b)) {
        int64_t first = a->smin / b->smin, last = a->smax / b->smin;
        return part_srange(ssmaller(first, last), slarger(first, last), n);
    }
    if (a->smin >= 0 && b->smin >= 0)
        return part_srange(0, a->smax, n);
    if (a->smin == least(n))
        return part_unknown(n);
    int64_t farthest = slarger(-a->smin, a->smax);
    return part_srange(-farthest, farthest, n);
}

/** The sign is the dividend's; nearer to 0 than the divisor, if that is not 0. */
static struct wn_part smod(const struct wn_part *a, const struct wn_part *b, unsigned n)
{
    if (is_const(b) && b->umin == 0)
        return *a;
    if (is_const(a) && is_const(b))
        return part_const(b->smin == -1 ? 0 : (uint64_t)(a->smin % b->smin), n);
    int64_t smin = ssmaller(a->smin, 0), smax = slarger(a->smax, 0);
    if (b->umin > 0) { /* -(x + 1) is ~x: no number without opposite */
        int64_t most_left = slarger(b->smin < 0 ? ~b->smin : 0, b->smax > 0 ? b->smax - 1 : 0);
        smin = slarger(smin, -most_left);
        smax = ssmaller(smax, most_left);
    }
    return part_srange(smin, smax, n);
}

/* ---- Bits ------------------------------------------------------------------------------------ */

static struct wn_part bit_and(const struct wn_part *a, const struct wn_part *b, unsigned n)
{
    struct wn_part r = part_bits(wn_tnum_and(a->bits, b->bits), n);
    r.umax = smaller(r.umax, smaller(a->umax, b->umax));
    return r;
}

static struct wn_part bit_or(const struct wn_part *a, const struct wn_part *b, unsigned n)
{
    struct wn_part r = part_bits(wn_tnum_or(a->bits, b->bits), n);
    r.umin = larger(r.umin, larger(a->umin, b->umin));
    return r;
}

static struct wn_part bit_xor(const struct wn_part *a, const struct wn_part *b, unsigned n)
{
    return part_bits(wn_tnum_xor(a->bits, b->bits), n);
}

static struct wn_part shift_right(const struct wn_part *a, unsigned first, unsigned last,
                                  unsigned n)
{
    struct wn_part r = part_range(a->umin >> last, a->umax >> first, n);
    if (first == last)
        r.bits = (struct wn_tnum){a->bits.value >> first, a->bits.mask >> first};
    return r;
}

static struct wn_part shift_left(const struct wn_part *a, unsigned first, unsigned last, unsigned n)
{
    uint64_t any = a->bits.value | a->bits.mask;
    if (any == 0)
        return *a;
    struct wn_tnum zeros = {0, ~(((any & -any) << first) - 1)}; /* below the lowest 1, moved */
    if (first == last)
        zeros = (struct wn_tnum){a->bits.value << first, a->bits.mask << first};
    struct wn_part r = part_bits(zeros, n);
    if (cut(a->umax << last, n) >> last == a->umax) {
        r.umin = a->umin << first;
        r.umax = a->umax << last;
    }
    int64_t smin = extend((uint64_t)a->smin << last, n),
            smax = extend((uint64_t)a->smax << last, n);
    if (smin >> last == a->smin && smax >> last == a->smax) {
        r.smin = a->smin < 0 ? smin : (int64_t)((uint64_t)a->smin << first);
        r.smax = a->smax < 0 ? (int64_t)((uint64_t)a->smax << first) : smax;
    }
    return r;
}

static struct wn_part shift_signed(const struct wn_part *a, unsigned first, unsigned last,
                                   unsigned n)
{
    struct wn_part r = part_srange(a->smin >> (a->smin < 0 ? first : last),
                                   a->smax >> (a->smax < 0 ? last : first), n);
    if (first == last) {
        uint64_t value = (uint64_t)(extend(a->bits.value, n) >> first);
        uint64_t mask = (uint64_t)(extend(a->bits.mask, n) >> first);
        r.bits = wn_tnum_cut((struct wn_tnum){value, mask}, ones(n));
    }
    return r;
}

/** The distances that a shift may have: the low bits of b alone count. */
static void distances(const struct wn_part *b, unsigned n, unsigned *first, unsigned *last)
{
    struct wn_tnum low = wn_tnum_cut(b->bits, n - 1);
    *first = (unsigned)low.value;
    *last = (unsigned)(low.value | low.mask);
    if (b->umax < n) {
        *first = (unsigned)larger(*first, b->umin);
        *last = (unsigned)smaller(*last, b->umax);
    }
}

#define SHIFT(name, how)                                                                           \
    static struct wn_part name(const struct wn_part *a, const struct wn_part *b, unsigned n)       \
    {                                                                                              \
        unsigned first, last;                                                                      \
        distances(b, n, &first, &last);                                                            \
        return how(a, first, last, n);                                                             \
    }
SHIFT(lsh, shift_left)
SHIFT(rsh, shift_right)
SHIFT(arsh, shift_signed)

/* ---- Moves ----------------------------------------------------------------------------------- */

static struct wn_part mov(const struct wn_part *a, const struct wn_part *b, unsigned n)
{
    (void)b;
    (void)n;
    return *a;
}

static struct wn_part mov_imm(const struct wn_part *a, const struct wn_part *b, unsigned n)
{
    (void)a;
    (void)n;
    return *b;
}

/** Fields of a number's width that rows name by those of 64 bits. */
static unsigned field(unsigned bits)
{
    unsigned n = bits * WHOLE / 64;
    return n ? n : 1;
}

static struct wn_part extend_from(const struct wn_part *a, unsigned from, unsigned n)
{
    if (a->smin >= least(from) && a->smax <= most(from))
        return *a;
    uint64_t value = (uint64_t)extend(a->bits.value, from);
    uint64_t mask = (uint64_t)extend(a->bits.mask, from);
    struct wn_part r = part_bits((struct wn_tnum){value, mask}, n);
    r.smin = least(from);
    r.smax = most(from);
    return r;
}

static struct wn_part movsx8(const struct wn_part *a, const struct wn_part *b, unsigned n)
{
    (void)b;
    return extend_from(a, field(8), n);
}

static struct wn_part movsx16(const struct wn_part *a, const struct wn_part *b, unsigned n)
{
    (void)b;
    return extend_from(a, field(16), n);
}

/* ---- Both widths ----------------------------------------------------------------------------- */

/**
 * A value of what is known of the whole and, apart from that, of its lower half.
 * Operands may be such that no number is left, which parts do not always tell;
 * what becomes of those does not matter.
 */
static struct wn_value settled(const struct wn_part *whole, const struct wn_part *half)
{
    struct wn_part both = *whole;
    struct wn_tnum low = {half->bits.value, half->bits.mask | cut(~ones(HALF), WHOLE)};
    bool possible = wn_tnum_meets(whole->bits, low);
    both.bits = wn_tnum_meet(whole->bits, low);
    struct wn_value v = value_of(&both, half);
    return possible && wn_value_settle(&v) ? v : wn_value_unknown();
}

/** An operation on all bits of which the low ones depend on more than the operands' low ones. */
static struct wn_value on_whole(part_fn fn, const struct wn_value *a, const struct wn_value *b)
{
    const struct wn_part wa = whole_of(a), wb = whole_of(b), nothing = part_unknown(HALF);
    const struct wn_part whole = fn(&wa, &wb, WHOLE);
    return settled(&whole, &nothing);
}

/** An operation on the low half; the upper one becomes 0. */
static struct wn_value on_half(part_fn fn, const struct wn_value *a, const struct wn_value *b)
{
    const struct wn_part ha = half_of(a), hb = half_of(b);
    const struct wn_part half = fn(&ha, &hb, HALF);
    struct wn_part whole = part_bits(half.bits, WHOLE);
    whole.umin = larger(whole.umin, half.umin);
    whole.umax = smaller(whole.umax, half.umax);
    return settled(&whole, &half);
}

/** The least and the largest of numbers that have no sign in any width, as all parts say. */
static uint64_t least_of(const struct wn_value *v)
{
    uint64_t signs =
        larger(v->smin > 0 ? (uint64_t)v->smin : 0, v->smin32 > 0 ? (uint64_t)v->smin32 : 0);
    return larger(larger(v->umin, v->umin32), signs);
}

static uint64_t most_of(const struct wn_value *v)
{
    uint64_t signs = smaller((uint64_t)v->smax, (uint64_t)(uint32_t)v->smax32);
    return smaller(smaller(v->umax, v->umax32), signs);
}

/**
 * A sum that stays among the numbers that both halves and signs agree about: most sums
 * are such, of an index or a length and a constant. False if it does not.
 */
static bool add_small(const struct wn_value *a, const struct wn_value *b, struct wn_value *out)
{
    uint64_t limit = (uint64_t)most(HALF);
    if (a->umax > limit || b->umax > limit - a->umax)
        return false;
    uint64_t umin = least_of(a) + least_of(b), umax = most_of(a) + most_of(b);
    if (umin > umax)
        return false;
    struct wn_tnum bits = wn_tnum_add(a->bits, b->bits), range = wn_tnum_range(umin, umax);
    struct wn_part sum = {wn_tnum_meet(bits, range), umin, umax, (int64_t)umin, (int64_t)umax};
    *out = value_of(&sum, &sum);
    return wn_tnum_meets(bits, range);
}

/** An operation on all bits of which the low ones are those of the same on the low half. */
static struct wn_value on_both(part_fn fn, const struct wn_value *a, const struct wn_value *b)
{
    struct wn_value sum;
    if (fn == add && add_small(a, b, &sum))
        return sum;
    if (a->umax <= ones(HALF) && b->umax <= ones(HALF)) /* nothing is to be had there */
        return on_whole(fn, a, b);
    const struct wn_part wa = whole_of(a), wb = whole_of(b), ha = half_of(a), hb = half_of(b);
    const struct wn_part whole = fn(&wa, &wb, WHOLE), half = fn(&ha, &hb, HALF);
    return settled(&whole, &half);
}

struct wn_value wn_value_of_bits(unsigned bits)
{
    const uint64_t umax = ones(bits);
    const struct wn_part narrow = {{0, umax}, 0, umax, 0, (int64_t)umax};
    const struct wn_part whole = bits < WHOLE ? narrow : part_unknown(WHOLE);
    const struct wn_part half = bits < HALF ? narrow : part_unknown(HALF);
    return value_of(&whole, &half);
}

/** The low bits of a; the others become 0. */
static struct wn_value low_bits(const struct wn_value *a, unsigned bits)
{
    struct wn_value mask = wn_value_const(ones(bits));
    return bits == WHOLE ? *a : on_whole(bit_and, a, &mask);
}

/** The low `bits` bits, all others 0, in the opposite order of bytes; those of narrow numbers are
 * narrow too. */
static struct wn_value swapped(const struct wn_value *a, unsigned bits)
{
    const unsigned byte = field(8);
    struct wn_tnum r = {0, 0};
    for (unsigned at = 0; at < bits; at += byte) {
        r.value |= cut(a->bits.value >> at, byte) << (bits - byte - at);
        r.mask |= cut(a->bits.mask >> at, byte) << (bits - byte - at);
    }
    const struct wn_part whole = part_bits(r, WHOLE), nothing = part_unknown(HALF);
    return settled(&whole, &nothing);
}

static struct wn_value movsx_half(const struct wn_value *a)
{
    const struct wn_part half = half_of(a);
    struct wn_tnum bits = {(uint64_t)extend(half.bits.value, HALF),
                           (uint64_t)extend(half.bits.mask, HALF)};
    struct wn_part whole = part_bits(bits, WHOLE);
    whole.smin = half.smin;
    whole.smax = half.smax;
    return settled(&whole, &half);
}

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LE swapped
#define BE low_bits
#else
#define LE low_bits
#define BE swapped
#endif

struct wn_value wn_value_compute(enum wn_op_id id, const struct wn_value *a,
                                 const struct wn_value *b)
{
#define BOTH(name, how, fn)                                                                        \
    case WN_OP_##name##64_K:                                                                       \
    case WN_OP_##name##64_X: return how(fn, a, b);                                                 \
    case WN_OP_##name##32_K:                                                                       \
    case WN_OP_##name##32_X: return on_half(fn, a, b);
    switch (id) {
        BOTH(ADD, on_both, add)
        BOTH(SUB, on_both, sub)
        BOTH(MUL, on_both, mul)
        BOTH(DIV, on_whole, udiv)
        BOTH(SDIV, on_whole, sdiv)
        BOTH(MOD, on_whole, umod)
        BOTH(SMOD, on_whole, smod)
        BOTH(OR, on_both, bit_or)
        BOTH(AND, on_both, bit_and)
        BOTH(XOR, on_both, bit_xor)
        BOTH(LSH, on_whole, lsh)
        BOTH(RSH, on_whole, rsh)
        BOTH(ARSH, on_whole, arsh)
    case WN_OP_MOV64_X: return *a;
    case WN_OP_MOV64_K: return *b;
    case WN_OP_MOV32_X: return on_half(mov, a, b);
    case WN_OP_MOV32_K: return on_half(mov_imm, a, b);
    case WN_OP_MOVSX8_64: return on_whole(movsx8, a, b);
    case WN_OP_MOVSX16_64: return on_whole(movsx16, a, b);
    case WN_OP_MOVSX32_64: return movsx_half(a);
    case WN_OP_MOVSX8_32: return on_half(movsx8, a, b);
    case WN_OP_MOVSX16_32: return on_half(movsx16, a, b);
    case WN_OP_NEG64: return on_both(neg, a, a);
    case WN_OP_NEG32: return on_half(neg, a, a);
    case WN_OP_LE16: return LE(a, field(16));
    case WN_OP_LE32: return LE(a, field(32));
    case WN_OP_LE64: return LE(a, field(64));
    case WN_OP_BE16: return BE(a, field(16));
    case WN_OP_BE32: return BE(a, field(32));
    case WN_OP_BE64: return BE(a, field(64));
    case WN_OP_BSWAP16: return swapped(a, field(16));
    case WN_OP_BSWAP32: return swapped(a, field(32));
    case WN_OP_BSWAP64: return swapped(a, field(64));
    default: assert(!"no arithmetic"); return wn_value_unknown();
    }
#undef BOTH
}

struct wn_value wn_value_loaded(enum wn_op_id id)
{
    const struct wn_value anything = wn_value_unknown();
    switch (id) {
    case WN_OP_LDX_B: return wn_value_of_bits(field(8));
    case WN_OP_LDX_H: return wn_value_of_bits(field(16));
    case WN_OP_LDX_W: return wn_value_of_bits(field(32));
    case WN_OP_LDSX_B: return wn_value_compute(WN_OP_MOVSX8_64, &anything, &anything);
    case WN_OP_LDSX_H: return wn_value_compute(WN_OP_MOVSX16_64, &anything, &anything);
    case WN_OP_LDSX_W: return wn_value_compute(WN_OP_MOVSX32_64, &anything, &anything);
    case WN_OP_LDX_DW: return anything;
    default: assert(!"no load"); return anything;
    }
}
