/* SPDX-License-Identifier: MIT */
#include "opt/lower.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/vec.h"
#include "helper/helper.h"
#include "map/layout.h"

/** The lowered program while it grows. */
struct lowering {
    const struct wn_code *from;
    uint32_t *block_of; /* block that begins at a slot; 0 where none does */
    struct {
        struct wn_op *data;
        size_t len, cap;
    } ops;
    uint32_t *slots; /* as many */
    struct {
        struct wn_block *data;
        size_t len, cap;
    } blocks;
    uint32_t stack;                    /* registers that seem to point to the stack, as a mask */
    const struct wn_map *map[WN_REGS]; /* that registers hold in this straight run of code */
    const bool *is_target;             /* slots that something jumps to */
    uint32_t done;                     /* slot of which everything has been emitted */
    bool shows;                        /* a helper may look at what is in r1 to r5 behind a call */
    bool open;                         /* the last block takes further operations */
    bool short_of_memory;              /* sticky */
};

/** Make room for more than `n` operations. */
static bool grow(struct lowering *l, size_t n)
{
    size_t cap = 0;
    if (!wn_vec_grow((void **)&l->slots, &cap, n, sizeof *l->slots) ||
        !wn_vec_grow((void **)&l->ops.data, &l->ops.cap, n, sizeof *l->ops.data))
        l->short_of_memory = true;
    return !l->short_of_memory;
}

/** Append an operation, in a new block if the last one has ended. */
static inline void emit(struct lowering *l, uint32_t slot, const struct wn_op *op)
{
    if (!l->open) {
        struct wn_block b = {.first = (uint32_t)l->ops.len};
        if (!wn_vec_push(&l->blocks, b))
            l->short_of_memory = true;
        l->open = true;
    }
    if (l->ops.len == l->ops.cap && !grow(l, l->ops.len))
        return;
    l->slots[l->ops.len] = slot;
    l->ops.data[l->ops.len++] = *op;
}

/** Append an operation after which a block cannot go on. */
static void emit_last(struct lowering *l, uint32_t slot, const struct wn_op *op)
{
    emit(l, slot, op);
    l->open = false;
}

static void emit_fuel(struct lowering *l, uint32_t slot, uint32_t cost)
{
    emit(l, slot, &(struct wn_op){.id = WN_OP_FUEL, .imm = (int32_t)cost});
}

static void emit_access(struct lowering *l, uint32_t slot, const struct wn_op *op)
{
    enum wn_kind kind = wn_op_kind(op);
    enum wn_mark mark = (enum wn_mark)l->from->mark[slot];
    bool packet = mark == WN_MARK_PACKET;
    if (packet || mark == WN_MARK_NONE || mark == WN_MARK_FIELD)
        emit(l, slot,
             &(struct wn_op){.id = packet ? WN_OP_GUARD_PACKET : WN_OP_GUARD_ANY,
                             .a = op->a,
                             .b = !packet && kind == WN_KIND_LOAD && l->stack >> op->a & 1,
                             .off = op->off,
                             .size = op->size,
                             .write = kind != WN_KIND_LOAD,
                             .imm = kind == WN_KIND_ATOMIC ? op->size - 1 : 0});
    emit(l, slot, op);
}

/** End the run if a register holds 0. */
static void emit_check(struct lowering *l, uint32_t slot, uint8_t reg, bool is32,
                       enum wn_fault fault)
{
    emit(l, slot,
         &(struct wn_op){.id = WN_OP_CHECK, .a = reg, .size = is32 ? 4 : 8, .imm = (int32_t)fault});
}

static void emit_alu(struct lowering *l, uint32_t slot, const struct wn_op *op)
{
    if (!(op->check & WN_CHECK_DIVISOR)) {
        emit(l, slot, op);
        return;
    }
    struct wn_op division = *op;
    division.check = 0;
    emit_check(l, slot, op->b, wn_opcode_is32(wn_rows[op->id].opcode), WN_FAULT_DIVIDE);
    emit(l, slot, &division);
}

