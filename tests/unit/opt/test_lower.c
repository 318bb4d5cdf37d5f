/* SPDX-License-Identifier: MIT */
#include "opt/lower.h"

#include <stdio.h>
#include <stdlib.h>

#include "../assembled.h"
#include "helper/helper.h"
#include "map/layout.h"
#include "verify/flow.h"

/** One operation as these tests write it: slot, name, what it has beside zeros. */
static size_t print_op(char *out, size_t room, const struct wn_code *c, uint32_t i)
{
    const struct wn_op *op = &c->ops[i];
    size_t n = (size_t)snprintf(out, room, "  %u %s", c->slot[i], wn_rows[op->id].name);
#define FIELD(name, format, value)                                                                 \
    if (value)                                                                                     \
        n += (size_t)snprintf(out + n, room - n, " " name format, value);
    FIELD("dst=", "%d", op->dst)
    FIELD("a=", "%d", op->a)
    FIELD("b=", "%d", op->b)
    FIELD("size=", "%d", op->size)
    FIELD("", "%s", op->write ? "write" : NULL)
    FIELD("off=", "%d", op->off)
    FIELD("imm=", "%d", op->imm)
    FIELD("high=", "%x", op->high)
    FIELD("target=", "%d", (int)op->target)
#undef FIELD
    return n + (size_t)snprintf(out + n, room - n, "\n");
}

/** Takes the code. */
static void code_lowers_to(struct wn_code *code, const char *listing)
{
    struct wn_code *low = NULL;
    char out[4096];
    size_t n = 0;
    assert_int_equal(wn_lower(code, &low, NULL), 0);
    assert_int_equal(low->form, WN_LOWERED);
    uint32_t op = 0;
    for (uint32_t f = 0; f < low->n_funcs; f++) {
        const struct wn_func *func = &low->funcs[f];
        n += (size_t)snprintf(out + n, sizeof out - n, "func %u costs %u\n", f, func->slots);
        for (uint32_t b = func->first; b < func->first + func->count; b++) {
            assert_int_equal(low->blocks[b].first, op);
            assert_int_not_equal(low->blocks[b].count, 0);
            n += (size_t)snprintf(out + n, sizeof out - n, " block %u\n", b);
            for (uint32_t end = op + low->blocks[b].count; op < end; op++)
                n += print_op(out + n, sizeof out - n, low, op);
        }
    }
    assert_int_equal(op, low->n_ops);
    assert_string_equal(out, listing);
    wn_code_free(low);
    wn_code_free(code);
}

static void lowers_to(const char *text, const char *listing)
{
    struct wn_code *code = assembled(text);
    assert_int_equal(wn_flow_check(code, NULL), 0);
    code_lowers_to(code, listing);
}

static void accesses_get_guards_unless_proved(void **state)
{
    (void)state;
    lowers_to("r0 = *(u16 *)(r1 + 12)\n"
              "*(u64 *)(r10 - 8) = r0\n"
              "*(u8 *)(r2 + 3) = 7\n"
              "r0 = *(s32 *)(r10 + 0)\n"
              "exit",
              "func 0 costs 5\n"
              " block 0\n"
              "  0 guard.any a=1 size=2 off=12\n"
              "  0 ldxh a=1 size=2 off=12\n"
              "  1 stxdw a=10 size=8 off=-8\n"
              "  2 guard.any a=2 size=1 write off=3\n"
              "  2 stb a=2 size=1 off=3 imm=7\n"
              "  3 guard.any a=10 b=1 size=4\n"
              "  3 ldxsw a=10 size=4\n"
              "  4 exit\n");
}

static void guards_of_atomics_ask_for_alignment(void **state)
{
    (void)state;
    lowers_to("lock *(u64 *)(r10 - 8) += r1\n"
              "r2 = atomic_fetch_add((u64 *)(r3 + 8), r2)\n"
              "lock *(u32 *)(r10 - 6) |= r1\n"
              "exit",
              "func 0 costs 4\n"
              " block 0\n"
              "  0 lock add64 a=10 b=1 size=8 off=-8\n"
              "  1 guard.any a=3 size=8 write off=8 imm=7\n"
              "  1 lock fetch add64 dst=2 a=3 b=2 size=8 off=8\n"
              "  2 guard.any a=10 size=4 write off=-6 imm=3\n"
              "  2 lock or32 a=10 b=1 size=4 off=-6\n"
              "  3 exit\n");
}

static void forward_jumps_lead_to_blocks(void **state)
{
    (void)state;
    lowers_to("if r1 == 5 goto +1\n"
              "r0 = 1\n"
              "r0 += 2\n"
              "gotol +0\n"
              "exit",
              "func 0 costs 5\n"
              " block 0\n"
              "  0 jeq a=1 imm=5 target=2\n"
              " block 1\n"
              "  1 mov64 imm=1\n"
              " block 2\n"
              "  2 add64 imm=2\n"
              "  3 ja target=3\n"
              " block 3\n"
              "  4 exit\n");
}

