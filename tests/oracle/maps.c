/* SPDX-License-Identifier: MIT */
/**
 * Our maps against the kernel's: random attributes, then random operations on
 * both; every result, value and error number must be the same, and so must what
 * is left at the end. The order of a hash's keys is each one's own.
 *
 *     maps SEED OPERATIONS    that many for each type
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <winnow/map.h>

#include "kernel.h"
#include "map/map.h"

enum { KEYS = 24, KEY_BYTES = 48, VALUE_BYTES = 112, CPUS = 256, STEPS = 500 };

static uint64_t state;
static uint64_t seed;
static uint32_t cpus; /* that the kernel has values for */

static uint32_t below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 20) % n;
}

static bool one_in(uint32_t n)
{
    return below(n) == 0;
}

/** Both maps, and the keys that come up. */
struct pair {
    struct wn_map_opts opts;
    struct wn_map *ours;
    int kernel;
    uint32_t lookup_bytes;
    uint8_t keys[KEYS][KEY_BYTES];
    bool frozen;
    uint64_t done; /* operations */
};

static int complain(const struct pair *p, const char *what, int kernel, int ours)
{
    fprintf(stderr,
            "seed %" PRIu64 ", %s, keys of %u, values of %u, %u entries, flags 0x%x, after %" PRIu64
            " operations: %s: the kernel says %d, we %d\n",
            seed, wn_map_type_name(p->opts.type), p->opts.key_bytes, p->opts.value_bytes,
            p->opts.max_entries, p->opts.flags, p->done, what, kernel, ours);
    return 1;
}

static bool is_hash(enum wn_map_type type)
{
    return type != WN_MAP_ARRAY && type != WN_MAP_PERCPU_ARRAY && type != WN_MAP_PROG_ARRAY;
}

static bool is_lru(enum wn_map_type type)
{
    return type == WN_MAP_LRU_HASH || type == WN_MAP_LRU_PERCPU_HASH;
}

/* ---- Attributes ------------------------------------------------------------------------------ */

static void random_fill(uint8_t *to, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = (uint8_t)below(256);
}

/** Usual ones, with now and then something that may be refused. */
static struct wn_map_opts random_attributes(enum wn_map_type type)
{
    static const uint32_t sizes[] = {
        0, 32767, 32768, 32769, 1u << 20, (1u << 22) - 53, (1u << 22) - 52, 0x80000000, UINT32_MAX};
    bool hash = is_hash(type);
    struct wn_map_opts o = {.type = type, .cpus = cpus, .max_bytes = UINT64_C(1) << 40};
    o.key_bytes = hash ? 1 + below(KEY_BYTES) : 4;
    o.value_bytes = type == WN_MAP_PROG_ARRAY ? 4 : 1 + below(VALUE_BYTES);
    /* An LRU map that is nearly full evicts, each in its own way. */
    o.max_entries = is_lru(type) ? KEYS * 8 + below(100) : 1 + below(40);
    if (one_in(3))
        o.flags = 1u << below(13);
    if (one_in(10))
        o.flags |= 1u << below(13);
    if (one_in(20)) {
        o.value_bytes = sizes[below(sizeof sizes / sizeof *sizes)];
        o.max_entries = 1;
    }
    if (one_in(20))
        o.key_bytes = below(10);
    if (one_in(20))
        o.max_entries = hash && one_in(2) ? (1u << 27) + 1 + below(1000) : 0;
    return o;
}

/** 1 if both made a map, 0 if both refused, -1 if they disagree. */
static int make_both(struct pair *p)
{
    const struct wn_map_opts *o = &p->opts;
    p->kernel = kernel_map_new((enum bpf_map_type)o->type, o->key_bytes, o->value_bytes,
                               o->max_entries, o->flags);
    int r = wn_map_new(o, &p->ours, NULL);
    if ((p->kernel < 0 ? p->kernel : 0) != r) {
        complain(p, "making a map", p->kernel < 0 ? p->kernel : 0, r);
        return -1;
    }
    return r == 0;
}

static void random_keys(struct pair *p)
{
    for (uint32_t i = 0; i < KEYS; i++) {
        uint32_t index = i < 4 ? p->opts.max_entries - 2 + i : below(p->opts.max_entries);
        memset(p->keys[i], 0, KEY_BYTES); /* so that many differ in one byte alone */
        random_fill(p->keys[i] + below(p->opts.key_bytes), 1);
        if (!is_hash(p->opts.type))
            memcpy(p->keys[i], &index, sizeof index);
    }
}

