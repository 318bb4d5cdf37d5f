/* SPDX-License-Identifier: MIT */
/** Programs that say more than is true: what only seems to be proved is checked when they run. */
#include "proves.h"

static enum wn_prog_type xdp = WN_PROG_XDP;

#define EXIT "out: r0 = 0; exit"
/* r2 is data, r3 its end; r4 and r5 are numbers of which nothing is known. */
#define BEGIN                                                                                      \
    "r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4);"                                                \
    "r4 = *(u32 *)(r1 + 16); r5 = *(u32 *)(r1 + 12);"
/* r0 is a value of a hash, or 0. */
#define LOOKUP "*(u32 *)(r10 - 4) = 1; r1 = map_fd(0) ll; r2 = r10; r2 += -4; call 1;"
/* A store that is within the stack if r6 is 0. */
#define USE_R6 "use: r7 = r10; r7 += -8; r7 += r6; ?*(u64 *)(r7 + 0) = 0;"

static void addresses_are_not_compared_with_lengths(void **state)
{
    (void)state;
    /* r4 + 64 against the length, and against the address of the end. */
    assert_string_equal(proves(xdp,
                               BEGIN "r4 &= 255; r5 = r2; r5 += r4; r0 = r3; r0 -= r2;"
                                     "r4 += 64; if r4 > r0 goto out; ?r0 = *(u8 *)(r5 + 63);" EXIT),
                        "+");
    assert_string_equal(proves(xdp,
                               BEGIN "r4 &= 255; r5 = r2; r5 += r4;"
                                     "r4 += 64; if r4 > r3 goto out; ?r0 = *(u8 *)(r5 + 63);" EXIT),
                        "p");
    /* What is less than no address may be less than the length. */
    assert_string_equal(proves(xdp, BEGIN
                               "r4 = r3; r4 -= r2; r6 = 0; if r2 < r4 goto use;"
                               "r5 = r2; r5 += 1; if r5 > r3 goto use; r6 = 100000;" USE_R6 EXIT),
                        "-");
}

static void addresses_before_the_packet_may_wrap(void **state)
{
    (void)state;
    assert_string_equal(proves(xdp, BEGIN "r6 = 0; r5 = r2; r5 += 8; if r5 <= r3 goto use;"
                                          "if r5 > r3 goto use; r6 = 100000;" USE_R6 EXIT),
                        "+");
    assert_string_equal(proves(xdp, BEGIN "r6 = 0; r5 = r2; r5 += -100000000;"
                                          "if r5 <= r3 goto use; r6 = 100000;" USE_R6 EXIT),
                        "-");
    assert_string_equal(proves(xdp, BEGIN
                               "r4 = -r4; r5 = r2; r5 += r4; r6 = 0; if r5 <= r3 goto use;"
                               "r5 += 500000000; if r5 > r3 goto use; r6 = 100000;" USE_R6 EXIT),
                        "-");
}

static void ends_before_the_packet_may_wrap(void **state)
{
    (void)state;
    assert_string_equal(proves(xdp, BEGIN "r3 += -400000000; if r2 > r3 goto out;"
                                          "?r0 = *(u8 *)(r2 + 10000);" EXIT),
                        "p");
    assert_string_equal(proves(xdp,
                               BEGIN "r5 = r2; r5 += 14; if r5 > r3 goto out; r3 += -14;"
                                     "r2 += 20; if r2 > r3 goto out; ?r0 = *(u8 *)(r2 + 13);" EXIT),
                        "+");
    assert_string_equal(proves(xdp,
                               BEGIN "r5 = r2; r5 += 14; if r5 > r3 goto out; r3 += -15;"
                                     "r2 += 20; if r2 > r3 goto out; ?r0 = *(u8 *)(r2 + 13);" EXIT),
                        "p");
    assert_string_equal(proves(xdp, BEGIN "r3 = r2; r3 += -400000000; if r2 > r3 goto out;"
                                          "?r0 = *(u8 *)(r2 + 10000);" EXIT),
                        "p");
}

static void metadata_is_not_proved_by_places_that_may_wrap(void **state)
{
    (void)state;
    assert_string_equal(proves(xdp,
                               "r2 = *(u32 *)(r1 + 8); r3 = *(u32 *)(r1 + 0); r4 = r2; r4 += 4;"
                               "if r4 > r3 goto out; ?r0 = *(u32 *)(r2 + 0);" EXIT),
                        "+");
    assert_string_equal(proves(xdp,
                               "r2 = *(u32 *)(r1 + 8); r3 = *(u32 *)(r1 + 0); r3 += -400000000;"
                               "if r2 > r3 goto out; ?r0 = *(u8 *)(r2 + 10000);" EXIT),
                        "-");
}

static void sums_with_anything_may_be_zero(void **state)
{
    (void)state;
    assert_string_equal(proves(xdp, "r5 = r10; r5 += -8; r6 = 0; if r5 != 0 goto use;"
                                    "r6 = 100000;" USE_R6 EXIT),
                        "+");
    assert_string_equal(proves(xdp, "r5 = r10; r5 += -100000; r6 = 0; if r5 != 0 goto use;"
                                    "r6 = 100000;" USE_R6 EXIT),
                        "-");
    /* A number that is less an address: memory gives it back as one. */
    assert_string_equal(proves(xdp, LOOKUP "if r0 == 0 goto out; *(u64 *)(r0 + 0) = r10;"
                                           "r3 = *(u64 *)(r0 + 0); r3 = -r3; r5 = r10; r5 += r3;"
                                           "r6 = 0; if r5 != 0 goto use; r6 = 100000;" USE_R6 EXIT),
                        "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_not_compared_with_lengths),
        cmocka_unit_test(addresses_before_the_packet_may_wrap),
        cmocka_unit_test(ends_before_the_packet_may_wrap),
        cmocka_unit_test(sums_with_anything_may_be_zero),
        cmocka_unit_test(metadata_is_not_proved_by_places_that_may_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
