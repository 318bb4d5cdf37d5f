/* SPDX-License-Identifier: MIT */
/*
 * Machine code as C sees it: the ABI in both directions, faults from any depth,
 * programs of any size.
 */
#include "fixture.h"

#include "exec/reference.h"
#include "hostile.h"
#include "opt/blind.h"

struct program {
    struct wn_slot *slots;
    size_t n, room;
};

static void put(struct program *p, enum wn_op_id id, unsigned dst, unsigned src, int off,
                int32_t imm)
{
    if (p->n == p->room) {
        p->room = p->room ? 2 * p->room : 64;
        p->slots = realloc(p->slots, p->room * sizeof *p->slots);
        assert_non_null(p->slots);
    }
    p->slots[p->n++] = wn_encode(id, dst, src, (int16_t)off, imm);
}

/** How helpers are called: as they are, with their arguments checked, or by a register's number. */
enum how { PLAIN, CHECKED, NUMBERED, HOWS };

/** Run on both; they must agree, and registers of the caller must survive. */
static struct wn_result agreed_as(const struct program *p, uint64_t fuel, const uint8_t *packet,
                                  uint32_t bytes, enum how how, bool blind)
{
    struct forms f = forms_of(p->slots, p->n, hostile_helper);
    struct wn_code *blinded = NULL;
    if (how == CHECKED)
        *f.calls = (struct wn_call){.fn = wn_call_checked, .checked = hostile_helper};
    if (blind)
        assert_int_equal(wn_blind(f.lowered, &blinded, NULL), 0);
    struct wn_jit jit = compiled(blind ? blinded : f.lowered, ALL_FEATURES);
    struct wn_run *run = hostile_run = run_over(packet, bytes);
    struct wn_packet pkt = {.data = packet, .caplen = bytes};
    const uint64_t args[5] = {(uintptr_t)packet, bytes, 77};
    struct wn_result got;
    run->packet = &pkt;
    run->fuel = fuel;
    struct wn_result want = wn_reference_run(f.decoded, run, args);
    uint64_t want_address = run->fault_address;
    run->fuel = fuel;
    run->fault_address = 0;
    memset(run->stack, 0, sizeof run->stack);
    assert_int_equal(watchful_call(jit.enter, args, run, &got), 0);
    assert_int_equal(got.fault, want.fault);
    assert_int_equal(got.slot, want.slot);
    assert_int_equal(got.value, want.value);
    if (want.fault == WN_FAULT_MEMORY)
        assert_int_equal(run->fault_address, want_address);
    wn_run_free(run);
    wn_jit_fini(&jit);
    wn_code_free(blinded);
    forms_free(&f);
    return got;
}

static struct wn_result agreed(const struct program *p, uint64_t fuel, const uint8_t *packet,
                               uint32_t bytes)
{
    agreed_as(p, fuel, packet, bytes, PLAIN, true);
    return agreed_as(p, fuel, packet, bytes, PLAIN, false);
}

/** Point each local call to what stands behind the next exit. */
static void link_calls(struct program *p)
{
    size_t callee = p->n;
    for (size_t i = p->n; i-- > 0;) {
        int row = wn_slot_row(p->slots[i], 0, NULL);
        if (row == WN_OP_CALL_LOCAL)
            p->slots[i].imm = (int32_t)(callee - i - 1);
        else if (row == WN_OP_EXIT)
            callee = i + 1;
    }
}

