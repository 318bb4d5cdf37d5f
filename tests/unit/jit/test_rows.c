/* SPDX-License-Identifier: MIT */
/*
 * Every row that computes, compares or works on memory in one step, with every
 * pair of registers, on operands where arithmetic goes wrong: machine code
 * against the reference interpreter. All registers hold something before, and
 * are looked at afterwards, so that scratch registers that are not given back show.
 */
#include "fixture.h"

#include "exec/interp.h"
#include "exec/reference.h"

static const uint64_t corners[] = {
    0,
    1,
    2,
    7,
    31,
    32,
    63,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x100000001,
    INT64_MAX,
    1ull << 63,
    UINT64_MAX,
    UINT64_MAX - 1,
    0xffffffff80000000,
    0x123456789abcdef0,
};
#define CORNERS (sizeof corners / sizeof *corners)

static const int32_t immediates[] = {0,      1,     2,         3,         7,   8,   31,
                                     32,     63,    64,        127,       128, 255, 256,
                                     0xffff, 65536, INT32_MAX, INT32_MIN, -1,  -2,  -128};
#define IMMEDIATES (sizeof immediates / sizeof *immediates)

/** What surrounds the operation under test; each makes the compiler go another way. */
struct around {
    bool baseline; /* without the processor's newer instructions */
    bool calls;    /* a helper is called first: other registers */
    bool alone;    /* only the result is read afterwards: the others are dead */
};
#define AROUNDS 8

static struct around around_of(unsigned i)
{
    return (struct around){.baseline = i & 1, .calls = i & 2, .alone = i & 4};
}

struct program {
    struct wn_slot slots[64];
    size_t n;
};

static void put(struct program *p, enum wn_op_id id, unsigned dst, unsigned src, int off,
                int32_t imm)
{
    assert_true(p->n < 64);
    p->slots[p->n++] = wn_encode(id, dst, src, (int16_t)off, imm);
}

/** Registers r0 to r9 from the packet, eight bytes each. */
static void begin(struct program *p, struct around around)
{
    p->n = 0;
    unsigned base = around.calls ? WN_R6 : WN_R1;
    if (around.calls) {
        put(p, WN_OP_MOV64_X, WN_R6, WN_R1, 0, 0);
        put(p, WN_OP_CALL, 0, 0, 0, 1);
    }
    for (unsigned r = WN_R0; r <= WN_R9; r++)
        if (r != base)
            put(p, WN_OP_LDX_DW, r, base, 8 * (int)r, 0);
    put(p, WN_OP_LDX_DW, base, base, 8 * (int)base, 0);
}

static void end(struct program *p, struct around around, unsigned result)
{
    for (unsigned r = WN_R0; r <= WN_R9; r++)
        if (!around.alone || r == result)
            put(p, WN_OP_STX_DW, WN_R10, r, -8 - 8 * (int)r, 0);
    put(p, WN_OP_EXIT, 0, 0, 0, 0);
}

static uint64_t helper(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                       struct wn_run *run)
{
    (void)run;
    return r1 ^ r2 ^ r3 ^ r4 ^ r5;
}

static uint64_t registers[10];

static void fill_registers(unsigned a, uint64_t va, unsigned b, uint64_t vb)
{
    for (unsigned r = 0; r < 10; r++)
        registers[r] = UINT64_C(0x1111111111111111) * r + 0xa000;
    registers[b] = vb;
    registers[a] = va;
}

static struct wn_result run_jit(const struct wn_jit *jit, struct wn_run *run)
{
    memset(run->stack, 0, sizeof run->stack);
    return jit->enter((uintptr_t)registers, sizeof registers, 0, run);
}

static struct wn_result run_reference(const struct wn_code *decoded, struct wn_run *run)
{
    const uint64_t args[5] = {(uintptr_t)registers, sizeof registers};
    struct wn_packet pkt = {.data = (uint8_t *)registers, .caplen = sizeof registers};
    memset(run->stack, 0, sizeof run->stack);
    run->packet = &pkt;
    struct wn_result r = wn_reference_run(decoded, run, args);
    run->packet = NULL;
    return r;
}

