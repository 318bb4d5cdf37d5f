/* SPDX-License-Identifier: MIT */
#include "client/listing.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/debug.h>
#include <winnow/text.h>

#include "client/print.h"
#include "common/own.h"

#define BYTES_A_LINE 16

static void own_json(json_t **value)
{
    json_decref(*value);
}

char *listing_hex(const uint8_t *bytes, size_t len)
{
    char *text = malloc(2 * len + 1);
    if (!text)
        return NULL;
    *text = '\0';
    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return text;
}

/* A program's machine code, and where it came from. */
struct code {
    struct wn_prog_info info;
    const struct wn_code_line *lines;
    size_t n;
};

static size_t end_of(const struct code *code, size_t line)
{
    return line + 1 < code->n ? code->lines[line + 1].offset : code->info.code_bytes;
}

/* The stretches of a slot, or those of none. */
static void print_code(const struct code *code, uint32_t slot)
{
    for (size_t i = 0; i < code->n; i++) {
        if (code->lines[i].slot != slot)
            continue;
        for (size_t at = code->lines[i].offset, end = end_of(code, i); at < end;) {
            printf("%14zx:", at);
            for (size_t k = 0; k < BYTES_A_LINE && at < end; k++)
                printf(" %02x", code->info.code[at++]);
            putchar('\n');
        }
    }
}

/* Prints a line of text, and gives the rest. */
static const char *print_line(const char *text)
{
    size_t n = strcspn(text, "\n");
    printf("%.*s\n", (int)n, text);
    return text + n + (text[n] == '\n');
}

/* Lines that begin with a number are instructions; labels have lines of their own. */
static void print_text(const struct code *code, const char *text)
{
    while (*text) {
        char *end;
        unsigned long slot = strtoul(text, &end, 10);
        bool insn = end != text && *end == ':';
        text = print_line(text);
        if (insn)
            print_code(code, (uint32_t)slot);
    }
    puts("  shared:");
    print_code(code, WN_NOWHERE);
}

static json_t *lines_json(const struct code *code)
{
    json_t *lines = json_array();
    for (size_t i = 0; i < code->n; i++) {
        size_t at = code->lines[i].offset;
        OWN(free) char *hex = listing_hex(code->info.code + at, end_of(code, i) - at);
        uint32_t slot = code->lines[i].slot;
        json_array_append_new(
            lines, json_pack("{s:I, s:o, s:s?}", "offset", (json_int_t)at, "slot",
                             slot == WN_NOWHERE ? json_null() : json_integer(slot), "hex", hex));
    }
    return lines;
}

static void print_json_code(const struct client_opts *opts, const struct code *code,
                            const char *text)
{
    size_t bytes = code->info.code_bytes;
    OWN(free) char *hex = listing_hex(code->info.code, bytes);
    OWN(json)
    json_t *answer =
        json_pack("{s:b, s:I, s:s?, s:s, s:o, s:[]}", "ok", 1, "count", (json_int_t)bytes, "hex",
                  hex, "text", text, "lines", lines_json(code), "diagnostics");
    print_json(opts, answer);
}

int listing_show(const struct client_opts *opts, const struct wn_prog *prog,
                 const struct wn_slot *slots, size_t count, struct wn_error *err)
{
    struct wn_text_opts as = {opts->dialect, opts->labels, true};
    OWN(free) char *text = NULL;
    struct code code;
    int r = wn_disassemble(slots, count, &as, &text, err);
    if (r)
        return r;
    wn_prog_info(prog, &code.info);
    code.lines = wn_prog_lines(prog, &code.n);
    if (opts->json)
        print_json_code(opts, &code, text);
    else
        print_text(&code, text);
    return 0;
}
