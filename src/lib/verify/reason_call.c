/* SPDX-License-Identifier: MIT */
/** Why a helper's call is not proved, or wrong. */
#include <inttypes.h>
#include <string.h>

#include <winnow/map.h>

#include "helper/helper.h"
#include "verify/reason_parts.h"

#define put wn_text_put

const char *wn_say_helper(const struct wn_code *code, uint32_t slot)
{
    const struct wn_helper *h = wn_helper_find((uint32_t)code->ops[slot].imm);
    return h ? h->name : "a helper";
}

static enum wn_arg kind_of(const struct wn_saying *s)
{
    const struct wn_helper *h = wn_helper_find((uint32_t)s->code->ops[s->w->slot].imm);
    return h && s->w->number >= 1 && s->w->number <= 5 ? (enum wn_arg)h->sig.args[s->w->number - 1]
                                                       : WN_ARG_ANY;
}

/** "argument 3 of bpf_skb_load_bytes() has to be " */
static void put_wanted(const struct wn_saying *s)
{
    put(s->t, "argument %u of %s() has to be ", s->w->number, wn_say_helper(s->code, s->w->slot));
}

static void put_held(const struct wn_saying *s)
{
    const struct wn_reg *r = &s->w->reg;
    unsigned number = s->w->number;
    if (r->type == WN_T_ANY) {
        wn_say_lost(s);
    } else if (wn_is_number(r) && wn_value_is_const(&r->v) && r->v.bits.value == 0) {
        put(s->t, "r%u is NULL (0)", number);
    } else if (wn_is_number(r) && r->past == WN_PAST_RELEASED) {
        wn_say_released(s);
    } else if (wn_is_number(r)) {
        put(s->t, "r%u holds a number", number);
        if (!wn_value_is_unknown(&r->v)) {
            put(s->t, ", ");
            wn_text_number(s->t, &r->v);
        }
        wn_say_origin(s);
    } else {
        put(s->t, "r%u %s ", number, r->type == WN_T_MAP ? "is" : "points to");
        wn_text_pointed(s->t, s->env, r);
    }
}

/* ---- memory ---------------------------------------------------------------------------------- */

static bool is_element(enum wn_arg kind)
{
    return kind == WN_ARG_KEY || kind == WN_ARG_VALUE || kind == WN_ARG_VALUE_WRITE;
}

/** What the memory is for: "argument 2 of bpf_map_lookup_elem() needs a key of 4 bytes, but " */
static void put_purpose(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    enum wn_arg kind = kind_of(s);
    bool both = kind == WN_ARG_MEM_INOUT || kind == WN_ARG_INOUT32;
    put(s->t, "argument %u of %s() needs ", w->number, wn_say_helper(s->code, w->slot));
    if (kind == WN_ARG_VALUE_WRITE && w->write)
        put(s->t, "room for a value of %u %s, but ", (unsigned)w->size, wn_text_bytes(w->size));
    else if (is_element(kind))
        put(s->t, "a %s of %u %s, but ", kind == WN_ARG_KEY ? "key" : "value", (unsigned)w->size,
            wn_text_bytes(w->size));
    else
        put(s->t, "%u %s to %s, but ", (unsigned)w->size, wn_text_bytes(w->size),
            both       ? "read and write"
            : w->write ? "write to"
                       : "read");
}

/** Whether the next argument says how much memory it is. */
static bool has_length(enum wn_arg kind)
{
    return kind == WN_ARG_MEM || kind == WN_ARG_MEM_WRITE || kind == WN_ARG_MEM_INOUT;
}

/** Stack and values: what is there, and how much would fit. */
static void put_space(const struct wn_saying *s)
{
    const struct wn_reg *r = &s->w->reg;
    int64_t high = 0;
    if (r->type == WN_T_VALUE && r->which < s->env->n_maps)
        high = s->env->maps[r->which].value_bytes;
    if (r->type == WN_T_RECORD)
        high = r->which;
    if (r->type == WN_T_KEY)
        high = s->env->maps[r->which].key_bytes;
    int64_t low = r->type == WN_T_STACK ? -(int64_t)s->code->frame_bytes : 0;
    bool near = r->v.smax < INT32_MAX && r->v.smin > INT32_MIN;
    int64_t at = near ? r->v.smax + r->off : INT64_MAX;
    bool below = !near || r->v.smin + r->off < low;
    if (below || at >= high)
        put(s->t, ", which %s outside", wn_value_is_const(&r->v) ? "lies" : "may lie");
    else
        put(s->t, ", and %s %" PRId64 " %s left there",
            wn_value_is_const(&r->v) ? "only" : "as few as", high - at,
            high - at == 1 ? "is" : "are");
    if (!below && at < high && has_length(kind_of(s)))
        put(s->t, "; come here only if argument %u is at most %" PRId64, s->w->number + 1,
            high - at);
    else
        put(s->t, "; pass the address of something that is as large");
}