/** Both must leave the same, for all pairs of corners in two registers. */
static void agree(const struct program *p, struct around around, unsigned a, unsigned b,
                  enum wn_op_id id)
{
    static uint8_t expected[512];
    struct forms f = forms_of(p->slots, p->n, helper);
    struct wn_jit jit = compiled(f.lowered, around.baseline ? 0 : ALL_FEATURES);
    struct wn_run *run = run_over(registers, sizeof registers);
    for (unsigned i = 0; i < CORNERS; i++)
        for (unsigned k = 0; k < (a == b ? 1 : CORNERS); k++) {
            fill_registers(a, corners[i], b, corners[k]);
            struct wn_result want = run_reference(f.decoded, run);
            memcpy(expected, run->stack + WN_STACK_BYTES - 512, 512);
            struct wn_result got = run_jit(&jit, run);
            if (memcmp(&want, &got, sizeof want) ||
                memcmp(expected, run->stack + WN_STACK_BYTES - 512, 512))
                fail_msg("%s r%u, r%u, imm %d on %llx, %llx", wn_rows[id].name, a, b,
                         p->slots[p->n - 12].imm, (unsigned long long)corners[i],
                         (unsigned long long)corners[k]);
        }
    wn_run_free(run);
    wn_jit_fini(&jit);
    forms_free(&f);
}

static void arithmetic_with_registers(void **state)
{
    (void)state;
    struct program p;
    for (unsigned id = 0; id < WN_OPS_ENCODED; id++) {
        enum wn_form form = (enum wn_form)wn_rows[id].form;
        if (form != WN_FORM_DST_SRC && form != WN_FORM_SET_REG && form != WN_FORM_DST)
            continue;
        for (unsigned pair = 0; pair < 100; pair++) {
            unsigned dst = pair / 10, src = form == WN_FORM_DST ? dst : pair % 10;
            struct around around = around_of((pair + id) % AROUNDS);
            begin(&p, around);
            put(&p, (enum wn_op_id)id, dst, form == WN_FORM_DST ? 0 : src, 0, 0);
            end(&p, around, dst);
            agree(&p, around, dst, src, (enum wn_op_id)id);
        }
    }
}

static void arithmetic_with_constants(void **state)
{
    (void)state;
    struct program p;
    for (unsigned id = 0; id < WN_OPS_ENCODED; id++) {
        if (wn_rows[id].form != WN_FORM_DST_IMM && wn_rows[id].form != WN_FORM_SET_IMM)
            continue;
        for (unsigned k = 0; k < 10 * IMMEDIATES; k++) {
            unsigned dst = k % 10;
            struct around around = around_of(k % 7);
            begin(&p, around);
            put(&p, (enum wn_op_id)id, dst, 0, 0, immediates[k / 10]);
            end(&p, around, dst);
            agree(&p, around, dst, dst, (enum wn_op_id)id);
        }
    }
}

static void branches(void **state)
{
    (void)state;
    struct program p;
    for (unsigned id = 0; id < WN_OPS_ENCODED; id++) {
        bool by_register = wn_rows[id].form == WN_FORM_BRANCH_REG;
        if (wn_rows[id].kind != WN_KIND_BRANCH)
            continue;
        for (unsigned k = 0; k < 2 * IMMEDIATES; k++) {
            unsigned a = k % 10, b = by_register ? (k / 10 + k) % 10 : a;
            bool back = k % 2;
            struct around around = around_of(k % AROUNDS);
            begin(&p, around);
            put(&p, WN_OP_STX_DW, WN_R10, WN_R0, -8, 0);
            if (back) { /* over the exits below, to them */
                put(&p, WN_OP_JA, 0, 0, 2, 0);
                put(&p, WN_OP_MOV64_K, 0, 0, 0, 3);
                put(&p, WN_OP_EXIT, 0, 0, 0, 0);
            }
            put(&p, (enum wn_op_id)id, a, by_register ? b : 0, back ? -3 : 2,
                by_register ? 0 : immediates[k / 2]);
            put(&p, WN_OP_MOV64_K, 0, 0, 0, 4);
            put(&p, WN_OP_EXIT, 0, 0, 0, 0);
            put(&p, WN_OP_MOV64_K, 0, 0, 0, 5);
            for (unsigned pad = 0; pad < 10; pad++)
                put(&p, WN_OP_ADD64_K, 0, 0, 0, 1);
            put(&p, WN_OP_EXIT, 0, 0, 0, 0);
            agree(&p, around, a, b, (enum wn_op_id)id);
        }
    }
}

