/* SPDX-License-Identifier: MIT */
#include "isa/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/** Every legal slot is found again under the row it was encoded from. */
static void every_row_decodes_to_itself(void **state)
{
    (void)state;
    for (int id = 0; id < WN_OPS_ENCODED; id++) {
        bool in_imm = wn_rows[id].selector == WN_SELECT_IMM_NOT;
        struct wn_slot s = wn_encode((enum wn_op_id)id, 0, 0, 0, in_imm ? 3 : 0);
        assert_int_equal(wn_slot_row(s, 0, NULL), id);
    }
}

static void rows_of_one_opcode_stand_together(void **state)
{
    (void)state;
    for (int id = 0; id < WN_OPS_ENCODED; id++) {
        unsigned first = wn_row_first(wn_rows[id].opcode);
        assert_in_range(id, first, first + 15);
        for (unsigned i = first; i <= (unsigned)id; i++)
            assert_int_equal(wn_rows[i].opcode, wn_rows[id].opcode);
    }
}

static int refused(struct wn_slot s, const char *text)
{
    struct wn_error err = {0};
    assert_int_equal(wn_slot_row(s, 7, &err), WN_E_MALFORMED);
    assert_int_equal(err.at, 7);
    assert_string_equal(err.text, text);
    return 0;
}

static void what_is_reserved_must_be_zero(void **state)
{
    (void)state;
    refused(wn_slot(0x07, 1, 2, 0, 5), "add64: source register is r2, must be 0");
    refused(wn_slot(0x07, 11, 0, 0, 5), "add64: destination register is r11, must be r0 to r10");
    refused(wn_slot(0x07, 1, 0, 1, 5), "add64: offset is 1, must be 0");
    refused(wn_slot(0x0f, 1, 2, 0, 5), "add64: immediate is 5, must be 0");
    refused(wn_slot(0x37, 1, 0, 2, 5), "div64 (opcode 0x37): offset 2 has no meaning");
    refused(wn_slot(0xd4, 1, 0, 0, 8), "le16 (opcode 0xd4): immediate 8 has no meaning");
    refused(wn_slot(0x18, 1, 7, 0, 0), "lddw (opcode 0x18): source register 7 has no meaning");
    refused(wn_slot(0xff, 0, 0, 0, 0), "unknown opcode 0xff");
    refused(
        wn_slot(0xe5, 0, 0, 3, 0),
        "may_goto (opcode 0xe5) is not provided; count the loop's rounds, and stop at a constant");
    refused(wn_slot(0x95, 0, 0, 0, 1), "exit: immediate is 1, must be 0");
    refused(wn_slot(0x8d, 0, 0, 0, 11), "callxi: immediate 11 names no register");
}

static void wide_instructions_take_two_slots(void **state)
{
    (void)state;
    struct wn_slot p[] = {
        wn_encode(WN_OP_IMM64, 3, 0, 0, -2), {0}, wn_encode(WN_OP_EXIT, 0, 0, 0, 0)};
    p[1].imm = 5;
    struct wn_code *code = NULL;
    struct wn_error err;
    assert_int_equal(wn_decode(p, 3, &code, &err), 0);
    assert_int_equal(code->ops[1].id, WN_OP_HOLE);
    assert_true(wn_op_wide(&code->ops[0]) == 0x5fffffffeu);
    wn_code_free(code);
    p[1].off = 1;
    assert_int_equal(wn_decode(p, 3, &code, &err), WN_E_MALFORMED);
    assert_int_equal(err.at, 1);
    assert_int_equal(wn_decode(p, 1, &code, &err), WN_E_MALFORMED);
    assert_int_equal(wn_decode(p, 0, &code, &err), WN_E_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_decodes_to_itself),
        cmocka_unit_test(rows_of_one_opcode_stand_together),
        cmocka_unit_test(what_is_reserved_must_be_zero),
        cmocka_unit_test(wide_instructions_take_two_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
