/* SPDX-License-Identifier: MIT */
#include "verify/frames.h"

#include "../assembled.h"
#include "verify/flow.h"

/** What functions use of their stack, in their order, and where that is too much in all. */
static void exceeds(uint32_t slot, uint32_t bytes, const uint16_t *reach, const char *text)
{
    struct wn_code *code = assembled(text);
    struct wn_error err = {0};
    uint32_t at = WN_NOWHERE, sum = 0;
    if (wn_flow_check(code, &err))
        fail_msg("%s: %s", err.text, text);
    bool too_much = wn_frames_exceed(code, reach, &at, &sum);
    if (too_much != (slot != WN_NOWHERE) || sum != bytes || (too_much && at != slot))
        fail_msg("%u bytes, slot %d: %s", sum, too_much ? (int)at : -1, text);
    wn_code_free(code);
}

#define FITS WN_NOWHERE

static void all_that_are_within_each_other_count(void **state)
{
    (void)state;
    const char *one = "r0 = 0; exit";
    exceeds(FITS, 512, (const uint16_t[]){512}, one);
    exceeds(FITS, 32, (const uint16_t[]){0}, one);
    const char *two = "call f\nexit\nf: r0 = 0\nexit";
    exceeds(FITS, 512, (const uint16_t[]){256, 256}, two);
    exceeds(FITS, 512, (const uint16_t[]){480, 0}, two);
    exceeds(0, 544, (const uint16_t[]){256, 257}, two);
    exceeds(0, 544, (const uint16_t[]){481, 0}, two);
}

static void those_behind_each_other_do_not(void **state)
{
    (void)state;
    const char *text = "call f\ncall g\nexit\nf: r0 = 0\nexit\ng: r0 = 0\nexit";
    exceeds(FITS, 512, (const uint16_t[]){32, 480, 480}, text);
    exceeds(1, 544, (const uint16_t[]){32, 480, 512}, text);
}

static void the_call_that_goes_too_far_is_named(void **state)
{
    (void)state;
    const char *text = "call f\nexit\nf: call g\nexit\ng: call h\nexit\nh: r0 = 0\nexit";
    exceeds(FITS, 512, (const uint16_t[]){128, 128, 128, 128}, text);
    exceeds(4, 544, (const uint16_t[]){128, 128, 128, 129}, text);
    exceeds(2, 800, (const uint16_t[]){128, 128, 512, 8}, text);
    exceeds(0, 640, (const uint16_t[]){500, 64, 32, 8}, text);
}

static void registers_may_call_what_is_taken(void **state)
{
    (void)state;
    const char *text = "r1 = func(f) ll\ncallx r1\nexit\nf: r0 = 0\nexit";
    exceeds(FITS, 512, (const uint16_t[]){256, 256}, text);
    exceeds(2, 544, (const uint16_t[]){256, 257}, text);
}

static void circles_end(void **state)
{
    (void)state;
    /* They are refused elsewhere, if anything comes there. */
    exceeds(0, 8 * 288, (const uint16_t[]){288, 288}, "call f\nexit\nf: call f\nexit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_are_within_each_other_count),
        cmocka_unit_test(those_behind_each_other_do_not),
        cmocka_unit_test(the_call_that_goes_too_far_is_named),
        cmocka_unit_test(registers_may_call_what_is_taken),
        cmocka_unit_test(circles_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
