/* SPDX-License-Identifier: MIT */
/** What rbpf's documentation says of its assembler, disassembler and builder; see test_rbpf.c. */
#include "rbpf.h"

#include <stdio.h>

#include <winnow/build.h>

#include "machine.h"

/* ---- README.md */

static const char sample[] = "add64 r1, 0x605\n"
                             "                     mov64 r2, 0x32\n"
                             "                     mov64 r1, r0\n"
                             "                     be16 r0\n"
                             "                     neg64 r2\n"
                             "                     exit";

static struct program sample_bytes(void)
{
    return PROGRAM(0x07, 1, 0, 0, 5, 6, 0, 0, 0xb7, 2, 0, 0, 0x32, 0, 0, 0, 0xbf, 1, 0, 0, 0, 0, 0,
                   0, 0xdc, 0, 0, 0, 0x10, 0, 0, 0, 0x87, 2, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0,
                   0, 0);
}

static void readme_assembler(void **state)
{
    (void)state;
    size_t n;
    struct program want = sample_bytes();
    struct wn_slot *slots = slots_of(sample, &n);
    assert_int_equal(n, want.count);
    assert_memory_equal(slots, want.slots, n * sizeof *slots);
    free(slots);
}

/** What the disassembler prints, which assembles to the same. */
static void prints(struct program p, const char *expected)
{
    struct wn_text_opts opts = {.dialect = WN_DIALECT_MNEMONIC};
    char *text = NULL;
    size_t n;
    assert_int_equal(wn_disassemble(p.slots, p.count, &opts, &text, NULL), 0);
    if (expected)
        assert_string_equal(text, expected);
    struct wn_slot *again = slots_of(text, &n);
    assert_int_equal(n, p.count);
    assert_memory_equal(again, p.slots, n * sizeof *again);
    free(again);
    free(text);
}

static void readme_disassembler(void **state)
{
    (void)state;
    /* Immediates are decimal here. */
    prints(sample_bytes(), "add64 r1, 1541\nmov64 r2, 50\nmov64 r1, r0\nbe16 r0\nneg64 r2\nexit\n");
}

static void readme_building_api(void **state)
{
    (void)state;
    struct wn_builder b = {0};
    struct program want = sample_bytes();
    struct wn_slot *slots = NULL;
    size_t n = 0;
    wn_build(&b, wn_add64_k(WN_R1, 0x605));
    wn_build(&b, wn_mov64_k(WN_R2, 0x32));
    wn_build(&b, wn_mov64_x(WN_R1, WN_R0));
    wn_build(&b, wn_be16(WN_R0));
    wn_build(&b, wn_neg64(WN_R2));
    wn_build(&b, wn_exit());
    assert_int_equal(wn_build_finish(&b, &slots, &n, NULL), 0);
    assert_int_equal(n, want.count);
    assert_memory_equal(slots, want.slots, n * sizeof *slots);
    free(slots);
}

static void example_disassemble(void **state)
{
    (void)state;
    prints(block_a_port(), NULL);
}

/* ---- src/ebpf.rs, src/disassembler.rs: instructions and their bytes */

static void ebpf_instructions_are_these_bytes(void **state)
{
    (void)state;
    struct program p = PROGRAM(0xb7, 0x12, 0x56, 0x34, 0xde, 0xbc, 0x9a, 0x78);
    struct wn_slot s = wn_slot(0xb7, 2, 1, 0x3456, 0x789abcde);
    assert_memory_equal(&s, p.slots, sizeof s);
    assert_int_equal(wn_slot_dst(p.slots[0]), 2);
    assert_int_equal(wn_slot_src(p.slots[0]), 1);
    uint8_t bytes[WN_SLOT_BYTES],
        negative[WN_SLOT_BYTES] = {0xb7, 0x12, 0xfe, 0xff, 0xfd, 0xff, 0xff, 0xff};
    wn_slot_encode(s, bytes);
    assert_memory_equal(bytes, ((uint8_t[]){0xb7, 0x12, 0x56, 0x34, 0xde, 0xbc, 0x9a, 0x78}), 8);
    s = wn_slot_decode(negative);
    assert_int_equal(s.off, -2);
    assert_int_equal(s.imm, -3);
    wn_slot_encode(s, bytes);
    assert_memory_equal(bytes, negative, 8);
    /* As an instruction it uses fields that have to be 0. */
    struct wn_vm *vm = NULL;
    struct wn_error err;
    assert_int_equal(wn_vm_new(NULL, p.slots, p.count, &vm, &err), WN_E_MALFORMED);
    assert_int_equal(err.at, 0);
}

