/* SPDX-License-Identifier: MIT */
/**
 * Programs whose ways multiply: verifying them must take no longer than their
 * length allows, and still prove what can be proved.
 *
 *     blowup             checks what is proved, and counts steps and memory
 *     blowup --bench N   prints what verifying took, the least time of N, and what the kernel's
 *                        verifier took for the same slots, if it can be asked
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/prog.h>

#include "../parity/packets.h"
#include "judge.h"
#include "shapes.h"

/* Steps that nothing excuses: the budgets of docs/verifier.md are far below. */
#define MOST_STEPS(slots) (200 * (uint64_t)(slots) + 100000)
#define MOST_BYTES        (100u << 20) /* of programs with at most 10,000 slots */

enum { REASONS = 4 };

static struct wn_prog *load(const struct shape *s, const struct wn_slot *slots, size_t n,
                            struct wn_prog_info *info)
{
    struct wn_prog_opts opts = {.type = s->type, .explain = true};
    struct wn_error err = {0};
    struct wn_prog *prog;
    if (wn_prog_new(slots, n, &opts, &prog, &err)) {
        printf("# %s is rejected: slot %u: %s\n", s->name, err.at, err.text);
        return NULL;
    }
    wn_prog_info(prog, info);
    return prog;
}

/** Whether runs end as they must: with a result, unless the program is known to take too long. */
static bool run(const struct shape *s, const struct wn_prog *prog)
{
    size_t n;
    const struct packet *packets = packets_all(&n);
    struct wn_run *run = wn_run_new();
    bool fine = run != NULL;
    for (size_t i = 0; i < n && fine; i += 7) {
        struct wn_packet p = {
            .data = packets[i].data, .caplen = packets[i].bytes, .wirelen = packets[i].bytes};
        if (s->type != WN_PROG_FILTER && !packet_is_for(s->type, &packets[i]))
            continue;
        struct wn_result r = wn_prog_run(prog, run, &p);
        fine = !r.fault || (s->runs_out && r.fault == WN_FAULT_FUEL);
        if (!fine)
            printf("# %s: packet %zu: a fault: %s at slot %u\n", s->name, i,
                   wn_fault_name((enum wn_fault)r.fault), r.slot);
        if (r.fault)
            break; /* so will all the others */
    }
    wn_run_free(run);
    return fine;
}

static bool at_most(const struct shape *s, const char *what, uint64_t is, uint64_t most)
{
    if (is > most)
        printf("# %s: %s: %" PRIu64 ", at most %" PRIu64 " are allowed\n", s->name, what, is, most);
    return is <= most;
}

static void print_reasons(const struct wn_prog *prog)
{
    const struct wn_error *list;
    size_t n = wn_prog_unproved(prog, &list);
    for (size_t i = 0; i < n && i < REASONS; i++)
        printf("#   slot %u: %s\n", list[i].at, list[i].text);
}

static bool check(const struct shape *s)
{
    struct wn_slot *slots;
    struct wn_error err = {0};
    struct wn_prog_info info;
    size_t n;
    if (s->make(&slots, &n, &err)) {
        printf("# %s cannot be built: %s\n", s->name, err.text);
        return false;
    }
    struct wn_prog *prog = load(s, slots, n, &info);
    free(slots);
    if (!prog)
        return false;
    printf("# %s: %zu slots, %" PRIu64 " steps, %" PRIu64 " states, %" PRIu64
           " bytes; accesses %u, guarded %u; loops %u, fuelled %u\n",
           s->name, n, info.verify_steps, info.verify_states, info.verify_bytes, info.accesses,
           info.guarded, info.loops, info.loops_fuelled);
    print_reasons(prog);
    bool fine = at_most(s, "accesses guarded", info.guarded, s->most_guarded);
    fine &= at_most(s, "loops fuelled", info.loops_fuelled, s->most_fuelled);
    fine &= at_most(s, "steps", info.verify_steps, MOST_STEPS(n));
    fine &= n > 10000 || at_most(s, "bytes", info.verify_bytes, MOST_BYTES);
    if (info.loops_fuelled < s->least_fuelled) {
        printf("# %s: this loop takes longer than a run may\n", s->name);
        fine = false;
    }
    if (info.verify_steps < n / 2) {
        printf("# %s: that cannot be all of it\n", s->name);
        fine = false;
    }
    fine &= run(s, prog);
    wn_prog_free(prog);
    return fine;
}

static void print_row(const struct shape *s, int runs, bool ask)
{
    struct wn_slot *slots;
    struct wn_prog_info info = {0};
    struct verdict v = {0};
    uint64_t ours = UINT64_MAX, theirs = UINT64_MAX;
    size_t n;
    ask &= s->type != WN_PROG_FILTER;
    if (s->make(&slots, &n, NULL))
        return;
    for (int i = 0; i < runs; i++) {
        struct wn_prog *prog = load(s, slots, n, &info);
        if (!prog)
            break;
        wn_prog_free(prog);
        ours = info.verify_ns < ours ? info.verify_ns : ours;
        if (ask && (i == 0 || v.accepted)) {
            judge_slots(s->type, slots, n, false, &v);
            theirs = v.micros < theirs ? v.micros : theirs;
        }
    }
    if (ask && !v.accepted)
        judge_slots(s->type, slots, n, true, &v);
    printf("%-16s %7zu %10.1f %9" PRIu64 " %8" PRIu64 " %11" PRIu64 " %7u %7u", s->name, n,
           (double)ours / 1000, info.verify_steps, info.verify_states, info.verify_bytes,
           info.guarded, info.loops_fuelled);
    if (!ask)
        printf("          -\n");
    else
        printf(" %10" PRIu64 " %9" PRIu64 "%s%s\n", theirs, v.steps,
               v.accepted ? "" : "  refused: ", v.accepted ? "" : v.reason);
    free(slots);
}

static void bench(int runs)
{
    const char *missing = judge_missing();
    printf(
        "# The least of %d runs in microseconds. Ours: verify_ns. The kernel's: \"verification "
        "time\" of its log,\n# which has machine code for functions in it, and nothing else's; of "
        "what it refuses, until then, once.\n",
        runs);
    if (missing)
        printf("# The kernel is not asked: %s\n", missing);
    printf("%-16s %7s %10s %9s %8s %11s %7s %7s %10s %9s\n", "shape", "slots", "ours", "steps",
           "states", "bytes", "guarded", "fuelled", "kernel", "its steps");
    for (const struct shape *s = shapes; s->name; s++)
        print_row(s, runs, !missing);
}

int main(int argc, char **argv)
{
    unsigned n = 0, failed = 0;
    if (argc == 3 && strcmp(argv[1], "--bench") == 0) {
        bench(atoi(argv[2]));
        return 0;
    }
    if (argc != 1)
        return 2;
    for (const struct shape *s = shapes; s->name; s++)
        n++;
    printf("1..%u\n", n);
    for (unsigned i = 0; i < n; i++) {
        bool fine = check(&shapes[i]);
        printf("%sok %u - %s\n", fine ? "" : "not ", i + 1, shapes[i].name);
        failed += !fine;
    }
    return failed != 0;
}