static enum wn_op_id inverse(enum wn_op_id id)
{
#define PAIR(one, other)                                                                           \
    case WN_OP_##one##64_K: return WN_OP_##other##64_K;                                            \
    case WN_OP_##one##64_X: return WN_OP_##other##64_X;                                            \
    case WN_OP_##one##32_K: return WN_OP_##other##32_K;                                            \
    case WN_OP_##one##32_X: return WN_OP_##other##32_X;                                            \
    case WN_OP_##other##64_K: return WN_OP_##one##64_K;                                            \
    case WN_OP_##other##64_X: return WN_OP_##one##64_X;                                            \
    case WN_OP_##other##32_K: return WN_OP_##one##32_K;                                            \
    case WN_OP_##other##32_X: return WN_OP_##one##32_X;
    switch (id) {
        PAIR(JEQ, JNE)
        PAIR(JGT, JLE)
        PAIR(JGE, JLT)
        PAIR(JSGT, JSLE)
        PAIR(JSGE, JSLT)
        PAIR(JSET, JNSET)
    default: return id;
    }
#undef PAIR
}

/** Whether a jump closes a loop of which no bound is known. */
static bool spends_fuel(const struct lowering *l, uint32_t slot, uint32_t target)
{
    return wn_is_back_edge(slot, target) && l->from->mark[slot] != WN_MARK_PROVED;
}

/** Targets of jumps stay slots until all blocks are known; numbers behind the last slot are blocks
 * already, less the number of slots. */
static void emit_jump(struct lowering *l, uint32_t slot, uint32_t target)
{
    if (spends_fuel(l, slot, target))
        emit_fuel(l, slot, wn_back_edge_cost(slot, target));
    emit_last(l, slot, &(struct wn_op){.id = WN_OP_JA, .target = target});
}

static void emit_branch(struct lowering *l, uint32_t slot, const struct wn_op *op)
{
    if (!spends_fuel(l, slot, op->target)) {
        emit_last(l, slot, op);
        return;
    }
    struct wn_op other = *op;
    other.id = (uint16_t)inverse((enum wn_op_id)op->id);
    other.target = slot + 1;
    emit_last(l, slot, &other);
    emit_jump(l, slot, op->target);
}

static void emit_local(struct lowering *l, uint32_t slot, uint32_t func)
{
    if (l->from->mark[slot] != WN_MARK_PROVED)
        emit_fuel(l, slot, l->from->funcs[func].slots);
    emit(l, slot, &(struct wn_op){.id = WN_OP_CALL_LOCAL, .target = func});
}

/** Go over the next block, which is one of the calls that a register may mean, unless r0 says that
 * it is this one. */
static void emit_unless(struct lowering *l, uint32_t slot, int32_t value)
{
    uint32_t compare = (uint32_t)l->blocks.len - l->open, beyond = compare + 2;
    emit_last(
        l, slot,
        &(struct wn_op){
            .id = WN_OP_JNE64_K, .a = WN_R0, .imm = value, .target = l->from->n_ops + beyond});
}

static void emit_load(struct lowering *l, uint32_t slot, uint8_t dst, size_t off)
{
    emit(l, slot,
         &(struct wn_op){
             .id = WN_OP_LDX_DW, .dst = dst, .a = WN_R0, .size = 8, .off = (int32_t)off});
}

/** Behind a helper that has functions called: call them, any that the program takes the address of
 * (base/repeat.h). `next` is the call of wn_repeat_next(). */
