/* SPDX-License-Identifier: MIT */
/** Accesses to memory, and what they leave. */
#include <string.h>

#include "context/context.h"
#include "verify/frames.h"
#include "verify/search.h"

/* ---- whether it fits ------------------------------------------------------------------------- */

/** Of memory [low, high) from where the address's memory begins. */
static enum wn_fit within(const struct wn_reg *p, const struct wn_span *s, int64_t low,
                          int64_t high, struct wn_why *why)
{
    if (!wn_is_near(&p->v)) {
        why->reason = WN_WHY_BOUND;
        why->room = high;
        return WN_MAY_FIT;
    }
    int64_t first = p->v.smin + p->off + s->off, last = p->v.smax + p->off + s->off;
    if (first >= low && last + s->most <= high)
        return WN_FITS;
    bool constant = wn_value_is_const(&p->v);
    why->room = first < low ? low : high;
    why->reason = first < low ? WN_WHY_BEFORE : WN_WHY_BOUND;
    if (constant)
        why->reason = WN_WHY_OUTSIDE;
    return last < low || first + s->least > high || (constant && s->least == s->most)
               ? WN_NEVER_FITS
               : WN_MAY_FIT;
}

static enum wn_fit aligned(const struct wn_reg *p, const struct wn_span *s, struct wn_why *why)
{
    if (!s->atomic)
        return WN_FITS;
    struct wn_value at = wn_value_plus(&p->v, p->off + s->off);
    uint64_t low = (uint64_t)s->most - 1;
    if (!((at.bits.value | at.bits.mask) & low))
        return WN_FITS;
    why->reason = WN_WHY_UNALIGNED;
    return at.bits.value & low ? WN_NEVER_FITS : WN_MAY_FIT;
}

static enum wn_fit fits_packet(struct wn_search *q, const struct wn_reg *p, const struct wn_span *s,
                               struct wn_why *why)
{
    bool writable = q->env->type == WN_PROG_XDP || q->env->type == WN_PROG_TC;
    if (s->atomic || (s->write && !writable)) {
        why->reason = s->atomic ? WN_WHY_ATOMIC : WN_WHY_READ_ONLY;
        return WN_NEVER_FITS;
    }
    int64_t first = p->off + s->off, end = first + s->most, room = wn_state_room(&q->s, p->id);
    int64_t farthest = p->id && wn_is_near(&p->v) ? p->v.smax : 0;
    if (p->id && wn_is_near(&p->v) && (int64_t)q->s.least - farthest > room)
        room = (int64_t)q->s.least - farthest;
    why->room = room;
    if (!wn_is_near(&p->v) || p->v.smin + first < 0) {
        why->reason = WN_WHY_BEFORE;
        return wn_is_near(&p->v) && p->v.smax + first < 0 ? WN_NEVER_FITS : WN_MAY_FIT;
    }
    if (end <= room) {
        if (!p->id || end > wn_state_room(&q->s, p->id))
            wn_need(q, end + farthest);
        q->by_range |= p->id && end > wn_state_room(&q->s, p->id);
        return WN_FITS;
    }
    why->reason = WN_WHY_ROOM;
    return WN_MAY_FIT;
}

/** From the packet's end backwards. */
static enum wn_fit fits_end(struct wn_search *q, const struct wn_reg *p, const struct wn_span *s,
                            struct wn_why *why)
{
    int64_t first = p->off + s->off;
    why->room = q->s.least;
    why->reason = WN_WHY_ROOM;
    if (s->atomic || s->write) {
        bool writable = q->env->type == WN_PROG_XDP || q->env->type == WN_PROG_TC;
        why->reason = writable ? WN_WHY_END : WN_WHY_READ_ONLY;
        if (s->atomic)
            why->reason = WN_WHY_ATOMIC;
        return writable ? WN_MAY_FIT : WN_NEVER_FITS;
    }
    if (first + s->least > 0) {
        why->reason = WN_WHY_OUTSIDE;
        why->room = 0;
        return WN_NEVER_FITS;
    }
    wn_need(q, -first);
    return first + s->most <= 0 && -first <= (int64_t)q->s.least ? WN_FITS : WN_MAY_FIT;
}

