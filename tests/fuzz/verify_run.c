/* SPDX-License-Identifier: MIT */
#include "verify_run.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <winnow/helper.h>

#include "context/context.h"
#include "map/layout.h"
#include "map/map.h"
#include "map/queue.h"

#define VERIFY_RING_BYTES 4096

/* All loops of a program that spend no fuel take fewer steps together. */
#define MOST_STEPS (UINT64_C(1) << 20)

const struct wn_map_opts verify_maps[VERIFY_MAPS] = {
    [VERIFY_HASH] = {WN_MAP_HASH, 4, 16, 6, WN_MAP_ZERO_SEED, 1, 0, "hash"},
    [VERIFY_ONE] = {WN_MAP_ARRAY, 4, 64, 1, 0, 1, 0, "one"},
    [VERIFY_MANY] = {WN_MAP_ARRAY, 4, 24, 4, 0, 1, 0, "many"},
    [VERIFY_STACK] = {WN_MAP_STACK, 0, 20, 4, 0, 1, 0, "stack"},
    [VERIFY_LOCKED] = {WN_MAP_ARRAY, 4, 16, 3, 0, 1, 0, "locked", .has_lock = true, .lock_at = 12},
    [VERIFY_FROZEN] = {WN_MAP_ARRAY, 4, 16, 1, WN_MAP_RDONLY_PROG, 1, 0, "frozen"},
    [VERIFY_PROGS] = {WN_MAP_PROG_ARRAY, 4, 4, 4, 0, 1, 0, "progs"},
    [VERIFY_RING] = {WN_MAP_RINGBUF, 0, 0, VERIFY_RING_BYTES, 0, 1, 0, "ring"},
};

struct wn_map *verify_live_maps[VERIFY_MAPS];

static struct wn_run *run;
static uint8_t *pages;
static size_t page;
static uint8_t maps_at_first[VERIFY_MAP_BYTES];
static struct wn_hash hash_at_first;
static struct wn_queue stack_at_first;
static uint64_t seen;

/* ---- memory ---------------------------------------------------------------------------------- */

/** Copy the memory of the maps out, or in; programs are not part of it, nor what cannot change. */
static void copy_maps(uint8_t *copy, bool in)
{
    for (unsigned i = 0; i < VERIFY_FROZEN; i++) {
        struct wn_map *map = verify_live_maps[i];
        size_t n = (size_t)map->memory_bytes;
        memcpy(in ? map->memory : copy, in ? copy : map->memory, n);
        copy += n;
    }
}

/** The pages of positions and the data, once. */
static size_t ring_bytes(void)
{
    return 2 * page + VERIFY_RING_BYTES;
}

static void reset_maps(void)
{
    memset(verify_live_maps[VERIFY_RING]->memory, 0, ring_bytes());
    const size_t from = offsetof(struct wn_hash, elems);
    copy_maps(maps_at_first, true);
    memcpy((uint8_t *)verify_live_maps[VERIFY_HASH] + from, (uint8_t *)&hash_at_first + from,
           sizeof hash_at_first - from);
    memcpy(verify_live_maps[VERIFY_STACK] + 1, &stack_at_first.map + 1,
           sizeof stack_at_first - sizeof stack_at_first.map);
}

static void print_bytes(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    for (; n > 0; n--)
        seen = (seen ^ *p++) * UINT64_C(0x9e3779b97f4a7c15);
}

static void print_line(void *arg, const char *line)
{
    (void)arg;
    print_bytes(line, strlen(line));
}

/** Numbers in values are of use as indices. */
static void fill_map(unsigned i)
{
    uint8_t value[VERIFY_ELEMENT];
    for (uint32_t key = 0; key < 3 && key < verify_maps[i].max_entries; key++) {
        for (unsigned k = 0; k < sizeof value; k++)
            value[k] = (uint8_t)(k % 4 ? 0 : (k + 3 * key) % 11);
        if (wn_map_update(verify_live_maps[i], verify_maps[i].key_bytes ? &key : NULL, value, 0))
            abort();
    }
}