static void emit_repetition(struct lowering *l, uint32_t slot, uint32_t next)
{
    uint32_t funcs = 0;
    for (uint32_t f = 0; f < l->from->n_funcs; f++)
        funcs += l->from->funcs[f].taken;
    l->open = false;
    uint32_t again = l->from->n_ops + (uint32_t)l->blocks.len, done = again + 2 + 2 * funcs;
    emit(l, slot, &(struct wn_op){.id = WN_OP_MOV64_X, .dst = WN_R1, .a = WN_R0});
    emit(l, slot, &(struct wn_op){.id = WN_OP_CALL, .target = next});
    emit_last(l, slot, &(struct wn_op){.id = WN_OP_JEQ64_K, .a = WN_R0, .target = done});
    for (uint8_t i = 0; i < 5; i++)
        emit_load(l, slot, WN_R1 + i, offsetof(struct wn_repeat, args) + 8u * i);
    emit_load(l, slot, WN_R0, offsetof(struct wn_repeat, slot));
    for (uint32_t f = 0; f < l->from->n_funcs && !l->short_of_memory; f++) {
        if (!l->from->funcs[f].taken)
            continue;
        emit_unless(l, slot, (int32_t)l->from->funcs[f].first_slot);
        emit_fuel(l, slot, l->from->funcs[f].slots);
        emit(l, slot, &(struct wn_op){.id = WN_OP_CALL_LOCAL, .target = f});
        emit_last(l, slot, &(struct wn_op){.id = WN_OP_JA, .target = again});
    }
    emit(l, slot, &(struct wn_op){.id = WN_OP_MOV64_K, .dst = WN_R0});
    emit_check(l, slot, WN_R0, false, WN_FAULT_CALL);
    l->open = false;
    emit(l, slot, &(struct wn_op){.id = WN_OP_CALL, .target = next + 1});
}

static void emit_constant(struct lowering *l, uint32_t slot, uint8_t reg, uint64_t value)
{
    emit(l, slot,
         &(struct wn_op){.id = WN_OP_IMM64,
                         .dst = reg,
                         .imm = (int32_t)(uint32_t)value,
                         .high = (uint32_t)(value >> 32)});
}

static void emit_alu_k(struct lowering *l, uint32_t slot, enum wn_op_id id, uint8_t reg,
                       uint64_t imm)
{
    emit(l, slot, &(struct wn_op){.id = (uint16_t)id, .dst = reg, .a = reg, .imm = (int32_t)imm});
}

static void emit_sum(struct lowering *l, uint32_t slot, uint8_t reg)
{
    emit(l, slot, &(struct wn_op){.id = WN_OP_ADD64_X, .dst = WN_R0, .a = WN_R0, .b = reg});
}

/** Go on somewhere else unless a register is below a number. */
static void emit_below(struct lowering *l, uint32_t slot, uint8_t reg, uint32_t n, uint32_t target)
{
    emit_last(l, slot,
              &(struct wn_op){.id = WN_OP_JGE32_K, .a = reg, .imm = (int32_t)n, .target = target});
}

static void emit_times(struct lowering *l, uint32_t slot, uint8_t reg, uint64_t factor)
{
    bool power = !(factor & (factor - 1));
    emit_alu_k(l, slot, power ? WN_OP_LSH64_K : WN_OP_MUL64_K, reg,
               power ? (uint64_t)__builtin_ctzll(factor) : factor);
}

/** Whether what comes next is a comparison of r0 with 0, met in this way alone, that goes forward:
 * where the lookup finds nothing it can go there itself. */
static bool tests_result(const struct lowering *l, uint32_t slot, enum wn_op_id id)
{
    const struct wn_op *next = &l->from->ops[slot + 1];
    return !l->shows && next->id == id && next->a == WN_R0 && next->imm == 0 &&
           !l->is_target[slot + 1] && !wn_is_back_edge(slot + 1, next->target);
}

/** The address of an array's element in r0; r1 is its number, r2 the CPU's if there is one. */
static void emit_address(struct lowering *l, uint32_t slot, const struct wn_map *map)
{
    if (map->cpu_pitch)
        emit_times(l, slot, WN_R2, map->cpu_pitch);
    emit_times(l, slot, WN_R1, map->stride);
    emit_constant(l, slot, WN_R0, (uint64_t)(uintptr_t)map->values);
    emit_sum(l, slot, WN_R1);
    if (map->cpu_pitch)
        emit_sum(l, slot, WN_R2);
}

