/* SPDX-License-Identifier: MIT */
/**
 * Lookups: nanoseconds of one, ours against the kernel's own maps and against a bare
 * table in C, with the same keys in the same run.
 *
 * A program looks up many keys of a list in a map and adds up what it finds. The
 * kernel runs the same slots (BPF_PROG_TEST_RUN); C does the same with a table that
 * knows nothing of threads, deleting or chosen keys. All sums must be the same.
 * Everything around the lookups is in the figures, of all three.
 *
 *     maps [TURNS]
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <winnow/map.h>
#include <winnow/prog.h>
#include <winnow/text.h>

#include "../oracle/kernel.h"
#include "tables.h"

enum { KEYS = 1024, LOOKUPS = 64, RUNS = 2000, KEY_MAX = 32 };

/** What is measured. */
struct subject {
    const char *name;
    enum wn_map_type type;
    uint32_t key_bytes, entries, flags;
    bool v6; /* a trie of those */
};

static const struct subject subjects[] = {
    {"array, 64", WN_MAP_ARRAY, 4, 64, 0, false},
    {"array, 65536", WN_MAP_ARRAY, 4, 65536, 0, false},
    {"percpu_array, 64", WN_MAP_PERCPU_ARRAY, 4, 64, 0, false},
    {"hash, 4-byte keys, 64", WN_MAP_HASH, 4, 64, 0, false},
    {"hash, 4-byte keys, 50000", WN_MAP_HASH, 4, 50000, 0, false},
    {"hash, 16-byte keys, 64", WN_MAP_HASH, 16, 64, 0, false},
    {"hash, 16-byte keys, 50000", WN_MAP_HASH, 16, 50000, 0, false},
    {"hash, 20-byte keys, 1000", WN_MAP_HASH, 20, 1000, 0, false},
    {"percpu_hash, 16-byte keys, 1000", WN_MAP_PERCPU_HASH, 16, 1000, 0, false},
    {"lru_hash, 16-byte keys, 1000", WN_MAP_LRU_HASH, 16, 1000, 0, false},
    {"lru_hash, 16-byte keys, 50000", WN_MAP_LRU_HASH, 16, 50000, 0, false},
    {"lru_percpu_hash, 16-byte keys, 1000", WN_MAP_LRU_PERCPU_HASH, 16, 1000, 0, false},
    {"lpm_trie, IPv4, 10", WN_MAP_LPM_TRIE, 8, 10, WN_MAP_NO_PREALLOC, false},
    {"lpm_trie, IPv4, 1000", WN_MAP_LPM_TRIE, 8, 1000, WN_MAP_NO_PREALLOC, false},
    {"lpm_trie, IPv4, 50000", WN_MAP_LPM_TRIE, 8, 50000, WN_MAP_NO_PREALLOC, false},
    {"lpm_trie, IPv6, 1000", WN_MAP_LPM_TRIE, 20, 1000, WN_MAP_NO_PREALLOC, true},
    {"lpm_trie, IPv6, 50000", WN_MAP_LPM_TRIE, 20, 50000, WN_MAP_NO_PREALLOC, true},
};
#define SUBJECTS (sizeof subjects / sizeof *subjects)

static uint64_t state = 1;

static uint32_t below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return n ? (uint32_t)(state >> 20) % n : 0;
}