/** Keep values in some of r6 to r9 across a call, at each depth of a chain of functions. */
static void chain(struct program *p, unsigned keep, unsigned depth, bool fault, enum how how)
{
    p->n = 0;
    for (unsigned d = 0; d <= depth; d++) {
        for (unsigned r = 0; r < 4; r++)
            if (keep >> r & 1) {
                put(p, WN_OP_MOV64_K, WN_R6 + r, 0, 0, (int32_t)(100 * d + r + 1));
                put(p, WN_OP_ADD64_X, WN_R6 + r, WN_R1, 0, 0);
            }
        for (unsigned r = WN_R2; r <= WN_R5; r++)
            put(p, WN_OP_MOV64_K, r, 0, 0, (int32_t)(r + 10 * d));
        put(p, WN_OP_STX_DW, WN_R10, WN_R4, -8, 0);
        if (d == depth && fault)
            put(p, WN_OP_LDX_DW, WN_R0, WN_R5, 0, 0);
        if (d < depth)
            put(p, WN_OP_CALL_LOCAL, 0, 0, 0, 0);
        else if (how != NUMBERED)
            put(p, WN_OP_CALL, 0, 0, 0, 1);
        if (d == depth && how == NUMBERED) {
            put(p, WN_OP_MOV64_K, WN_R0, 0, 0, 1);
            put(p, WN_OP_CALLX, WN_R0, 0, 0, 0);
        }
        for (unsigned r = WN_R1; r <= WN_R5; r++)
            put(p, WN_OP_ADD64_X, WN_R0, r, 0, 0);
        for (unsigned r = 0; r < 4; r++)
            if (keep >> r & 1)
                put(p, WN_OP_ADD64_X, WN_R0, WN_R6 + r, 0, 0);
        put(p, WN_OP_LDX_DW, WN_R1, WN_R10, -8, 0);
        put(p, WN_OP_ADD64_X, WN_R0, WN_R1, 0, 0);
        put(p, WN_OP_EXIT, 0, 0, 0, 0);
    }
    link_calls(p);
}

static void helpers_find_an_aligned_stack_and_may_destroy_what_is_theirs(void **state)
{
    (void)state;
    struct program p = {0};
    for (unsigned keep = 0; keep < 16; keep++)
        for (unsigned depth = 0; depth <= 7; depth++)
            for (unsigned how = 0; how < 2 * HOWS; how++) {
                chain(&p, keep, depth, false, how / 2);
                struct wn_result r =
                    agreed_as(&p, 100000, (const uint8_t *)"packet", 6, how / 2, how % 2);
                assert_int_equal(r.fault, WN_FAULT_NONE);
                uint64_t plain = r.value;
                chain(&p, keep, depth, false, PLAIN);
                r = agreed_as(&p, 100000, (const uint8_t *)"packet", 6, PLAIN, false);
                assert_int_equal(r.value, plain);
            }
    free(p.slots);
}

static void faults_leave_from_any_depth(void **state)
{
    (void)state;
    struct program p = {0};
    for (unsigned keep = 0; keep < 16; keep++)
        for (unsigned depth = 0; depth <= 9; depth++) {
            chain(&p, keep, depth, true, PLAIN);
            struct wn_result r = agreed(&p, 100000, (const uint8_t *)"packet", 6);
            assert_int_equal(r.fault, depth < 8 ? WN_FAULT_MEMORY : WN_FAULT_STACK);
            if (depth)
                assert_int_equal(agreed(&p, 1, (const uint8_t *)"packet", 6).fault, WN_FAULT_FUEL);
        }
    free(p.slots);
}

static void main_may_be_called_by_its_program(void **state)
{
    (void)state;
    struct program p = {0};
    put(&p, WN_OP_MOV64_X, WN_R6, WN_R1, 0, 0);
    put(&p, WN_OP_AND64_K, WN_R6, 0, 0, 3);
    put(&p, WN_OP_JEQ64_K, WN_R6, 0, 4, 0);
    put(&p, WN_OP_MOV64_X, WN_R1, WN_R6, 0, 0);
    put(&p, WN_OP_SUB64_K, WN_R1, 0, 0, 1);
    put(&p, WN_OP_CALL_LOCAL, 0, 0, 0, -6);
    put(&p, WN_OP_ADD64_X, WN_R0, WN_R6, 0, 0);
    put(&p, WN_OP_EXIT, 0, 0, 0, 0);
    static _Alignas(4) const uint8_t packet[8];
    assert_int_equal(agreed(&p, 1000, packet + 3, 1).value, 3 + 2 + 1);
    free(p.slots);
}

