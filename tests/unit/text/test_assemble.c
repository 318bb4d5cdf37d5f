/* SPDX-License-Identifier: MIT */
#include <winnow/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/** What a text assembles to, its bytes in hex, slots apart by a blank. */
static const char *hex_of(const char *text, enum wn_dialect dialect)
{
    static char hex[1024];
    struct wn_text_opts opts = {.dialect = dialect};
    struct wn_slot *slots = NULL;
    struct wn_error err = {0};
    size_t count = 0, n = 0;
    int r = wn_assemble(text, strlen(text), &opts, &slots, &count, &err);
    if (r)
        fail_msg("%s: line %u, column %u: %s", text, err.at, err.column, err.text);
    hex[0] = 0;
    assert_true(count < 50);
    for (size_t i = 0; i < count; i++) {
        /* As in a little-endian object, whatever machine this is. */
        n += (size_t)sprintf(hex + n, "%s%02x%02x%04x%08x", i ? " " : "", slots[i].opcode,
                             slots[i].regs, __builtin_bswap16((uint16_t)slots[i].off),
                             __builtin_bswap32((uint32_t)slots[i].imm));
    }
    free(slots);
    return hex;
}

static void gives(const char *text, const char *hex)
{
    assert_string_equal(hex_of(text, WN_DIALECT_AUTO), hex);
}

/** Both texts mean the same. */
static void same(const char *a, const char *b)
{
    char first[1024];
    strcpy(first, hex_of(a, WN_DIALECT_AUTO));
    assert_string_equal(hex_of(b, WN_DIALECT_AUTO), first);
}

static void fails_as(const char *text, enum wn_dialect dialect, uint32_t line, uint32_t column,
                     const char *message)
{
    struct wn_text_opts opts = {.dialect = dialect};
    struct wn_slot *slots = NULL;
    struct wn_error err = {0};
    size_t count = 0;
    assert_int_equal(wn_assemble(text, strlen(text), &opts, &slots, &count, &err), WN_E_SYNTAX);
    assert_null(slots);
    assert_string_equal(err.text, message);
    assert_int_equal(err.at, line);
    assert_int_equal(err.column, column);
    assert_int_equal(wn_assemble(text, strlen(text), &opts, &slots, &count, NULL), WN_E_SYNTAX);
}

static void fails(const char *text, uint32_t line, uint32_t column, const char *message)
{
    fails_as(text, WN_DIALECT_AUTO, line, column, message);
}

/** Bytes as the documentation of uBPF and rbpf has them. */
static void mnemonics_of_ubpf_and_rbpf_are_read(void **state)
{
    (void)state;
    gives("add64 r1, 0x605", "0701000005060000");
    gives("mov64 r2, 0x32", "b702000032000000");
    gives("mov32 r0, r1", "bc10000000000000");
    gives("be16 r0", "dc00000010000000");
    gives("neg r2", "8702000000000000");
    gives("ldxh r0, [r1+2]", "6910020000000000");
    gives("ldxdw r1, [r2-8]", "7921f8ff00000000");
    gives("jeq r1, 5, +3", "1501030005000000");
    gives("jlt32 r1, r2, -1", "ae21ffff00000000");
    gives("stw [r10-4], 7", "620afcff07000000");
    gives("stxdw [r10-8], r1", "7b1af8ff00000000");
    gives("lddw r1, 0x123456789abcdef0", "18010000f0debc9a 0000000078563412");
    gives("call 1", "8500000001000000");
    gives("call local +3", "8510000003000000");
    gives("call btf 77", "852000004d000000");
    gives("callx r3", "8d03000000000000");
    gives("callxi r3", "8d00000003000000");
    gives("ja +3\nexit", "0500030000000000 9500000000000000");
    gives("ldabsb 5", "3000000005000000");
    gives("ldindw r3, 4", "4030000004000000");
    gives("lock fetch add32 [r1+4], r2", "c321040001000000");
    gives("movsx832 r1, r2", "bc21080000000000");
}