static void back_edges_spend_what_they_repeat(void **state)
{
    (void)state;
    lowers_to("r0 += 1\n"
              "r2 = 3 ll\n"
              "if r0 s< 5 goto -4\n"
              "if w0 & 1 goto -1\n"
              "goto -3",
              "func 0 costs 6\n"
              " block 0\n"
              "  0 add64 imm=1\n"
              "  1 lddw dst=2 imm=3\n"
              " block 1\n"
              "  3 jsge imm=5 target=3\n"
              " block 2\n"
              "  3 fuel imm=4\n"
              "  3 ja\n"
              " block 3\n"
              "  4 jnset32 imm=1 target=5\n"
              " block 4\n"
              "  4 fuel imm=1\n"
              "  4 ja target=3\n"
              " block 5\n"
              "  5 fuel imm=3\n"
              "  5 ja target=1\n");
}

static void calls_spend_the_callee(void **state)
{
    (void)state;
    lowers_to("call local +3\n"
              "r1 = func(g) ll\n"
              "exit\n"
              "g: r0 = 1\n"
              "exit",
              "func 0 costs 4\n"
              " block 0\n"
              "  0 fuel imm=2\n"
              "  0 call local target=1\n"
              "  1 lddw dst=1 imm=4 high=f0c00000\n"
              "  3 exit\n"
              "func 1 costs 2\n"
              " block 1\n"
              "  4 mov64 imm=1\n"
              "  5 exit\n");
}

static void packet_loads_know_the_way_out(void **state)
{
    (void)state;
    lowers_to("r0 = *(u16 *)skb[12]\n"
              "r0 = *(u8 *)skb[r6 + 1]\n"
              "call local +1\n"
              "exit\n"
              "r0 = *(u8 *)skb[0]\n"
              "exit",
              "func 0 costs 4\n"
              " block 0\n"
              "  0 ldabsh size=2 imm=12 target=3\n"
              " block 1\n"
              "  1 ldindb a=6 size=1 imm=1 target=3\n"
              " block 2\n"
              "  2 fuel imm=2\n"
              "  2 call local target=1\n"
              "  3 exit\n"
              " block 3\n"
              "  3 mov64\n"
              "  3 exit\n"
              "func 1 costs 2\n"
              " block 4\n"
              "  4 ldabsb size=1 target=6\n"
              " block 5\n"
              "  5 exit\n"
              " block 6\n"
              "  5 mov64\n"
              "  5 exit\n");
}

static void a_call_through_a_register_asks_which_function_it_is(void **state)
{
    (void)state;
    lowers_to("r2 = func(f) ll\n"
              "r3 = func(g) ll\n"
              "callx r2\n"
              "exit\n"
              "f: r0 = 1\n"
              "exit\n"
              "g: exit",
              "func 0 costs 6\n"
              " block 0\n"
              "  0 lddw dst=2 imm=6 high=f0c00000\n"
              "  2 lddw dst=3 imm=8 high=f0c00000\n"
              "  4 mov64 a=2\n"
              "  4 bswap64\n"
              "  4 xor64 imm=49392\n"
              "  4 bswap64\n"
              "  4 jne imm=6 target=2\n"
              " block 1\n"
              "  4 fuel imm=2\n"
              "  4 call local target=1\n"
              "  4 ja target=5\n"
              " block 2\n"
              "  4 jne imm=8 target=4\n"
              " block 3\n"
              "  4 fuel imm=1\n"
              "  4 call local target=2\n"
              "  4 ja target=5\n"
              " block 4\n"
              "  4 mov64\n"
              "  4 check size=8 imm=4\n"
              " block 5\n"
              "  5 exit\n"
              "func 1 costs 2\n"
              " block 6\n"
              "  6 mov64 imm=1\n"
              "  7 exit\n"
              "func 2 costs 1\n"
              " block 7\n"
              "  8 exit\n");
}

static void guards_of_loads_know_what_comes_from_the_stack(void **state)
{
    (void)state;
    lowers_to("r3 = r10\n"
              "r3 += -16\n"
              "r3 += r2\n"
              "r0 = *(u8 *)(r3 + 0)\n"
              "r3 = *(u8 *)(r1 + 0)\n"
              "r0 = *(u8 *)(r3 + 0)\n"
              "exit",
              "func 0 costs 7\n"
              " block 0\n"
              "  0 mov64 dst=3 a=10\n"
              "  1 add64 dst=3 a=3 imm=-16\n"
              "  2 add64 dst=3 a=3 b=2\n"
              "  3 guard.any a=3 b=1 size=1\n"
              "  3 ldxb a=3 size=1\n"
              "  4 guard.any a=1 size=1\n"
              "  4 ldxb dst=3 a=1 size=1\n"
              "  5 guard.any a=3 size=1\n"
              "  5 ldxb a=3 size=1\n"
              "  6 exit\n");
    lowers_to("r3 = r10\n"
              "if r1 == 0 goto +0\n"
              "r0 = *(u8 *)(r3 - 1)\n"
              "exit",
              "func 0 costs 4\n"
              " block 0\n"
              "  0 mov64 dst=3 a=10\n"
              "  1 jeq a=1 target=1\n"
              " block 1\n"
              "  2 guard.any a=3 size=1 off=-1\n"
              "  2 ldxb a=3 size=1 off=-1\n"
              "  3 exit\n");
}

