/* SPDX-License-Identifier: MIT */
/** Why an access is not proved, or wrong. */
#include <inttypes.h>

#include "context/context.h"
#include "verify/reason_parts.h"

#define put wn_text_put

static bool is_constant(const struct wn_why *w)
{
    return wn_value_is_const(&w->reg.v);
}

/** Where it begins, counted from where its memory does, without what varies. */
static int64_t first_of(const struct wn_why *w)
{
    return (int64_t)w->off + w->reg.off + (is_constant(w) ? (int64_t)w->reg.v.bits.value : 0);
}

/** "4 bytes at packet+14 (r2)" */
static void put_access(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    put(s->t, "%u %s at ", (unsigned)w->size, wn_text_bytes(w->size));
    wn_text_place(s->t, s->env, &w->reg, w->off);
    if (w->reg.type == WN_T_STACK && w->reg.which + 1u < w->depth)
        put(s->t, " of a calling function");
    put(s->t, " (r%u)", w->number);
}

/** What may be added to the address; INT64_MAX: the packet says how much at most. */
static void put_limits(const struct wn_saying *s, int64_t least, int64_t most)
{
    const struct wn_value *v = &s->w->reg.v;
    bool low = v->smin<least, high = v->smax> most;
    put(s->t, "; compare what is added to the address%s: it has to be ",
        (high || low) && v->umax32 <= INT32_MAX && (int64_t)v->umax32 <= most
            ? ", all 64 bits of it"
        : low ? ", without sign"
              : "");
    if (!low)
        put(s->t, "at most %" PRId64, most);
    else if (!high)
        put(s->t, "at least %" PRId64, least);
    else
        put(s->t, "%" PRId64 " to %" PRId64, least, most);
}

/* ---- the packet ------------------------------------------------------------------------------ */

void wn_say_condition(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    int64_t last = first_of(w) + w->size;
    bool filter = s->env->type == WN_PROG_FILTER;
    if (w->reg.type == WN_T_META && is_constant(w))
        put(s->t, "; come here only if data_meta+%" PRId64 " <= data", last);
    else if (w->reg.type == WN_T_META)
        put(s->t, "; use constant offsets in the metadata");
    else if (!is_constant(w))
        put(s->t, "; come here only if r%u%+" PRId64 " <= %s%s", w->number,
            (int64_t)w->off + w->size, wn_text_end(s->env),
            filter ? " (r1 + r2 at the start)" : "");
    else if (filter)
        put(s->t, "; come here only if the captured length (r2 at the start) is at least %" PRId64,
            last);
    else
        put(s->t, "; come here only if data+%" PRId64 " <= data_end", last);
}

static void put_room(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    int64_t known = is_constant(w) ? w->room : w->room - w->reg.off;
    put_access(s);
    put(s->t, " may lie behind the %s's end", w->reg.type == WN_T_META ? "metadata" : "packet");
    if (known > 0)
        put(s->t, ": only %" PRId64 " %s known to be there", known,
            known == 1 ? "byte is" : "bytes are");
    else
        put(s->t, ": nothing has been compared with it");
    if (!is_constant(w) && known > 0)
        put(s->t, " from r%u on", w->number);
    else if (!is_constant(w))
        put(s->t, " that is as far as r%u", w->number);
    else if (known <= 0)
        put(s->t, " on a way to here");
    wn_say_condition(s);
}

/** Places that count from the packet's end. */
static void put_end(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    put_access(s);
    if (first_of(w) + w->size > 0)
        put(s->t, " lie%s behind the packet's last byte; use smaller offsets, or count from data",
            w->size == 1 ? "s" : "");
    else
        put(s->t,
            " may lie before the packet's first byte: %s%" PRId64
            " %s known to be there; come here "
            "only if data+%" PRId64 " <= %s",
            w->room ? "only " : "", w->room, w->room == 1 ? "byte is" : "bytes are", -first_of(w),
            wn_text_end(s->env));
}

static void put_before(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    put_access(s);
    if (is_constant(w))
        put(s->t, " lie%s before the packet's first byte; count from data upwards",
            w->size == 1 ? "s" : "");
    else if (w->reg.v.smax > UINT32_MAX || w->reg.v.smin < -(int64_t)UINT32_MAX)
        put(s->t,
            " may be anywhere: what was added to the address has no limit; limit it before it is "
            "added, with & 0xffff for instance");
    else {
        put(s->t, " may lie before the packet's first byte");
        put_limits(s, -first_of(w), INT64_MAX);
    }
}

/* ---- stack and values ------------------------------------------------------------------------ */

