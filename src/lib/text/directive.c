/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/distance.h"
#include "text/assembler.h"
#include "text/expr.h"
#include "text/hint.h"

/** What a directive is to us. */
enum action {
    IDLE,     /* compilers write it around code; it says nothing about slots */
    CONSTANT, /* .equ name, value */
    SECTION,  /* .section name, "flags" */
    CODE,     /* .text: a section by its own name */
    DATA,     /* .data, .bss */
    VALUES,   /* .byte 1, 2: parts of slots */
    NO_SLOTS, /* other data */
    VAGUE,    /* .word is of another size on each machine */
};

static const struct directive {
    const char *name;
    enum action action;
    unsigned bytes; /* of VALUES */
} directives[] = {
    {".2byte", VALUES, 2},     {".4byte", VALUES, 4},     {".8byte", VALUES, 8},
    {".addrsig", IDLE, 0},     {".align", IDLE, 0},       {".ascii", NO_SLOTS, 0},
    {".asciz", NO_SLOTS, 0},   {".balign", IDLE, 0},      {".bss", DATA, 0},
    {".byte", VALUES, 1},      {".comm", NO_SLOTS, 0},    {".data", DATA, 0},
    {".equ", CONSTANT, 0},     {".file", IDLE, 0},        {".fill", NO_SLOTS, 0},
    {".global", IDLE, 0},      {".globl", IDLE, 0},       {".half", VAGUE, 0},
    {".hidden", IDLE, 0},      {".hword", VAGUE, 0},      {".ident", IDLE, 0},
    {".int", VALUES, 4},       {".lcomm", NO_SLOTS, 0},   {".loc", IDLE, 0},
    {".local", IDLE, 0},       {".long", VALUES, 4},      {".octa", NO_SLOTS, 0},
    {".p2align", IDLE, 0},     {".protected", IDLE, 0},   {".quad", VALUES, 8},
    {".section", SECTION, 0},  {".set", CONSTANT, 0},     {".short", VALUES, 2},
    {".size", IDLE, 0},        {".skip", NO_SLOTS, 0},    {".sleb128", NO_SLOTS, 0},
    {".space", NO_SLOTS, 0},   {".string", NO_SLOTS, 0},  {".text", CODE, 0},
    {".type", IDLE, 0},        {".uleb128", NO_SLOTS, 0}, {".value", VALUES, 2},
    {".weak", IDLE, 0},        {".word", VAGUE, 0},       {".zero", NO_SLOTS, 0},
    {".addrsig_sym", IDLE, 0},
};

enum { DIRECTIVES = sizeof directives / sizeof *directives };

static bool begins(const struct wn_token *t, const char *with)
{
    size_t n = strlen(with);
    return t->len >= n && memcmp(t->text, with, n) == 0;
}

static int fail_unknown(struct wn_assembler *as, uint32_t line, const struct wn_token *t)
{
    const char *near = NULL;
    unsigned best = wn_name_slack(t->len) + 1;
    for (unsigned i = 0; i < DIRECTIVES; i++) {
        const char *name = directives[i].name;
        if (directives[i].action == VAGUE)
            continue;
        unsigned d = wn_name_distance(t->text, t->len, name, strlen(name), 2);
        if (d < best) {
            best = d;
            near = name;
        }
    }
    if (near)
        return wn_asm_fail(as, line, t, "unknown directive %s; did you mean \"%s\"?",
                           wn_token_quote(t).text, near);
    return wn_asm_fail(
        as, line, t, "unknown directive %s; expected .equ, .section, .byte, .short, .long or .quad",
        wn_token_quote(t).text);
}

/**
 * Whether a section holds code. Flags say so with x; without flags it goes by the name, so that
 * `.section filter` is as good as clang's `.section filter,"ax",@progbits`.
 */
static bool holds_code(const struct wn_token *name, const struct wn_token *flags)
{
    if (flags->kind == WN_TOKEN_STRING)
        return memchr(flags->text, 'x', flags->len) != NULL;
    if (name->text[0] == '.')
        return begins(name, ".text");
    return !begins(name, "license") && !begins(name, "version") && !begins(name, "maps");
}

static int enter(struct wn_assembler *as, const struct wn_token *name, bool code)
{
    int r = wn_asm_check_whole(as);
    if (r)
        return r;
    as->section = *name;
    as->in_data = !code;
    return 0;
}

static int section(struct wn_assembler *as, uint32_t line, const struct wn_token *t)
{
    const struct wn_token *name = &t[1];
    if ((name->kind != WN_TOKEN_WORD && name->kind != WN_TOKEN_STRING) || name->len == 0)
        return wn_asm_fail(as, line, name, "expected the name of a section, found %s",
                           wn_token_quote(name).text);
    bool flags = wn_token_is(&t[2], ",", 1);
    return enter(as, name, holds_code(name, flags ? &t[3] : &t[2]));
}