void verify_begin(void)
{
    size_t bytes = 0;
    if (run)
        return;
    for (unsigned i = 0; i < VERIFY_MAPS; i++) {
        if (wn_map_new(&verify_maps[i], &verify_live_maps[i], NULL))
            abort();
        if (i < VERIFY_PROGS)
            fill_map(i);
        bytes += i < VERIFY_FROZEN ? (size_t)verify_live_maps[i]->memory_bytes : 0;
    }
    if (bytes > VERIFY_MAP_BYTES || wn_map_freeze(verify_live_maps[VERIFY_FROZEN]))
        abort();
    memcpy(&hash_at_first, verify_live_maps[VERIFY_HASH], sizeof hash_at_first);
    memcpy(&stack_at_first, verify_live_maps[VERIFY_STACK], sizeof stack_at_first);
    copy_maps(maps_at_first, false);
    page = (size_t)sysconf(_SC_PAGESIZE);
    pages = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    run = wn_run_new();
    if (!run || pages == MAP_FAILED || mprotect(pages + page, page, PROT_READ | PROT_WRITE))
        abort();
    wn_run_set_print(run, print_line, NULL);
}

/** Put a packet where nothing lies before or behind it. */
static struct wn_packet place(const struct verify_input *in)
{
    uint8_t *data = pages + page + (in->low ? 0 : page - in->length);
    memset(pages + page, 0xee, page);
    memcpy(data, in->bytes, in->length);
    return (struct wn_packet){.data = data,
                              .caplen = in->length,
                              .wirelen = in->length + in->longer,
                              .time_ns = 1234567890123456789,
                              .ifindex = in->ifindex,
                              .queue = in->queue};
}

/* ---- runs ------------------------------------------------------------------------------------ */

static sigjmp_buf out_of_run;
static volatile sig_atomic_t signalled;

static void jump_out(int number)
{
    signalled = number;
    siglongjmp(out_of_run, 1);
}

/** Have faults of the machine, and of what the interpreter asserts, end the run. */
static void catch (bool on)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
        signal(numbers[i], on ? jump_out : SIG_DFL);
}

/** Addresses are left out: they depend on where the packet is. */
static void keep_context(struct verify_left *out)
{
    uint32_t n;
    const void *context = wn_run_context(run, &n);
    if (!n)
        return;
    memcpy(out->context, context, n);
    for (uint32_t i = 0; i < n; i++) {
        const struct wn_context_field *f = wn_context_field((enum wn_prog_type)run->kernel.type, i);
        if (f && wn_context_what(f) != WN_CONTEXT_NUMBER)
            out->context[i] = 0;
    }
}

static void start(const struct verify_input *in, unsigned way, struct wn_packet *pkt)
{
    static const uint8_t fills[] = {0xa5, 0x5a, 0x3c};
    *pkt = place(in);
    reset_maps();
    memset(run->stack, fills[way % 3], sizeof run->stack);
    run->random = 42;
    run->copied.data = NULL;
    run->redirect = 0;
    run->fuel = VERIFY_FUEL;
    seen = 0;
    signalled = 0;
}

static void finish(struct verify_left *out)
{
    const uint8_t *packet = wn_run_packet(run, &out->packet_bytes);
    if (out->packet_bytes > VERIFY_LEFT || run->n_holds || run->lock)
        abort();
    if (out->packet_bytes)
        memcpy(out->packet, packet, out->packet_bytes);
    out->fuel = out->result.fault ? 0 : run->fuel;
    out->random = run->random;
    print_bytes(verify_live_maps[VERIFY_RING]->memory, ring_bytes());
    out->seen = seen + run->redirect;
    keep_context(out);
    copy_maps(out->maps, false);
}

/** Run; false if a signal ended that. */
static bool go(const struct wn_prog *prog, const struct wn_packet *pkt, struct verify_left *out)
{
    catch (true);
    bool back = sigsetjmp(out_of_run, 1);
    if (!back)
        out->result = wn_prog_run(prog, run, pkt);
    catch (false);
    return !back;
}

