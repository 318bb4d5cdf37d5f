/* SPDX-License-Identifier: MIT */
/** Calls of helpers: what they are given, what they leave. */
#include <string.h>

#include <winnow/map.h>

#include "context/context.h"
#include "helper/helper.h"
#include "verify/search.h"

/** What an argument came out as. A call is as wrong as the worst of them. */
static void judge(struct wn_search *q, enum wn_fit fit, const struct wn_why *why)
{
    if (fit <= q->worst)
        return;
    q->worst = fit;
    q->worst_why = *why;
}

static void note_worst(struct wn_search *q)
{
    static const enum wn_outcome outcome[] = {WN_PROVED, WN_UNPROVED, WN_WRONG};
    wn_note(q, outcome[q->worst], q->worst == WN_FITS ? NULL : &q->worst_why);
}

/** What a helper does with memory. */
enum { READS = 1, WRITES = 2 };

/** It reads what is there. */
static void reads(struct wn_search *q, const struct wn_reg *p, enum wn_fit fit, int64_t most)
{
    if (fit != WN_FITS) {
        wn_expose_memory(q);
    } else if (p->type == WN_T_CONTEXT) {
        const struct wn_context_field *f = wn_context_field(q->env->type, (uint32_t)p->off);
        q->detours |= wn_context_what(f) != WN_CONTEXT_NUMBER;
    } else if (p->type == WN_T_STACK) {
        const struct wn_frame *f = q->s.frames[p->which];
        int64_t first = p->v.smin + p->off;
        wn_expose_kept(q, f, first, p->v.smax + p->off + most);
        if (!wn_value_is_const(&p->v) || !wn_frame_is_written(f, (int32_t)first, (uint32_t)most))
            q->reads_unwritten = true;
    }
}

/** It writes there. */
static void writes(struct wn_search *q, const struct wn_reg *p, enum wn_fit fit,
                   const struct wn_span *span)
{
    q->writes_packet |= fit != WN_FITS || wn_is_packet_type(p->type);
    if (fit != WN_FITS)
        wn_blur(q);
    else
        wn_clobber(q, p, span);
}

/** Memory of a length between `least` and `most`. */
static void memory(struct wn_search *q, unsigned i, const struct wn_reg *p, int64_t least,
                   int64_t most, unsigned how)
{
    bool write = how & WRITES;
    struct wn_why why = wn_why_of(q, WN_WHY_NONE, i + 1, p);
    struct wn_span span = {.least = least, .most = most, .write = write};
    if (most == 0)
        return;
    enum wn_fit fit = wn_fits(q, p, &span, &why);
    if (fit == WN_NEVER_FITS && least == 0)
        fit = WN_MAY_FIT;
    wn_depend(q, WN_R1 + i);
    why.size = (uint32_t)most;
    why.write = write;
    if (fit == WN_FITS)
        wn_note_reach(q, p, 0);
    if (fit == WN_FITS && how & READS && wn_reads_nothing(q, p, 0, most)) {
        why.reason = WN_WHY_UNREAD;
        fit = WN_MAY_FIT;
    }
    judge(q, fit, &why);
    if (how & READS)
        reads(q, p, fit, most);
    if (write)
        writes(q, p, fit, &span);
}

/** How much memory there is at an address, if that is known without looking further; else 0. */
static int64_t space_at(const struct wn_search *q, const struct wn_reg *p)
{
    if (!wn_value_is_const(&p->v))
        return 0;
    int64_t at = p->v.smin + p->off;
    if (p->type == WN_T_STACK)
        return -at;
    if (p->type == WN_T_RECORD)
        return (int64_t)p->which - at;
    if (p->type == WN_T_KEY)
        return (int64_t)q->env->maps[p->which].key_bytes - at;
    return p->type == WN_T_VALUE ? (int64_t)q->env->maps[p->which].value_bytes - at : 0;
}

/** Memory whose length is the next argument. */
static void sized(struct wn_search *q, unsigned i, const struct wn_reg r[5], unsigned how,
                  bool may_be_empty)
{
    const struct wn_reg *size = &r[i + 1];
    wn_depend(q, WN_R1 + i + 1);
    struct wn_why why = wn_why_of(q, WN_WHY_SIZE, i + 2, size);
    why.room = space_at(q, &r[i]);
    if (size->type != WN_T_NUMBER || size->v.umax > WN_FARTHEST) {
        bool number = wn_is_number(size) && size->v.umin <= WN_FARTHEST;
        judge(q, number ? WN_MAY_FIT : WN_NEVER_FITS, &why);
        if (how & WRITES) {
            wn_blur(q);
            q->writes_packet = true;
        }
        wn_expose_memory(q);
        return;
    }
    if (size->v.umin == 0 && !may_be_empty) {
        why.reason = WN_WHY_ZERO;
        judge(q, size->v.umax == 0 ? WN_NEVER_FITS : WN_MAY_FIT, &why);
    }
    if (size->v.umax > 0)
        memory(q, i, &r[i], (int64_t)size->v.umin, (int64_t)size->v.umax, how);
}