static void put_memory(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    put_purpose(s);
    put_held(s);
    switch ((enum wn_reason)w->reason) {
    case WN_WHY_NULL: put(s->t, " or is NULL; come here only if r%u is not 0", w->number); break;
    case WN_WHY_OUTSIDE:
    case WN_WHY_BOUND:
        if (w->reg.type != WN_T_END) {
            put_space(s);
            break;
        }
        put(s->t, ", where the packet ends; use an address in the packet");
        break;
    case WN_WHY_ROOM:
        put(s->t, ", and fewer may be left there");
        wn_say_condition(s);
        break;
    case WN_WHY_BEFORE:
        if (w->reg.type == WN_T_PACKET)
            put(s->t, ", which may lie before the packet; limit what is added to the address");
        else
            put_space(s);
        break;
    case WN_WHY_READ_ONLY:
    case WN_WHY_END: put(s->t, ", which cannot be written; copy it to the stack"); break;
    case WN_WHY_WRITE_ONLY: put(s->t, ", which cannot be read; read from the stack"); break;
    case WN_WHY_FIELD:
    case WN_WHY_NO_MEMORY: put(s->t, "; put what it needs into the stack first"); break;
    case WN_WHY_UNREAD:
        put(s->t, ", where nothing has been written on a way to here; set the variable first");
        break;
    case WN_WHY_ANY: wn_say_mend(s); break;
    default: put(s->t, "; pass the address of a variable, as in &name"); break;
    }
}

/* ---- maps, contexts, lengths ----------------------------------------------------------------- */

static void put_wants(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    bool map = w->reason == WN_WHY_WANTS_MAP;
    put_wanted(s);
    if (map)
        put(s->t, "a map");
    else
        put(s->t, "the %s, as the program got it in r1",
            s->env->type == WN_PROG_FILTER ? "packet" : "context");
    put(s->t, ", but ");
    put_held(s);
    if (map && w->reg.nullable)
        put(s->t, " or is NULL; come here only if r%u is not 0", w->number);
    else if (w->reg.type == WN_T_ANY && map)
        put(s->t, "; load the map's address where it is used");
    else
        put(s->t, map ? "; pass the address of a map, as in &name"
                      : "; keep r1 in r6 when the program begins, and pass that");
}

/** A helper for more types than these works on most. */
#define FEW_TYPES 4

static bool takes_map(const struct wn_helper *h)
{
    return memchr(h->sig.args, WN_ARG_MAP, sizeof h->sig.args);
}

/** "a, b or c": what comes between entry i of n and the one before it. */
static const char *between(unsigned i, unsigned n, const char *last)
{
    return i == 0 ? "" : i + 1 == n ? last : ", ";
}

/** Of a helper for few types: "it needs a queue or stack". */
static void put_types(const struct wn_saying *s, uint64_t types)
{
    unsigned n = (unsigned)__builtin_popcountll(types), i = 0;
    put(s->t, "it needs a ");
    for (unsigned type = 0; type < 64; type++)
        if (types >> type & 1)
            put(s->t, "%s%s", between(i++, n, " or "), wn_map_type_name((enum wn_map_type)type));
}

/** Of a type that few helpers are for: "bpf_map_push_elem() and bpf_map_peek_elem() do". */
static void put_helpers(const struct wn_saying *s, uint32_t type)
{
    const struct wn_helper *h;
    unsigned n = 0, i = 0;
    for (size_t k = 0; (h = wn_helper_at(k)) != NULL; k++)
        n += takes_map(h) && wn_helper_takes(h->id, type);
    for (size_t k = 0; (h = wn_helper_at(k)) != NULL; k++)
        if (takes_map(h) && wn_helper_takes(h->id, type))
            put(s->t, "%s%s()", between(i++, n, " and "), h->name);
    put(s->t, n == 1 ? " does" : " do");
}

static void put_map_type(const struct wn_saying *s)
{
    const struct wn_reg *r = &s->w->reg;
    uint32_t type = r->which < s->env->n_maps ? s->env->maps[r->which].type : 0;
    uint64_t types = wn_helper_maps((uint32_t)s->code->ops[s->w->slot].imm);
    const char *name = wn_map_type_name((enum wn_map_type)type);
    wn_text_memory(s->t, s->env, r);
    put(s->t, " is of type %s, which %s() does not work on; ", name ? name : "unknown",
        wn_say_helper(s->code, s->w->slot));
    if (__builtin_popcountll(types) <= FEW_TYPES)
        put_types(s, types);
    else
        put_helpers(s, type);
}

