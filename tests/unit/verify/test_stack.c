/* SPDX-License-Identifier: MIT */
#include "verify/stack.h"

#include "../assembled.h"
#include "verify/flow.h"

static void needs(uint32_t bytes, const char *text)
{
    struct wn_code *code = assembled(text);
    uint32_t n = 4711;
    struct wn_error err = {0};
    if (wn_flow_check(code, &err) || wn_stack_need(code, &n, &err))
        fail_msg("%s: %s", err.text, text);
    if (n != bytes)
        fail_msg("%u bytes, not %u: %s", n, bytes, text);
    wn_code_free(code);
}

static void direct_accesses_need_what_they_touch(void **state)
{
    (void)state;
    needs(0, "r0 = 1; exit");
    needs(1, "*(u8 *)(r10 - 1) = 1; exit");
    needs(24, "r0 = *(u64 *)(r10 - 24); *(u32 *)(r10 - 8) = r0; exit");
    needs(512, "lock *(u64 *)(r10 - 512) += r1; exit");
}

static void an_address_that_gets_out_needs_the_frame(void **state)
{
    (void)state;
    needs(512, "r1 = r10; exit");
    needs(512, "r1 += r10; exit");
    needs(512, "*(u64 *)(r10 - 8) = r10; exit");
    needs(512, "*(u64 *)(r1 + 0) = r10; exit");
    needs(512, "if r10 > r1 goto +0; exit");
    needs(512, "r0 = *(u8 *)(r10 + 0); exit");
    needs(512, "lock *(u64 *)(r10 - 4) += r1; exit");
    needs(512, "r0 = *(u8 *)skb[r10 + 0]; exit");
}

static void frames_lie_below_those_of_callers(void **state)
{
    (void)state;
    needs(0, "call f\nexit\nf: exit");
    needs(512 + 8, "call f\nexit\nf: *(u64 *)(r10 - 8) = 1\nexit");
    needs(1024, "r1 = r10\ncall f\nexit\nf: exit");
    needs(1024 + 8, "call f\nexit\nf: call g\nexit\ng: *(u64 *)(r10 - 8) = 1\nexit");
    /* The deeper way counts, whichever stands first. */
    needs(1024 + 8, "call g\ncall f\nexit\nf: call g\nexit\ng: *(u64 *)(r10 - 8) = 1\nexit");
    needs(1024 + 8, "call f\ncall g\nexit\ng: *(u64 *)(r10 - 8) = 1\nexit\nf: call g\nexit");
    needs(0, "r0 = func(f) ll\nexit\nf: *(u64 *)(r10 - 8) = 1\nexit");
}

static void recursion_needs_all_frames(void **state)
{
    (void)state;
    needs(7 * 512 + 8, "call f\nexit\nf: *(u64 *)(r10 - 8) = 1\ncall f\nexit");
    needs(8 * 512, "call f\nexit\nf: r1 = r10\ncall f\nexit");
    needs(7 * 512 + 8, "call f\nexit\nf: call g\nexit\ng: *(u64 *)(r10 - 8) = 1\ncall f\nexit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(direct_accesses_need_what_they_touch),
        cmocka_unit_test(an_address_that_gets_out_needs_the_frame),
        cmocka_unit_test(frames_lie_below_those_of_callers),
        cmocka_unit_test(recursion_needs_all_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