/** A lookup in an array is a comparison and a sum; r1 and r2 are free for it. */
static void emit_index(struct lowering *l, uint32_t slot, const struct wn_map *map)
{
    const bool null = tests_result(l, slot, WN_OP_JEQ64_K),
               some = tests_result(l, slot, WN_OP_JNE64_K);
    emit(l, slot, &(struct wn_op){.id = WN_OP_LDX_W, .dst = WN_R1, .a = WN_R2, .size = 4});
    uint32_t end = (uint32_t)l->blocks.len - 1 + (map->cpu_pitch ? 3 : 2) + l->from->n_ops;
    uint32_t none = null ? l->from->ops[slot + 1].target : some ? slot + 2 : end;
    emit_alu_k(l, slot, WN_OP_MOV64_K, WN_R0, 0);
    emit_below(l, slot, WN_R1, map->max_entries, none);
    if (map->cpu_pitch) {
        emit(l, slot, &(struct wn_op){.id = WN_OP_CPU, .dst = WN_R2});
        emit_below(l, slot, WN_R2, map->cpus, none);
    }
    emit_address(l, slot, map);
    if (some)
        emit_jump(l, slot + 1, l->from->ops[slot + 1].target);
    if (null || some) {
        l->done = slot + 1;
        return;
    }
    l->open = false;
    for (uint8_t reg = WN_R1; l->shows && reg <= WN_R5; reg++)
        emit_alu_k(l, slot, WN_OP_MOV64_K, reg, 0);
}

/** Whether constants of 32 bits are enough for a lookup in an array. */
static bool has_index(const struct wn_map *map)
{
    return (map->type == WN_MAP_ARRAY || map->type == WN_MAP_PERCPU_ARRAY) &&
           map->stride <= INT32_MAX && map->cpu_pitch <= INT32_MAX;
}

/** Look up in a map that is known: arrays here and now, others by what is made for them. */
static bool emit_lookup(struct lowering *l, uint32_t slot, uint32_t call)
{
    const struct wn_code *from = l->from;
    const struct wn_map *map = l->map[WN_R1];
    if (!map || !from->finders || from->calls[call].fn != wn_helper_map_lookup_elem)
        return false;
    if (has_index(map)) {
        emit_index(l, slot, map);
        return true;
    }
    uint32_t number = 0;
    while (from->maps[number].map != map)
        number++;
    emit_constant(l, slot, WN_R1, (uint64_t)(uintptr_t)map);
    emit(l, slot, &(struct wn_op){.id = WN_OP_CALL, .imm = 1, .target = from->finders + number});
    return true;
}

static void emit_helper(struct lowering *l, uint32_t slot, uint32_t id, uint32_t call,
                        uint8_t check)
{
    bool direct = l->from->mark[slot] == WN_MARK_PROVED && l->from->calls[call].checked;
    if (direct && check & WN_CHECK_ARGUMENTS) /* what it calls after checking stands behind it */
        check &= (uint8_t) ~(WN_CHECK_RUN | WN_CHECK_ARGUMENTS);
    if (direct && !check && emit_lookup(l, slot, call + 1))
        return;
    emit(l, slot, &(struct wn_op){.id = WN_OP_CALL, .imm = (int32_t)id, .target = call + direct});
    if (check & WN_CHECK_RUN)
        emit(l, slot, &(struct wn_op){.id = WN_OP_CHECK_RUN});
    if (check & WN_CHECK_RESULT)
        emit_check(l, slot, WN_R0, false, WN_FAULT_NONE);
    if (check & WN_CHECK_REPEAT)
        emit_repetition(l, slot, call + (l->from->calls[call].checked ? 2 : 1));
    if (check & WN_CHECK_TAIL) {
        emit_last(l, slot, &(struct wn_op){.id = WN_OP_JNTAILED, .target = slot + 1});
        emit_last(l, slot, &(struct wn_op){.id = WN_OP_EXIT});
    }
}

