/* SPDX-License-Identifier: MIT */
#include "verify/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <winnow/text.h>

#include "isa/decode.h"
#include "verify/flow.h"

/** How many loads of a program are proved. */
static int proved(const char *text)
{
    struct wn_slot *slots = NULL;
    struct wn_code *code = NULL;
    struct wn_error err = {0};
    size_t count = 0;
    int n = 0;
    if (wn_assemble(text, strlen(text), NULL, &slots, &count, &err) ||
        wn_decode(slots, count, &code, &err) || wn_flow_check(code, &err) ||
        wn_packet_prove(code, &err))
        fail_msg("%s: %u: %s", text, err.at, err.text);
    for (size_t i = 0; i < count; i++)
        n += code->mark[i] == WN_MARK_PROVED;
    wn_code_free(code);
    free(slots);
    return n;
}

/* Each pair: what is proved, and what lacks one byte, one side or one certainty. */

static void a_length_compared_with_a_constant(void **state)
{
    (void)state;
    assert_int_equal(proved("if r2 < 14 goto +1\n r0 = *(u16 *)(r1 + 12)\n exit"), 1);
    assert_int_equal(proved("if r2 < 13 goto +1\n r0 = *(u16 *)(r1 + 12)\n exit"), 0);
    assert_int_equal(proved("if r2 <= 13 goto +1\n r0 = *(u16 *)(r1 + 12)\n exit"), 1);
    assert_int_equal(proved("if r2 <= 12 goto +1\n r0 = *(u16 *)(r1 + 12)\n exit"), 0);
    assert_int_equal(proved("if r2 > 13 goto +1\n exit\n r0 = *(u16 *)(r1 + 12)\n exit"), 1);
    assert_int_equal(proved("if r2 > 13 goto +1\n r0 = *(u16 *)(r1 + 12)\n exit"), 0);
    assert_int_equal(proved("if r2 >= 14 goto +1\n exit\n r0 = *(u16 *)(r1 + 12)\n exit"), 1);
    assert_int_equal(proved("if r2 >= 13 goto +1\n exit\n r0 = *(u16 *)(r1 + 12)\n exit"), 0);
    assert_int_equal(proved("if w2 < 14 goto +1\n r0 = *(u16 *)(r1 + 12)\n exit"), 1);
    assert_int_equal(proved("if r3 < 14 goto +1\n r0 = *(u16 *)(r1 + 12)\n exit"), 0);
}

static void a_length_compared_with_a_register(void **state)
{
    (void)state;
    assert_int_equal(proved("r3 = 14\n if r3 > r2 goto +1\n r0 = *(u16 *)(r1 + 12)\n exit"), 1);
    assert_int_equal(proved("r3 = 13\n if r3 > r2 goto +1\n r0 = *(u16 *)(r1 + 12)\n exit"), 0);
    assert_int_equal(proved("r3 = 14\n if r3 < r2 goto +1\n r0 = *(u16 *)(r1 + 12)\n exit"), 0);
    assert_int_equal(proved("r3 = -1\n if r3 > r2 goto +1\n r0 = *(u16 *)(r1 + 12)\n exit"), 0);
}

static void addresses_compared_with_the_end(void **state)
{
    (void)state;
    assert_int_equal(proved("r3 = r1\n r3 += r2\n r4 = r1\n r4 += 14\n"
                            "if r4 > r3 goto +1\n r0 = *(u16 *)(r1 + 12)\n exit"),
                     1);
    assert_int_equal(proved("r3 = r1\n r3 += r2\n r4 = r1\n r4 += 13\n"
                            "if r4 > r3 goto +1\n r0 = *(u16 *)(r1 + 12)\n exit"),
                     0);
    assert_int_equal(proved("r3 = r1\n r3 += r2\n r3 += r2\n r4 = r1\n r4 += 14\n"
                            "if r4 > r3 goto +1\n r0 = *(u16 *)(r1 + 12)\n exit"),
                     0);
}

