/* SPDX-License-Identifier: MIT */
#include "packet_steps.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "helper/helper.h"
#include "numbers.h"

enum { MEMORY = 64, LENGTH_AT = -72, PRIME = 0x01000193 };

static uint64_t state;

static uint32_t below(uint32_t n)
{
    return (uint32_t)(numbers_next(&state) % n);
}

static bool one_in(uint32_t n)
{
    return below(n) == 0;
}

/* ---- Which steps ----------------------------------------------------------------------------- */

/** A place in a packet, or where there is none. */
static uint64_t place(void)
{
    static const uint64_t corners[] = {
        0,      1,     12,         14,   24,         34,         54,         0xffff, 0x10000,
        0xfffe, 0xfff, 0x7fffffff, 3000, 0x80000000, 0xffffffff, 0xfffffff0, 16064,  0x100000000};
    return one_in(5) ? corners[below(sizeof corners / sizeof *corners)] : below(90);
}

/** A number of bytes by which something changes, negative as 32 bits or 64. */
static uint64_t change(void)
{
    static const int32_t corners[] = {0xfff, -0xfff, 0x1000, -0x1000, INT32_MAX, INT32_MIN, -216};
    switch (below(8)) {
    case 0: return (uint64_t)corners[below(7)];
    case 1: return (uint32_t)corners[below(7)];
    case 2: return (uint64_t)(int64_t)(4 * ((int)below(120) - 60));
    default: return (uint64_t)(int64_t)((int)below(160) - 80);
    }
}

static uint64_t flags_of(const uint64_t *known, unsigned n)
{
    uint64_t flags = 0;
    for (unsigned i = 0; i < n; i++)
        flags |= one_in(4) ? known[i] : 0;
    return one_in(20) ? flags | UINT64_C(1) << below(64) : flags;
}

static uint64_t room_flags(void)
{
    static const uint64_t known[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};
    uint64_t flags = one_in(3) ? 0 : flags_of(known, 9);
    if (one_in(6))
        flags |= (uint64_t)below(one_in(4) ? 256 : 20) << 56;
    return flags;
}

static uint64_t sum_flags(bool l4)
{
    static const uint64_t known[] = {16, 32, 64, 128};
    static const uint64_t sizes[] = {0, 2, 4};
    uint64_t flags = l4 ? flags_of(known, 4) : 0;
    return flags | (one_in(10) ? below(16) : sizes[below(3)]);
}

static uint64_t ether_type(void)
{
    static const uint16_t types[] = {0x0008, 0xdd86, 0x0081, 0xa888, 0, 0x0608};
    return types[below(one_in(4) ? 6 : 4)];
}

static uint64_t number(void)
{
    return one_in(3) ? below(256) : numbers_next(&state) >> below(64);
}

/** Memory in argument i, as long as argument i + 1 says. */
static void memory(struct step *s, unsigned i, unsigned least)
{
    unsigned bytes = least + below(one_in(2) ? 8 : MEMORY - least + 1);
    s->memory |= (uint8_t)(1u << i);
    s->args[i] = below(MEMORY + (bytes > 0) - bytes);
    s->args[i + 1] = bytes;
}

static void choose_changing(struct step *s)
{
    uint64_t *a = s->args;
    switch (s->helper) {
    case 18: a[1] = ether_type(), a[2] = number(); break;
    case 31: a[1] = ether_type(), a[2] = one_in(10); break;
    case 38: a[1] = one_in(3) ? place() : 14 + below(200), a[2] = one_in(20); break;
    case 43: a[1] = place(), a[2] = one_in(20); break;
    case 50:
        a[1] = change();
        a[2] = one_in(16) ? below(4) : below(2);
        a[3] = room_flags();
        break;
    case 44:
    case 54:
    case 65: a[1] = change(); break;
    default: break;
    }
}