/** Go on behind the call. */
static void emit_called(struct lowering *l, uint32_t slot)
{
    emit_last(l, slot, &(struct wn_op){.id = WN_OP_JA, .target = slot + 1});
}

/** The numbers of helpers have 32 bits without sign, constants 31 and one: moved by half of the
 * range, they are the same ones. */
static void emit_numbers(struct lowering *l, uint32_t slot)
{
    const struct wn_op down = {.id = WN_OP_ADD64_K, .dst = WN_R0, .a = WN_R0, .imm = INT32_MIN};
    const struct wn_op up = {.id = WN_OP_SUB64_K, .dst = WN_R0, .a = WN_R0, .imm = INT32_MIN};
    if (!l->from->n_numbers)
        return;
    emit(l, slot, &down);
    for (uint32_t i = 0; i < l->from->n_numbers && !l->short_of_memory; i++) {
        const struct wn_callable *n = &l->from->numbers[i];
        emit_unless(l, slot, (int32_t)(n->id ^ 1u << 31));
        emit_helper(l, slot, n->id, n->call, n->check);
        emit_called(l, slot);
    }
    emit(l, slot, &up);
}

/** Function addresses have their tag where constants of 32 bits reach it when turned around. */
static void emit_functions(struct lowering *l, uint32_t slot)
{
    _Static_assert(WN_FUNC_TAG << 16 == 0, "turned around, the tag has 16 bits");
    const struct wn_op turn = {.id = WN_OP_BSWAP64, .dst = WN_R0, .a = WN_R0};
    int32_t tag = (int32_t)__builtin_bswap64(WN_FUNC_TAG);
    emit(l, slot, &turn);
    emit(l, slot, &(struct wn_op){.id = WN_OP_XOR64_K, .dst = WN_R0, .a = WN_R0, .imm = tag});
    emit(l, slot, &turn);
    for (uint32_t f = 0; f < l->from->n_funcs && !l->short_of_memory; f++) {
        if (!l->from->funcs[f].taken)
            continue;
        emit_unless(l, slot, (int32_t)l->from->funcs[f].first_slot);
        emit_local(l, slot, f);
        emit_called(l, slot);
    }
}

/** A call through a register is compares with what it may be. They need one register, and the call
 * leaves nothing of r0 anyway. */
static void emit_indirect(struct lowering *l, uint32_t slot, const struct wn_op *op)
{
    emit(l, slot, &(struct wn_op){.id = WN_OP_MOV64_X, .dst = WN_R0, .a = op->a});
    emit_numbers(l, slot);
    emit_functions(l, slot);
    emit(l, slot, &(struct wn_op){.id = WN_OP_MOV64_K, .dst = WN_R0});
    emit_check(l, slot, WN_R0, false, WN_FAULT_CALL);
}

static void emit_call(struct lowering *l, uint32_t slot, const struct wn_op *op)
{
    if (wn_rows[op->id].form == WN_FORM_CALL_REG)
        emit_indirect(l, slot, op);
    else if (op->id == WN_OP_CALL_LOCAL)
        emit_local(l, slot, (uint32_t)(wn_code_func_at(l->from, op->target) - l->from->funcs));
    else
        emit_helper(l, slot, (uint32_t)op->imm, op->target, op->check);
}

static void emit_wide(struct lowering *l, uint32_t slot, const struct wn_op *op)
{
    emit_constant(l, slot, op->dst,
                  op->id == WN_OP_FUNC ? WN_FUNC_ADDRESS(wn_func_slot(op, slot)) : wn_op_wide(op));
}

