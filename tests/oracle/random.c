/* SPDX-License-Identifier: MIT */
/**
 * Random programs in the kernel and on each of our engines: the same result, the
 * same data, the same other memory.
 *
 *   random SEED COUNT            the programs of COUNT seeds
 *   random --log SEED COUNT      with what the kernel's verifier says of those it refuses
 *   random --record SEED COUNT   the kernel's answers alone, on standard output
 *   random --replay FILE         our engines against such answers, where there is no such kernel
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <winnow/text.h>

#include "clean.h"
#include "engines.h"
#include "isa/decode.h"
#include "kernel.h"
#include "numbers.h"

#define RUNS 4 /* of each program */

/** What a run works on, and what it leaves; as long as the program may reach and no longer. */
struct memory {
    uint8_t data[CLEAN_DATA_BYTES];
    _Alignas(8) uint8_t rest[CLEAN_REST_BYTES];
};

struct outcome {
    struct memory memory;
    uint32_t result; /* the kernel tells no more */
    uint32_t fault;
};

/** A program with what went in and what came out. */
struct trial {
    uint64_t seed;
    enum program_for kind;
    struct program ours, theirs;
    struct memory before[RUNS];
    struct outcome after[RUNS]; /* in the kernel */
};

static uint64_t accepted, refused, different;
static uint64_t seen[WN_OPS_ENCODED]; /* accepted programs' instructions */

/** FNV-1a, as answers are recorded. */
static uint64_t hash(const void *bytes, size_t n, uint64_t h)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    return h;
}

static uint64_t hash_program(uint64_t seed)
{
    struct program p;
    clean_write(&p, seed, false, 0);
    return hash(p.slots, p.n * sizeof *p.slots, 0) & UINT32_MAX;
}

static uint64_t hash_outcomes(const struct outcome *o)
{
    uint64_t h = 0;
    for (unsigned i = 0; i < RUNS; i++)
        h = hash(&o[i].result, sizeof o[i].result, hash(&o[i].memory, sizeof o[i].memory, h));
    return h;
}

/** Corner operands and others, and an EtherType that nobody's stack knows. */
static void fill(struct memory *m, uint64_t *seed)
{
    uint64_t corners[NUMBERS_MAX], words[sizeof *m / 8];
    size_t n = numbers_corners(corners);
    for (size_t i = 0; i < sizeof words / 8; i++)
        words[i] = numbers_next(seed) & 1 ? corners[numbers_next(seed) % n] : numbers_next(seed);
    memcpy(m, words, sizeof words);
    m->data[12] = 0x88;
    m->data[13] = 0xb5;
}

/** The trial of a seed; our program finds its other memory at an address, the kernel's in a map. */
static void prepare(struct trial *t, uint64_t seed, const void *rest, int map)
{
    memset(t, 0, sizeof *t);
    t->seed = seed;
    t->kind = clean_write(&t->ours, seed, false, (uintptr_t)rest);
    clean_write(&t->theirs, seed, true, (uint64_t)map);
    for (unsigned i = 0; i < RUNS; i++)
        fill(&t->before[i], &seed);
}

/** Returns false if the kernel does not take the program; another failure ends the test. */
static bool ask_kernel(struct trial *t, int map, bool print_log)
{
    static char log[1 << 20];
    static const enum bpf_prog_type types[] = {
        [FOR_XDP] = BPF_PROG_TYPE_XDP, [FOR_TC] = BPF_PROG_TYPE_SCHED_CLS};
    int prog = kernel_load(types[t->kind], t->theirs.slots, t->theirs.n, print_log ? log : NULL,
                           sizeof log);
    if (prog < 0) {
        if (print_log)
            printf("%s\nseed %" PRIu64 ": %s\n", log, t->seed, strerror(-prog));
        return false;
    }
    for (unsigned i = 0; i < RUNS; i++) {
        const uint32_t key = 0;
        struct kernel_run run = {.data = t->before[i].data,
                                 .data_bytes = CLEAN_DATA_BYTES,
                                 .data_out = t->after[i].memory.data,
                                 .data_out_bytes = CLEAN_DATA_BYTES};
        int r = kernel_map_update(map, &key, t->before[i].rest, BPF_ANY);
        r = r ? r : kernel_run(prog, &run);
        r = r ? r : kernel_map_lookup(map, &key, t->after[i].memory.rest);
        if (r) {
            fprintf(stderr, "seed %" PRIu64 ": the kernel does not run it: %s\n", t->seed,
                    strerror(-r));
            exit(1);
        }
        t->after[i].result = run.result;
    }
    close(prog);
    return true;
}