static void choose_arguments(struct step *s)
{
    uint64_t *a = s->args;
    switch (s->helper) {
    case 9: a[1] = place(), memory(s, 2, 1), a[4] = one_in(10) ? below(8) : below(4); break;
    case 10:
    case 11:
        a[1] = place(), a[2] = one_in(2) ? 0 : number(), a[3] = number();
        a[4] = sum_flags(s->helper == 11);
        break;
    case 13: a[1] = one_in(8) ? 99 : 1, a[2] = one_in(8) ? below(4) : below(2); break;
    case 26:
    case 189:
    case 190: a[1] = place(), memory(s, 2, 1); break;
    case 28: memory(s, 0, 0), memory(s, 2, 0), a[4] = number(); break;
    case 32: a[1] = one_in(4) ? number() : below(5); break;
    case 39: a[1] = one_in(2) ? place() : below(200); break;
    case 40: a[1] = number(); break;
    case 48: a[1] = below(16); break;
    case 68: a[1] = place(), memory(s, 2, 1), a[4] = below(one_in(8) ? 4 : 2); break;
    case 69: s->memory = 2, a[2] = 64, a[3] = one_in(8) ? below(128) : 0; break;
    case 135: a[1] = one_in(8) ? number() : below(4); break;
    case 163:
        a[1] = one_in(8) ? 99 : below(2), s->memory = 4, a[2] = (uint64_t)(LENGTH_AT + MEMORY);
        a[3] = change(), a[4] = one_in(8) ? below(3) : 0, s->offset = one_in(3) ? 100 : 0;
        break;
    case 192: a[1] = one_in(4) ? 0 : number(), a[2] = below(one_in(8) ? 8 : 3); break;
    default: choose_changing(s); break;
    }
}

static void choose_helper(struct step *s, enum wn_prog_type type, bool clones)
{
    static const uint8_t xdp[] = {28, 44, 44, 54, 54, 65, 188, 189, 190, 69, 163};
    static const uint8_t tc[] = {9,  9,  10, 11, 11, 13, 18, 18, 18, 19, 19,  24,  26,
                                 28, 31, 31, 32, 34, 38, 38, 39, 40, 41, 42,  43,  43,
                                 48, 50, 50, 50, 50, 68, 69, 97, 97, 97, 135, 163, 192};
    static const uint8_t socket[] = {26, 26, 68, 68, 42};
    do
        s->helper = type == WN_PROG_XDP  ? xdp[below(sizeof xdp)]
                    : type == WN_PROG_TC ? tc[below(sizeof tc)]
                                         : socket[below(sizeof socket)];
    while (s->helper == 13 && !clones);
    choose_arguments(s);
}

/** How many bytes of a field the kernel has: parts behind these it takes from the first ones
 * again. */
static unsigned bytes_of(int16_t field)
{
    switch (field) {
    case 4: return 1;
    case 12:
    case 16:
    case 24:
    case 28:
    case 44:
    case 72: return 2;
    default: return 4;
    }
}

/** Fields that mean the same here and there, by offset: of the hash only that there is one. */
static void choose_field(struct step *s, enum wn_prog_type type)
{
    static const int16_t fields[] = {0,  4,  8,  12, 16, 20, 24, 28,  32,  36,  40,  44,  48,
                                     52, 56, 60, 64, 68, 72, 84, 160, 164, 176, 152, 180, 184};
    static const int16_t written[] = {8, 12, 32, 44, 48, 52, 56, 60, 64, 72, 152};
    unsigned n = type == WN_PROG_TC ? 26 : 18;
    s->write = s->kind == STEP_STORE;
    s->bytes = 4;
    if (type == WN_PROG_XDP) {
        s->offset = one_in(2) ? 12 : 16;
        s->write = false;
        return;
    }
    if (s->write && type == WN_PROG_SOCKET)
        s->offset = (int16_t)(48 + 4 * below(5));
    else
        s->offset = s->write ? written[below(11)] : fields[below(n)];
    bool queue = s->offset >= 48 && s->offset < 68;
    unsigned significant = bytes_of(s->offset);
    if (s->offset == 152 || s->offset == 184)
        s->bytes = 8;
    else if (s->offset == 180)
        s->bytes = 1;
    else if ((queue || !s->write) && s->offset != 68 && one_in(3)) {
        s->bytes = significant == 1 ? 1 : (uint8_t)(1u << below(2));
        s->offset = (int16_t)(s->offset + s->bytes * (int)below(significant / s->bytes));
    } else if ((s->offset == 48 || s->offset == 56) && one_in(3))
        s->bytes = 8;
    s->args[0] = one_in(2) ? 0xfffe + below(3) : number();
    if (s->offset == 12) /* the kernel looks at more than it stores */
        s->args[0] = (uint32_t)s->args[0];
}

