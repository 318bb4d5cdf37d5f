/* SPDX-License-Identifier: MIT */
#include "verify/reason.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "context/context.h"
#include "helper/helper.h"
#include "verify/verify.h"

/** One message while it grows; what does not fit is left out. */
struct text {
    char *at;
    size_t size, len;
};

static void __attribute__((format(printf, 2, 3))) put(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(t->at + t->len, t->size - t->len, fmt, ap);
    va_end(ap);
    if (n > 0)
        t->len += (size_t)n < t->size - t->len ? (size_t)n : t->size - t->len - 1;
}

/* ---- what a register holds ------------------------------------------------------------------- */

static void put_number(struct text *t, const struct wn_value *v)
{
    if (wn_value_is_const(v)) {
        int64_t n = (int64_t)v->bits.value;
        put(t, n > -65536 && n < 65536 ? "%" PRId64 : "0x%" PRIx64, n);
    } else if (v->umax <= UINT32_MAX) {
        put(t, "%" PRIu64 " to %" PRIu64, v->umin, v->umax);
    } else if (v->smin > INT64_MIN / 2 && v->smax < INT64_MAX / 2) {
        put(t, "%" PRId64 " to %" PRId64, v->smin, v->smax);
    } else {
        put(t, "anything");
    }
}

static const char *kind_name(enum wn_type type)
{
    static const char *const names[WN_TYPES] = {
        [WN_T_NONE] = "nothing",    [WN_T_NUMBER] = "number",  [WN_T_ANY] = "unknown",
        [WN_T_CONTEXT] = "context", [WN_T_STACK] = "stack",    [WN_T_PACKET] = "packet",
        [WN_T_META] = "metadata",   [WN_T_END] = "packet end", [WN_T_MAP] = "map",
        [WN_T_VALUE] = "value",     [WN_T_FUNC] = "function",
    };
    return names[type];
}

static const char *map_name(const struct wn_verify_env *env, uint32_t map)
{
    return map < env->n_maps && env->maps[map].name ? env->maps[map].name : "";
}

/** Where an address points: "packet+14", "packet+(0 to 60)+14". */
static void put_place(struct text *t, const struct wn_verify_env *env, const struct wn_reg *r,
                      int64_t off)
{
    off += r->off;
    put(t, "%s", kind_name((enum wn_type)r->type));
    if (r->type == WN_T_VALUE || r->type == WN_T_MAP)
        put(t, " '%.40s'", map_name(env, r->which));
    if (r->type == WN_T_FUNC)
        put(t, " %u", (unsigned)r->which);
    if (!wn_value_is_const(&r->v)) {
        put(t, "+(");
        put_number(t, &r->v);
        put(t, ")");
    } else {
        off += (int64_t)r->v.bits.value;
    }
    if (off || r->type == WN_T_STACK)
        put(t, "%+" PRId64, off);
}

void wn_reg_print(const struct wn_verify_env *env, const struct wn_reg *reg, char *text,
                  size_t size)
{
    struct text t = {text, size, 0};
    if (wn_is_number(reg)) {
        put(&t, "%s", reg->type == WN_T_ANY ? "unknown:" : "");
        put_number(&t, &reg->v);
        if (reg->id == WN_ID_LENGTH && !reg->shifted)
            put(&t, " (length%+d)", (int)reg->off);
    } else {
        put_place(&t, env, reg, 0);
        if (reg->nullable)
            put(&t, " or 0");
    }
}

/* ---- accesses -------------------------------------------------------------------------------- */

static const char *bytes(uint32_t n)
{
    return n == 1 ? "byte" : "bytes";
}

/** "4 bytes at packet+14 (r2)" */
static void put_access(struct text *t, const struct wn_verify_env *env, const struct wn_why *w)
{
    put(t, "%u %s at ", w->size, bytes(w->size));
    put_place(t, env, &w->reg, w->off);
    put(t, " (r%u)", w->number);
}

static void put_memory_size(struct text *t, const struct wn_verify_env *env, const struct wn_why *w)
{
    switch ((enum wn_type)w->reg.type) {
    case WN_T_STACK:
        put(t, "the stack of a function has %u bytes below r10", WN_STACK_FRAME);
        break;
    case WN_T_VALUE:
        put(t, "a value of map '%.40s' has %u", map_name(env, w->reg.which),
            w->reg.which < env->n_maps ? (unsigned)env->maps[w->reg.which].value_bytes : 0);
        break;
    case WN_T_END: put(t, "the packet ends there"); break;
    default: put(t, "there are %" PRId64, w->room); break;
    }
}

