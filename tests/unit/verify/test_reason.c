/* SPDX-License-Identifier: MIT */
/*
 * What there is to say fits into struct wn_error, whatever is found. tests/golden/verify has what
 * is said of programs.
 */
#include "verify/reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <winnow/map.h>

#include "helper/helper.h"
#include "verify/verify.h"
#include "verify/words.h"

/* Programs can be so long, so numbers of slots do. */
#define SLOTS 1000000u

static const struct wn_verify_map maps[] = {
    {.name = "a_name_as_long_as_few_names_of_maps_are_outside_of_tests",
     .type = WN_MAP_PROG_ARRAY,
     .key_bytes = 4,
     .value_bytes = UINT32_MAX - 7,
     .writable = true},
    {.name = ".rodata.which_is_a_section_with_a_long_name_as_well",
     .type = WN_MAP_ARRAY,
     .key_bytes = 4,
     .value_bytes = 1u << 30},
};

/** The helper with the longest name, of all or of those that move the packet. */
static int32_t longest_helper(bool moves)
{
    const struct wn_helper *longest = NULL, *h;
    for (size_t i = 0; (h = wn_helper_at(i)); i++)
        if ((!moves || wn_helper_moves_packet(h)) &&
            (!longest || strlen(h->name) > strlen(longest->name)))
            longest = h;
    return (int32_t)longest->id;
}

static const struct wn_value *values(size_t *n)
{
    static struct wn_value list[8];
    const int64_t ranges[][2] = {{INT32_MIN, INT32_MAX},
                                 {1 - (INT64_C(1) << 36), (INT64_C(1) << 36) - 1},
                                 {-32768, 17179869180},
                                 {1000000000, 4000000000},
                                 {1 - (INT64_C(1) << 36), INT64_MAX}};
    list[0] = wn_value_const(0);
    list[1] = wn_value_const(0x8877665544332211);
    list[2] = wn_value_unknown();
    for (size_t i = 0; i < 5; i++) {
        list[3 + i] = wn_value_unknown();
        list[3 + i].smin = ranges[i][0];
        list[3 + i].smax = ranges[i][1];
    }
    *n = 8;
    return list;
}

static bool is_about_slot(const struct wn_reg *r)
{
    return r->type <= WN_T_ANY && r->past != WN_PAST_MISSING;
}

static struct wn_text_state {
    size_t longest;
    unsigned said;
} so_far;

static void look_at(const struct wn_error *err, const struct wn_why *why)
{
    size_t len = strlen(err->text), opened = 0, closed = 0;
    for (const char *c = err->text; *c; c++) {
        opened += *c == '(';
        closed += *c == ')';
    }
    so_far.said++;
    if (len > so_far.longest)
        so_far.longest = len;
    /* What fills all of it has been cut off. */
    if (len + 1 >= sizeof err->text || len < 20 || opened != closed ||
        strstr(err->text, "(null)") || strstr(err->text, "  ") || !strstr(err->text, "; "))
        fail_msg("reason %u, type %u, past %u: %s", why->reason, why->reg.type, why->reg.past,
                 err->text);
}

/** Whether a register of this type can have come to be so. */
static bool can_be(const struct wn_reg *r)
{
    static const uint16_t pasts[] = {
        [WN_T_NONE] = 1u << WN_PAST_CALL | 1u << WN_PAST_COPY,
        [WN_T_NUMBER] = 1u << WN_PAST_PACKET | 1u << WN_PAST_STACK | 1u << WN_PAST_VALUE |
                        1u << WN_PAST_FIELD | 1u << WN_PAST_MISSING,
        [WN_T_ANY] = (1u << WN_PAST_CALL) - 2,
    };
    if (r->type > WN_T_ANY && wn_value_is_const(&r->v) && r->v.bits.value)
        return false; /* that is in `off` */
    if (r->past == WN_PAST_NONE)
        return true;
    return r->type <= WN_T_ANY && pasts[r->type] >> r->past & 1;
}

#define TYPE(t)   (1u << WN_T_##t)
#define NUMBERS   (TYPE(NUMBER) | TYPE(ANY))
#define ADDRESSES (~NUMBERS & ~TYPE(NONE))
#define EVERY     (~0u)