static void quit(const char *what, int code)
{
    fprintf(stderr, "%s: %s\n", what, wn_strerror(code));
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- Contents -------------------------------------------------------------------------------- */

/** A list of keys, as a program finds it: where to go on, then the keys, KEY_MAX bytes each. */
struct list {
    uint64_t at;
    uint8_t keys[KEYS][KEY_MAX];
};

/** Element i: spread like addresses, and each another one. */
static void make_key(const struct subject *s, uint32_t i, uint8_t *key)
{
    uint64_t spread = i * UINT64_C(0x9e3779b97f4a7c15);
    memset(key, 0, KEY_MAX);
    if (s->type == WN_MAP_ARRAY || s->type == WN_MAP_PERCPU_ARRAY) {
        memcpy(key, &i, sizeof i);
    } else if (s->type == WN_MAP_LPM_TRIE) {
        uint32_t bits = s->v6 ? 24 + below(41) : 8 + below(25);
        memcpy(key, &bits, sizeof bits);
        memcpy(key + 4, &spread, s->v6 ? 8 : 4);
    } else {
        memcpy(key, &spread, s->key_bytes < 8 ? s->key_bytes : 8);
        memcpy(key + s->key_bytes - 4, &i, sizeof i);
    }
}

/** What is looked up: elements there are, most of the time; of tries addresses in them. */
static void make_list(const struct subject *s, uint8_t (*elements)[KEY_MAX], struct list *list)
{
    const uint32_t most = 8 * (s->key_bytes - 4);
    list->at = 0;
    for (uint32_t i = 0; i < KEYS; i++) {
        uint8_t *key = list->keys[i];
        memcpy(key, elements[below(s->entries)], KEY_MAX);
        if (s->type == WN_MAP_LPM_TRIE) {
            memcpy(key, &most, sizeof most);
            key[s->key_bytes - 1] = (uint8_t)below(256);
        } else if (below(8) == 0) {
            key[s->key_bytes - 1] ^= 0x80; /* nobody's, or beyond the array */
        }
    }
}

/* ---- The program ----------------------------------------------------------------------------- */

/** Copy a key to the stack, as much at once as its length allows. */
static size_t put_copy(char *text, size_t size, uint32_t bytes)
{
    const uint32_t step = bytes % 8 ? 4 : 8;
    size_t n = 0;
    for (uint32_t at = 0; at < bytes; at += step)
        n += (size_t)snprintf(text + n, size - n,
                              "r2 = *(u%u *)(r1 + %u)\n*(u%u *)(r10 - %u) = r2\n", 8 * step, 8 + at,
                              8 * step, 40 - at);
    return n;
}

/** Map 0 is the list, map 1 the subject. */
static size_t write_program(const struct subject *s, struct wn_slot **slots)
{
    char text[2048];
    size_t count, n = (size_t)snprintf(text, sizeof text,
                                       "*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\n"
                                       "r1 = map_fd(0) ll\ncall 1\nif r0 == 0 goto out\nr7 = r0\n"
                                       "r6 = *(u64 *)(r7 + 0)\nr8 = 0\nr9 = 0\n"
                                       "again: r6 += 1\nr6 &= %u\nr1 = r6\nr1 <<= 5\nr1 += r7\n",
                                       KEYS - 1);
    n += put_copy(text + n, sizeof text - n, s->key_bytes);
    n += (size_t)snprintf(text + n, sizeof text - n,
                          "r2 = r10\nr2 += -40\nr1 = map_fd(1) ll\ncall 1\nif r0 == 0 goto none\n"
                          "r1 = *(u64 *)(r0 + 0)\nr9 += r1\n"
                          "none: r8 += 1\nif r8 < %u goto again\n"
                          "*(u64 *)(r7 + 0) = r6\nr0 = r9\nout: exit\n",
                          LOOKUPS);
    struct wn_error err = {0};
    if (wn_assemble(text, n, NULL, slots, &count, &err)) {
        fprintf(stderr, "line %u: %s\n", err.at, err.text);
        exit(1);
    }
    return count;
}

/* ---- Three sides ----------------------------------------------------------------------------- */

/** One subject, alive. */
struct trial {
    const struct subject *s;
    struct list list;
    struct wn_map *maps[2];
    struct wn_prog *prog;
    struct wn_run *run;
    int kernel_maps[2], kernel_prog; /* -1 without */
    struct table *table;             /* NULL: there is none in C */
};

static const uint8_t frame[64];
static const struct wn_packet packet = {.data = frame, .caplen = 64, .wirelen = 64};
static uint32_t cpus;

static uint64_t value_of(uint32_t i)
{
    return i + 1;
}

static void fill(struct trial *t, uint8_t (*elements)[KEY_MAX])
{
    const struct subject *s = t->s;
    const uint32_t none = 0;
    uint64_t *values = calloc(cpus ? cpus : 1, sizeof *values);
    for (uint32_t i = 0; i < s->entries; i++) {
        make_key(s, i, elements[i]);
        for (uint32_t c = 0; c < (cpus ? cpus : 1); c++)
            values[c] = value_of(i);
        int r = wn_map_update(t->maps[1], elements[i], values, 0);
        if (r == 0 && t->kernel_prog >= 0)
            r = kernel_map_update(t->kernel_maps[1], elements[i], values, 0);
        if (r)
            quit(s->name, r);
        if (t->table)
            table_set(t->table, elements[i], value_of(i));
    }
    free(values);
    make_list(s, elements, &t->list);
    wn_map_update(t->maps[0], &none, &t->list, 0);
    if (t->kernel_prog >= 0)
        kernel_map_update(t->kernel_maps[0], &none, &t->list, 0);
}

/** LRU maps forget before they are full, each in its own way. */
static uint32_t room_for(const struct subject *s)
{
    bool lru = s->type == WN_MAP_LRU_HASH || s->type == WN_MAP_LRU_PERCPU_HASH;
    return lru ? 2 * s->entries : s->entries;
}

static void make_ours(struct trial *t, const struct wn_slot *slots, size_t n)
{
    const struct subject *s = t->s;
    const struct wn_map_opts list = {WN_MAP_ARRAY, 4, sizeof t->list, 1, 0, .name = "list"};
    const struct wn_map_opts opts = {.type = s->type,
                                     .key_bytes = s->key_bytes,
                                     .value_bytes = 8,
                                     .max_entries = room_for(s),
                                     .flags = s->flags,
                                     .cpus = cpus};
    const struct wn_prog_opts how = {
        .type = WN_PROG_XDP, .verify = WN_VERIFY_STRICT, .maps = t->maps, .n_maps = 2};
    struct wn_error err = {0};
    int r = wn_map_new(&list, &t->maps[0], &err);
    r = r ? r : wn_map_new(&opts, &t->maps[1], &err);
    r = r ? r : wn_prog_new(slots, n, &how, &t->prog, &err);
    t->run = wn_run_new();
    if (r) {
        fprintf(stderr, "%s: slot %u: %s\n", s->name, err.at, err.text);
        exit(1);
    }
}

static void make_kernels(struct trial *t, struct wn_slot *slots, size_t n)
{
    const struct subject *s = t->s;
    static char log[65536];
    t->kernel_maps[0] = kernel_map_new(BPF_MAP_TYPE_ARRAY, 4, sizeof t->list, 1, 0);
    t->kernel_maps[1] =
        kernel_map_new((enum bpf_map_type)s->type, s->key_bytes, 8, room_for(s), s->flags);
    for (size_t i = 0; i < n; i++)
        if (slots[i].opcode == 0x18) {
            slots[i].imm = t->kernel_maps[slots[i].imm];
            i++;
        }
    t->kernel_prog = kernel_load(BPF_PROG_TYPE_XDP, slots, n, log, sizeof log);
    if (t->kernel_prog < 0) {
        fprintf(stderr, "%s: %s\n%s\n", s->name, strerror(-t->kernel_prog), log);
        exit(1);
    }
}

static void end(struct trial *t)
{
    wn_prog_free(t->prog);
    wn_run_free(t->run);
    for (unsigned i = 0; i < 2; i++)
        wn_map_free(t->maps[i]);
    if (t->kernel_prog >= 0) {
        close(t->kernel_prog);
        close(t->kernel_maps[0]);
        close(t->kernel_maps[1]);
    }
    table_free(t->table);
}

/* ---- Time ------------------------------------------------------------------------------------ */

/** The least of several turns, each a lookup's share. */
struct times {
    double ours, kernel, table;
};

static void keep_least(double *least, double time)
{
    if (*least == 0 || time < *least)
        *least = time;
}

static uint64_t run_ours(struct trial *t, struct wn_run *run)
{
    return wn_prog_run(t->prog, run, &packet).value;
}

static void one_turn(struct trial *t, struct times *least)
{
    uint64_t ours = 0, table = 0;
    uint32_t kernel = 0, ns = 0;
    double begun = now();
    for (unsigned i = 0; i < RUNS; i++)
        ours = run_ours(t, t->run);
    keep_least(&least->ours, (now() - begun) / RUNS / LOOKUPS);
    if (t->table) {
        begun = now();
        for (unsigned i = 0; i < RUNS; i++)
            table = table_sum(t->table, &t->list.at, t->list.keys, KEYS, LOOKUPS);
        keep_least(&least->table, (now() - begun) / RUNS / LOOKUPS);
        if (table != ours)
            quit(t->s->name, -EDOM);
    }
    if (t->kernel_prog >= 0) {
        if (kernel_repeat(t->kernel_prog, frame, sizeof frame, RUNS, &ns, &kernel))
            quit("BPF_PROG_TEST_RUN", -errno);
        keep_least(&least->kernel, (double)ns / LOOKUPS);
        if (kernel != (uint32_t)ours)
            quit(t->s->name, -EDOM);
    }
}

/* ---- Several threads --------------------------------------------------------------------------
 */

struct worker {
    pthread_t thread;
    struct trial *t;
    uint64_t runs;
};

static bool stop;

static void *work(void *arg)
{
    struct worker *w = arg;
    struct wn_run *run = wn_run_new();
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        for (unsigned i = 0; i < 16; i++)
            run_ours(w->t, run);
        w->runs += 16;
    }
    wn_run_free(run);
    return NULL;
}

