/* SPDX-License-Identifier: MIT */
/** Programs and the verifier: what it is told, what becomes of what it finds. */
#include <errno.h>
#include <stdlib.h>

#include "base/own.h"
#include "context/context.h"
#include "map/map.h"
#include "map/outer.h"
#include "prog/prog.h"
#include "verify/verify.h"

static struct wn_verify_map describe_map(const struct wn_map *map, const struct wn_map_info *info)
{
    struct wn_region values;
    wn_map_values(map, &values);
    uint64_t address =
        info->type == WN_MAP_ARRAY && info->max_entries == 1 ? values.start + values.first : 0;
    bool constant = address && info->frozen && !values.writable;
    return (struct wn_verify_map){
        .name = info->name,
        .type = info->type,
        .key_bytes = info->key_bytes,
        .value_bytes = info->value_bytes,
        .readable = !values.unreadable,
        .writable = values.writable,
        .has_lock = info->has_lock,
        .lock_at = info->lock_at,
        .address = address,
        .constant = constant ? (const uint8_t *)(uintptr_t)address : NULL,
    };
}

/** What all maps in a map are like, of which nobody knows more. */
static struct wn_verify_map describe_inner(const struct wn_map_info *inner, const char *name)
{
    return (struct wn_verify_map){
        .name = name,
        .type = inner->type,
        .key_bytes = inner->key_bytes,
        .value_bytes = inner->value_bytes,
        .readable = !(inner->flags & WN_MAP_WRONLY_PROG),
        .writable = !(inner->flags & WN_MAP_RDONLY_PROG),
        .has_lock = inner->has_lock,
        .lock_at = inner->lock_at,
        .inner = true,
    };
}

/** What the verifier has to know of the program's maps, and of those in them: there is room for
 * twice as many. */
static struct wn_verify_map *describe_maps(const struct wn_prog_env *env, struct wn_map_info *infos,
                                           uint32_t *n)
{
    struct wn_verify_map *maps = calloc(env->n_maps ? 2 * env->n_maps : 1, sizeof *maps);
    *n = (uint32_t)env->n_maps;
    for (size_t i = 0; maps && i < env->n_maps; i++) {
        const struct wn_map_info *inner = wn_outer_inner(env->maps[i]);
        wn_map_info(env->maps[i], &infos[i]);
        maps[i] = describe_map(env->maps[i], &infos[i]);
        if (!inner)
            continue;
        maps[*n] = describe_inner(inner, infos[i].name);
        maps[i].holds = (*n)++;
    }
    return maps;
}

/** As the kernel does (check_map_prog_compatibility). */
static int refuse_locks(enum wn_prog_type type, const struct wn_verify_map *maps, uint32_t n,
                        struct wn_error *err)
{
    for (uint32_t i = 0; type == WN_PROG_SOCKET && i < n; i++)
        if (maps[i].has_lock)
            return wn_fail(err, WN_E_REJECTED, WN_NOWHERE,
                           "map '%.63s' has a lock in its values, and programs of type socket "
                           "cannot use such maps; use atomic operations",
                           maps[i].name);
    return 0;
}

static void count_accesses(const struct wn_code *decoded, struct wn_prog_info *info)
{
    for (uint32_t i = 0; i < decoded->n_ops; i++)
        switch (wn_op_kind(&decoded->ops[i])) {
        case WN_KIND_LOAD:
        case WN_KIND_STORE:
        case WN_KIND_ATOMIC:
            info->accesses++;
            info->guarded += decoded->mark[i] == WN_MARK_NONE || decoded->mark[i] == WN_MARK_PACKET;
            break;
        default: break;
        }
}

/** What can be said of a program that nobody has verified. */
static void describe_unverified(const struct wn_code *decoded, struct wn_prog_info *info)
{
    for (uint32_t i = 0; i < decoded->n_ops; i++) {
        const struct wn_op *op = &decoded->ops[i];
        enum wn_kind kind = wn_op_kind(op);
        bool jumps = kind == WN_KIND_JUMP || kind == WN_KIND_BRANCH;
        info->loops += jumps && wn_is_back_edge(i, op->target);
        info->calls += op->id == WN_OP_CALL && decoded->calls[op->target].checked;
    }
    info->loops_fuelled = info->loops;
    info->calls_checked = info->calls;
}

/** Have a program that runs on the packet itself load addresses of 64 bits, where the context
 * has 32. */
static void widen_loads(struct wn_code *decoded, enum wn_prog_type type)
{
    static const uint8_t what[] = {[WN_MARK_DATA] = WN_CONTEXT_DATA,
                                   [WN_MARK_META] = WN_CONTEXT_META,
                                   [WN_MARK_END] = WN_CONTEXT_END};
    for (uint32_t i = 0; i < decoded->n_ops; i++) {
        struct wn_op *op = &decoded->ops[i];
        if (wn_op_kind(op) != WN_KIND_LOAD || decoded->mark[i] < WN_MARK_DATA)
            continue;
        enum wn_context_what w = (enum wn_context_what)what[decoded->mark[i]];
        op->id = WN_OP_LDX_DW;
        op->size = sizeof(uint64_t);
        op->off += wn_context_widen(wn_context_find(type, w));
    }
}

static void describe_verified(struct wn_prog *prog, const struct wn_verified *v)
{
    struct wn_prog_info *info = &prog->info;
    info->loops = v->loops;
    info->loops_fuelled = v->fuelled;
    info->calls = v->calls;
    info->calls_checked = v->checked;
    info->in_place = v->in_place;
    info->verify_ns = v->ns;
    info->verify_steps = v->steps;
    info->verify_states = v->states;
    info->verify_bytes = v->bytes;
    prog->unproved = v->unproved;
    prog->n_unproved = v->n_unproved;
}

int wn_prog_verify(struct wn_prog *prog, struct wn_code *decoded, const struct wn_prog_opts *opts,
                   const struct wn_prog_env *env, struct wn_error *err)
{
    bool foreign = env->find || env->other_context;
    if (foreign || opts->verify == WN_VERIFY_NONE) {
        count_accesses(decoded, &prog->info);
        describe_unverified(decoded, &prog->info);
        prog->reads_unwritten = true;
        return 0;
    }
    size_t n = env->n_maps ? env->n_maps : 1;
    WN_OWN(free) struct wn_map_info *infos = calloc(n, sizeof *infos);
    uint32_t n_maps;
    WN_OWN(free) struct wn_verify_map *maps = infos ? describe_maps(env, infos, &n_maps) : NULL;
    if (!maps)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    int r = refuse_locks(opts->type, maps, n_maps, err);
    if (r)
        return r;
    const struct wn_verify_env verify = {
        .type = opts->type,
        .maps = maps,
        .n_maps = n_maps,
        .strict = opts->verify == WN_VERIFY_STRICT,
        .most_ns = opts->verify_ns,
        .most_bytes = opts->verify_bytes,
        .log = opts->log,
        .log_arg = opts->log_arg,
        .explain = opts->explain,
    };
    struct wn_verified verified;
    r = wn_verify(decoded, &verify, &verified, err);
    if (r)
        return r;
    prog->reads_unwritten = verified.reads_unwritten;
    verified.in_place &= opts->engine != WN_ENGINE_REFERENCE; /* the judge of the others */
    if (verified.in_place)
        widen_loads(decoded, opts->type);
    describe_verified(prog, &verified);
    count_accesses(decoded, &prog->info);
    return 0;
}

size_t wn_prog_unproved(const struct wn_prog *prog, const struct wn_error **list)
{
    *list = prog->unproved;
    return prog->n_unproved;
}
