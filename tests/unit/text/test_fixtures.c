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

enum { MOST_SLOTS = 2 };

static char *const *files;
static int n_files;

/** One line of a file: its slots, what they read as; 0 slots for a line that is a comment. */
struct fixture {
    struct wn_slot slots[MOST_SLOTS];
    size_t count;
    char *text;
};

static struct fixture parse(char *line)
{
    struct fixture f = {0};
    uint8_t bytes[MOST_SLOTS * WN_SLOT_BYTES];
    size_t n = 0;
    char *tab = strchr(line, '\t');
    line[strcspn(line, "\n")] = 0;
    if (line[0] == '#' || line[0] == 0)
        return f;
    assert_non_null(tab);
    for (char *at = line; at < tab; n++) {
        assert_true(n < sizeof bytes);
        bytes[n] = (uint8_t)strtoul(at, &at, 16);
    }
    assert_true(n == WN_SLOT_BYTES || n == sizeof bytes);
    f.count = n / WN_SLOT_BYTES;
    for (size_t i = 0; i < f.count; i++) {
        const uint8_t *b = &bytes[i * WN_SLOT_BYTES];
        f.slots[i] = wn_slot(
            b[0], b[1] & 15, b[1] >> 4, (int16_t)(b[2] | b[3] << 8),
            (int32_t)(b[4] | (uint32_t)b[5] << 8 | (uint32_t)b[6] << 16 | (uint32_t)b[7] << 24));
    }
    f.text = tab + 1;
    f.text[strcspn(f.text, "\t")] = 0;
    return f;
}

/** Both texts of the slots, and each of them back to slots. */
static void hold(const struct fixture *f)
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
            struct fixture f = parse(line);
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
