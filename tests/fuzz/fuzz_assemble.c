/* SPDX-License-Identifier: MIT */
/**
 * Any bytes as text, and any bytes as slots: no crash; what assembles can be
 * written in each dialect and means the same afterwards.
 */
#include <winnow/text.h>

#include <stdlib.h>
#include <string.h>

#include "base/own.h"

enum { MOST_TEXT = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(int holds)
{
    if (!holds)
        abort();
}

/** Every way to write the slots, and each text back to the same. */
static void go_round(const struct wn_slot *slots, size_t n)
{
    for (unsigned k = 0; k < 8; k++) {
        struct wn_text_opts opts = {.dialect = k & 1 ? WN_DIALECT_MNEMONIC : WN_DIALECT_KERNEL,
                                    .labels = k >> 1 & 1,
                                    .numbers = k >> 2};
        WN_OWN(free) char *text = NULL;
        WN_OWN(free) struct wn_slot *again = NULL;
        size_t count = 0;
        struct wn_error err;
        must(wn_disassemble(slots, n, &opts, &text, &err) == 0);
        must(wn_assemble(text, strlen(text), NULL, &again, &count, &err) == 0);
        must(count == n && memcmp(again, slots, n * sizeof *slots) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len > MOST_TEXT)
        return 0;
    for (int dialect = WN_DIALECT_AUTO; dialect <= WN_DIALECT_MNEMONIC; dialect++) {
        struct wn_text_opts opts = {.dialect = (enum wn_dialect)dialect};
        WN_OWN(free) struct wn_slot *slots = NULL;
        size_t count = 0;
        struct wn_error err = {0};
        int r = wn_assemble((const char *)data, len, &opts, &slots, &count, &err);
        must(r == 0 || (r == WN_E_SYNTAX && r == err.code && err.at && err.column && err.text[0]));
        if (r == 0)
            go_round(slots, count);
    }

    size_t n = len / sizeof(struct wn_slot);
    WN_OWN(free) struct wn_slot *slots = malloc(n * sizeof *slots + 1);
    WN_OWN(free) char *text = NULL;
    must(slots != NULL);
    memcpy(slots, data, n * sizeof *slots);
    if (wn_disassemble(slots, n, NULL, &text, NULL) == 0)
        go_round(slots, n);
    return 0;
}
