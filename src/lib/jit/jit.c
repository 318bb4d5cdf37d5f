/* SPDX-License-Identifier: MIT */
#include "jit/jit.h"

int wn_jit_compile(const struct wn_code *code, struct wn_jit *out, struct wn_error *err)
{
    (void)code;
    (void)out;
    return wn_fail(err, WN_E_NOJIT, WN_NOWHERE, "no compiler for this processor");
}

void wn_jit_fini(struct wn_jit *jit)
{
    *jit = (struct wn_jit){0};
}