/** Loads that are neither in the packet nor proved go the long way, and lose nothing. */
static void slow_guards_keep_all_registers(void **state)
{
    (void)state;
    struct program p = {0};
    for (unsigned r = WN_R0; r <= WN_R9; r++)
        put(&p, WN_OP_MOV64_K, r, 0, 0, (int32_t)(1u << r));
    put(&p, WN_OP_STX_DW, WN_R10, WN_R3, -16, 0);
    for (unsigned r = WN_R0; r <= WN_R9; r++) {
        put(&p, WN_OP_STX_DW, WN_R10, r, -8, 0);
        put(&p, WN_OP_MOV64_X, r, WN_R10, 0, 0);
        put(&p, WN_OP_LDX_DW, r, r, -8, 0);
    }
    for (unsigned r = WN_R1; r <= WN_R9; r++)
        put(&p, WN_OP_ADD64_X, WN_R0, r, 0, 0);
    put(&p, WN_OP_EXIT, 0, 0, 0, 0);
    assert_int_equal(agreed(&p, 1000, (const uint8_t *)"", 0).value, 1023);
    free(p.slots);
}

static void misaligned_atomics_fault(void **state)
{
    (void)state;
    static const enum wn_op_id ids[] = {WN_OP_ATOMIC_ADD32, WN_OP_ATOMIC_ADD64};
    struct program p = {0};
    for (int off = -24; off < -8; off++)
        for (int i = 0; i < 2; i++) {
            p.n = 0;
            put(&p, WN_OP_MOV64_X, WN_R2, WN_R10, 0, 0);
            put(&p, ids[i], WN_R2, WN_R1, off, 0);
            put(&p, WN_OP_EXIT, 0, 0, 0, 0);
            assert_int_equal(agreed(&p, 1000, (const uint8_t *)"", 0).fault,
                             off % (i ? 8 : 4) ? WN_FAULT_MEMORY : WN_FAULT_NONE);
        }
    free(p.slots);
}

static void packet_loads_swap_and_end_the_program_beyond_the_packet(void **state)
{
    (void)state;
    static const enum wn_op_id ids[] = {WN_OP_LD_ABS_B, WN_OP_LD_ABS_H, WN_OP_LD_ABS_W,
                                        WN_OP_LD_IND_B, WN_OP_LD_IND_H, WN_OP_LD_IND_W};
    static const uint8_t packet[] = {0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6};
    static const int32_t offsets[] = {0, 1, 2, 3, 4, 5, 6, -1, -4, INT32_MIN, INT32_MAX};
    struct program p = {0};
    for (unsigned i = 0; i < 6; i++)
        for (unsigned k = 0; k < 11; k++)
            for (int plus = -3; plus <= 3; plus++) {
                p.n = 0;
                put(&p, WN_OP_MOV64_K, WN_R7, 0, 0, plus);
                put(&p, ids[i], 0, i < 3 ? 0 : WN_R7, 0, offsets[k]);
                put(&p, WN_OP_ADD64_X, WN_R0, WN_R4, 0, 0);
                put(&p, WN_OP_ADD64_X, WN_R0, WN_R7, 0, 0);
                put(&p, WN_OP_EXIT, 0, 0, 0, 0);
                agreed(&p, 1000, packet, sizeof packet);
            }
    free(p.slots);
}

/** Jumps over everything, forwards and back, far beyond what 8 or 16 bits hold. */
static void jumps_reach_over_large_programs(void **state)
{
    (void)state;
    const int32_t n = 200000;
    struct program p = {0};
    put(&p, WN_OP_JA32, 0, 0, 0, n + 1);
    put(&p, WN_OP_ADD64_K, WN_R0, 0, 0, 1);
    for (int32_t i = 0; i < n - 1; i++)
        put(&p, i % 2 ? WN_OP_LDX_B : WN_OP_XOR64_K, WN_R0, i % 2 ? WN_R1 : 0, 0, i % 2 ? 0 : i);
    put(&p, WN_OP_EXIT, 0, 0, 0, 0);
    put(&p, WN_OP_JEQ64_K, WN_R0, 0, 1, 1);
    put(&p, WN_OP_JA32, 0, 0, 0, -n - 2);
    put(&p, WN_OP_EXIT, 0, 0, 0, 0);
    agreed(&p, 10000000, (const uint8_t *)"x", 1);
    assert_int_equal(agreed(&p, 100, (const uint8_t *)"x", 1).fault, WN_FAULT_FUEL);
    free(p.slots);
}

