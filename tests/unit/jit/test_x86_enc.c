/* SPDX-License-Identifier: MIT */
#include "jit/x86_enc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { W32 = false, W64 = true };
#define M(base, disp) ((struct x86_mem){(base), (disp)})

static void same(const struct wn_chunk *c, const char *text, const char *hex)
{
    char got[2 * sizeof c->bytes + 1] = "";
    for (uint32_t i = 0; i < c->len; i++)
        snprintf(got + 2 * i, 3, "%02x", c->bytes[i]);
    if (c->overflow || strcmp(got, hex))
        fail_msg("%s is %s, not %s", text, hex, got);
}

static void instructions_are_those_of_the_gnu_assembler(void **state)
{
    (void)state;
    struct wn_chunk chunk = {0}, *c = &chunk;
#define E(call, text, hex)                                                                         \
    c->len = 0;                                                                                    \
    call;                                                                                          \
    same(c, text, hex);
#include "x86_enc.def"
#undef E
}

static void short_jumps_land_at_the_end(void **state)
{
    (void)state;
    struct wn_chunk c = {0};
    x86_jcc8(&c, X86_E, 0);
    uint32_t from = c.len;
    x86_ret(&c, 8);
    x86_land8(&c, from);
    same(&c, "je over ret", "7403c20800");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_are_those_of_the_gnu_assembler),
        cmocka_unit_test(short_jumps_land_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