/** Where memory of a fixed size begins and ends. */
static void ends_of(const struct wn_saying *s, int64_t *low, int64_t *high)
{
    const struct wn_reg *r = &s->w->reg;
    if (r->type == WN_T_STACK) {
        *low = -(int64_t)s->code->frame_bytes;
        *high = 0;
    } else {
        *low = 0;
        *high = r->which < s->env->n_maps ? (int64_t)s->env->maps[r->which].value_bytes : 0;
        if (r->type == WN_T_RECORD)
            *high = r->which;
        else if (r->type == WN_T_KEY)
            *high = s->env->maps[r->which].key_bytes;
    }
}

static void put_outside(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    int64_t low, high;
    ends_of(s, &low, &high);
    bool constant = is_constant(w), above = first_of(w) >= low;
    put_access(s);
    put(s->t, " %s outside: ", constant ? w->size == 1 ? "lies" : "lie" : "may lie");
    if (w->reg.type == WN_T_STACK)
        put(s->t, "a function has stack%" PRId64 " to stack-1", low);
    else
        put(s->t, "%s %" PRId64 " %s",
            wn_text_is_variable(s->env, &w->reg) ? "there are" : "it has", high,
            wn_text_bytes((uint64_t)high));
    if (!constant)
        put_limits(s, low - first_of(w), high - first_of(w) - w->size);
    else if (w->reg.type == WN_T_STACK && !above)
        put(s->t, "; keep what is large in a map");
    else if (w->reg.type == WN_T_STACK)
        put(s->t, "; the stack ends there, use offsets below stack+0");
    else if (high < w->size)
        put(s->t, "; use a smaller type");
    else
        put(s->t, "; the last offset for %u %s is %" PRId64, (unsigned)w->size,
            wn_text_bytes(w->size), high - w->size);
}

/* ---- what cannot be used so ------------------------------------------------------------------ */

/** A part of a field, as it cannot be used. */
static void put_part(const struct wn_saying *s, const struct wn_context_field *f, int64_t at)
{
    const struct wn_why *w = s->w;
    bool store = w->write;
    if (at % w->size)
        put(s->t,
            "%u bytes of the context begin at byte %" PRId64
            ", which is not a multiple of that; %s all of field %s at byte %u",
            (unsigned)w->size, at, store ? "store" : "load", f->name, f->offset);
    else
        put(s->t,
            "no part of field %s of the context can be %s alone; %s all of its %u bytes, at byte "
            "%u",
            f->name, store ? "written" : "read", store ? "store" : "load", f->bytes, f->offset);
}

static void put_field(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    int64_t at = first_of(w);
    bool skb = s->env->type != WN_PROG_XDP, store = w->write;
    const struct wn_context_field *f =
        at >= 0 && at < WN_CONTEXT_BYTES ? wn_context_field(s->env->type, (uint32_t)at) : NULL;
    const char *type = wn_prog_type_name(s->env->type);
    enum wn_access may = f ? wn_context_access(s->env->type, f) : WN_ACCESS_NO;
    if (!f) {
        put(s->t,
            "the context (struct %s) has no field at byte %" PRId64
            "; its fields lie in bytes 0 to %u",
            skb ? "__sk_buff" : "xdp_md", at, (unsigned)wn_context_bytes(s->env->type) - 1);
    } else if (may & (store ? 2 : 1) && at + w->size <= f->offset + f->bytes) {
        put_part(s, f, at);
    } else if (may & (store ? 2 : 1)) {
        put(s->t,
            "%u bytes at byte %" PRId64
            " of the context go beyond field %s, which ends before byte %u; %s no more than %u",
            (unsigned)w->size, at, f->name, f->offset + f->bytes, store ? "store" : "load",
            (unsigned)(f->offset + f->bytes - at));
    } else {
        put(s->t, "programs of type %s cannot %s field %s of the context", type,
            store ? "write" : "read", f->name);
        if (wn_context_what(f) != WN_CONTEXT_NUMBER && store)
            put(s->t, "; helpers move the packet's ends, as bpf_xdp_adjust_head() does");
        else if (wn_context_what(f) != WN_CONTEXT_NUMBER)
            put(s->t, "; load from the packet with bpf_skb_load_bytes()");
        else
            put(s->t, "; it %s", may ? "can only be read" : "means nothing to them");
    }
}

static void put_read_only(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    if (w->reg.type == WN_T_VALUE) {
        put_access(s);
        put(s->t, " can only be read by programs; %s",
            s->env->maps[w->reg.which].constant
                ? "make the variable one that is not const"
                : "make the map without BPF_F_RDONLY_PROG, or write another");
        return;
    }
    if (w->reg.type == WN_T_KEY) {
        put_access(s);
        put(s->t, " can only be read; copy the key to the stack, and change that");
        return;
    }
    put(s->t,
        "programs of type %s cannot write to the packet, where r%u points; those of type xdp and "
        "tc "
        "can",
        wn_prog_type_name(s->env->type), w->number);
}

