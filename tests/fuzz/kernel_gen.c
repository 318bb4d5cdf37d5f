/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <string.h>

#include "careful.h"
#include "context/context.h"
#include "helper/helper.h"
#include "isa/code.h"
#include "isa/decode.h"
#include "kernel.h"

#define CONTEXT WN_R6
#define DATA    WN_R7 /* where the packet began when it was last asked */
#define VALUE   WN_R8 /* of a map, or 0, or forgotten */

enum { BODY = 90 }; /* slots in which a function's statements begin */

const struct wn_map_opts kernel_maps[KERNEL_MAPS] = {
    [MAP_ARRAY] = {WN_MAP_ARRAY, 4, 20, 4, 0, 1, 0, "array"},
    [MAP_PERCPU] = {WN_MAP_PERCPU_ARRAY, 4, 16, 2, 0, 2, 0, "percpu"},
    [MAP_HASH] = {WN_MAP_HASH, 8, 24, 3, WN_MAP_ZERO_SEED, 1, 0, "hash"},
    [MAP_LRU] = {WN_MAP_LRU_HASH, 4, 8, 3, WN_MAP_ZERO_SEED, 1, 0, "lru"},
    [MAP_PERCPU_HASH] = {WN_MAP_PERCPU_HASH, 6, 8, 2, WN_MAP_ZERO_SEED, 2, 0, "percpu_hash"},
    [MAP_TRIE] = {WN_MAP_LPM_TRIE, 8, 8, 3, WN_MAP_NO_PREALLOC, 1, 0, "trie"},
    [MAP_QUEUE] = {WN_MAP_QUEUE, 0, 12, 3, 0, 1, 0, "queue"},
    [MAP_BLOOM] = {WN_MAP_BLOOM_FILTER, 0, 8, 4, WN_MAP_ZERO_SEED, 1, 0, "bloom"},
    [MAP_DEVICES] = {WN_MAP_DEVMAP, 4, 4, 4, 0, 1, 0, "devices"},
    [MAP_PROGS] = {WN_MAP_PROG_ARRAY, 4, 4, KERNEL_ARRAYS, 0, 1, 0, "progs"},
};

/** A program while it is written. */
struct writer {
    struct gen *g;
    enum wn_prog_type type;
    struct wn_slot *slots;
    size_t len;
    bool daring; /* things that end the run are sought */
};

static bool one_in(struct gen *g, uint32_t n)
{
    return gen_below(g, n) == 0;
}

static bool dare(struct writer *w, uint32_t n)
{
    return w->daring && one_in(w->g, n);
}

static void put(struct writer *w, enum wn_op_id id, unsigned dst, unsigned src, int off,
                int32_t imm)
{
    assert(w->len < KERNEL_SLOTS);
    w->slots[w->len++] = wn_encode(id, dst, src, (int16_t)off, imm);
}

static void put_wide(struct writer *w, enum wn_op_id id, unsigned dst, uint64_t value)
{
    put(w, id, dst, 0, 0, (int32_t)(uint32_t)value);
    w->slots[w->len++] = wn_slot(0, 0, 0, 0, (int32_t)(uint32_t)(value >> 32));
}

static void set(struct writer *w, unsigned dst, int32_t imm)
{
    put(w, WN_OP_MOV64_K, dst, 0, 0, imm);
}

static void copy(struct writer *w, unsigned dst, unsigned src, int32_t plus)
{
    put(w, WN_OP_MOV64_X, dst, src, 0, 0);
    if (plus)
        put(w, WN_OP_ADD64_K, dst, 0, 0, plus);
}

static const enum wn_op_id loads[] = {WN_OP_LDX_B, WN_OP_LDX_H, WN_OP_LDX_W, WN_OP_LDX_DW};
static const enum wn_op_id stores[] = {WN_OP_STX_B, WN_OP_STX_H, WN_OP_STX_W, WN_OP_STX_DW};
static const enum wn_op_id constants[] = {WN_OP_ST_B, WN_OP_ST_H, WN_OP_ST_W, WN_OP_ST_DW};

/** A load or a store of 1 << log bytes. */
static void put_access(struct writer *w, unsigned base, int off, unsigned log, bool write)
{
    struct gen *g = w->g;
    if (!write)
        put(w, loads[log], gen_below(g, WN_R6), base, off, 0);
    else if (one_in(g, 2))
        put(w, stores[log], base, gen_below(g, WN_REGS), off, 0);
    else
        put(w, constants[log], base, 0, off, (int32_t)(uint32_t)gen_number(g));
}