/** Bytes as they lie in a little-endian object, whatever machine this is. */
static int put_bytes(struct wn_assembler *as, uint32_t line, const struct wn_token *t, uint64_t v,
                     unsigned bytes)
{
    for (; bytes; bytes--, v >>= 8) {
        as->raw |= (v & 0xff) << 8 * as->raw_bytes++;
        if (as->raw_bytes < WN_SLOT_BYTES)
            continue;
        uint64_t w = as->raw;
        as->raw = as->raw_bytes = 0;
        int r = wn_asm_push(as, line, t,
                            (struct wn_slot){.opcode = (uint8_t)w,
                                             .regs = (uint8_t)(w >> 8),
                                             .off = (int16_t)(uint16_t)(w >> 16),
                                             .imm = (int32_t)(uint32_t)(w >> 32)});
        if (r)
            return r;
    }
    return 0;
}

static int value(struct wn_assembler *as, uint32_t line, const struct wn_token **at, unsigned bytes)
{
    static const struct {
        uint64_t low, high;
        const char *range;
    } widths[] = {
        [1] = {1u << 7, UINT8_MAX, "-128 to 255"},
        [2] = {1u << 15, UINT16_MAX, "-32768 to 65535"},
        [4] = {1u << 31, UINT32_MAX, "-2147483648 to 4294967295"},
        [8] = {UINT64_C(1) << 63, UINT64_MAX, "-2^63 to 2^64 - 1"},
    };
    const struct wn_token *start = *at;
    struct wn_expr_trouble wrong;
    struct wn_number n;
    const char *missing = wn_expr_read(&as->symbols, at, &n, &wrong);
    if (missing)
        return wn_asm_fail(as, line, *at, "expected %s, found %s", missing,
                           wn_token_quote(*at).text);
    if (wrong.at)
        return wn_asm_fail(as, line, wrong.at, "%s %s", wn_token_quote(wrong.at).text, wrong.what);
    if (!wn_number_within(n, widths[bytes].low, widths[bytes].high))
        return wn_asm_fail(as, line, start, "the value is not from %s", widths[bytes].range);
    return put_bytes(as, line, start, n.negative ? -n.magnitude : n.magnitude, bytes);
}

static int values(struct wn_assembler *as, uint32_t line, const struct wn_token *t, unsigned bytes)
{
    const struct wn_token *at = t + 1;
    for (;;) {
        int r = value(as, line, &at, bytes);
        if (r)
            return r;
        as->raw_at = *t;
        as->raw_line = line;
        if (at->kind == WN_TOKEN_END)
            return 0;
        if (!wn_token_is(at, ",", 1))
            return wn_asm_fail(as, line, at, "expected \",\" or the end of the line, found %s",
                               wn_token_quote(at).text);
        at++;
    }
}

static const struct directive *find(const struct wn_token *t)
{
    for (unsigned i = 0; i < DIRECTIVES; i++)
        if (wn_token_is(t, directives[i].name, strlen(directives[i].name)))
            return &directives[i];
    return NULL;
}

static int carry_out(struct wn_assembler *as, uint32_t line, const struct wn_token *t,
                     const struct directive *d)
{
    if (d->action == VALUES)
        return values(as, line, t, d->bytes);
    if (d->action == NO_SLOTS)
        return wn_asm_fail(as, line, t,
                           "%s makes no instruction; expected .byte, .short, .long or .quad",
                           wn_token_quote(t).text);
    if (d->action == VAGUE)
        return wn_asm_fail(as, line, t, "%s has no fixed size; expected .2byte or .4byte",
                           wn_token_quote(t).text);
    if (t[1].kind != WN_TOKEN_WORD || !wn_token_is(&t[2], ",", 1))
        return wn_asm_fail(as, line, t, "expected %s name, value", d->name);
    return wn_asm_define_constant(as, line, &t[1], &t[3]);
}

int wn_asm_directive(struct wn_assembler *as, const struct wn_line *line, const struct wn_token *t)
{
    const struct directive *d = find(t);
    if (d && d->action == SECTION)
        return section(as, line->number, t);
    if (d && (d->action == CODE || d->action == DATA))
        return enter(as, t, d->action == CODE);
    /* Data is for objects: what a program refers to there is told when its label is looked up. */
    if (as->in_data || (d && d->action == IDLE) || begins(t, ".cfi_"))
        return 0;
    if (!d)
        return fail_unknown(as, line->number, t);
    int r = wn_asm_check_line(as, line);
    return r ? r : carry_out(as, line->number, t, d);
}
