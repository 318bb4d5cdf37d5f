/* SPDX-License-Identifier: MIT */
/** Helpers that have functions of the program called. What is said to be the kernel's is Linux
 * 6.18's answer. */
#include "../engines.h"

#define LOOP(times, function, data, flags)                                                         \
    "r1 = " times "\nr2 = " function " ll\nr3 = " data "\nr4 = " flags "\ncall 181\n"

/* Adds its number to what its context points to. */
#define ADDS    "adds:\nr3 = *(u64 *)(r2 + 0)\nr3 += r1\n*(u64 *)(r2 + 0) = r3\nr0 = 0\nexit\n"
#define SUM_IS0 "*(u64 *)(r10 - 8) = 0\n"
#define AT_SUM  "r10\nr3 += -8"
#define SUM     "r0 = *(u64 *)(r10 - 8)\n"

static void loop_calls_its_function(void **state)
{
    (void)state;
    gives(xdp, SUM_IS0 LOOP("10", "adds", AT_SUM, "0") SUM "exit\n" ADDS, 45);
    gives(xdp, SUM_IS0 LOOP("10", "adds", AT_SUM, "0") "exit\n" ADDS, 10);
    gives(xdp, SUM_IS0 LOOP("0", "adds", AT_SUM, "0") "exit\n" ADDS, 0);
    gives(xdp, SUM_IS0 LOOP("1 ll", "adds", AT_SUM, "0") "exit\n" ADDS, 1);
}

static void loop_refuses_what_the_kernel_refuses(void **state)
{
    (void)state;
    gives(xdp, SUM_IS0 LOOP("8388609", "adds", AT_SUM, "0") SUM "exit\n" ADDS, 0);
    gives(xdp, SUM_IS0 LOOP("8388609", "adds", AT_SUM, "0") "exit\n" ADDS, UINT32_MAX - 6);
    gives(xdp, SUM_IS0 LOOP("10", "adds", AT_SUM, "1") "exit\n" ADDS, (uint64_t)-22);
    gives(xdp, SUM_IS0 LOOP("8388609", "adds", AT_SUM, "1") "exit\n" ADDS, (uint64_t)-22);
}

/* Says stop when it is called for the fifth time. */
#define STOPS "stops:\nr0 = 0\nif r1 != 4 goto +1\nr0 = 1\nexit\n"

static void loop_stops_when_it_is_told(void **state)
{
    (void)state;
    gives(xdp, LOOP("10", "stops", "0", "0") "exit\n" STOPS, 5);
    gives(xdp, LOOP("4", "stops", "0", "0") "exit\n" STOPS, 4);
}

/* What is called changes none of r6 to r9, and finds its arguments and nothing else. */
static void registers_are_as_after_any_call(void **state)
{
    (void)state;
    gives(xdp,
          "r6 = 1\nr7 = 2\nr8 = 4\nr9 = 8\n" LOOP(
              "3", "spoils", "0",
              "0") "r0 += r6\nr0 += r7\nr0 += r8\nr0 += r9\nexit\n"
                   "spoils:\nr6 = 100\nr7 = 100\nr8 = 100\nr9 = 100\nr0 = 0\nexit\n",
          18);
}

#define INNER                                                                                      \
    "inner:\n" SUM_IS0 "r6 = r2\n" LOOP("5", "adds", AT_SUM, "0") SUM                              \
        "r1 = *(u64 *)(r6 + 0)\nr1 += r0\n*(u64 *)(r6 + 0) = r1\nr0 = 0\nexit\n"

static void loops_lie_within_loops(void **state)
{
    (void)state;
    gives(xdp, SUM_IS0 LOOP("7", "inner", AT_SUM, "0") SUM "exit\n" INNER ADDS, 70);
}

static void several_functions_are_told_apart(void **state)
{
    (void)state;
    gives(xdp,
          SUM_IS0 LOOP("10", "stops", "0", "0") "r6 = r0\n" LOOP(
              "4", "adds", AT_SUM, "0") "r6 += r0\n" SUM "r0 += r6\nexit\n" ADDS STOPS,
          5 + 4 + 6);
}

