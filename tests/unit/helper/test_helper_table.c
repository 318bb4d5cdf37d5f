/* SPDX-License-Identifier: MIT */
/** helper.def against the kernel's header, and against what its verifier lets programs call. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <winnow/insn.h>

#include "../kernel_load.h"
#include "helper/helper.h"

#define NAME(x) [BPF_FUNC_##x] = "bpf_" #x
static const char *const names[] = {__BPF_FUNC_MAPPER(NAME)};
enum { NAMES = sizeof names / sizeof *names };

static void every_helper_of_the_kernels_header_is_known_by_its_name(void **state)
{
    (void)state;
    assert_true(NAMES > 200);
    for (uint32_t id = 1; id < NAMES; id++) {
        const struct wn_helper *h = wn_helper_find(id);
        const struct wn_helper_absent *absent = wn_helper_absent(id);
        if (!h == !absent)
            fail_msg("%u (%s) is %s", id, names[id], h ? "there and absent" : "unknown");
        assert_string_equal(h ? h->name : absent->name, names[id]);
    }
    assert_null(wn_helper_find(0));
    assert_null(wn_helper_absent(0));
    assert_null(wn_helper_find(UINT32_MAX));
}

static void rows_say_what_can_be_checked(void **state)
{
    (void)state;
    const struct wn_helper *h;
    for (size_t i = 0; (h = wn_helper_at(i)); i++) {
        bool map = false, over = false;
        assert_ptr_equal(wn_helper_find(h->id), h);
        unsigned types = h->types & ~(WN_HELPER_MOVES | WN_HELPER_WRITES | WN_HELPER_CALLS);
        assert_true(types && types < 1u << WN_PROG_TYPES);
        for (unsigned k = 0; k < 5; k++) {
            uint8_t a = h->sig.args[k];
            assert_true(a < WN_ARGS);
            assert_false(over && a != WN_ARG_NONE);
            over |= a == WN_ARG_NONE;
            assert_false((a == WN_ARG_KEY || a == WN_ARG_VALUE) && !map);
            map |= a == WN_ARG_MAP;
            bool length = a == WN_ARG_SIZE || a == WN_ARG_SIZE0;
            uint8_t before = k ? h->sig.args[k - 1] : (uint8_t)WN_ARG_NONE;
            bool memory = before == WN_ARG_MEM || before == WN_ARG_MEM_WRITE ||
                          before == WN_ARG_MEM_INOUT || before == WN_ARG_DATA;
            assert_int_equal(length, memory);
        }
    }
}

/** Whether programs of a type may call a helper at all, whatever they give it. */
static bool kernel_lets(enum wn_prog_type type, uint32_t id)
{
    const struct wn_slot slots[] = {wn_slot(0x85, 0, 0, 0, (int32_t)id), wn_slot(0x95, 0, 0, 0, 0)};
    static char log[65536];
    return kernel_takes(type, slots, 2, log, sizeof log) ||
           !(strstr(log, "cannot use helper") || strstr(log, "unknown func") ||
             strstr(log, "invalid func"));
}

static void types_may_call_what_the_kernel_lets_them(void **state)
{
    (void)state;
    static const enum wn_prog_type types[] = {WN_PROG_XDP, WN_PROG_SOCKET, WN_PROG_TC};
    const struct wn_helper *h;
    if (!kernel_answers()) {
        print_message("SKIP: no kernel that may be asked\n");
        skip();
    }
    for (size_t i = 0; (h = wn_helper_at(i)); i++)
        for (unsigned t = 0; t < 3; t++) {
            bool ours = h->types >> types[t] & 1, kernels = kernel_lets(types[t], h->id);
            if (ours != kernels)
                fail_msg("%s in %s: kernel %d, table %d", h->name, wn_prog_type_name(types[t]),
                         kernels, ours);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_helper_of_the_kernels_header_is_known_by_its_name),
        cmocka_unit_test(rows_say_what_can_be_checked),
        cmocka_unit_test(types_may_call_what_the_kernel_lets_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