void steps_make(struct steps *s, uint64_t seed, bool clones)
{
    static const enum wn_prog_type types[] = {WN_PROG_TC, WN_PROG_TC, WN_PROG_XDP, WN_PROG_SOCKET};
    state = seed;
    *s = (struct steps){.type = types[below(4)], .fill = below(UINT32_MAX), .n = 1 + below(STEPS)};
    for (unsigned i = 0; i < s->n; i++) {
        struct step *step = &s->list[i];
        uint32_t kind = below(10);
        step->kind = kind < 6   ? STEP_CALL
                     : kind < 8 ? STEP_FIELD
                     : kind < 9 ? STEP_STORE
                                : STEP_BYTES;
        if (step->kind == STEP_STORE && s->type == WN_PROG_XDP)
            step->kind = STEP_BYTES;
        if (step->kind == STEP_BYTES && s->type == WN_PROG_SOCKET)
            step->kind = STEP_CALL;
        if (step->kind == STEP_CALL) {
            choose_helper(step, s->type, clones);
        } else if (step->kind == STEP_BYTES) {
            step->offset = (int16_t)below(one_in(4) ? 300 : 60);
            step->bytes = (uint8_t)(1u << below(4));
            step->write = one_in(3);
            step->args[0] = number();
        } else {
            choose_field(step, s->type);
        }
    }
}

/* ---- The program ----------------------------------------------------------------------------- */

#define CONTEXT WN_R6
#define SEEN    WN_R7

static void put(struct program *p, struct wn_slot s)
{
    program_put(p, s);
}

static void set(struct program *p, unsigned reg, uint64_t value)
{
    if (value == (uint64_t)(int64_t)(int32_t)value)
        put(p, wn_mov64_k(reg, (int32_t)value));
    else
        program_put_wide(p, wn_imm64(reg, value));
}

/** Let a register's number count. */
static void see(struct program *p, unsigned reg)
{
    put(p, wn_mul64_k(SEEN, PRIME));
    put(p, wn_add64_x(SEEN, reg));
}

/** What depends on a hash that the kernel alone knows: only that there is one counts. */
static void hide_hash(struct program *p, unsigned reg)
{
    put(p, wn_jlt64_k(reg, 16, 1));
    put(p, wn_mov64_k(reg, 1000));
}

static void put_field(struct program *p, const struct step *s, unsigned base)
{
    static struct wn_slot (*const loads[])(unsigned, unsigned, int16_t) = {
        [1] = wn_ldx_b, [2] = wn_ldx_h, [4] = wn_ldx_w, [8] = wn_ldx_dw};
    static struct wn_slot (*const stores[])(unsigned, int16_t, unsigned) = {
        [1] = wn_stx_b, [2] = wn_stx_h, [4] = wn_stx_w, [8] = wn_stx_dw};
    if (s->write) {
        set(p, WN_R2, s->args[0]);
        put(p, stores[s->bytes](base, s->offset, WN_R2));
        return;
    }
    put(p, loads[s->bytes](WN_R0, base, s->offset));
    if (base == CONTEXT && s->offset >= 68 && s->offset < 72)
        hide_hash(p, WN_R0);
    if (base == CONTEXT && s->offset == 4) { /* the loopback device has no address for broadcasts */
        put(p, wn_jne64_k(WN_R0, 1, 1));
        put(p, wn_mov64_k(WN_R0, 2));
    }
    see(p, WN_R0);
}

