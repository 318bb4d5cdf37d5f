/* SPDX-License-Identifier: MIT */
/**
 * The instruction table for people: prints docs/isa.md, or compares it with
 * the file given.
 */
#include <winnow/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "isa/decode.h"

static const char intro[] = "# Instructions\n"
                            "\n"
                            "Everything that winnow decodes, assembles, checks, runs and compiles, "
                            "as both dialects write it.\n"
                            "The source is `src/lib/isa/isa.def`; a test holds this page to it "
                            "(`build/tests/unit/isa_doc` prints it).\n"
                            "\n"
                            "In the examples the destination is r1 (w1: its low 32 bits), the "
                            "source r2, the offset 4, the\n"
                            "immediate 5; distances of jumps are 3 slots, counted from the next. "
                            "Instructions that share an\n"
                            "opcode are told apart by the field in the last column. Fields that an "
                            "instruction does not use\n"
                            "must be zero.\n";

static const struct {
    enum wn_op_id first;
    const char *title;
} sections[] = {
    {WN_OP_ADD64_K, "Arithmetic, 64 bits (RFC 9669, 4.1)"},
    {WN_OP_ADD32_K, "Arithmetic, 32 bits (RFC 9669, 4.1)"},
    {WN_OP_LE16, "Byte order (RFC 9669, 4.2)"},
    {WN_OP_IMM64, "Wide immediates (RFC 9669, 5.4)"},
    {WN_OP_LDX_B, "Loads and stores (RFC 9669, 5.2 and 5.3)"},
    {WN_OP_ATOMIC_ADD32, "Atomic operations (RFC 9669, 5.5)"},
    {WN_OP_JA, "Jumps (RFC 9669, 4.3)"},
    {WN_OP_CALL, "Calls and the exit (RFC 9669, 4.3.1 and 4.3.2)"},
    {WN_OP_LD_ABS_B, "Packet loads of classic BPF (RFC 9669, 5.6)"},
};

static const char outro[] =
    "\n## Slots as numbers\n\n"
    "What no row above can say is written in bytes, in the order of a little-endian object. They\n"
    "have to make whole slots; other directives for data (`.ascii`, `.zero`, ...) are refused.\n\n"
    "| directive | also | bytes a value | `r1 = 0x605` |\n"
    "|---|---|---|---|\n"
    "| `.quad` | `.8byte` | 8 | `.quad 0x605000001b7` |\n"
    "| `.long` | `.4byte`, `.int` | 4 | `.long 0x1b7, 0x605` |\n"
    "| `.short` | `.2byte`, `.value` | 2 | `.short 0x1b7, 0, 0x605, 0` |\n"
    "| `.byte` | | 1 | `.byte 0xb7, 1, 0, 0, 5, 6, 0, 0` |\n";

/** An example of a row: of the fields tried, the one that leaves the fewest at zero. */
static size_t example(enum wn_op_id id, struct wn_slot slots[2])
{
    for (unsigned fields = 0; fields < 16; fields++) {
        bool jump = wn_rows[id].kind == WN_KIND_JUMP || wn_rows[id].kind == WN_KIND_BRANCH;
        unsigned dst = fields & 8 ? 0 : 1, src = fields & 4 ? 0 : 2;
        int16_t off = fields & 2 ? 0 : jump ? 3 : 4;
        int32_t imm = fields & 1 ? 0 : jump && wn_rows[id].form == WN_FORM_JUMP_FAR ? 3 : 5;
        slots[0] = wn_encode(id, dst, src, off, imm);
        if (wn_slot_row(slots[0], 0, NULL) == (int)id)
            break;
    }
    slots[1] = wn_slot(0, 0, 0, 0, strstr(wn_rows[id].sym, "value") ? 16 : 0);
    return wn_rows[id].form == WN_FORM_WIDE ? 2 : 1;
}

/** Text of a row in a dialect, in a cell of a table. */
static void print_text(FILE *out, enum wn_op_id id, enum wn_dialect dialect)
{
    struct wn_slot slots[2];
    struct wn_text_opts opts = {.dialect = dialect};
    char *text = NULL;
    if (wn_disassemble(slots, example(id, slots), &opts, &text, NULL))
        abort();
    fputs(" `", out);
    for (const char *c = text; *c != '\n'; c++)
        fprintf(out, *c == '|' ? "\\|" : "%c", *c);
    fputs("` |", out);
    free(text);
}

static void print_row(FILE *out, enum wn_op_id id)
{
    static const char *const selectors[] = {
        [WN_SELECT_OFF] = "offset",
        [WN_SELECT_IMM] = "immediate",
        [WN_SELECT_IMM_NOT] = "immediate not",
        [WN_SELECT_SRC] = "source",
    };
    const struct wn_row *row = &wn_rows[id];
    fputs("|", out);
    print_text(out, id, WN_DIALECT_KERNEL);
    print_text(out, id, WN_DIALECT_MNEMONIC);
    fprintf(out, " 0x%02x |", row->opcode);
    if (row->selector != WN_SELECT_NONE)
        fprintf(out, row->form == WN_FORM_ATOMIC ? " %s 0x%x" : " %s %d", selectors[row->selector],
                row->value);
    fputs(" |\n", out);
}

static void print_all(FILE *out)
{
    unsigned section = 0;
    fputs(intro, out);
    for (int id = 0; id < WN_OPS_ENCODED; id++) {
        if (section < sizeof sections / sizeof *sections &&
            sections[section].first == (enum wn_op_id)id)
            fprintf(out,
                    "\n## %s\n\n| kernel, LLVM | uBPF, rbpf | opcode | told by |\n"
                    "|---|---|---|---|\n",
                    sections[section++].title);
        print_row(out, (enum wn_op_id)id);
    }
    fputs(outro, out);
}

int main(int argc, char **argv)
{
    char *made = NULL, *found = NULL;
    size_t made_len = 0, room = 0;
    if (argc < 2) {
        print_all(stdout);
        return 0;
    }
    FILE *out = open_memstream(&made, &made_len), *file = fopen(argv[1], "r");
    if (!out || !file) {
        perror(argv[1]);
        return 1;
    }
    print_all(out);
    fclose(out);
    ssize_t found_len = getdelim(&found, &room, 0, file);
    bool same = found_len == (ssize_t)made_len && memcmp(made, found, made_len) == 0;
    puts(same ? "the page says what the table says" : "the page is not what isa_doc prints");
    fclose(file);
    free(made);
    free(found);
    return same ? 0 : 1;
}
