/* SPDX-License-Identifier: MIT */
/*
 * The three ways in which `tcpdump -d`, `-dd` and `-ddd` write a program: as
 * assembly, as the initialiser of an array in C, and as numbers after their count.
 * White space means nothing in any of them but as the end of a word.
 */
#include <winnow/text.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/vec.h"
#include "cbpf/cbpf.h"

/** Text that is being read. */
struct reader {
    const char *at, *end, *line_start;
    uint32_t line;
    struct {
        struct wn_cbpf_insn *data;
        size_t len, cap;
    } insns;
    struct wn_error *err;
};

/** Operands, by the way they are written. */
enum operand {
    NONE,   /* nothing */
    NUMBER, /* #k */
    LENGTH, /* #pktlen */
    X,      /* x */
    PLACE,  /* [k] */
    BEYOND, /* [x + k] */
    HEADER, /* 4*([k]&0xf) */
    WORD,   /* M[k] */
    TARGET, /* number of an instruction */
};

static const struct {
    char name[5];
    uint8_t operand; /* enum operand */
    uint8_t code;
} spellings[] = {
    {"ld", PLACE, CBPF_LD | CBPF_W | CBPF_ABS},
    {"ld", BEYOND, CBPF_LD | CBPF_W | CBPF_IND},
    {"ld", NUMBER, CBPF_LD | CBPF_IMM},
    {"ld", WORD, CBPF_LD | CBPF_MEM},
    {"ld", LENGTH, CBPF_LD | CBPF_LEN},
    {"ldh", PLACE, CBPF_LD | CBPF_H | CBPF_ABS},
    {"ldh", BEYOND, CBPF_LD | CBPF_H | CBPF_IND},
    {"ldb", PLACE, CBPF_LD | CBPF_B | CBPF_ABS},
    {"ldb", BEYOND, CBPF_LD | CBPF_B | CBPF_IND},
    {"ldx", NUMBER, CBPF_LDX | CBPF_IMM},
    {"ldx", WORD, CBPF_LDX | CBPF_MEM},
    {"ldx", LENGTH, CBPF_LDX | CBPF_LEN},
    {"ldxb", HEADER, CBPF_LDX | CBPF_B | CBPF_MSH},
    {"st", WORD, CBPF_ST},
    {"stx", WORD, CBPF_STX},
    {"add", NUMBER, CBPF_ALU | CBPF_ADD},
    {"add", X, CBPF_ALU | CBPF_ADD | CBPF_X},
    {"sub", NUMBER, CBPF_ALU | CBPF_SUB},
    {"sub", X, CBPF_ALU | CBPF_SUB | CBPF_X},
    {"mul", NUMBER, CBPF_ALU | CBPF_MUL},
    {"mul", X, CBPF_ALU | CBPF_MUL | CBPF_X},
    {"div", NUMBER, CBPF_ALU | CBPF_DIV},
    {"div", X, CBPF_ALU | CBPF_DIV | CBPF_X},
    {"mod", NUMBER, CBPF_ALU | CBPF_MOD},
    {"mod", X, CBPF_ALU | CBPF_MOD | CBPF_X},
    {"or", NUMBER, CBPF_ALU | CBPF_OR},
    {"or", X, CBPF_ALU | CBPF_OR | CBPF_X},
    {"and", NUMBER, CBPF_ALU | CBPF_AND},
    {"and", X, CBPF_ALU | CBPF_AND | CBPF_X},
    {"xor", NUMBER, CBPF_ALU | CBPF_XOR},
    {"xor", X, CBPF_ALU | CBPF_XOR | CBPF_X},
    {"lsh", NUMBER, CBPF_ALU | CBPF_LSH},
    {"lsh", X, CBPF_ALU | CBPF_LSH | CBPF_X},
    {"rsh", NUMBER, CBPF_ALU | CBPF_RSH},
    {"rsh", X, CBPF_ALU | CBPF_RSH | CBPF_X},
    {"neg", NONE, CBPF_ALU | CBPF_NEG},
    {"ja", TARGET, CBPF_JMP | CBPF_JA},
    {"jeq", NUMBER, CBPF_JMP | CBPF_JEQ},
    {"jeq", X, CBPF_JMP | CBPF_JEQ | CBPF_X},
    {"jgt", NUMBER, CBPF_JMP | CBPF_JGT},
    {"jgt", X, CBPF_JMP | CBPF_JGT | CBPF_X},
    {"jge", NUMBER, CBPF_JMP | CBPF_JGE},
    {"jge", X, CBPF_JMP | CBPF_JGE | CBPF_X},
    {"jset", NUMBER, CBPF_JMP | CBPF_JSET},
    {"jset", X, CBPF_JMP | CBPF_JSET | CBPF_X},
    {"ret", NUMBER, CBPF_RET},
    {"ret", NONE, CBPF_RET | CBPF_A},
    {"tax", NONE, CBPF_TAX},
    {"txa", NONE, CBPF_TXA},
};