/** Atomics on what a register points to, which held that register's value before. */
static void atomics(void **state)
{
    (void)state;
    struct program p;
    for (unsigned id = 0; id < WN_OPS_ENCODED; id++) {
        if (wn_rows[id].kind != WN_KIND_ATOMIC)
            continue;
        bool compares = id == WN_OP_ATOMIC_CMPXCHG32 || id == WN_OP_ATOMIC_CMPXCHG64;
        for (unsigned pair = 0; pair < 200; pair++) {
            unsigned a = pair % 100 / 10, b = pair % 10;
            struct around around = around_of((pair + id) % AROUNDS);
            begin(&p, around);
            if (pair >= 100 && compares) /* so that the comparison holds */
                put(&p, WN_OP_MOV64_X, WN_R0, a, 0, 0);
            put(&p, WN_OP_STX_DW, WN_R10, a, -120, 0);
            put(&p, WN_OP_MOV64_X, a, WN_R10, 0, 0);
            put(&p, WN_OP_ADD64_K, a, 0, 0, -100);
            put(&p, (enum wn_op_id)id, a, b, -20, 0);
            end(&p, around, pair >= 100 ? (compares ? WN_R0 : b) : WN_R9);
            agree(&p, around, a, b, (enum wn_op_id)id);
        }
    }
}

/** Lowered code may have three different registers; the other engine for it is the interpreter. */
static void three_operands(void **state)
{
    static const uint8_t some[] = {WN_R0, WN_R1, WN_R2, WN_R3, WN_R4, WN_R7};
    (void)state;
    struct program p;
    for (unsigned id = 0; id < WN_OPS_ENCODED; id++) {
        enum wn_form form = (enum wn_form)wn_rows[id].form;
        if (form != WN_FORM_DST_SRC && form != WN_FORM_DST_IMM && form != WN_FORM_DST)
            continue;
        for (unsigned i = 0; i < 216; i++) {
            unsigned dst = some[i % 6], a = some[i / 6 % 6], b = some[i / 36];
            struct around around = around_of((i + i / 8) % AROUNDS);
            begin(&p, around);
            size_t at = p.n;
            put(&p, (enum wn_op_id)id, dst, form == WN_FORM_DST_SRC ? b : 0, 0,
                form == WN_FORM_DST_IMM ? immediates[i / 36 + i % 15] : 0);
            end(&p, around, dst);
            struct forms f = forms_of(p.slots, p.n, helper);
            for (uint32_t k = 0; k < f.lowered->n_ops; k++)
                if (f.lowered->slot[k] == at)
                    f.lowered->ops[k].a = (uint8_t)a;
            struct wn_jit jit = compiled(f.lowered, around.baseline ? 0 : ALL_FEATURES);
            struct wn_interp *interp = NULL;
            assert_int_equal(wn_interp_new(f.lowered, &interp, NULL), 0);
            struct wn_run *run = run_over(registers, sizeof registers);
            for (unsigned k = 0; k < CORNERS; k++) {
                static uint8_t expected[512];
                fill_registers(a, corners[k], b, corners[(k * 7 + i) % CORNERS]);
                memset(run->stack, 0, sizeof run->stack);
                struct wn_result want = wn_interp_run(interp, run, (uintptr_t)registers, 0, 0);
                memcpy(expected, run->stack + WN_STACK_BYTES - 512, 512);
                struct wn_result got = run_jit(&jit, run);
                assert_memory_equal(&want, &got, sizeof want);
                if (memcmp(expected, run->stack + WN_STACK_BYTES - 512, 512))
                    fail_msg("%s r%u = r%u, r%u", wn_rows[id].name, dst, a, b);
            }
            wn_run_free(run);
            wn_interp_free(interp);
            wn_jit_fini(&jit);
            forms_free(&f);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_with_registers),
        cmocka_unit_test(arithmetic_with_constants),
        cmocka_unit_test(branches),
        cmocka_unit_test(atomics),
        cmocka_unit_test(three_operands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
