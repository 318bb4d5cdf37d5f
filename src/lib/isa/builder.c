/* SPDX-License-Identifier: MIT */
#include <winnow/build.h>

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"
#include "isa/decode.h"

enum { MOST = 1000000 }; /* slots, labels */

/** A label named by the instruction at a slot. */
struct wn_build_ref {
    uint32_t at;
    uint32_t label;
};

/** Keep the first mistake. */
#define MISTAKE(b, code, ...) wn_fail(&(b)->error, code, (uint32_t)(b)->count, __VA_ARGS__)

static bool usable(struct wn_builder *b)
{
    if (b->error.code == 0 && b->finished)
        MISTAKE(b, -EINVAL, "the builder was used after it was finished");
    return b->error.code == 0;
}

/** Room for one more element of an array; the mistake is kept if there is none. */
static bool grow(struct wn_builder *b, void **data, size_t *room, size_t len, size_t size)
{
    if (len < *room || wn_vec_grow(data, room, len, size))
        return true;
    MISTAKE(b, -ENOMEM, "out of memory");
    return false;
}

static void append(struct wn_builder *b, struct wn_slot slot)
{
    if (b->count == MOST)
        MISTAKE(b, WN_E_LIMIT, "the program is longer than %d slots", MOST);
    else if (grow(b, (void **)&b->slots, &b->room, b->count, sizeof *b->slots))
        b->slots[b->count++] = slot;
}

/** The row of a slot, negative after a mistake. */
static int row_of(struct wn_builder *b, struct wn_slot slot)
{
    return usable(b) ? wn_slot_row(slot, (uint32_t)b->count, &b->error) : b->error.code;
}

void wn_build(struct wn_builder *b, struct wn_slot slot)
{
    int row = row_of(b, slot);
    if (row < 0)
        return;
    if (wn_rows[row].form == WN_FORM_WIDE)
        MISTAKE(b, WN_E_MALFORMED, "half of a wide instruction; wn_build_wide() takes the whole");
    else
        append(b, slot);
}

void wn_build_wide(struct wn_builder *b, struct wn_wide wide)
{
    int row = row_of(b, wide.half[0]);
    struct wn_slot second = wide.half[1];
    if (row < 0)
        return;
    if (wn_rows[row].form != WN_FORM_WIDE)
        MISTAKE(b, WN_E_MALFORMED, "%s is no wide instruction", wn_rows[row].name);
    else if (second.opcode || second.regs || second.off)
        MISTAKE(b, WN_E_MALFORMED, "lddw: second slot must be zero but for its immediate");
    else if (b->count + 2 > MOST)
        MISTAKE(b, WN_E_LIMIT, "the program is longer than %d slots", MOST);
    else {
        append(b, wide.half[0]);
        append(b, second);
    }
}

uint32_t wn_build_label(struct wn_builder *b)
{
    if (!usable(b))
        return WN_NOWHERE;
    if (b->n_labels == MOST) {
        MISTAKE(b, WN_E_LIMIT, "more than %d labels", MOST);
        return WN_NOWHERE;
    }
    if (!grow(b, (void **)&b->labels, &b->labels_room, b->n_labels, sizeof *b->labels))
        return WN_NOWHERE;
    b->labels[b->n_labels++] = WN_NOWHERE;
    return (uint32_t)b->n_labels;
}

/** Labels are numbered from 1, so that a zeroed variable is none. */
static bool is_label(struct wn_builder *b, uint32_t label)
{
    if (label != 0 && label <= b->n_labels)
        return true;
    MISTAKE(b, -EINVAL, "label %u was not made by this builder", label);
    return false;
}

void wn_build_place(struct wn_builder *b, uint32_t label)
{
    if (!usable(b) || !is_label(b, label))
        return;
    uint32_t *slot = &b->labels[label - 1];
    if (*slot != WN_NOWHERE)
        MISTAKE(b, -EINVAL, "label %u is placed already, at slot %u", label, *slot);
    else
        *slot = (uint32_t)b->count;
}

static void refer(struct wn_builder *b, uint32_t label)
{
    if (is_label(b, label) && grow(b, (void **)&b->refs, &b->refs_room, b->n_refs, sizeof *b->refs))
        b->refs[b->n_refs++] = (struct wn_build_ref){(uint32_t)b->count, label};
}

static bool takes_label(int row)
{
    enum wn_kind kind = (enum wn_kind)wn_rows[row].kind;
    return kind == WN_KIND_JUMP || kind == WN_KIND_BRANCH || row == WN_OP_CALL_LOCAL;
}

void wn_build_jump(struct wn_builder *b, struct wn_slot jump, uint32_t label)
{
    int row = row_of(b, jump);
    if (row < 0)
        return;
    if (!takes_label(row))
        MISTAKE(b, WN_E_MALFORMED, "%s goes to no label", wn_rows[row].name);
    else
        refer(b, label);
    if (usable(b))
        append(b, jump);
}

void wn_build_func(struct wn_builder *b, struct wn_wide func, uint32_t label)
{
    int row = row_of(b, func.half[0]);
    if (row < 0)
        return;
    if (row != WN_OP_FUNC)
        MISTAKE(b, WN_E_MALFORMED, "%s is no function's address", wn_rows[row].name);
    else
        refer(b, label);
    if (usable(b))
        wn_build_wide(b, func);
}

/** Write the distance to a label into the field that holds it. */
static int link_ref(struct wn_builder *b, struct wn_build_ref ref)
{
    struct wn_slot *slot = &b->slots[ref.at];
    int row = wn_slot_row(*slot, ref.at, NULL);
    uint32_t target = b->labels[ref.label - 1];
    if (target == WN_NOWHERE)
        return wn_fail(&b->error, -EINVAL, ref.at, "label %u was never placed", ref.label);
    int32_t distance = (int32_t)target - (int32_t)(ref.at + 1);
    enum wn_form form = (enum wn_form)wn_rows[row].form;
    if (form == WN_FORM_JUMP_FAR || form == WN_FORM_CALL || form == WN_FORM_WIDE)
        slot->imm = distance;
    else if (distance < INT16_MIN || distance > INT16_MAX)
        return wn_fail(&b->error, WN_E_MALFORMED, ref.at,
                       "%s: label %u is %d slots away, %d at most; ja32 reaches it",
                       wn_rows[row].name, ref.label, distance, INT16_MAX);
    else
        slot->off = (int16_t)distance;
    return 0;
}

static void release(struct wn_builder *b)
{
    free(b->slots);
    free(b->labels);
    free(b->refs);
    b->slots = NULL;
    b->labels = NULL;
    b->refs = NULL;
}

int wn_build_finish(struct wn_builder *b, struct wn_slot **slots, size_t *count,
                    struct wn_error *err)
{
    if (usable(b) && b->count == 0)
        MISTAKE(b, WN_E_MALFORMED, "the program is empty");
    for (size_t i = 0; usable(b) && i < b->n_refs; i++)
        link_ref(b, b->refs[i]);
    bool good = usable(b);
    if (good) {
        *slots = b->slots;
        *count = b->count;
        b->slots = NULL;
    } else if (err) {
        *err = b->error;
    }
    release(b);
    b->finished = true;
    return good ? 0 : b->error.code;
}

void wn_build_reset(struct wn_builder *b)
{
    release(b);
    *b = (struct wn_builder){0};
}