static const struct wn_verify_map *map_of(const struct wn_search *q, const struct wn_reg *r)
{
    return r->type == WN_T_MAP ? &q->env->maps[r->which] : NULL;
}

static void map_argument(struct wn_search *q, const struct wn_helper *h, unsigned i,
                         const struct wn_reg *r)
{
    struct wn_why why = wn_why_of(q, WN_WHY_WANTS_MAP, i + 1, r);
    const struct wn_verify_map *map = map_of(q, r);
    if (map && r->nullable) {
        judge(q, WN_MAY_FIT, &why);
    } else if (!map) {
        judge(q, r->type == WN_T_ANY ? WN_MAY_FIT : WN_NEVER_FITS, &why);
    } else if (!wn_helper_takes(h->id, map->type)) {
        why.reason = WN_WHY_MAP_TYPE;
        wn_refuse(q, &why);
    } else {
        judge(q, WN_FITS, NULL);
    }
}

/** A key or value of the map before it, or memory for one. */
static void element(struct wn_search *q, unsigned i, const struct wn_reg r[5],
                    const struct wn_reg *map, enum wn_arg kind)
{
    const struct wn_verify_map *m = map ? map_of(q, map) : NULL;
    bool write = kind == WN_ARG_VALUE_WRITE;
    if (!m) {
        struct wn_why why = wn_why_of(q, WN_WHY_WANTS_MAP, 1, map ? map : &r[i]);
        judge(q, WN_MAY_FIT, &why);
        wn_expose_memory(q);
        if (write) {
            wn_blur(q);
            q->writes_packet = true;
        }
        return;
    }
    uint32_t bytes = kind == WN_ARG_KEY ? m->key_bytes : m->value_bytes;
    memory(q, i, &r[i], bytes, bytes, write && m->type != WN_MAP_BLOOM_FILTER ? WRITES : READS);
}

/** The constant string that a register points to; NULL if it does not, or that is not known. */
static const char *string_at(const struct wn_search *q, const struct wn_reg *r)
{
    if (r->type != WN_T_VALUE || r->nullable || !wn_value_is_const(&r->v))
        return NULL;
    const struct wn_verify_map *map = &q->env->maps[r->which];
    int64_t at = r->v.smin + r->off;
    if (!map->constant || at < 0 || at >= (int64_t)map->value_bytes)
        return NULL;
    const char *text = (const char *)map->constant + at;
    return memchr(text, '\0', map->value_bytes - (size_t)at) ? text : NULL;
}

static void string_argument(struct wn_search *q, unsigned i, const struct wn_reg *r)
{
    struct wn_why why = wn_why_of(q, WN_WHY_WANTS_STRING, i + 1, r);
    bool may_be = r->type == WN_T_VALUE || r->type == WN_T_ANY;
    wn_depend(q, WN_R1 + i);
    judge(q, string_at(q, r) ? WN_FITS : may_be ? WN_MAY_FIT : WN_NEVER_FITS, &why);
}

/** The kernel looks at formats when it loads a program, and so what is wrong is said at once. */
static void format_argument(struct wn_search *q, const struct wn_reg r[5])
{
    enum { FORMAT = 2, BYTES = 4 };
    const char *format = string_at(q, &r[FORMAT]);
    const struct wn_reg *bytes = &r[BYTES];
    struct wn_why why = wn_why_of(q, WN_WHY_FORMAT, FORMAT + 1, &r[FORMAT]);
    if (!format || bytes->type != WN_T_NUMBER || !wn_value_is_const(&bytes->v))
        return;
    why.size = (uint32_t)bytes->v.umin;
    if (why.size % 8 || !wn_format_holds(format, why.size / 8))
        wn_refuse(q, &why);
}

/** How long a record is has to be known, so that it is known of its memory. */
static void record_size(struct wn_search *q, unsigned i, const struct wn_reg *r)
{
    struct wn_why why = wn_why_of(q, WN_WHY_VARIES, i + 1, r);
    bool known = r->type == WN_T_NUMBER && wn_value_is_const(&r->v);
    wn_depend(q, WN_R1 + i);
    judge(q, known ? WN_FITS : wn_is_number(r) ? WN_MAY_FIT : WN_NEVER_FITS, &why);
}