/** As the verifier leaves a program with one map, whose calls of helpers are all proved. */
static void proved_lowers_to(struct wn_map *map, const char *text, const char *listing)
{
    static const struct wn_call calls[] = {
        {.fn = wn_call_checked, .checked = wn_helper_map_lookup_elem},
        {.fn = wn_helper_map_lookup_elem},
        {.fn = wn_helper_map_lookup_elem}};
    const struct wn_bound_map bound = {.map = map};
    struct wn_code *code = assembled(text);
    assert_int_equal(wn_flow_check(code, NULL), 0);
    code->calls = calls;
    code->n_calls = 3;
    code->maps = &bound;
    code->finders = 2;
    for (uint32_t i = 0; i < code->n_ops; i++) {
        struct wn_op *op = &code->ops[i];
        if (op->id == WN_OP_IMM64)
            op->b = WN_WIDE_MAP;
        if (op->id != WN_OP_CALL)
            continue;
        op->check = WN_CHECK_RUN | WN_CHECK_ARGUMENTS;
        code->mark[i] = WN_MARK_PROVED;
    }
    code_lowers_to(code, listing);
}

#define FIELDS                                                                                     \
    .values = (uint8_t *)0x7000, .stride = 24, .max_entries = 5, .key_bytes = 4, .cpus = 2

static void lookups_in_arrays_are_no_calls(void **state)
{
    (void)state;
    struct wn_map array = {.type = WN_MAP_ARRAY, FIELDS};
    struct wn_map percpu = {.type = WN_MAP_PERCPU_ARRAY, .cpu_pitch = 64, FIELDS};
    proved_lowers_to(&array, "r1 = 0 ll\ncall 1\nr6 = r0\nexit",
                     "func 0 costs 5\n"
                     " block 0\n"
                     "  0 lddw dst=1\n"
                     "  2 ldxw dst=1 a=2 size=4\n"
                     "  2 mov64\n"
                     "  2 jge32 a=1 imm=5 target=2\n"
                     " block 1\n"
                     "  2 mul64 dst=1 a=1 imm=24\n"
                     "  2 lddw imm=28672\n"
                     "  2 add64 b=1\n"
                     " block 2\n"
                     "  3 mov64 dst=6\n"
                     "  4 exit\n");
    proved_lowers_to(&percpu, "r1 = 0 ll\ncall 1\nif r0 == 0 goto +1\nr0 = 3\nexit",
                     "func 0 costs 6\n"
                     " block 0\n"
                     "  0 lddw dst=1\n"
                     "  2 ldxw dst=1 a=2 size=4\n"
                     "  2 mov64\n"
                     "  2 jge32 a=1 imm=5 target=3\n"
                     " block 1\n"
                     "  2 cpu dst=2\n"
                     "  2 jge32 a=2 imm=2 target=3\n"
                     " block 2\n"
                     "  2 lsh64 dst=2 a=2 imm=6\n"
                     "  2 mul64 dst=1 a=1 imm=24\n"
                     "  2 lddw imm=28672\n"
                     "  2 add64 b=1\n"
                     "  2 add64 b=2\n"
                     "  4 mov64 imm=3\n"
                     " block 3\n"
                     "  5 exit\n");
}

/** Of a map that is not an array, what was made for it is called with its address; and where it may
 * be one of several maps, the helper. */
static void other_lookups_are_calls(void **state)
{
    (void)state;
    struct wn_map *hash = (struct wn_map *)calloc(1, sizeof *hash);
    char listing[512];
    hash->type = WN_MAP_HASH;
    snprintf(listing, sizeof listing,
             "func 0 costs 4\n block 0\n  0 lddw dst=1\n  2 lddw dst=1 imm=%d high=%x\n"
             "  2 call imm=1 target=2\n  3 exit\n",
             (int)(uint32_t)(uintptr_t)hash, (unsigned)((uint64_t)(uintptr_t)hash >> 32));
    proved_lowers_to(hash, "r1 = 0 ll\ncall 1\nexit", listing);
    hash->type = WN_MAP_ARRAY;
    proved_lowers_to(hash, "r1 = 0 ll\nif r3 == 0 goto +0\ncall 1\nexit",
                     "func 0 costs 5\n block 0\n  0 lddw dst=1\n  2 jeq a=3 target=1\n block 1\n"
                     "  3 call imm=1 target=1\n  4 exit\n");
    free(hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_through_a_register_asks_which_function_it_is),
        cmocka_unit_test(accesses_get_guards_unless_proved),
        cmocka_unit_test(guards_of_loads_know_what_comes_from_the_stack),
        cmocka_unit_test(guards_of_atomics_ask_for_alignment),
        cmocka_unit_test(forward_jumps_lead_to_blocks),
        cmocka_unit_test(back_edges_spend_what_they_repeat),
        cmocka_unit_test(calls_spend_the_callee),
        cmocka_unit_test(packet_loads_know_the_way_out),
        cmocka_unit_test(lookups_in_arrays_are_no_calls),
        cmocka_unit_test(other_lookups_are_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
