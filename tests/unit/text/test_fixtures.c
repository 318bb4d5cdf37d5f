/* SPDX-License-Identifier: MIT */
/*
 * Every row of isa.def against bytes that were not made from it: tests/data/raw, given as
 * arguments.
 */
#include <winnow/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "isa/decode.h"

#include "../raw_fixture.h"

static char *const *files;
static int n_files;

/** Both texts of the slots, and each of them back to slots. */
static void hold(const struct raw_fixture *f)
{
    for (int dialect = WN_DIALECT_KERNEL; dialect <= WN_DIALECT_MNEMONIC; dialect++) {
        struct wn_text_opts opts = {.dialect = (enum wn_dialect)dialect};
        struct wn_error err = {0};
        struct wn_slot *again = NULL;
        size_t count = 0;
        char *text = NULL;
        if (wn_disassemble(f->slots, f->count, &opts, &text, &err))
            fail_msg("%s: %s", f->text, err.text);
        if (dialect == WN_DIALECT_KERNEL) {
            text[strcspn(text, "\n")] = 0;
            assert_string_equal(text, f->text);
        }
        if (wn_assemble(text, strlen(text), &opts, &again, &count, &err))
            fail_msg("%s: %s", text, err.text);
        assert_int_equal(count, f->count);
        assert_memory_equal(again, f->slots, count * sizeof *again);
        free(again);
        free(text);
    }
}

/** How many fixtures each row has: all, and those that compilers emitted. */
static struct {
    unsigned all, compiled;
} seen[WN_OPS_ENCODED];

static void every_fixture_reads_as_its_text(void **state)
{
    (void)state;
    for (int i = 0; i < n_files; i++) {
        FILE *file = fopen(files[i], "r");
        char line[256];
        assert_non_null(file);
        while (fgets(line, sizeof line, file)) {
            struct raw_fixture f = raw_fixture_parse(line);
            if (f.count == 0)
                continue;
            struct wn_error err = {0};
            int id = wn_slot_row(f.slots[0], 0, &err);
            if (id < 0)
                fail_msg("%s: %s", f.text, err.text);
            seen[id].all++;
            seen[id].compiled += f.compiled;
            hold(&f);
        }
        fclose(file);
    }
}

static void every_row_has_foreign_bytes(void **state)
{
    (void)state;
    for (int id = 0; id < WN_OPS_ENCODED; id++)
        if (!seen[id].all)
            fail_msg("%s (row %d) has no fixture", wn_rows[id].name, id);
}

/**
 * Rows that clang 14 to 19 does not emit from tests/data/clang: some it has another instruction for
 * (it adds -5 and compares with > 4), some belong to the other byte order, to maps or to loaders.
 */
static const enum wn_op_id never_compiled[] = {
    WN_OP_SUB64_K,       WN_OP_SMOD64_X,  WN_OP_MOVSX8_64, WN_OP_MOVSX16_64, WN_OP_SUB32_K,
    WN_OP_MOD32_X,       WN_OP_SMOD32_X,  WN_OP_LE16,      WN_OP_LE32,       WN_OP_LE64,
    WN_OP_MAP_FD,        WN_OP_MAP_VALUE, WN_OP_VAR,       WN_OP_FUNC,       WN_OP_MAP_IDX,
    WN_OP_MAP_IDX_VALUE, WN_OP_LDSX_W,    WN_OP_JA32,      WN_OP_JGE64_K,    WN_OP_JSET64_K,
    WN_OP_JSGE64_K,      WN_OP_JLE64_K,   WN_OP_JSLE64_K,  WN_OP_JSET64_X,   WN_OP_JGE32_K,
    WN_OP_JSET32_K,      WN_OP_JSGE32_K,  WN_OP_JLE32_K,   WN_OP_JSLE32_K,   WN_OP_JSET32_X,
    WN_OP_CALL_BTF,
};

static void compilers_emit_all_rows_but_these(void **state)
{
    (void)state;
    for (int id = 0; id < WN_OPS_ENCODED; id++) {
        bool never = false;
        for (size_t i = 0; i < sizeof never_compiled / sizeof *never_compiled; i++)
            never |= never_compiled[i] == (enum wn_op_id)id;
        if (never != !seen[id].compiled)
            fail_msg("%s %s (row %d) has %u fixtures of compilers", wn_rows[id].name,
                     wn_rows[id].sym, id, seen[id].compiled);
    }
}

int main(int argc, char **argv)
{
    files = argv + 1;
    n_files = argc - 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fixture_reads_as_its_text),
        cmocka_unit_test(every_row_has_foreign_bytes),
        cmocka_unit_test(compilers_emit_all_rows_but_these),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
