/* SPDX-License-Identifier: MIT */
#include "verify/tnum.h"

/** Long multiplication: what is known times what is known, and for each bit of `a` that is or may
 * be 1 the bits of `b` that make the product differ from that. */
struct wn_tnum wn_tnum_mul(struct wn_tnum a, struct wn_tnum b)
{
    struct wn_tnum doubt = {0, 0};
    uint64_t any = a.value | a.mask;
    for (uint64_t left = b.mask || a.mask ? any : 0; left; left &= left - 1) {
        unsigned shift = (unsigned)__builtin_ctzll(left);
        uint64_t unsure = a.mask >> shift & 1 ? b.value | b.mask : b.mask;
        doubt = wn_tnum_add(doubt, (struct wn_tnum){0, unsure << shift});
    }
    return wn_tnum_add(wn_tnum_const(a.value * b.value), doubt);
}
