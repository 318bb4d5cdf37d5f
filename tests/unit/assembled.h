/* SPDX-License-Identifier: MIT */
/** Decoded code from assembly, for tests of what comes after the decoder. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <winnow/text.h>

#include "isa/code.h"
#include "isa/decode.h"

/**
 * A semicolon ends a line here. Never NULL; the caller frees it with
 * wn_code_free().
 */
static inline struct wn_code *assembled(const char *program)
{
    char text[1024];
    assert_true(strlen(program) < sizeof text);
    strcpy(text, program);
    for (char *p = text; *p; p++)
        if (*p == ';')
            *p = '\n';
    struct wn_slot *slots = NULL;
    size_t n = 0;
    struct wn_code *code = NULL;
    struct wn_error err = {0};
    if (wn_assemble(text, strlen(text), NULL, &slots, &n, &err) || wn_decode(slots, n, &code, &err))
        fail_msg("%s (%u): %s", err.text, err.at, text);
    free(slots);
    return code;
}
