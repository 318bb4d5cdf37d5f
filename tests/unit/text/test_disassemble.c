/* SPDX-License-Identifier: MIT */
#include <winnow/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "isa/decode.h"

enum { RANDOM_SLOTS = 130000 };

static uint64_t random_state = 88172645463325252u;

static uint32_t any(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16);
}

/** Numbers from both ends and the middle of their range. */
static int32_t any_imm(void)
{
    static const int32_t edge[] = {0, 1, -1, 10, INT32_MAX, INT32_MIN, 255, 0x7fff, -0x8000};
    return any() % 2 ? (int32_t)any() : edge[any() % 9];
}

/** A slot of a row with whatever its fields may hold: what the form does not use is cleared. */
static struct wn_slot any_slot(enum wn_op_id id)
{
    for (;;) {
        struct wn_slot s = wn_encode(id, any() % 11, any() % 11, (int16_t)any_imm(),
                                     any() % 4 ? any_imm() : (int32_t)(any() % 11));
        unsigned clear = any();
        if (clear & 1)
            s = wn_encode(id, wn_slot_dst(s), 0, s.off, s.imm);
        if (clear & 2)
            s = wn_encode(id, 0, wn_slot_src(s), s.off, s.imm);
        if (clear & 4)
            s = wn_encode(id, wn_slot_dst(s), wn_slot_src(s), 0, s.imm);
        if (clear & 8)
            s = wn_encode(id, wn_slot_dst(s), wn_slot_src(s), s.off, 0);
        if (wn_slot_row(s, 0, NULL) == (int)id)
            return s;
    }
}

static size_t any_program(struct wn_slot *slots, size_t room)
{
    size_t n = 0;
    while (n + 1 < room) {
        enum wn_op_id id = (enum wn_op_id)(n < WN_OPS_ENCODED ? n : any() % WN_OPS_ENCODED);
        slots[n++] = any_slot(id);
        if (wn_rows[id].form == WN_FORM_WIDE)
            slots[n++] = wn_slot(0, 0, 0, 0, any_imm());
    }
    return n;
}

/** Point most jumps into the program, so that labels come about. */
static void draw_near(struct wn_slot *slots, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t class = slots[i].opcode & 7, code = slots[i].opcode >> 4;
        int16_t near = (int16_t)(any() % 41) - 20;
        if ((class == 5 || class == 6) && code != 8 && code != 9 && slots[i].opcode != 6)
            slots[i].off = near;
        else if (slots[i].opcode == 6 || (slots[i].opcode == 0x85 && slots[i].regs == 0x10))
            slots[i].imm = near;
    }
}

static void goes_round(const struct wn_slot *slots, size_t n, struct wn_text_opts opts)
{
    struct wn_error err = {0};
    char *text = NULL;
    assert_int_equal(wn_disassemble(slots, n, &opts, &text, &err), 0);

    struct wn_slot *again = NULL;
    size_t count = 0;
    enum wn_dialect written = opts.dialect ? opts.dialect : WN_DIALECT_KERNEL;
    for (int own = 0; own < 2; own++) {
        struct wn_text_opts read = {.dialect = own ? written : WN_DIALECT_AUTO};
        int r = wn_assemble(text, strlen(text), &read, &again, &count, &err);
        if (r)
            fail_msg("line %u, column %u: %s", err.at, err.column, err.text);
        assert_int_equal(count, n);
        assert_memory_equal(again, slots, n * sizeof *slots);
        free(again);
    }
    free(text);
}

static void text_of_any_slots_gives_them_again(void **state)
{
    (void)state;
    static struct wn_slot slots[RANDOM_SLOTS];
    size_t n = any_program(slots, RANDOM_SLOTS);
    for (unsigned k = 0; k < 8; k++) {
        struct wn_text_opts opts = {.dialect = k & 1 ? WN_DIALECT_MNEMONIC : WN_DIALECT_KERNEL,
                                    .labels = k >> 1 & 1,
                                    .numbers = k >> 2};
        if (opts.labels)
            draw_near(slots, n);
        goes_round(slots, n, opts);
    }
}

static void every_row_goes_round_with_any_fields(void **state)
{
    (void)state;
    for (int id = 0; id < WN_OPS_ENCODED; id++) {
        struct wn_slot slots[400];
        size_t n = 0;
        while (n < 398) {
            slots[n++] = any_slot((enum wn_op_id)id);
            if (wn_rows[id].form == WN_FORM_WIDE)
                slots[n++] = wn_slot(0, 0, 0, 0, any_imm());
        }
        goes_round(slots, n, (struct wn_text_opts){.dialect = WN_DIALECT_KERNEL});
        goes_round(slots, n, (struct wn_text_opts){.dialect = WN_DIALECT_MNEMONIC});
        goes_round(slots, n, (struct wn_text_opts){.labels = 1});
    }
}