static void spelling_is_forgiving(void **state)
{
    (void)state;
    same("mov64 r0, 1", "mov %r0, 1");
    same("mov64 r0, 1", "  MOV64   R0 ,0x1 ; comment");
    same("add64 r1, 5", "add r1, 5");
    same("lock add64 [r1+8], r2", "lock add [%r1 + 8], %r2");
    same("lock fetch xor64 [r1+0], r2", "lock fetch xor [r1], r2");
    same("ldxb r0, [r1+0]", "ldxb r0,[r1]");
    same("r1 = *(u32 *)(r2 + 4)", "w1=*(u32*)(r2+4)");
    same("r1 = *(u32 *)(r2 - 4)", "r1 = *(u32 *)(r2 -4)");
    same("r1 = *(u32 *)(r2 + 0)", "r1 = *(u32 *)(r2)");
    same("*(u8 *)(r1 + 0) = r5", "*(u8 *)(r1 + 0) = w5");
    same("if w1 s> 5 goto +3", "IF W1 S> 5 GOTO 3");
    same("if r1 s<= r2 goto -3", "if r1 s<=r2 goto-3");
    same("goto +5", "goto +0x5 <main+0x68>");
    same("r2 = xchg_64(r1 + 8, r2)", "r2 = atomic64_xchg((u64 *)(r1 +8), r2)");
    same("w2 = xchg32_32(r1 + 8, w2)", "r2 = atomic_xchg((u32 *)(r1 +8), r2)");
    same("r0 = cmpxchg_64(r1 + 0, r0, r2)", "r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)");
    same("r2 = atomic_fetch_add((u64 *)(r1 + 0), r2)",
         "r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)");
    same("call local -3", "call -3");
    same("call local +3", "call pc+3");
    same("r0 = *(u16 *)skb[r3]", "r0 = *(u16 *)skb[r3 + 0]");
    same("r1 = map_value(3, 0) ll", "lddw r1, map_value(3)");
}

static void each_mnemonic_says_what_its_operator_says(void **state)
{
    (void)state;
    same("r1 += 5", "add64 r1, 5");
    same("w1 s>>= w3", "arsh32 r1, r3");
    same("r1 s/= -2", "sdiv64 r1, -2");
    same("r1 = -r1", "neg64 r1");
    same("r1 = bswap32 r1", "bswap32 r1");
    same("r1 = (s8)r2", "movsx864 r1, r2");
    same("r1 = *(s8 *)(r2 - 4)", "ldxsb r1, [r2-4]");
    same("*(u16 *)(r10 - 8) = r1", "stxh [r10-8], r1");
    same("*(u8 *)(r1 + 0) = 5", "stb [r1], 5");
    same("if w1 s> 5 goto +3", "jsgt32 r1, 5, +3");
    same("if r1 & r2 goto +3", "jset r1, r2, +3");
    same("gotol +70000", "ja32 +70000");
    same("lock *(u64 *)(r1 + 0) += r2", "lock add64 [r1], r2");
    same("w0 = cmpxchg32_32(r1 + 4, w0, w2)", "lock cmpxchg32 [r1+4], r2");
    same("r0 = *(u8 *)skb[5]", "ldabsb 5");
    same("r0 = *(u16 *)skb[r3 - 4]", "ldindh r3, -4");
    same("r1 = func(+6) ll", "lddw r1, func(+6)");
}

static void numbers_come_in_every_base(void **state)
{
    (void)state;
    same("r0 = 255", "r0 = 0xff");
    same("r0 = 255", "r0 = 0b11111111");
    same("r0 = 255", "r0 = 0o377");
    same("r0 = 65", "r0 = 'A'");
    same("r0 = 10", "r0 = '\\n'");
    same("r0 = 39", "r0 = '\\''");
    same("r0 = -1", "r0 = 0xffffffff");
    same("r0 = -2147483648", "r0 = 0x80000000");
    same("r0 = -1 ll", "r0 = 0xffffffffffffffff ll");
    gives("r0 = -9223372036854775808 ll", "1800000000000000 0000000000000080");
    fails("r0 = 0x", 1, 6, "bad number \"0x\"");
    fails("r0 = 12ab", 1, 6, "bad number \"12ab\"");
    same("r0 = 15", "r0 = 017");
    same("r0 = 0", "r0 = 00");
    same("r0 = 255 ll", "r0 = 0B11111111 ll");
    fails("r0 = 018", 1, 6, "bad number \"018\"");
    fails("r0 = 0o18", 1, 6, "bad number \"0o18\"");
    fails("r0 = 0o", 1, 6, "bad number \"0o\"");
    fails("r0 = 0b102", 1, 6, "bad number \"0b102\"");
    fails("r0 = 18446744073709551616 ll", 1, 6,
          "number of more than 64 bits \"18446744073709551616\"");
    fails("r0 = ''", 1, 6, "no character between quotes after \"'\"");
    fails("r0 = 'ab'", 1, 6, "no character between quotes after \"'\"");
}

