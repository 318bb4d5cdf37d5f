/* SPDX-License-Identifier: MIT */
/**
 * bench OBJECT...: nanoseconds a packet, filter by filter and engine by engine,
 * and what compiling them takes.
 *
 * Each filter is one source: compiled by gcc -O2 into this program and by clang
 * into the object that is run by our engines. Expressions have libpcap's
 * bpf_filter() instead. All get the same packets; each figure is the least of
 * many rounds, in which everybody has a turn, and is followed by how many times
 * the first column it is. Every verdict must be the same, or the benchmark
 * fails. "mixed" are packets of many kinds in an order that no branch predictor
 * learns, "one" is a packet that passes, over and over. Filters are verified as
 * users' are; "guarded" is compiled code of which nothing was proved, and "worth"
 * is how many times as long that takes.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pcap/pcap.h>

#include <winnow/object.h>
#include <winnow/prog.h>
#include <winnow/text.h>

#include "compile.h"
#include "traffic.h"

#define ROUNDS   100
#define TURN_NS  200e3 /* what a turn takes, or the scheduler would take part in most of them */
#define MOST_RUN 20000 /* packets of a turn */
#define MOST     64    /* objects */

enum column { NATIVE, JIT, GUARDED, INTERP, REFERENCE, COLUMNS };

typedef uint64_t (*native_fn)(const uint8_t *p, uint64_t len, uint64_t wirelen);

#define NATIVE_FILTERS(F)                                                                          \
    F(acl)                                                                                         \
    F(checksum)                                                                                    \
    F(constant)                                                                                    \
    F(dns)                                                                                         \
    F(functions)                                                                                   \
    F(headers)                                                                                     \
    F(histogram)                                                                                   \
    F(ipv6)                                                                                        \
    F(lanes)                                                                                       \
    F(options)                                                                                     \
    F(packed)                                                                                      \
    F(port)                                                                                        \
    F(rules)                                                                                       \
    F(sample)                                                                                      \
    F(scan)                                                                                        \
    F(siphash)                                                                                     \
    F(tuple)

#define DECLARE(name) uint64_t name(const uint8_t *p, uint64_t len, uint64_t wirelen);
NATIVE_FILTERS(DECLARE)
#undef DECLARE

#define ROW(name) {#name, name},
static const struct {
    const char *name;
    native_fn fn;
} natives[] = {NATIVE_FILTERS(ROW)};
#undef ROW

static const char *const expressions[] = {
    "tcp dst port 80",
    "not (tcp port 22) and (udp port 53 or icmp)",
    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and not src and dst net 10.0.0.0/8",
    "udp portrange 1000-2000 or net 172.16.0.0/12",
};

/** One filter in all its forms: native code or libpcap's program, and ours. */
struct subject {
    native_fn native;
    struct bpf_program classic;
    struct wn_prog *progs[COLUMNS];
};

static struct wn_run *run;

/** Logarithms of the ratios since the last mean; in the first place that of what proofs are worth.
 */
static double sums[2][COLUMNS];
static int rows;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/** The next packet of a sequence that does not repeat within a turn, nor in the next. */
static inline const struct wn_packet *pick(const struct wn_packet *p, uint32_t *at, uint32_t mask)
{
    *at = *at * 1664525 + 1013904223;
    return &p[*at >> 16 & mask];
}

/* One loop an engine, so that nothing but the call is in it; `at` begins the sequence. */

static uint64_t loop_native(native_fn fn, const struct wn_packet *p, size_t n, uint32_t mask,
                            uint32_t at)
{
    uint64_t passed = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct wn_packet *k = pick(p, &at, mask);
        passed += fn(k->data, k->caplen, k->wirelen) != 0;
    }
    return passed;
}

static uint64_t loop_classic(const struct bpf_program *f, const struct wn_packet *p, size_t n,
                             uint32_t mask, uint32_t at)
{
    uint64_t passed = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct wn_packet *k = pick(p, &at, mask);
        passed += bpf_filter(f->bf_insns, k->data, k->wirelen, k->caplen) != 0;
    }
    return passed;
}

static uint64_t loop_prog(const struct wn_prog *prog, const struct wn_packet *p, size_t n,
                          uint32_t mask, uint32_t at)
{
    uint64_t passed = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct wn_result r = wn_prog_run(prog, run, pick(p, &at, mask));
        passed += (uint32_t)r.value != 0;
        if (r.fault) {
            fprintf(stderr, "fault %s at slot %u\n", wn_fault_name((enum wn_fault)r.fault), r.slot);
            exit(1);
        }
    }
    return passed;
}

