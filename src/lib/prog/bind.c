/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "context/context.h"
#include "map/map.h"
#include "prog/prog.h"

/* Offsets of packet loads from here on count from a header (linux/filter.h: SKF_NET_OFF,
 * SKF_LL_OFF). */
#define FROM_NETWORK (-0x100000)
#define FROM_LINK    (-0x200000)

/** An address of a map, or in its value. */
static void set_wide(struct wn_op *op, uint64_t value, enum wn_wide_what what, uint32_t map,
                     uint32_t offset)
{
    op->id = WN_OP_IMM64;
    op->b = (uint8_t)what;
    op->target = map;
    op->off = (int32_t)offset;
    op->imm = (int32_t)(uint32_t)value;
    op->high = (uint32_t)(value >> 32);
}

/** The address of a place in the only value of a map. */
static int bind_value(struct wn_op *op, uint32_t slot, const struct wn_map *map, uint32_t number,
                      struct wn_error *err)
{
    struct wn_map_info info;
    struct wn_region values;
    uint32_t offset = op->high;
    wn_map_info(map, &info);
    if (info.type != WN_MAP_ARRAY || info.max_entries != 1)
        return wn_fail(err, WN_E_REJECTED, slot,
                       "map %" PRIu32
                       " '%s' is no array of one element, which alone has an address",
                       number, info.name);
    if (offset > info.value_bytes) /* just behind it: where a loop ends */
        return wn_fail(err, WN_E_REJECTED, slot,
                       "byte %" PRIu32 " of a value of map '%s', which has %" PRIu32, offset,
                       info.name, info.value_bytes);
    wn_map_values(map, &values);
    set_wide(op, values.start + values.first + offset, WN_WIDE_VALUE, number, offset);
    return 0;
}

int wn_prog_bind_maps(struct wn_code *code, struct wn_map *const *maps, size_t n_maps,
                      struct wn_error *err)
{
    for (uint32_t i = 0; i < code->n_ops; i++) {
        struct wn_op *op = &code->ops[i];
        bool whole = op->id == WN_OP_MAP_FD || op->id == WN_OP_MAP_IDX;
        bool value = op->id == WN_OP_MAP_VALUE || op->id == WN_OP_MAP_IDX_VALUE;
        uint32_t number = (uint32_t)op->imm;
        if (!whole && !value)
            continue;
        if (number >= n_maps)
            return wn_fail(err, WN_E_UNSUPPORTED, i, "there is no map %" PRIu32 ": %zu were given",
                           number, n_maps);
        if (whole)
            set_wide(op, WN_MAP_TAG | number, WN_WIDE_MAP, number, 0);
        int r = value ? bind_value(op, i, maps[number], number, err) : 0;
        if (r)
            return r;
    }
    return 0;
}

/** Where an offset as the program has it lies in the frame; beyond 2 GiB there is no packet. */
static uint32_t in_frame(int32_t offset, bool cooked)
{
    if (offset >= 0)
        return (uint32_t)offset + (cooked ? WN_COOKED : 0);
    if (offset >= FROM_NETWORK)
        return (uint32_t)(offset - FROM_NETWORK) + WN_COOKED;
    return (uint32_t)(offset >= FROM_LINK ? offset - FROM_LINK : offset);
}

void wn_prog_bind_packet_loads(struct wn_code *code, bool cooked)
{
    for (uint32_t i = 0; i < code->n_ops; i++)
        if (wn_op_kind(&code->ops[i]) == WN_KIND_PACKET)
            code->ops[i].imm = (int32_t)in_frame(code->ops[i].imm, cooked);
}

int wn_prog_keep_maps(struct wn_prog *prog, const struct wn_prog_env *env, struct wn_error *err)
{
    size_t n = env->n_maps + env->n_more;
    if (n == 0)
        return 0;
    struct wn_region *all = prog->own_regions = calloc(n, sizeof *all);
    prog->maps = calloc(n, sizeof *prog->maps);
    if (!all || !prog->maps)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    prog->regions = all;
    for (; prog->n_kept < n; prog->n_kept++) {
        struct wn_map *map = env->maps[prog->n_kept];
        wn_map_bind(wn_map_ref(map), &prog->maps[prog->n_kept]);
        if (prog->n_kept >= env->n_maps)
            continue;
        prog->n_maps++;
        wn_map_values(map, &all[prog->n_regions]);
        prog->n_regions += all[prog->n_regions].bytes != 0;
    }
    return 0;
}

void wn_prog_disown_maps(struct wn_prog *prog)
{
    for (uint32_t i = 0; i < prog->n_kept; i++)
        wn_map_free(wn_map_hold(prog->maps[i].map));
}

void wn_prog_drop_maps(struct wn_prog *prog)
{
    for (uint32_t i = 0; i < prog->n_kept; i++)
        wn_map_drop(prog->maps[i].map);
    free(prog->maps);
    free(prog->own_regions);
}