/* ---- Contexts ------------------------------------------------------------------------------- */

/** Any field, or none where there is no context; long ones no more often than others. */
static const struct wn_context_field *some_field(struct writer *w)
{
    const struct wn_context_field *fields[WN_CONTEXT_BYTES];
    uint32_t n = 0;
    for (uint32_t at = 0; at < wn_context_bytes(w->type); at++) {
        fields[n] = wn_context_field(w->type, at);
        n += fields[n] && fields[n]->offset == at;
    }
    return n ? fields[gen_below(w->g, n)] : NULL;
}

/** A load or a store of a field, or of something around one. */
static void put_context(struct writer *w)
{
    struct gen *g = w->g;
    bool good = !dare(w, 6);
    for (unsigned tries = 0; tries < 8; tries++) {
        const struct wn_context_field *f = some_field(w);
        bool write = one_in(g, 2);
        unsigned log = gen_below(g, 4);
        uint32_t at = f ? f->offset + gen_below(g, f->bytes) : gen_below(g, 64);
        if (!one_in(g, 8))
            at &= ~((1u << log) - 1);
        if (f && good != wn_context_allows(w->type, at, 1u << log, write) && (good || one_in(g, 2)))
            continue;
        int off = (int)at - (!good && one_in(g, 8) ? 8 : 0);
        put_access(w, CONTEXT, off + (good ? 0 : (int)(gen_below(g, 3) / 2 * 8)), log, write);
        return;
    }
}

/** Ask where the packet is, and perhaps do something with it. */
static void put_packet(struct writer *w)
{
    struct gen *g = w->g;
    int32_t n = 1 + (int32_t)gen_below(g, one_in(g, 8) ? 200 : 48);
    unsigned log = gen_below(g, 4);
    if (w->type == WN_PROG_SOCKET) {
        put(w, one_in(g, 2) ? WN_OP_LD_ABS_B : WN_OP_LD_ABS_W, 0, 0, 0,
            one_in(g, 4) ? -0x200000 + n : n);
        return;
    }
    if (w->type == WN_PROG_FILTER) {
        put(w, loads[log], gen_below(g, WN_R6), CONTEXT, (int)gen_below(g, 20), 0);
        return;
    }
    int data = w->type == WN_PROG_XDP ? 0 : 76;
    if (!dare(w, 4))
        put(w, WN_OP_LDX_W, DATA, CONTEXT, data, 0);
    put(w, WN_OP_LDX_W, WN_R3, CONTEXT, data + 4, 0);
    copy(w, WN_R2, DATA, n);
    put(w, one_in(g, 2) ? WN_OP_JGT64_X : WN_OP_JGT32_X, WN_R2, WN_R3, dare(w, 8) ? 0 : 1, 0);
    put_access(w, DATA, n - (1 << log) + dare(w, 12), log, one_in(g, 2));
}

/* ---- Helpers -------------------------------------------------------------------------------- */

/** An address of `bytes` bytes that the program may read. */
static void put_memory(struct writer *w, unsigned r, int32_t bytes)
{
    struct gen *g = w->g;
    switch (gen_below(g, 8)) {
    case 0: copy(w, r, DATA, (int32_t)gen_below(g, 8)); return;
    case 1: copy(w, r, VALUE, 0); return;
    default: copy(w, r, WN_R10, -bytes - (int32_t)gen_below(g, 40)); return;
    }
}

/** A key that is likely to be met again. */
static void put_key(struct writer *w)
{
    struct gen *g = w->g;
    put(w, WN_OP_ST_DW, WN_R10, 0, -8, (int32_t)gen_below(g, 5));
    copy(w, WN_R2, WN_R10, -8);
    if (one_in(g, 12))
        put_memory(w, WN_R2, 8);
}

static void put_map(struct writer *w, unsigned r, uint32_t number)
{
    if (dare(w, 16))
        put_wide(w, WN_OP_IMM64, r, WN_MAP_TAG + gen_below(w->g, KERNEL_MAPS + 2));
    else
        put_wide(w, one_in(w->g, 2) ? WN_OP_MAP_FD : WN_OP_MAP_IDX, r, number);
}

static uint32_t any_map(struct writer *w)
{
    return gen_below(w->g, one_in(w->g, 6) ? KERNEL_MAPS : MAP_QUEUE);
}

