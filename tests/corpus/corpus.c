/* SPDX-License-Identifier: MIT */
/**
 * How much the verifier proves of programs as authors write them, held against
 * the kernel's: what the kernel accepts is accepted here, without a check at run
 * time and without fuel; what is safe and the kernel refuses is accepted with
 * them. And no run of any of them faults.
 *
 *     corpus KNOWN OBJECT...            asks the kernel; where it cannot be asked, KNOWN says
 *                                       what it accepted
 *     corpus --replay KNOWN OBJECT...   does not ask
 *     corpus --strict KNOWN OBJECT...   as --replay, and strictness must reject exactly what is
 *                                       checked at run time
 *     corpus --record OBJECT...         prints KNOWN
 *     corpus --time N OBJECT...         our time against the kernel's, the least of N each
 *
 * Objects in a directory "refused" are the safe ones that the kernel refuses.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/object.h>
#include <winnow/prog.h>

#include "../parity/packets.h"
#include "judge.h"

enum { NAME = 80, REASONS = 3, KNOWN = 4000 };

/** Ways in which the verifier may fall short. */
enum { GUARD = 1, CALL = 2, FUEL = 4 };

/**
 * Programs that need checks although the kernel accepts them. Each line is a
 * debt: it says why, and is an error once the program does without.
 */
static const struct {
    const char *name; /* NULL ends the list */
    unsigned what;
    const char *reason;
} exceptions[] = {
    {0},
};

/** What must be left for run time of programs that the kernel refuses. 0: nothing need be. */
static const struct {
    const char *name;
    unsigned any_of;
} expected[] = {
    {"branchless", GUARD},
    {"chain", FUEL},
    {"collatz", FUEL},
    {"counted", 0}, /* 16,383 turns of a short body are a bound */
    {"difference", CALL},
    {"divide", 0}, /* what a quotient can be is arithmetic */
    {"fold", 0},   /* packets have a longest length */
    {"gcd", FUEL},
    {"modulo", 0}, /* as a quotient */
    {"partial", GUARD},
    {"remembered", GUARD},
    {"rules64", 0}, /* nothing is wrong with any of its ways, only with their number */
    {"scratch", GUARD},
    {"search", FUEL},
    {"subtraction", 0}, /* a length may be followed as a pointer is */
    {"twice", 0},       /* equal numbers make equal pointers */
    {"unchecked", GUARD},
    {"unmoved", GUARD},
    {0},
};

/** Sums over the programs of an object, or over objects. */
struct counts {
    uint64_t accesses, guarded, calls, calls_checked, loops, loops_fuelled, verify_ns;
    unsigned programs;
    bool raw; /* a program for raw packets, of which the kernel knows nothing */
};

static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/** The source that an object is named after. */
static void name_of(const char *path, char name[NAME])
{
    snprintf(name, NAME, "%s", file_of(path));
    name[strcspn(name, ".")] = 0;
}

static bool is_refused(const char *path)
{
    return strstr(path, "refused/") != NULL;
}

/* ---- Ours ------------------------------------------------------------------------------------ */

static void print_reasons(const char *program, const struct wn_prog *prog)
{
    const struct wn_error *list;
    size_t n = wn_prog_unproved(prog, &list);
    for (size_t i = 0; i < n && i < REASONS; i++)
        printf("#   %s, slot %u: %s\n", program, list[i].at, list[i].text);
    if (n > REASONS)
        printf("#   %s: and %zu more\n", program, n - REASONS);
}

/** A program runs on every packet of its kind; whatever it answers, no check may fail. */
static bool runs_without_fault(const char *path, const struct wn_prog *prog, enum wn_prog_type type)
{
    size_t n, ran = 0;
    const struct packet *packets = packets_all(&n);
    struct wn_run *run = wn_run_new();
    bool fine = run != NULL;
    for (size_t i = 0; i < n && fine; i++) {
        struct wn_packet p = {
            .data = packets[i].data, .caplen = packets[i].bytes, .wirelen = packets[i].bytes};
        if (type != WN_PROG_FILTER && !packet_is_for(type, &packets[i]))
            continue;
        struct wn_result result = wn_prog_run(prog, run, &p);
        ran++;
        if (result.fault) {
            printf("# %s: packet %zu: a fault: %s at slot %u\n", file_of(path), i,
                   wn_fault_name((enum wn_fault)result.fault), result.slot);
            fine = false;
        }
    }
    wn_run_free(run);
    return fine && ran >= PACKET_LEAST;
}