#define ONLY_R10 (1u << WN_R10)

/** Keep up which registers seem to point to the stack: copies of r10, and sums with them. */
static void follow_stack(struct lowering *l, const struct wn_op *op)
{
    if (l->stack == ONLY_R10 && op->a != WN_R10 && op->b != WN_R10)
        return;
    bool seems = false;
    switch ((enum wn_op_id)op->id) {
    case WN_OP_MOV64_X:
    case WN_OP_ADD64_K:
    case WN_OP_SUB64_K:
    case WN_OP_SUB64_X: seems = l->stack >> op->a & 1; break;
    case WN_OP_ADD64_X: seems = (l->stack >> op->a | l->stack >> op->b) & 1; break;
    default: break;
    }
    uint32_t defs = wn_op_defs(op);
    l->stack = seems ? l->stack | defs : l->stack & ~defs;
}

/** Keep up which registers hold maps. */
static void follow_maps(struct lowering *l, const struct wn_op *op)
{
    const struct wn_map *map = NULL;
    uint32_t defs = wn_op_defs(op);
    if (!l->from->maps)
        return;
    if (op->id == WN_OP_IMM64 && op->b == WN_WIDE_MAP)
        map = l->from->maps[op->target].map;
    else if (op->id == WN_OP_MOV64_X)
        map = l->map[op->a];
    for (; defs; defs &= defs - 1)
        l->map[__builtin_ctz(defs)] = map;
}

static void lower_op(struct lowering *l, uint32_t slot)
{
    const struct wn_op *op = &l->from->ops[slot];
    switch (wn_op_kind(op)) {
    case WN_KIND_ALU: emit_alu(l, slot, op); break;
    case WN_KIND_WIDE: emit_wide(l, slot, op); break;
    case WN_KIND_LOAD:
    case WN_KIND_STORE:
    case WN_KIND_ATOMIC: emit_access(l, slot, op); break;
    case WN_KIND_JUMP: emit_jump(l, slot, op->target); break;
    case WN_KIND_BRANCH: emit_branch(l, slot, op); break;
    case WN_KIND_CALL: emit_call(l, slot, op); break;
    case WN_KIND_EXIT:
    case WN_KIND_PACKET: emit_last(l, slot, op); break;
    case WN_KIND_HOLE:
    case WN_KIND_GUARD:
    case WN_KIND_FUEL:
    case WN_KIND_CHECK: break;
    }
}

/** Note every slot that something jumps to: a block has to begin there. No function ends in a call,
 * so there is a slot behind each. */
static void mark_targets(const struct wn_code *code, bool *is_target)
{
    for (uint32_t i = 0; i < code->n_ops; i++) {
        const struct wn_op *op = &code->ops[i];
        enum wn_kind kind = wn_op_kind(op);
        if (kind == WN_KIND_JUMP || kind == WN_KIND_BRANCH)
            is_target[op->target] = true;
        /* Every call that one through a register becomes goes on behind it. */
        else if (kind == WN_KIND_CALL &&
                 (wn_rows[op->id].form == WN_FORM_CALL_REG || op->check & WN_CHECK_TAIL))
            is_target[i + 1] = true;
    }
}

/** Point the jumps of a function, operations from `first` on, to blocks instead of slots. */
static void link_jumps(struct lowering *l, size_t first, uint32_t beyond_packet)
{
    uint32_t n = l->from->n_ops;
    for (size_t i = first; i < l->ops.len; i++) {
        struct wn_op *op = &l->ops.data[i];
        switch (wn_op_kind(op)) {
        case WN_KIND_JUMP:
        case WN_KIND_BRANCH:
            op->target = op->target < n ? l->block_of[op->target] : op->target - n;
            break;
        case WN_KIND_PACKET: op->target = beyond_packet; break;
        default: break;
        }
    }
}