static void run_ours(struct engines *e, enum engine which, const struct trial *t, unsigned i,
                     struct memory *shared, struct outcome *out)
{
    memset(out, 0, sizeof *out);
    *shared = t->before[i];
    struct wn_result r = engines_run(e, which,
                                     &(struct engine_memory){.data = shared->data,
                                                             .bytes = sizeof shared->data,
                                                             .rest = shared->rest,
                                                             .rest_bytes = sizeof shared->rest});
    out->memory = *shared;
    out->result = (uint32_t)r.value;
    out->fault = r.fault;
}

static void print_program(const struct trial *t)
{
    char *text = NULL;
    struct wn_error err;
    const struct wn_text_opts opts = {.labels = 1, .numbers = 1};
    if (wn_disassemble(t->ours.slots, t->ours.n, &opts, &text, &err) == 0)
        fprintf(stderr, "%s", text);
    free(text);
}

static void print_difference(const struct trial *t, unsigned i, const char *name,
                             const struct outcome *o)
{
    const struct outcome *k = &t->after[i];
    fprintf(stderr, "seed %" PRIu64 ", run %u: kernel 0x%" PRIx32 ", %s 0x%" PRIx32 " fault %s\n",
            t->seed, i, k->result, name, o->result, wn_fault_name((enum wn_fault)o->fault));
    for (unsigned at = 0; at < sizeof k->memory; at++)
        if (((const uint8_t *)&k->memory)[at] != ((const uint8_t *)&o->memory)[at]) {
            fprintf(stderr, "  memory differs first at %u: %02x, %02x\n", at,
                    ((const uint8_t *)&k->memory)[at], ((const uint8_t *)&o->memory)[at]);
            break;
        }
}

/** The engines that differ from the kernel, as a mask; prints how unless quiet. */
static unsigned differing(const struct trial *t, struct memory *shared, bool quiet)
{
    struct engines e;
    struct outcome o;
    unsigned mask = 0;
    engines_load(&e, t->ours.slots, t->ours.n);
    for (enum engine which = 0; which < ENGINES; which++)
        for (unsigned i = 0; e.progs[which] && i < RUNS; i++) {
            run_ours(&e, which, t, i, shared, &o);
            if (!memcmp(&o, &t->after[i], sizeof o))
                continue;
            mask |= 1u << which;
            if (!quiet)
                print_difference(t, i, engine_names[which], &o);
        }
    engines_fini(&e);
    return mask;
}

/** Let a program find its other memory elsewhere. */
static void move_rest(struct program *p, const struct memory *from, const struct memory *to)
{
    for (size_t i = 0; i + 1 < p->n; i++) {
        struct wn_slot *s = &p->slots[i];
        if (s->opcode != wn_rows[WN_OP_IMM64].opcode)
            continue;
        uint64_t v = (uint64_t)(uint32_t)s[1].imm << 32 | (uint32_t)s[0].imm;
        if (v - (uintptr_t)from->rest < CLEAN_REST_BYTES) {
            struct wn_wide w = wn_imm64(wn_slot_dst(*s), v - (uintptr_t)from + (uintptr_t)to);
            memcpy(s, w.half, sizeof w.half);
        }
        i++;
    }
}