/** Make an error out of the place `at`. */
static int fail_at(const struct reader *r, const char *at, const char *expected)
{
    char c = at < r->end ? *at : 0;
    int code = at == r->end ? wn_fail(r->err, WN_E_SYNTAX, r->line,
                                      "expected %s, found the end of the text", expected)
               : c > ' ' && c < 127
                   ? wn_fail(r->err, WN_E_SYNTAX, r->line, "expected %s, found '%c'", expected, c)
                   : wn_fail(r->err, WN_E_SYNTAX, r->line, "expected %s, found byte 0x%02x",
                             expected, (unsigned char)c);
    if (r->err)
        r->err->column = (uint32_t)(at - r->line_start) + 1;
    return code;
}

static void skip_space(struct reader *r)
{
    for (; r->at < r->end && memchr(" \t\r\n", *r->at, 4); r->at++)
        if (*r->at == '\n') {
            r->line++;
            r->line_start = r->at + 1;
        }
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/** Whether a mark or word comes next; read if so. Words are not cut in two. */
static bool accept(struct reader *r, const char *text)
{
    size_t n = strlen(text);
    skip_space(r);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, text, n) != 0)
        return false;
    if (is_word(text[n - 1]) && r->at + n < r->end && is_word(r->at[n]))
        return false;
    r->at += n;
    return true;
}

static int expect(struct reader *r, const char *text, const char *expected)
{
    return accept(r, text) ? 0 : fail_at(r, r->at, expected);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/** A number from 0 to `most`, decimal or hexadecimal; below 0 too where it has all 32 bits. */
static int number(struct reader *r, uint32_t most, const char *expected, uint32_t *out)
{
    bool minus = most == UINT32_MAX && accept(r, "-");
    skip_space(r);
    const char *start = r->at, *p = start;
    int base = 10;
    uint64_t value = 0, limit = minus ? UINT64_C(1) << 31 : most;
    if (r->end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        base = 16;
        p += 2;
    }
    const char *digits = p;
    for (; p < r->end && digit_of(*p) < base && value <= limit; p++)
        value = value * (unsigned)base + (unsigned)digit_of(*p);
    if (p == digits || value > limit || (p < r->end && is_word(*p)))
        return fail_at(r, start, expected);
    r->at = p;
    *out = minus ? 0 - (uint32_t)value : (uint32_t)value;
    return 0;
}

static int append(struct reader *r, struct wn_cbpf_insn insn)
{
    if (r->insns.len == CBPF_MAX)
        return wn_fail(r->err, WN_E_LIMIT, r->line, "more than %d classic instructions", CBPF_MAX);
    if (!wn_vec_push(&r->insns, insn))
        return wn_fail(r->err, -ENOMEM, WN_NOWHERE, "out of memory");
    return 0;
}

/** An operand in brackets, behind the first one. */
static int bracket(struct reader *r, enum operand *operand, uint32_t *k)
{
    *operand = accept(r, "x") ? BEYOND : PLACE;
    if (*operand == BEYOND) {
        int code = expect(r, "+", "+");
        if (code)
            return code;
    }
    int code = number(r, UINT32_MAX, "an offset", k);
    return code ? code : expect(r, "]", "]");
}

static int header(struct reader *r, uint32_t *k)
{
    int code = expect(r, "*([", "4*([");
    if (code == 0)
        code = number(r, UINT32_MAX, "an offset", k);
    return code ? code : expect(r, "]&0xf)", "]&0xf)");
}

static int operand_of(struct reader *r, enum operand *operand, uint32_t *k)
{
    *operand = NONE;
    *k = 0;
    if (accept(r, "#")) {
        *operand = accept(r, "pktlen") ? LENGTH : NUMBER;
        return *operand == LENGTH ? 0 : number(r, UINT32_MAX, "a number or pktlen", k);
    }
    if (accept(r, "[")) /* what stands in brackets decides */
        return bracket(r, operand, k);
    if (accept(r, "x")) {
        *operand = X;
        return 0;
    }
    if (accept(r, "4")) {
        *operand = HEADER;
        return header(r, k);
    }
    if (accept(r, "M")) {
        *operand = WORD;
        int code = expect(r, "[", "[");
        if (code == 0)
            code = number(r, UINT32_MAX, "the number of a word", k);
        return code ? code : expect(r, "]", "]");
    }
    return 0;
}

/** The distance from instruction `at` to one that is numbered absolutely, as jt and jf have it. */
static int branch(struct reader *r, uint32_t at, const char *word, uint8_t *out)
{
    uint32_t target;
    int code = expect(r, word, word);
    skip_space(r);
    const char *start = r->at;
    if (code == 0)
        code = number(r, CBPF_MAX, "the number of an instruction", &target);
    if (code)
        return code;
    if (target <= at || target - at - 1 > UINT8_MAX)
        return fail_at(r, start, "one of the next 256 instructions");
    *out = (uint8_t)(target - at - 1);
    return 0;
}

/** The opcode of a word with an operand; -1 if the word has no such operand, -2 if there is none.
 */
static int spelled(const char *word, size_t len, enum operand operand)
{
    int found = -2;
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        if (strnlen(spellings[i].name, sizeof spellings[i].name) != len ||
            memcmp(spellings[i].name, word, len) != 0)
            continue;
        if (spellings[i].operand == operand)
            return spellings[i].code;
        found = -1;
    }
    return found;
}

