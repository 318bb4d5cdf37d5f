/* SPDX-License-Identifier: MIT */
/** Reading and writing text when memory runs out at each allocation in turn. */
#include <winnow/text.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../failing.h"

/** Labels, constants and slots enough for everything to grow more than once. */
static void write_program(char *out, size_t size)
{
    size_t n = 0;
    for (int i = 0; i < 40; i++) {
        n += (size_t)snprintf(out + n, size - n,
                              ".equ c%d, %d\nl%d: r0 = c%d\nr1 = %#x00000000 ll\n", i, i, i, i,
                              i + 1);
        n += (size_t)snprintf(out + n, size - n, "if r0 == 1 goto l%d\ncall l%d\n", i / 2, i);
    }
    n += (size_t)snprintf(out + n, size - n, "exit\n");
    assert_true(n < size);
}

static void reading_gives_all_memory_back(void **state)
{
    (void)state;
    static char text[1 << 16];
    long tries = 0;
    write_program(text, sizeof text);
    do {
        struct wn_slot *slots = NULL;
        size_t count = 77;
        struct wn_error err = {0};
        long before = live;
        failures = 0;
        until_failure = tries++;
        int r = wn_assemble(text, strlen(text), NULL, &slots, &count, &err);
        until_failure = -1;
        if (!failures && r)
            fail_msg("%u: %s", err.at, err.text);
        assert_int_equal(r, failures ? -ENOMEM : 0);
        assert_int_equal(err.code, r);
        assert_true(r == 0 || (!slots && count == 77));
        assert_int_equal(live, before + (r == 0));
        free(slots);
    } while (failures);
    assert_true(tries > 3);
}

static void writing_gives_all_memory_back(void **state)
{
    (void)state;
    static char text[1 << 16];
    struct wn_slot *slots = NULL;
    size_t count;
    write_program(text, sizeof text);
    assert_int_equal(wn_assemble(text, strlen(text), NULL, &slots, &count, NULL), 0);
    for (unsigned how = 0; how < 8; how++) {
        struct wn_text_opts opts = {
            .dialect = how & 1 ? WN_DIALECT_KERNEL : WN_DIALECT_MNEMONIC,
            .labels = how >> 1 & 1,
            .numbers = how >> 2 & 1,
        };
        long tries = 0;
        do {
            char *out = NULL;
            struct wn_error err = {0};
            long before = live;
            failures = 0;
            until_failure = tries++;
            int r = wn_disassemble(slots, count, &opts, &out, &err);
            until_failure = -1;
            assert_int_equal(r, failures ? -ENOMEM : 0);
            assert_int_equal(err.code, r);
            assert_int_equal(r == 0, out != NULL);
            assert_int_equal(live, before + (r == 0));
            free(out);
        } while (failures);
        assert_true(tries > 1);
    }
    free(slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_gives_all_memory_back),
        cmocka_unit_test(writing_gives_all_memory_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
