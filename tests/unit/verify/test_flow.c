/* SPDX-License-Identifier: MIT */
#include "verify/flow.h"

#include "../assembled.h"

static void accepted(const char *text)
{
    struct wn_code *code = assembled(text);
    struct wn_error err = {0};
    if (wn_flow_check(code, &err))
        fail_msg("%s (%u): %s", err.text, err.at, text);
    wn_code_free(code);
}

static void refused(const char *text, int code, uint32_t at, const char *because)
{
    struct wn_code *c = assembled(text);
    struct wn_error err = {0};
    assert_int_equal(wn_flow_check(c, &err), code);
    assert_string_equal(err.text, because);
    assert_int_equal(err.code, code);
    assert_int_equal(err.at, at);
    assert_null(c->mark);
    wn_code_free(c);
}

static void jumps_stay_in_the_program(void **state)
{
    (void)state;
    accepted("goto +0; exit");
    refused("goto +1; exit", WN_E_MALFORMED, 0,
            "jump leads out of the program; it has slots 0 to 1");
    accepted("exit; goto -2");
    refused("exit; goto -3", WN_E_MALFORMED, 1,
            "jump leads out of the program; it has slots 0 to 1");
    accepted("if r1 == 0 goto +0; exit");
    refused("if r1 == 0 goto +1; exit", WN_E_MALFORMED, 0,
            "jump leads out of the program; it has slots 0 to 1");
    accepted("gotol +0; exit");
    refused("gotol +2147483647; exit", WN_E_MALFORMED, 0,
            "jump leads out of the program; it has slots 0 to 1");
    refused("gotol -2147483648; exit", WN_E_MALFORMED, 0,
            "jump leads out of the program; it has slots 0 to 1");
}

static void nothing_leads_into_a_wide_instruction(void **state)
{
    (void)state;
    accepted("goto +2; r0 = 1 ll; exit");
    refused("goto +1; r0 = 1 ll; exit", WN_E_MALFORMED, 0,
            "jump leads to slot 2, the second half of a wide instruction; that begins at "
            "slot 1");
    refused("r0 = 1 ll; if r0 > 1 goto -2; exit", WN_E_MALFORMED, 2,
            "jump leads to slot 1, the second half of a wide instruction; that begins at "
            "slot 0");
    refused("call +2; exit; r0 = 1 ll; exit", WN_E_MALFORMED, 0,
            "call leads to slot 3, the second half of a wide instruction; that begins at "
            "slot 2");
}

static void calls_stay_in_the_program(void **state)
{
    (void)state;
    accepted("call local +1; exit; exit");
    refused("call local +2; exit; exit", WN_E_MALFORMED, 0,
            "call leads out of the program; it has slots 0 to 2");
    refused("call local -2; exit; exit", WN_E_MALFORMED, 0,
            "call leads out of the program; it has slots 0 to 2");
}

static void function_addresses_are_those_of_functions(void **state)
{
    (void)state;
    accepted("r0 = func(f) ll\nexit\nf: exit");
    refused("r0 = func(+9) ll; exit", WN_E_MALFORMED, 0,
            "function address leads out of the program; it has slots 0 to 2");
    refused(
        "r0 = func(+0) ll; exit", WN_E_MALFORMED, 0,
        "function address leads to slot 1, the second half of a wide instruction; that begins at "
        "slot 0");
}

static void functions_end(void **state)
{
    (void)state;
    accepted("r0 = 0; exit");
    refused("r0 = 0", WN_E_MALFORMED, 0,
            "control runs past the end of the program; it must end in exit or a jump");
    accepted("if r0 == 0 goto -1; exit");
    refused("if r0 == 0 goto -1", WN_E_MALFORMED, 0,
            "control runs past the end of the program; it must end in exit or a jump");
    refused("r0 = 0 ll", WN_E_MALFORMED, 1,
            "control runs past the end of the program; it must end in exit or a jump");
    refused("call 7", WN_E_MALFORMED, 0,
            "control runs past the end of the program; it must end in exit or a jump");
    refused("call f\nf: exit", WN_E_MALFORMED, 0,
            "control runs past the end of the function; it must end in exit or a jump");
}

static void jumps_stay_in_their_function(void **state)
{
    (void)state;
    accepted("call f\nexit\nf: if r1 == 0 goto +0\nexit");
    refused("call f\nexit\nf: if r1 == 0 goto -2\nexit", WN_E_MALFORMED, 2,
            "jump leads to slot 1, out of its function (slots 2 to 3); functions are entered by "
            "calls");
    refused("call f\nif r1 == 0 goto f\nexit\nf: exit", WN_E_MALFORMED, 1,
            "jump leads to slot 3, out of its function (slots 0 to 2); functions are entered by "
            "calls");
}

static void r10_is_not_written(void **state)
{
    (void)state;
#define FIXED                                                                                      \
    " writes r10, the frame pointer, which is fixed; copy r10 to another register, and change "    \
    "that"
    const char *because = "mov64" FIXED;
    accepted("r9 = r10; exit");
    refused("r10 = r9; exit", WN_E_REJECTED, 0, because);
    accepted("*(u64 *)(r10 - 8) = r10; exit");
    refused("r10 = *(u64 *)(r1 + 0); exit", WN_E_REJECTED, 0, "ldxdw" FIXED);
    refused("r10 = 5 ll; exit", WN_E_REJECTED, 0, "lddw" FIXED);
    accepted("lock *(u64 *)(r1 + 0) += r10; exit");
    refused("r10 = atomic_fetch_add((u64 *)(r1 + 0), r10); exit", WN_E_REJECTED, 0,
            "lock fetch add64" FIXED);
}