/** What is done with a value that a lookup gave. */
static void put_value(struct writer *w)
{
    static const enum wn_op_id atomics[] = {WN_OP_ATOMIC_ADD64, WN_OP_ATOMIC_XCHG32,
                                            WN_OP_ATOMIC_FETCH_OR64, WN_OP_ATOMIC_CMPXCHG64};
    struct gen *g = w->g;
    put(w, WN_OP_MOV64_X, VALUE, WN_R0, 0, 0);
    put(w, WN_OP_JEQ64_K, WN_R0, 0, dare(w, 16) ? 0 : 1, 0);
    if (one_in(g, 2))
        put(w, atomics[gen_below(g, 4)], VALUE, gen_below(g, WN_R6), 0, 0);
    else
        put_access(w, VALUE, (int)gen_below(g, 8) + (dare(w, 8) ? 20 : -0), gen_below(g, 2),
                   one_in(g, 2));
}

static const char *const formats[] = {
    "n %d\n",   "%5u|",     "%-8x",  "%lx", "%s",  "%pI4", "%c%c",  "%llu",
    "%i %i %i", "%%",       "%08lX", "%y",  "%#x", "%pi6", "%px",   "%5s|",
    "%",        "%d%d%d%d", "+%+d",  "\a",  "%p",  "%p8x", "%999d", "%ld",
};

/** A format on the stack, with or without its end. */
static void put_format(struct writer *w)
{
    struct gen *g = w->g;
    char text[24] = {0};
    strcpy(text, formats[gen_below(g, sizeof formats / sizeof *formats)]);
    if (one_in(g, 12))
        memset(text, 'x', sizeof text);
    for (int i = 0; i < 3; i++) {
        uint64_t word;
        memcpy(&word, text + i * 8, sizeof word);
        put_wide(w, WN_OP_IMM64, WN_R0, word);
        put(w, WN_OP_STX_DW, WN_R10, WN_R0, i * 8 - 48, 0);
    }
    copy(w, WN_R1, WN_R10, -48);
    set(w, WN_R2, 24);
    for (unsigned r = WN_R3; r <= WN_R5; r++)
        if (one_in(g, 2))
            put_wide(w, WN_OP_IMM64, r, gen_number(g));
        else
            put_memory(w, r, 16);
}

static void put_offset(struct writer *w, unsigned r)
{
    struct gen *g = w->g;
    set(w, r, one_in(g, 6) ? (int32_t)(uint32_t)gen_number(g) : (int32_t)gen_below(g, 100) - 40);
}

/** A type of Ethernet frames, in network order. */
static int32_t some_type(struct gen *g)
{
    static const uint8_t types[][2] = {{0x08, 0x00}, {0x86, 0xdd}, {0x81, 0x00}, {0x88, 0xa8}};
    uint16_t type;
    memcpy(&type, types[gen_below(g, 4)], sizeof type);
    return one_in(g, 8) ? (int32_t)gen_below(g, 65536) : type;
}

static int32_t some_flags(struct gen *g, int32_t known)
{
    int32_t flags = one_in(g, 2) ? 0 : (int32_t)(uint32_t)gen_number(g) & known;
    return one_in(g, 12) ? (int32_t)(uint32_t)gen_number(g) : flags;
}

/** A struct bpf_fib_lookup at the end of the stack. */
static void put_lookup(struct writer *w)
{
    struct gen *g = w->g;
    for (int at = -64; at < 0; at += 8)
        put(w, WN_OP_ST_DW, WN_R10, 0, at, (int32_t)gen_below(g, 8));
    put(w, WN_OP_ST_DW, WN_R10, 0, -64, one_in(g, 8) ? 3 : one_in(g, 2) ? 2 : 10);
    put(w, WN_OP_ST_DW, WN_R10, 0, -56, one_in(g, 8) ? 9 : KERNEL_IFINDEX);
    copy(w, WN_R2, WN_R10, -64);
    set(w, WN_R3, one_in(g, 8) ? 63 : 64);
    set(w, WN_R4, some_flags(g, 63));
}

