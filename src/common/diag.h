/* SPDX-License-Identifier: MIT */
/**
 * What is wrong with a configuration or a program, as a compiler would say it.
 * All of it is collected, so that one run names every mistake.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct wn_error;

/** Stable codes: C001 and so on for configuration, P100 and so on for programs. */
enum diag_code {
#define D(code, ...) DIAG_##code,
#include "common/diag.def"
#undef D
    DIAG_CODES
};

/** The instruction that a message about a program is about; all zero is none. */
struct diag_insn {
    uint32_t slot;
    char *text;   /* as the disassembler writes it; NULL: there is none. Strings are owned */
    char *source; /* "web.c:31"; NULL: unknown */
    char *line;   /* what stands there; NULL: unknown */
};

struct diag {
    enum diag_code code;
    bool warning;    /* else an error */
    char *file;      /* NULL: none; these strings belong to the list */
    unsigned line;   /* 0: none */
    unsigned column; /* 0: none */
    char *section;   /* "output disk"; NULL: none */
    char *key;       /* NULL: none */
    char *message;
    char *hint; /* what to do; NULL: none */
    struct diag_insn insn;
};

/** Zero is an empty list; diag_fini() lets go of it. */
struct diag_list {
    struct diag *items;
    size_t count, cap;
    size_t errors, warnings;
};

/** Where something is; borrowed for one call. Zero is nowhere. */
struct diag_place {
    const char *file, *section, *key;
    unsigned line, column;
};

/** Add an error or (by the code's row) a warning. Without memory only the counts change. */
void diag_add(struct diag_list *list, enum diag_code code, struct diag_place at, const char *hint,
              const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/**
 * Add what the library said of a program or expression.
 *
 * insn   the instruction of err->at, whose message ends with a hint after "; "; copied. NULL, or
 *        without text: none is known
 */
void diag_add_error(struct diag_list *list, enum diag_code code, struct diag_place at,
                    const struct diag_insn *insn, const struct wn_error *err);

/** Let go of the strings; the structure is all zero afterwards. */
void diag_insn_fini(struct diag_insn *insn);

/**
 * Take a sentence about an instruction apart.
 *
 * text    what the library said; ends where its hint begins afterwards, and without its place in
 *         the source if that is insn->source
 *
 * Returns the hint, which is behind the end of text; NULL: there is none.
 */
char *diag_split(char *text, const struct diag_insn *insn);

/**
 * An instruction as it stands under a message, "57: r0 = *(u8 *)(r1 + 2)    ; web.c:31  return
 * p[2]".
 *
 * text, source, line   as in struct diag_insn; source and line may be NULL or ""
 *
 * Returns a string to be freed; NULL without memory.
 */
char *diag_insn_print(uint32_t slot, const char *text, const char *source, const char *line);

void diag_fini(struct diag_list *list);

/** "C012" */
const char *diag_code_name(enum diag_code code);

/**
 * Print one a line, `file:line:column: error[C012]: [section] key: message`, hints as `; hint`; an
 * instruction on a line of its own, and then the hint as well. What stands in no file begins with
 * the program's name, as any message to a terminal.
 */
void diag_print(const struct diag_list *list, FILE *to);