static enum wn_fit fits_context(struct wn_search *q, const struct wn_reg *p,
                                const struct wn_span *s, struct wn_why *why)
{
    if (!wn_value_is_const(&p->v)) {
        why->reason = WN_WHY_ANY;
        return WN_MAY_FIT;
    }
    int64_t at = p->off + s->off;
    const struct wn_context_field *f =
        at >= 0 && at < WN_CONTEXT_BYTES ? wn_context_field(q->env->type, (uint32_t)at) : NULL;
    bool allowed = f && wn_context_access(q->env->type, f) & (s->write ? 2 : 1) &&
                   at + s->most <= f->offset + f->bytes;
    if (allowed && s->own)
        allowed = wn_context_allows(q->env->type, (uint32_t)at, (uint32_t)s->most, s->write);
    why->reason = s->atomic ? WN_WHY_ATOMIC : WN_WHY_FIELD;
    if (s->atomic || !allowed)
        return WN_NEVER_FITS;
    if (s->own && wn_context_is_cut(f))
        q->found[q->s.at].outcome |= WN_CUT;
    return WN_FITS;
}

/** Memory of so many bytes, if it is there. */
static enum wn_fit fits_bytes(const struct wn_reg *p, const struct wn_span *s, uint32_t bytes,
                              struct wn_why *why)
{
    enum wn_fit fit = within(p, s, 0, bytes, why);
    if (fit != WN_NEVER_FITS && p->nullable) {
        why->reason = WN_WHY_NULL;
        return WN_MAY_FIT;
    }
    return fit == WN_FITS ? aligned(p, s, why) : fit;
}

static enum wn_fit fits_value(struct wn_search *q, const struct wn_reg *p, const struct wn_span *s,
                              struct wn_why *why)
{
    const struct wn_verify_map *map = &q->env->maps[p->which];
    if (s->write && !map->writable) {
        why->reason = WN_WHY_READ_ONLY;
        return WN_NEVER_FITS;
    }
    if (!s->write && !map->readable) {
        why->reason = WN_WHY_WRITE_ONLY;
        return WN_NEVER_FITS;
    }
    enum wn_fit fit = fits_bytes(p, s, map->value_bytes, why);
    bool beside = !map->has_lock || fit == WN_NEVER_FITS || !wn_is_near(&p->v) ||
                  p->v.smax + p->off + s->off + s->most <= (int64_t)map->lock_at ||
                  p->v.smin + p->off + s->off >= (int64_t)map->lock_at + 4;
    if (beside)
        return fit;
    why->reason = WN_WHY_LOCK;
    return wn_value_is_const(&p->v) ? WN_NEVER_FITS : WN_MAY_FIT;
}

enum wn_fit wn_fits(struct wn_search *q, const struct wn_reg *p, const struct wn_span *s,
                    struct wn_why *why)
{
    switch ((enum wn_type)p->type) {
    case WN_T_STACK: {
        enum wn_fit fit = within(p, s, -wn_frame_size(q), 0, why);
        return fit == WN_FITS ? aligned(p, s, why) : fit;
    }
    case WN_T_PACKET: return fits_packet(q, p, s, why);
    case WN_T_META: {
        enum wn_fit fit = wn_value_is_const(&p->v) ? within(p, s, 0, q->s.meta, why) : WN_MAY_FIT;
        if (fit == WN_FITS && !s->atomic)
            return fit;
        why->reason = s->atomic ? WN_WHY_ATOMIC : WN_WHY_ROOM;
        why->room = q->s.meta;
        return s->atomic ? WN_NEVER_FITS : WN_MAY_FIT;
    }
    case WN_T_END: return fits_end(q, p, s, why);
    case WN_T_CONTEXT: return fits_context(q, p, s, why);
    case WN_T_VALUE: return fits_value(q, p, s, why);
    case WN_T_KEY:
        why->reason = WN_WHY_READ_ONLY;
        return s->write ? WN_NEVER_FITS : fits_bytes(p, s, q->env->maps[p->which].key_bytes, why);
    case WN_T_RECORD: return fits_bytes(p, s, p->which, why);
    case WN_T_ANY: why->reason = WN_WHY_ANY; return WN_MAY_FIT;
    case WN_T_NUMBER: why->reason = WN_WHY_NUMBER; return WN_NEVER_FITS;
    case WN_T_NONE:
    case WN_T_MAP:
    case WN_T_FUNC:
    case WN_TYPES: break;
    }
    why->reason = WN_WHY_NO_MEMORY;
    return WN_NEVER_FITS;
}

/* ---- the stack ------------------------------------------------------------------------------- */