/** What helpers that change a packet with a struct __sk_buff want, or of one of XDP. */
static void put_packet_arguments(struct writer *w, uint32_t id)
{
    struct gen *g = w->g;
    unsigned bytes = 1 + gen_below(g, 40);
    copy(w, WN_R1, CONTEXT, 0);
    put_offset(w, WN_R2);
    switch (id) {
    case 9:
    case 68:
    case 189:
    case 190:
        set(w, WN_R4, (int32_t)bytes);
        put_memory(w, WN_R3, (int32_t)bytes);
        set(w, WN_R5, some_flags(g, id == 68 ? 1 : 3));
        break;
    case 10:
    case 11:
        set(w, WN_R3, one_in(g, 2) ? 0 : (int32_t)(uint32_t)gen_number(g));
        set(w, WN_R4, (int32_t)(uint32_t)gen_number(g));
        set(w, WN_R5, some_flags(g, id == 11 ? 0xf6 : 6));
        break;
    case 13:
        set(w, WN_R2, one_in(g, 4) ? 9 : KERNEL_IFINDEX);
        set(w, WN_R3, some_flags(g, 1));
        break;
    case 18:
    case 31:
        set(w, WN_R2, some_type(g));
        set(w, WN_R3, id == 18 ? (int32_t)gen_below(g, 65536) : one_in(g, 8));
        break;
    case 32: set(w, WN_R2, (int32_t)gen_below(g, 6)); break;
    case 38:
    case 43:
        set(w, WN_R2, (int32_t)gen_below(g, one_in(g, 8) ? 20000 : 200));
        set(w, WN_R3, one_in(g, 12));
        break;
    case 50:
        set(w, WN_R3, (int32_t)gen_below(g, one_in(g, 8) ? 4 : 2));
        set(w, WN_R4, some_flags(g, 511));
        break;
    case 54:
        set(w, WN_R2, one_in(g, 8) ? (int32_t)gen_below(g, 9) : -4 * (int32_t)gen_below(g, 9));
        break;
    case 69: put_lookup(w); break;
    case 135: set(w, WN_R2, (int32_t)gen_below(g, 5)); break;
    case 163:
        put(w, WN_OP_ST_DW, WN_R10, 0, -8, one_in(g, 3) ? 100 : 0);
        copy(w, WN_R3, WN_R10, -8);
        set(w, WN_R2, one_in(g, 8) ? 9 : one_in(g, 2) ? 0 : KERNEL_IFINDEX);
        set(w, WN_R4, (int32_t)gen_below(g, 3000) - 1500);
        set(w, WN_R5, some_flags(g, 1));
        break;
    case 192:
        set(w, WN_R2, (int32_t)gen_below(g, 2));
        set(w, WN_R3, (int32_t)gen_below(g, 4));
        break;
    default: break; /* the context alone, or a number with it */
    }
}

