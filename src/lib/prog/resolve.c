/* SPDX-License-Identifier: MIT */
#include "prog/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/frozen.h"
#include "base/repeat.h"
#include "base/vec.h"
#include "helper/helper.h"
#include "map/map.h"

/* Each call through a register compares with each number, so their product is what these cost. */
#define MOST_INDIRECT 65536u
/* And the number of helpers that call functions with that of functions: all are looked at there. */
#define MOST_REPEATS (1u << 20)

/** What has been found so far. */
struct finding {
    const struct wn_prog_env *env;
    enum wn_prog_type type;
    struct {
        struct wn_call *data;
        size_t len, cap;
    } calls;
    struct {
        struct wn_callable *data;
        size_t len, cap;
    } numbers;
};

static bool find_own(enum wn_prog_type type, uint32_t id, struct wn_callee *out)
{
    const struct wn_helper *helper = wn_helper_find(id);
    if (!helper || !(helper->types >> type & 1))
        return false;
    out->fn = helper->fn;
    out->check = helper->fn == wn_helper_tail_call ? WN_CHECK_TAIL | WN_CHECK_RUN
                 : wn_helper_repeats(helper)       ? WN_CHECK_REPEAT | WN_CHECK_RUN
                                                   : 0;
    memcpy(out->args, helper->sig.args, sizeof out->args);
    out->maps = wn_helper_maps(id);
    return true;
}

/** Whether there is something to check before the helper may run. */
static bool needs_check(const uint8_t args[5])
{
    for (unsigned i = 0; i < 5; i++)
        switch ((enum wn_arg)args[i]) {
        case WN_ARG_MEM:
        case WN_ARG_MEM_WRITE:
        case WN_ARG_MEM_INOUT:
        case WN_ARG_INOUT32:
        case WN_ARG_OUT64:
        case WN_ARG_STRING:
        case WN_ARG_DATA:
        case WN_ARG_CTX:
        case WN_ARG_MAP:
        case WN_ARG_KEY:
        case WN_ARG_VALUE:
        case WN_ARG_VALUE_WRITE:
        case WN_ARG_LOCK:
        case WN_ARG_RECORD: return true;
        case WN_ARG_NONE:
        case WN_ARG_SCALAR:
        case WN_ARG_ANY:
        case WN_ARG_SIZE:
        case WN_ARG_SIZE0:
        case WN_ARG_FUNC:
        case WN_ARG_FUNC_DATA:
        case WN_ARG_RECORD_SIZE:
        case WN_ARGS: break;
        }
    return false;
}

/** What a number calls, and what may end the run behind it; false if it calls nothing. */
static bool find(const struct finding *f, uint32_t id, struct wn_call *call, uint8_t *check)
{
    const struct wn_prog_env *env = f->env;
    struct wn_callee c = {0};
    if (!(env->find ? env->find(env->arg, id, &c) : find_own(f->type, id, &c)))
        return false;
    *call = (struct wn_call){.fn = c.fn, .maps = c.maps};
    *check = c.check;
    memcpy(call->args, c.args, sizeof call->args);
    if (needs_check(c.args)) {
        call->fn = wn_call_checked;
        call->checked = c.fn;
        *check |= WN_CHECK_RUN;
        if (!(c.check & WN_CHECK_RUN))
            *check |= WN_CHECK_ARGUMENTS;
    }
    return true;
}

static bool same(const struct wn_call *a, const struct wn_call *b)
{
    return a->fn == b->fn && a->checked == b->checked && a->maps == b->maps &&
           !memcmp(a->args, b->args, sizeof a->args);
}

static int no_memory(struct wn_error *err)
{
    return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
}

/** Say which programs a helper is for. */
static int refuse_type(const struct wn_helper *helper, enum wn_prog_type type, uint32_t at,
                       struct wn_error *err)
{
    char types[64] = "";
    size_t len = 0;
    for (unsigned t = 0; t < WN_PROG_TYPES; t++)
        if (helper->types >> t & 1 && len < sizeof types)
            len += (size_t)snprintf(types + len, sizeof types - len, "%s%s", len ? ", " : "",
                                    wn_prog_type_name((enum wn_prog_type)t));
    return wn_fail(err, WN_E_UNSUPPORTED, at,
                   "helper %u (%s) is not for programs of type %s; types that may call it: %s",
                   helper->id, helper->name, wn_prog_type_name(type), types);
}

/** Say why a number calls nothing. */
static int refuse(const struct finding *f, uint32_t id, uint32_t at, struct wn_error *err)
{
    const struct wn_helper *helper = wn_helper_find(id);
    const struct wn_helper_absent *absent = wn_helper_absent(id);
    if (helper)
        return refuse_type(helper, f->type, at, err);
    if (absent)
        return wn_fail(err, WN_E_UNSUPPORTED, at, "helper %u (%s) %s", id, absent->name,
                       absent->why);
    return wn_fail(err, WN_E_UNSUPPORTED, at,
                   "helper %u is not provided; numbers are the kernel's, see bpf-helpers(7)", id);
}

