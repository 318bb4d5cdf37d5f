/* SPDX-License-Identifier: MIT */
/** Helpers that have functions of the program called. What is said to be the kernel's is Linux
 * 6.18's answer. */
#include "../engines.h"

static const struct wn_prog_opts blind = {.type = WN_PROG_XDP, .verify = WN_VERIFY_NONE};

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
    gives(blind, SUM_IS0 LOOP("10", "adds", AT_SUM, "0") SUM "exit\n" ADDS, 45);
    gives(blind, SUM_IS0 LOOP("10", "adds", AT_SUM, "0") "exit\n" ADDS, 10);
    gives(blind, SUM_IS0 LOOP("0", "adds", AT_SUM, "0") "exit\n" ADDS, 0);
    gives(blind, SUM_IS0 LOOP("1 ll", "adds", AT_SUM, "0") "exit\n" ADDS, 1);
}

static void loop_refuses_what_the_kernel_refuses(void **state)
{
    (void)state;
    gives(blind, SUM_IS0 LOOP("8388609", "adds", AT_SUM, "0") SUM "exit\n" ADDS, 0);
    gives(blind, SUM_IS0 LOOP("8388609", "adds", AT_SUM, "0") "exit\n" ADDS, (uint64_t)-7);
    gives(blind, SUM_IS0 LOOP("10", "adds", AT_SUM, "1") "exit\n" ADDS, (uint64_t)-22);
    gives(blind, SUM_IS0 LOOP("8388609", "adds", AT_SUM, "1") "exit\n" ADDS, (uint64_t)-22);
}

/* Says stop when it is called for the fifth time. */
#define STOPS "stops:\nr0 = 0\nif r1 != 4 goto +1\nr0 = 1\nexit\n"

static void loop_stops_when_it_is_told(void **state)
{
    (void)state;
    gives(blind, LOOP("10", "stops", "0", "0") "exit\n" STOPS, 5);
    gives(blind, LOOP("4", "stops", "0", "0") "exit\n" STOPS, 4);
}

/* What is called changes none of r6 to r9, and finds its arguments and nothing else. */
static void registers_are_as_after_any_call(void **state)
{
    (void)state;
    gives(blind,
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
    gives(blind, SUM_IS0 LOOP("7", "inner", AT_SUM, "0") SUM "exit\n" INNER ADDS, 70);
}

static void several_functions_are_told_apart(void **state)
{
    (void)state;
    gives(blind,
          SUM_IS0 LOOP("10", "stops", "0", "0") "r6 = r0\n" LOOP(
              "4", "adds", AT_SUM, "0") "r6 += r0\n" SUM "r0 += r6\nexit\n" ADDS STOPS,
          5 + 4 + 6);
}

/* One function, called by a loop and by itself. */
static void a_function_may_also_be_called(void **state)
{
    (void)state;
    gives(blind,
          SUM_IS0 LOOP("4", "adds", AT_SUM, "0") "r1 = 100\nr2 = r10\nr2 += -8\ncall adds\n" SUM
                                                 "exit\n" ADDS,
          106);
}

/* What goes wrong within is the run's end, at its place. */
static void faults_lie_where_they_happen(void **state)
{
    (void)state;
    faults(blind, LOOP("2", "wild", "0", "0") "exit\nwild: r0 = *(u64 *)(r2 + 0)\nexit\n",
           WN_FAULT_MEMORY, 7);
    faults(blind,
           LOOP("2", "outer", "0", "0") "exit\nouter:\n" LOOP(
               "2", "wild", "0", "0") "r0 = 0\nexit\nwild: r0 = *(u64 *)(r2 + 0)\nexit\n",
           WN_FAULT_MEMORY, 15);
    faults(blind, LOOP("1", "endless", "0", "0") "exit\nendless: goto endless\n", WN_FAULT_FUEL, 7);
}

/* Frames are as many as of functions that are called otherwise. */
static void loops_lie_as_deep_as_calls(void **state)
{
    (void)state;
    faults(blind, "deep:\n" LOOP("1", "deep", "0", "0") "exit\n", WN_FAULT_STACK, 5);
    gives(blind,
          "r1 = 1\nr2 = r10\nr2 += -8\n*(u64 *)(r2 + 0) = 0\ncall deep\nr0 = *(u64 *)(r10 - "
          "8)\nexit\n"
          "deep:\nr3 = *(u64 *)(r2 + 0)\nr3 += 1\n*(u64 *)(r2 + 0) = r3\nif r3 > 6 goto out\n"
          "r3 = r2\nr1 = 1\nr2 = deep ll\nr4 = 0\ncall 181\nout: r0 = 0\nexit\n",
          7);
}

static void what_is_no_function_cannot_be_called(void **state)
{
    (void)state;
    faults(blind, "r1 = 1\nr2 = 5\nr3 = 0\nr4 = 0\ncall 181\nexit\n", WN_FAULT_CALL, 4);
    faults(blind, "r5 = stops ll\nr1 = 1\nr2 = 8\nr3 = 0\nr4 = 0\ncall 181\nexit\n" STOPS,
           WN_FAULT_CALL, 6);
    gives(blind, "r1 = 0\nr2 = 5\nr3 = 0\nr4 = 0\ncall 181\nexit\n", 0);
}

/* The most fuel with which it runs out, whatever runs it. */
static void fuel_is_spent_alike(void **state)
{
    (void)state;
    const char *text = LOOP("10", "stops", "0", "0") "exit\n" STOPS;
    for (unsigned fuel = 1; fuel < 30; fuel++) {
        struct wn_prog_opts opts = blind;
        opts.fuel = fuel;
        if (fuel < 20)
            faults(opts, text, WN_FAULT_FUEL, 5);
        else
            gives(opts, text, 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