/** Load one program of an object; with `run` also run it. Adds to `sum`. */
static bool load_program(const char *path, struct wn_object *object, size_t i,
                         enum wn_verify verify, bool run, struct counts *sum)
{
    struct wn_object_prog about;
    struct wn_prog_opts opts = {.verify = verify, .explain = run};
    struct wn_prog_info info;
    struct wn_error err = {0};
    struct wn_prog *prog;
    wn_object_describe(object, i, &about);
    int r = wn_prog_load(object, about.name, &opts, &prog, &err);
    if (r) {
        printf("# %s: %s is rejected%s: %s\n", file_of(path), about.name,
               verify == WN_VERIFY_STRICT ? " by strictness" : "", err.text);
        return false;
    }
    wn_prog_info(prog, &info);
    sum->accesses += info.accesses;
    sum->guarded += info.guarded;
    sum->calls += info.calls;
    sum->calls_checked += info.calls_checked;
    sum->loops += info.loops;
    sum->loops_fuelled += info.loops_fuelled;
    sum->verify_ns += info.verify_ns;
    sum->programs++;
    sum->raw |= info.type == WN_PROG_FILTER;
    bool fine = true;
    if (run) {
        print_reasons(about.name, prog);
        fine = runs_without_fault(path, prog, info.type);
    }
    wn_prog_free(prog);
    return fine;
}

/** Load all programs of an object. */
static bool load_ours(const char *path, enum wn_verify verify, bool run, struct counts *sum)
{
    struct wn_object *object;
    struct wn_error err = {0};
    *sum = (struct counts){0};
    if (wn_object_load(path, &object, &err)) {
        printf("# %s: %s\n", path, err.text);
        return false;
    }
    bool fine = wn_object_count(object) > 0;
    for (size_t i = 0; i < wn_object_count(object) && fine; i++)
        fine = load_program(path, object, i, verify, run, sum);
    wn_object_free(object);
    return fine;
}

static unsigned shortcomings(const struct counts *c)
{
    return (c->guarded ? GUARD : 0u) | (c->calls_checked ? CALL : 0u) |
           (c->loops_fuelled ? FUEL : 0u);
}

/* ---- Theirs ---------------------------------------------------------------------------------- */

/** What the kernel said when it could be asked. */
static struct {
    char file[NAME];
    struct verdict verdict;
} known[KNOWN];
static size_t n_known;

static void read_known(const char *path)
{
    FILE *f = fopen(path, "re");
    char line[400], word[16];
    while (f && fgets(line, sizeof line, f)) {
        int after = 0;
        if (n_known == KNOWN ||
            sscanf(line, "%79s %15s %n", known[n_known].file, word, &after) != 2)
            break;
        line[strcspn(line, "\n")] = 0;
        known[n_known].verdict.accepted = strcmp(word, "accepted") == 0;
        snprintf(known[n_known++].verdict.reason, sizeof known[0].verdict.reason, "%.199s",
                 line + after);
    }
    if (!f || !feof(f) || n_known == 0) {
        printf("Bail out! %s cannot be read\n", path);
        exit(1);
    }
    fclose(f);
}

/** What the kernel says of an object, which must have been recorded also where it is asked. */
static bool ask(const char *path, bool live, struct verdict *out)
{
    for (size_t i = 0; i < n_known; i++) {
        if (strcmp(known[i].file, file_of(path)) != 0)
            continue;
        *out = known[i].verdict;
        if (live)
            judge_object(path, false, out);
        if (out->accepted != known[i].verdict.accepted)
            printf("# %s: another verdict than the one recorded\n", file_of(path));
        return true;
    }
    printf("# %s: what the kernel says has not been recorded\n", path);
    return false;
}

