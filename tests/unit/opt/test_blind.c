/* SPDX-License-Identifier: MIT */
/*
 * Constants that an author chose are looked for in the code of both back ends,
 * and found unless they are blinded: for every row of the table that has one.
 */
#include "opt/blind.h"

#include "../jit/fixture.h"

/** Whether code has a number of 32 bits in it at all. */
static bool has_bytes(const uint8_t *code, size_t len, uint32_t value)
{
    for (size_t i = 0; i + 4 <= len; i++)
        if ((code[i] | code[i + 1] << 8 | code[i + 2] << 16 | (uint32_t)code[i + 3] << 24) == value)
            return true;
    return false;
}

/** Whether AArch64 moves a half of 16 bits somewhere: movn, movz, movk (Arm ARM, C4.1.92). */
static bool moves_half(const uint8_t *code, size_t len, uint32_t half)
{
    for (size_t i = 0; i + 4 <= len; i += 4) {
        uint32_t word =
            code[i] | code[i + 1] << 8 | code[i + 2] << 16 | (uint32_t)code[i + 3] << 24;
        uint32_t imm = word >> 5 & 0xffff;
        if ((word & 0x1f800000) == 0x12800000 && (imm == half || imm == (half ^ 0xffff)))
            return true;
    }
    return false;
}

/** Whether a constant can be read off: as it is, negated or inverted. */
static bool shows(bool a64, const uint8_t *code, size_t len, uint32_t value)
{
    const uint32_t variants[] = {value, 0 - value, ~value};
    for (unsigned i = 0; i < 3; i++) {
        uint32_t v = variants[i];
        if (has_bytes(code, len, v) ||
            (a64 && moves_half(code, len, v & 0xffff) && moves_half(code, len, v >> 16)))
            return true;
    }
    return false;
}

static bool compiled_shows(bool a64, const struct wn_code *code, uint32_t value)
{
    struct wn_code_buf buf = {0};
    struct wn_error err;
    if (wn_jit_emit(a64 ? &wn_backend_a64 : &wn_backend_x86, code, 0, &buf, &err))
        fail_msg("%s", err.text);
    bool found = shows(a64, wn_buf_code(&buf), buf.len, value);
    wn_buf_fini(&buf);
    return found;
}

/** A program that needs the constant of one instruction; its length, 0 if the row has none. */
static size_t program_with(unsigned row, int32_t imm, bool calls, struct wn_slot *p)
{
    const char *name = wn_rows[row].name;
    size_t n = 0;
    p[n++] = wn_encode(WN_OP_MOV64_X, WN_R6, WN_R1, 0, 0);
    if (calls)
        p[n++] = wn_encode(WN_OP_CALL, 0, 0, 0, 1);
    switch ((enum wn_form)wn_rows[row].form) {
    case WN_FORM_DST_IMM:
        if (strstr(name, "sh")) /* a distance */
            return 0;
        p[n++] = wn_encode((enum wn_op_id)row, WN_R0, 0, 0, imm);
        break;
    case WN_FORM_SET_IMM: p[n++] = wn_encode((enum wn_op_id)row, WN_R0, 0, 0, imm); break;
    case WN_FORM_STORE_IMM: p[n++] = wn_encode((enum wn_op_id)row, WN_R10, 0, -8, imm); break;
    case WN_FORM_BRANCH_IMM:
        p[n++] = wn_encode((enum wn_op_id)row, WN_R0, 0, 1, imm);
        p[n++] = wn_encode(WN_OP_MOV64_K, WN_R0, 0, 0, 1);
        break;
    case WN_FORM_ABS: p[n++] = wn_encode((enum wn_op_id)row, 0, 0, 0, imm); break;
    case WN_FORM_IND: p[n++] = wn_encode((enum wn_op_id)row, 0, WN_R6, 0, imm); break;
    case WN_FORM_WIDE:
        if (row != WN_OP_IMM64)
            return 0;
        p[n++] = wn_encode((enum wn_op_id)row, WN_R0, 0, 0, imm);
        p[n++] = (struct wn_slot){.imm = imm};
        break;
    default: return 0;
    }
    p[n++] = wn_encode(WN_OP_EXIT, 0, 0, 0, 0);
    return n;
}

static uint64_t zero(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                     struct wn_run *run)
{
    (void)r1, (void)r2, (void)r3, (void)r4, (void)r5, (void)run;
    return 0;
}

/** Whether all 32 bits of a row's constant get into code that is not blinded. */
static bool is_whole(unsigned row)
{
    return row != WN_OP_ST_B && row != WN_OP_ST_H;
}

static void no_constant_can_be_read_off(void **state)
{
    (void)state;
    static const uint32_t constants[] = {0xdeadbeef, 0x5ca1ab1e};
    unsigned rows = 0;
    for (unsigned row = 0; row < WN_OPS_ENCODED; row++)
        for (unsigned i = 0; i < 8; i++) {
            struct wn_slot p[8];
            struct wn_error err;
            uint32_t value = constants[i & 1];
            bool a64 = i & 2;
            size_t n = program_with(row, (int32_t)value, i & 4, p);
            if (!n)
                continue;
            rows++;
            struct forms f = forms_of(p, n, zero);
            struct wn_code *blinded = NULL;
            assert_int_equal(wn_blind(f.lowered, &blinded, &err), 0);
            if (compiled_shows(a64, f.lowered, value) != is_whole(row))
                fail_msg("%s: the test does not see it", wn_rows[row].name);
            if (compiled_shows(a64, blinded, value))
                fail_msg("%s shows its constant", wn_rows[row].name);
            wn_code_free(blinded);
            forms_free(&f);
        }
    assert_int_equal(rows, 8 * (2 * 10 + 2 + 4 + 2 * 11 + 6 + 1));
}

static void each_time_the_code_is_another_one(void **state)
{
    (void)state;
    struct wn_slot p[8];
    struct forms f = forms_of(p, program_with(WN_OP_ADD64_K, 1, false, p), NULL);
    struct wn_code *a = NULL, *b = NULL;
    assert_int_equal(wn_blind(f.lowered, &a, NULL), 0);
    assert_int_equal(wn_blind(f.lowered, &b, NULL), 0);
    assert_int_equal(a->n_ops, b->n_ops);
    assert_memory_not_equal(a->ops, b->ops, a->n_ops * sizeof *a->ops);
    wn_code_free(a);
    wn_code_free(b);
    forms_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_constant_can_be_read_off),
        cmocka_unit_test(each_time_the_code_is_another_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