/** Something in the packet, where it is now, and how long it is. */
static void put_bytes(struct program *p, const struct step *s, enum wn_prog_type type)
{
    bool xdp = type == WN_PROG_XDP;
    int16_t data = xdp ? 0 : 76, meta = xdp ? 8 : 140;
    put(p, wn_ldx_w(WN_R3, CONTEXT, data));
    put(p, wn_ldx_w(WN_R4, CONTEXT, (int16_t)(data + 4)));
    put(p, wn_ldx_w(WN_R5, CONTEXT, meta));
    put(p, wn_mov64_x(WN_R0, WN_R4));
    put(p, wn_sub64_x(WN_R0, WN_R3));
    see(p, WN_R0);
    put(p, wn_mov64_x(WN_R0, WN_R3));
    put(p, wn_sub64_x(WN_R0, WN_R5));
    see(p, WN_R0);
    put(p, wn_mov64_x(WN_R1, WN_R5));
    put(p, wn_add64_k(WN_R1, 4));
    put(p, wn_jgt64_x(WN_R1, WN_R3, 3));
    put(p, wn_ldx_w(WN_R0, WN_R5, 0));
    see(p, WN_R0);
    put(p, wn_mov64_x(WN_R1, WN_R3));
    put(p, wn_add64_k(WN_R1, s->offset + s->bytes));
    size_t jump = p->n;
    put(p, wn_jgt64_x(WN_R1, WN_R4, 0));
    put_field(p, s, WN_R3);
    p->slots[jump].off = (int16_t)(p->n - jump - 1);
}

static void put_call(struct program *p, const struct step *s)
{
    if (s->helper == 163) {
        put(p, wn_st_w(WN_R10, LENGTH_AT, s->offset));
        put(p, wn_st_w(WN_R10, LENGTH_AT + 4, 0));
    }
    for (unsigned i = 0; i < 5; i++) {
        unsigned reg = WN_R1 + i;
        if (s->memory >> i & 1) {
            put(p, wn_mov64_x(reg, WN_R10));
            put(p, wn_add64_k(reg, (int32_t)s->args[i] - MEMORY));
        } else {
            set(p, reg, s->args[i]);
        }
    }
    bool context = s->helper != 28 && s->helper != 42;
    if (context)
        put(p, wn_mov64_x(WN_R1, CONTEXT));
    put(p, wn_call((int32_t)s->helper));
    if (s->helper == 34)
        hide_hash(p, WN_R0);
    see(p, WN_R0);
    for (int16_t at = -MEMORY; s->memory && at < 0; at += 8) {
        put(p, wn_ldx_dw(WN_R0, WN_R10, at));
        see(p, WN_R0);
    }
    if (s->helper == 163) {
        put(p, wn_ldx_w(WN_R0, WN_R10, LENGTH_AT));
        see(p, WN_R0);
    }
}

void steps_write(const struct steps *s, struct program *p)
{
    uint64_t fill = s->fill;
    p->n = 0;
    put(p, wn_mov64_x(CONTEXT, WN_R1));
    put(p, wn_mov64_k(SEEN, 1));
    for (int16_t at = -MEMORY; at < 0; at += 8)
        put(p, wn_st_dw(WN_R10, at, (int32_t)(uint32_t)numbers_next(&fill)));
    for (unsigned i = 0; i < s->n; i++) {
        const struct step *step = &s->list[i];
        if (step->kind == STEP_CALL)
            put_call(p, step);
        else if (step->kind == STEP_BYTES)
            put_bytes(p, step, s->type);
        else
            put_field(p, step, CONTEXT);
    }
    put(p, wn_mov64_x(WN_R0, SEEN));
    put(p, wn_rsh64_k(SEEN, 32));
    put(p, wn_xor64_x(WN_R0, SEEN));
    put(p, wn_exit());
}

void steps_print(const struct steps *s)
{
    printf("# %s:\n", wn_prog_type_name(s->type));
    for (unsigned i = 0; i < s->n; i++) {
        const struct step *t = &s->list[i];
        const struct wn_helper *h = t->kind == STEP_CALL ? wn_helper_find(t->helper) : NULL;
        if (t->kind != STEP_CALL) {
            printf("#   %s %d, %u bytes, %s %#" PRIx64 "\n",
                   t->kind == STEP_BYTES ? "packet" : "field", t->offset, t->bytes,
                   t->write ? "store" : "load", t->args[0]);
            continue;
        }
        printf("#   %s(", h ? h->name : "?");
        for (unsigned k = 0; k < 5; k++)
            printf("%s%s%#" PRIx64, k ? ", " : "", t->memory >> k & 1 ? "at " : "", t->args[k]);
        printf(")\n");
    }
}