void wn_expose_kept(struct wn_search *q, const struct wn_frame *f, int64_t first, int64_t end)
{
    for (unsigned i = 0; i < f->n_spills; i++) {
        const struct wn_spill *k = &f->spills[i];
        if (k->off < end && first < k->off + k->size)
            wn_expose(q, &k->reg);
    }
}

void wn_blur(struct wn_search *q)
{
    for (uint32_t i = 0; i < q->s.depth; i++) {
        struct wn_frame *f = wn_state_own_frame(&q->s, i, &q->heap);
        if (!f)
            return;
        wn_expose_kept(q, f, INT16_MIN, 0);
        f->n_spills = 0;
        f->blurred = true;
    }
}

/** The address of the packet that is kept on both sides of a place; nothing of no bytes without. */
static struct wn_spill torn_at(const struct wn_frame *f, int64_t at)
{
    for (unsigned i = 0; i < f->n_spills; i++) {
        const struct wn_spill *k = &f->spills[i];
        if (k->off < at && at < k->off + k->size && wn_is_packet_type(k->reg.type))
            return *k;
    }
    return (struct wn_spill){0};
}

/** Keep a part of an address: as such, but of fewer bytes than one has. It still tells where the
 * packet lies. */
static void keep_part(struct wn_search *q, uint32_t frame, int64_t first, int64_t last,
                      const struct wn_reg *reg)
{
    struct wn_frame *f = wn_state_own_frame(&q->s, frame, &q->heap);
    if (f)
        wn_frame_keep(f, (int32_t)first, (uint32_t)(last - first), reg);
}

void wn_clobber(struct wn_search *q, const struct wn_reg *p, const struct wn_span *s)
{
    if (p->type != WN_T_STACK)
        return;
    struct wn_frame *f = wn_state_own_frame(&q->s, p->which, &q->heap);
    if (!f)
        return;
    int64_t first = p->v.smin + p->off + s->off, last = p->v.smax + p->off + s->off + s->most;
    struct wn_spill left = torn_at(f, first), right = torn_at(f, last);
    if (!wn_value_is_const(&p->v) || s->least != s->most)
        wn_expose_kept(q, f, first, last);
    wn_frame_forget(f, (int32_t)first, (uint32_t)(last - first));
    if (wn_value_is_const(&p->v))
        wn_frame_write(f, (int32_t)first, (uint32_t)s->least);
    if (left.size)
        keep_part(q, p->which, left.off, first, &left.reg);
    if (right.size)
        keep_part(q, p->which, last, right.off + right.size, &right.reg);
}

void wn_note_reach(struct wn_search *q, const struct wn_reg *p, int64_t off)
{
    if (!q->reach || p->type != WN_T_STACK)
        return;
    bool last = p->which + 1 == q->s.depth;
    uint32_t slot = last ? q->s.at : wn_frame_called_at(q->s.frames[p->which + 1]);
    uint16_t *reach = &q->reach[wn_frames_func(q->code, slot) - q->code->funcs];
    int64_t bytes = -(p->v.smin + p->off + off);
    if (bytes > *reach && bytes <= wn_frame_size(q))
        *reach = (uint16_t)bytes;
}

bool wn_reads_nothing(struct wn_search *q, const struct wn_reg *p, int64_t off, int64_t size)
{
    if (!q->env->strict || p->type != WN_T_STACK)
        return false;
    int64_t at = p->v.smin + p->off + off, end = p->v.smax + p->off + off + size;
    while (at < end && !wn_frame_is_written(q->s.frames[p->which], (int32_t)at, 1))
        at++;
    q->reads_nothing |= at == end;
    return at == end && q->minds_unwritten;
}

/** The number that the low bytes of a number are; unknown where bytes lie the other way around. */
static struct wn_value piece(const struct wn_reg *whole, int32_t from, unsigned size)
{
    struct wn_value v = whole->v;
    if (wn_value_is_const(&v)) {
        uint64_t bytes = v.bits.value, part = 0;
        memcpy(&part, (const char *)&bytes + from, size);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        part >>= 64 - 8 * size;
#endif
        return wn_value_const(part);
    }
    return wn_value_of_bits(8 * size);
}

