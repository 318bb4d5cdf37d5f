/* SPDX-License-Identifier: MIT */
#include "exec/interp.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/frozen.h"
#include "base/own.h"
#include "exec/arith.h"

/**
 * One operation as it runs: the place that does it, its registers, and what
 * else it needs. `disp` is an offset in memory or, for what jumps, the distance
 * to go in operations.
 */
struct step {
    int32_t place; /* from the interpreter's first label */
    uint8_t dst, a, b;
    uint8_t size; /* guards */
    int32_t disp;
    int32_t imm; /* wide: lower half, the upper one in disp */
};

/** All of it lies in pages that nobody writes. */
struct wn_interp {
    size_t bytes;                /* of everything, from here on */
    uint32_t *slot;              /* of each step; behind the steps */
    const struct wn_call *calls; /* borrowed */
    uint32_t frame_bytes;
    uint32_t call_depth;
    struct step steps[];
};

/** What a local call remembers of its caller. */
struct frame {
    const struct step *back;
    uint64_t kept[4];
};

/** Places beyond those of the table: guards merged with their access, fuel with its jump. */
#define GUARDED(id) (WN_OPS + (id))
#define PLACE_LOOP  (2 * WN_OPS)
#define PLACES      (2 * WN_OPS + 1)

#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/*
 * The macros below work on the locals of execute(): pc, r, run, fuel. Each
 * operation jumps to the next one's place by itself, so that the processor
 * predicts each jump by where it stands.
 */
#define NEXT()                                                                                     \
    do {                                                                                           \
        pc++;                                                                                      \
        goto *((const char *)&&first + pc->place);                                                 \
    } while (0)
#define GO(distance)                                                                               \
    do {                                                                                           \
        pc += (distance);                                                                          \
        goto *((const char *)&&first + pc->place);                                                 \
    } while (0)

#define A64 r[pc->a]
#define A32 ((uint32_t)r[pc->a])
#define DO(id, value)                                                                              \
    L_##id : r[pc->dst] = (value);                                                                 \
    NEXT();