static void ranges_are_told(void **state)
{
    (void)state;
    fails("r1 += 4294967296", 1, 7, "\"4294967296\" is not from -2147483648 to 4294967295");
    fails("r1 += -2147483649", 1, 8, "\"2147483649\" is not from -2147483648 to 4294967295");
    fails("add r1, 4294967296", 1, 9, "\"4294967296\" is not from -2147483648 to 4294967295");
    fails("ldxb r1, [r2+32768]", 1, 14, "\"32768\" is not an offset from -32768 to 32767");
    fails("goto +32768", 1, 7, "\"32768\" is not a distance from -32768 to 32767");
    fails("gotol +2147483648", 1, 8,
          "\"2147483648\" is not a distance from -2147483648 to 2147483647");
    fails("call 4294967296", 1, 6, "\"4294967296\" is not from 0 to 4294967295");
    fails("r1 = -9223372036854775809 ll", 1, 7,
          "\"9223372036854775809\" is not from -2^63 to 2^64 - 1");
    gives("goto -32768", "0500008000000000");
    gives("ldxb r1, [r2-32768]", "7121008000000000");
}

static void labels_go_both_ways(void **state)
{
    (void)state;
    gives("top: r0 = 1\n"
          " if r0 == 1 goto end\n"
          " r1 = 7 ll\n"
          " goto top\n"
          "end: exit",
          "b700000001000000 1500030001000000 1801000007000000 0000000000000000 "
          "0500fbff00000000 9500000000000000");
    gives("call f\nexit\nf:\ng: exit", "8510000001000000 9500000000000000 9500000000000000");
    gives("call local f\nexit\nf: exit", "8510000001000000 9500000000000000 9500000000000000");
    gives("r1 = func(f) ll\nexit\nf: exit",
          "1841000002000000 0000000000000000 9500000000000000 9500000000000000");
    gives("jeq r1, 5, .L1\n.L1: exit", "1501000005000000 9500000000000000");
    gives("goto end\nend:", "0500000000000000");
    fails("goto lop\nloop: exit", 1, 6, "no label \"lop\"; did you mean \"loop\"?");
    fails("exit\ngoto nowhere", 2, 6, "no label \"nowhere\"");
    fails("a: exit\na: exit", 2, 1, "\"a\" is defined twice, first in line 1");
    fails("r1: exit", 1, 1, "\"r1\" is a register");
    fails("n = 4\ngoto n", 2, 6, "\"n\" is a constant, not a label; a distance needs +");
}

static void far_labels_need_gotol(void **state)
{
    (void)state;
    enum { LINES = 40000 };
    char *text = malloc(LINES * 5 + 64);
    size_t n = (size_t)sprintf(text, "gotol end\ngoto end\n");
    for (int i = 0; i < LINES; i++)
        n += (size_t)sprintf(text + n, "exit\n");
    n += (size_t)sprintf(text + n, "end: exit\n");
    struct wn_slot *slots = NULL;
    struct wn_error err = {0};
    size_t count = 0;
    assert_int_equal(wn_assemble(text, n, NULL, &slots, &count, &err), WN_E_SYNTAX);
    assert_int_equal(err.at, 2);
    assert_string_equal(err.text, "\"end\" is 40000 slots away, which only gotol (ja32) can reach");
    memcpy(strstr(text, "\ngoto end"), "\nexit    ", 9);
    assert_int_equal(wn_assemble(text, n, NULL, &slots, &count, &err), 0);
    assert_int_equal(slots[0].imm, LINES + 1);
    free(slots);
    free(text);
}

