/* SPDX-License-Identifier: MIT */
#include "prog/prog.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/own.h"
#include "isa/decode.h"
#include "opt/blind.h"
#include "opt/lower.h"
#include "opt/simplify.h"
#include "prog/resolve.h"
#include "verify/flow.h"
#include "verify/stack.h"
#include "verify/verify.h"

#define MAX_SLOTS 1000000u
/** Beyond this, distances between operations would not fit where they are kept. */
#define MOST_SLOTS (1u << 26)

WN_OWN_BY(code, struct wn_code, wn_code_free)
WN_OWN_BY(prog, struct wn_prog, wn_prog_free)

/** Have divisions by 0 end the run. One by a constant could do nothing else. */
static int check_divisions(struct wn_code *code, struct wn_error *err)
{
    for (uint32_t i = 0; i < code->n_ops; i++) {
        struct wn_op *op = &code->ops[i];
        switch ((enum wn_op_id)op->id) {
        case WN_OP_DIV64_X:
        case WN_OP_DIV32_X:
        case WN_OP_SDIV64_X:
        case WN_OP_SDIV32_X:
        case WN_OP_MOD64_X:
        case WN_OP_MOD32_X:
        case WN_OP_SMOD64_X:
        case WN_OP_SMOD32_X: op->check = WN_CHECK_DIVISOR; break;
        case WN_OP_DIV64_K:
        case WN_OP_DIV32_K:
        case WN_OP_SDIV64_K:
        case WN_OP_SDIV32_K:
        case WN_OP_MOD64_K:
        case WN_OP_MOD32_K:
        case WN_OP_SMOD64_K:
        case WN_OP_SMOD32_K:
            if (op->imm == 0)
                return wn_fail(err, WN_E_REJECTED, i, "%s by 0", wn_rows[op->id].name);
            break;
        default: break;
        }
    }
    return 0;
}

/** Slots to decoded form, checked as far as that goes without knowing what they call. */
static int check_slots(const struct wn_slot *slots, size_t count, uint32_t max,
                       const struct wn_prog_env *env, struct wn_code **out, struct wn_error *err)
{
    if (max == 0)
        max = MAX_SLOTS;
    if (max > MOST_SLOTS)
        max = MOST_SLOTS;
    if (count > max)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "the program has %zu slots; the limit is %u",
                       count, max);
    WN_OWN(code) struct wn_code *code = NULL;
    int r = wn_decode(slots, count, &code, err);
    if (r)
        return r;
    if (env->frame_bytes)
        code->frame_bytes = env->frame_bytes;
    if (env->call_depth)
        code->call_depth = env->call_depth;
    assert(code->call_depth <= WN_CALL_DEPTH && code->frame_bytes % 16 == 0);
    assert(code->call_depth * code->frame_bytes <= WN_STACK_BYTES);
    r = wn_prog_bind_maps(code, env->maps, env->n_maps, err);
    if (r == 0)
        r = wn_flow_check(code, err);
    if (r == 0 && env->divide_faults)
        r = check_divisions(code, err);
    if (r == 0)
        *out = wn_give(code);
    return r;
}

int wn_prog_check(const struct wn_slot *slots, size_t count, uint32_t max_slots,
                  const struct wn_prog_env *env, struct wn_error *err)
{
    WN_OWN(code) struct wn_code *code = NULL;
    return check_slots(slots, count, max_slots, env, &code, err);
}

/** Machine code of a program, with its constants or without. */
static int compile(struct wn_prog *prog, const struct wn_code *lowered,
                   const struct wn_prog_opts *opts, const char *name, struct wn_error *err)
{
    WN_OWN(code) struct wn_code *blinded = NULL;
    struct wn_jit_opts show = {opts->name ? opts->name : name, opts->lines};
    int r = opts->flags & WN_PROG_BLIND ? wn_blind(lowered, &blinded, err) : 0;
    return r ? r : wn_jit_compile(blinded ? blinded : lowered, &show, &prog->jit, err);
}

/** Prepare lowered code for an engine that takes it, and note which one that became. */
static int choose_engine(struct wn_prog *prog, const struct wn_code *lowered,
                         const struct wn_prog_opts *opts, const char *name, struct wn_error *err)
{
    enum wn_engine wanted = opts->engine;
    if (wanted == WN_ENGINE_AUTO || wanted == WN_ENGINE_JIT) {
        struct wn_error *why = wanted == WN_ENGINE_JIT ? err : &prog->info.no_jit;
        int r = compile(prog, lowered, opts, name, why);
        prog->info.engine = WN_ENGINE_JIT;
        if (r == 0 || wanted == WN_ENGINE_JIT)
            return r;
    }
    prog->info.engine = WN_ENGINE_INTERP;
    return wn_interp_new(lowered, &prog->interp, err);
}