static void put_no_memory(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    put(s->t, "r%u holds ", w->number);
    if (w->reg.type == WN_T_MAP) {
        wn_text_memory(s->t, s->env, &w->reg);
        put(s->t, " itself, which is no memory; look for one of its values with "
                  "bpf_map_lookup_elem()");
    } else {
        put(s->t, "the address of the ");
        wn_text_memory(s->t, s->env, &w->reg);
        put(s->t, ", which is no memory; functions can be called, and nothing else");
    }
}

static void put_unread(const struct wn_saying *s)
{
    put_access(s);
    put(s->t, " %s read, and nothing has been written there on a way to here; write to it first",
        s->w->size == 1 ? "is" : "are");
}

/* ---- numbers --------------------------------------------------------------------------------- */

void wn_say_origin(const struct wn_saying *s)
{
    const struct wn_reg *r = &s->w->reg;
    unsigned slot = r->which;
    switch ((enum wn_past)r->past) {
    case WN_PAST_MOVED:
        put(s->t, " since %s() at slot %u may have moved the packet", wn_say_helper(s->code, slot),
            slot);
        break;
    case WN_PAST_COMPUTED:
        put(s->t, " since %s at slot %u was applied to one", wn_rows[s->code->ops[slot].id].name,
            slot);
        break;
    case WN_PAST_CONTEXT:
        put(s->t, " since a number that varies was added to the context's at slot %u", slot);
        break;
    case WN_PAST_JOINED:
        put(s->t, ", as it depends on the way to slot %u what it holds", slot);
        break;
    case WN_PAST_PACKET: put(s->t, " (loaded from the packet at slot %u)", slot); break;
    case WN_PAST_STACK: put(s->t, " (loaded from the stack at slot %u)", slot); break;
    case WN_PAST_VALUE: put(s->t, " (loaded from a map at slot %u)", slot); break;
    case WN_PAST_FIELD: put(s->t, " (loaded from the context at slot %u)", slot); break;
    case WN_PAST_RECORD: put(s->t, " (loaded from a record at slot %u)", slot); break;
    case WN_PAST_RELEASED:
        put(s->t, " since %s() at slot %u may have taken the record back",
            wn_say_helper(s->code, slot), slot);
        break;
    case WN_PAST_UNPROVED:
        put(s->t, " (loaded at slot %u, from where it is not known either)", slot);
        break;
    case WN_PAST_RETURNED:
    case WN_PAST_MISSING:
    case WN_PAST_COPY:
    case WN_PAST_CALL:
    case WN_PAST_NONE: break;
    }
}

void wn_say_released(const struct wn_saying *s)
{
    unsigned slot = s->w->reg.which;
    put(s->t, "r%u pointed to a record, which %s() at slot %u has taken back", s->w->number,
        wn_say_helper(s->code, slot), slot);
}

void wn_say_lost(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    if (w->reg.past == WN_PAST_RETURNED)
        put(s->t, "r%u points into the stack of the function called at slot %u, which has returned",
            w->number, (unsigned)w->reg.which);
    else
        put(s->t, "r%u holds no known address", w->number);
    wn_say_origin(s);
}

static const char *mend_computed(enum wn_op_id id)
{
    if (wn_opcode_is32(wn_rows[id].opcode))
        return "compute with all 64 bits of addresses (unsigned long)";
    if (id == WN_OP_ADD64_X || id == WN_OP_SUB64_X || id == WN_OP_ADD64_K || id == WN_OP_SUB64_K)
        return "limit what is added before that, with & 0xffff for instance";
    return "only add numbers to addresses, and subtract them";
}

void wn_say_mend(const struct wn_saying *s)
{
    const struct wn_reg *r = &s->w->reg;
    const char *what = "add it to an address of packet, stack or a map's value";
    switch ((enum wn_past)r->past) {
    case WN_PAST_MOVED: what = "load data and data_end again after that, and compare"; break;
    case WN_PAST_COMPUTED: what = mend_computed((enum wn_op_id)s->code->ops[r->which].id); break;
    case WN_PAST_CONTEXT: what = "use constant offsets in the context"; break;
    case WN_PAST_JOINED: what = "use it before the ways meet"; break;
    case WN_PAST_RETURNED: what = "let the caller pass the address of a variable of its own"; break;
    case WN_PAST_PACKET:
        what = "add what a packet says to data, and compare that with its end";
        break;
    case WN_PAST_STACK:
        what = "store and load addresses as 8 bytes, and write nothing else there";
        break;
    case WN_PAST_VALUE:
        what = "addresses cannot be kept in maps, keep numbers or keys there";
        break;
    case WN_PAST_RECORD: what = "addresses cannot be kept in records"; break;
    case WN_PAST_RELEASED: what = "give a record back when all is done with it"; break;
    case WN_PAST_FIELD:
        what = "addresses are in data, data_end and data_meta, as 4 bytes each";
        break;
    case WN_PAST_UNPROVED: what = "mend that first"; break;
    case WN_PAST_MISSING:
    case WN_PAST_COPY:
    case WN_PAST_CALL:
    case WN_PAST_NONE: break;
    }
    put(s->t, "; %s", what);
}