static void constants_stand_for_numbers(void **state)
{
    (void)state;
    same(".equ ETH_P_IP, 0x0800\nMINUS = -4\nOFF = 12\nH = 7\n"
         "if r1 != ETH_P_IP goto +OFF\n"
         "r1 = *(u32 *)(r10 + MINUS)\nr1 = *(u32 *)(r10 - OFF)\n"
         "ldxh r0, [r1+OFF]\ncall H\nr1 += -MINUS\nr2 = MINUS ll",
         "if r1 != 2048 goto +12\nr1 = *(u32 *)(r10 - 4)\nr1 = *(u32 *)(r10 - 12)\n"
         "ldxh r0, [r1+12]\ncall 7\nr1 += 4\nr2 = -4 ll");
    same(".set A, 1\n.equ B, A\nr0 = B", "r0 = 1");
    fails("r0 = A\nA = 1", 1, 6, "expected a number, r0 to r10, \"(\", \"-\" ..., found \"A\"");
    fails("A = 1\nA = 2", 2, 1, "\"A\" is defined twice, first in line 1");
    fails("A = B", 1, 5, "expected a number or a constant, found \"B\"");
    fails("A = 1 2", 1, 7, "expected the end of the line, found \"2\"");
    fails(".equ A 1", 1, 1, "expected .equ name, value");
    fails(".equ r1, 1", 1, 6, "\"r1\" is a register");
    fails(".equ", 1, 1, "expected .equ name, value");
    fails(".set x", 1, 1, "expected .set name, value");
    fails("A = top\ntop: exit", 1, 5, "expected a number or a constant, found \"top\"");
}

/** Values are those that GNU as and LLVM's assembler give. */
static void numbers_may_be_expressions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        long long value;
    } cases[] = {
        {"1 + 2 * 3", 7},
        {"(1 + 2) * 3", 9},
        {"1 + 2 << 3", 17},
        {"7 & 3 + 1", 4},
        {"7 - 2 - 1", 4},
        {"-16 / 3", -5},
        {"-16 % 3", -1},
        {"17 % -3", 2},
        {"1 << 31 >> 28", 8},
        {"~0", -1},
        {"~0x7fffffff", -2147483648ll},
        {"~5 & 0xff", 0xfa},
        {"-1 & 0x10 | 1", 0x11},
        {"-256 | 15", -241},
        {"-1 ^ 1", -2},
        {"5 ^ -1 ^ -1", 5},
        {"- - + 4", 4},
        {"-(2 - 5)", 3},
        {"3 - 5 + 4", 2},
        {"'a' - 'A'", 32},
        {"0xffffffffffffffff - 0xfffffffffffffffe", 1},
        {"-0xffffffffffffffff + 0xffffffffffffffff", 0},
        {"1 << 63 >> 62", 2},
        {"-1 << 4", -16},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128], plain[64];
        sprintf(plain, "r1 = %lld", cases[i].value);
        sprintf(text, "r1 = %s", cases[i].text);
        same(plain, text);
        sprintf(text, "N = %s\nr1 = N", cases[i].text);
        same(plain, text);
        sprintf(text, "mov64 r1, %s", cases[i].text);
        same(plain, text);
    }
}

static void expressions_stand_wherever_numbers_do(void **state)
{
    (void)state;
    same("ETH = 14\nIP = ETH + 4 * 5\n.equ PORT, (IP + 2)\nldxh r0, [r1+PORT]\n"
         "r0 = *(u16 *)(r1 + ETH + 12)\nr0 = *(u32 *)(r10 - 2 * 4)\n"
         "if r0 == 1 << 8 goto +1 + 2\nr1 = 1 << 40 ll\nr1 = map_value(1 + 2, 4 * 4) ll\n"
         "r0 = *(u8 *)skb[r3 + ETH - 2]\n*(u8 *)(r10 - (ETH - 6)) = ~0 & 15\ncall ETH / 2",
         "ldxh r0, [r1+36]\nr0 = *(u16 *)(r1 + 26)\nr0 = *(u32 *)(r10 - 8)\n"
         "if r0 == 256 goto +3\nr1 = 0x10000000000 ll\nr1 = map_value(3, 16) ll\n"
         "r0 = *(u8 *)skb[r3 + 12]\n*(u8 *)(r10 - 8) = 15\ncall 7");
    fails("r1 = 4 / (2 - 2)", 1, 8, "\"/\" divides by 0");
    fails("r1 = 4 % 0", 1, 8, "\"%\" divides by 0");
    fails("A = 1 << 64", 1, 7, "\"<<\" shifts by more than 0 to 63 bits");
    fails("A = -8 >> 1", 1, 8, "\">>\" shifts a negative number, of which nobody knows the width");
    fails("A = 2 << 63", 1, 7, "\"<<\" makes more than 64 bits");
    fails("A = 0xffffffffffffffff + 1", 1, 24, "\"+\" makes more than 64 bits");
    fails("A = 1 << 32 * 1 << 32", 1, 17, "\"<<\" makes more than 64 bits");
    fails("r1 = 1 << 32", 1, 6, "the value, 4294967296, is not from -2147483648 to 4294967295");
    fails("r1 += 5 +", 1, 10, "expected a number, found the end of the line");
    fails("r1 += (5", 1, 9, "expected \")\", found the end of the line");
    fails("r1 += 5 + r2", 1, 11, "expected a number, found \"r2\"");
    fails("A = (1", 1, 7, "expected \")\" or a constant, found the end of the line");
    fails("A = -0xffffffffffffffff", 1, 24, "the value is not from -2^63 to 2^64 - 1");
}

