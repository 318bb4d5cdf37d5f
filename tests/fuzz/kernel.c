/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <winnow/net.h>

#include "context/context.h"
#include "helper/helper.h"
#include "isa/decode.h"
#include "kernel_count.h"
#include "map/layout.h"
#include "map/queue.h"
#include "map/trie.h"
#include "prog/prog.h"

enum { REFERENCE, INTERP, JIT, BLINDED, ENGINES };
static const enum wn_engine engines[] = {WN_ENGINE_REFERENCE, WN_ENGINE_INTERP, WN_ENGINE_JIT,
                                         WN_ENGINE_JIT};
static const char *const engine_names[] = {"reference", "interp", "jit", "jit, blinded"};

#define MAP_BYTES   8192        /* of all maps together */
#define LEFT_BYTES  20480       /* of a packet that has grown */
#define FRAME_BYTES (64u << 10) /* before that of a packet; a multiple of every machine's pages */

/** Everything that a run leaves behind. */
struct outcome {
    struct wn_result result;
    uint64_t fault_address;
    uint64_t fuel;
    uint64_t random;
    uint64_t seen;  /* made of all that helpers were asked and have answered */
    uint32_t calls; /* of helpers */
    uint32_t tail_calls;
    int32_t fault_prog; /* which one of the trial's; -1: the first, or none */
    uint32_t redirect;
    uint32_t left; /* bytes of the packet */
    uint8_t packet[LEFT_BYTES];
    uint8_t context[WN_CONTEXT_BYTES];
    uint8_t stack[WN_STACK_BYTES];
    uint8_t maps[MAP_BYTES];
    bool input_changed;
};

/** Each engine's programs. */
struct made {
    enum wn_verify way;
    struct wn_prog *progs[ENGINES][KERNEL_PROGRAMS];
};

static struct wn_run *run;
static struct wn_map *maps[KERNEL_MAPS];
static struct wn_map *arrays[WN_PROG_TYPES]; /* of programs: each type has its own */
static uint8_t at_first[MAP_BYTES];          /* what the maps hold before each run */
static uint8_t own_at_first[KERNEL_MAPS][sizeof(struct wn_hash) + sizeof(struct wn_trie)];
static uint8_t *frames_end; /* packets end here: what lies behind them cannot be touched */
static uint32_t calls;
static uint64_t seen;

/* ---- Helpers, with somebody looking over their shoulder -------------------------------------- */