/** What a load of `size` bytes at `off` finds. */
static struct wn_reg find_kept(struct wn_search *q, const struct wn_frame *f, int32_t off,
                               unsigned size)
{
    struct wn_reg r = {.v = wn_value_of_bits(8 * size),
                       .type = f->blurred ? WN_T_ANY : WN_T_NUMBER};
    for (unsigned i = 0; i < f->n_spills; i++) {
        const struct wn_spill *k = &f->spills[i];
        if (k->off + k->size <= off || off + (int32_t)size <= k->off)
            continue;
        if (k->off == off && k->size == size && (size == 8 || wn_is_number(&k->reg)))
            return k->reg;
        if (!wn_is_number(&k->reg)) { /* a piece of an address */
            q->detours |= wn_is_packet_type(k->reg.type);
            r.type = k->size == 8 ? WN_T_ANY : r.type; /* what is left of one is none any more */
        } else if (k->size == 8 && k->off <= off && off + (int32_t)size <= k->off + 8) {
            r.v = piece(&k->reg, off - k->off, size);
        }
        if (k->reg.type == WN_T_ANY)
            r.type = WN_T_ANY;
    }
    return r;
}

static struct wn_reg load_stack(struct wn_search *q, const struct wn_op *op, const struct wn_reg *p)
{
    const struct wn_frame *f = q->s.frames[p->which];
    struct wn_reg r = {.v = wn_value_of_bits(8u * op->size), .type = WN_T_NUMBER};
    if (op->a != WN_R10) {
        q->reads_spills = true;
        q->flags |= WN_STEP_STACK;
    }
    if (!wn_value_is_const(&p->v)) { /* any of the words there */
        q->reads_unwritten = true;
        wn_expose_kept(q, f, INT16_MIN, 0);
        r.type = WN_T_ANY;
        return r;
    }
    int32_t off = (int32_t)p->v.smin + p->off + op->off;
    if (!wn_frame_is_written(f, off, op->size))
        q->reads_unwritten = true;
    return find_kept(q, f, off, op->size);
}

/** What is kept of a register of which only `size` bytes are stored. */
static struct wn_reg cut(const struct wn_reg *src, unsigned size)
{
    struct wn_reg r = *src;
    if (size == 8)
        return r;
    struct wn_value mask = wn_value_const(UINT64_MAX >> (64 - 8 * size));
    bool same = src->v.umax <= mask.umax;
    r.v = wn_value_compute(WN_OP_AND64_X, &src->v, &mask);
    if (!same || r.shifted) {
        r.id = 0;
        r.off = 0;
        r.shifted = 0;
    }
    return r;
}

static void store_stack(struct wn_search *q, const struct wn_op *op, const struct wn_reg *p,
                        const struct wn_reg *src)
{
    struct wn_span span = {.off = op->off, .least = op->size, .most = op->size, .write = true};
    wn_clobber(q, p, &span);
    struct wn_frame *f = wn_state_own_frame(&q->s, p->which, &q->heap);
    if (!f)
        return;
    if (op->a != WN_R10) {
        q->reads_spills = true;
        q->flags |= WN_STEP_STACK;
    }
    bool number = wn_is_number(src), constant = wn_value_is_const(&p->v);
    if (!constant || (!number && op->size < 8) || src->type == WN_T_ANY) {
        f->blurred |= src->type != WN_T_NUMBER;
        q->detours |= wn_is_packet_type(src->type);
        if (!constant || src->type != WN_T_ANY || op->size < 8)
            return;
    }
    if (op->size < 4 && !wn_value_is_const(&src->v))
        return;
    struct wn_reg kept = cut(src, op->size);
    wn_frame_keep(f, (int32_t)p->v.smin + p->off + op->off, op->size, &kept);
}

/** Whether other memory than the packet has been met here: then its guard lets all of it pass. */
static bool packet_alone(const struct wn_search *q)
{
    const struct wn_finding *f = &q->found[q->s.at];
    return !(f->outcome & WN_PINNED) && !(f->types & ~(1u << WN_T_PACKET));
}

/* ---- loads ----------------------------------------------------------------------------------- */

/** Bits of the number that a load leaves, its sign extended if it does that. */
static struct wn_reg loaded(const struct wn_op *op, struct wn_reg r)
{
    if (!wn_is_number(&r)) /* kept in the stack, all of it */
        return r;
    switch ((enum wn_op_id)op->id) {
    case WN_OP_LDSX_B: r.v = wn_value_compute(WN_OP_MOVSX8_64, &r.v, &r.v); break;
    case WN_OP_LDSX_H: r.v = wn_value_compute(WN_OP_MOVSX16_64, &r.v, &r.v); break;
    case WN_OP_LDSX_W: r.v = wn_value_compute(WN_OP_MOVSX32_64, &r.v, &r.v); break;
    default: return r;
    }
    r.id = 0;
    r.off = 0;
    r.shifted = 0;
    return r;
}

