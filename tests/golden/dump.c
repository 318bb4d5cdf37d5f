/* SPDX-License-Identifier: MIT */
/** dump x86|a64 FILE.s: the machine code of a program, to standard output. Every helper is the
 * same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/text.h>

#include "isa/decode.h"
#include "jit/backend.h"
#include "opt/lower.h"
#include "verify/flow.h"

static uint64_t helper(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                       struct wn_run *run)
{
    (void)run;
    return r1 + r2 + r3 + r4 + r5;
}

static int lowered(const char *text, size_t len, struct wn_code **out, struct wn_error *err)
{
    struct wn_slot *slots = NULL;
    struct wn_code *decoded = NULL;
    size_t count = 0;
    int r = wn_assemble(text, len, NULL, &slots, &count, err);
    if (r == 0)
        r = wn_decode(slots, count, &decoded, err);
    if (r == 0)
        r = wn_flow_check(decoded, err);
    if (r == 0) {
        decoded->n_calls = 1;
        static const struct wn_call call = {.fn = helper};
        decoded->calls = &call;
        r = wn_lower(decoded, out, err);
    }
    wn_code_free(decoded);
    free(slots);
    return r;
}

int main(int argc, char **argv)
{
    static char text[65536];
    FILE *f = argc == 3 ? fopen(argv[2], "r") : NULL;
    if (!f)
        return 2;
    bool a64 = !strcmp(argv[1], "a64");
    size_t len = fread(text, 1, sizeof text, f);
    fclose(f);
    struct wn_error err = {0};
    struct wn_code *code = NULL;
    struct wn_code_buf buf = {0};
    int r = lowered(text, len, &code, &err);
    if (r == 0)
        r = a64 ? wn_jit_emit(&wn_backend_a64, code, WN_A64_LSE, &buf, &err)
                : wn_jit_emit(&wn_backend_x86, code, WN_X86_BMI2, &buf, &err);
    if (r)
        fprintf(stderr, "%s: %u: %s\n", argv[2], err.at, err.text);
    else
        fwrite(wn_buf_code(&buf), 1, buf.len, stdout);
    wn_buf_fini(&buf);
    wn_code_free(code);
    return r != 0;
}
