/* SPDX-License-Identifier: MIT */
/**
 * As much of cmocka as the library's tests use, for machines that there is no
 * cmocka for. The first assertion that fails ends its test; results are in TAP.
 */
#pragma once

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};

#define cmocka_unit_test(f)                                                                        \
    {                                                                                              \
#f, f                                                                                      \
    }
#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    small_cmocka_run(tests, sizeof(tests) / sizeof *(tests), setup, teardown)

static jmp_buf small_cmocka_end;
static bool small_cmocka_skipped;

__attribute__((noreturn, unused, format(printf, 3, 4))) static void small_cmocka_fail(
    const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    printf("# %s:%d: ", file, line);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    longjmp(small_cmocka_end, 1);
}

__attribute__((unused)) static int small_cmocka_run(const struct CMUnitTest *tests, size_t n,
                                                    int (*setup)(void **), int (*teardown)(void **))
{
    static int failed;
    void *group = NULL;
    printf("1..%zu\n", n);
    if (setup && setup(&group)) {
        printf("Bail out! the tests cannot be set up\n");
        return 1;
    }
    for (volatile size_t i = 0; i < n; i++) {
        void *state = group;
        bool ok = false;
        small_cmocka_skipped = false;
        if (!setjmp(small_cmocka_end)) {
            tests[i].run(&state);
            ok = true;
        }
        ok |= small_cmocka_skipped;
        failed += !ok;
        printf("%s %zu - %s%s\n", ok ? "ok" : "not ok", i + 1, tests[i].name,
               small_cmocka_skipped ? " # SKIP" : "");
        fflush(stdout);
    }
    if (teardown && teardown(&group))
        failed++;
    return failed;
}

#define fail_msg(...) small_cmocka_fail(__FILE__, __LINE__, __VA_ARGS__)
#define fail()        fail_msg("failed")
#define skip()        (small_cmocka_skipped = true, longjmp(small_cmocka_end, 1))
#define assert_true(c)                                                                             \
    do {                                                                                           \
        if (!(c))                                                                                  \
            fail_msg("%s does not hold", #c);                                                      \
    } while (0)
#define assert_false(c)    assert_true(!(c))
#define assert_null(p)     assert_true((p) == NULL)
#define assert_non_null(p) assert_true((p) != NULL)
#define small_cmocka_compare(a, op, b)                                                             \
    do {                                                                                           \
        uint64_t small_a = (uint64_t)(a), small_b = (uint64_t)(b);                                 \
        if (!(small_a op small_b))                                                                 \
            fail_msg("%s %s %s: 0x%" PRIx64 ", 0x%" PRIx64, #a, #op, #b, small_a, small_b);        \
    } while (0)
#define assert_int_equal(a, b)     small_cmocka_compare(a, ==, b)
#define assert_int_not_equal(a, b) small_cmocka_compare(a, !=, b)
#define assert_ptr_equal(a, b)     assert_true((const void *)(a) == (const void *)(b))
#define assert_ptr_not_equal(a, b) assert_true((const void *)(a) != (const void *)(b))
#define assert_in_range(v, low, high)                                                              \
    do {                                                                                           \
        small_cmocka_compare(v, >=, low);                                                          \
        small_cmocka_compare(v, <=, high);                                                         \
    } while (0)
#define assert_string_equal(a, b)                                                                  \
    do {                                                                                           \
        const char *small_a = (const void *)(a), *small_b = (const void *)(b);                     \
        if (strcmp(small_a, small_b))                                                              \
            fail_msg("\"%s\" is not \"%s\"", small_a, small_b);                                    \
    } while (0)
#define assert_string_not_equal(a, b)    assert_true(strcmp(a, b) != 0)
#define assert_memory_equal(a, b, n)     assert_true(memcmp(a, b, n) == 0)
#define assert_memory_not_equal(a, b, n) assert_true(memcmp(a, b, n) != 0)
#define print_message(...)               ((void)printf("# " __VA_ARGS__))