/** A record that is given back; what is known of it goes with it. */
static void record(struct wn_search *q, unsigned i, const struct wn_reg *r)
{
    struct wn_why why = wn_why_of(q, WN_WHY_WANTS_RECORD, i + 1, r);
    bool is_record = r->type == WN_T_RECORD;
    bool is_first = is_record && r->off == 0 && wn_value_is_const(&r->v) && r->v.bits.value == 0;
    wn_depend(q, WN_R1 + i);
    if (is_record)
        why.reason = is_first ? WN_WHY_NULL : WN_WHY_PART;
    if (is_first)
        judge(q, r->nullable ? WN_MAY_FIT : WN_FITS, &why);
    else
        judge(q, r->type == WN_T_ANY ? WN_MAY_FIT : WN_NEVER_FITS, &why);
    if (is_record)
        wn_release(q, r->id);
    else
        wn_release_any(q);
}

/** Whether an address may stand for a lock, as far as is known. */
static bool may_lock(const struct wn_search *q, const struct wn_reg *r)
{
    if (r->type != WN_T_VALUE)
        return r->type == WN_T_ANY;
    const struct wn_verify_map *map = &q->env->maps[r->which];
    bool there = !wn_value_is_const(&r->v) || r->v.smin + r->off == (int64_t)map->lock_at;
    return map->has_lock && there;
}

/** A lock that is taken, if none is, or given back, if it is the one. */
static void lock(struct wn_search *q, const struct wn_helper *h, unsigned i, const struct wn_reg *r)
{
    struct wn_why why = wn_why_of(q, WN_WHY_WANTS_LOCK, i + 1, r);
    uint32_t which = wn_lock_of(q, r);
    bool takes = h->fn == wn_helper_spin_lock, may_be = may_lock(q, r);
    wn_depend(q, WN_R1 + i);
    judge(q, which ? WN_FITS : may_be ? WN_MAY_FIT : WN_NEVER_FITS, &why);
    if (which && (takes ? q->s.lock != 0 : q->s.lock != which)) {
        why.reason = takes ? WN_WHY_TWO_LOCKS : q->s.lock ? WN_WHY_OTHER_LOCK : WN_WHY_NO_LOCK;
        judge(q, WN_MAY_FIT, &why);
        if (q->exploring)
            wn_refuse(q, &why);
    }
    if (!takes)
        q->s.lock = 0;
    else if (may_be)
        q->s.lock = which ? which : wn_new_id(q);
}

static bool is_context(const struct wn_search *q, const struct wn_reg *r)
{
    enum wn_type wanted = q->env->type == WN_PROG_FILTER ? WN_T_PACKET : WN_T_CONTEXT;
    return r->type == wanted && r->off == 0 && wn_value_is_const(&r->v) && r->id == 0;
}

/** What nobody checks: the helper reads whatever it may be the address of, if that is the
 * program's. */
static void anything(struct wn_search *q, const struct wn_reg *r)
{
    bool constant = r->type == WN_T_NUMBER && wn_value_is_const(&r->v);
    wn_expose(q, r);
    if (r->type != WN_T_NONE && !constant)
        wn_expose_memory(q);
}

static void argument(struct wn_search *q, const struct wn_helper *h, unsigned i,
                     const struct wn_reg r[5], const struct wn_reg **map)
{
    struct wn_why why = wn_why_of(q, WN_WHY_WANTS_CONTEXT, i + 1, &r[i]);
    bool may_be_empty = i < 4 && h->sig.args[i + 1] == WN_ARG_SIZE0;
    switch ((enum wn_arg)h->sig.args[i]) {
    case WN_ARG_MEM: sized(q, i, r, READS, may_be_empty); break;
    case WN_ARG_MEM_WRITE: sized(q, i, r, WRITES, may_be_empty); break;
    case WN_ARG_MEM_INOUT: sized(q, i, r, READS | WRITES, may_be_empty); break;
    case WN_ARG_OUT64: memory(q, i, &r[i], 8, 8, WRITES); break;
    case WN_ARG_STRING: string_argument(q, i, &r[i]); break;
    case WN_ARG_DATA:
        sized(q, i, r, READS, may_be_empty);
        wn_expose_memory(q);
        break;
    case WN_ARG_INOUT32: memory(q, i, &r[i], 4, 4, READS | WRITES); break;
    case WN_ARG_CTX:
        judge(q,
              is_context(q, &r[i])    ? WN_FITS
              : r[i].type == WN_T_ANY ? WN_MAY_FIT
                                      : WN_NEVER_FITS,
              &why);
        break;
    case WN_ARG_MAP:
        *map = &r[i];
        map_argument(q, h, i, &r[i]);
        break;
    case WN_ARG_KEY:
    case WN_ARG_VALUE:
    case WN_ARG_VALUE_WRITE: element(q, i, r, *map, (enum wn_arg)h->sig.args[i]); break;
    case WN_ARG_ANY: anything(q, &r[i]); break;
    case WN_ARG_SCALAR:
    case WN_ARG_SIZE:
    case WN_ARG_SIZE0: wn_expose(q, &r[i]); break;
    case WN_ARG_LOCK: lock(q, h, i, &r[i]); break;
    case WN_ARG_RECORD_SIZE: record_size(q, i, &r[i]); break;
    case WN_ARG_RECORD: record(q, i, &r[i]); break;
    case WN_ARG_FUNC:
    case WN_ARG_FUNC_DATA:
    case WN_ARG_NONE:
    case WN_ARGS: break;
    }
}

