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

static bool is_array(enum wn_map_type type)
{
    return type == WN_MAP_ARRAY || type == WN_MAP_PERCPU_ARRAY || type == WN_MAP_PROG_ARRAY;
}

/** The order of these is specified. */
static bool is_ordered(enum wn_map_type type)
{
    return is_array(type) || type == WN_MAP_LPM_TRIE;
}

static bool has_keys(enum wn_map_type type)
{
    return type != WN_MAP_QUEUE && type != WN_MAP_STACK && type != WN_MAP_BLOOM_FILTER;
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

static uint32_t usual_key_bytes(enum wn_map_type type)
{
    if (!has_keys(type))
        return 0;
    if (type == WN_MAP_LPM_TRIE)
        return one_in(4) ? 5 + below(KEY_BYTES - 4) : 4 + (4u << below(3));
    return is_array(type) ? 4 : 1 + below(KEY_BYTES);
}

/** Now and then something that may be refused. */
static void make_odd(struct wn_map_opts *o)
{
    static const uint32_t sizes[] = {0,         32767,   32768,           32769,
                                     1u << 20,  4194024, 4194025,         (1u << 22) - 53,
                                     1u << 22,  4194305, (1u << 22) - 52, 0x80000000,
                                     UINT32_MAX};
    static const uint32_t keys[] = {0, 1, 2, 3, 4, 5, 6, 8, 259, 260, 261};
    bool hash = !is_ordered(o->type) && has_keys(o->type);
    if (one_in(3))
        o->flags |= 1u << below(13);
    if (one_in(10))
        o->flags ^= 1u << below(13);
    if (one_in(20)) {
        o->value_bytes = sizes[below(sizeof sizes / sizeof *sizes)];
        o->max_entries = 1;
    }
    if (one_in(20))
        o->key_bytes = keys[below(sizeof keys / sizeof *keys)];
    if (one_in(20))
        o->max_entries = hash && one_in(2) ? (1u << 27) + 1 + below(1000) : 0;
    if (o->type == WN_MAP_BLOOM_FILTER ? one_in(2) : one_in(40))
        o->extra = one_in(10) ? 16u << below(28) : below(16);
}

static struct wn_map_opts random_attributes(enum wn_map_type type)
{
    struct wn_map_opts o = {.type = type, .cpus = cpus, .max_bytes = UINT64_C(1) << 40};
    o.key_bytes = usual_key_bytes(type);
    o.value_bytes = type == WN_MAP_PROG_ARRAY ? 4 : 1 + below(VALUE_BYTES);
    /* An LRU map that is nearly full evicts, each in its own way. */
    o.max_entries = is_lru(type) ? KEYS * 8 + below(100) : 1 + below(40);
    o.flags = type == WN_MAP_LPM_TRIE ? WN_MAP_NO_PREALLOC : 0;
    make_odd(&o);
    if (type == WN_MAP_BLOOM_FILTER) /* otherwise each is wrong about values of its own */
        o.flags |= WN_MAP_ZERO_SEED;
    return o;
}

/** 1 if both made a map, 0 if both refused, -1 if they disagree. */
static int make_both(struct pair *p)
{
    const struct wn_map_opts *o = &p->opts;
    p->kernel = kernel_map_new_extra((enum bpf_map_type)o->type, o->key_bytes, o->value_bytes,
                                     o->max_entries, o->flags, o->extra);
    int r = wn_map_new(o, &p->ours, NULL);
    if ((p->kernel < 0 ? p->kernel : 0) != r) {
        complain(p, "making a map", p->kernel < 0 ? p->kernel : 0, r);
        return -1;
    }
    return r == 0;
}

/** Prefixes that lie in each other, and part at any bit; now and then one too long. */
static void random_prefix(struct pair *p, uint32_t i)
{
    uint8_t *key = p->keys[i];
    uint32_t most = 8 * (p->opts.key_bytes - 4), bits = below(most + (one_in(4) ? 2 : 1));
    uint32_t at = below(most);
    if (i > 0 && !one_in(4))
        memcpy(key, p->keys[below(i)], KEY_BYTES);
    else
        random_fill(key + 4, p->opts.key_bytes - 4);
    if (one_in(2))
        key[4 + at / 8] ^= (uint8_t)(0x80 >> at % 8);
    memcpy(key, &bits, sizeof bits);
}

static void random_keys(struct pair *p)
{
    memset(p->keys, 0, sizeof p->keys);
    for (uint32_t i = 0; i < KEYS && p->opts.key_bytes; i++) {
        uint32_t index = i < 4 ? p->opts.max_entries - 2 + i : below(p->opts.max_entries);
        if (p->opts.type == WN_MAP_LPM_TRIE)
            random_prefix(p, i);
        else if (is_array(p->opts.type))
            memcpy(p->keys[i], &index, sizeof index);
        else /* many differ in one byte alone */
            random_fill(p->keys[i] + below(p->opts.key_bytes), 1);
    }
}

/* ---- Operations ------------------------------------------------------------------------------ */

static uint8_t value[CPUS * (VALUE_BYTES + 8)], from_kernel[sizeof value], from_us[sizeof value];

/** Values of a filter are few, so that some are in it. */
static void random_value(const struct pair *p, uint8_t *to)
{
    memset(to, 0, p->lookup_bytes);
    random_fill(to, p->opts.type == WN_MAP_BLOOM_FILTER ? 1 : p->lookup_bytes);
}

/** Look a key up; and delete it. */
static int lookup(struct pair *p, const uint8_t *key, bool take)
{
    random_value(p, from_kernel);
    memcpy(from_us, from_kernel, p->lookup_bytes);
    int kernel = take ? kernel_map_take(p->kernel, key, from_kernel)
                      : kernel_map_lookup(p->kernel, key, from_kernel);
    int ours = take ? wn_map_lookup_and_delete(p->ours, key, from_us)
                    : wn_map_lookup(p->ours, key, from_us);
    if (kernel != ours)
        return complain(p, take ? "lookup and delete" : "lookup", kernel, ours);
    if (memcmp(from_kernel, from_us, p->lookup_bytes) != 0)
        return complain(p, "lookup gives another value", kernel, ours);
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
    random_value(p, value);
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
    bool ordered = is_ordered(p->opts.type);
    if (one_in(4) || !ordered)
        key = NULL;
    int kernel = kernel_map_next(p->kernel, key, a);
    int ours = wn_map_next(p->ours, key, b);
    if (kernel != ours)
        return complain(p, "next", kernel, ours);
    if (ordered && !kernel && memcmp(a, b, p->opts.key_bytes) != 0)
        return complain(p, "next gives another key", 0, 0);
    return 0;
}

/* ---- Many at once ---------------------------------------------------------------------------- */

enum { MANY = 48 };

struct side {
    uint8_t token[KEY_BYTES];
    uint8_t keys[MANY * KEY_BYTES];
    uint8_t values[MANY * sizeof value];
};

static struct side their_side, our_side;

/** The same command with the same input on both. */
static int batch(struct pair *p, enum bpf_cmd cmd, const void *in, uint32_t count, uint64_t flags,
                 uint32_t *done)
{
    struct kernel_batch a = {in,   their_side.token, their_side.keys, their_side.values, count,
                             flags};
    struct wn_map_batch b = {in, our_side.token, our_side.keys, our_side.values, count, flags};
    int kernel, ours = -WN_ENOTSUPP;
    do
        kernel = kernel_map_batch(cmd, p->kernel, &a);
    while (kernel == -ENOMEM && sched_yield() == 0 && (a.count = count));
    switch (cmd) {
    case BPF_MAP_LOOKUP_BATCH: ours = wn_map_lookup_batch(p->ours, &b); break;
    case BPF_MAP_LOOKUP_AND_DELETE_BATCH: ours = wn_map_lookup_and_delete_batch(p->ours, &b); break;
    case BPF_MAP_UPDATE_BATCH: ours = wn_map_update_batch(p->ours, &b); break;
    case BPF_MAP_DELETE_BATCH: ours = wn_map_delete_batch(p->ours, &b); break;
    default: break;
    }
    *done = ours == 0 || ours == -ENOENT ? b.count : 0;
    if (kernel != ours)
        return complain(p, "a batch", kernel, ours);
    if (a.count != b.count)
        return complain(p, "how much a batch did", (int)a.count, (int)b.count);
    return 0;
}

/** What both gave is the same, in the same order. */
static int same_batch(struct pair *p, uint32_t n)
{
    if (memcmp(their_side.keys, our_side.keys, (size_t)n * p->opts.key_bytes) != 0 ||
        memcmp(their_side.values, our_side.values, (size_t)n * p->lookup_bytes) != 0 ||
        (n && memcmp(their_side.token, our_side.token, p->opts.key_bytes) != 0))
        return complain(p, "a batch gives something else", (int)n, (int)n);
    return 0;
}

/** Every key that we gave has the value that the kernel gave, whatever the order. */
static int same_set(struct pair *p, uint32_t n)
{
    const uint32_t key = p->opts.key_bytes, bytes = p->lookup_bytes;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = 0;
        while (k < n && (memcmp(our_side.keys + i * key, their_side.keys + k * key, key) != 0 ||
                         memcmp(our_side.values + i * bytes, their_side.values + k * bytes, bytes)))
            k++;
        if (k == n)
            return complain(p, "a batch gives another element", (int)n, (int)n);
    }
    return 0;
}

