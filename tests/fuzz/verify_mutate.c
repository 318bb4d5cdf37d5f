/* SPDX-License-Identifier: MIT */
/** What programs run on, and what becomes of them when they are changed. */
#include <string.h>

#include "isa/code.h"
#include "isa/decode.h"
#include "verify.h"

static bool one_in(struct gen *g, uint32_t n)
{
    return gen_below(g, n) == 0;
}

/** A constant of the program, or one next to it. */
static int64_t near_number(const struct verify_trial *t, struct gen *g)
{
    uint32_t n = t->n_numbers < VERIFY_NUMBERS ? t->n_numbers : VERIFY_NUMBERS;
    int64_t number = n ? t->numbers[gen_below(g, n)] : 8;
    return number + (int64_t)gen_below(g, 3) - 1;
}

/* ---- packets --------------------------------------------------------------------------------- */

/** Numbers in packets are small, or at an edge, or next to what they are compared with. */
static void fill(const struct verify_trial *t, struct gen *g, struct verify_input *in)
{
    gen_fill(g, in->bytes, sizeof in->bytes);
    for (uint32_t i = 0; i < VERIFY_PACKET; i++) {
        uint8_t choice = in->bytes[i];
        switch (choice & 7) {
        case 0: break;
        case 1: in->bytes[i] = 0xff; break;
        case 2: in->bytes[i] = (uint8_t)near_number(t, g); break;
        case 3: in->bytes[i] = 0; break;
        default: in->bytes[i] = choice >> 3 & 15; break;
        }
    }
    for (uint32_t i = 0; i + 4 <= VERIFY_PACKET && one_in(g, 2); i += 4 + gen_below(g, 40)) {
        uint32_t word = (uint32_t)near_number(t, g);
        memcpy(in->bytes + i, &word, sizeof word);
    }
}

static uint32_t field(const struct verify_trial *t, struct gen *g)
{
    switch (gen_below(g, 4)) {
    case 0: return (uint32_t)gen_number(g);
    case 1: return gen_below(g, 16);
    default: return (uint32_t)near_number(t, g);
    }
}

void verify_make_inputs(struct verify_trial *t, struct gen *g)
{
    for (struct verify_input *in = t->inputs; in < t->inputs + VERIFY_INPUTS; in++) {
        int64_t length = near_number(t, g);
        if (one_in(g, 3) || length < 0 || length > VERIFY_PACKET)
            length = gen_below(g, one_in(g, 2) ? 64 : VERIFY_PACKET + 1);
        *in = (struct verify_input){.length = (uint32_t)length, .low = one_in(g, 2)};
        in->ifindex = field(t, g);
        in->queue = field(t, g);
        in->longer = gen_below(g, 3) * gen_below(g, 1500);
        fill(t, g, in);
    }
}

/* ---- programs -------------------------------------------------------------------------------- */

/** Another row of the same form and kind; shifts, swaps and moves among themselves are included. */
static void change_row(struct wn_slot *s, int row, struct gen *g)
{
    const struct wn_row *old = &wn_rows[row];
    if (old->kind == WN_KIND_CALL || old->kind == WN_KIND_WIDE || old->kind == WN_KIND_JUMP ||
        old->kind == WN_KIND_EXIT)
        return;
    for (unsigned tries = 0; tries < 40; tries++) {
        unsigned other = gen_below(g, WN_OPS_ENCODED);
        if (wn_rows[other].form != old->form || wn_rows[other].kind != old->kind)
            continue;
        *s = wn_encode((enum wn_op_id)other, s->regs & 15, s->regs >> 4, s->off, s->imm);
        return;
    }
}

/** Change a register, mostly to one that is near by number. */
static void change_register(struct wn_slot *s, struct gen *g)
{
    unsigned shift = 4 * gen_below(g, 2), other = gen_below(g, WN_REGS);
    s->regs = (uint8_t)((s->regs & ~(15u << shift)) | other << shift);
}

static void swap(struct verify_trial *t, size_t at, struct gen *g)
{
    size_t other = at + 1 + gen_below(g, 2);
    if (other >= t->n)
        return;
    struct wn_slot s = t->slots[at];
    t->slots[at] = t->slots[other];
    t->slots[other] = s;
}

static void change(struct verify_trial *t, size_t at, int row, struct gen *g)
{
    static const int16_t offsets[] = {-8, -4, -2, -1, 1, 2, 4, 8};
    struct wn_slot *s = &t->slots[at];
    bool jumps = wn_rows[row].kind == WN_KIND_BRANCH || wn_rows[row].kind == WN_KIND_JUMP;
    switch (gen_below(g, 10)) {
    case 0: s->imm = (int32_t)((uint32_t)s->imm + (one_in(g, 2) ? 1u : UINT32_MAX)); return;
    case 1: s->imm = (int32_t)near_number(t, g); return;
    case 2:
    case 3: change_row(s, row, g); return;
    case 4: change_register(s, g); return;
    case 5: swap(t, at, g); return;
    case 6:
        s->off = (int16_t)(s->off + (jumps ? (int)gen_below(g, 5) - 2 : offsets[gen_below(g, 8)]));
        return;
    case 7: t->slots[at] = t->slots[gen_below(g, (uint32_t)t->n)]; return;
    default: *s = wn_encode(WN_OP_JA, 0, 0, 0, 0); return; /* nothing */
    }
}

void verify_mutate(struct verify_trial *t, struct gen *g)
{
    for (uint32_t n = 1 + gen_below(g, one_in(g, 3) ? 6 : 2); n > 0; n--) {
        size_t at = gen_below(g, (uint32_t)t->n);
        int row = wn_slot_row(t->slots[at], 0, NULL);
        bool second = at && wn_slot_row(t->slots[at - 1], 0, NULL) >= 0 &&
                      wn_rows[wn_slot_row(t->slots[at - 1], 0, NULL)].kind == WN_KIND_WIDE;
        if (row >= 0 && !second && wn_rows[row].kind != WN_KIND_WIDE)
            change(t, at, row, g);
    }
}