static void note(uint64_t value)
{
    seen = (seen ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    seen ^= seen >> 29;
}

static uint64_t watch(uint32_t id, uint64_t result)
{
    calls++;
    note(id);
    note(result);
    kernel_count_call(run, id, result);
    return result;
}

#define H(id, name, ...)                                                                           \
    static uint64_t watched_##name(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,             \
                                   uint64_t r5, struct wn_run *of)                                 \
    {                                                                                              \
        return watch(id, wn_helper_##name(r1, r2, r3, r4, r5, of));                                \
    }
#define N(...)
#include "helper/helper.def"
#undef H

#define H(id, name, ...) {id, watched_##name},
static const struct {
    uint32_t id;
    wn_helper_fn fn;
} watched[] = {
#include "helper/helper.def"
};
#undef H
#undef N

/** As wn_prog_new() finds them; what is verified calls them without anybody who looks. */
static bool find(const void *arg, uint32_t id, struct wn_callee *out)
{
    const struct kernel_trial *t = arg;
    const struct wn_helper *h = wn_helper_find(id);
    if (!h || !(h->types >> t->type & 1))
        return false;
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
        if (watched[i].id == id)
            out->fn = watched[i].fn;
    out->check = h->fn == wn_helper_tail_call ? WN_CHECK_TAIL | WN_CHECK_RUN
                 : wn_helper_repeats(h)       ? WN_CHECK_REPEAT | WN_CHECK_RUN
                                              : 0;
    memcpy(out->args, h->sig.args, sizeof out->args);
    out->maps = wn_helper_maps(id);
    return true;
}

static void print_line(void *arg, const char *line)
{
    (void)arg;
    while (*line)
        note((uint8_t)*line++);
}

static void take_clone(void *arg, const struct wn_clone *clone)
{
    (void)arg;
    note(clone->ifindex + 2u * clone->ingress);
    for (uint32_t i = 0; i < clone->caplen; i++)
        note(clone->data[i]);
}

/** Something to look routes up in. */
static void make_network(void)
{
    static const struct wn_net_device devices[] = {
        {KERNEL_IFINDEX, 1500, {2, 1}, true, true, {10, 0, 0, 1}, {0xfc, [15] = 1}}};
    static const struct wn_net_route routes[] = {
        {.family = 4, .gateway_family = 4, .gateway = {10}, .ifindex = KERNEL_IFINDEX},
        {.family = 6, .gateway_family = 6, .gateway = {0xfc}, .ifindex = KERNEL_IFINDEX},
        {.family = 4, .prefix_bits = 8, .address = {3}, .type = WN_NET_PROHIBIT},
    };
    static const struct wn_net_neighbour neighbours[] = {{4, {10}, {2, 2}, KERNEL_IFINDEX},
                                                         {6, {0xfc}, {2, 3}, KERNEL_IFINDEX}};
    static const struct wn_net_opts opts = {devices, 1, routes, 3, neighbours, 2};
    struct wn_net *net;
    if (wn_net_new(&opts, &net, NULL))
        abort();
    wn_run_set_net(run, net); /* for as long as the process lives */
    wn_run_set_clone(run, take_clone, NULL);
}

/* ---- Maps: the same ones for all, so that addresses are the same ----------------------------- */

/** What a map's kind has of its own, which changes while it is used. */
static size_t own_bytes(unsigned i)
{
    switch (i) {
    case MAP_HASH:
    case MAP_LRU:
    case MAP_PERCPU_HASH: return sizeof(struct wn_hash) - sizeof(struct wn_map);
    case MAP_TRIE: return sizeof(struct wn_trie) - sizeof(struct wn_map);
    case MAP_QUEUE: return sizeof(struct wn_queue) - sizeof(struct wn_map);
    default: return 0;
    }
}

static bool has_index(unsigned i)
{
    return i == MAP_ARRAY || i == MAP_PERCPU || i == MAP_DEVICES;
}

/** Copy all maps' memory out, or in; programs are not part of it. */
static void copy_maps(uint8_t *copy, bool in)
{
    for (unsigned i = 0; i < MAP_PROGS; i++) {
        size_t n = (size_t)maps[i]->memory_bytes;
        memcpy(in ? maps[i]->memory : copy, in ? copy : maps[i]->memory, n);
        copy += n;
    }
}

static void reset_maps(void)
{
    copy_maps(at_first, true);
    for (unsigned i = 0; i < KERNEL_MAPS; i++)
        memcpy(maps[i] + 1, own_at_first[i], own_bytes(i));
}

static void make_everything(void)
{
    size_t bytes = 0;
    if (run)
        return;
    for (unsigned i = 0; i < MAP_PROGS; i++) {
        if (wn_map_new(&kernel_maps[i], &maps[i], NULL))
            abort();
        bytes += maps[i]->memory_bytes;
        for (uint64_t key = 0; key < 2; key++) {
            uint8_t value[64];
            memset(value, (int)(16 * i + key), sizeof value);
            uint8_t bytes_of_key[8] = {(uint8_t)key};
            uint32_t little = (uint32_t)key;
            if (has_index(i) || i == MAP_TRIE)
                memcpy(bytes_of_key, &little, sizeof little);
            if (wn_map_update(maps[i], kernel_maps[i].key_bytes ? bytes_of_key : NULL, value, 0))
                abort();
        }
        memcpy(own_at_first[i], maps[i] + 1, own_bytes(i));
    }
    for (unsigned type = 0; type < WN_PROG_TYPES; type++)
        if (wn_map_new(&kernel_maps[MAP_PROGS], &arrays[type], NULL))
            abort();
    run = wn_run_new();
    if (!run || bytes > MAP_BYTES)
        abort();
    uint8_t *frames =
        mmap(NULL, FRAME_BYTES + (64 << 10), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (frames == MAP_FAILED || mprotect(frames, FRAME_BYTES, PROT_READ | PROT_WRITE))
        abort();
    frames_end = frames + FRAME_BYTES;
    copy_maps(at_first, false);
    wn_run_set_cpu(run, 1);
    wn_run_set_print(run, print_line, NULL);
    make_network();
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static struct wn_prog *make(const struct kernel_trial *t, enum wn_verify way, unsigned engine,
                            unsigned program, struct wn_error *err)
{
    struct wn_prog_opts opts = {.engine = engines[engine],
                                .verify = way,
                                .type = t->type,
                                .fuel = t->fuel,
                                .flags = t->flags | (engine == BLINDED ? WN_PROG_BLIND : 0)};
    struct wn_prog_env env = {
        .find = way == WN_VERIFY_NONE ? find : NULL, .arg = t, .maps = maps, .n_maps = KERNEL_MAPS};
    struct wn_prog *prog = NULL;
    const struct kernel_program *p = &t->programs[program];
    return wn_prog_make(p->slots, p->n, &opts, &env, &prog, err) ? NULL : prog;
}

/** Programs that one engine refuses are missing on all of them; false if they differ in that. */
static bool make_all(const struct kernel_trial *t, struct made *m, struct kernel_counts *counts)
{
    for (unsigned k = 0; k < KERNEL_PROGRAMS; k++) {
        struct wn_error err = {0}, why = {0};
        m->progs[REFERENCE][k] = make(t, m->way, REFERENCE, k, &err);
        counts->refused += m->way == WN_VERIFY_NONE && !m->progs[REFERENCE][k];
        for (unsigned e = INTERP; e < ENGINES; e++) {
            if (e == BLINDED && t->seed % 4)
                continue;
            m->progs[e][k] = make(t, m->way, e, k, &why);
            counts->compiled += m->way == WN_VERIFY_NONE && e == JIT && m->progs[e][k];
            if (!m->progs[e][k] != !m->progs[REFERENCE][k] && why.code != WN_E_NOJIT) {
                fprintf(stderr, "%s: %s\n", engine_names[e], why.text);
                return false;
            }
        }
        if (m->way != WN_VERIFY_NONE && err.code != WN_E_UNSUPPORTED)
            kernel_count_verifying(counts, t, m->progs[INTERP][k]);
    }
    return true;
}

/** Whether each engine has either all programs that the first one has, or none. */
static bool is_whole(const struct made *m)
{
    bool whole = true;
    for (unsigned e = INTERP; e < ENGINES; e++) /* where there is no compiler, for none of them */
        for (unsigned k = 1; k < KERNEL_PROGRAMS; k++)
            whole &= !m->progs[e][0] || !m->progs[REFERENCE][k] == !m->progs[e][k];
    return whole;
}

/** Put an engine's programs where tail calls find them. */
static void enter_all(struct wn_prog *const progs[KERNEL_PROGRAMS], bool in)
{
    for (uint32_t k = 0; k < KERNEL_PROGRAMS; k++)
        if (progs[k] && (in ? wn_map_set_prog(maps[MAP_PROGS], k, progs[k])
                            : wn_map_delete(maps[MAP_PROGS], &k)))
            abort();
    if (!in)
        wn_map_quiesce(maps[MAP_PROGS]);
}

static void keep_what_is_left(struct wn_prog *const progs[KERNEL_PROGRAMS], struct outcome *out)
{
    uint32_t n;
    const uint8_t *packet = wn_run_packet(run, &out->left);
    if (out->left > LEFT_BYTES)
        abort();
    if (out->left)
        memcpy(out->packet, packet, out->left);
    const void *context = wn_run_context(run, &n);
    if (n)
        memcpy(out->context, context, n);
    out->fault_prog = -1;
    for (int k = 0; out->result.fault && k < KERNEL_PROGRAMS; k++)
        if (progs[k] && wn_run_fault_prog(run) == progs[k])
            out->fault_prog = k;
    memcpy(out->stack, run->stack, sizeof out->stack);
    copy_maps(out->maps, false);
}

static void run_on(const struct kernel_trial *t, struct wn_prog *const progs[KERNEL_PROGRAMS],
                   const struct kernel_input *in, struct outcome *out)
{
    uint32_t bytes = in->length + in->longer;
    uint8_t *frame = frames_end - bytes;
    memcpy(frame, in->bytes, in->length);
    memset(frame + in->length, 0, in->longer);
    struct wn_packet pkt = {.data = frame,
                            .caplen = bytes,
                            .wirelen = bytes + (uint32_t)(t->seed & 3),
                            .time_ns = 1234567890123456789,
                            .ifindex = KERNEL_IFINDEX,
                            .queue = 3};
    memset(out, 0, sizeof *out);
    reset_maps();
    memset(run->stack, 0xa5, sizeof run->stack);
    run->random = 42;
    run->fault_address = 0;
    run->copied.data = NULL;
    run->redirect = 0;
    calls = 0;
    seen = 0;
    out->result = wn_prog_run(progs[0], run, &pkt);
    out->fault_address = out->result.fault == WN_FAULT_MEMORY ? run->fault_address : 0;
    out->fuel = out->result.fault ? 0 : run->fuel;
    out->random = run->random;
    out->seen = seen;
    out->calls = calls;
    out->tail_calls = run->tail_calls;
    out->redirect = wn_run_redirect(run);
    out->input_changed = memcmp(frame, in->bytes, in->length) != 0;
    keep_what_is_left(progs, out);
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static void print_difference(const char *name, const struct outcome *a, const struct outcome *b)
{
    const struct outcome *both[] = {a, b};
    for (unsigned i = 0; i < 2; i++) {
        const struct outcome *o = both[i];
        fprintf(stderr,
                "  %-12s value %016" PRIx64 " fault %s slot %u of %d address %" PRIx64
                " fuel %" PRIu64 " calls %u (%016" PRIx64 ") tail calls %u left %u redirect %u\n",
                i ? name : engine_names[0], o->result.value,
                wn_fault_name((enum wn_fault)o->result.fault), o->result.slot, o->fault_prog,
                o->fault_address, o->fuel, o->calls, o->seen, o->tail_calls, o->left, o->redirect);
    }
    fprintf(stderr, "  %s%s%s%s%s\n",
            memcmp(a->packet, b->packet, LEFT_BYTES) ? "packet differs " : "",
            memcmp(a->context, b->context, WN_CONTEXT_BYTES) ? "context differs " : "",
            memcmp(a->stack, b->stack, WN_STACK_BYTES) ? "stack differs " : "",
            memcmp(a->maps, b->maps, MAP_BYTES) ? "maps differ " : "",
            b->input_changed ? "the input was written" : "");
}

/** An engine's programs on an input, where tail calls find them. */
static void run_entered(const struct kernel_trial *t, struct wn_prog *const progs[KERNEL_PROGRAMS],
                        const struct kernel_input *in, struct outcome *out)
{
    enter_all(progs, true);
    run_on(t, progs, in, out);
    enter_all(progs, false);
}

/**
 * Leave out what engines need not have in common: where a packet is that is not copied,
 * and so what points there. The reference interpreter copies all.
 */
static void forget_places(const struct kernel_trial *t, const struct made *m, unsigned engine,
                          struct outcome *out)
{
    static const enum wn_context_what places[] = {WN_CONTEXT_DATA, WN_CONTEXT_META, WN_CONTEXT_END};
    bool in_place = false;
    for (unsigned e = REFERENCE; e <= engine; e++)
        in_place |= m->progs[e][0] && m->progs[e][0]->info.in_place;
    if (!in_place)
        return;
    for (unsigned i = 0; i < 3; i++) {
        const struct wn_context_field *f = wn_context_find(t->type, places[i]);
        if (f)
            memset(out->context + f->offset, 0, f->bytes);
    }
    memset(out->stack, 0, sizeof out->stack);
    out->fault_address = 0;
}

/** All engines on an input; false if one leaves something else than the reference interpreter,
 * whose is in `first`. */
static bool run_all(const struct kernel_trial *t, const struct made *m,
                    const struct kernel_input *in, bool quiet, struct wn_trace *trace,
                    struct outcome *first)
{
    static struct outcome known, other;
    bool same = true;
    run->trace = trace;
    run_entered(t, m->progs[REFERENCE], in, first);
    run->trace = NULL;
    for (unsigned e = INTERP; e < ENGINES; e++) {
        if (!m->progs[e][0])
            continue;
        run_entered(t, m->progs[e], in, &other);
        known = *first;
        forget_places(t, m, e, &known);
        forget_places(t, m, e, &other);
        if (!memcmp(&known, &other, sizeof known) && !first->input_changed)
            continue;
        same = false;
        if (!quiet)
            print_difference(engine_names[e], &known, &other);
    }
    return same;
}

/** Everything checked, on an input. */
static bool agree_on(const struct kernel_trial *t, const struct made *m,
                     const struct kernel_input *in, bool quiet, struct kernel_counts *counts)
{
    static struct outcome first;
    static uint32_t times[KERNEL_SLOTS + 1];
    struct wn_trace trace = {.times = times};
    memset(times, 0, sizeof times);
    kernel_count_into(counts);
    bool same = run_all(t, m, in, quiet, &trace, &first);
    kernel_count_into(NULL);
    kernel_count_run(counts, t, times, first.result, first.tail_calls, first.fault_prog);
    return same;
}

/** Whether verified programs have done what they do with everything checked. Where fuel ends that,
 * they may go on. */
static bool is_what_it_was(const struct outcome *checked, const struct outcome *verified)
{
    if (checked->result.fault == WN_FAULT_FUEL)
        return true;
    return !memcmp(&checked->result, &verified->result, sizeof checked->result) &&
           checked->fault_address == verified->fault_address &&
           checked->fault_prog == verified->fault_prog && checked->random == verified->random &&
           checked->tail_calls == verified->tail_calls && checked->redirect == verified->redirect &&
           checked->left == verified->left &&
           !memcmp(checked->packet, verified->packet, sizeof checked->packet) &&
           !memcmp(checked->context, verified->context, sizeof checked->context) &&
           !memcmp(checked->maps, verified->maps, sizeof checked->maps) && !verified->input_changed;
}

/** As the verifier marks them, on an input. What it rejects is not called from what it does not. */
static bool agree_verified_on(const struct kernel_trial *t, const struct made *checked,
                              const struct made *verified, const struct kernel_input *in,
                              bool quiet, struct kernel_counts *counts)
{
    static struct outcome was, is;
    struct wn_prog *without[KERNEL_PROGRAMS];
    for (unsigned k = 0; k < KERNEL_PROGRAMS; k++)
        without[k] = verified->progs[REFERENCE][k] ? checked->progs[REFERENCE][k] : NULL;
    run_entered(t, without, in, &was);
    bool same = run_all(t, verified, in, quiet, NULL, &is);
    kernel_count_verified(counts, t, was.result, is.result);
    if (is_what_it_was(&was, &is))
        return same;
    if (!quiet)
        print_difference("verified", &was, &is);
    return false;
}

static bool agree(const struct kernel_trial *t, bool quiet, struct kernel_counts *counts)
{
    static struct made checked, verified;
    checked = (struct made){.way = WN_VERIFY_NONE};
    verified = (struct made){.way = WN_VERIFY_GUARD};
    bool same = make_all(t, &checked, counts) && is_whole(&checked);
    for (unsigned i = 0; same && checked.progs[REFERENCE][0] && i < KERNEL_INPUTS; i++)
        same = agree_on(t, &checked, &t->inputs[i], quiet, counts);
    if (same && checked.progs[REFERENCE][0])
        same = make_all(t, &verified, counts) && is_whole(&verified);
    for (unsigned i = 0; same && verified.progs[REFERENCE][0] && i < KERNEL_INPUTS; i++)
        same = agree_verified_on(t, &checked, &verified, &t->inputs[i], quiet, counts);
    for (unsigned e = 0; e < ENGINES; e++)
        for (unsigned k = 0; k < KERNEL_PROGRAMS; k++) {
            wn_prog_free(checked.progs[e][k]);
            wn_prog_free(verified.progs[e][k]);
        }
    return same;
}

/** Replace instructions by ones that do nothing for as long as the engines still differ. */
static void minimise(struct kernel_trial *t)
{
    static struct kernel_counts ignored;
    static struct kernel_trial old;
    const struct wn_slot nothing = wn_encode(WN_OP_JA, 0, 0, 0, 0);
    for (unsigned k = 0; k < KERNEL_PROGRAMS; k++)
        for (size_t i = 0; i < t->programs[k].n; i++) {
            struct wn_slot *s = &t->programs[k].slots[i];
            int row = wn_slot_row(*s, 0, NULL);
            bool wide = row >= 0 && wn_rows[row].kind == WN_KIND_WIDE;
            old = *t;
            s[0] = nothing;
            if (wide)
                s[1] = nothing;
            if (agree(t, true, &ignored))
                *t = old;
            i += wide;
        }
}

static void report(struct kernel_trial *t)
{
    static struct kernel_counts ignored;
    minimise(t);
    fprintf(stderr, "engines disagree (seed %" PRIu64 ", type %s, flags %u, fuel %" PRIu64 "):\n",
            t->seed, wn_prog_type_name(t->type), t->flags, t->fuel);
    for (unsigned k = 0; k < KERNEL_PROGRAMS; k++)
        for (size_t i = 0; i < t->programs[k].n; i++) {
            const struct wn_slot *s = &t->programs[k].slots[i];
            int row = wn_slot_row(*s, 0, NULL);
            if (row != WN_OP_JA || s->off)
                fprintf(stderr, "  %u.%4zu: %02x %02x %6d %11d  %s\n", k, i, s->opcode, s->regs,
                        s->off, s->imm, row < 0 ? "" : wn_rows[row].name);
        }
    agree(t, false, &ignored);
}

bool kernel_one(uint64_t seed, struct kernel_counts *counts)
{
    static struct kernel_trial t;
    make_everything();
    kernel_make(&t, seed);
    maps[MAP_PROGS] = arrays[t.type];
    counts->trials++;
    if (agree(&t, true, counts))
        return true;
    report(&t);
    return false;
}
