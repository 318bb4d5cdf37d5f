/* SPDX-License-Identifier: MIT */
/** What becomes of programs that are proved, in part or whole. */
#include <errno.h>

#include "../engines.h"

#include "prog/prog.h"

#define HEAD_OF_PACKET "jlt r2, 14, out\nldxh r0, [r1+12]\nexit\nout: mov r0, 0\nexit\n"

static struct wn_prog_info info_of(const char *text, struct wn_prog_opts opts)
{
    struct wn_prog *prog = make(text, &opts);
    struct wn_prog_info info = {0};
    if (prog)
        wn_prog_info(prog, &info);
    wn_prog_free(prog);
    return info;
}

/** Make a program that is refused; the slot, and the text if it is asked for. */
static int refused(const char *text, struct wn_prog_opts opts, struct wn_error *err)
{
    struct wn_slot *slots = NULL;
    struct wn_prog *prog = NULL;
    size_t n = 0;
    assert_int_equal(wn_assemble(text, strlen(text), NULL, &slots, &n, err), 0);
    int r = wn_prog_new(slots, n, &opts, &prog, err);
    free(slots);
    wn_prog_free(prog);
    return r;
}

static void machine_code_of_a_proved_filter_has_no_check(void **state)
{
    (void)state;
    struct wn_prog_opts opts = {.engine = WN_ENGINE_JIT};
    struct wn_prog *prog = make(HEAD_OF_PACKET, &opts);
    if (!prog)
        skip();
    /* Guards, fuel and faults all need something of the run; this code is given nothing. */
    assert_int_equal(prog->jit.needs, 0);
    wn_prog_free(prog);
    opts.verify = WN_VERIFY_NONE;
    prog = make(HEAD_OF_PACKET, &opts);
    assert_int_not_equal(prog->jit.needs, 0);
    wn_prog_free(prog);
}

static void counts_say_what_is_checked(void **state)
{
    (void)state;
    struct wn_prog_info info = info_of(HEAD_OF_PACKET, (struct wn_prog_opts){0});
    assert_int_equal(info.accesses, 1);
    assert_int_equal(info.guarded, 0);
    info = info_of(HEAD_OF_PACKET, (struct wn_prog_opts){.verify = WN_VERIFY_NONE});
    assert_int_equal(info.guarded, 1);
    assert_int_equal(info.verify_steps, 0);
}

static void a_guard_covers_what_comes_behind_it(void **state)
{
    (void)state;
    static const char text[] = "ldxw r0, [r1+20]\nldxw r3, [r1+16]\nadd r0, r3\nexit\n";
    struct wn_prog_info info = info_of(text, (struct wn_prog_opts){0});
    assert_int_equal(info.accesses, 2);
    assert_int_equal(info.guarded, 1);
    static const char other[] = "ldxw r0, [r1+16]\nldxw r3, [r1+20]\nadd r0, r3\nexit\n";
    info = info_of(other, (struct wn_prog_opts){0});
    assert_int_equal(info.guarded, 2);
}

/** A guard that lets other memory pass as well says nothing of the packet. */
static void a_guard_of_several_kinds_of_memory_covers_nothing(void **state)
{
    (void)state;
    static const char text[] = "mov r3, r1\n"
                               "jgt r2, 100, on\n"
                               "mov r3, r10\n"
                               "add r3, -40\n"
                               "on: ldxw r0, [r3+20]\n" /* the packet, or the stack */
                               "ldxw r4, [r1+20]\n"
                               "add r0, r4\n"
                               "exit\n";
    struct wn_prog_info info = info_of(text, (struct wn_prog_opts){0});
    assert_int_equal(info.accesses, 2);
    assert_int_equal(info.guarded, 1);
    static const char unknown[] = "mov r3, r1\n"
                                  "jgt r2, 10, on\n"
                                  "mov r3, r10\n"
                                  "add r3, -40\n"
                                  "on: ldxw r0, [r3+20]\n"
                                  "ldxw r4, [r1+20]\n"
                                  "add r0, r4\n"
                                  "exit\n";
    info = info_of(unknown, (struct wn_prog_opts){0});
    assert_int_equal(info.guarded, 2);
}

