/* SPDX-License-Identifier: MIT */
/** Translating classic BPF when memory runs out at each allocation in turn. */
#include <winnow/text.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../failing.h"

enum { INSNS = 600 };

/** Loads, words of memory and jumps so far that everything grows more than once. */
static void write_program(struct wn_cbpf_insn out[INSNS])
{
    for (uint32_t i = 0; i < INSNS; i++)
        switch (i % 4) {
        case 0: out[i] = (struct wn_cbpf_insn){0x28, 0, 0, i}; break;       /* ldh [i] */
        case 1: out[i] = (struct wn_cbpf_insn){0x02, 0, 0, i % 16}; break;  /* st M[i] */
        case 2: out[i] = (struct wn_cbpf_insn){0x15, 1, 0, i}; break;       /* jeq #i */
        default: out[i] = (struct wn_cbpf_insn){0x60, 0, 0, i % 16}; break; /* ld M[i] */
        }
    out[2].jt = 255;
    out[INSNS - 2] = out[INSNS - 1] = (struct wn_cbpf_insn){0x16, 0, 0, 0}; /* ret a */
}

static void translating_gives_all_memory_back(void **state)
{
    (void)state;
    static struct wn_cbpf_insn insns[INSNS];
    long tries = 0;
    write_program(insns);
    do {
        struct wn_slot *slots = NULL;
        size_t count = 77;
        struct wn_error err = {0};
        long before = live;
        failures = 0;
        until_failure = tries++;
        int r = wn_cbpf_translate(insns, INSNS, &slots, &count, &err);
        until_failure = -1;
        assert_int_equal(r, failures ? -ENOMEM : 0);
        assert_int_equal(err.code, r);
        assert_true(r == 0 || (!slots && count == 77 && err.text[0]));
        assert_int_equal(live, before + (r == 0));
        free(slots);
    } while (failures);
    assert_true(tries > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(translating_gives_all_memory_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