bool verify_run(const struct wn_prog *prog, const struct verify_input *in, unsigned way,
                struct verify_left *out, char *text, size_t size)
{
    struct wn_packet pkt;
    memset(out, 0, sizeof *out);
    start(in, way, &pkt);
    if (!go(prog, &pkt, out)) {
        snprintf(text, size, "engine %u: signal %d", way, (int)signalled);
        return false;
    }
    finish(out);
    return true;
}

/* ---- what is looked at ----------------------------------------------------------------------- */

struct watch {
    struct wn_trace trace; /* first */
    const struct wn_prog *prog;
    struct verify_counts *counts;
    uint64_t steps, most;
    char *text;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static void complain(struct watch *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(w->text, w->size, format, args);
    va_end(args);
    siglongjmp(out_of_run, 1);
}

static enum verify_region region_of(const struct wn_prog *prog, uint64_t address, uint64_t r10)
{
    const struct wn_copy *c = &run->copy;
    const struct wn_packet *p = run->packet;
    if (address - (uintptr_t)run->stack < WN_STACK_BYTES)
        return address < r10 ? IN_STACK : IN_FRAME_ABOVE;
    if (prog->info.type == WN_PROG_FILTER && address - (uintptr_t)p->data < p->caplen)
        return IN_PACKET;
    if (address - (uintptr_t)run->kernel.bytes < WN_CONTEXT_BYTES)
        return IN_CONTEXT;
    if (prog->info.type != WN_PROG_FILTER &&
        address - (uintptr_t)c->base - c->meta < c->end - c->meta)
        return address - (uintptr_t)c->base < c->data ? IN_META : IN_PACKET;
    const struct wn_map *frozen = verify_live_maps[VERIFY_FROZEN];
    return address - (uintptr_t)frozen->memory < frozen->memory_bytes ? IN_CONSTANT : IN_VALUE;
}

/** Whether a load that is to be of an address of the context is that. */
static bool loads_place(const struct wn_prog *prog, enum wn_mark mark, uint64_t address)
{
    static const uint8_t what[] = {[WN_MARK_DATA] = WN_CONTEXT_DATA,
                                   [WN_MARK_META] = WN_CONTEXT_META,
                                   [WN_MARK_END] = WN_CONTEXT_END};
    const struct wn_context_field *f =
        wn_context_find(prog->info.type, (enum wn_context_what)what[mark]);
    return address - (uintptr_t)run->kernel.bytes == f->offset;
}

static void look_at_access(struct watch *w, const struct wn_op *op, uint32_t slot,
                           const uint64_t *r)
{
    enum wn_kind kind = wn_op_kind(op);
    enum wn_mark mark = (enum wn_mark)w->prog->decoded->mark[slot];
    uint64_t address = r[op->a] + (uint64_t)(int64_t)op->off;
    bool atomic = kind == WN_KIND_ATOMIC;
    w->counts->accesses++;
    w->counts->packet += mark == WN_MARK_PACKET;
    w->counts->guarded += mark == WN_MARK_NONE;
    if (mark == WN_MARK_NONE || mark == WN_MARK_PACKET)
        return;
    if (!wn_run_holds(run, address, op->size, kind != WN_KIND_LOAD) ||
        (atomic && address & (op->size - 1u)))
        complain(w, "slot %u: proved, but r%u is %" PRIx64, slot, op->a, r[op->a]);
    if (mark >= WN_MARK_DATA && !loads_place(w->prog, mark, address))
        complain(w, "slot %u: marked %u, but not such a load", slot, mark);
    w->counts->proved++;
    w->counts->regions[region_of(w->prog, address, r[WN_R10])]++;
}

/** Whether an argument of a helper is what it may be, as the kernel's documentation of these says.
 */
static bool argument_holds(const struct wn_call *call, unsigned i, const uint64_t *arg,
                           uint64_t *map)
{
    uint64_t context = (uintptr_t)(run->kernel.n ? run->kernel.bytes : run->packet->data);
    switch ((enum wn_arg)call->args[i]) {
    case WN_ARG_MEM:
    case WN_ARG_MEM_WRITE:
    case WN_ARG_MEM_INOUT:
        if (arg[1] == 0)
            return call->args[i + 1] == WN_ARG_SIZE0;
        return (call->args[i] == WN_ARG_MEM_WRITE || wn_run_holds(run, arg[0], arg[1], false)) &&
               (call->args[i] == WN_ARG_MEM || wn_run_holds(run, arg[0], arg[1], true));
    case WN_ARG_INOUT32:
        return wn_run_holds(run, arg[0], 4, false) && wn_run_holds(run, arg[0], 4, true);
    case WN_ARG_CTX: return arg[0] == context;
    case WN_ARG_MAP:
        *map = arg[0] - WN_MAP_TAG;
        return *map < VERIFY_MAPS && call->maps >> verify_maps[*map].type & 1;
    case WN_ARG_KEY: return wn_run_holds(run, arg[0], verify_maps[*map].key_bytes, false);
    case WN_ARG_VALUE: return wn_run_holds(run, arg[0], verify_maps[*map].value_bytes, false);
    case WN_ARG_RECORD:
        for (uint32_t k = 0; k < run->n_holds; k++)
            if (run->holds[k].address == arg[0])
                return true;
        return false;
    case WN_ARG_LOCK: return wn_run_lock_at(run, arg[0]) != NULL;
    case WN_ARG_VALUE_WRITE: return wn_run_holds(run, arg[0], verify_maps[*map].value_bytes, true);
    default: return true;
    }
}

static void look_at_call(struct watch *w, const struct wn_op *op, uint32_t slot, const uint64_t *r)
{
    const struct wn_call *call = &w->prog->decoded->calls[op->target];
    bool proved = w->prog->decoded->mark[slot] == WN_MARK_PROVED;
    uint64_t map = 0;
    if (!call->checked)
        return;
    w->counts->calls++;
    w->counts->calls_proved += proved;
    for (unsigned i = 0; proved && i < 5; i++)
        if (!argument_holds(call, i, &r[WN_R1 + i], &map))
            complain(w, "slot %u: call proved, but r%u is %" PRIx64, slot, i + 1, r[WN_R1 + i]);
}

static void look(struct wn_trace *trace, uint32_t slot, const uint64_t *r)
{
    struct watch *w = (struct watch *)trace;
    const struct wn_op *op = &w->prog->decoded->ops[slot];
    if (++w->steps > w->most)
        complain(w, "slot %u: more than %" PRIu64 " steps", slot, w->most);
    switch (wn_op_kind(op)) {
    case WN_KIND_LOAD:
    case WN_KIND_STORE:
    case WN_KIND_ATOMIC: look_at_access(w, op, slot, r); break;
    case WN_KIND_CALL:
        if (op->id == WN_OP_CALL)
            look_at_call(w, op, slot, r);
        break;
    case WN_KIND_JUMP:
    case WN_KIND_BRANCH:
        w->counts->back += wn_is_back_edge(slot, op->target);
        w->counts->back_proved +=
            wn_is_back_edge(slot, op->target) && w->prog->decoded->mark[slot] == WN_MARK_PROVED;
        break;
    default: break;
    }
}

bool verify_watch(const struct wn_prog *prog, const struct verify_input *in,
                  struct verify_left *out, struct verify_counts *counts, char *text, size_t size)
{
    static uint32_t times[VERIFY_SLOTS];
    static struct watch w;
    struct wn_packet pkt;
    w = (struct watch){.trace = {.times = times, .look = look},
                       .prog = prog,
                       .counts = counts,
                       .most = MOST_STEPS +
                               (prog->info.loops_fuelled ? VERIFY_FUEL + prog->info.slots : 0),
                       .text = text,
                       .size = size};
    memset(out, 0, sizeof *out);
    start(in, 0, &pkt);
    run->trace = &w.trace;
    text[0] = '\0';
    bool ended = go(prog, &pkt, out);
    run->trace = NULL;
    counts->runs++;
    counts->steps += w.steps;
    if (!ended) {
        if (!text[0])
            snprintf(text, size, "the reference interpreter is not of this mind: signal %d",
                     (int)signalled);
        return false;
    }
    counts->faults[out->result.fault]++;
    finish(out);
    return true;
}