static const struct wn_slot sample[] = {
    {0xb7, 0x00, 0, 0},    {0x18, 0x01, 0, -0x20000000},
    {0, 0, 0, 7},          {0x18, 0x12, 0, 3},
    {0, 0, 0, 0},          {0x18, 0x23, 0, 3},
    {0, 0, 0, 16},         {0x18, 0x44, 0, 6},
    {0, 0, 0, 0},          {0x69, 0x10, -2, 0},
    {0x62, 0x0a, -4, 7},   {0x66, 0x01, 3, 5},
    {0xdb, 0x21, 8, 0x41}, {0xc3, 0x21, 0, 0xf1},
    {0x85, 0x10, 0, -15},  {0x85, 0x00, 0, 1},
    {0x48, 0x30, 0, -4},   {0x95, 0, 0, 0},
};
#define SAMPLE (sizeof sample / sizeof *sample)

static void reads(struct wn_text_opts opts, const char *expected)
{
    char *text = NULL;
    struct wn_error err = {0};
    assert_int_equal(wn_disassemble(sample, SAMPLE, &opts, &text, &err), 0);
    assert_string_equal(text, expected);
    free(text);
}

static void kernel_text_reads_as_the_kernel_writes_it(void **state)
{
    (void)state;
    reads((struct wn_text_opts){0}, "r0 = 0\n"
                                    "r1 = 0x7e0000000 ll\n"
                                    "r2 = map_fd(3) ll\n"
                                    "r3 = map_value(3, 16) ll\n"
                                    "r4 = func(+6) ll\n"
                                    "r0 = *(u16 *)(r1 - 2)\n"
                                    "*(u32 *)(r10 - 4) = 7\n"
                                    "if w1 s> 5 goto +3\n"
                                    "r2 = atomic_fetch_or((u64 *)(r1 + 8), r2)\n"
                                    "w0 = cmpxchg32_32(r1 + 0, w0, w2)\n"
                                    "call local -15\n"
                                    "call 1\n"
                                    "r0 = *(u16 *)skb[r3 - 4]\n"
                                    "exit\n");
}

static void mnemonics_read_as_rbpf_writes_them(void **state)
{
    (void)state;
    reads((struct wn_text_opts){.dialect = WN_DIALECT_MNEMONIC}, "mov64 r0, 0\n"
                                                                 "lddw r1, 0x7e0000000\n"
                                                                 "lddw r2, map_fd(3)\n"
                                                                 "lddw r3, map_value(3, 16)\n"
                                                                 "lddw r4, func(+6)\n"
                                                                 "ldxh r0, [r1-2]\n"
                                                                 "stw [r10-4], 7\n"
                                                                 "jsgt32 r1, 5, +3\n"
                                                                 "lock fetch or64 [r1+8], r2\n"
                                                                 "lock cmpxchg32 [r1+0], r2\n"
                                                                 "call local -15\n"
                                                                 "call 1\n"
                                                                 "ldindh r3, -4\n"
                                                                 "exit\n");
}

static void labels_stand_where_jumps_lead(void **state)
{
    (void)state;
    reads((struct wn_text_opts){.labels = 1, .numbers = 1},
          "L0:\n"
          "     0: r0 = 0\n"
          "     1: r1 = 0x7e0000000 ll\n"
          "     3: r2 = map_fd(3) ll\n"
          "     5: r3 = map_value(3, 16) ll\n"
          "     7: r4 = func(L14) ll\n"
          "     9: r0 = *(u16 *)(r1 - 2)\n"
          "    10: *(u32 *)(r10 - 4) = 7\n"
          "    11: if w1 s> 5 goto L15\n"
          "    12: r2 = atomic_fetch_or((u64 *)(r1 + 8), r2)\n"
          "    13: w0 = cmpxchg32_32(r1 + 0, w0, w2)\n"
          "L14:\n"
          "    14: call local L0\n"
          "L15:\n"
          "    15: call 1\n"
          "    16: r0 = *(u16 *)skb[r3 - 4]\n"
          "    17: exit\n");
}

static void what_is_no_instruction_is_refused(void **state)
{
    (void)state;
    struct wn_slot bad[] = {{0x95, 0, 0, 0}, {0xff, 0, 0, 0}};
    struct wn_slot cut[] = {{0x95, 0, 0, 0}, {0x18, 1, 0, 0}};
    struct wn_slot dirty[] = {{0x18, 1, 0, 0}, {0, 0, 1, 0}};
    for (unsigned labels = 0; labels < 2; labels++) {
        struct wn_text_opts opts = {.labels = labels};
        char *text = (char *)&opts;
        struct wn_error err = {0};
        assert_int_equal(wn_disassemble(bad, 2, &opts, &text, &err), WN_E_MALFORMED);
        assert_int_equal(err.at, 1);
        assert_int_equal(wn_disassemble(cut, 2, &opts, &text, &err), WN_E_MALFORMED);
        assert_int_equal(err.at, 1);
        assert_int_equal(wn_disassemble(dirty, 2, &opts, &text, &err), WN_E_MALFORMED);
        assert_int_equal(err.at, 1);
        assert_ptr_equal(text, &opts);
        assert_int_equal(wn_disassemble(NULL, 0, &opts, &text, &err), 0);
        assert_string_equal(text, "");
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernel_text_reads_as_the_kernel_writes_it),
        cmocka_unit_test(mnemonics_read_as_rbpf_writes_them),
        cmocka_unit_test(labels_stand_where_jumps_lead),
        cmocka_unit_test(what_is_no_instruction_is_refused),
        cmocka_unit_test(every_row_goes_round_with_any_fields),
        cmocka_unit_test(text_of_any_slots_gives_them_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