static void strictness_rejects_what_is_not_proved(void **state)
{
    (void)state;
    struct wn_error err = {0};
    struct wn_prog_opts strict = {.verify = WN_VERIFY_STRICT};
    assert_int_equal(refused("ldxh r0, [r1+12]\nexit\n", strict, &err), WN_E_REJECTED);
    assert_int_equal(err.at, 0);
    assert_non_null(strstr(err.text, "length"));
    assert_int_equal(refused("mov r0, 0\nloop: add r0, 1\njne r0, r2, loop\nexit\n", strict, &err),
                     WN_E_REJECTED);
    assert_int_equal(err.at, 2);
    assert_int_equal(info_of(HEAD_OF_PACKET, strict).guarded, 0);
}

static void what_is_not_proved_is_listed_if_asked_for(void **state)
{
    (void)state;
    static const char text[] = "mov r4, 0\n"
                               "loop: mov r3, r1\n"
                               "add r3, r4\n"
                               "ldxb r0, [r3]\n"
                               "add r4, 1\n"
                               "jne r4, r0, loop\n"
                               "exit\n";
    struct wn_prog_opts opts = {.explain = true};
    struct wn_prog *prog = make(text, &opts);
    const struct wn_error *list;
    assert_int_equal(wn_prog_unproved(prog, &list), 2);
    assert_int_equal(list[0].at, 3);
    assert_int_equal(list[1].at, 5);
    assert_int_equal(list[0].code, 0);
    assert_true(*list[0].text && *list[1].text);
    wn_prog_free(prog);
    opts.explain = false;
    prog = make(text, &opts);
    assert_int_equal(wn_prog_unproved(prog, &list), 0);
    wn_prog_free(prog);
}

static void counted_loops_spend_no_fuel(void **state)
{
    (void)state;
    static const char text[] = "mov r0, 0\nloop: add r0, 1\njlt r0, 1000, loop\nexit\n";
    struct wn_prog_opts opts = {.fuel = 10};
    struct wn_prog_info info = info_of(text, opts);
    assert_int_equal(info.loops, 1);
    assert_int_equal(info.loops_fuelled, 0);
    struct wn_prog *prog = make(text, &opts);
    struct wn_run *run = wn_run_new();
    struct wn_packet pkt = packet();
    assert_int_equal(wn_prog_run(prog, run, &pkt).value, 1000);
    wn_run_free(run);
    wn_prog_free(prog);
    opts.verify = WN_VERIFY_NONE;
    assert_int_equal(info_of(text, opts).loops_fuelled, 1);
    /* Too many times around to be let go unattended. */
    static const char far[] = "mov r0, 0\nloop: add r0, 1\njlt r0, 9000000, loop\nexit\n";
    opts.verify = WN_VERIFY_GUARD;
    assert_int_equal(info_of(far, opts).loops_fuelled, 1);
}

static void programs_that_only_read_run_in_place(void **state)
{
    (void)state;
    static const char reads[] = "ldxw r2, [r1]\n"
                                "ldxw r3, [r1+4]\n"
                                "mov r4, r2\n"
                                "add r4, 14\n"
                                "mov r0, 1\n"
                                "jgt r4, r3, out\n"
                                "ldxb r0, [r2+13]\n"
                                "out: exit\n";
    static const char writes[] = "ldxw r2, [r1]\n"
                                 "ldxw r3, [r1+4]\n"
                                 "mov r4, r2\n"
                                 "add r4, 14\n"
                                 "mov r0, 1\n"
                                 "jgt r4, r3, out\n"
                                 "stb [r2+13], 7\n"
                                 "out: exit\n";
    static const char counts[] = "ldxw r2, [r1]\nmov32 r0, r2\nand r0, 0\nexit\n";
    struct wn_prog_opts opts = {.type = WN_PROG_XDP, .engine = WN_ENGINE_INTERP};
    assert_true(info_of(reads, opts).in_place);
    assert_false(info_of(writes, opts).in_place);
    assert_false(info_of(counts, opts).in_place);
    gives(opts, reads, 0);
    opts.engine = WN_ENGINE_REFERENCE;
    assert_false(info_of(reads, opts).in_place);
}

