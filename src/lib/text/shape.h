/* SPDX-License-Identifier: MIT */
/**
 * How instructions are written, by form. One table serves the assembler, which
 * matches a line against it, and the disassembler, which fills it in.
 *
 * In a template a blank is a blank in the output and nothing in the input;
 * everything but these stands for itself:
 *
 *   %n      mnemonic                  %y      operator, type or word (`sym` in isa.def)
 *   %d %s   destination, source: r or w, as wide as the operation
 *   %D %S   the same, always r        %0      register 0, as wide as the operation
 *   %r      register whose number is the immediate
 *   %i %I   immediate, signed; without a sign
 *   %p      immediate to be added: " + 4", " - 4", nothing for 0
 *   %w      both immediates of a wide instruction as one number
 *   %h      ", " and the second immediate; nothing for 0
 *   %o %b   offset: " + 4", "+4"; may be left out in the input
 *   %t      target: a distance in slots, or a label
 *   %l      label of a function before "ll", as LLVM writes its address
 *   %u      u32 or u64, the width of an atomic operation
 *   %a      atomic_<sym>; atomic64_<sym> in the input too, as the kernel writes it
 *   %x      <sym>_64 or <sym>32_32, as LLVM writes exchanges
 *
 * Sources of a wide immediate other than a number are written like calls, in
 * both dialects: map_fd(3), map_value(3, 16), var(7), func(+4) or func(label),
 * map_idx(0), map_idx_value(0, 16). The second number is the second immediate:
 * the offset in the value, else 0, and 0 may be left out.
 */
#pragma once

#include "isa/isa.h"

struct wn_shape {
    const char *sym;      /* what sym of the row begins with */
    const char *mnemonic; /* template: uBPF, rbpf */
    const char *kernel;   /* template: the kernel, LLVM */
    const char *also[2];  /* understood in either dialect, never written */
};

enum {
    WN_SHAPE_VARIANTS = 4,
    WN_SHAPES = WN_FORM_GUARD * WN_SHAPE_VARIANTS, /* GUARD: first of the forms that no text has */
};

/** By form; the first of its variants whose sym fits is a row's. Unused places have no sym. */
extern const struct wn_shape wn_shapes[WN_SHAPES];

/** Number in wn_shapes of a row's shape. Every row that exists as a slot has one. */
unsigned wn_shape_of(const struct wn_row *row);

/** Which registers an instruction takes where r or w may stand. */
enum wn_width { WN_WIDTH_R = 1, WN_WIDTH_W = 2 };

/** Registers the row may be written with: a mask of enum wn_width. */
unsigned wn_row_widths(const struct wn_row *row);

/** Registers the row is written with. */
static inline enum wn_width wn_row_width(const struct wn_row *row)
{
    unsigned mask = wn_row_widths(row);
    bool w = row->form == WN_FORM_ATOMIC ? mask != WN_WIDTH_R : mask == WN_WIDTH_W;
    return w ? WN_WIDTH_W : WN_WIDTH_R;
}
