/* SPDX-License-Identifier: MIT */
#include "compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "isa/decode.h"
#include "jit/backend.h"
#include "jit/pages.h"
#include "opt/lower.h"
#include "opt/simplify.h"
#include "verify/flow.h"
#include "verify/stack.h"
#include "verify/verify.h"

#define ROUND_NS    15e6 /* a program is compiled again and again for so long */
#define MAX_POINTS  64
#define TARGET_SLOT 50.0   /* ns */
#define TARGET_ONCE 5000.0 /* ns */

/* The steps of wn_prog_new(), and both machines' code whichever this one is. */
enum stage { DECODE, CHECK, VERIFY, LOWER, X86, A64, PAGES, STAGES };

static const char *const stage_names[STAGES] = {"decode", "check", "verify", "lower",
                                                "x86-64", "a64",   "pages"};

struct point {
    size_t slots;
    double ns[STAGES];
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/** What compiling takes on a machine: not the other machine's code; verifying and pages are other
 * matters. */
static double total(const struct point *p, enum stage machine)
{
    return p->ns[DECODE] + p->ns[CHECK] + p->ns[LOWER] + p->ns[machine];
}

static int check(struct wn_code *code, struct wn_error *err)
{
    uint32_t stack;
    int r = wn_flow_check(code, err);
    return r ? r : wn_stack_need(code, &stack, err);
}

static int verify(struct wn_code *code, struct wn_error *err)
{
    const struct wn_verify_env env = {.type = WN_PROG_FILTER};
    struct wn_verified verified;
    return wn_verify(code, &env, &verified, err);
}

/** From slots to lowered code, with what each step takes. */
static int prepare(const struct wn_slot *slots, size_t count, struct wn_code **lowered,
                   double ns[STAGES], struct wn_error *err)
{
    struct wn_code *decoded = NULL;
    double start = now(), decode_end, check_end, verify_end;
    int r = wn_decode(slots, count, &decoded, err);
    decode_end = now();
    if (r == 0)
        r = check(decoded, err);
    check_end = now();
    if (r == 0)
        r = verify(decoded, err);
    verify_end = now();
    if (r == 0)
        r = wn_simplify(decoded, err);
    if (r == 0)
        r = wn_lower(decoded, lowered, err);
    ns[LOWER] = now() - verify_end;
    ns[VERIFY] = verify_end - check_end;
    ns[CHECK] = check_end - decode_end;
    ns[DECODE] = decode_end - start;
    wn_code_free(decoded);
    return r;
}

static int emit(const struct wn_backend *backend, const struct wn_code *code,
                struct wn_code_buf *buf, double *ns, struct wn_error *err)
{
    double start = now();
    int r = wn_jit_emit(backend, code, UINT32_MAX, buf, err);
    *ns = now() - start;
    return r;
}

static int install(const struct wn_code_buf *buf, double *ns, struct wn_error *err)
{
    const uint8_t *at = NULL;
    double start = now();
    int r = wn_pages_seal(wn_buf_code(buf), buf->len, &at, err);
    *ns = now() - start;
    wn_pages_unmap(at, buf->len);
    return r;
}

/** Compile for one machine; the code is installed only where that is what is measured. */
static int compile_once(const struct wn_slot *slots, size_t count, enum stage wanted,
                        double ns[STAGES], struct wn_error *err)
{
    const struct wn_backend *backend = wanted == A64 ? &wn_backend_a64 : &wn_backend_x86;
    struct wn_code *lowered = NULL;
    struct wn_code_buf buf = {0};
    int r = prepare(slots, count, &lowered, ns, err);
    if (r == 0)
        r = emit(backend, lowered, &buf, &ns[wanted == A64 ? A64 : X86], err);
    if (r == 0 && wanted == PAGES)
        r = install(&buf, &ns[PAGES], err);
    wn_buf_fini(&buf);
    wn_code_free(lowered);
    return r;
}

/** The least that each step took. Machines have rounds of their own, as they would elsewhere. */
static bool measure(const struct wn_slot *slots, size_t count, struct point *p)
{
    struct wn_error err;
    *p = (struct point){.slots = count};
    for (int s = 0; s < STAGES; s++)
        p->ns[s] = 1e18;
    for (enum stage wanted = X86; wanted < STAGES; wanted++)
        for (double end = now() + ROUND_NS; now() < end;) {
            double ns[STAGES] = {[X86] = 1e18, [A64] = 1e18, [PAGES] = 1e18};
            if (compile_once(slots, count, wanted, ns, &err)) {
                fprintf(stderr, "%zu slots: slot %u: %s\n", count, err.at, err.text);
                return false;
            }
            for (int s = 0; s < STAGES; s++)
                p->ns[s] = ns[s] < p->ns[s] ? ns[s] : p->ns[s];
        }
    return true;
}

/** Whether a program can be put in front of another: jumps reach its end, and no functions stand
 * in between. */
static bool can_go_on(const struct compile_source *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->slots[i].opcode == 0x85 && wn_slot_src(s->slots[i]) == WN_PSEUDO_CALL_LOCAL)
            return false;
    return s->count <= INT16_MAX;
}

