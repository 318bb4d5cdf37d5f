/* SPDX-License-Identifier: MIT */
/** Labels and constants of one text. Names are views into it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/lex.h"

struct wn_number {
    bool negative;
    uint64_t magnitude;
};

enum wn_symbol_kind {
    WN_SYMBOL_CONSTANT,
    WN_SYMBOL_LABEL, /* of a slot */
    WN_SYMBOL_DATA,  /* of something in a section of data, which a program cannot reach */
};

struct wn_symbol {
    const char *name;
    size_t len;
    enum wn_symbol_kind kind;
    uint32_t line;          /* of its definition */
    struct wn_number value; /* of a label: its slot */
};

struct wn_symbols {
    struct wn_symbol *slots; /* open addressing; an empty place has no name */
    size_t size;             /* a power of two, or 0 */
    size_t used;
    uint64_t seed; /* chosen per process, so that nobody can prepare names that collide */
};

struct wn_symbols wn_symbols_init(void);
void wn_symbols_fini(struct wn_symbols *symbols);

/** The symbol a token names; NULL if there is none. */
const struct wn_symbol *wn_symbol_find(const struct wn_symbols *symbols,
                                       const struct wn_token *name);

/** Add a symbol that is not there yet; false without memory. */
bool wn_symbol_add(struct wn_symbols *symbols, const struct wn_symbol *symbol);