/* One function, called by a loop and by itself. */
static void a_function_may_also_be_called(void **state)
{
    (void)state;
    gives(xdp,
          SUM_IS0 LOOP("4", "adds", AT_SUM, "0") "r1 = 100\nr2 = r10\nr2 += -8\ncall adds\n" SUM
                                                 "exit\n" ADDS,
          106);
}

/* What goes wrong within is the run's end, at its place. */
static void faults_lie_where_they_happen(void **state)
{
    (void)state;
    is_wrong(xdp, LOOP("2", "wild", "0", "0") "exit\nwild: r0 = *(u64 *)(r2 + 0)\nexit\n",
             WN_FAULT_MEMORY, 7);
    is_wrong(xdp,
             LOOP("2", "outer", "0", "0") "exit\nouter:\n" LOOP(
                 "2", "wild", "0", "0") "r0 = 0\nexit\nwild: r0 = *(u64 *)(r2 + 0)\nexit\n",
             WN_FAULT_MEMORY, 15);
    faults(xdp, LOOP("1", "endless", "0", "0") "exit\nendless: goto endless\n", WN_FAULT_FUEL, 7);
}

/* Frames are as many as of functions that are called otherwise. */
static void loops_lie_as_deep_as_calls(void **state)
{
    (void)state;
    faults(xdp, "deep:\n" LOOP("1", "deep", "0", "0") "exit\n", WN_FAULT_STACK, 5);
    gives(xdp,
          "r1 = 1\nr2 = r10\nr2 += -8\n*(u64 *)(r2 + 0) = 0\ncall deep\nr0 = *(u64 *)(r10 - "
          "8)\nexit\n"
          "deep:\nr3 = *(u64 *)(r2 + 0)\nr3 += 1\n*(u64 *)(r2 + 0) = r3\nif r3 > 6 goto out\n"
          "r3 = r2\nr1 = 1\nr2 = deep ll\nr4 = 0\ncall 181\nout: r0 = 0\nexit\n",
          7);
}

static void what_is_no_function_cannot_be_called(void **state)
{
    (void)state;
    faults(xdp, "r1 = 1\nr2 = 5\nr3 = 0\nr4 = 0\ncall 181\nexit\n", WN_FAULT_CALL, 4);
    faults(xdp, "r5 = stops ll\nr1 = 1\nr2 = 8\nr3 = 0\nr4 = 0\ncall 181\nexit\n" STOPS,
           WN_FAULT_CALL, 6);
    gives(xdp, "r1 = 0\nr2 = 5\nr3 = 0\nr4 = 0\ncall 181\nexit\n", 0);
}

/* The most fuel with which it runs out, whatever runs it. */
static void fuel_is_spent_alike(void **state)
{
    (void)state;
    const char *text = LOOP("10", "stops", "0", "0") "exit\n" STOPS;
    for (unsigned fuel = 1; fuel < 30; fuel++) {
        struct wn_prog_opts opts = xdp;
        opts.fuel = fuel;
        if (fuel < 20)
            faults(opts, text, WN_FAULT_FUEL, 5);
        else
            gives(opts, text, 5);
    }
}

/* ---- What the verifier makes of them */

static const struct wn_prog_opts strict = {.type = WN_PROG_XDP, .verify = WN_VERIFY_STRICT};

/** Everything is proved, so that kernels would take it, and it gives this. */
static void proves(const char *text, uint64_t value)
{
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_prog_opts opts = strict;
        opts.engine = engines[i];
        struct wn_prog *prog = make(text, &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        if (prog)
            assert_int_equal(wn_prog_run(prog, run, &pkt).value, value);
        wn_run_free(run);
        wn_prog_free(prog);
    }
}

/** The verifier does not prove this slot, for that reason; kernels do not, either. */
static void leaves_open(const char *text, uint32_t slot, const char *why)
{
    struct wn_prog *prog = NULL;
    struct wn_error err = {0};
    size_t n = 0;
    struct wn_slot *slots = assemble(text, &n);
    assert_int_equal(wn_prog_new(slots, n, &strict, &prog, &err), WN_E_REJECTED);
    free(slots);
    if (err.at != slot || !strstr(err.text, why))
        fail_msg("slot %u: %s", err.at, err.text);
}

/* r6 = data, r7 = data_end */
#define PACKET "r7 = *(u32 *)(r1 + 4)\nr6 = *(u32 *)(r1 + 0)\n"

