/* SPDX-License-Identifier: MIT */
#include "verify/facts.h"

#include <errno.h>

#include "../assembled.h"
#include "../failing.h"
#include "verify/flow.h"

/** The facts of a program; the caller frees both. */
static struct wn_facts *facts_of(const char *text, struct wn_code **code)
{
    struct wn_facts *facts = NULL;
    struct wn_error err = {0};
    *code = assembled(text);
    if (wn_flow_check(*code, &err) || wn_facts_new(*code, &facts, &err))
        fail_msg("%s: %s", err.text, text);
    return facts;
}

/** What is known of a register before the last instruction. */
static struct wn_value at_the_end(unsigned reg, const char *text)
{
    struct wn_code *code;
    struct wn_facts *facts = facts_of(text, &code);
    const struct wn_value *v = wn_facts_find(facts, code->n_ops - 1, reg);
    assert_non_null(v);
    struct wn_value out = *v;
    wn_facts_free(facts);
    wn_code_free(code);
    return out;
}

static void ranges(uint64_t umin, uint64_t umax, unsigned reg, const char *text)
{
    struct wn_value v = at_the_end(reg, text);
    if (v.umin != umin || v.umax != umax)
        fail_msg("r%u is %llx..%llx: %s", reg, (unsigned long long)v.umin,
                 (unsigned long long)v.umax, text);
}

static void knows_nothing(unsigned reg, const char *text)
{
    struct wn_value v = at_the_end(reg, text);
    if (!wn_value_is_unknown(&v))
        fail_msg("r%u is %llx..%llx: %s", reg, (unsigned long long)v.umin,
                 (unsigned long long)v.umax, text);
}

static void arithmetic_is_followed(void **state)
{
    (void)state;
    ranges(12, 12, 0, "r0 = 5; r0 += 7; exit");
    ranges(0, 255, 0, "r0 = *(u8 *)(r1 + 0); exit");
    ranges(0, 60, 0, "r0 = *(u8 *)(r1 + 0); r0 &= 15; r0 <<= 2; exit");
    ranges(0, UINT32_MAX, 0, "w0 = w1; exit");
    ranges(20, 275, 3, "r2 = *(u8 *)(r1 + 0); r3 = 20; r3 += r2; exit");
}

static void what_is_not_known_is_not_claimed(void **state)
{
    (void)state;
    knows_nothing(1, "r0 = 0; exit");
    knows_nothing(10, "r0 = 0; exit");
    knows_nothing(2, "r2 = r10; r2 += -8; exit");
    knows_nothing(0, "r0 = *(u64 *)(r10 - 8); exit");
    knows_nothing(0, "call 7; exit");
    knows_nothing(0, "call 7; r1 += 0; exit");
}

static void branches_are_learned_from(void **state)
{
    (void)state;
    ranges(0, 9, 2, "if r2 <= 9 goto +1; exit; exit");
    ranges(10, UINT64_MAX, 2, "if r2 > 9 goto +1\nexit\nexit");
    ranges(7, 7, 2, "if r2 == 7 goto +1\nexit\nexit");
    ranges(7, 7, 3, "r3 = 7; if r2 == r3 goto +1; exit; exit");
    ranges(0, 7, 2, "r3 = *(u8 *)(r1 + 0); r3 &= 7; if r2 <= r3 goto +1; exit; exit");
    ranges(1, UINT64_MAX, 2, "if r2 & r2 goto +1; exit; exit");
}

static void what_holds_on_all_ways_holds_where_they_meet(void **state)
{
    (void)state;
    ranges(3, 5, 0, "r0 = 3; if r1 == 0 goto +1; r0 = 5; exit");
    ranges(3, 3, 0, "r0 = 3; if r1 == 0 goto +1; r0 = 3; exit");
    knows_nothing(0, "r0 = 3; if r2 == 0 goto +1; r0 = r1; exit");
}