/** What a helper wants in r1 to r5. */
static void put_arguments(struct writer *w, uint32_t id)
{
    struct gen *g = w->g;
    switch (id) {
    case 1:
    case 3: put_key(w), put_map(w, WN_R1, any_map(w)); break;
    case 2:
        put_key(w);
        put_memory(w, WN_R3, 24);
        put_map(w, WN_R1, any_map(w));
        set(w, WN_R4, one_in(g, 12) ? (int32_t)(uint32_t)gen_number(g) : (int32_t)gen_below(g, 3));
        break;
    case 6: put_format(w); break;
    case 12:
        copy(w, WN_R1, CONTEXT, 0);
        put_map(w, WN_R2, one_in(g, 16) ? any_map(w) : (uint32_t)MAP_PROGS);
        set(w, WN_R3,
            one_in(g, 16) ? (int32_t)(uint32_t)gen_number(g)
                          : (int32_t)gen_below(g, KERNEL_PROGRAMS + 1));
        break;
    case 23:
        set(w, WN_R1, (int32_t)gen_below(g, 9)), set(w, WN_R2, (int32_t)gen_below(g, 3));
        break;
    case 26:
        copy(w, WN_R1, CONTEXT, 0);
        put_offset(w, WN_R2);
        set(w, WN_R4, 1 + (int32_t)gen_below(g, 40));
        put_memory(w, WN_R3, 40);
        break;
    case 28:
        set(w, WN_R2, (int32_t)gen_below(g, 40));
        set(w, WN_R4, (int32_t)gen_below(g, 40));
        put_memory(w, WN_R1, 40);
        put_memory(w, WN_R3, 40);
        set(w, WN_R5, (int32_t)(uint32_t)gen_number(g));
        break;
    case 105:
    case 106:
        put_memory(w, WN_R1, 24);
        set(w, WN_R2, 1 + (int32_t)gen_below(g, 24));
        set(w, WN_R3, one_in(g, 8) ? (int32_t)gen_below(g, 40) : one_in(g, 2) ? 0 : 10);
        copy(w, WN_R4, one_in(g, 4) ? VALUE : WN_R10, one_in(g, 4) ? 0 : -16);
        break;
    case 165:
        put_memory(w, WN_R1, 40), put_memory(w, WN_R4, 24);
        set(w, WN_R2, (int32_t)gen_below(g, 40)), set(w, WN_R5, 8 * (int32_t)gen_below(g, 4));
        copy(w, WN_R3, VALUE, 0);
        break;
    case 177:
        put_format(w);
        put_memory(w, WN_R3, 32), set(w, WN_R4, 8 * (int32_t)gen_below(g, 5));
        break;
    case 182:
        put_memory(w, WN_R1, 16), copy(w, WN_R3, VALUE, 0);
        set(w, WN_R2, 1 + (int32_t)gen_below(g, 16));
        break;
    case 51:
        put_map(w, WN_R1, one_in(g, 8) ? any_map(w) : (uint32_t)MAP_DEVICES);
        set(w, WN_R2, (int32_t)gen_below(g, 6));
        set(w, WN_R3, one_in(g, 8) ? (int32_t)(uint32_t)gen_number(g) : (int32_t)gen_below(g, 32));
        break;
    case 87:
    case 88:
    case 89:
        put_memory(w, WN_R2, 12);
        put_map(w, WN_R1, one_in(g, 8) ? any_map(w) : MAP_QUEUE + gen_below(g, 2));
        set(w, WN_R3, one_in(g, 12) ? (int32_t)(uint32_t)gen_number(g) : (int32_t)gen_below(g, 3));
        break;
    case 195:
        put_key(w);
        put_map(w, WN_R1, one_in(g, 8) ? any_map(w) : one_in(g, 2) ? MAP_PERCPU : MAP_PERCPU_HASH);
        set(w, WN_R3, (int32_t)gen_below(g, 4));
        break;
    case 152:
        set(w, WN_R1, 9), set(w, WN_R3, one_in(g, 2) ? 0 : 16 + (int32_t)gen_below(g, 10));
        put_memory(w, WN_R2, 40), set(w, WN_R4, some_flags(g, 0));
        break;
    case 155: set(w, WN_R1, 9), set(w, WN_R2, one_in(g, 4)); break;
    default: put_packet_arguments(w, id); break;
    }
}

/** A helper that programs of this type may call, and what it wants, most of the time. */
static void put_call(struct writer *w)
{
    struct gen *g = w->g;
    const struct wn_helper *h;
    size_t n = 0;
    while (wn_helper_at(n))
        n++;
    do
        h = wn_helper_at(gen_below(g, (uint32_t)n));
    while (!(h->types >> w->type & 1) || (kernel_elsewhere(h->id) && !one_in(g, 16)));
    put_arguments(w, h->id);
    uint32_t arguments = 0;
    while (arguments < 5 && h->sig.args[arguments] != WN_ARG_NONE)
        arguments++;
    if (arguments && dare(w, 10))
        put_wide(w, WN_OP_IMM64, WN_R1 + gen_below(g, arguments), gen_number(g));
    put(w, WN_OP_CALL, 0, 0, 0, (int32_t)h->id);
    if (h->id == 1 || h->id == 195)
        put_value(w);
}

/* ---- Programs ------------------------------------------------------------------------------- */

static void put_alu(struct writer *w)
{
    static const enum wn_op_id ids[] = {WN_OP_ADD64_X, WN_OP_XOR64_X, WN_OP_MUL32_X, WN_OP_SUB32_X,
                                        WN_OP_RSH64_X, WN_OP_BE32,    WN_OP_MOV64_K, WN_OP_AND64_K};
    struct gen *g = w->g;
    enum wn_op_id id = ids[gen_below(g, 8)];
    unsigned dst = one_in(g, 24) ? gen_below(g, WN_R10) : gen_below(g, WN_R6);
    if (id == WN_OP_MOV64_K || id == WN_OP_AND64_K)
        put(w, id, dst, 0, 0, (int32_t)(uint32_t)gen_number(g));
    else
        put(w, id, dst, id == WN_OP_BE32 ? 0 : gen_below(g, WN_REGS), 0, 0);
}

static void put_statement(struct writer *w)
{
    struct gen *g = w->g;
    switch (gen_below(g, 12)) {
    case 0:
    case 1:
    case 2:
    case 3: put_context(w); break;
    case 4:
    case 5: put_packet(w); break;
    case 6: put_alu(w); break;
    case 7: put_access(w, WN_R10, -8 - (int)gen_below(g, 60), gen_below(g, 4), one_in(g, 2)); break;
    default: put_call(w); break;
    }
}

