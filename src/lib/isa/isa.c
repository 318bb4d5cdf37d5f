/* SPDX-License-Identifier: MIT */
#include "isa/isa.h"

#define I(id, name, sym, opcode, selector, value, form, kind)                                      \
    [WN_OP_##id] = {name, sym, value, opcode, WN_SELECT_##selector, WN_FORM_##form, WN_KIND_##kind},
#define X(id, name, form, kind)                                                                    \
    [WN_OP_##id] = {name, 0, 0, 0, WN_SELECT_NONE, WN_FORM_##form, WN_KIND_##kind},
const struct wn_row wn_rows[WN_OPS] = {
#include "isa/isa.def"
};
#undef I
#undef X

/*
 * The index from opcode to row is built by the compiler: rows of one opcode
 * overwrite each other, so that the last one stays, and the first is a short
 * walk back.
 */
#pragma GCC diagnostic push
#if defined(__clang__)
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif
#define I(id, name, sym, opcode, ...) [opcode] = WN_OP_##id + 1,
#define X(id, ...)
const uint8_t wn_last_row[256] = {
#include "isa/isa.def"
};
#undef I
#undef X
#pragma GCC diagnostic pop

_Static_assert(WN_OPS_ENCODED < 256, "the index holds row numbers in bytes");