/* ---- Operations ------------------------------------------------------------------------------ */

static uint8_t value[CPUS * (VALUE_BYTES + 8)], from_kernel[sizeof value], from_us[sizeof value];

static int lookup(struct pair *p, const uint8_t *key)
{
    memset(from_kernel, 0, p->lookup_bytes);
    memset(from_us, 0, p->lookup_bytes);
    int kernel = kernel_map_lookup(p->kernel, key, from_kernel);
    int ours = wn_map_lookup(p->ours, key, from_us);
    if (kernel != ours)
        return complain(p, "lookup", kernel, ours);
    if (!kernel && memcmp(from_kernel, from_us, p->lookup_bytes) != 0)
        return complain(p, "lookup gives another value", 0, 0);
    return 0;
}

static uint64_t random_flags(void)
{
    static const uint64_t odd[] = {3, 4, 5, 8, UINT64_C(1) << 32, UINT64_MAX};
    return one_in(10) ? odd[below(sizeof odd / sizeof *odd)] : one_in(2) ? 0 : 1 + below(2);
}

static int update(struct pair *p, const uint8_t *key)
{
    uint64_t flags = random_flags();
    random_fill(value, p->lookup_bytes);
    int kernel;
    do /* without preallocation its own pool may be empty for a moment */
        kernel = kernel_map_update(p->kernel, key, value, flags);
    while (kernel == -ENOMEM && sched_yield() == 0);
    int ours = wn_map_update(p->ours, key, value, flags);
    return kernel != ours ? complain(p, "update", kernel, ours) : 0;
}

static int delete (struct pair *p, const uint8_t *key)
{
    int kernel = kernel_map_delete(p->kernel, key);
    int ours = wn_map_delete(p->ours, key);
    return kernel != ours ? complain(p, "delete", kernel, ours) : 0;
}

/** Of a hash only whether there is a key at all: `key` may be the last one in either. */
static int next(struct pair *p, const uint8_t *key)
{
    uint8_t a[KEY_BYTES], b[KEY_BYTES];
    bool hash = is_hash(p->opts.type);
    if (one_in(4) || hash)
        key = NULL;
    int kernel = kernel_map_next(p->kernel, key, a);
    int ours = wn_map_next(p->ours, key, b);
    if (kernel != ours)
        return complain(p, "next", kernel, ours);
    if (!hash && !kernel && memcmp(a, b, 4) != 0)
        return complain(p, "next gives another key", 0, 0);
    return 0;
}

static int freeze(struct pair *p)
{
    union bpf_attr attr = {.map_fd = (uint32_t)p->kernel};
    int kernel = syscall(SYS_bpf, BPF_MAP_FREEZE, &attr, sizeof attr) ? -errno : 0;
    int ours = wn_map_freeze(p->ours);
    return kernel != ours ? complain(p, "freeze", kernel, ours) : 0;
}

/* A kernel's program for program arrays, and what stands for it here. */
static int kernel_prog;
static int our_prog;

static void hold(void *prog)
{
    ++*(int *)prog;
}

static void drop(void *prog)
{
    --*(int *)prog;
}

static int set_prog(struct pair *p, const uint8_t *key)
{
    static const struct wn_map_owner owner = {hold, drop};
    uint32_t index;
    memcpy(&index, key, sizeof index);
    int kernel = kernel_map_update(p->kernel, key, &kernel_prog, 0);
    int ours = wn_map_set_owned(p->ours, index, &our_prog, &owner);
    return kernel != ours ? complain(p, "setting a program", kernel, ours) : 0;
}

static int has_prog(struct pair *p, const uint8_t *key)
{
    uint32_t index, id;
    memcpy(&index, key, sizeof index);
    if (p->opts.flags & WN_MAP_WRONLY)
        return 0;
    int kernel = kernel_map_lookup(p->kernel, key, &id) == 0;
    int ours = wn_map_prog(p->ours, index) != NULL;
    return kernel != ours ? complain(p, "whether there is a program", kernel, ours) : 0;
}

static int step(struct pair *p)
{
    const uint8_t *key = p->keys[below(KEYS)];
    bool progs = p->opts.type == WN_MAP_PROG_ARRAY;
    p->done++;
    switch (below(8)) {
    case 0:
    case 1: return progs ? has_prog(p, key) : lookup(p, key);
    case 2: return delete (p, key);
    case 3: return one_in(500) ? freeze(p) : next(p, key);
    default: return progs ? set_prog(p, key) : update(p, key);
    }
}