/** What registers can hold where this is found. */
static const uint32_t types[WN_WHYS] = {
    [WN_WHY_NUMBER] = TYPE(NUMBER),
    [WN_WHY_ANY] = TYPE(ANY),
    [WN_WHY_NULL] = TYPE(VALUE),
    [WN_WHY_OUTSIDE] = TYPE(STACK) | TYPE(VALUE) | TYPE(END),
    [WN_WHY_BOUND] = TYPE(STACK) | TYPE(VALUE),
    [WN_WHY_BEFORE] = TYPE(STACK) | TYPE(VALUE) | TYPE(PACKET),
    [WN_WHY_ROOM] = TYPE(PACKET) | TYPE(META) | TYPE(END),
    [WN_WHY_END] = TYPE(END),
    [WN_WHY_READ_ONLY] = TYPE(PACKET) | TYPE(META) | TYPE(END) | TYPE(VALUE),
    [WN_WHY_WRITE_ONLY] = TYPE(VALUE),
    [WN_WHY_FIELD] = TYPE(CONTEXT),
    [WN_WHY_NO_MEMORY] = TYPE(MAP) | TYPE(FUNC),
    [WN_WHY_UNALIGNED] = TYPE(STACK) | TYPE(VALUE),
    [WN_WHY_ATOMIC] = TYPE(PACKET) | TYPE(META) | TYPE(END) | TYPE(CONTEXT),
    [WN_WHY_UNREAD] = TYPE(STACK),
    [WN_WHY_UNWRITTEN] = TYPE(NONE),
    [WN_WHY_ARITHMETIC] = ADDRESSES,
    [WN_WHY_RESULT] = TYPE(NONE),
    [WN_WHY_DEPTH] = TYPE(NONE),
    [WN_WHY_RECURSION] = TYPE(NONE),
    [WN_WHY_STACK_SIZE] = TYPE(NONE),
    [WN_WHY_CALLEE] = EVERY & ~TYPE(NONE),
    [WN_WHY_SIZE] = EVERY & ~TYPE(NONE),
    [WN_WHY_ZERO] = NUMBERS,
    [WN_WHY_WANTS_MAP] = EVERY & ~TYPE(NONE) & ~TYPE(MAP),
    [WN_WHY_MAP_TYPE] = TYPE(MAP),
    [WN_WHY_WANTS_CONTEXT] = EVERY & ~TYPE(NONE),
    [WN_WHY_WANTS_STRING] = EVERY & ~TYPE(NONE),
    [WN_WHY_FORMAT] = TYPE(VALUE),
    [WN_WHY_LOOP] = TYPE(NONE),
    [WN_WHY_LOOP_FOREVER] = TYPE(NONE),
    [WN_WHY_LOOP_COUNTER] = TYPE(NONE),
    [WN_WHY_LOOP_LIMIT] = TYPE(NONE) | TYPE(NUMBER) | TYPE(PACKET),
    [WN_WHY_LOOP_LONG] = TYPE(NONE),
    [WN_WHY_LOOP_WITHIN] = TYPE(NONE),
};

/** Whether an instruction of this kind can come out so. */
static bool is_of(unsigned reason, enum wn_kind kind)
{
    if (reason >= WN_WHY_SIZE && reason <= WN_WHY_FORMAT)
        return kind == WN_KIND_CALL;
    if (reason == WN_WHY_ARITHMETIC)
        return kind == WN_KIND_ALU;
    return reason > WN_WHY_UNREAD || kind != WN_KIND_ALU;
}

/** Say it of each type of program, at each kind of instruction. */
static void say(struct wn_code *code, const struct wn_why *found)
{
    static const enum wn_op_id ids[] = {WN_OP_CALL,    WN_OP_LDX_DW,  WN_OP_STX_W,
                                        WN_OP_ADD64_X, WN_OP_SUB64_X, WN_OP_ARSH64_K};
    struct wn_why why = *found;
    for (unsigned i = 0; i < sizeof ids / sizeof ids[0]; i++)
        for (unsigned type = 0; type < WN_PROG_TYPES; type++) {
            const struct wn_verify_env env = {
                .type = (enum wn_prog_type)type, .maps = maps, .n_maps = 2};
            struct wn_error err;
            code->ops[SLOTS - 1].id = (uint16_t)ids[i];
            if (!is_of(why.reason, wn_op_kind(&code->ops[SLOTS - 1])))
                continue;
            why.write = type & 1;
            if (is_about_slot(&why.reg))
                why.reg.which = SLOTS - 2;
            wn_why_print(code, &env, &why, &err);
            assert_int_equal(err.code, WN_E_REJECTED);
            assert_int_equal(err.at, SLOTS - 1);
            look_at(&err, &why);
        }
}