static void distances_are_followed_through_registers(void **state)
{
    (void)state;
#define CHECKED "if r2 < 14 goto +4\n"
    assert_int_equal(proved(CHECKED "r6 = r1\nr6 += 10\nr1 = 0\nr0 = *(u32 *)(r6 + 0)\nexit"), 1);
    assert_int_equal(proved(CHECKED "r6 = r1\nr6 += 11\nr1 = 0\nr0 = *(u32 *)(r6 + 0)\nexit"), 0);
    assert_int_equal(proved(CHECKED "r6 = r1\nr6 += 2\nr1 = 0\nr0 = *(u8 *)(r6 - 3)\nexit"), 0);
    assert_int_equal(proved(CHECKED "w6 = w1\nr6 += 2\nr1 = 0\nr0 = *(u8 *)(r6 - 2)\nexit"), 0);
    assert_int_equal(proved(CHECKED "r6 = r1\nr6 -= 2\nr1 = 0\nr0 = *(u8 *)(r6 + 2)\nexit"), 0);
}

static void both_ways_to_a_place_count(void **state)
{
    (void)state;
    assert_int_equal(proved("if r2 < 20 goto +2\n r3 = 5\n goto +1\n if r2 < 14 goto +1\n"
                            "r0 = *(u16 *)(r1 + 12)\n exit"),
                     1);
    assert_int_equal(proved("if r2 < 20 goto +2\n r3 = 5\n goto +1\n if r2 < 13 goto +1\n"
                            "r0 = *(u16 *)(r1 + 12)\n exit"),
                     0);
    assert_int_equal(proved("if r2 < 20 goto +4\n r4 = r1\n if r3 > 5 goto +1\n r4 += 1\n"
                            "r0 = *(u8 *)(r4 + 0)\n exit"),
                     0);
}

static void nothing_is_known_in_loops_and_functions(void **state)
{
    (void)state;
    assert_int_equal(proved("if r2 < 14 goto +4\n r0 = *(u8 *)(r1 + 0)\n r1 += 1\n r3 += 1\n"
                            "if r3 < 20 goto -4\n exit"),
                     0);
    assert_int_equal(proved("if r2 < 14 goto +2\n call f\n r0 = 0\n exit\n"
                            "f:\n r0 = *(u8 *)(r1 + 0)\n exit"),
                     0);
    assert_int_equal(proved("if r2 < 14 goto +2\n r0 = *(u8 *)(r1 + 0)\n call -3\n exit"), 0);
}

static void calls_lose_what_they_write_only(void **state)
{
    (void)state;
    assert_int_equal(proved("if r2 < 14 goto +3\n r6 = r1\n call 7\n r0 = *(u8 *)(r6 + 0)\n exit"),
                     1);
    assert_int_equal(proved("if r2 < 14 goto +3\n r6 = r1\n call 7\n r0 = *(u8 *)(r1 + 0)\n exit"),
                     0);
}

static void only_loads_are_proved(void **state)
{
    (void)state;
    assert_int_equal(proved("if r2 < 14 goto +1\n *(u8 *)(r1 + 0) = 1\n exit"), 0);
    assert_int_equal(proved("if r2 < 14 goto +1\n lock *(u32 *)(r1 + 0) += r2\n exit"), 0);
}

/** What lies behind the packet may be within reach for another reason. */
static void an_access_that_passed_proves_nothing(void **state)
{
    (void)state;
    assert_int_equal(proved("r0 = *(u32 *)(r1 + 10)\n r0 = *(u16 *)(r1 + 12)\n exit"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_length_compared_with_a_constant),
        cmocka_unit_test(a_length_compared_with_a_register),
        cmocka_unit_test(addresses_compared_with_the_end),
        cmocka_unit_test(distances_are_followed_through_registers),
        cmocka_unit_test(both_ways_to_a_place_count),
        cmocka_unit_test(nothing_is_known_in_loops_and_functions),
        cmocka_unit_test(calls_lose_what_they_write_only),
        cmocka_unit_test(only_loads_are_proved),
        cmocka_unit_test(an_access_that_passed_proves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