/** The fields that say where the packet is are addresses, if all of one is loaded. */
static struct wn_reg load_context(struct wn_search *q, const struct wn_op *op,
                                  const struct wn_reg *p)
{
    struct wn_reg r = wn_reg_number(wn_value_of_bits(8u * op->size));
    const struct wn_context_field *f = wn_context_field(q->env->type, (uint32_t)(p->off + op->off));
    enum wn_context_what what = wn_context_what(f);
    if (wn_context_is_zero(q->env->type, f))
        return wn_reg_const(0);
    if (what == WN_CONTEXT_NUMBER)
        return r;
    if (op->size != f->bytes || op->id != WN_OP_LDX_W) {
        q->detours = true;
        r.type = WN_T_ANY;
        return r;
    }
    q->found[q->s.at].loads |= (uint8_t)(1u << what);
    switch (what) {
    case WN_CONTEXT_DATA: return wn_reg_address(WN_T_PACKET, 0);
    case WN_CONTEXT_META: return wn_reg_address(WN_T_META, 0);
    default: return wn_reg_address(WN_T_END, 0);
    }
}

/** The address of a variable, if a number is one. */
static struct wn_reg variable_at(const struct wn_search *q, uint64_t number)
{
    for (uint32_t i = 0; i < q->env->n_maps; i++) {
        const struct wn_verify_map *map = &q->env->maps[i];
        if (!map->address || number - map->address > map->value_bytes)
            continue;
        struct wn_reg r = wn_reg_address(WN_T_VALUE, i);
        r.off = (int32_t)(number - map->address);
        return r;
    }
    return wn_reg_const(number);
}

/** What nobody can change is known. Variables may hold addresses of variables. */
static struct wn_reg load_value(const struct wn_search *q, const struct wn_op *op,
                                const struct wn_reg *p)
{
    const struct wn_verify_map *map = &q->env->maps[p->which];
    const uint8_t *constant = map->constant;
    if (!constant || !wn_value_is_const(&p->v)) {
        struct wn_reg r = wn_reg_number(wn_value_of_bits(8u * op->size));
        if (map->address && op->size == 8)
            r.type = WN_T_ANY;
        return r;
    }
    uint64_t bytes = 0;
    memcpy(&bytes, constant + p->v.smin + p->off + op->off, op->size);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes >>= 64 - 8u * op->size;
#endif
    return op->size == 8 ? variable_at(q, bytes) : wn_reg_const(bytes);
}

static struct wn_reg load(struct wn_search *q, const struct wn_op *op, const struct wn_reg *p,
                          bool fits)
{
    struct wn_reg r = {.v = wn_value_of_bits(8u * op->size), .type = WN_T_ANY};
    if (!fits && !(p->type == WN_T_PACKET && packet_alone(q))) {
        /* A guard lets pass whatever is the program's, which does not lie next to the packet. */
        if (wn_is_packet_type(p->type) && wn_value_is_const(&p->v))
            q->reads_unwritten = true;
        else
            wn_expose_memory(q);
        return r;
    }
    switch ((enum wn_type)p->type) {
    case WN_T_STACK: return load_stack(q, op, p);
    case WN_T_CONTEXT: return load_context(q, op, p);
    case WN_T_VALUE: return load_value(q, op, p);
    default: r.type = WN_T_NUMBER; return r;
    }
}