/** A branch of each kind over `n` operations, taken and not. */
static void branch_over(struct program *p, enum wn_op_id id, int32_t imm, int n, bool wide_ops)
{
    for (int i = 0; i < 2; i++) {
        p->n = 0;
        put(p, WN_OP_MOV64_X, WN_R3, WN_R10, 0, 0);
        put(p, WN_OP_MOV64_K, WN_R4, 0, 0, i ? imm : ~imm);
        put(p, id, WN_R4, 0, n, imm);
        for (int k = 0; k < n; k++)
            if (wide_ops)
                put(p, WN_OP_ATOMIC_FETCH_XOR64, WN_R3, WN_R4, -8, 0);
            else
                put(p, WN_OP_ADD64_K, WN_R0, 0, 0, 1);
        put(p, WN_OP_ADD64_X, WN_R0, WN_R4, 0, 0);
        put(p, WN_OP_EXIT, 0, 0, 0, 0);
        agreed(p, 1000000, (const uint8_t *)"x", 1);
    }
}

/** Fields of 8, 14 and 19 bits end at 127 bytes, 32 KiB and 1 MiB, wherever operations stand. */
static void branches_reach_over_more_than_their_fields_hold(void **state)
{
    (void)state;
    static const struct {
        enum wn_op_id id;
        int32_t imm;
    } branches[] = {{WN_OP_JSET64_K, 32}, {WN_OP_JEQ64_K, 0},  {WN_OP_JEQ64_K, 77},
                    {WN_OP_JSLT64_K, 0},  {WN_OP_JSGE32_K, 0}, {WN_OP_JNE32_K, 0}};
    struct program p = {0};
    for (unsigned b = 0; b < sizeof branches / sizeof *branches; b++) {
        for (int n = 25; n < 40; n++)
            branch_over(&p, branches[b].id, branches[b].imm, n, false);
        for (int n = 8186; n < 8196; n++)
            branch_over(&p, branches[b].id, branches[b].imm, n, false);
        branch_over(&p, branches[b].id, branches[b].imm, 32000, true);
    }
    free(p.slots);
}

/** Every jump goes back by one block: the order in which naive liveness never ends. */
static void the_longest_way_for_liveness_is_short(void **state)
{
    (void)state;
    const int32_t n = 150000;
    struct program p = {0};
    put(&p, WN_OP_JA32, 0, 0, 0, 2 * n);
    for (int32_t i = 0; i < n; i++) {
        put(&p, i ? WN_OP_JA32 : WN_OP_EXIT, 0, 0, 0, i ? -3 : 0);
        put(&p, WN_OP_EXIT, 0, 0, 0, 0);
    }
    put(&p, WN_OP_MOV64_K, WN_R0, 0, 0, 5);
    put(&p, WN_OP_JA32, 0, 0, 0, -4);
    assert_int_equal(agreed(&p, 10000000, (const uint8_t *)"x", 1).value, 5);
    free(p.slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(helpers_find_an_aligned_stack_and_may_destroy_what_is_theirs),
        cmocka_unit_test(faults_leave_from_any_depth),
        cmocka_unit_test(main_may_be_called_by_its_program),
        cmocka_unit_test(slow_guards_keep_all_registers),
        cmocka_unit_test(misaligned_atomics_fault),
        cmocka_unit_test(packet_loads_swap_and_end_the_program_beyond_the_packet),
        cmocka_unit_test(jumps_reach_over_large_programs),
        cmocka_unit_test(branches_reach_over_more_than_their_fields_hold),
        cmocka_unit_test(the_longest_way_for_liveness_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