/* ---- Both ------------------------------------------------------------------------------------ */

static struct counts total;
static unsigned used[sizeof exceptions / sizeof *exceptions]; /* what each was needed for */

/** What a program may leave for run time although the kernel accepts it. */
static unsigned excused(const char *name, unsigned what)
{
    for (size_t i = 0; exceptions[i].name; i++) {
        if (strcmp(exceptions[i].name, name) == 0) {
            used[i] |= what & exceptions[i].what;
            return exceptions[i].what;
        }
    }
    return 0;
}

static bool check_accepted(const char *path, const struct counts *c, const struct verdict *verdict)
{
    char name[NAME];
    name_of(path, name);
    total.accesses += c->accesses;
    total.guarded += c->guarded;
    total.calls += c->calls;
    total.calls_checked += c->calls_checked;
    total.loops += c->loops;
    total.loops_fuelled += c->loops_fuelled;
    total.programs += c->programs;
    if (!c->raw && !verdict->accepted) {
        printf("# %s: the kernel refuses it: %s\n", file_of(path), verdict->reason);
        return false;
    }
    unsigned what = shortcomings(c) & ~excused(name, shortcomings(c));
    if (what)
        printf("# %s: safe, but not proved:%s%s%s\n", file_of(path),
               what & GUARD ? " accesses guarded" : "", what & CALL ? " calls checked" : "",
               what & FUEL ? " loops fuelled" : "");
    return what == 0;
}

static bool check_refused(const char *path, const struct counts *c, const struct verdict *verdict)
{
    char name[NAME];
    name_of(path, name);
    if (verdict->accepted) {
        printf("# %s: the kernel accepts it\n", file_of(path));
        return false;
    }
    for (size_t i = 0; expected[i].name; i++) {
        if (strcmp(expected[i].name, name) != 0)
            continue;
        if (expected[i].any_of == 0 || shortcomings(c) & expected[i].any_of)
            return true;
        printf("# %s: proved, and nothing is left that could be wrong?\n", file_of(path));
        return false;
    }
    printf("# %s: nothing is expected of it\n", file_of(path));
    return false;
}

static bool check_object(const char *path, bool live)
{
    struct counts c;
    struct verdict verdict = {0};
    bool fine = load_ours(path, WN_VERIFY_GUARD, true, &c);
    if (!fine)
        return false;
    /* The kernel is not asked about what it has no type for. */
    if (!c.raw && !ask(path, live, &verdict))
        return false;
    printf("# %s: accesses %" PRIu64 ", guarded %" PRIu64 "; calls %" PRIu64 ", checked %" PRIu64
           "; loops %" PRIu64 ", fuelled %" PRIu64 "; %s\n",
           file_of(path), c.accesses, c.guarded, c.calls, c.calls_checked, c.loops, c.loops_fuelled,
           c.raw              ? "raw"
           : verdict.accepted ? "the kernel accepts it"
                              : "the kernel refuses it");
    return is_refused(path) ? check_refused(path, &c, &verdict)
                            : check_accepted(path, &c, &verdict);
}

/** Whether strictness rejects an object if something is checked at run time, and only then. */
static bool check_strict(const char *path)
{
    struct counts guard, strict;
    if (!load_ours(path, WN_VERIFY_GUARD, false, &guard))
        return false;
    bool want = shortcomings(&guard) == 0, got = load_ours(path, WN_VERIFY_STRICT, false, &strict);
    if (want != got)
        printf("# %s: %s\n", file_of(path),
               want ? "all of it is proved, but strictness rejects it"
                    : "strictness accepts what is checked at run time");
    return want == got;
}

static unsigned number; /* of the last line */
static unsigned failed;

static void say(bool fine, const char *what)
{
    printf("%sok %u - %s\n", fine ? "" : "not ", ++number, what);
    failed += !fine;
}

