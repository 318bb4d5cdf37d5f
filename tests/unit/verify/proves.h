/* SPDX-License-Identifier: MIT */
/** What the verifier makes of single instructions of a program. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <winnow/map.h>
#include <winnow/prog.h>
#include <winnow/text.h>

#include "isa/code.h"
#include "prog/prog.h"

/** Maps of all programs, by number. */
enum { HASH, ONE, PROGS, MANY, HIDDEN, FROZEN, PROVES_MAPS };
static const struct wn_map_opts proves_maps[PROVES_MAPS] = {
    [HASH] = {WN_MAP_HASH, 4, 16, 8, WN_MAP_ZERO_SEED, 1, 0, "hash"},
    [ONE] = {WN_MAP_ARRAY, 4, 64, 1, 0, 1, 0, "one"},
    [PROGS] = {WN_MAP_PROG_ARRAY, 4, 4, 4, 0, 1, 0, "progs"},
    [MANY] = {WN_MAP_ARRAY, 4, 24, 4, 0, 1, 0, "many"},
    [HIDDEN] = {WN_MAP_ARRAY, 4, 16, 1, WN_MAP_WRONLY_PROG, 1, 0, "hidden"},
    [FROZEN] = {WN_MAP_ARRAY, 4, 16, 1, WN_MAP_RDONLY_PROG, 1, 0, "frozen"},
};

#define PROVES_MOST 32

/** A program with marks before instructions that are asked about. */
struct asked {
    char *text;                  /* without the marks */
    uint32_t slots[PROVES_MOST]; /* of those */
    unsigned n;
};

/** Take the question marks out; what stands behind one is asked about. A wide instruction ends in
 * "ll". */
static inline struct asked ask(const char *program)
{
    struct asked a = {.text = calloc(1, strlen(program) + 2)};
    char *to = a.text;
    uint32_t slot = 0;
    assert_non_null(a.text);
    for (const char *line = program; *line;) {
        size_t len = strcspn(line, "\n;");
        const char *colon = memchr(line, ':', len);
        const char *first = colon ? colon + 1 : line;
        first += strspn(first, " ");
        bool any = first < line + len;
        if (any && *first == '?') {
            assert_true(a.n < PROVES_MOST);
            a.slots[a.n++] = slot;
        }
        for (size_t i = 0; i < len; i++)
            if (line[i] != '?')
                *to++ = line[i];
        *to++ = '\n';
        slot += any;
        slot += any && len > 2 && !memcmp(line + len - 2, "ll", 2);
        line += len + (line[len] != 0);
    }
    return a;
}

static inline void proves_make_maps(struct wn_map *maps[PROVES_MAPS])
{
    const uint32_t key = 0;
    const uint64_t value[2] = {3, 5};
    for (unsigned i = 0; i < PROVES_MAPS; i++)
        assert_int_equal(wn_map_new(&proves_maps[i], &maps[i], NULL), 0);
    assert_int_equal(wn_map_update(maps[FROZEN], &key, value, 0), 0);
    assert_int_equal(wn_map_freeze(maps[FROZEN]), 0);
}

/** Of an instruction: '+' proved, 'p' guarded by the packet alone, '-' neither. */
static inline char mark_of(const struct wn_code *code, uint32_t slot)
{
    switch ((enum wn_mark)code->mark[slot]) {
    case WN_MARK_PROVED:
    case WN_MARK_FIELD:
    case WN_MARK_DATA:
    case WN_MARK_META:
    case WN_MARK_END: return '+';
    case WN_MARK_PACKET: return 'p';
    case WN_MARK_NONE: break;
    }
    return '-';
}

/** Make a program: 0, or WN_E_REJECTED. */
static inline int proves_load(enum wn_prog_type type, enum wn_engine engine, const struct asked *a,
                              struct wn_prog **out)
{
    struct wn_map *maps[PROVES_MAPS] = {0};
    struct wn_slot *slots = NULL;
    struct wn_error err = {0};
    size_t n = 0;
    if (wn_assemble(a->text, strlen(a->text), NULL, &slots, &n, &err))
        fail_msg("line %u: %s\n%s", err.at, err.text, a->text);
    proves_make_maps(maps);
    const struct wn_prog_opts opts = {
        .engine = engine, .type = type, .maps = maps, .n_maps = PROVES_MAPS};
    int r = wn_prog_new(slots, n, &opts, out, &err);
    if (r && r != WN_E_REJECTED)
        fail_msg("%u: %s\n%s", err.at, err.text, a->text);
    if (getenv("PROVES_SAY"))
        print_message("%u: %s\n%s\n", err.at, err.text, a->text);
    for (unsigned i = 0; i < PROVES_MAPS; i++)
        wn_map_free(maps[i]);
    free(slots);
    return r;
}

/** What is known of a program that is not refused. */
static inline struct wn_prog_info proves_info(enum wn_prog_type type, const char *program)
{
    struct asked a = ask(program);
    struct wn_prog *prog = NULL;
    struct wn_prog_info info;
    if (proves_load(type, WN_ENGINE_INTERP, &a, &prog))
        fail_msg("refused: %s", a.text);
    wn_prog_info(prog, &info);
    wn_prog_free(prog);
    free(a.text);
    return info;
}

/**
 * What becomes of each instruction with a question mark, in their order; "refused" if the program
 * is refused. Lives until the next call.
 */
static inline const char *proves(enum wn_prog_type type, const char *program)
{
    static char result[PROVES_MOST + 1];
    struct asked a = ask(program);
    struct wn_prog *prog = NULL;
    int r = proves_load(type, WN_ENGINE_REFERENCE, &a, &prog);
    strcpy(result, "refused");
    for (unsigned i = 0; r == 0 && i < a.n; i++) {
        result[i] = mark_of(prog->decoded, a.slots[i]);
        result[i + 1] = '\0';
    }
    wn_prog_free(prog);
    free(a.text);
    return result;
}