/** Say where a number comes from, unless that is known. */
static void tell_past(const struct wn_search *q, const struct wn_reg *p, bool fits,
                      struct wn_reg *r)
{
    static const uint8_t pasts[WN_TYPES] = {
        [WN_T_PACKET] = WN_PAST_PACKET, [WN_T_META] = WN_PAST_PACKET,
        [WN_T_END] = WN_PAST_PACKET,    [WN_T_STACK] = WN_PAST_STACK,
        [WN_T_VALUE] = WN_PAST_VALUE,   [WN_T_CONTEXT] = WN_PAST_FIELD,
        [WN_T_RECORD] = WN_PAST_RECORD, [WN_T_KEY] = WN_PAST_VALUE,
    };
    if (r->past || !wn_is_number(r) || wn_value_is_const(&r->v))
        return;
    r->past = fits || p->type == WN_T_PACKET ? pasts[p->type] : WN_PAST_UNPROVED;
    r->which = q->s.at;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/** A guard has let it pass: what that says of what comes. */
static void assume(struct wn_search *q, const struct wn_op *op, struct wn_reg *p)
{
    if (p->type == WN_T_PACKET && packet_alone(q)) {
        q->found[q->s.at].outcome |= WN_ASSUMED;
        if (wn_is_near(&p->v))
            wn_state_learn_room(&q->s, p->id, (int64_t)p->off + op->off + op->size);
    } else if (wn_op_kind(op) != WN_KIND_LOAD) {
        wn_blur(q);
    }
}

static enum wn_fit judge(struct wn_search *q, const struct wn_op *op, const struct wn_reg *p)
{
    enum wn_kind kind = wn_op_kind(op);
    struct wn_finding *f = &q->found[q->s.at];
    struct wn_span span = {.off = op->off,
                           .least = op->size,
                           .most = op->size,
                           .write = kind != WN_KIND_LOAD,
                           .atomic = kind == WN_KIND_ATOMIC,
                           .own = true};
    struct wn_why why = wn_why_of(q, WN_WHY_NONE, op->a, p);
    why.size = op->size;
    why.off = op->off;
    why.write = span.write;
    q->by_range = false;
    enum wn_fit fit = wn_fits(q, p, &span, &why);
    if (q->by_range)
        wn_depend(q, op->a);
    f->types |= (uint16_t)(1u << p->type);
    if (f->outcome & WN_ASSUMED && !packet_alone(q)) {
        f->outcome |= WN_PINNED;
        q->restart = true;
    }
    static const enum wn_outcome outcome[] = {WN_PROVED, WN_UNPROVED, WN_WRONG};
    wn_note(q, outcome[fit], fit == WN_FITS ? NULL : &why);
    if (fit == WN_FITS)
        wn_note_reach(q, p, span.off);
    if (fit == WN_FITS && kind != WN_KIND_STORE && wn_reads_nothing(q, p, span.off, span.most)) {
        why.reason = WN_WHY_UNREAD;
        wn_note(q, WN_UNPROVED, &why);
    }
    return fit;
}

void wn_step_access(struct wn_search *q, const struct wn_op *op)
{
    struct wn_reg p, src = wn_reg_const((uint64_t)(int64_t)op->imm);
    enum wn_kind kind = wn_op_kind(op);
    bool reads_b = kind == WN_KIND_ATOMIC || wn_rows[op->id].form == WN_FORM_STORE_REG;
    if (!wn_read(q, op->a, &p) || (reads_b && !wn_read(q, op->b, &src)))
        return;
    enum wn_fit fit = judge(q, op, &p);
    if (q->restart)
        return;
    if (fit != WN_FITS)
        assume(q, op, &p);
    if (kind == WN_KIND_LOAD) {
        struct wn_reg r = loaded(op, load(q, op, &p, fit == WN_FITS));
        if (p.type != WN_T_CONTEXT || !wn_is_packet_type(r.type))
            q->found[q->s.at].loads |= 1u << WN_CONTEXT_NUMBER;
        tell_past(q, &p, fit == WN_FITS, &r);
        q->s.r[op->dst] = r;
        return;
    }
    if (kind == WN_KIND_ATOMIC && fit != WN_FITS)
        wn_expose_memory(q);
    if (kind == WN_KIND_ATOMIC || p.type != WN_T_STACK || fit != WN_FITS)
        wn_expose(q, &src);
    q->writes_packet |=
        p.type == WN_T_PACKET || p.type == WN_T_META || p.type == WN_T_END ||
        (fit != WN_FITS && p.type != WN_T_VALUE && p.type != WN_T_RECORD && p.type != WN_T_STACK);
    if (p.type == WN_T_STACK && fit == WN_FITS) {
        if (kind == WN_KIND_ATOMIC)
            src = (struct wn_reg){.v = wn_value_unknown(),
                                  .type = src.type == WN_T_NUMBER ? WN_T_NUMBER : WN_T_ANY};
        if (kind == WN_KIND_ATOMIC) {
            q->reads_unwritten = true;
            wn_expose_kept(q, q->s.frames[p.which], p.v.smin + p.off + op->off,
                           p.v.smax + p.off + op->off + op->size);
        }
        store_stack(q, op, &p, &src);
    }
    if (kind == WN_KIND_ATOMIC && wn_op_defs(op)) {
        struct wn_reg was = {.v = wn_value_of_bits(8u * op->size),
                             .type = p.type == WN_T_STACK ? WN_T_ANY : WN_T_NUMBER};
        if (fit != WN_FITS)
            was.type = WN_T_ANY;
        q->s.r[op->dst] = was;
    }
}
