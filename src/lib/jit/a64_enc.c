/* SPDX-License-Identifier: MIT */
#include "jit/a64_enc.h"

#include <assert.h>

static void put(struct wn_chunk *c, uint32_t word)
{
    wn_chunk_put_le(c, word, 4);
}

/** The bit that most instructions have for 64 bits. */
static uint32_t sf(bool wide)
{
    return (uint32_t)wide << 31;
}

static uint32_t dnm(unsigned d, unsigned n, unsigned m)
{
    return m << 16 | n << 5 | d;
}

static unsigned log2_of(unsigned size)
{
    return size == 8 ? 3 : size / 2;
}

/** A signed field of `bits` bits. */
static uint32_t field(int64_t value, unsigned bits)
{
    return (uint32_t)value & ((UINT32_C(1) << bits) - 1);
}

static bool fits_signed(unsigned bits, int64_t value)
{
    return value >= -(INT64_C(1) << (bits - 1)) && value < INT64_C(1) << (bits - 1);
}

/* ---- what operands can be */

bool a64_fits_arith(uint64_t value)
{
    return value < 0x1000 || (value < 0x1000000 && value % 0x1000 == 0);
}

/** N, immr and imms of a logical constant, in place; false if it is none. */
static bool logic_fields(bool wide, uint64_t v, uint32_t *out)
{
    if (!wide)
        v = (uint32_t)v | v << 32;
    if (v == 0 || v == UINT64_MAX)
        return false;
    unsigned size = 64;
    while (size > 2 && ((v ^ v >> size / 2) & ((UINT64_C(1) << size / 2) - 1)) == 0)
        size /= 2;
    uint64_t mask = UINT64_MAX >> (64 - size), element = v & mask;
    /* Where the run of ones begins: behind the highest zero if it goes on at bit 0. */
    bool wraps = element & 1 && element >> (size - 1);
    unsigned start = wraps ? 64u - (unsigned)__builtin_clzll(~element & mask)
                           : (unsigned)__builtin_ctzll(element);
    unsigned ones = (unsigned)__builtin_popcountll(element);
    uint64_t run = (element >> start | element << (size - start) % 64) & mask;
    if (run != UINT64_MAX >> (64 - ones))
        return false;
    uint32_t immr = (size - start) & (size - 1);
    uint32_t imms = (~(2 * size - 1) & 63) | (ones - 1);
    *out = (uint32_t)(size == 64) << 22 | immr << 16 | imms << 10;
    return true;
}

bool a64_fits_logic(bool wide, uint64_t value)
{
    uint32_t fields;
    return logic_fields(wide, value, &fields);
}

static bool fits_scaled(unsigned size, int64_t disp)
{
    return disp >= 0 && disp % size == 0 && disp / size < 4096;
}

bool a64_fits_mem(unsigned size, int64_t disp)
{
    return fits_scaled(size, disp) || fits_signed(9, disp);
}

bool a64_fits_branch(unsigned bits, int64_t distance)
{
    return distance % 4 == 0 && fits_signed(bits, distance / 4);
}

/* ---- moves */

void a64_mov_rr(struct wn_chunk *c, bool wide, unsigned d, unsigned n)
{
    a64_logic_r(c, A64_ORR, wide, d, A64_ZR, n);
}

/** Sixteen bits of a constant; movn inverts everything it writes. */
enum { MOVN = 0x12800000, MOVZ = 0x52800000, MOVK = 0x72800000 };

void a64_mov_ri(struct wn_chunk *c, unsigned d, uint64_t value)
{
    bool wide = value > UINT32_MAX;
    unsigned n = wide ? 4 : 2, zeros = 0, ones = 0;
    for (unsigned i = 0; i < n; i++) {
        zeros += (uint16_t)(value >> 16 * i) == 0;
        ones += (uint16_t)(value >> 16 * i) == UINT16_MAX;
    }
    if (zeros + 1 < n && ones + 1 < n && a64_fits_logic(wide, value)) {
        a64_logic_i(c, A64_ORR, wide, d, A64_ZR, value);
        return;
    }
    bool inverted = ones > zeros;
    uint16_t fill = inverted ? UINT16_MAX : 0;
    uint32_t op = inverted ? MOVN : MOVZ;
    for (unsigned i = 0; i < n; i++) {
        uint16_t part = (uint16_t)(value >> 16 * i);
        if (part == fill && !(op != MOVK && i == n - 1))
            continue;
        if (op == MOVN)
            part = (uint16_t)~part;
        put(c, op | sf(wide) | (part || op == MOVK ? i << 21 : 0) | (uint32_t)part << 5 | d);
        op = MOVK;
    }
}