/** What a call leaves in r0. */
static struct wn_reg result_of(struct wn_search *q, const struct wn_helper *h,
                               const struct wn_reg r[5], const struct wn_reg *map)
{
    const struct wn_reg *size = &r[1];
    struct wn_reg result = wn_reg_any();
    switch ((enum wn_arg)h->sig.result) {
    case WN_ARG_NONE: return (struct wn_reg){.past = WN_PAST_CALL, .which = q->s.at};
    case WN_ARG_VALUE:
        if (!map || !map_of(q, map))
            break;
        if (map_of(q, map)->holds)
            result = wn_reg_address(WN_T_MAP, map_of(q, map)->holds);
        else
            result = wn_reg_address(WN_T_VALUE, map->which);
        break;
    case WN_ARG_RECORD:
        if (size->type == WN_T_NUMBER && wn_value_is_const(&size->v) &&
            size->v.bits.value <= WN_FARTHEST)
            result = wn_reg_address(WN_T_RECORD, (uint32_t)size->v.bits.value);
        break;
    default: return wn_reg_number(wn_value_unknown());
    }
    result.nullable = result.type != WN_T_ANY;
    if (result.nullable)
        result.id = wn_new_id(q);
    if (result.type == WN_T_RECORD)
        wn_state_hold(&q->s, result.id);
    else
        q->s.loose |= h->sig.result == WN_ARG_RECORD;
    return result;
}

static bool is_stale(const void *arg, const struct wn_reg *r)
{
    (void)arg;
    return wn_is_packet_type(r->type) || (r->type == WN_T_NUMBER && r->id);
}

/** What was the packet's is nobody's, though it still tells where that lies; numbers that are
 * linked with it are so no longer. */
static bool make_stale(void *arg, struct wn_reg *r)
{
    struct wn_search *q = arg;
    if (wn_is_packet_type(r->type)) {
        q->detours = true;
        *r = wn_reg_lost(WN_PAST_MOVED, q->s.at);
    } else if (r->id == WN_ID_LENGTH) {
        r->id = 0;
        r->off = 0;
        r->shifted = 0;
    }
    return true;
}

void wn_forget_packet(struct wn_search *q)
{
    const uint32_t read = q->live.deep[q->s.at] | q->live.shallow[q->s.at];
    for (unsigned r = WN_R6; r <= WN_R9; r++) /* nobody looks at these again */
        if (!(read >> r & 1) && wn_is_packet_type(q->s.r[r].type))
            q->s.r[r] = wn_reg_lost(WN_PAST_MOVED, q->s.at);
    q->s.least = q->s.meta = 0;
    q->s.less = WN_NO_END;
    q->s.n_rooms = 0;
    wn_state_each(&q->s, &q->heap, is_stale, make_stale, q);
}

void wn_step_helper(struct wn_search *q, const struct wn_op *op)
{
    const struct wn_helper *h = wn_helper_find((uint32_t)op->imm);
    const struct wn_reg *map = NULL;
    struct wn_reg r[5] = {{.type = WN_T_NONE}};
    for (unsigned i = 0; i < 5 && h->sig.args[i] != WN_ARG_NONE; i++) {
        r[i] = wn_state_reg(&q->s, WN_R1 + i);
        if (h->sig.args[i] != WN_ARG_ANY && !wn_read(q, WN_R1 + i, &r[i]))
            return;
    }
    q->worst = WN_FITS;
    if (q->s.lock && h->fn != wn_helper_spin_lock && h->fn != wn_helper_spin_unlock)
        wn_mind_lock(q);
    for (unsigned i = 0; i < 5 && h->sig.args[i] != WN_ARG_NONE; i++)
        argument(q, h, i, r, &map);
    note_worst(q);
    if (h->fn == wn_helper_snprintf)
        format_argument(q, r);
    struct wn_reg result = result_of(q, h, r, map);
    q->writes_packet |= wn_helper_writes_packet(h) || h->fn == wn_helper_tail_call;
    wn_state_clear_arguments(&q->s, q->s.at);
    q->s.r[WN_R0] = result;
    if (wn_helper_moves_packet(h))
        wn_forget_packet(q);
}
