/* SPDX-License-Identifier: MIT */
/** Making a program when memory runs out. */
#include <errno.h>
#include <stdlib.h>

#include <winnow/prog.h>

#include "../assembled.h"
#include "../failing.h"

/** A program that makes every part of the library grow something. */
static const char *const program = "r6 = r1\n"
                                   "call 5\n"
                                   "call 7\n"
                                   "r0 = *(u8 *)skb[3]\n"
                                   "call f\n"
                                   "r1 = func(f) ll\n"
                                   "r2 = *(u8 *)(r6 + 1)\n"
                                   "*(u64 *)(r10 - 8) = r2\n"
                                   "lock *(u64 *)(r10 - 8) += r2\n"
                                   "if r2 == 9 goto -2\n"
                                   "r0 /= 3\n"
                                   "exit\n"
                                   "f: r0 = 1\n"
                                   "call f\n"
                                   "exit\n";

static void sweep(enum wn_engine engine)
{
    struct wn_slot *slots = NULL;
    size_t n = 0;
    assert_int_equal(wn_assemble(program, strlen(program), NULL, &slots, &n, NULL), 0);
    struct wn_prog_opts opts = {.engine = engine};
    long tries = 0;
    do {
        struct wn_prog *prog = NULL;
        struct wn_error err = {0};
        long before = live;
        failures = 0;
        until_failure = tries++;
        int r = wn_prog_new(slots, n, &opts, &prog, &err);
        until_failure = -1;
        if (r == WN_E_NOJIT && failures == 0) {
            free(slots);
            skip();
        }
        if (r) {
            assert_int_equal(r, -ENOMEM);
            assert_int_equal(err.code, -ENOMEM);
            assert_true(err.text[0]);
            assert_null(prog);
        }
        /* Without the compiler's memory the interpreter is a way out, but only for AUTO. */
        assert_true(r || !failures || engine == WN_ENGINE_AUTO);
        wn_prog_free(prog);
        assert_int_equal(live, before);
    } while (failures);
    assert_true(tries > 5);
    free(slots);
}

static void reference_gives_all_memory_back(void **state)
{
    (void)state;
    sweep(WN_ENGINE_REFERENCE);
}

static void interp_gives_all_memory_back(void **state)
{
    (void)state;
    sweep(WN_ENGINE_INTERP);
}

static void jit_gives_all_memory_back(void **state)
{
    (void)state;
    sweep(WN_ENGINE_JIT);
}

static void auto_finds_a_way_or_gives_all_memory_back(void **state)
{
    (void)state;
    sweep(WN_ENGINE_AUTO);
}

static void a_run_structure_is_there_or_not(void **state)
{
    (void)state;
    long before = live;
    until_failure = 0;
    struct wn_run *run = wn_run_new();
    until_failure = -1;
    assert_null(run);
    wn_run_free(run);
    run = wn_run_new();
    assert_non_null(run);
    wn_run_free(run);
    assert_int_equal(live, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_gives_all_memory_back),
        cmocka_unit_test(interp_gives_all_memory_back),
        cmocka_unit_test(jit_gives_all_memory_back),
        cmocka_unit_test(auto_finds_a_way_or_gives_all_memory_back),
        cmocka_unit_test(a_run_structure_is_there_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