static void data_makes_slots(void **state)
{
    (void)state;
    gives(".quad 0x95", "9500000000000000");
    gives(".8byte 0x00000605000001b7, 0x95", "b701000005060000 9500000000000000");
    gives(".byte 0xb7, 1, 0, 0\n.long 0x605\nexit", "b701000005060000 9500000000000000");
    gives(".byte 0xb7\n.byte 1\n.short -1\n.4byte -2", "b701fffffeffffff");
    gives(".2byte 0x01b7\n.value 0xfffe\n.int 7", "b701feff07000000");
    gives(".short 0x1b7, 0, 0x605, 0\n.quad 0x605000001b7", "b701000005060000 b701000005060000");
    /* A value may straddle slots. */
    gives(".long 0x95\n.quad 0x9500000000\n.long 0", "9500000000000000 9500000000000000");
    gives("OP = 0x90\nf: .quad OP + 5\ngoto f", "9500000000000000 0500feff00000000");
    gives("r1 = 1\ngoto out\n.quad 0\nout: exit",
          "b701000001000000 0500010000000000 0000000000000000 9500000000000000");
    fails(".byte 0x95\nexit", 1, 1,
          "the data ends with 1 of the 8 bytes of a slot; expected 7 more");
    fails("exit\n.short 1\n .long 2", 3, 2,
          "the data ends with 6 of the 8 bytes of a slot; expected 2 more");
    fails(".byte 1\nlabel:\n.byte 2", 1, 1,
          "the data ends with 1 of the 8 bytes of a slot; expected 7 more");
    fails(".byte 256", 1, 7, "the value is not from -128 to 255");
    fails(".byte -129", 1, 7, "the value is not from -128 to 255");
    fails(".short 1, 65536", 1, 11, "the value is not from -32768 to 65535");
    fails(".long 4294967296", 1, 7, "the value is not from -2147483648 to 4294967295");
    fails(".quad 18446744073709551616", 1, 7,
          "number of more than 64 bits \"18446744073709551616\"");
    fails(".quad", 1, 6, "expected a number, found the end of the line");
    fails(".quad 1 2", 1, 9, "expected \",\" or the end of the line, found \"2\"");
    fails(".quad f\nf: exit", 1, 7, "expected a number, found \"f\"");
    fails(".quad 1 / 0", 1, 9, "\"/\" divides by 0");
    fails(".string \"GPL\"", 1, 1,
          "\".string\" makes no instruction; expected .byte, .short, .long or .quad");
    fails(".zero 8", 1, 1,
          "\".zero\" makes no instruction; expected .byte, .short, .long or .quad");
    fails(".word 1", 1, 1, "\".word\" has no fixed size; expected .2byte or .4byte");
    fails(".quat 1", 1, 1, "unknown directive \".quat\"; did you mean \".quad\"?");
    fails(".frobnicate", 1, 1,
          "unknown directive \".frobnicate\"; expected .equ, .section, .byte, .short, .long or "
          ".quad");
    fails(".byte \"GPL\"", 1, 7, "expected a number, found \"GPL\"");
    fails(".byte \"GPL", 1, 7, "no end to the string after \"\"\"");
}