/** Half of an address that was written over tells where the packet lies as well as the whole. */
static void parts_of_addresses_are_not_read_in_place(void **state)
{
    (void)state;
    static const char below[] = "ldxw r2, [r1]\nstxdw [r10-64], r2\nstw [r10-64], 0\n"
                                "ldxw r0, [r10-60]\nexit\n";
    static const char above[] = "ldxw r2, [r1]\nstxdw [r10-64], r2\nstw [r10-60], 0\n"
                                "ldxw r0, [r10-64]\nexit\n";
    static const char middle[] = "ldxw r2, [r1]\nstxdw [r10-64], r2\nsth [r10-60], 0\n"
                                 "ldxh r0, [r10-58]\nexit\n";
    static const char somewhere[] = "ldxw r2, [r1]\nldxw r3, [r1+12]\nstxdw [r10-64], r2\n"
                                    "and r3, 15\nmov r4, r10\nadd r4, r3\nstxw [r4-64], r3\n"
                                    "ldxdw r0, [r10-64]\nexit\n";
    static const char unread[] = "ldxw r2, [r1]\nstxdw [r10-64], r2\nstw [r10-64], 0\n"
                                 "ldxw r0, [r10-64]\nexit\n";
    const struct wn_prog_opts opts = {.type = WN_PROG_XDP, .engine = WN_ENGINE_INTERP};
    assert_false(info_of(below, opts).in_place);
    assert_false(info_of(above, opts).in_place);
    assert_false(info_of(middle, opts).in_place);
    assert_false(info_of(somewhere, opts).in_place);
    assert_true(info_of(unread, opts).in_place);
}

static void the_stack_is_cleared_for_those_who_read_it(void **state)
{
    (void)state;
    static const char keeps[] = "stxdw [r10-8], r1\nldxdw r3, [r10-8]\nmov r0, 0\nexit\n";
    static const char reads[] = "ldxdw r0, [r10-8]\nexit\n";
    struct wn_prog_opts opts = {0};
    assert_int_equal(info_of(keeps, opts).stack_bytes, 8);
    assert_int_equal(info_of(keeps, opts).stack_cleared, 0);
    assert_int_equal(info_of(reads, opts).stack_cleared, 8);
    gives(opts, reads, 0);
}

static void limits_are_errors(void **state)
{
    (void)state;
    struct wn_error err = {0};
    struct wn_prog_opts opts = {.verify_bytes = 100};
    assert_int_equal(refused(HEAD_OF_PACKET, opts, &err), WN_E_LIMIT);
    assert_non_null(strstr(err.text, "memory"));
    opts = (struct wn_prog_opts){.verify = (enum wn_verify)7};
    assert_int_equal(refused(HEAD_OF_PACKET, opts, &err), -EINVAL);
}

static void count_line(void *arg, const char *line)
{
    unsigned *n = arg;
    assert_true(*line);
    (*n)++;
}

static void what_it_does_is_told(void **state)
{
    (void)state;
    unsigned n = 0;
    info_of(HEAD_OF_PACKET, (struct wn_prog_opts){.log = count_line, .log_arg = &n});
    assert_true(n >= 5);
}

static void facts_decide_branches(void **state)
{
    (void)state;
    static const char text[] = "mov r0, 3\n"
                               "mov r3, 5\n"
                               "add r3, r0\n"
                               "jeq r3, 8, on\n"
                               "mov r0, 0\n"
                               "div r0, r3\n"
                               "exit\n"
                               "on: add r0, r3\n"
                               "exit\n";
    gives((struct wn_prog_opts){0}, text, 11);
    unsigned proved = info_of(text, (struct wn_prog_opts){.engine = WN_ENGINE_INTERP}).ops;
    unsigned all =
        info_of(text, (struct wn_prog_opts){.engine = WN_ENGINE_INTERP, .verify = WN_VERIFY_NONE})
            .ops;
    assert_true(proved + 3 <= all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machine_code_of_a_proved_filter_has_no_check),
        cmocka_unit_test(counts_say_what_is_checked),
        cmocka_unit_test(a_guard_covers_what_comes_behind_it),
        cmocka_unit_test(a_guard_of_several_kinds_of_memory_covers_nothing),
        cmocka_unit_test(strictness_rejects_what_is_not_proved),
        cmocka_unit_test(what_is_not_proved_is_listed_if_asked_for),
        cmocka_unit_test(counted_loops_spend_no_fuel),
        cmocka_unit_test(programs_that_only_read_run_in_place),
        cmocka_unit_test(parts_of_addresses_are_not_read_in_place),
        cmocka_unit_test(the_stack_is_cleared_for_those_who_read_it),
        cmocka_unit_test(limits_are_errors),
        cmocka_unit_test(what_it_does_is_told),
        cmocka_unit_test(facts_decide_branches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