/** Lookups a nanosecond of n threads on the same map. */
static double together(struct trial *t, unsigned n)
{
    struct worker workers[8] = {0};
    uint64_t runs = 0;
    stop = false;
    double begun = now();
    for (unsigned i = 0; i < n; i++) {
        workers[i].t = t;
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    usleep(100000);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < n; i++) {
        pthread_join(workers[i].thread, NULL);
        runs += workers[i].runs;
    }
    return (double)(runs * LOOKUPS) / (now() - begun);
}

static void show_threads(struct trial *t)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    double one = 0, eight = 0;
    for (unsigned turn = 0; turn < 5; turn++) {
        double a = together(t, 1), b = together(t, 8);
        one = a > one ? a : one;
        eight = b > eight ? b : eight;
    }
    printf("%-36s 8 threads look up %.2f times as much as 1, on %ld processors\n", t->s->name,
           eight / one, cores);
}

/* ---- */

static struct trial *begin(const struct subject *s, bool kernel)
{
    static struct trial t;
    uint8_t(*elements)[KEY_MAX] = calloc(s->entries, sizeof *elements);
    struct wn_slot *slots;
    size_t n = write_program(s, &slots);
    t = (struct trial){.s = s, .kernel_prog = -1};
    t.table = table_new(s->type, s->key_bytes, s->entries);
    make_ours(&t, slots, n);
    if (kernel)
        make_kernels(&t, slots, n);
    fill(&t, elements);
    free(elements);
    free(slots);
    return &t;
}