void a64_mov_address(struct wn_chunk *c, unsigned d, uint64_t address)
{
    assert(address >> 48 == 0);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t part = (uint16_t)(address >> 16 * i);
        put(c, (i ? MOVK : MOVZ) | sf(true) | i << 21 | part << 5 | d);
    }
}

void a64_mvn(struct wn_chunk *c, bool wide, unsigned d, unsigned m)
{
    put(c, 0x2a200000 | sf(wide) | dnm(d, A64_ZR, m));
}

/** ubfm and sbfm: rotate right by `low`, keep what was up to bit `high`. */
static void bits(struct wn_chunk *c, bool is_signed, bool wide, unsigned d, unsigned n,
                 unsigned low, unsigned high)
{
    put(c, (is_signed ? 0x13000000 : 0x53000000) | sf(wide) | (uint32_t)wide << 22 | low << 16 |
               high << 10 | dnm(d, n, 0));
}

void a64_extend(struct wn_chunk *c, bool is_signed, bool wide, unsigned size, unsigned d,
                unsigned n)
{
    if (size == 4 && !(is_signed && wide))
        a64_mov_rr(c, false, d, n);
    else
        bits(c, is_signed, is_signed && wide, d, n, 0, 8 * size - 1);
}

static void access(struct wn_chunk *c, unsigned size, unsigned opc, unsigned t, struct a64_mem m)
{
    uint32_t word = 0x38000000 | log2_of(size) << 30 | opc << 22 | dnm(t, m.base, 0);
    if (fits_scaled(size, m.disp))
        put(c, word | 0x01000000 | (uint32_t)m.disp / size << 10);
    else
        put(c, word | field(m.disp, 9) << 12);
    assert(a64_fits_mem(size, m.disp));
}

void a64_load(struct wn_chunk *c, bool is_signed, unsigned size, unsigned t, struct a64_mem m)
{
    access(c, size, is_signed && size < 8 ? 2 : 1, t, m);
}

void a64_load_x(struct wn_chunk *c, unsigned size, unsigned t, unsigned base, unsigned index)
{
    put(c, 0x38606800 | log2_of(size) << 30 | dnm(t, base, index));
}

void a64_store(struct wn_chunk *c, unsigned size, unsigned t, struct a64_mem m)
{
    access(c, size, 0, t, m);
}

static void pair(struct wn_chunk *c, enum a64_pair how, bool load, unsigned t, unsigned t2,
                 struct a64_mem m)
{
    assert(m.disp % 8 == 0 && fits_signed(7, m.disp / 8));
    put(c, 0xa8000000 | (uint32_t)how << 23 | (uint32_t)load << 22 | field(m.disp / 8, 7) << 15 |
               t2 << 10 | dnm(t, m.base, 0));
}

void a64_load_pair(struct wn_chunk *c, enum a64_pair how, unsigned t, unsigned t2, struct a64_mem m)
{
    pair(c, how, true, t, t2, m);
}

void a64_store_pair(struct wn_chunk *c, enum a64_pair how, unsigned t, unsigned t2,
                    struct a64_mem m)
{
    pair(c, how, false, t, t2, m);
}

/* ---- arithmetic */

void a64_arith_r(struct wn_chunk *c, enum a64_arith op, bool wide, unsigned d, unsigned n,
                 unsigned m)
{
    put(c, 0x0b000000 | sf(wide) | (uint32_t)op << 29 | dnm(d, n, m));
}

void a64_arith_i(struct wn_chunk *c, enum a64_arith op, bool wide, unsigned d, unsigned n,
                 uint32_t imm)
{
    assert(a64_fits_arith(imm));
    uint32_t where = imm < 0x1000 ? imm << 10 : 1u << 22 | imm >> 12 << 10;
    put(c, 0x11000000 | sf(wide) | (uint32_t)op << 29 | where | dnm(d, n, 0));
}

void a64_logic_r(struct wn_chunk *c, enum a64_logic op, bool wide, unsigned d, unsigned n,
                 unsigned m)
{
    put(c, 0x0a000000 | sf(wide) | (uint32_t)op << 29 | dnm(d, n, m));
}

void a64_logic_i(struct wn_chunk *c, enum a64_logic op, bool wide, unsigned d, unsigned n,
                 uint64_t imm)
{
    uint32_t fields = 0;
    bool fits = logic_fields(wide, imm, &fields);
    assert(fits);
    (void)fits;
    put(c, 0x12000000 | sf(wide) | (uint32_t)op << 29 | fields | dnm(d, n, 0));
}