static struct wn_func lower_func(struct lowering *l, const struct wn_func *f)
{
    struct wn_func out = *f;
    size_t first_op = l->ops.len;
    bool reads_packet = false;
    out.first = (uint32_t)l->blocks.len;
    l->open = false;
    for (uint32_t i = f->first; i < f->first + f->count && !l->short_of_memory; i++) {
        enum wn_kind kind = wn_op_kind(&l->from->ops[i]);
        if (l->is_target[i] || i == f->first) {
            l->open = false;
            l->stack = ONLY_R10;
            memset(l->map, 0, sizeof l->map);
        }
        if (!l->open)
            l->block_of[i] = (uint32_t)l->blocks.len;
        if (kind == WN_KIND_HOLE || i == l->done) /* of a wide instruction, or simplified away */
            continue;
        reads_packet |= kind == WN_KIND_PACKET;
        lower_op(l, i);
        follow_stack(l, &l->from->ops[i]);
        follow_maps(l, &l->from->ops[i]);
    }
    uint32_t beyond = (uint32_t)l->blocks.len, last = f->first + f->count - 1;
    if (reads_packet) {
        emit(l, last, &(struct wn_op){.id = WN_OP_MOV64_K, .dst = WN_R0});
        emit_last(l, last, &(struct wn_op){.id = WN_OP_EXIT});
    }
    if (!l->short_of_memory)
        link_jumps(l, first_op, beyond);
    out.count = (uint32_t)l->blocks.len - out.first;
    return out;
}

/** Move what has grown into the code. */
static void finish(struct lowering *l, struct wn_code *code)
{
    code->form = WN_LOWERED;
    code->n_ops = (uint32_t)l->ops.len;
    code->n_blocks = (uint32_t)l->blocks.len;
    code->ops = wn_give(l->ops.data);
    code->slot = wn_give(l->slots);
    code->blocks = wn_give(l->blocks.data);
    for (uint32_t b = 0; b < code->n_blocks; b++) {
        uint32_t end = b + 1 < code->n_blocks ? code->blocks[b + 1].first : code->n_ops;
        code->blocks[b].count = end - code->blocks[b].first;
    }
}

static bool lower_all(struct lowering *l, struct wn_code *code)
{
    const struct wn_code *from = l->from;
    code->funcs = calloc(from->n_funcs, sizeof *code->funcs);
    if (!code->funcs)
        return false;
    code->frame_bytes = from->frame_bytes;
    code->call_depth = from->call_depth;
    code->calls = from->calls;
    code->n_calls = from->n_calls;
    code->n_funcs = from->n_funcs;
    /* Few programs grow to more than twice their length. */
    if (!grow(l, from->n_ops))
        return false;
    l->shows = from->unset;
    for (uint32_t i = 0; i < from->n_calls; i++)
        l->shows |= memchr(from->calls[i].args, WN_ARG_ANY, sizeof from->calls[i].args) != NULL;
    for (uint32_t i = 0; i < from->n_funcs; i++)
        code->funcs[i] = lower_func(l, &from->funcs[i]);
    if (!l->short_of_memory)
        finish(l, code);
    return !l->short_of_memory;
}

int wn_lower(const struct wn_code *decoded, struct wn_code **out, struct wn_error *err)
{
    WN_OWN(free) bool *is_target = calloc(decoded->n_ops, sizeof *is_target);
    WN_OWN(free) uint32_t *block_of = calloc(decoded->n_ops, sizeof *block_of);
    struct wn_code *code = calloc(1, sizeof *code);
    struct lowering l = {
        .from = decoded, .block_of = block_of, .is_target = is_target, .done = UINT32_MAX};
    bool done = false;
    if (is_target && block_of && code) {
        mark_targets(decoded, is_target);
        done = lower_all(&l, code);
    }
    free(l.ops.data);
    free(l.slots);
    free(l.blocks.data);
    if (!done) {
        wn_code_free(code);
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    }
    *out = code;
    return 0;
}