static void what_compilers_write_around_code_says_nothing(void **state)
{
    (void)state;
    same("call f\nexit\nf: r0 = 1\nexit",
         "\t.text\n\t.file\t\"f.c\"\n\t.file 0 \"/d\" \"f.c\" md5 "
         "0x42c1083bffb8c893a7a24044b14ad112\n"
         "\t.section\tfilter,\"ax\",@progbits\n\t.globl\tmain   # -- Begin function main\n"
         "\t.p2align\t3\n\t.type\tmain,@function\nmain:   # @main\n\t.cfi_startproc\n"
         ".Ltmp0:\t.loc 0 4 0 is_stmt 0 # f.c:4:0\n\tcall f\n\texit\n.Lend0:\n"
         "\t.size\tmain, .Lend0-main\n\t.text\nf:\n\tr0 = 1\n\texit\n"
         "\t.section\tlicense,\"aw\",@progbits\nl:\n\t.asciz\t\"GPL \\\"v2\\\"\"\n"
         "\t.section\t.BTF,\"\",@progbits\n\t.short\t60319 # 0xeb9f\n\t.long f-main\n"
         "\t.ident\t\"clang\"\n\t.addrsig\n\t.addrsig_sym main\n");
    same("r1 = func(f) ll\nexit\nf: exit", "r1 = f ll\nexit\nf: exit");
    gives(".section filter\nexit\n.section license\n.string \"GPL\"\n", "9500000000000000");
    gives(".section .rodata\nt: .zero 16\n.section \"xdp/x\", \"ax\"\nexit", "9500000000000000");
    fails("exit\n.data\nx: .long 5\n.text\nr1 = x ll", 5, 6,
          "\"x\" is data, which text has no place for; compile to an object");
    fails(".section .rodata\nr0 = 1", 2, 1,
          "the section \".rodata\" holds no code; expected .text or .section");
    fails(".text\nf: exit\n.section filter,\"ax\",@progbits\nexit", 4, 1,
          "the section \"filter\" comes second; a program has one, and .text behind it");
    fails(".section a\nexit\n.section b\nexit", 4, 1,
          "the section \"b\" comes second; a program has one, and .text behind it");
    fails(".section", 1, 9, "expected the name of a section, found the end of the line");
    fails(".byte 1\n.data", 1, 1, "the data ends with 1 of the 8 bytes of a slot; expected 7 more");
}

static void comments_are_left_out(void **state)
{
    (void)state;
    same("exit\nexit", "; one\n# two\n// three\nexit // four\n/* five\n six */ exit /* seven */");
    same("r1 /= 2", "r1 /= 2 /* half */");
    fails("exit\n  /* endless\n\n", 2, 3, "no end to the comment that begins \"/*\"");
    fails("/* one\n two */ foo", 2, 9, "unknown instruction \"foo\"");
}