static void put_size(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    put(s->t, "argument %u of %s() is a size, ", w->number, wn_say_helper(s->code, w->slot));
    if (!wn_is_number(&w->reg)) {
        put(s->t, "but ");
        put_held(s);
        put(s->t, "; pass a number");
        return;
    }
    put(s->t, "and r%u ", w->number);
    if (w->reason == WN_WHY_ZERO) {
        put(s->t, "%s 0; come here only if it is at least 1", w->reg.v.umax == 0 ? "is" : "may be");
        return;
    }
    put(s->t, "may be ");
    wn_text_number(s->t, &w->reg.v);
    if (w->room > 0)
        put(s->t, ", while argument %u has %" PRId64 " %s", w->number - 1, w->room,
            wn_text_bytes((uint64_t)w->room));
    put(s->t, w->reg.v.smin < 0 && w->reg.v.smax < INT32_MAX
                  ? "; compare it without sign, and come "
                    "here only if it is "
                  : "; come here only if it is ");
    if (w->room > 0)
        put(s->t, "at most %" PRId64, w->room);
    else
        put(s->t, "no more than the memory has");
}

static void put_string_wanted(const struct wn_saying *s)
{
    const struct wn_reg *r = &s->w->reg;
    put_wanted(s);
    put(s->t, "a constant string, but ");
    put_held(s);
    if (r->type == WN_T_VALUE && s->env->maps[r->which].constant)
        put(s->t, ", where no 0 ends one");
    put(s->t, "; pass a string literal, or a global variable that is const");
}

/** A record that is to be given back. */
static void put_record(const struct wn_saying *s)
{
    const struct wn_reg *r = &s->w->reg;
    put_wanted(s);
    put(s->t, "a record, as bpf_ringbuf_reserve() returned it, but ");
    put_held(s);
    if (s->w->reason == WN_WHY_PART)
        put(s->t, "; pass where it begins");
    else if (r->past == WN_PAST_RELEASED)
        put(s->t, "; give each back once");
    else
        put(s->t, "; pass the address of one");
}

/** The lock in a value, which is to be taken or given back. */
static void put_lock(const struct wn_saying *s)
{
    const struct wn_reg *r = &s->w->reg;
    bool value = r->type == WN_T_VALUE && r->which < s->env->n_maps;
    switch ((enum wn_reason)s->w->reason) {
    case WN_WHY_TWO_LOCKS:
        put(s->t, "a lock is held already, and a program may hold one at a time; call "
                  "bpf_spin_unlock() first");
        return;
    case WN_WHY_OTHER_LOCK:
        put(s->t, "r1 points to another lock than is held; give back the one that was taken");
        return;
    case WN_WHY_NO_LOCK: put(s->t, "no lock is held here; call bpf_spin_lock() first"); return;
    default: break;
    }
    put_wanted(s);
    put(s->t, "the lock in a value of a map, but ");
    put_held(s);
    if (value && !s->env->maps[r->which].has_lock)
        put(s->t, ", and there is no struct bpf_spin_lock in such values; put one there, and "
                  "compile with -g");
    else if (value && r->nullable)
        put(s->t, " or is NULL; come here only if r1 is not 0");
    else if (value)
        put(s->t, ", and the lock is at byte %u; pass its address",
            (unsigned)s->env->maps[r->which].lock_at);
    else
        put(s->t, "; pass the address of one, as in &value->lock");
}

static void put_varies(const struct wn_saying *s)
{
    put_wanted(s);
    put(s->t, "a number that is known when the program is loaded, but ");
    put_held(s);
    put(s->t, "; reserve as much as the longest record needs, or use bpf_ringbuf_output()");
}

static void put_format(const struct wn_saying *s)
{
    unsigned bytes = (unsigned)s->w->size, n = bytes / 8;
    if (bytes % 8) {
        put(s->t,
            "%u bytes of values are given to %s(), and each has 8; put them into an array of u64",
            bytes, wn_say_helper(s->code, s->w->slot));
        return;
    }
    put(s->t, "the format of %s() is none that the kernel takes with %u %s; conversions are ",
        wn_say_helper(s->code, s->w->slot), n, n == 1 ? "value" : "values");
    put(s->t,
        "%%d %%i %%u %%x %%X (with l, ll), %%s %%c %%p %%pi4 %%pI6, a value for each, 12 at most");
}

void wn_say_helper_call(const struct wn_saying *s)
{
    switch ((enum wn_reason)s->w->reason) {
    case WN_WHY_WANTS_MAP:
    case WN_WHY_WANTS_CONTEXT: put_wants(s); break;
    case WN_WHY_MAP_TYPE: put_map_type(s); break;
    case WN_WHY_WANTS_STRING: put_string_wanted(s); break;
    case WN_WHY_FORMAT: put_format(s); break;
    case WN_WHY_VARIES: put_varies(s); break;
    case WN_WHY_WANTS_LOCK:
    case WN_WHY_OTHER_LOCK:
    case WN_WHY_NO_LOCK:
    case WN_WHY_TWO_LOCKS: put_lock(s); break;
    case WN_WHY_LOCK:
        put_purpose(s);
        put_held(s);
        put(s->t, ", where the value's lock is; pass the address of other fields");
        break;
    case WN_WHY_WANTS_RECORD:
    case WN_WHY_PART: put_record(s); break;
    case WN_WHY_SIZE:
    case WN_WHY_ZERO: put_size(s); break;
    default: put_memory(s); break;
    }
}