static void what_loops_do_is_proved(void **state)
{
    (void)state;
    proves(SUM_IS0 LOOP("10", "adds", AT_SUM, "0") SUM "exit\n" ADDS, 45);
    proves(SUM_IS0 LOOP("7", "inner", AT_SUM, "0") SUM "exit\n" INNER ADDS, 70);
    proves(SUM_IS0 LOOP("4", "adds", AT_SUM, "0") "r1 = 100\nr2 = r10\nr2 += -8\ncall adds\n" SUM
                                                  "exit\n" ADDS,
           106);
}

/* The number that it is given is less than the number of calls. */
static void the_index_is_known(void **state)
{
    (void)state;
#define FILLS "fills:\nr2 += r1\n*(u8 *)(r2 + 0) = 7\nr0 = 0\nexit\n"
    proves("*(u64 *)(r10 - 8) = 0\n" LOOP("8", "fills", AT_SUM,
                                          "0") "r0 = *(u8 *)(r10 - 1)\nexit\n" FILLS,
           7);
    leaves_open("*(u64 *)(r10 - 8) = 0\n" LOOP("9", "fills", AT_SUM, "0") "r0 = 0\nexit\n" FILLS,
                11, "stack");
}

/* What the function writes is what may be there afterwards, and when it is called again. */
static void what_loops_leave_is_anything(void **state)
{
    (void)state;
#define GROWS    "grows:\nr3 = *(u64 *)(r2 + 0)\nr3 += 1\n*(u64 *)(r2 + 0) = r3\nr0 = 0\nexit\n"
#define USES_SUM "r1 = *(u64 *)(r10 - 8)\nr2 = r10\nr2 += r1\nr0 = *(u8 *)(r2 - 8)\nexit\n"
    leaves_open(SUM_IS0 LOOP("10", "grows", AT_SUM, "0") USES_SUM GROWS, 11, "stack");
    leaves_open(
        SUM_IS0 LOOP("10", "spoils", AT_SUM,
                     "0") "r1 = *(u64 *)(r10 - 8)\nr0 = *(u8 *)(r1 + 0)\nexit\n"
                          "spoils:\nr3 = *(u64 *)(r2 + 0)\n*(u64 *)(r2 + 0) = r2\nr0 = 0\nexit\n",
        9, "r1");
    /* It may not have been called at all. */
    leaves_open("r6 = r1\n*(u64 *)(r10 - 8) = 0\nr1 = *(u32 *)(r6 + 16)\nr2 = points ll\nr3 = "
                "r10\nr3 += -8\n"
                "r4 = 0\ncall 181\nr1 = *(u64 *)(r10 - 8)\nr0 = *(u8 *)(r1 + 0)\nexit\n"
                "points:\n*(u64 *)(r2 + 0) = r2\nr0 = 0\nexit\n",
                10, "r1");
}

/* A pointer to the packet in the context, moved on after a look at how long that is. */
static void packets_are_parsed_in_loops(void **state)
{
    (void)state;
#define PARSES                                                                                     \
    "parses:\nr3 = *(u64 *)(r2 + 0)\nr4 = *(u64 *)(r2 + 8)\nr5 = r3\nr5 += 4\nr0 = 1\nif r5 > r4 " \
    "goto +6\n"                                                                                    \
    "r0 = *(u8 *)(r3 + 3)\nr1 = *(u64 *)(r2 + 16)\nr1 += r0\n*(u64 *)(r2 + 16) = r1\n"             \
    "*(u64 *)(r2 + 0) = r5\nr0 = 0\nexit\n"
    proves(PACKET "*(u64 *)(r10 - 8) = 0\n*(u64 *)(r10 - 16) = r7\n*(u64 *)(r10 - 24) = r6\n" LOOP(
               "20", "parses", "r10\nr3 += -24", "0") "exit\n" PARSES,
           16);
}

