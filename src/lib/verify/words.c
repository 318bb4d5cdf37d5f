/* SPDX-License-Identifier: MIT */
#include "verify/words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "verify/verify.h"

void wn_text_put(struct wn_text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(t->at + t->len, t->size - t->len, fmt, ap);
    va_end(ap);
    if (n > 0)
        t->len += (size_t)n < t->size - t->len ? (size_t)n : t->size - t->len - 1;
}

void wn_text_bound(struct wn_text *t, int64_t bound)
{
    switch (bound) {
    case INT32_MIN: wn_text_put(t, "-2^31"); break;
    case INT32_MAX: wn_text_put(t, "2^31-1"); break;
    case UINT32_MAX: wn_text_put(t, "2^32-1"); break;
    default: wn_text_put(t, "%" PRId64, bound); break;
    }
}

void wn_text_number(struct wn_text *t, const struct wn_value *v)
{
    int64_t far = INT64_C(1) << 36; /* a number that means something to somebody is smaller */
    if (wn_value_is_const(v)) {
        int64_t n = (int64_t)v->bits.value;
        wn_text_put(t, n > -65536 && n < 65536 ? "%" PRId64 : "0x%" PRIx64, n);
        return;
    }
    bool low = v->smin > -far, high = v->smax < far;
    if (!low && !high) {
        wn_text_put(t, "any number");
        return;
    }
    if (low)
        wn_text_bound(t, v->smin);
    wn_text_put(t, low && high ? " to " : low ? " or more" : "up to ");
    if (high)
        wn_text_bound(t, v->smax);
}

const char *wn_text_bytes(uint64_t n)
{
    return n == 1 ? "byte" : "bytes";
}

const char *wn_text_end(const struct wn_verify_env *env)
{
    return env->type == WN_PROG_FILTER ? "data + caplen" : "data_end";
}

static const char *map_name(const struct wn_verify_env *env, uint32_t map)
{
    return map < env->n_maps && env->maps[map].name ? env->maps[map].name : "";
}

bool wn_text_is_variable(const struct wn_verify_env *env, const struct wn_reg *r)
{
    return r->type == WN_T_VALUE && *map_name(env, r->which) == '.';
}

void wn_text_memory(struct wn_text *t, const struct wn_verify_env *env, const struct wn_reg *r)
{
    const char *name = map_name(env, r->which);
    const char *in = r->which < env->n_maps && env->maps[r->which].inner ? "in " : "";
    switch ((enum wn_type)r->type) {
    case WN_T_NONE: wn_text_put(t, "nothing"); break;
    case WN_T_NUMBER: wn_text_put(t, "number"); break;
    case WN_T_ANY: wn_text_put(t, "unknown"); break;
    case WN_T_CONTEXT: wn_text_put(t, "context"); break;
    case WN_T_STACK: wn_text_put(t, "stack"); break;
    case WN_T_PACKET: wn_text_put(t, "packet"); break;
    case WN_T_META: wn_text_put(t, "metadata"); break;
    case WN_T_END: wn_text_put(t, "%s", wn_text_end(env)); break;
    case WN_T_MAP: wn_text_put(t, "map %s'%.32s'", in, name); break;
    case WN_T_VALUE:
        if (wn_text_is_variable(env, r))
            wn_text_put(t, "variables in %.32s", name);
        else
            wn_text_put(t, "value of map %s'%.32s'", in, name);
        break;
    case WN_T_KEY: wn_text_put(t, "key of map %s'%.32s'", in, name); break;
    case WN_T_RECORD: wn_text_put(t, "record"); break;
    case WN_T_FUNC: wn_text_put(t, "function at slot %u", (unsigned)r->which); break;
    case WN_TYPES: break;
    }
}

void wn_text_place(struct wn_text *t, const struct wn_verify_env *env, const struct wn_reg *r,
                   int64_t off)
{
    bool constant = wn_value_is_const(&r->v);
    off += r->off + (constant ? (int64_t)r->v.bits.value : 0);
    wn_text_memory(t, env, r);
    if (off || (constant && r->type == WN_T_STACK))
        wn_text_put(t, "%+" PRId64, off);
    if (constant)
        return;
    wn_text_put(t, "+(");
    wn_text_number(t, &r->v);
    wn_text_put(t, ")");
}

void wn_text_pointed(struct wn_text *t, const struct wn_verify_env *env, const struct wn_reg *r)
{
    bool first = wn_value_is_const(&r->v) && r->v.bits.value == 0 && r->off == 0;
    bool variables = wn_text_is_variable(env, r);
    if (first && (r->type == WN_T_VALUE || r->type == WN_T_KEY || r->type == WN_T_RECORD) &&
        !variables)
        wn_text_put(t, "a ");
    else if (first && !variables && r->type != WN_T_STACK && r->type != WN_T_MAP &&
             r->type != WN_T_END)
        wn_text_put(t, "the ");
    wn_text_place(t, env, r, 0);
}

void wn_text_reg(struct wn_text *t, const struct wn_verify_env *env, const struct wn_reg *r)
{
    if (!wn_is_number(r)) {
        wn_text_place(t, env, r, 0);
        return;
    }
    if (r->type == WN_T_ANY)
        wn_text_put(t, "unknown");
    if (r->type != WN_T_ANY)
        wn_text_number(t, &r->v);
    else if (!wn_value_is_unknown(&r->v)) {
        wn_text_put(t, " (");
        wn_text_number(t, &r->v);
        wn_text_put(t, ")");
    }
}

void wn_reg_print(const struct wn_verify_env *env, const struct wn_reg *reg, char *text,
                  size_t size)
{
    struct wn_text t = {text, size, 0};
    wn_text_reg(&t, env, reg);
    if (wn_is_number(reg) && reg->id == WN_ID_LENGTH && !reg->shifted && reg->off)
        wn_text_put(&t, " (length%+d)", (int)reg->off);
    else if (wn_is_number(reg) && reg->id == WN_ID_LENGTH && !reg->shifted)
        wn_text_put(&t, " (length)");
    if (reg->nullable)
        wn_text_put(&t, " or NULL");
}
