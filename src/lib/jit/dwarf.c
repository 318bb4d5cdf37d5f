/* SPDX-License-Identifier: MIT */
/* Numbers are those of the DWARF 4 standard, chapter 7, and of the processors' ABI supplements. */
#include "jit/dwarf.h"

#include <stdio.h>

/* 6.4.2: call frame instructions. The first three carry an operand in their low bits. */
enum {
    CFA_ADVANCE = 0x40,
    CFA_OFFSET = 0x80,
    CFA_RESTORE = 0xc0,
    CFA_NOP = 0,
    CFA_ADVANCE4 = 0x04,
    CFA_REMEMBER = 0x0a,
    CFA_RECALL = 0x0b,
    CFA_DEFINE = 0x0c,
    CFA_DEFINE_OFFSET = 0x0e,
};

enum { TAG_UNIT = 0x11, TAG_FUNCTION = 0x2e };
enum {
    AT_NAME = 0x03,
    AT_LINES = 0x10,
    AT_LOW = 0x11,
    AT_HIGH = 0x12,
    AT_LANGUAGE = 0x13,
    AT_PRODUCER = 0x25,
    AT_EXTERNAL = 0x3f,
};
enum {
    FORM_ADDRESS = 0x01,
    FORM_U16 = 0x05,
    FORM_U64 = 0x07,
    FORM_TEXT = 0x08,
    FORM_SECTION = 0x17,
    FORM_PRESENT = 0x19,
};
enum { LANGUAGE_ASSEMBLER = 0x8001 };
enum { END, UNIT, FUNCTION }; /* entries of .debug_info */

enum { LINE_COPY = 1, LINE_ADVANCE = 2, LINE_LINE = 3, LINE_EXTENDED = 0 };
enum { EXTENDED_END = 1, EXTENDED_ADDRESS = 2 };

#define WORD 8

#if defined(__aarch64__)
enum { STACK_POINTER = 31, RETURN_ADDRESS = 30, RETURN_WORDS = 0 };

static unsigned number_of(unsigned reg)
{
    return reg;
}
#else
/* x86-64: a call pushes the return address, register 16. */
enum { STACK_POINTER = 7, RETURN_ADDRESS = 16, RETURN_WORDS = 1 };

static unsigned number_of(unsigned reg)
{
    static const uint8_t numbers[] = {0, 2, 1, 3, 7, 6, 4, 5};
    return reg < sizeof numbers ? numbers[reg] : reg;
}
#endif

/** Begin something that says how long it is; returns where, for end_length(). */
static size_t begin_length(struct wn_bytes *b)
{
    wn_bytes_u32(b, 0);
    return b->len;
}

static void end_length(struct wn_bytes *b, size_t at)
{
    wn_bytes_set32(b, at - 4, (uint32_t)(b->len - at));
}

/* ---- .debug_frame */

/** What all frames have in common: where the caller's stack and return address are at a call. */
static void put_common(struct wn_bytes *b)
{
    size_t at = begin_length(b);
    wn_bytes_u32(b, UINT32_MAX);
    wn_bytes_u8(b, 1);
    wn_bytes_text(b, "");
    wn_bytes_uleb(b, 1);
    wn_bytes_sleb(b, -WORD);
    wn_bytes_u8(b, RETURN_ADDRESS);
    wn_bytes_u8(b, CFA_DEFINE);
    wn_bytes_uleb(b, STACK_POINTER);
    wn_bytes_uleb(b, RETURN_WORDS * WORD);
    if (RETURN_WORDS) {
        wn_bytes_u8(b, CFA_OFFSET | RETURN_ADDRESS);
        wn_bytes_uleb(b, RETURN_WORDS);
    }
    wn_bytes_pad(b, at - 4, WORD, CFA_NOP);
    end_length(b, at);
}