static void functions_return_0_or_1(void **state)
{
    (void)state;
    proves(LOOP("3", "one", "0", "0") "exit\none: r0 = 1\nexit\n", 1);
    refuses(xdp, LOOP("3", "two", "0", "0") "exit\ntwo: r0 = 2\nexit\n", 8);
    leaves_open(LOOP("3", "two", "0", "0") "exit\ntwo: r0 = 2\nexit\n", 8,
                "0 to be called again, or 1; r0 is 2; return 0 or 1");
    leaves_open(LOOP("3", "any", "0", "0") "exit\nany: r0 = r1\nexit\n", 8, "r0 is 0 to 2;");
    leaves_open(LOOP("3", "none", "0", "0") "exit\nnone: exit\n", 7, "has not been written");
    /* Whoever does not mind: anything but 0 ends it. */
    gives(xdp, LOOP("9", "any", "0", "0") "exit\nany: r0 = r1\nexit\n", 2);
}

static void functions_find_their_arguments_alone(void **state)
{
    (void)state;
    leaves_open(LOOP("3", "f", "0", "0") "exit\nf: r3 += 1\nr0 = 0\nexit\n", 7, "r3");
    leaves_open(LOOP("3", "f", "0", "0") "exit\nf: r6 += 1\nr0 = 0\nexit\n", 7, "r6");
    leaves_open("r6 = 0\n" LOOP("3", "f", "0", "0") "r2 += 1\nr0 = 0\nexit\nf: r0 = 0\nexit\n", 7,
                "r2");
}

static void functions_are_functions(void **state)
{
    (void)state;
    leaves_open("r1 = 1\nr2 = 5\nr3 = 0\nr4 = 0\ncall 181\nexit\n", 4,
                "r2 is called, and holds a number");
    leaves_open("r1 = 1\nr2 = r10\nr3 = 0\nr4 = 0\ncall 181\nexit\n", 4,
                "r2 is called, and points to stack");
    leaves_open("deep:\n" LOOP("1", "deep", "0", "0") "r0 = 0\nexit\n", 5, "calls itself");
}

/* Around a helper that calls a function, which decides whether to go on: that is a loop, too. */
static void loops_through_functions_are_not_taken_for_bounded(void **state)
{
    (void)state;
    static const char around[] =
        "r6 = r1\nagain: *(u64 *)(r10 - 8) = 0\n*(u64 *)(r10 - 16) = r6\n" LOOP(
            "1", "sets", "r10\nr3 += -16", "0") "r0 = *(u64 *)(r10 - 8)\nif r0 != 0 goto again\n"
                                                "exit\n"
                                                "sets:\nr3 = *(u64 *)(r2 + 0)\n"
                                                "r3 = *(u32 *)(r3 + 16)\n*(u64 *)(r2 + 8) = r3\n"
                                                "r0 = 0\nexit\n";
    struct wn_prog_info info;
    struct wn_prog *prog = make(around, &xdp);
    struct wn_run *run = wn_run_new();
    struct wn_packet pkt = packet();
    wn_prog_info(prog, &info);
    assert_int_equal(info.loops_fuelled, 1);
    assert_int_equal(wn_prog_run(prog, run, &pkt).fault, WN_FAULT_FUEL);
    pkt.queue = 0;
    assert_int_equal(wn_prog_run(prog, run, &pkt).fault, WN_FAULT_NONE);
    wn_run_free(run);
    wn_prog_free(prog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_through_functions_are_not_taken_for_bounded),
        cmocka_unit_test(loop_calls_its_function),
        cmocka_unit_test(loop_refuses_what_the_kernel_refuses),
        cmocka_unit_test(loop_stops_when_it_is_told),
        cmocka_unit_test(registers_are_as_after_any_call),
        cmocka_unit_test(loops_lie_within_loops),
        cmocka_unit_test(several_functions_are_told_apart),
        cmocka_unit_test(a_function_may_also_be_called),
        cmocka_unit_test(faults_lie_where_they_happen),
        cmocka_unit_test(loops_lie_as_deep_as_calls),
        cmocka_unit_test(what_is_no_function_cannot_be_called),
        cmocka_unit_test(fuel_is_spent_alike),
        cmocka_unit_test(what_loops_do_is_proved),
        cmocka_unit_test(the_index_is_known),
        cmocka_unit_test(what_loops_leave_is_anything),
        cmocka_unit_test(packets_are_parsed_in_loops),
        cmocka_unit_test(functions_return_0_or_1),
        cmocka_unit_test(functions_find_their_arguments_alone),
        cmocka_unit_test(functions_are_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