/** Whether what our program leaves depends on where its memory is; then it proves nothing. */
static bool shows_addresses(const struct trial *t, struct memory *shared)
{
    struct memory elsewhere;
    struct program moved = t->ours;
    struct engines e, other;
    struct outcome a, b;
    bool shows = false;
    move_rest(&moved, shared, &elsewhere);
    engines_load(&e, t->ours.slots, t->ours.n);
    engines_load(&other, moved.slots, moved.n);
    for (unsigned i = 0; i < RUNS; i++) {
        run_ours(&e, ENGINE_REFERENCE, t, i, shared, &a);
        run_ours(&other, ENGINE_REFERENCE, t, i, &elsewhere, &b);
        shows |= memcmp(&a, &b, sizeof a) != 0;
    }
    engines_fini(&e);
    engines_fini(&other);
    return shows;
}

/** Whether an instruction has to stay: the kernel lets programs read stack that holds anything. */
static bool fills_stack(struct wn_slot s)
{
    return wn_slot_dst(s) == WN_R10 &&
           (s.opcode == wn_rows[WN_OP_ST_DW].opcode || s.opcode == wn_rows[WN_OP_STX_DW].opcode);
}

/** Replace instructions by ones that do nothing for as long as the same engines differ. */
static void minimise(struct trial *t, struct memory *shared, int map)
{
    static struct trial shorter;
    const unsigned mask = differing(t, shared, true);
    const struct wn_slot nothing = wn_ja(0);
    for (bool again = true; again;) {
        again = false;
        for (size_t i = CLEAN_HEAD; i < t->ours.n; i++) {
            bool wide = t->ours.slots[i].opcode == wn_rows[WN_OP_IMM64].opcode;
            shorter = *t;
            for (size_t k = i; k <= i + wide; k++)
                shorter.ours.slots[k] = shorter.theirs.slots[k] = nothing;
            bool changed = memcmp(&shorter.ours.slots[i], &t->ours.slots[i], sizeof nothing) != 0;
            if (changed && !fills_stack(t->ours.slots[i]) && ask_kernel(&shorter, map, false) &&
                differing(&shorter, shared, true) == mask && !shows_addresses(&shorter, shared)) {
                *t = shorter;
                again = true;
            }
            i += wide;
        }
    }
}

/** Print the shortest program that still shows the difference. */
static void report(struct trial *t, struct memory *shared, int map)
{
    differing(t, shared, false);
    minimise(t, shared, map);
    fprintf(stderr, "shortened:\n");
    print_program(t);
    differing(t, shared, false);
}

static void count_instructions(const struct program *p)
{
    for (size_t i = 0; i < p->n; i++) {
        int row = wn_slot_row(p->slots[i], (uint32_t)i, NULL);
        if (row < 0)
            continue;
        seen[row]++;
        i += wn_rows[row].kind == WN_KIND_WIDE;
    }
}

/** A generator that no longer reaches something tests nothing there. */
static bool everything_seen(void)
{
    bool all = true;
    for (unsigned id = 0; id < WN_OPS_ENCODED; id++) {
        enum wn_kind kind = (enum wn_kind)wn_rows[id].kind;
        bool ours = kind != WN_KIND_WIDE && kind != WN_KIND_CALL;
        if ((ours || id == WN_OP_IMM64 || id == WN_OP_CALL_LOCAL) && !seen[id]) {
            fprintf(stderr, "no accepted program had %s (0x%02x)\n", wn_rows[id].name,
                    wn_rows[id].opcode);
            all = false;
        }
    }
    return all;
}

/** Whose answers follow. */
static void print_head(void)
{
    struct utsname u;
    if (uname(&u) == 0)
        printf("# Seed, program, answer of %s %.*s on %s. Written by `random --record`.\n",
               u.sysname, (int)strcspn(u.release, "-"), u.release, u.machine);
}

enum mode { COMPARE, LOG, RECORD };