/* ---- The end --------------------------------------------------------------------------------- */

/** Every key that comes behind another, from the first, is in both; and as many in both. */
static int same_contents(struct pair *p)
{
    uint8_t key[KEY_BYTES];
    uint32_t kernels = 0, ours = 0;
    if (p->opts.flags & WN_MAP_WRONLY || p->opts.type == WN_MAP_PROG_ARRAY)
        return 0;
    for (int r = kernel_map_next(p->kernel, NULL, key); !r;
         r = kernel_map_next(p->kernel, key, key)) {
        if (lookup(p, key))
            return 1;
        kernels++;
    }
    for (int r = wn_map_next(p->ours, NULL, key); !r; r = wn_map_next(p->ours, key, key)) {
        if (lookup(p, key))
            return 1;
        ours++;
    }
    struct wn_map_info info;
    wn_map_info(p->ours, &info);
    if (kernels != ours || ours != info.entries)
        return complain(p, "number of keys", (int)kernels, (int)ours);
    return 0;
}

/** One map of each side from its making to its end; adds to the operations done. */
static int one_life(enum wn_map_type type, uint64_t *done, uint64_t *refused)
{
    struct pair p = {.opts = random_attributes(type)};
    int r = make_both(&p);
    *refused += r == 0;
    if (r != 1) {
        wn_map_free(p.ours);
        if (p.kernel >= 0)
            close(p.kernel);
        return r < 0;
    }
    struct wn_map_info info;
    wn_map_info(p.ours, &info);
    p.lookup_bytes = (uint32_t)info.lookup_bytes;
    r = 0;
    if (p.opts.key_bytes <= KEY_BYTES && info.lookup_bytes <= sizeof value) {
        random_keys(&p);
        for (int i = 0; i < STEPS && !r; i++)
            r = step(&p);
        if (!r)
            r = same_contents(&p);
    }
    *done += p.done;
    wn_map_free(p.ours);
    close(p.kernel);
    return r;
}

/** CPUs that there could be: "0-1" is two. */
static uint32_t possible_cpus(void)
{
    unsigned first = 0, last = 0;
    FILE *f = fopen("/sys/devices/system/cpu/possible", "r");
    int n = f ? fscanf(f, "%u-%u", &first, &last) : 0;
    if (f)
        fclose(f);
    return n == 2 ? last + 1 : n == 1 ? first + 1 : 0;
}

/** The kernel's LRU maps have lists of each CPU, so the whole test stays on one. */
static void stay_on_one_cpu(void)
{
    cpu_set_t set;
    int cpu = sched_getcpu();
    CPU_ZERO(&set);
    CPU_SET(cpu < 0 ? 0 : cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

int main(int argc, char **argv)
{
    static const enum wn_map_type types[] = {
        WN_MAP_HASH,         WN_MAP_ARRAY,    WN_MAP_PROG_ARRAY,     WN_MAP_PERCPU_HASH,
        WN_MAP_PERCPU_ARRAY, WN_MAP_LRU_HASH, WN_MAP_LRU_PERCPU_HASH};
    static const struct wn_slot nothing[] = {{0xb7, 0, 0, 0}, {0x95, 0, 0, 0}};
    const char *missing = kernel_missing();
    cpus = possible_cpus();
    if (!missing && (cpus == 0 || cpus > CPUS))
        missing = "the number of possible CPUs is unknown, or too large";
    if (missing) {
        printf("SKIP: %s\n", missing);
        return 77;
    }
    seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : 100000;
    kernel_prog = kernel_load(BPF_PROG_TYPE_XDP, nothing, 2, NULL, 0);
    if (kernel_prog < 0) {
        fprintf(stderr, "no program: %s\n", strerror(-kernel_prog));
        return 1;
    }
    stay_on_one_cpu();
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        uint64_t done = 0, refused = 0;
        state = seed * UINT64_C(0x9e3779b97f4a7c15) + t + 1;
        while (done < count)
            if (one_life(types[t], &done, &refused))
                return 1;
        printf("%s: %" PRIu64 " operations, %" PRIu64 " attributes refused, as in the kernel\n",
               wn_map_type_name(types[t]), done, refused);
        if (our_prog != 0 || (refused == 0 && count >= 10000)) {
            fprintf(stderr, "%d programs are still held, %" PRIu64 " attributes were refused\n",
                    our_prog, refused);
            return 1;
        }
    }
    close(kernel_prog);
    return 0;
}