static const char *end_name(const struct wn_verify_env *env)
{
    return env->type == WN_PROG_FILTER ? "the length in r2" : "data_end";
}

static void put_room(struct text *t, const struct wn_verify_env *env, const struct wn_why *w)
{
    put_access(t, env, w);
    if (w->reg.type == WN_T_META) {
        put(t, " may lie behind the metadata; compare with data first");
        return;
    }
    if (w->room <= 0)
        put(t, " may lie outside the packet, of which nothing has been compared with %s yet",
            end_name(env));
    else
        put(t, " may lie behind the packet's end: %s was compared for %" PRId64 " %s%s",
            end_name(env), w->room, bytes((uint32_t)w->room),
            wn_value_is_const(&w->reg.v) ? "" : " behind that place");
    put(t, "; compare for %" PRId64 " first",
        wn_value_is_const(&w->reg.v) ? (int64_t)w->reg.off + w->off + w->size
                                     : (int64_t)w->reg.off + w->off + w->size);
}

static void put_field(struct text *t, const struct wn_verify_env *env, const struct wn_why *w)
{
    int64_t at = (int64_t)w->reg.off + w->off;
    const struct wn_context_field *f =
        at >= 0 && at < WN_CONTEXT_BYTES ? wn_context_field(env->type, (uint32_t)at) : NULL;
    const char *verb = w->write ? "written" : "read";
    const char *type = wn_prog_type_name(env->type);
    if (!f)
        put(t, "the context of a program of type %s has no field at %" PRId64, type, at);
    else if (at + w->size > f->offset + f->bytes)
        put(t, "%u bytes at %" PRId64 " of the context go beyond field '%s', which has %u", w->size,
            at, f->name, f->bytes);
    else
        put(t, "field '%s' of the context cannot be %s by programs of type %s", f->name, verb,
            type);
}

static void put_number_used(struct text *t, const struct wn_why *w)
{
    put(t, "r%u holds ", w->number);
    if (wn_value_is_const(&w->reg.v) && w->reg.v.bits.value == 0) {
        put(t, "0, which is no address");
        return;
    }
    put(t, "a number (");
    put_number(t, &w->reg.v);
    put(t, "), which is no address; addresses kept in maps or packets cannot be used again");
}

/* ---- calls ----------------------------------------------------------------------------------- */

static const char *called(const struct wn_code *code, uint32_t slot)
{
    const struct wn_helper *h = wn_helper_find((uint32_t)code->ops[slot].imm);
    return h ? h->name : "helper";
}