static void put_advance(struct wn_bytes *b, uint32_t bytes)
{
    if (bytes == 0)
        return;
    if (bytes < 64) {
        wn_bytes_u8(b, (uint8_t)(CFA_ADVANCE | bytes));
    } else {
        wn_bytes_u8(b, CFA_ADVANCE4);
        wn_bytes_u32(b, bytes);
    }
}

/** One step of a frame that is `*words` high, `*before` when it was whole. */
static void put_step(struct wn_bytes *b, const struct wn_frame_step *step, int *words, int *before)
{
    switch ((enum wn_frame_kind)step->kind) {
    case WN_FRAME_GROWS:
        *words += step->words;
        wn_bytes_u8(b, CFA_DEFINE_OFFSET);
        wn_bytes_uleb(b, (uint64_t)*words * WORD);
        break;
    case WN_FRAME_SAVED:
        wn_bytes_u8(b, (uint8_t)(CFA_OFFSET | number_of(step->reg)));
        wn_bytes_uleb(b, (uint64_t)(*words - step->words));
        break;
    case WN_FRAME_RESTORED: wn_bytes_u8(b, (uint8_t)(CFA_RESTORE | number_of(step->reg))); break;
    case WN_FRAME_LEAVING:
        *before = *words;
        wn_bytes_u8(b, CFA_REMEMBER);
        break;
    case WN_FRAME_LEFT:
        *words = *before;
        wn_bytes_u8(b, CFA_RECALL);
        break;
    }
}

/** Steps stand behind their instruction, but for the one that begins a way out. */
static bool is_in(const struct wn_part *part, const struct wn_frame_step *step)
{
    uint32_t at = step->offset - (step->kind != WN_FRAME_LEAVING);
    return step->offset >= part->offset && at >= part->offset && at - part->offset < part->bytes;
}

static void put_frame(struct wn_bytes *b, const struct wn_code_file *f, const struct wn_part *part)
{
    size_t at = begin_length(b);
    wn_bytes_u32(b, 0);
    wn_bytes_u64(b, (uintptr_t)f->code + part->offset);
    wn_bytes_u64(b, part->bytes);
    uint32_t offset = part->offset;
    int words = RETURN_WORDS, before = RETURN_WORDS;
    for (size_t i = 0; i < f->layout->steps.len; i++) {
        const struct wn_frame_step *step = &f->layout->steps.data[i];
        if (!is_in(part, step))
            continue;
        put_advance(b, step->offset - offset);
        offset = step->offset;
        put_step(b, step, &words, &before);
    }
    wn_bytes_pad(b, at - 4, WORD, CFA_NOP);
    end_length(b, at);
}

void wn_dwarf_frames(struct wn_bytes *b, const struct wn_code_file *file)
{
    put_common(b);
    for (size_t i = 0; i < file->layout->parts.len; i++)
        if (file->layout->parts.data[i].kind != WN_PART_COLD)
            put_frame(b, file, &file->layout->parts.data[i]);
}

/* ---- .debug_abbrev and .debug_info */

void wn_dwarf_abbrevs(struct wn_bytes *b)
{
    static const uint8_t shapes[] = {
        UNIT,
        TAG_UNIT,
        1,
        AT_PRODUCER,
        FORM_TEXT,
        AT_LANGUAGE,
        FORM_U16,
        AT_NAME,
        FORM_TEXT,
        AT_LOW,
        FORM_ADDRESS,
        AT_HIGH,
        FORM_U64,
        AT_LINES,
        FORM_SECTION,
        0,
        0,
        FUNCTION,
        TAG_FUNCTION,
        0,
        AT_NAME,
        FORM_TEXT,
        AT_LOW,
        FORM_ADDRESS,
        AT_HIGH,
        FORM_U64,
        AT_EXTERNAL,
        FORM_PRESENT,
        0,
        0,
        END,
    };
    wn_bytes_put(b, shapes, sizeof shapes);
}