/** `jeq #0x800 jt 2 jf 8`: everything behind the instruction's number. */
static int assembly(struct reader *r, uint32_t at)
{
    struct wn_cbpf_insn insn = {0};
    enum operand operand = TARGET;
    int code;
    skip_space(r);
    const char *word = r->at, *behind;
    while (r->at < r->end && is_word(*r->at))
        r->at++;
    size_t len = (size_t)(r->at - word);
    if (spelled(word, len, NONE) == -2) /* for this question any operand will do */
        return fail_at(r, word, "a classic instruction");
    skip_space(r);
    behind = r->at;
    if (spelled(word, len, TARGET) >= 0) {
        code = number(r, CBPF_MAX, "the number of an instruction", &insn.k);
        insn.k -= at + 1;
    } else {
        code = operand_of(r, &operand, &insn.k);
    }
    if (code)
        return code;
    int opcode = spelled(word, len, operand);
    if (opcode < 0)
        return fail_at(r, behind, "an operand of this instruction");
    insn.code = (uint16_t)opcode;
    if ((opcode & 7) == CBPF_JMP && operand != TARGET) {
        code = branch(r, at, "jt", &insn.jt);
        if (code == 0)
            code = branch(r, at, "jf", &insn.jf);
    }
    return code ? code : append(r, insn);
}

/** `(000) ldh [12]` and so on. */
static int numbered(struct reader *r)
{
    while (accept(r, "(")) {
        uint32_t at = (uint32_t)r->insns.len, said = 0;
        skip_space(r);
        const char *start = r->at;
        int code = number(r, CBPF_MAX, "the number of the instruction", &said);
        if (code == 0 && said != at)
            code = fail_at(r, start, "the next number");
        if (code == 0)
            code = expect(r, ")", ")");
        if (code == 0)
            code = assembly(r, at);
        if (code)
            return code;
    }
    return 0;
}

/** Four numbers with something between them. */
static int fields(struct reader *r, const char *between)
{
    uint32_t f[4];
    static const uint32_t most[4] = {UINT16_MAX, UINT8_MAX, UINT8_MAX, UINT32_MAX};
    static const char *const what[4] = {"an opcode", "a distance up to 255", "a distance up to 255",
                                        "a number of 32 bits"};
    for (unsigned i = 0; i < 4; i++) {
        int code = i && *between ? expect(r, between, between) : 0;
        if (code == 0)
            code = number(r, most[i], what[i], &f[i]);
        if (code)
            return code;
    }
    return append(r, (struct wn_cbpf_insn){(uint16_t)f[0], (uint8_t)f[1], (uint8_t)f[2], f[3]});
}

/** `{ 0x28, 0, 0, 0x0000000c },` and so on. */
static int initialiser(struct reader *r)
{
    while (accept(r, "{")) {
        int code = fields(r, ",");
        if (code == 0)
            code = expect(r, "}", "}");
        if (code)
            return code;
        if (!accept(r, ","))
            break;
    }
    return 0;
}

/** `2`, `6 0 0 65535`, `6 0 0 0`. */
static int counted(struct reader *r)
{
    uint32_t count = 0;
    int code = number(r, CBPF_MAX, "the number of instructions, up to 100000", &count);
    for (uint32_t i = 0; code == 0 && i < count; i++)
        code = fields(r, "");
    return code;
}

int wn_cbpf_parse(const char *text, size_t len, struct wn_cbpf_insn **out, size_t *count,
                  struct wn_error *err)
{
    struct reader r = {.at = text, .end = text + len, .line_start = text, .line = 1, .err = err};
    skip_space(&r);
    char first = r.at < r.end ? *r.at : 0;
    int code;
    if (first == '(')
        code = numbered(&r);
    else if (first == '{')
        code = initialiser(&r);
    else
        code = counted(&r);
    WN_OWN(free) struct wn_cbpf_insn *insns = r.insns.data;
    if (code)
        return code;
    skip_space(&r);
    if (r.at != r.end)
        return fail_at(&r, r.at, r.insns.len ? "the end of the program" : "an instruction");
    if (r.insns.len == 0)
        return fail_at(&r, r.at, "an instruction");
    *out = wn_give(insns);
    *count = r.insns.len;
    return 0;
}
