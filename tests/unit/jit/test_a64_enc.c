/* SPDX-License-Identifier: MIT */
#include "jit/a64_enc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W32 = false, W64 = true };
#define M(base, disp) ((struct a64_mem){(base), (disp)})

static void same(const struct wn_chunk *c, const char *text, const char *hex)
{
    char got[2 * sizeof c->bytes + 1] = "";
    for (uint32_t i = 0; i < c->len; i++)
        snprintf(got + 2 * i, 3, "%02x", c->bytes[i]);
    if (c->overflow || strcmp(got, hex))
        fail_msg("%s is %s, not %s", text, hex, got);
}

static void instructions_are_those_of_the_gnu_assembler(void **state)
{
    (void)state;
    struct wn_chunk chunk = {0}, *c = &chunk;
#define E(call, text, hex)                                                                         \
    c->len = 0;                                                                                    \
    call;                                                                                          \
    same(c, text, hex);
#include "a64_enc.def"
#undef E
}

/** How the manual reads a logical constant: DecodeBitMasks() of its shared pseudocode. */
static uint64_t decode_logic(uint32_t word)
{
    unsigned n = word >> 22 & 1, immr = word >> 16 & 63, imms = word >> 10 & 63;
    unsigned len = 31 - (unsigned)__builtin_clz(n << 6 | (~imms & 63));
    unsigned size = 1u << len, s = imms & (size - 1), r = immr & (size - 1);
    uint64_t out = 0;
    for (unsigned i = 0; i < 64; i++)
        out |= (uint64_t)((i + r) % size <= s) << i;
    return out;
}

static uint64_t constants[5334];
static size_t n_constants;

/** A run of ones in elements of `size` bits. */
static uint64_t repeated_run(unsigned size, unsigned ones, unsigned from)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 64; i++)
        v |= (uint64_t)((i + size - from) % size < ones) << i;
    return v;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

static void all_logical_constants_are_found_and_no_others(void **state)
{
    (void)state;
    for (unsigned size = 2; size <= 64; size *= 2)
        for (unsigned ones = 1; ones < size; ones++)
            for (unsigned from = 0; from < size; from++) {
                struct wn_chunk c = {0};
                uint64_t v = repeated_run(size, ones, from);
                assert_true(a64_fits_logic(true, v));
                assert_int_equal(a64_fits_logic(false, v),
                                 size < 64 || a64_fits_logic(true, (uint32_t)v | v << 32));
                a64_logic_i(&c, A64_ORR, true, A64_X0, A64_X1, v);
                uint32_t word = c.bytes[0] | (uint32_t)c.bytes[1] << 8 |
                                (uint32_t)c.bytes[2] << 16 | (uint32_t)c.bytes[3] << 24;
                assert_int_equal(decode_logic(word), v);
                assert_true(n_constants < 5334);
                constants[n_constants++] = v;
            }
    assert_int_equal(n_constants, 5334);
    qsort(constants, n_constants, sizeof *constants, by_value);
    uint64_t random = 1;
    for (unsigned i = 0; i < 200000; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        /* Near constants that there are, where a mistake would be. */
        uint64_t v = constants[(random >> 33) % n_constants] ^ UINT64_C(1) << (random >> 20 & 63);
        bool known = bsearch(&v, constants, n_constants, sizeof v, by_value) != NULL;
        assert_int_equal(a64_fits_logic(true, v), known);
    }
    assert_false(a64_fits_logic(true, 0));
    assert_false(a64_fits_logic(true, UINT64_MAX));
    assert_false(a64_fits_logic(false, UINT32_MAX));
    assert_true(a64_fits_logic(true, UINT32_MAX));
}

static void operands_end_where_their_fields_do(void **state)
{
    (void)state;
    assert_true(a64_fits_arith(4095) && a64_fits_arith(4096) && a64_fits_arith(0xfff000));
    assert_false(a64_fits_arith(4097) || a64_fits_arith(0x1000000) || a64_fits_arith(UINT64_MAX));
    for (unsigned size = 1; size <= 8; size *= 2) {
        assert_true(a64_fits_mem(size, 4095 * (int64_t)size) && a64_fits_mem(size, -256));
        assert_false(a64_fits_mem(size, 4096 * (int64_t)size) || a64_fits_mem(size, -257));
        assert_int_equal(a64_fits_mem(size, 257), size == 1);
    }
    assert_true(a64_fits_branch(19, -(1 << 20)) && a64_fits_branch(19, (1 << 20) - 4));
    assert_false(a64_fits_branch(19, -(1 << 20) - 4) || a64_fits_branch(19, 1 << 20));
    assert_false(a64_fits_branch(19, 2));
}

static void distances_can_be_filled_in_later(void **state)
{
    (void)state;
    static const int64_t distances[] = {0, 4, -4, 134217724, -134217728};
    for (unsigned i = 0; i < 5; i++) {
        struct wn_chunk later = {0}, now = {0};
        a64_bl(&later, 0);
        a64_aim(later.bytes, distances[i]);
        a64_bl(&now, (int32_t)distances[i]);
        assert_memory_equal(later.bytes, now.bytes, 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_are_those_of_the_gnu_assembler),
        cmocka_unit_test(all_logical_constants_are_found_and_no_others),
        cmocka_unit_test(operands_end_where_their_fields_do),
        cmocka_unit_test(distances_can_be_filled_in_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