static void what_this_version_lacks_is_named(void **state)
{
    (void)state;
    refused("r1 = map_fd(3) ll; exit", WN_E_UNSUPPORTED, 0, "maps are not supported yet");
    refused("call btf 77; exit", WN_E_UNSUPPORTED, 0,
            "call of kernel function 77: there is no kernel here; use helpers");
}

/** A program of n calls through a register, and m functions whose address it takes. */
static int check_indirect(uint32_t n, uint32_t m, struct wn_error *err)
{
    uint32_t count = n + 2 * m + 1 + m, at = 0;
    struct wn_slot *slots = calloc(count, sizeof *slots);
    struct wn_code *code = NULL;
    assert_non_null(slots);
    for (uint32_t i = 0; i < n; i++)
        slots[at++] = wn_encode(WN_OP_CALLX, 1, 0, 0, 0);
    for (uint32_t i = 0; i < m; i++, at += 2)
        slots[at] = wn_encode(WN_OP_FUNC, 1, 0, 0, (int32_t)(count - m + i - at - 1));
    while (at < count)
        slots[at++] = wn_encode(WN_OP_EXIT, 0, 0, 0, 0);
    assert_int_equal(wn_decode(slots, count, &code, err), 0);
    int r = wn_flow_check(code, err);
    free(slots);
    wn_code_free(code);
    return r;
}

static void calls_through_registers_are_bounded(void **state)
{
    (void)state;
    struct wn_error err = {0};
    assert_int_equal(check_indirect(256, 256, &err), 0);
    assert_int_equal(check_indirect(257, 256, &err), WN_E_LIMIT);
    assert_int_equal(err.at, 256);
    assert_int_equal(check_indirect(2, 40000, &err), WN_E_LIMIT);
    assert_int_equal(check_indirect(0, 100000, &err), 0);
    assert_int_equal(check_indirect(100000, 0, &err), 0);
}

static void functions_are_found_in_order(void **state)
{
    (void)state;
    struct wn_code *code = assembled("call h\n"
                                     "r0 = func(g) ll\n"
                                     "exit\n"
                                     "g: r0 = 1\n"
                                     "exit\n"
                                     "h: call g\n"
                                     "r0 = 2\n"
                                     "exit");
    assert_int_equal(wn_flow_check(code, NULL), 0);
    assert_int_equal(code->n_funcs, 3);
    const uint32_t first[] = {0, 4, 6}, count[] = {4, 2, 3};
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(code->funcs[i].first, first[i]);
        assert_int_equal(code->funcs[i].first_slot, first[i]);
        assert_int_equal(code->funcs[i].count, count[i]);
        assert_int_equal(code->funcs[i].slots, count[i]);
        assert_ptr_equal(wn_code_func_at(code, first[i]), &code->funcs[i]);
        assert_int_equal(code->funcs[i].taken, i == 1);
    }
    assert_null(wn_code_func_at(code, 1));
    wn_code_free(code);
}

/** The marks of the first instruction of a program. */
static int mark_of(const char *text)
{
    struct wn_code *code = assembled(text);
    assert_int_equal(wn_flow_check(code, NULL), 0);
    int mark = code->mark[0];
    wn_code_free(code);
    return mark;
}

static void accesses_in_the_frame_are_proved(void **state)
{
    (void)state;
    assert_int_equal(mark_of("r0 = *(u8 *)(r10 - 1); exit"), WN_MARK_PROVED);
    assert_int_equal(mark_of("r0 = *(u8 *)(r10 + 0); exit"), WN_MARK_NONE);
    assert_int_equal(mark_of("r0 = *(u64 *)(r10 - 8); exit"), WN_MARK_PROVED);
    assert_int_equal(mark_of("r0 = *(u64 *)(r10 - 7); exit"), WN_MARK_NONE);
    assert_int_equal(mark_of("*(u64 *)(r10 - 512) = r1; exit"), WN_MARK_PROVED);
    assert_int_equal(mark_of("*(u64 *)(r10 - 513) = r1; exit"), WN_MARK_NONE);
    assert_int_equal(mark_of("*(u8 *)(r10 - 512) = 1; exit"), WN_MARK_PROVED);
    assert_int_equal(mark_of("*(u8 *)(r10 - 513) = 1; exit"), WN_MARK_NONE);
    assert_int_equal(mark_of("lock *(u64 *)(r10 - 16) += r1; exit"), WN_MARK_PROVED);
    assert_int_equal(mark_of("lock *(u64 *)(r10 - 12) += r1; exit"), WN_MARK_NONE);
    assert_int_equal(mark_of("lock *(u32 *)(r10 - 12) += r1; exit"), WN_MARK_PROVED);
    assert_int_equal(mark_of("r0 = *(u8 *)(r1 + 0); exit"), WN_MARK_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_through_registers_are_bounded),
        cmocka_unit_test(jumps_stay_in_the_program),
        cmocka_unit_test(nothing_leads_into_a_wide_instruction),
        cmocka_unit_test(calls_stay_in_the_program),
        cmocka_unit_test(function_addresses_are_those_of_functions),
        cmocka_unit_test(functions_end),
        cmocka_unit_test(jumps_stay_in_their_function),
        cmocka_unit_test(r10_is_not_written),
        cmocka_unit_test(what_this_version_lacks_is_named),
        cmocka_unit_test(functions_are_found_in_order),
        cmocka_unit_test(accesses_in_the_frame_are_proved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