#define ARGUMENTS 3

/** Keep the arguments at the far end of the stack, or get them from there again. */
static size_t arguments(struct wn_slot *out, bool keep)
{
    for (int i = 0; i < ARGUMENTS; i++) {
        uint8_t reg = (uint8_t)(WN_R1 + i);
        int16_t off = (int16_t)(-512 + 8 * i);
        out[i] = keep ? wn_slot(0x7b, WN_R10, reg, off, 0) : wn_slot(0x79, reg, WN_R10, off, 0);
    }
    return ARGUMENTS;
}

/** One program after the other; where one ended it goes on with the next. */
static size_t chain(const struct compile_source *sources, size_t n, size_t least,
                    struct wn_slot *out)
{
    size_t len = arguments(out, true);
    for (size_t k = 0; len < least; k = (k + 1) % n) {
        if (!can_go_on(&sources[k]))
            continue;
        len += arguments(out + len, false);
        size_t i = len;
        memcpy(out + len, sources[k].slots, sources[k].count * sizeof *out);
        len += sources[k].count;
        for (; i < len && len < least; i++)
            if (out[i].opcode == 0x95)
                out[i] = wn_slot(0x05, 0, 0, (int16_t)(len - i - 1), 0);
    }
    return len;
}

/** Measure programs of `least` slots and a few more. */
static bool measure_chain(const struct compile_source *sources, size_t n, size_t least,
                          struct point *p)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++)
        if (can_go_on(&sources[i]) && sources[i].count > most)
            most = sources[i].count;
    struct wn_slot *slots = most ? calloc(least + most + 2 * ARGUMENTS, sizeof *slots) : NULL;
    if (!slots)
        return false;
    bool done = measure(slots, chain(sources, n, least, slots), p);
    free(slots);
    return done;
}

static int by_slots(const void *a, const void *b)
{
    size_t x = ((const struct point *)a)->slots, y = ((const struct point *)b)->slots;
    return (x > y) - (x < y);
}

/**
 * The line that is nearest to all points, counted in parts of each: without
 * weights the longest program would be all that matters.
 */
static void print_line(const struct point *p, size_t n, enum stage machine)
{
    double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0, worst = 0;
    for (size_t i = 0; i < n; i++) {
        double x = (double)p[i].slots, y = total(&p[i], machine), weight = 1 / (y * y);
        double part = y / (TARGET_ONCE + TARGET_SLOT * x);
        w += weight;
        wx += weight * x;
        wy += weight * y;
        wxx += weight * x * x;
        wxy += weight * x * y;
        worst = part > worst ? part : worst;
    }
    double slope = (w * wxy - wx * wy) / (w * wxx - wx * wx);
    printf("%s: %.1f ns a slot and %.2f us; at most %.0f%% of %.0f ns a slot and %.0f us\n",
           stage_names[machine], slope, (wy - slope * wx) / w / 1e3, worst * 100, TARGET_SLOT,
           TARGET_ONCE / 1e3);
}

static void print_points(const struct point *p, size_t n)
{
    printf("%7s", "slots");
    for (int s = 0; s < STAGES; s++)
        printf(" %10s", stage_names[s]);
    printf(" %15s\n", "all but pages");
    for (size_t i = 0; i < n; i++) {
        printf("%7zu", p[i].slots);
        for (int s = 0; s < STAGES; s++)
            printf(" %10.0f", p[i].ns[s]);
        printf(" %15.0f\n", total(&p[i], X86));
    }
}

bool compile_report(const struct compile_source *sources, size_t n)
{
    static const size_t lengths[] = {1000, 3000, 10000};
    struct point p[MAX_POINTS];
    size_t points = 0;
    for (size_t i = 0; i < n && points < MAX_POINTS; i++)
        if (!measure(sources[i].slots, sources[i].count, &p[points++]))
            return false;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths && points < MAX_POINTS; i++)
        if (!measure_chain(sources, n, lengths[i], &p[points++]))
            return false;
    qsort(p, points, sizeof *p, by_slots);
    printf("\ncompiling, ns\n");
    print_points(p, points);
    print_line(p, points, X86);
    print_line(p, points, A64);
    return true;
}