static void put_argument(struct text *t, const struct wn_code *code,
                         const struct wn_verify_env *env, const struct wn_why *w)
{
    put(t, "argument %u of %s() is to be the address of %d %s, but r%u holds ", w->number,
        called(code, w->slot), (int)w->off, bytes((uint32_t)w->off), w->number);
    if (wn_is_number(&w->reg)) {
        put(t, "the number ");
        put_number(t, &w->reg.v);
    } else {
        put_place(t, env, &w->reg, 0);
    }
    if (w->reg.nullable)
        put(t, ", which may be 0; compare it with 0 first");
    else if (w->reg.type == WN_T_PACKET)
        put(t, "; compare with %s first", end_name(env));
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void put_access_why(struct text *t, const struct wn_verify_env *env, const struct wn_why *w)
{
    switch ((enum wn_reason)w->reason) {
    case WN_WHY_NUMBER: put_number_used(t, w); break;
    case WN_WHY_ANY:
    case WN_WHY_STALE:
        if (w->reg.unused)
            put(t,
                "r%u points to where the packet was before a helper moved it; load data and "
                "data_end again",
                w->number);
        else
            put(t, "nothing is known of the address in r%u", w->number);
        break;
    case WN_WHY_NULL:
        put(t,
            "r%u may be 0, which bpf_map_lookup_elem() returns if map '%.40s' has no such key; "
            "compare it with 0 first",
            w->number, map_name(env, w->reg.which));
        break;
    case WN_WHY_OUTSIDE:
        put_access(t, env, w);
        put(t, " lie%s outside: ", w->size == 1 ? "s" : "");
        put_memory_size(t, env, w);
        break;
    case WN_WHY_BOUND:
        put_access(t, env, w);
        put(t, " may lie outside: ");
        put_memory_size(t, env, w);
        put(t, "; bound what is added to the address");
        break;
    case WN_WHY_BEFORE:
        put_access(t, env, w);
        put(t, " may lie before the beginning; what is added to the address may be negative");
        break;
    case WN_WHY_ROOM: put_room(t, env, w); break;
    case WN_WHY_WRITE_ONLY:
        put(t, "map '%.40s' cannot be read by programs", map_name(env, w->reg.which));
        break;
    case WN_WHY_READ_ONLY:
        if (w->reg.type == WN_T_VALUE)
            put(t, "map '%.40s' cannot be written by programs", map_name(env, w->reg.which));
        else
            put(t, "the packet cannot be written by programs of type %s",
                wn_prog_type_name(env->type));
        break;
    case WN_WHY_FIELD: put_field(t, env, w); break;
    case WN_WHY_CONTEXT:
        put(t, "a place in the context that is not constant (r%u); only constant ones can be used",
            w->number);
        break;
    case WN_WHY_NO_MEMORY:
        put(t, "r%u holds the address of a %s, which is no memory", w->number,
            kind_name((enum wn_type)w->reg.type));
        break;
    case WN_WHY_UNALIGNED:
        put_access(t, env, w);
        put(t, " are not at a multiple of %u, as atomic operations have to be", w->size);
        break;
    case WN_WHY_ATOMIC:
        put(t, "atomic operations are for stack and maps, and r%u points to the %s", w->number,
            kind_name((enum wn_type)w->reg.type));
        break;
    default: put(t, "not proved"); break;
    }
}

static void put_call_why(struct text *t, const struct wn_code *code,
                         const struct wn_verify_env *env, const struct wn_why *w)
{
    switch ((enum wn_reason)w->reason) {
    case WN_WHY_WANTS_MAP:
        put(t, "argument %u of %s() is to be a map, but r%u holds ", w->number,
            called(code, w->slot), w->number);
        if (wn_is_number(&w->reg))
            put(t, "a number");
        else
            put_place(t, env, &w->reg, 0);
        break;
    case WN_WHY_WANTS_CONTEXT:
        put(t, "argument %u of %s() is to be what the program got in r1, but r%u holds ", w->number,
            called(code, w->slot), w->number);
        if (wn_is_number(&w->reg))
            put(t, "a number");
        else
            put_place(t, env, &w->reg, 0);
        break;
    case WN_WHY_MAP_TYPE:
        put(t, "map '%.40s' is not of a type that %s() works on", map_name(env, w->reg.which),
            called(code, w->slot));
        break;
    case WN_WHY_SIZE:
        put(t, "argument %u of %s() is a length without a bound (", w->number,
            called(code, w->slot));
        put_number(t, &w->reg.v);
        put(t, "); compare it with a constant first");
        break;
    case WN_WHY_ZERO:
        put(t, "argument %u of %s() is a length, and may be 0; compare it first", w->number,
            called(code, w->slot));
        break;
    case WN_WHY_DEPTH:
        put(t, "calls of functions lie within each other more than %u deep", (unsigned)w->other);
        break;
    case WN_WHY_CALLEE:
        put(t, "r%u holds no function: ", w->number);
        put_place(t, env, &w->reg, 0);
        break;
    default: put_argument(t, code, env, w); break;
    }
}

static void put_why(struct text *t, const struct wn_code *code, const struct wn_verify_env *env,
                    const struct wn_why *w)
{
    switch ((enum wn_reason)w->reason) {
    case WN_WHY_UNWRITTEN:
        put(t, "r%u is read, but nothing has been written there%s", w->number,
            w->number >= WN_R1 && w->number <= WN_R5 ? "; calls leave nothing in r1 to r5" : "");
        return;
    case WN_WHY_RESULT: put(t, "the program ends without a result: nothing is in r0"); return;
    case WN_WHY_ARITHMETIC:
        put(t, "%s of an address means nothing; r%u holds ", wn_rows[code->ops[w->slot].id].name,
            w->number);
        put_place(t, env, &w->reg, 0);
        if (w->reg.nullable)
            put(t, ", which may be 0; compare it with 0 first");
        return;
    case WN_WHY_LOOP:
        put(t,
            "no bound is found for the loop from slot %u to here; it spends fuel, and ends in a "
            "fault without",
            (unsigned)w->other);
        return;
    default: break;
    }
    if (wn_op_kind(&code->ops[w->slot]) == WN_KIND_CALL)
        put_call_why(t, code, env, w);
    else
        put_access_why(t, env, w);
}

void wn_why_print(const struct wn_code *code, const struct wn_verify_env *env,
                  const struct wn_why *why, struct wn_error *err)
{
    char text[sizeof err->text];
    struct text t = {text, sizeof text, 0};
    text[0] = '\0';
    put_why(&t, code, env, why);
    wn_fail(err, WN_E_REJECTED, why->slot, "%s", text);
}