static void print_row(const struct trial *t, const struct times *least)
{
    printf("%-36s %7.2f", t->s->name, least->ours);
    if (t->table)
        printf(" %7.2f %+7.2f %6.2f", least->table, least->ours - least->table,
               least->ours / least->table);
    else
        printf(" %7s %7s %6s", "", "", "");
    if (t->kernel_prog >= 0)
        printf(" %7.2f %6.2f", least->kernel, least->ours / least->kernel);
    puts("");
}

int main(int argc, char **argv)
{
    unsigned turns = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 15;
    const char *missing = kernel_missing();
    long configured = sysconf(_SC_NPROCESSORS_CONF);
    cpus = configured > 0 ? (uint32_t)configured : 1;
    if (missing)
        printf("without the kernel's maps: %s\n", missing);
    printf("%-36s %7s %7s %7s %6s %7s %6s\n", "nanoseconds a lookup", "ours", "C", "more", "times",
           "kernel", "times");
    for (size_t i = 0; i < SUBJECTS; i++) {
        struct trial *t = begin(&subjects[i], !missing);
        struct times least = {0};
        for (unsigned turn = 0; turn < turns; turn++)
            one_turn(t, &least);
        print_row(t, &least);
        end(t);
    }
    for (size_t i = 4; i < SUBJECTS; i += 6) {
        struct trial *t = begin(&subjects[i], false);
        show_threads(t);
        end(t);
    }
    return 0;
}