void a64_shift_r(struct wn_chunk *c, enum a64_shift op, bool wide, unsigned d, unsigned n,
                 unsigned m)
{
    put(c, 0x1ac02000 | sf(wide) | (uint32_t)op << 10 | dnm(d, n, m));
}

void a64_shift_i(struct wn_chunk *c, enum a64_shift op, bool wide, unsigned d, unsigned n,
                 unsigned count)
{
    unsigned width = wide ? 64 : 32;
    assert(count < width);
    if (op == A64_LSL)
        bits(c, false, wide, d, n, (width - count) % width, width - 1 - count);
    else
        bits(c, op == A64_ASR, wide, d, n, count, width - 1);
}

void a64_mul(struct wn_chunk *c, bool wide, unsigned d, unsigned n, unsigned m)
{
    put(c, 0x1b000000 | sf(wide) | A64_ZR << 10 | dnm(d, n, m));
}

void a64_msub(struct wn_chunk *c, bool wide, unsigned d, unsigned n, unsigned m, unsigned a)
{
    put(c, 0x1b008000 | sf(wide) | a << 10 | dnm(d, n, m));
}

void a64_div(struct wn_chunk *c, bool is_signed, bool wide, unsigned d, unsigned n, unsigned m)
{
    put(c, 0x1ac00800 | sf(wide) | (uint32_t)is_signed << 10 | dnm(d, n, m));
}

void a64_rev(struct wn_chunk *c, unsigned size, unsigned d, unsigned n)
{
    put(c, 0x5ac00000 | sf(size == 8) | log2_of(size) << 10 | dnm(d, n, 0));
}

/* ---- atomic operations */

/** Bits 31 and 30 of accesses of 4 and 8 bytes. */
static uint32_t sized(bool wide)
{
    return wide ? 0xc0000000 : 0x80000000;
}

void a64_atomic(struct wn_chunk *c, enum a64_atomic op, bool wide, unsigned s, unsigned t,
                unsigned n)
{
    put(c, 0x38e00000 | sized(wide) | (uint32_t)op << 12 | dnm(t, n, s));
}

void a64_cas(struct wn_chunk *c, bool wide, unsigned s, unsigned t, unsigned n)
{
    put(c, 0x08e0fc00 | sized(wide) | dnm(t, n, s));
}

void a64_load_exclusive(struct wn_chunk *c, bool wide, unsigned t, unsigned n)
{
    put(c, 0x085ffc00 | sized(wide) | dnm(t, n, 0));
}

void a64_store_exclusive(struct wn_chunk *c, bool wide, unsigned s, unsigned t, unsigned n)
{
    assert(s != t && s != n);
    put(c, 0x0800fc00 | sized(wide) | dnm(t, n, s));
}

/* ---- control */

struct a64_when a64_if(enum a64_cc cc)
{
    return (struct a64_when){.word = 0x54000000u | cc, .flip = 1, .bits = 19};
}

struct a64_when a64_if_zero(bool wide, unsigned t, bool zero)
{
    uint32_t flip = 1u << 24;
    return (struct a64_when){
        .word = 0x34000000 | sf(wide) | (zero ? 0 : flip) | t, .flip = flip, .bits = 19};
}

struct a64_when a64_if_bit(unsigned t, unsigned bit, bool set)
{
    uint32_t flip = 1u << 24, where = bit >> 5 << 31 | (bit & 31) << 19;
    return (struct a64_when){
        .word = 0x36000000 | where | (set ? flip : 0) | t, .flip = flip, .bits = 14};
}

void a64_branch(struct wn_chunk *c, struct a64_when when, int32_t distance)
{
    assert(a64_fits_branch(when.bits, distance));
    put(c, when.word | field(distance / 4, when.bits) << 5);
}

void a64_b(struct wn_chunk *c, int32_t distance)
{
    put(c, 0x14000000 | field(distance / 4, A64_FAR));
}

void a64_bl(struct wn_chunk *c, int32_t distance)
{
    put(c, 0x94000000 | field(distance / 4, A64_FAR));
}

void a64_br(struct wn_chunk *c, unsigned n)
{
    put(c, 0xd61f0000 | n << 5);
}

void a64_blr(struct wn_chunk *c, unsigned n)
{
    put(c, 0xd63f0000 | n << 5);
}

void a64_ret(struct wn_chunk *c)
{
    put(c, 0xd65f03c0);
}

void a64_aim(uint8_t *at, int64_t distance)
{
    uint32_t imm = field(distance / 4, A64_FAR);
    for (unsigned i = 0; i < 4; i++)
        at[i] |= (uint8_t)(imm >> 8 * i);
}