static int get_many(struct pair *p, const uint8_t *key)
{
    bool ordered = is_ordered(p->opts.type), take = one_in(3);
    uint32_t count = ordered ? below(MANY + 1) : one_in(8) ? 0 : MANY, done;
    uint32_t bucket = UINT32_MAX;
    const void *in = one_in(2) ? NULL : ordered ? (const void *)key : one_in(8) ? &bucket : NULL;
    memset(&their_side, 0, sizeof their_side.token + sizeof their_side.keys);
    memset(&our_side, 0, sizeof our_side.token + sizeof our_side.keys);
    if (batch(p, take ? BPF_MAP_LOOKUP_AND_DELETE_BATCH : BPF_MAP_LOOKUP_BATCH, in, count,
              one_in(10) ? 1 + below(4) : 0, &done))
        return 1;
    return ordered ? same_batch(p, done) : same_set(p, done);
}

static int change_many(struct pair *p)
{
    uint32_t n = below(6), done;
    uint64_t flags = one_in(10) ? 1 + below(4) : 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *key = p->keys[below(KEYS)];
        memcpy(their_side.keys + i * p->opts.key_bytes, key, p->opts.key_bytes);
        random_fill(their_side.values + i * p->lookup_bytes, p->lookup_bytes);
    }
    memcpy(our_side.keys, their_side.keys, sizeof our_side.keys);
    memcpy(our_side.values, their_side.values, n * (size_t)p->lookup_bytes);
    return batch(p, one_in(3) ? BPF_MAP_DELETE_BATCH : BPF_MAP_UPDATE_BATCH, NULL, n, flags, &done);
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
    if (!has_keys(p->opts.type) && !one_in(20))
        key = NULL;
    p->done++;
    switch (below(16)) {
    case 0:
    case 1:
    case 2:
    case 3: return progs ? has_prog(p, key) : lookup(p, key, false);
    case 4: return progs ? 0 : lookup(p, key, true);
    case 5:
    case 6: return delete (p, key);
    case 7: return one_in(250) ? freeze(p) : next(p, key);
    case 8: return progs ? 0 : get_many(p, key);
    case 9: return progs ? 0 : change_many(p);
    default: return progs ? set_prog(p, key) : update(p, key);
    }
}