static void disassembler_to_insn_vec_merges_wide_immediates(void **state)
{
    (void)state;
    prints(PROGRAM(0x18, 0, 0, 0, 0x88, 0x77, 0x66, 0x55, 0, 0, 0, 0, 0x44, 0x33, 0x22, 0x11, 0x95,
                   0, 0, 0, 0, 0, 0, 0),
           "lddw r0, 0x1122334455667788\nexit\n");
}

/* ---- src/assembler.rs, tests/assembler.rs: every name */

static void assembler_names_are_understood(void **state)
{
    (void)state;
    static const char *const two[] = {"add", "sub", "mul", "div", "or",  "and",
                                      "lsh", "rsh", "mod", "xor", "mov", "arsh"};
    static const char *const jumps[] = {"jeq", "jgt",  "jge",  "jlt",  "jle", "jset",
                                        "jne", "jsgt", "jsge", "jslt", "jsle"};
    static const char *const forms[] = {
        "neg r1",
        "neg64 r1",
        "neg32 r1",
        "ldxw r1, [r2+3]",
        "ldxh r1, [r2+3]",
        "ldxb r1, [r2+3]",
        "ldxdw r1, [r2+3]",
        "stw [r1+2], 3",
        "sth [r1+2], 3",
        "stb [r1+2], 3",
        "stdw [r1+2], 3",
        "stxw [r1+2], r3",
        "stxh [r1+2], r3",
        "stxb [r1+2], r3",
        "stxdw [r1+2], r3",
        "ldabsw 1",
        "ldabsh 1",
        "ldabsb 1",
        "ldindw r1, 2",
        "ldindh r1, 2",
        "ldindb r1, 2",
        "be16 r1",
        "be32 r1",
        "be64 r1",
        "le16 r1",
        "le32 r1",
        "le64 r1",
        "ja +8",
        "ja -3",
        "call 300",
        "exit",
        "lddw r1, 0x1234abcd5678eeff",
    };
    char text[4000] = "";
    size_t n = 0, count;
    for (size_t i = 0; i < sizeof two / sizeof *two; i++)
        for (const char *width = ""; width; width = !*width ? "64" : *width == '6' ? "32" : NULL)
            n += (size_t)sprintf(text + n, "%s%s r1, r2\n%s%s r1, 2\n", two[i], width, two[i],
                                 width);
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++)
        n += (size_t)sprintf(text + n, "%s r1, r2, +3\n%s r1, 2, +3\n%s32 r1, r2, +3\n", jumps[i],
                             jumps[i], jumps[i]);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        n += (size_t)sprintf(text + n, "%s\n", forms[i]);
    assert_true(n < sizeof text);
    free(slots_of(text, &count));
    assert_int_equal(count, 12 * 6 + 11 * 3 + 32 + 1);
}

static void assembler_mistakes_are_refused(void **state)
{
    (void)state;
    /* ldabsdw and ldinddw are not in RFC 9669, and no kernel has them. */
    static const char *const bad[] = {
        "abcd",         "add 1, 2",      "add r1",
        "add r1, 2, 3", "add r16, r2",   "add r1, r16",
        "ja -32769",    "ja 32768",      "add r1, 4294967296",
        "ldabsdw 1",    "ldinddw r1, 2", "add r1, -2147483649",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct wn_slot *slots = NULL;
        size_t n = 0;
        struct wn_error err;
        assert_int_equal(wn_assemble(bad[i], strlen(bad[i]), NULL, &slots, &n, &err), WN_E_SYNTAX);
        assert_int_equal(err.at, 1);
        assert_true(err.column >= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readme_assembler),
        cmocka_unit_test(readme_disassembler),
        cmocka_unit_test(readme_building_api),
        cmocka_unit_test(example_disassemble),
        cmocka_unit_test(ebpf_instructions_are_these_bytes),
        cmocka_unit_test(disassembler_to_insn_vec_merges_wide_immediates),
        cmocka_unit_test(assembler_names_are_understood),
        cmocka_unit_test(assembler_mistakes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