/** A call, and what stands behind it: the same one without checks of its arguments; how it repeats.
 */
static bool add(struct finding *f, const struct wn_call *call, uint8_t check)
{
    const struct wn_call unchecked = {.fn = call->checked};
    const struct wn_call next = {.fn = wn_repeat_next}, end = {.fn = wn_repeat_end};
    if (!wn_vec_push(&f->calls, *call) || (call->checked && !wn_vec_push(&f->calls, unchecked)))
        return false;
    return !(check & WN_CHECK_REPEAT) ||
           (wn_vec_push(&f->calls, next) && wn_vec_push(&f->calls, end));
}

/** A call by number; helpers are kept once each. */
static int resolve_call(struct finding *f, struct wn_op *op, uint32_t at, struct wn_error *err)
{
    struct wn_call call;
    if (!find(f, (uint32_t)op->imm, &call, &op->check))
        return refuse(f, (uint32_t)op->imm, at, err);
    size_t k = 0;
    while (k < f->calls.len && !same(&f->calls.data[k], &call))
        k++;
    if (k == f->calls.len && !add(f, &call, op->check))
        return no_memory(err);
    op->target = (uint32_t)k;
    return 0;
}

/** Everything that calls through a register may name. */
static int resolve_numbers(struct finding *f, struct wn_error *err)
{
    for (size_t i = 0; i < f->env->n_numbers; i++) {
        struct wn_call call;
        struct wn_callable n = {.id = f->env->numbers[i], .call = (uint32_t)f->calls.len};
        if (!find(f, n.id, &call, &n.check))
            continue;
        if (!add(f, &call, n.check) || !wn_vec_push(&f->numbers, n))
            return no_memory(err);
    }
    return 0;
}

static int resolve_all(struct finding *f, struct wn_code *code, struct wn_error *err)
{
    uint64_t indirect = 0, repeats = 0, taken = 0;
    int r = 0;
    for (uint32_t i = 0; i < code->n_funcs; i++)
        taken += code->funcs[i].taken;
    for (uint32_t i = 0; r == 0 && i < code->n_ops; i++) {
        struct wn_op *op = &code->ops[i];
        if (op->id == WN_OP_CALL)
            r = resolve_call(f, op, i, err);
        indirect += wn_rows[op->id].form == WN_FORM_CALL_REG;
        repeats += op->id == WN_OP_CALL && op->check & WN_CHECK_REPEAT;
        if (repeats * taken > MOST_INDIRECT || repeats * code->n_funcs > MOST_REPEATS)
            return wn_fail(err, WN_E_LIMIT, i,
                           "%u calls of helpers that call functions, in a program of %u, are too "
                           "many",
                           (unsigned)repeats, (unsigned)code->n_funcs);
        if (indirect * f->env->n_numbers > MOST_INDIRECT)
            return wn_fail(err, WN_E_LIMIT, i,
                           "%u calls through a register, of %zu helpers, are too many",
                           (unsigned)indirect, f->env->n_numbers);
    }
    return r == 0 && indirect ? resolve_numbers(f, err) : r;
}

/** Behind everything else stands what finds values in each map, if that is the library's way. */
static bool add_finders(struct finding *f, struct wn_code *code)
{
    code->finders = f->env->find ? 0 : (uint32_t)f->calls.len;
    for (size_t i = 0; code->finders && i < f->env->n_maps; i++) {
        struct wn_call call = {.fn = wn_map_finder(f->env->maps[i])};
        if (!wn_vec_push(&f->calls, call))
            return false;
    }
    return true;
}

int wn_resolve(struct wn_code *code, enum wn_prog_type type, const struct wn_prog_env *env,
               struct wn_callees *out, struct wn_error *err)
{
    struct finding f = {.env = env, .type = type};
    int r = resolve_all(&f, code, err);
    if (r == 0 && !add_finders(&f, code))
        r = no_memory(err);
    if (r == 0 && f.calls.len) {
        out->calls = wn_frozen_copy(f.calls.data, f.calls.len * sizeof *f.calls.data);
        r = out->calls ? 0 : no_memory(err);
    }
    free(f.calls.data);
    out->numbers = f.numbers.data;
    code->calls = out->calls;
    code->n_calls = out->n_calls = (uint32_t)f.calls.len;
    code->numbers = out->numbers;
    code->n_numbers = out->n_numbers = (uint32_t)f.numbers.len;
    return r;
}

void wn_callees_fini(struct wn_callees *callees)
{
    wn_frozen_free(callees->calls, callees->n_calls * sizeof *callees->calls);
    free(callees->numbers);
}