static uint64_t loop(const struct subject *s, enum column c, const struct wn_packet *p, size_t n,
                     uint32_t mask, uint32_t at)
{
    if (c == NATIVE && s->native)
        return loop_native(s->native, p, n, mask, at);
    return c == NATIVE ? loop_classic(&s->classic, p, n, mask, at)
                       : loop_prog(s->progs[c], p, n, mask, at);
}

static uint32_t verdict(const struct subject *s, enum column c, const struct wn_packet *p)
{
    if (c != NATIVE)
        return (uint32_t)wn_prog_run(s->progs[c], run, p).value;
    if (s->native)
        return (uint32_t)s->native(p->data, p->caplen, p->wirelen);
    return bpf_filter(s->classic.bf_insns, p->data, p->wirelen, p->caplen);
}

/** Whether all say the same of every packet. */
static bool agree(const struct subject *s, const struct traffic *t)
{
    for (int i = 0; i < TRAFFIC_PACKETS + 1; i++) {
        uint32_t right = verdict(s, NATIVE, &t->packets[i]);
        for (int c = NATIVE + 1; c < COLUMNS; c++) {
            uint32_t v = verdict(s, (enum column)c, &t->packets[i]);
            if (v != right) {
                fprintf(stderr, "packet %d, column %d: %" PRIu32 ", not %" PRIu32 "\n", i, c, v,
                        right);
                return false;
            }
        }
    }
    return true;
}

/** A packet that passes: the one that is meant to, or the first. NULL if there is none. */
static const struct wn_packet *passing(const struct subject *s, const struct traffic *t)
{
    for (int i = TRAFFIC_PACKETS; i >= 0; i--)
        if (verdict(s, NATIVE, &t->packets[i]))
            return &t->packets[i];
    return NULL;
}

/** How many packets make a turn: so many that the clock does not matter. */
static size_t turn_of(const struct subject *s, enum column c, const struct wn_packet *p,
                      uint32_t mask)
{
    double start = now();
    loop(s, c, p, 100, mask, 1);
    double n = TURN_NS / ((now() - start) / 100);
    return n < MOST_RUN ? (size_t)n + 1 : MOST_RUN;
}

/** Time all columns in turn. */
static void measure(const struct subject *s, const struct wn_packet *p, uint32_t mask,
                    double best[COLUMNS])
{
    size_t turn[COLUMNS];
    for (int c = 0; c < COLUMNS; c++) {
        best[c] = 1e18;
        turn[c] = turn_of(s, (enum column)c, p, mask);
    }
    for (uint32_t round = 0; round < ROUNDS; round++)
        for (int c = 0; c < COLUMNS; c++) {
            loop(s, (enum column)c, p, turn[c] / 10, mask, ~round);
            double start = now();
            loop(s, (enum column)c, p, turn[c], mask, round);
            double took = (now() - start) / (double)turn[c];
            best[c] = took < best[c] ? took : best[c];
        }
}

static bool make_progs(struct subject *s, const struct wn_slot *slots, size_t count)
{
    static const enum wn_engine engines[COLUMNS] = {[JIT] = WN_ENGINE_JIT,
                                                    [GUARDED] = WN_ENGINE_JIT,
                                                    [INTERP] = WN_ENGINE_INTERP,
                                                    [REFERENCE] = WN_ENGINE_REFERENCE};
    struct wn_error err;
    for (int c = JIT; c < COLUMNS; c++) {
        struct wn_prog_opts opts = {.engine = engines[c],
                                    .verify = c == GUARDED ? WN_VERIFY_NONE : WN_VERIFY_GUARD};
        if (wn_prog_new(slots, count, &opts, &s->progs[c], &err)) {
            fprintf(stderr, "slot %u: %s\n", err.at, err.text);
            return false;
        }
    }
    return true;
}

static void print_row(const char *name, const char *traffic, const double best[COLUMNS])
{
    printf("%-44.44s %-6s %8.2f", name, traffic, best[NATIVE]);
    for (int c = JIT; c < COLUMNS; c++)
        printf(" %9.2f %6.2fx", best[c], best[c] / best[NATIVE]);
    printf(" %6.2fx\n", best[GUARDED] / best[JIT]);
}

/** Geometric means of the rows since the last call. */
static void print_means(void)
{
    static const char *const traffic[] = {"mixed", "one"};
    for (int t = 0; t < 2 && rows; t++) {
        printf("%-44s %-6s %8s", t ? "" : "geometric mean", traffic[t], "");
        for (int c = JIT; c < COLUMNS; c++)
            printf(" %9s %6.2fx", "", exp(sums[t][c] / rows));
        printf(" %6.2fx\n", exp(sums[t][NATIVE] / rows));
    }
    memset(sums, 0, sizeof sums);
    rows = 0;
}