static int with_kernel(enum mode mode, uint64_t seed, uint64_t count)
{
    static struct trial t;
    static struct memory shared;
    const char *missing = kernel_missing();
    if (missing) {
        printf("SKIP: %s\n", missing);
        return 77;
    }
    int map = kernel_map_new(BPF_MAP_TYPE_ARRAY, 4, CLEAN_REST_BYTES, 1, 0);
    if (map < 0) {
        fprintf(stderr, "no map: %s\n", strerror(-map));
        return 1;
    }
    if (mode == RECORD)
        print_head();
    for (uint64_t i = 0; i < count; i++) {
        prepare(&t, seed + i, shared.rest, map);
        if (!ask_kernel(&t, map, mode == LOG)) {
            refused++;
            continue;
        }
        accepted++;
        count_instructions(&t.ours);
        if (mode == RECORD)
            printf("%" PRIu64 " %08" PRIx64 " %016" PRIx64 "\n", t.seed, hash_program(t.seed),
                   hash_outcomes(t.after));
        else if (differing(&t, &shared, true)) {
            report(&t, &shared, map);
            if (++different == 5)
                break;
        }
    }
    close(map);
    fprintf(mode == RECORD ? stderr : stdout,
            "%" PRIu64 " programs from seed %" PRIu64 ": the kernel refused %" PRIu64 ", %" PRIu64
            " compared in %" PRIu64 " runs, %" PRIu64 " differ\n",
            accepted + refused, seed, refused, accepted, accepted * RUNS, different);
    if (accepted < count / 2)
        fprintf(stderr, "most programs were refused\n");
    return different || accepted < count / 2 || (count >= 1000 && !everything_seen());
}

/** The engines must agree with each other and with one number that the kernel's answers came to. */
static int replay(const char *file)
{
    static struct trial t;
    static struct memory shared;
    char line[128];
    FILE *f = fopen(file, "r");
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) {
        printf("SKIP: the kernel's answers are those of a little-endian machine\n");
        return 77;
    }
    while (f && fgets(line, sizeof line, f)) {
        uint64_t seed, program, answer;
        if (line[0] == '#')
            continue;
        if (sscanf(line, "%" SCNu64 " %" SCNx64 " %" SCNx64, &seed, &program, &answer) != 3) {
            fprintf(stderr, "no answer: %s", line);
            return 1;
        }
        if (hash_program(seed) != program) {
            fprintf(stderr, "seed %" PRIu64 " has become another program: record again\n", seed);
            return 1;
        }
        prepare(&t, seed, shared.rest, 0);
        accepted++;
        struct engines e;
        engines_load(&e, t.ours.slots, t.ours.n);
        for (enum engine which = 0; which < ENGINES; which++) {
            for (unsigned i = 0; e.progs[which] && i < RUNS; i++)
                run_ours(&e, which, &t, i, &shared, &t.after[i]);
            if (!e.progs[which] || hash_outcomes(t.after) == answer)
                continue;
            if (different++ < 5) {
                print_program(&t);
                fprintf(stderr, "seed %" PRIu64 ": %s differs from the kernel\n", seed,
                        engine_names[which]);
            }
        }
        engines_fini(&e);
    }
    if (f)
        fclose(f);
    printf("%" PRIu64 " recorded answers, %" PRIu64 " differ\n", accepted, different);
    return !accepted || different;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *word;
        enum mode mode;
    } modes[] = {{"--log", LOG}, {"--record", RECORD}};
    enum mode mode = COMPARE;
    if (argc == 3 && !strcmp(argv[1], "--replay"))
        return replay(argv[2]);
    for (unsigned i = 0; argc == 4 && i < 2; i++)
        if (!strcmp(argv[1], modes[i].word)) {
            mode = modes[i].mode;
            argc--;
            argv++;
        }
    if (argc != 3) {
        fprintf(stderr, "usage: random [--log|--record] SEED COUNT | --replay FILE\n");
        return 64;
    }
    return with_kernel(mode, strtoull(argv[1], NULL, 0), strtoull(argv[2], NULL, 0));
}