static void check_total(void)
{
    bool fine = true;
    printf("# %u programs: accesses %" PRIu64 ", guarded %" PRIu64 "; calls %" PRIu64
           ", checked %" PRIu64 "; loops %" PRIu64 ", fuelled %" PRIu64 "\n",
           total.programs, total.accesses, total.guarded, total.calls, total.calls_checked,
           total.loops, total.loops_fuelled);
    say(total.guarded * 100 <= total.accesses, "of 100 accesses at least 99 are proved");
    for (size_t i = 0; exceptions[i].name; i++) {
        if (used[i] == exceptions[i].what)
            continue;
        printf("# %s needs no exception any more\n", exceptions[i].name);
        fine = false;
    }
    say(fine, "exceptions are needed");
}

/* ---- Time ------------------------------------------------------------------------------------ */

static void print_times(int n, int objects, char **paths)
{
    double logs = 0;
    unsigned compared = 0;
    printf(
        "# Microseconds, the least of %d runs, one after the other in turn. Ours: verify_ns. The "
        "kernel's:\n# \"verification time\" of its log, whole microseconds, without making "
        "machine code unless there are functions.\n"
        "%-28s %10s %10s %8s %10s\n",
        n, "object", "ours", "kernel", "ratio", "its steps");
    for (int i = 0; i < objects; i++) {
        uint64_t ours = UINT64_MAX, theirs = UINT64_MAX;
        struct verdict v = {0};
        for (int k = 0; k < n; k++) {
            struct counts c;
            if (!load_ours(paths[i], WN_VERIFY_GUARD, false, &c) || c.raw)
                break;
            judge_object(paths[i], false, &v);
            if (!v.accepted || !v.micros_known)
                break;
            ours = c.verify_ns < ours ? c.verify_ns : ours;
            theirs = v.micros < theirs ? v.micros : theirs;
        }
        if (theirs == UINT64_MAX)
            continue;
        double ratio = (double)ours / 1000 / (double)theirs;
        if (ours && theirs) {
            logs += log(ratio);
            compared++;
        }
        printf("%-28s %10.1f %10" PRIu64 " %8.3f %10" PRIu64 "\n", file_of(paths[i]),
               (double)ours / 1000, theirs, ratio, v.steps);
    }
    printf("# %u objects, geometric mean of ours / kernel's: %.3f\n", compared,
           compared ? exp(logs / compared) : 0.0);
}

static int record(int objects, char **paths)
{
    for (int i = 0; i < objects; i++) {
        struct counts c;
        struct verdict v;
        if (!load_ours(paths[i], WN_VERIFY_GUARD, false, &c))
            return 1;
        if (c.raw)
            continue;
        judge_object(paths[i], true, &v);
        printf("%s %s%s%s\n", file_of(paths[i]), v.accepted ? "accepted" : "refused",
               v.accepted ? "" : " ", v.accepted ? "" : v.reason);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 && argv[1][0] == '-' ? argv[1] : "";
    int first = *mode ? 2 : 1;
    const char *missing = judge_missing(), *why = missing;
    bool alone = strcmp(mode, "--record") == 0 || strcmp(mode, "--time") == 0;
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
        why = "the objects are for little-endian machines";
    if (why && (alone || why != missing)) {
        printf("1..0 # SKIP %s\n", why);
        return 0;
    }
    if (strcmp(mode, "--record") == 0)
        return record(argc - first, argv + first);
    if (argc <= first + 1)
        return 2;
    if (strcmp(mode, "--time") == 0) {
        print_times(atoi(argv[first]), argc - first - 1, argv + first + 1);
        return 0;
    }
    bool strict = strcmp(mode, "--strict") == 0, live = !*mode && !missing;
    bool skipped = !*mode && missing;
    read_known(argv[first++]);
    printf("1..%d\n", argc - first + (strict ? 0 : 2) + skipped);
    for (int i = first; i < argc; i++)
        say(strict ? check_strict(argv[i]) : check_object(argv[i], live), file_of(argv[i]));
    if (strict)
        return failed != 0;
    check_total();
    if (skipped)
        printf("ok %u - the kernel is asked # SKIP %s\n", ++number, missing);
    return failed != 0;
}