static void add_to_means(int traffic, const double best[COLUMNS])
{
    for (int c = JIT; c < COLUMNS; c++)
        sums[traffic][c] += log(best[c] / best[NATIVE]);
    sums[traffic][NATIVE] += log(best[GUARDED] / best[JIT]);
}

/** What the verifier could not prove of a filter, if anything. */
static void print_open(const struct subject *s)
{
    struct wn_prog_info info;
    wn_prog_info(s->progs[JIT], &info);
    if (info.guarded || info.loops_fuelled)
        printf("%-44s %u of %u accesses guarded, %u of %u loops spend fuel\n", "", info.guarded,
               info.accesses, info.loops_fuelled, info.loops);
}

static void free_progs(struct subject *s)
{
    for (int c = JIT; c < COLUMNS; c++)
        wn_prog_free(s->progs[c]);
}

static bool report(const struct subject *s, const char *name, const struct traffic *t)
{
    double best[COLUMNS];
    const struct wn_packet *one = passing(s, t);
    if (!one || !agree(s, t)) {
        fprintf(stderr, "%s: %s\n", name, one ? "verdicts differ" : "no packet passes");
        return false;
    }
    measure(s, t->packets, TRAFFIC_PACKETS - 1, best);
    print_row(name, "mixed", best);
    add_to_means(0, best);
    measure(s, one, 0, best);
    print_row("", "one", best);
    print_open(s);
    add_to_means(1, best);
    rows++;
    return true;
}

static struct wn_object *load(const char *path)
{
    struct wn_error err;
    struct wn_object *obj = NULL;
    if (wn_object_load(path, &obj, &err))
        fprintf(stderr, "%s: %s\n", path, err.text);
    return obj;
}

static bool bench_object(const struct wn_object *obj, const struct traffic *t)
{
    struct subject s = {0};
    struct wn_object_prog info;
    wn_object_describe(obj, 0, &info);
    for (size_t i = 0; i < sizeof natives / sizeof *natives; i++)
        if (!strcmp(natives[i].name, info.name))
            s.native = natives[i].fn;
    size_t count = 0;
    const struct wn_slot *slots = wn_object_slots(obj, 0, &count);
    bool done = s.native && make_progs(&s, slots, count) && report(&s, info.name, t);
    free_progs(&s);
    return done;
}

static bool bench_expression(const char *text, const struct traffic *t)
{
    struct wn_error err;
    struct subject s = {0};
    struct wn_slot *slots = NULL;
    size_t count = 0;
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 65535);
    if (!pcap || pcap_compile(pcap, &s.classic, text, 1, PCAP_NETMASK_UNKNOWN)) {
        fprintf(stderr, "%s: %s\n", text, pcap ? pcap_geterr(pcap) : "no memory");
        return false;
    }
    bool done = false;
    if (wn_cbpf_translate((const struct wn_cbpf_insn *)s.classic.bf_insns, s.classic.bf_len, &slots,
                          &count, &err))
        fprintf(stderr, "%s: %s\n", text, err.text);
    else
        done = make_progs(&s, slots, count) && report(&s, text, t);
    free(slots);
    free_progs(&s);
    pcap_freecode(&s.classic);
    pcap_close(pcap);
    return done;
}

static bool bench_all(struct wn_object *const *objects, size_t n)
{
    static struct traffic t;
    struct compile_source sources[MOST];
    traffic_make(&t);
    printf(
        "ns a packet, least of %d rounds%26s gcc -O2              jit          guarded           "
        "interp        reference    worth\n",
        ROUNDS, "");
    for (size_t i = 0; i < n; i++) {
        sources[i].slots = wn_object_slots(objects[i], 0, &sources[i].count);
        if (!bench_object(objects[i], &t))
            return false;
    }
    print_means();
    printf("%59s\n", "libpcap");
    for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++)
        if (!bench_expression(expressions[i], &t))
            return false;
    print_means();
    return compile_report(sources, n);
}

int main(int argc, char **argv)
{
    struct wn_object *objects[MOST];
    size_t n = 0;
    bool done = argc - 1 <= MOST;
    run = wn_run_new();
    for (int i = 1; i < argc && done; i++) {
        objects[n] = load(argv[i]);
        done = objects[n] != NULL;
        n += done;
    }
    done = run && done && bench_all(objects, n);
    for (size_t i = 0; i < n; i++)
        wn_object_free(objects[i]);
    wn_run_free(run);
    return !done;
}
