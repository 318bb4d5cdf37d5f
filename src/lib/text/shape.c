/* SPDX-License-Identifier: MIT */
#include "text/shape.h"

#include <assert.h>
#include <string.h>

#define FORM(form, n) [WN_FORM_##form * WN_SHAPE_VARIANTS + (n)]

const struct wn_shape wn_shapes[WN_SHAPES] = {
    FORM(NONE, 0) = {"", "%n", "%y"},
    FORM(DST_IMM, 0) = {"", "%n %D, %i", "%d %y %i"},
    FORM(DST_SRC, 0) = {"", "%n %D, %S", "%d %y %s"},
    FORM(SET_IMM, 0) = {"", "%n %D, %i", "%d = %i"},
    FORM(SET_REG, 0) = {"=", "%n %D, %S", "%d = %s"},
    FORM(SET_REG, 1) = {"", "%n %D, %S", "%d = (%y)%s"},
    FORM(DST, 0) = {"-", "%n %D", "%d = -%d"},
    FORM(DST, 1) = {"", "%n %D", "%d = %y %d"},
    FORM(WIDE, 0) = {"ll", "%n %D, %w", "%d = %w ll"},
    FORM(WIDE, 1) = {"func", "%n %D, %y(%t%h)", "%d = %y(%t%h) ll", {"%d = %l ll"}},
    FORM(WIDE, 2) = {"", "%n %D, %y(%i%h)", "%d = %y(%i%h) ll"},
    FORM(LOAD, 0) = {"", "%n %D, [%S%b]", "%d = *(%y *)(%S%o)"},
    FORM(STORE_IMM, 0) = {"", "%n [%D%b], %i", "*(%y *)(%D%o) = %i"},
    FORM(STORE_REG, 0) = {"", "%n [%D%b], %S", "*(%y *)(%D%o) = %s"},
    FORM(ATOMIC, 0) = {"fetch_", "%n [%D%b], %S", "%s = %a((%u *)(%D%o), %s)"},
    FORM(ATOMIC, 1) = {"xchg", "%n [%D%b], %S", "%s = %x(%D%o, %s)", {"%s = %a((%u *)(%D%o), %s)"}},
    FORM(ATOMIC, 2) = {"cmpxchg",
                       "%n [%D%b], %S",
                       "%0 = %x(%D%o, %0, %s)",
                       {"%0 = %a((%u *)(%D%o), %0, %s)"}},
    FORM(ATOMIC, 3) = {"", "%n [%D%b], %S", "lock *(%u *)(%D%o) %y %s"},
    FORM(JUMP, 0) = {"", "%n %t", "%y %t"},
    FORM(JUMP_FAR, 0) = {"", "%n %t", "%y %t"},
    FORM(BRANCH_IMM, 0) = {"", "%n %D, %i, %t", "if %d %y %i goto %t"},
    FORM(BRANCH_REG, 0) = {"", "%n %D, %S, %t", "if %d %y %s goto %t"},
    FORM(CALL, 0) = {"call local", "%n %t", "%y %t", {"call %t", "call pc%t"}},
    FORM(CALL, 1) = {"", "%n %I", "%y %I"},
    FORM(CALL_REG, 0) = {"callxi", "%n %r", "%y %r"},
    FORM(CALL_REG, 1) = {"", "%n %D", "%y %D"},
    FORM(ABS, 0) = {"", "%n %i", "r0 = *(%y *)skb[%i]"},
    FORM(IND, 0) = {"", "%n %S, %i", "r0 = *(%y *)skb[%S%p]"},
};

unsigned wn_shape_of(const struct wn_row *row)
{
    unsigned shape = row->form * WN_SHAPE_VARIANTS;
    while (strncmp(row->sym, wn_shapes[shape].sym, strlen(wn_shapes[shape].sym)) != 0)
        shape++;
    assert(shape / WN_SHAPE_VARIANTS == row->form);
    return shape;
}

unsigned wn_row_widths(const struct wn_row *row)
{
    const unsigned any = WN_WIDTH_R | WN_WIDTH_W;
    switch ((enum wn_form)row->form) {
    case WN_FORM_LOAD: /* LLVM writes w where the upper half becomes zero */
        return row->sym[0] == 'u' && wn_opcode_size(row->opcode) < 8 ? any : WN_WIDTH_R;
    case WN_FORM_STORE_REG:
    case WN_FORM_ATOMIC: return wn_opcode_size(row->opcode) < 8 ? any : WN_WIDTH_R;
    case WN_FORM_DST: /* byte swaps take whole registers, whatever their class */
        return row->selector == WN_SELECT_NONE && wn_opcode_is32(row->opcode) ? WN_WIDTH_W
                                                                              : WN_WIDTH_R;
    case WN_FORM_DST_IMM:
    case WN_FORM_DST_SRC:
    case WN_FORM_SET_IMM:
    case WN_FORM_SET_REG:
    case WN_FORM_BRANCH_IMM:
    case WN_FORM_BRANCH_REG: return wn_opcode_is32(row->opcode) ? WN_WIDTH_W : WN_WIDTH_R;
    default: return WN_WIDTH_R;
    }
}