static void errors_say_what_would_have_been_right(void **state)
{
    (void)state;
    fails("addd64 r1, 5", 1, 1, "unknown instruction \"addd64\"; did you mean \"add64\"?");
    fails("got +3", 1, 1, "unknown instruction \"got\"; did you mean \"goto\"?");
    fails("frobnicate", 1, 1, "unknown instruction \"frobnicate\"");
    fails("\n\n  lock ad64 [r1], r2", 3, 3,
          "unknown instruction \"lock ad64\"; did you mean \"lock add64\"?");
    fails("add64 r1", 1, 9, "expected \",\", found the end of the line");
    fails("add64 r11, 5", 1, 7, "expected r0 to r10, found \"r11\"");
    fails("add64 r1, foo", 1, 11, "expected a number or r0 to r10, found \"foo\"");
    fails("r1 += w2", 1, 7, "expected a number or r0 to r10, found \"w2\"");
    fails("w1 += r2", 1, 7, "expected a number or w0 to w10, found \"r2\"");
    fails("r1 = -r2", 1, 7, "expected a number or the same register, found \"r2\"");
    fails("r1 = *(u7 *)(r2 + 0)", 1, 8,
          "expected \"u8\", \"u16\", \"u32\", \"u64\", \"s8\", \"s16\" or \"s32\", found \"u7\"");
    fails("if r1 == 5 got +3", 1, 12, "expected \"goto\", found \"got\"");
    fails("if r1 = 5 goto +3", 1, 7, "expected an operator, found \"=\"");
    fails("exit now", 1, 6, "expected the end of the line, found \"now\"");
    fails("w1 = *(u64 *)(r2 + 0)", 1, 1,
          "\"w1\" begins an instruction that takes r registers only");
    fails("w1 = (s32)w2", 1, 1, "\"w1\" begins an instruction that takes r registers only");
    fails("r1 = xchg32_32(r2 + 0, r3)", 1, 24, "expected the same register, found \"r3\"");
    fails("r1 ?", 1, 4, "unexpected character \"?\"");
    fails("r1 = \001", 1, 6, "unexpected character \"?\"");
    fails("%foo = 1", 1, 1, "no register is called \"foo\"");
    fails("r11 = 1", 1, 1, "no register is called \"r11\"; expected r0 to r10, w0 to w10");
    fails("w10000: exit", 1, 1, "no register is called \"w10000\"; expected r0 to r10, w0 to w10");
    fails("[r1]", 1, 1, "expected an instruction, found \"[\"");
    fails_as("add64 r1, 5", WN_DIALECT_KERNEL, 1, 1, "\"add64\" is not of the dialect asked for");
    fails_as("r1 += 5", WN_DIALECT_MNEMONIC, 1, 1, "expected an instruction, found \"r1\"");
}

static void any_bytes_are_survived(void **state)
{
    (void)state;
    char text[300];
    struct wn_error err;
    struct wn_slot *slots = NULL;
    size_t count;
    unsigned seed = 1;
    static const char alphabet[] =
        "r1w0 =+-*([])/<>s&|^~goto if,\n:;#'\\\"0x%lock call.L u8skb.byte.section\0\xff";
    for (int i = 0; i < 20000; i++) {
        size_t len = (size_t)i % sizeof text;
        for (size_t k = 0; k < len; k++) {
            seed = seed * 1103515245 + 12345;
            text[k] = alphabet[(seed >> 16) % sizeof alphabet];
        }
        slots = NULL;
        int r = wn_assemble(text, len, NULL, &slots, &count, &err);
        assert_true(r == 0 || (r == WN_E_SYNTAX && err.at >= 1 && err.column >= 1));
        free(slots);
    }
    assert_int_equal(wn_assemble(NULL, 0, NULL, &slots, &count, &err), 0);
    assert_int_equal(count, 0);
    free(slots);
}

static void a_million_slots_are_the_limit(void **state)
{
    (void)state;
    enum { SLOTS = 1000001 };
    char *text = malloc(SLOTS * 5);
    struct wn_error err;
    struct wn_slot *slots = NULL;
    size_t count;
    for (size_t i = 0; i < SLOTS; i++)
        memcpy(text + i * 5, "exit\n", 5);
    assert_int_equal(wn_assemble(text, SLOTS * 5, NULL, &slots, &count, &err), WN_E_LIMIT);
    assert_int_equal(err.at, SLOTS);
    assert_int_equal(wn_assemble(text, (SLOTS - 1) * 5, NULL, &slots, &count, &err), 0);
    assert_int_equal(count, SLOTS - 1);
    free(slots);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mnemonics_of_ubpf_and_rbpf_are_read),
        cmocka_unit_test(spelling_is_forgiving),
        cmocka_unit_test(each_mnemonic_says_what_its_operator_says),
        cmocka_unit_test(numbers_come_in_every_base),
        cmocka_unit_test(ranges_are_told),
        cmocka_unit_test(labels_go_both_ways),
        cmocka_unit_test(far_labels_need_gotol),
        cmocka_unit_test(constants_stand_for_numbers),
        cmocka_unit_test(numbers_may_be_expressions),
        cmocka_unit_test(expressions_stand_wherever_numbers_do),
        cmocka_unit_test(data_makes_slots),
        cmocka_unit_test(what_compilers_write_around_code_says_nothing),
        cmocka_unit_test(comments_are_left_out),
        cmocka_unit_test(errors_say_what_would_have_been_right),
        cmocka_unit_test(any_bytes_are_survived),
        cmocka_unit_test(a_million_slots_are_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