/** Everything behind the check; takes the decoded program on success. */
static int make_engine(struct wn_prog *prog, struct wn_code **decoded,
                       const struct wn_prog_opts *opts, const char *name, struct wn_error *err)
{
    WN_OWN(code) struct wn_code *lowered = NULL;
    (*decoded)->maps = prog->maps;
    /* The reference interpreter is the judge of what is made of facts. */
    int r = opts->engine == WN_ENGINE_REFERENCE ? 0 : wn_simplify(*decoded, err);
    if (r == 0)
        r = wn_lower(*decoded, &lowered, err);
    if (r)
        return r;
    prog->info.ops = lowered->n_ops;
    if (opts->engine == WN_ENGINE_REFERENCE) {
        prog->info.engine = opts->engine;
        if (!wn_code_freeze(*decoded))
            return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
        prog->decoded = wn_give(*decoded);
    } else {
        r = choose_engine(prog, lowered, opts, name, err);
    }
    prog->entry = wn_prog_enter(prog, prog->info.engine);
    prog->info.code = prog->jit.code;
    prog->info.code_bytes = prog->jit.bytes;
    return r;
}

int wn_prog_make(const struct wn_slot *slots, size_t count, const struct wn_prog_opts *opts,
                 const struct wn_prog_env *env, struct wn_prog **out, struct wn_error *err)
{
    static const struct wn_prog_opts defaults;
    if (!opts)
        opts = &defaults;
    if (opts->flags & ~(uint32_t)(WN_PROG_BLIND | WN_PROG_COOKED))
        return wn_fail(err, -EINVAL, WN_NOWHERE, "there is no such flag");
    if ((unsigned)opts->verify > WN_VERIFY_NONE)
        return wn_fail(err, -EINVAL, WN_NOWHERE, "there is no such way of verifying");
    if ((unsigned)opts->type >= WN_PROG_TYPES)
        return wn_fail(err, -EINVAL, WN_NOWHERE, "there is no such type of programs");
    WN_OWN(code) struct wn_code *decoded = NULL;
    int r = check_slots(slots, count, opts->max_slots, env, &decoded, err);
    if (r)
        return r;
    assert(decoded);
    if (opts->type != WN_PROG_FILTER)
        wn_prog_bind_packet_loads(decoded, opts->flags & WN_PROG_COOKED);
    WN_OWN(prog) struct wn_prog *prog = calloc(1, sizeof *prog);
    if (!prog)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    atomic_init(&prog->refs, 1);
    atomic_init(&prog->owners, 1);
    prog->fuel = opts->fuel ? opts->fuel : WN_FUEL;
    prog->cooked = opts->flags & WN_PROG_COOKED;
    prog->info.type = opts->type;
    prog->info.maps = (uint32_t)env->n_maps;
    prog->info.slots = (uint32_t)count;
    prog->info.functions = decoded->n_funcs;
    r = wn_resolve(decoded, opts->type, env, &prog->callees, err);
    if (r == 0)
        r = wn_prog_verify(prog, decoded, opts, env, err);
    if (r == 0)
        r = wn_stack_need(decoded, &prog->stack_bytes, err);
    prog->info.stack_bytes = prog->stack_bytes;
    prog->info.stack_cleared = prog->reads_unwritten ? prog->stack_bytes : 0;
    if (r == 0)
        r = wn_prog_keep_maps(prog, env, err);
    if (r == 0)
        r = make_engine(prog, &decoded, opts, env->name, err);
    if (r == 0)
        *out = wn_give(prog);
    return r;
}

int wn_prog_new(const struct wn_slot *slots, size_t count, const struct wn_prog_opts *opts,
                struct wn_prog **out, struct wn_error *err)
{
    struct wn_prog_env env = {0};
    if (opts) {
        env.maps = opts->maps;
        env.n_maps = opts->n_maps;
    }
    return wn_prog_make(slots, count, opts, &env, out, err);
}

struct wn_prog *wn_prog_ref(struct wn_prog *prog)
{
    atomic_fetch_add_explicit(&prog->owners, 1, memory_order_relaxed);
    wn_prog_hold(prog);
    return prog;
}

void wn_prog_hold(struct wn_prog *prog)
{
    atomic_fetch_add_explicit(&prog->refs, 1, memory_order_relaxed);
}

void wn_prog_drop(struct wn_prog *prog)
{
    if (atomic_fetch_sub_explicit(&prog->refs, 1, memory_order_acq_rel) != 1)
        return;
    wn_jit_fini(&prog->jit);
    wn_interp_free(prog->interp);
    wn_code_free(prog->decoded);
    free(prog->unproved);
    wn_callees_fini(&prog->callees);
    wn_prog_drop_maps(prog);
    free(prog);
}

void wn_prog_free(struct wn_prog *prog)
{
    if (!prog)
        return;
    if (atomic_fetch_sub_explicit(&prog->owners, 1, memory_order_acq_rel) == 1)
        wn_prog_disown_maps(prog);
    wn_prog_drop(prog);
}

void wn_prog_info(const struct wn_prog *prog, struct wn_prog_info *info)
{
    *info = prog->info;
}

const struct wn_code_line *wn_prog_lines(const struct wn_prog *prog, size_t *count)
{
    *count = prog->jit.n_lines;
    return prog->jit.lines;
}