static void put_source(struct wn_bytes *b, const struct wn_code_file *f)
{
    char source[WN_PART_NAME];
    snprintf(source, sizeof source, "%.140s.bpf", f->name);
    wn_bytes_text(b, source);
}

void wn_dwarf_info(struct wn_bytes *b, const struct wn_code_file *file)
{
    size_t at = begin_length(b);
    wn_bytes_u16(b, 4);
    wn_bytes_u32(b, 0);
    wn_bytes_u8(b, WORD);
    wn_bytes_u8(b, UNIT);
    wn_bytes_text(b, "winnow " WN_VERSION);
    wn_bytes_u16(b, LANGUAGE_ASSEMBLER);
    put_source(b, file);
    wn_bytes_u64(b, (uintptr_t)file->code);
    wn_bytes_u64(b, file->bytes);
    wn_bytes_u32(b, 0);
    for (size_t i = 0; i < file->layout->parts.len; i++) {
        const struct wn_part *part = &file->layout->parts.data[i];
        char name[WN_PART_NAME];
        wn_part_name(part, file->name, file->prog, name);
        wn_bytes_u8(b, FUNCTION);
        wn_bytes_text(b, name);
        wn_bytes_u64(b, (uintptr_t)file->code + part->offset);
        wn_bytes_u64(b, part->bytes);
    }
    wn_bytes_u8(b, END);
    end_length(b, at);
}

/* ---- .debug_line */

static void put_line_header(struct wn_bytes *b, const struct wn_code_file *f)
{
    /* Operands of the standard instructions, of which we use three. */
    static const uint8_t operands[] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};
    wn_bytes_u16(b, 4);
    size_t at = begin_length(b);
    wn_bytes_u8(b, 1); /* shortest instruction */
    wn_bytes_u8(b, 1); /* operations in one */
    wn_bytes_u8(b, 1); /* lines are where breakpoints go */
    wn_bytes_u8(b, 0); /* special instructions, which we do not use: lowest line, */
    wn_bytes_u8(b, 1); /* lines, */
    wn_bytes_u8(b, sizeof operands + 1); /* first number */
    wn_bytes_put(b, operands, sizeof operands);
    wn_bytes_u8(b, 0); /* directories */
    put_source(b, f);
    wn_bytes_uleb(b, 0);
    wn_bytes_uleb(b, 0);
    wn_bytes_uleb(b, 0);
    wn_bytes_u8(b, 0); /* files */
    end_length(b, at);
}

static void put_address(struct wn_bytes *b, uint64_t address)
{
    wn_bytes_u8(b, LINE_EXTENDED);
    wn_bytes_uleb(b, 1 + WORD);
    wn_bytes_u8(b, EXTENDED_ADDRESS);
    wn_bytes_u64(b, address);
}

void wn_dwarf_lines(struct wn_bytes *b, const struct wn_code_file *file)
{
    size_t at = begin_length(b);
    put_line_header(b, file);
    put_address(b, (uintptr_t)file->code);
    uint32_t offset = 0;
    int64_t line = 1;
    for (size_t i = 0; i < file->layout->lines.len; i++) {
        const struct wn_code_line *l = &file->layout->lines.data[i];
        int64_t to = l->slot == WN_NOWHERE ? 0 : (int64_t)l->slot + 1;
        wn_bytes_u8(b, LINE_ADVANCE);
        wn_bytes_uleb(b, l->offset - offset);
        wn_bytes_u8(b, LINE_LINE);
        wn_bytes_sleb(b, to - line);
        wn_bytes_u8(b, LINE_COPY);
        offset = l->offset;
        line = to;
    }
    wn_bytes_u8(b, LINE_ADVANCE);
    wn_bytes_uleb(b, file->bytes - offset);
    wn_bytes_u8(b, LINE_EXTENDED);
    wn_bytes_uleb(b, 1);
    wn_bytes_u8(b, EXTENDED_END);
    end_length(b, at);
}