static void say_all(struct wn_code *code, struct wn_why *why)
{
    size_t n;
    const struct wn_value *list = values(&n);
    for (unsigned past = 0; past <= WN_PAST_MISSING; past++)
        for (size_t v = 0; v < n; v++) {
            why->reg.past = (uint8_t)past;
            why->reg.v = list[v];
            why->reg.which = v & 1;
            why->reg.nullable = why->reg.type == WN_T_VALUE && past & 1;
            if (can_be(&why->reg))
                say(code, why);
        }
}

static void whatever_is_found_can_be_said(void **state)
{
    (void)state;
    struct wn_op *ops = calloc(SLOTS, sizeof *ops);
    struct wn_code code = {.ops = ops, .n_ops = SLOTS, .frame_bytes = 512, .call_depth = 8};
    assert_non_null(ops);
    for (uint32_t i = SLOTS - 2; i < SLOTS; i++) /* what was called before has moved the packet */
        ops[i] =
            (struct wn_op){.id = WN_OP_CALL, .a = 9, .b = 9, .imm = longest_helper(i == SLOTS - 2)};
    for (unsigned reason = WN_WHY_NUMBER; reason < WN_WHYS; reason++)
        for (unsigned type = WN_T_NONE; type < WN_TYPES; type++)
            for (int far = 0; far < 2 && types[reason] >> type & 1; far++) {
                struct wn_why why = {.slot = SLOTS - 1,
                                     .reason = (uint8_t)reason,
                                     .number = 5,
                                     .depth = far ? 8 : 1,
                                     .size = far ? 1u << 29 : 1,
                                     .off = far ? INT16_MIN : INT16_MAX,
                                     .room = far ? WN_FARTHEST : -512,
                                     .most = UINT32_MAX,
                                     .other = SLOTS - 2,
                                     .reg.type = (uint8_t)type,
                                     .reg.off = far ? -WN_FARTHEST : WN_FARTHEST};
                say_all(&code, &why);
            }
    free(ops);
    print_message("# %u messages, the longest has %zu bytes\n", so_far.said, so_far.longest);
    assert_true(so_far.longest > 150);
}

static void reads(const char *text, const struct wn_reg *reg)
{
    const struct wn_verify_env env = {.type = WN_PROG_XDP, .maps = maps, .n_maps = 2};
    char got[64];
    wn_reg_print(&env, reg, got, sizeof got);
    assert_string_equal(got, text);
}

static void registers_are_described_as_people_would(void **state)
{
    (void)state;
    struct wn_reg r = wn_reg_address(WN_T_PACKET, 0);
    reads("packet", &r);
    r.off = 14;
    reads("packet+14", &r);
    r.v = wn_value_of_bits(8);
    reads("packet+14+(0 to 255)", &r);
    r.v = wn_value_unknown();
    r.v.smin = 3;
    reads("packet+14+(3 or more)", &r);
    r = wn_reg_address(WN_T_STACK, 0);
    reads("stack+0", &r);
    r.off = -8;
    reads("stack-8", &r);
    r = wn_reg_address(WN_T_END, 0);
    reads("data_end", &r);
    r = wn_reg_address(WN_T_VALUE, 0);
    r.nullable = true;
    reads("value of map 'a_name_as_long_as_few_names_of_m' or NULL", &r);
    r = wn_reg_address(WN_T_VALUE, 1);
    r.off = 4;
    reads("variables in .rodata.which_is_a_section_with_+4", &r);
    r = wn_reg_number(wn_value_of_bits(32));
    reads("0 to 2^32-1", &r);
    r.id = WN_ID_LENGTH;
    reads("0 to 2^32-1 (length)", &r);
    r.off = -14;
    reads("0 to 2^32-1 (length-14)", &r);
    r = wn_reg_const(UINT64_MAX);
    reads("-1", &r);
    r = wn_reg_const(0x10000);
    reads("0x10000", &r);
    r = wn_reg_number(wn_value_unknown());
    reads("any number", &r);
    r = wn_reg_any();
    reads("unknown", &r);
    r.v = wn_value_of_bits(16);
    reads("unknown (0 to 65535)", &r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_found_can_be_said),
        cmocka_unit_test(registers_are_described_as_people_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