/* ---- The end --------------------------------------------------------------------------------- */

/** What is left in a queue, or of which values a filter knows. */
static int same_rest(struct pair *p)
{
    bool filter = p->opts.type == WN_MAP_BLOOM_FILTER;
    for (uint32_t i = 0; i < (filter ? 200 : p->opts.max_entries + 1); i++)
        if (lookup(p, NULL, !filter))
            return 1;
    return 0;
}

/** Every key that comes behind another, from the first, is in both; and as many in both. */
static int same_contents(struct pair *p)
{
    uint8_t key[KEY_BYTES];
    uint32_t kernels = 0, ours = 0;
    if (!has_keys(p->opts.type))
        return same_rest(p);
    if (p->opts.flags & WN_MAP_WRONLY || p->opts.type == WN_MAP_PROG_ARRAY)
        return 0;
    for (int r = kernel_map_next(p->kernel, NULL, key); !r;
         r = kernel_map_next(p->kernel, key, key)) {
        if (lookup(p, key, false))
            return 1;
        kernels++;
    }
    for (int r = wn_map_next(p->ours, NULL, key); !r; r = wn_map_next(p->ours, key, key)) {
        if (lookup(p, key, false))
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
        WN_MAP_HASH,         WN_MAP_ARRAY,    WN_MAP_PROG_ARRAY,      WN_MAP_PERCPU_HASH,
        WN_MAP_PERCPU_ARRAY, WN_MAP_LRU_HASH, WN_MAP_LRU_PERCPU_HASH, WN_MAP_LPM_TRIE,
        WN_MAP_QUEUE,        WN_MAP_STACK,    WN_MAP_BLOOM_FILTER};
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