/** A number where an address is needed. */
static void put_number(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    const struct wn_reg *r = &w->reg;
    bool constant = wn_value_is_const(&r->v), zero = constant && r->v.bits.value == 0;
    if (zero && r->past == WN_PAST_MISSING) {
        struct wn_reg map = {.type = WN_T_MAP, .which = r->which};
        put(s->t, "r%u is NULL here, which is no address: ", w->number);
        wn_text_memory(s->t, s->env, &map);
        put(s->t, " has no such key on this way; use it on the other, where it is not NULL");
        return;
    }
    if (zero) {
        put(s->t, "r%u is NULL (0), which is no address; give it one first", w->number);
        return;
    }
    if (r->past == WN_PAST_RELEASED) {
        wn_say_released(s);
        wn_say_mend(s);
        return;
    }
    put(s->t, "r%u holds a number", w->number);
    if (!wn_value_is_unknown(&r->v)) {
        put(s->t, ", ");
        wn_text_number(s->t, &r->v);
    }
    if (!constant)
        wn_say_origin(s);
    put(s->t, ", and no address");
    if (constant)
        put(s->t, "; programs have packet, stack, context and maps, and no other memory");
    else
        wn_say_mend(s);
}

static void put_null(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    struct wn_reg map = {.type = WN_T_MAP, .which = w->reg.which};
    if (w->reg.type == WN_T_RECORD) {
        put(s->t,
            "r%u may be NULL, which is returned where the ring buffer has no room for a record; "
            "come here only if r%u is not 0",
            w->number, w->number);
        return;
    }
    put(s->t, "r%u may be NULL, which a lookup returns where ", w->number);
    wn_text_memory(s->t, s->env, &map);
    put(s->t, " has no such key; come here only if r%u is not 0", w->number);
}

void wn_say_access(const struct wn_saying *s)
{
    const struct wn_why *w = s->w;
    switch ((enum wn_reason)w->reason) {
    case WN_WHY_NUMBER: put_number(s); break;
    case WN_WHY_ANY:
        wn_say_lost(s);
        wn_say_mend(s);
        break;
    case WN_WHY_NULL: put_null(s); break;
    case WN_WHY_OUTSIDE:
        if (w->reg.type == WN_T_END)
            put_end(s);
        else
            put_outside(s);
        break;
    case WN_WHY_BOUND: put_outside(s); break;
    case WN_WHY_BEFORE:
        if (w->reg.type == WN_T_PACKET)
            put_before(s);
        else
            put_outside(s);
        break;
    case WN_WHY_ROOM:
        if (w->reg.type == WN_T_END)
            put_end(s);
        else
            put_room(s);
        break;
    case WN_WHY_END:
        put_access(s);
        put(s->t, " %s written, counted from the end; count from data, for which that is proved",
            w->size == 1 ? "is" : "are");
        break;
    case WN_WHY_READ_ONLY: put_read_only(s); break;
    case WN_WHY_WRITE_ONLY:
        put_access(s);
        put(s->t, " can only be written by programs; make the map without BPF_F_WRONLY_PROG");
        break;
    case WN_WHY_FIELD: put_field(s); break;
    case WN_WHY_NO_MEMORY: put_no_memory(s); break;
    case WN_WHY_UNALIGNED:
        put_access(s);
        put(s->t, " %s not at a multiple of %u, as atomic operations have to be; align them",
            is_constant(w) ? "are" : "may be", (unsigned)w->size);
        break;
    case WN_WHY_ATOMIC:
        put(s->t, "atomic operations work on the stack and on values of maps, and r%u points to ",
            w->number);
        wn_text_pointed(s->t, s->env, &w->reg);
        put(s->t, "; load, compute and store instead");
        break;
    case WN_WHY_UNREAD: put_unread(s); break;
    case WN_WHY_LOCK:
        put_access(s);
        put(s->t,
            " %s the value's lock, bytes %u to %u, which only bpf_spin_lock() and "
            "bpf_spin_unlock() use; use the other fields",
            is_constant(w) ? "are in" : "may be in", (unsigned)s->env->maps[w->reg.which].lock_at,
            (unsigned)s->env->maps[w->reg.which].lock_at + 3);
        break;
    default: put(s->t, "this is not proved"); break;
    }
}