/** Arithmetic of both widths with immediate and register. */
#define ALU(name, f64, f32)                                                                        \
    DO(name##64_K, f64(A64, (uint64_t)(int64_t)pc->imm))                                           \
    DO(name##64_X, f64(A64, r[pc->b]))                                                             \
    DO(name##32_K, (uint32_t)f32(A32, (uint32_t)pc->imm))                                          \
    DO(name##32_X, (uint32_t)f32(A32, (uint32_t)r[pc->b]))
#define ADD(a, b)    ((a) + (b))
#define SUB(a, b)    ((a) - (b))
#define MUL(a, b)    ((a) * (b))
#define OR(a, b)     ((a) | (b))
#define AND(a, b)    ((a) & (b))
#define XOR(a, b)    ((a) ^ (b))
#define LSH64(a, b)  ((a) << ((b)&63))
#define LSH32(a, b)  ((a) << ((b)&31))
#define RSH64(a, b)  ((a) >> ((b)&63))
#define RSH32(a, b)  ((a) >> ((b)&31))
#define ARSH64(a, b) ((uint64_t)((int64_t)(a) >> ((b)&63)))
#define ARSH32(a, b) ((uint32_t)((int32_t)(a) >> ((b)&31)))

#define BRANCH(id, holds)                                                                          \
    L_##id : if (holds) GO(pc->disp);                                                              \
    NEXT();
#define COMPARE(name, holds)                                                                       \
    BRANCH(name##64_K, holds(int64_t, A64, (int64_t)pc->imm))                                      \
    BRANCH(name##64_X, holds(int64_t, A64, r[pc->b]))                                              \
    BRANCH(name##32_K, holds(int32_t, A32, pc->imm))                                               \
    BRANCH(name##32_X, holds(int32_t, A32, r[pc->b]))
#define EQ(type, a, b)   ((type)(a) == (type)(b))
#define NE(type, a, b)   ((type)(a) != (type)(b))
#define GT(type, a, b)   ((u##type)(a) > (u##type)(b))
#define GE(type, a, b)   ((u##type)(a) >= (u##type)(b))
#define LT(type, a, b)   ((u##type)(a) < (u##type)(b))
#define LE(type, a, b)   ((u##type)(a) <= (u##type)(b))
#define SGT(type, a, b)  ((type)(a) > (type)(b))
#define SGE(type, a, b)  ((type)(a) >= (type)(b))
#define SLT(type, a, b)  ((type)(a) < (type)(b))
#define SLE(type, a, b)  ((type)(a) <= (type)(b))
#define SET(type, a, b)  (((type)(a) & (type)(b)) != 0)
#define NSET(type, a, b) (((type)(a) & (type)(b)) == 0)

#define ADDRESS  (A64 + (uint64_t)(int64_t)pc->disp)
#define AT(type) ((type *)(uintptr_t)ADDRESS)
/** Go on if the access lies in a window, or anywhere else the program may reach. */
#define CHECK(window, log_size, write)                                                             \
    if (UNLIKELY(ADDRESS - run->window.base >= run->window.room[log_size]) &&                      \
        !wn_run_reach(run, ADDRESS, 1u << (log_size), write))                                      \
        goto memory_fault;
#define CHECK_ATOMIC(size)                                                                         \
    if (UNLIKELY(!wn_run_reach_atomic(run, ADDRESS, size)))                                        \
        goto memory_fault;

#define SPEND()                                                                                    \
    if (UNLIKELY(fuel < (uint32_t)pc->imm))                                                        \
        goto out_of_fuel;                                                                          \
    fuel -= (uint32_t)pc->imm;

/** Memory of any alignment, in the host's byte order. */
struct packed16 {
    uint16_t v;
} __attribute__((packed));
struct packed32 {
    uint32_t v;
} __attribute__((packed));
struct packed64 {
    uint64_t v;
} __attribute__((packed));
struct packed8 {
    uint8_t v;
};

#define LOAD(id, bits, log_size, type)                                                             \
    G_##id : CHECK(load, log_size, false) L_##id : r[pc->dst] =                                    \
                                                       (uint64_t)(type)AT(struct packed##bits)->v; \
    NEXT();
#define STORE(width, bits, log_size)                                                               \
    G_ST_##width : CHECK(store, log_size, true) L_ST_##width : AT(struct packed##bits)->v =        \
        (uint##bits##_t)pc->imm;                                                                   \
    NEXT();                                                                                        \
    G_STX_##width : CHECK(store, log_size, true) L_STX_##width : AT(struct packed##bits)->v =      \
        (uint##bits##_t)r[pc->b];                                                                  \
    NEXT();
#define ATOMIC_OF(bits, name, verb)                                                                \
    G_ATOMIC_##name##bits : CHECK_ATOMIC(bits / 8) L_ATOMIC_##name##bits                           \
        : (void)__atomic_##verb(AT(uint##bits##_t), (uint##bits##_t)r[pc->b], __ATOMIC_SEQ_CST);   \
    NEXT();
#define FETCH_OF(bits, name, verb)                                                                 \
    G_ATOMIC_##name##bits : CHECK_ATOMIC(bits / 8) L_ATOMIC_##name##bits                           \
        : r[pc->dst] =                                                                             \
              __atomic_##verb(AT(uint##bits##_t), (uint##bits##_t)r[pc->b], __ATOMIC_SEQ_CST);     \
    NEXT();
#define ATOMIC(name, verb)                                                                         \
    ATOMIC_OF(32, name, verb)                                                                      \
    ATOMIC_OF(64, name, verb) FETCH_OF(32, FETCH_##name, verb) FETCH_OF(64, FETCH_##name, verb)
#define CMPXCHG(bits)                                                                              \
    G_ATOMIC_CMPXCHG##bits : CHECK_ATOMIC(bits / 8) L_ATOMIC_CMPXCHG##bits:                        \
    {                                                                                              \
        uint##bits##_t expected = (uint##bits##_t)r[0];                                            \
        __atomic_compare_exchange_n(AT(uint##bits##_t), &expected, (uint##bits##_t)r[pc->b],       \
                                    false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                    \
        r[0] = expected;                                                                           \
        NEXT();                                                                                    \
    }

#define PACKET(width, bits, log_size, to_host)                                                     \
    L_LD_IND_##width : at = (uint32_t)pc->imm + A32;                                               \
    goto abs_##width;                                                                              \
    L_LD_ABS_##width : at = (uint32_t)pc->imm;                                                     \
    abs_##width : if (UNLIKELY(at >= run->load.room[log_size])) GO(pc->disp);                      \
    r[0] = to_host(((const struct packed##bits *)(uintptr_t)(run->load.base + at))->v);            \
    memset(&r[1], 0, 5 * sizeof r[1]);                                                             \
    NEXT();
#define SAME(x) (x)

static struct wn_result fault_at(const struct wn_interp *interp, const struct step *pc,
                                 enum wn_fault fault)
{
    return (struct wn_result){.fault = fault, .slot = interp->slot[pc - interp->steps]};
}

/**
 * The interpreter. Without an interp it gives its places instead, because
 * labels are known in their function only.
 */
static struct wn_result execute(const struct wn_interp *interp, struct wn_run *run, uint64_t r1,
                                uint64_t r2, uint64_t r3, const int32_t **places)
{
#define I(id, ...) [WN_OP_##id] = (int32_t)((const char *)&&L_##id - (const char *)&&first),
#define X(id, ...) [WN_OP_##id] = (int32_t)((const char *)&&L_##id - (const char *)&&first),
    static const int32_t all_places[PLACES] = {
#include "isa/isa.def"
#undef I
#undef X
#define G(id) [GUARDED(WN_OP_##id)] = (int32_t)((const char *)&&G_##id - (const char *)&&first),
        G(LDX_B) G(LDX_H) G(LDX_W) G(LDX_DW) G(LDSX_B) G(LDSX_H) G(LDSX_W) G(ST_B) G(ST_H) G(ST_W)
            G(ST_DW) G(STX_B) G(STX_H) G(STX_W) G(STX_DW)
#define GA(name) G(ATOMIC_##name##32) G(ATOMIC_##name##64)
                GA(ADD) GA(OR) GA(AND) GA(XOR) GA(FETCH_ADD) GA(FETCH_OR) GA(FETCH_AND)
                    GA(FETCH_XOR) GA(XCHG) GA(CMPXCHG)
#undef G
#undef GA
                        [PLACE_LOOP] = (int32_t)((const char *)&&loop - (const char *)&&first),
    };
    if (!interp) {
        *places = all_places;
        return (struct wn_result){0};
    }

    const struct step *pc = interp->steps;
    uint64_t r[WN_HOMES], fuel = run->fuel;
    struct frame frames[WN_CALL_DEPTH];
    struct frame *frame = frames;
    uint32_t at;
    /* Compilers make a few stores of this, but a slow instruction of an array of zeros. */
    r[WN_R0] = 0;
    r[WN_R1] = r1;
    r[WN_R2] = r2;
    r[WN_R3] = r3;
    memset(&r[WN_R4], 0, 6 * sizeof r[0]);
    r[WN_AUX] = 0;
    r[WN_R10] = (uint64_t)(uintptr_t)(run->stack + WN_STACK_BYTES);
    GO(0);

first:
    ALU(ADD, ADD, ADD)
    ALU(SUB, SUB, SUB)
    ALU(MUL, MUL, MUL)
    ALU(DIV, wn_div64, wn_div32)
    ALU(SDIV, wn_sdiv64, wn_sdiv32)
    ALU(MOD, wn_mod64, wn_mod32)
    ALU(SMOD, wn_smod64, wn_smod32)
    ALU(OR, OR, OR)
    ALU(AND, AND, AND)
    ALU(XOR, XOR, XOR)
    ALU(LSH, LSH64, LSH32)
    ALU(RSH, RSH64, RSH32)
    ALU(ARSH, ARSH64, ARSH32)
    DO(MOV64_K, (uint64_t)(int64_t)pc->imm)
    DO(MOV64_X, A64)
    DO(MOV32_K, (uint32_t)pc->imm)
    DO(MOV32_X, A32)
    DO(MOVSX8_64, (uint64_t)(int8_t)A64)
    DO(MOVSX16_64, (uint64_t)(int16_t)A64)
    DO(MOVSX32_64, (uint64_t)(int32_t)A64)
    DO(MOVSX8_32, (uint32_t)(int8_t)A64)
    DO(MOVSX16_32, (uint32_t)(int16_t)A64)
    DO(NEG64, 0 - A64)
    DO(NEG32, 0 - A32)
    DO(LE16, htole16((uint16_t)A64))
    DO(LE32, htole32(A32))
    DO(LE64, htole64(A64))
    DO(BE16, htobe16((uint16_t)A64))
    DO(BE32, htobe32(A32))
    DO(BE64, htobe64(A64))
    DO(BSWAP16, __builtin_bswap16((uint16_t)A64))
    DO(BSWAP32, __builtin_bswap32(A32))
    DO(BSWAP64, __builtin_bswap64(A64))
    DO(IMM64, (uint64_t)(uint32_t)pc->disp << 32 | (uint32_t)pc->imm)
    DO(CPU, run->cpu)

    LOAD(LDX_B, 8, 0, uint8_t)
    LOAD(LDX_H, 16, 1, uint16_t)
    LOAD(LDX_W, 32, 2, uint32_t)
    LOAD(LDX_DW, 64, 3, uint64_t)
    LOAD(LDSX_B, 8, 0, int8_t)
    LOAD(LDSX_H, 16, 1, int16_t)
    LOAD(LDSX_W, 32, 2, int32_t)
    STORE(B, 8, 0)
    STORE(H, 16, 1)
    STORE(W, 32, 2)
    STORE(DW, 64, 3)
    ATOMIC(ADD, fetch_add)
    ATOMIC(OR, fetch_or)
    ATOMIC(AND, fetch_and)
    ATOMIC(XOR, fetch_xor)
    FETCH_OF(32, XCHG, exchange_n)
    FETCH_OF(64, XCHG, exchange_n)
    CMPXCHG(32)
    CMPXCHG(64)
    PACKET(B, 8, 0, SAME)
    PACKET(H, 16, 1, be16toh)
    PACKET(W, 32, 2, be32toh)

    COMPARE(JEQ, EQ)
    COMPARE(JNE, NE)
    COMPARE(JGT, GT)
    COMPARE(JGE, GE)
    COMPARE(JLT, LT)
    COMPARE(JLE, LE)
    COMPARE(JSGT, SGT)
    COMPARE(JSGE, SGE)
    COMPARE(JSLT, SLT)
    COMPARE(JSLE, SLE)
    COMPARE(JSET, SET)
    COMPARE(JNSET, NSET)
L_JA:
    GO(pc->disp);

L_GUARD_ANY:
    if (UNLIKELY(pc->imm ? !wn_run_reach_atomic(run, ADDRESS, pc->size)
                         : !wn_run_reach(run, ADDRESS, pc->size, pc->b)))
        goto memory_fault;
    NEXT();
L_GUARD_PACKET:
    if (UNLIKELY(!wn_run_reach_packet(run, ADDRESS, pc->size)))
        goto memory_fault;
    NEXT();
L_FUEL:
    SPEND()
    NEXT();
loop:
    SPEND()
    GO(pc->disp);

L_CHECK:
    if (UNLIKELY(!(pc->size == 8 ? A64 : A32)))
        goto refused;
    NEXT();
L_CHECK_RUN:
    if (UNLIKELY(run->ended))
        return fault_at(interp, pc, (enum wn_fault)run->ended);
    NEXT();

L_JNTAILED:
    if (run->tailed)
        NEXT();
    GO(pc->disp);

L_CALL:
    run->fuel = fuel; /* another program may be run within */
    run->call = &interp->calls[pc->imm];
    r[0] = run->call->fn(r[1], r[2], r[3], r[4], r[5], run);
    fuel = run->fuel;
    memset(&r[1], 0, 5 * sizeof r[1]);
    NEXT();
L_CALL_LOCAL:
    if (UNLIKELY(frame == &frames[interp->call_depth - 1]))
        goto too_deep;
    frame->back = pc + 1;
    memcpy(frame->kept, &r[WN_R6], sizeof frame->kept);
    frame++;
    r[0] = 0;
    r[WN_R10] -= interp->frame_bytes;
    GO(pc->disp);
L_EXIT:
    if (frame == frames) {
        run->fuel = fuel;
        return (struct wn_result){.value = r[0]};
    }
    frame--;
    memcpy(&r[WN_R6], frame->kept, sizeof frame->kept);
    memset(&r[1], 0, 5 * sizeof r[1]);
    r[WN_R10] += interp->frame_bytes;
    pc = frame->back;
    GO(0);

    /* What the check refuses and what lowering has replaced. */
L_MAP_FD:
L_MAP_VALUE:
L_VAR:
L_FUNC:
L_MAP_IDX:
L_MAP_IDX_VALUE:
L_CALL_BTF:
L_CALLX:
L_CALLX_IMM:
L_JA32:
L_HOLE:
    /* They need a place like all others: what cannot be reached may be moved out of the function.
     */
    assert(!"not in lowered code");
    return fault_at(interp, pc, WN_FAULT_CALL);

refused:
    if (pc->imm != WN_FAULT_NONE)
        return fault_at(interp, pc, (enum wn_fault)pc->imm);
    run->fuel = fuel;
    return (struct wn_result){0};
memory_fault:
    return fault_at(interp, pc, WN_FAULT_MEMORY);
out_of_fuel:
    return fault_at(interp, pc, WN_FAULT_FUEL);
too_deep:
    return fault_at(interp, pc, WN_FAULT_STACK);
}

/** Whether two operations are one step: a guard and its access, fuel and the jump it is for. */
static bool merges(const struct wn_op *op, const struct wn_op *next)
{
    enum wn_kind kind = wn_op_kind(next);
    if (op->id == WN_OP_FUEL)
        return kind == WN_KIND_JUMP;
    return op->id == WN_OP_GUARD_ANY &&
           (kind == WN_KIND_LOAD || kind == WN_KIND_STORE || kind == WN_KIND_ATOMIC) &&
           op->a == next->a && op->off == next->off && op->size == next->size &&
           op->write == (kind != WN_KIND_LOAD);
}

/** What has to be known to fill steps; `step_of` is filled before the first one. */
struct filling {
    const struct wn_code *code;
    const int32_t *places;
    uint32_t *step_of; /* first step of each block */
};

/** Fill the steps of block `b` and return how many they are; without `out` only count. */
static uint32_t fill_block(const struct filling *f, uint32_t b, struct wn_interp *out)
{
    const struct wn_block *block = &f->code->blocks[b];
    uint32_t n = 0;
    for (uint32_t i = block->first, end = i + block->count; i < end; i++, n++) {
        const struct wn_op *op = &f->code->ops[i];
        uint32_t place = op->id;
        int32_t imm = op->imm;
        if (i + 1 < end && merges(op, op + 1)) {
            op = &f->code->ops[++i];
            place = op->id == WN_OP_JA ? PLACE_LOOP : GUARDED(op->id);
            imm = op->id == WN_OP_JA ? imm : op->imm;
        }
        if (!out)
            continue;
        uint32_t at = f->step_of[b] + n;
        struct step *s = &out->steps[at];
        *s = (struct step){f->places[place], op->dst, op->a, op->b, op->size, op->off, imm};
        out->slot[at] = f->code->slot[i];
        switch (wn_op_kind(op)) {
        case WN_KIND_JUMP:
        case WN_KIND_BRANCH:
        case WN_KIND_PACKET: s->disp = (int32_t)(f->step_of[op->target] - at); break;
        case WN_KIND_WIDE: s->disp = (int32_t)op->high; break;
        case WN_KIND_GUARD: s->b = op->write; break;
        case WN_KIND_CALL:
            if (op->id == WN_OP_CALL_LOCAL)
                s->disp = (int32_t)(f->step_of[f->code->funcs[op->target].first] - at);
            else
                s->imm = (int32_t)op->target;
            break;
        default: break;
        }
    }
    return n;
}

static struct wn_interp *alloc_interp(const struct wn_code *code, uint32_t n_steps)
{
    size_t steps = n_steps * sizeof(struct step);
    size_t bytes = sizeof(struct wn_interp) + steps + n_steps * sizeof(uint32_t);
    struct wn_interp *in = wn_frozen_new(bytes);
    if (!in)
        return NULL;
    in->bytes = bytes;
    in->slot = (uint32_t *)(void *)((uint8_t *)in->steps + steps);
    in->calls = code->calls;
    in->frame_bytes = code->frame_bytes;
    in->call_depth = code->call_depth;
    return in;
}

int wn_interp_new(const struct wn_code *code, struct wn_interp **out, struct wn_error *err)
{
    struct filling f = {.code = code};
    WN_OWN(free) uint32_t *step_of = calloc(code->n_blocks, sizeof *step_of);
    uint32_t n = 0;
    f.step_of = step_of;
    execute(NULL, NULL, 0, 0, 0, &f.places);
    for (uint32_t b = 0; step_of && b < code->n_blocks; b++) {
        step_of[b] = n;
        n += fill_block(&f, b, NULL);
    }
    struct wn_interp *in = step_of ? alloc_interp(code, n) : NULL;
    if (!in)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    for (uint32_t b = 0; b < code->n_blocks; b++)
        fill_block(&f, b, in);
    if (!wn_frozen_seal(in, in->bytes)) {
        wn_interp_free(in);
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "no memory that can be sealed");
    }
    *out = in;
    return 0;
}

void wn_interp_free(struct wn_interp *in)
{
    if (in)
        wn_frozen_free(in, in->bytes);
}

struct wn_result wn_interp_run(const struct wn_interp *interp, struct wn_run *run, uint64_t r1,
                               uint64_t r2, uint64_t r3)
{
    return execute(interp, run, r1, r2, r3, NULL);
}