/** A statement that happens or not. */
static void put_choice(struct writer *w)
{
    size_t at = w->len;
    put(w, one_in(w->g, 2) ? WN_OP_JSGT64_K : WN_OP_JNE32_K, gen_below(w->g, WN_R6), 0, 0,
        (int32_t)gen_below(w->g, 3) - 1);
    put_statement(w);
    w->slots[at].off = (int16_t)(w->len - at - 1);
}

/** The main function, or one that it calls with its context in r1. */
static void put_function(struct writer *w, size_t *call)
{
    struct gen *g = w->g;
    size_t start = w->len;
    copy(w, CONTEXT, WN_R1, 0);
    copy(w, DATA, WN_R10, -64);
    copy(w, VALUE, WN_R10, -128);
    size_t calls_at = call && !one_in(g, 3) ? gen_below(g, BODY) : BODY;
    for (uint32_t n = gen_below(g, 14); n > 0 && w->len - start < BODY; n--) {
        if (w->len - start >= calls_at) {
            copy(w, WN_R1, CONTEXT, 0);
            *call = w->len;
            put(w, WN_OP_CALL_LOCAL, 0, 0, 0, 0);
            calls_at = BODY;
        }
        if (one_in(g, 5))
            put_choice(w);
        else
            put_statement(w);
    }
    if (dare(w, 12))
        put(w, WN_OP_JEQ64_K, WN_R0, 0, (int)start - (int)w->len - 1, 0);
    if (one_in(g, 3)) { /* whoever ends like that is called often */
        put_arguments(w, 12);
        put(w, WN_OP_CALL, 0, 0, 0, 12);
    }
    put(w, WN_OP_EXIT, 0, 0, 0, 0);
}

static size_t make_program(struct gen *g, enum wn_prog_type type, struct wn_slot *out)
{
    struct writer w = {.g = g, .type = type, .slots = out, .daring = one_in(g, 2)};
    size_t call = 0;
    put_function(&w, &call);
    if (call) {
        w.slots[call].imm = (int32_t)(w.len - call - 1);
        put_function(&w, NULL);
    }
    return w.len;
}

static uint32_t input_length(struct gen *g)
{
    switch (gen_below(g, 8)) {
    case 0: return gen_below(g, KERNEL_PACKET + 1);
    case 1: return gen_below(g, 20);
    default: return 48 + gen_below(g, 80);
    }
}

void kernel_make(struct kernel_trial *t, uint64_t seed)
{
    static const int32_t helpers[] = {1, 3, 5, 7, 8, 12};
    static const struct careful_maps maps = {kernel_maps, MAP_QUEUE, MAP_PROGS};
    struct careful_lengths lengths = {.n = 0};
    struct gen g = {.seed = seed,
                    .writable = WN_MAP_TAG,
                    .readable = WN_MAP_TAG + 1,
                    .helpers = helpers,
                    .n_helpers = sizeof helpers / sizeof *helpers};
    memset(t, 0, sizeof *t);
    t->seed = seed;
    t->type = (enum wn_prog_type)gen_below(&g, WN_PROG_TYPES);
    t->flags = t->type == WN_PROG_SOCKET && one_in(&g, 2) ? WN_PROG_COOKED : 0;
    t->fuel = one_in(&g, 4) ? 1 + gen_below(&g, 400) : 20000;
    t->careful = one_in(&g, 3);
    for (unsigned i = 0; i < KERNEL_PROGRAMS; i++) {
        struct kernel_program *p = &t->programs[i];
        if (t->careful)
            p->n = careful_program(&g, t->type, &maps, p->slots, &lengths);
        else if (i && one_in(&g, 8))
            p->n = gen_program(&g, p->slots);
        else
            p->n = make_program(&g, t->type, p->slots);
    }
    for (struct kernel_input *in = t->inputs; in < t->inputs + KERNEL_INPUTS; in++) {
        in->length = t->careful ? careful_length(&g, &lengths, KERNEL_PACKET) : input_length(&g);
        in->longer = one_in(&g, 16) ? 3300 + gen_below(&g, 400) : 0;
        gen_fill(&g, in->bytes, in->length);
        if (in->length >= 14 && !t->careful && !one_in(&g, 4)) {
            uint16_t type = (uint16_t)some_type(&g);
            memcpy(in->bytes + 12, &type, sizeof type);
        }
    }
}