static void loops_settle(void **state)
{
    (void)state;
    ranges(10, 16, 2, "r2 = 0\nl: r2 += 1\nif r2 < 10 goto l\nexit");
    ranges(0, 0, 3, "r3 = 0\nr2 = 0\nl: r2 += 1\nif r2 < 10 goto l\nexit");
    /* Even numbers stay even, however often. */
    struct wn_value v = at_the_end(2, "r2 = 0\nl: r2 += 2\nr1 += -1\nif r1 != 0 goto l\nexit");
    assert_true(!((v.bits.value | v.bits.mask) & 1));
    /* One loop in another. */
    ranges(4, 4, 4,
           "r4 = 4\nr2 = 0\na: r3 = 0\nb: r3 += 1\nif r3 < 5 goto b\nr2 += 1\n"
           "if r2 < 5 goto a\nexit");
}

/** Whether any run comes to a slot. */
static bool is_reached(uint32_t slot, const char *text)
{
    struct wn_code *code;
    struct wn_facts *facts = facts_of(text, &code);
    bool reached = wn_facts_find(facts, slot, 0) != NULL;
    wn_facts_free(facts);
    wn_code_free(code);
    return reached;
}

static void what_cannot_be_reached_is_told(void **state)
{
    (void)state;
    assert_false(is_reached(1, "exit; exit"));
    assert_false(is_reached(2, "r2 = 3; if r2 == 3 goto +1; exit; exit"));
    assert_true(is_reached(3, "r2 = 3; if r2 == 3 goto +1; exit; exit"));
    assert_false(is_reached(3, "r2 = *(u8 *)(r1 + 0); if r2 > 255 goto +1; exit; exit"));
    assert_true(is_reached(3, "r2 = *(u8 *)(r1 + 0); if r2 > 254 goto +1; exit; exit"));
    assert_false(is_reached(3, "r2 = *(u8 *)(r1 + 0); if w2 s< 0 goto +1; exit; exit"));
}

static void functions_are_called_with_anything(void **state)
{
    (void)state;
    ranges(0, 0, 6, "r0 = 1; exit");
    knows_nothing(6, "r6 = 1\ncall f\nexit\nf: exit");
    knows_nothing(1, "r1 = 1\ncall f\nexit\nf: exit");
}

/** r6 to r9 are the caller's again after a call, and r1 to r5 are 0. */
static void calls_leave_what_they_leave(void **state)
{
    (void)state;
    struct wn_code *code;
    struct wn_facts *facts = facts_of("r6 = 4\nr1 = 9\ncall f\nexit\nf: r6 = 5\nexit", &code);
    assert_true(wn_facts_find(facts, 3, 6)->umin == 4 && wn_facts_find(facts, 3, 6)->umax == 4);
    assert_true(wn_facts_find(facts, 3, 1)->umax == 0);
    assert_true(wn_value_is_unknown(wn_facts_find(facts, 3, 0)));
    wn_facts_free(facts);
    wn_code_free(code);
}

/** A main function that is called begins with its caller's r6 to r9. */
static void a_main_function_may_be_called(void **state)
{
    (void)state;
    knows_nothing(7, "m: if r6 == 1 goto +3; r6 = 1; call m; exit; exit");
    ranges(0, 0, 7, "if r2 == 1 goto +2; r6 = 1; exit; exit");
}

static void facts_need_memory(void **state)
{
    (void)state;
    struct wn_code *code = assembled("r2 = 0\nl: r2 += 1\nif r2 < 10 goto l\nexit");
    struct wn_error err = {0};
    assert_int_equal(wn_flow_check(code, &err), 0);
    int r = -ENOMEM;
    for (long n = 0; r == -ENOMEM; n++) {
        struct wn_facts *facts = NULL;
        until_failure = n;
        r = wn_facts_new(code, &facts, &err);
        until_failure = -1;
        assert_true(r == 0 ? n > 3 && facts : !facts);
        wn_facts_free(facts);
    }
    assert_int_equal(r, 0);
    wn_code_free(code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_is_followed),
        cmocka_unit_test(what_is_not_known_is_not_claimed),
        cmocka_unit_test(branches_are_learned_from),
        cmocka_unit_test(what_holds_on_all_ways_holds_where_they_meet),
        cmocka_unit_test(loops_settle),
        cmocka_unit_test(what_cannot_be_reached_is_told),
        cmocka_unit_test(functions_are_called_with_anything),
        cmocka_unit_test(calls_leave_what_they_leave),
        cmocka_unit_test(a_main_function_may_be_called),
        cmocka_unit_test(facts_need_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
