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

static void every_row_has_foreign_bytes(void **state)
{
    (void)state;
    unsigned seen[WN_OPS_ENCODED] = {0};
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
            seen[id]++;
            hold(&f);
        }
        fclose(file);
    }
    for (int id = 0; id < WN_OPS_ENCODED; id++)
        if (!seen[id])
            fail_msg("%s (row %d) has no fixture", wn_rows[id].name, id);
}

int main(int argc, char **argv)
{
    files = argv + 1;
    n_files = argc - 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_foreign_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
