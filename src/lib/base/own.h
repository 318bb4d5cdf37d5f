/* SPDX-License-Identifier: MIT */
/**
 * Owning locals: `WN_OWN(free) char *text = ...` is freed when it goes out of
 * scope, unless `wn_give(text)` has passed it on.
 */
#pragma once

#include <stdlib.h>

#define WN_OWN(kind) __attribute__((cleanup(wn_own_##kind)))

/** The value of an owning local, which owns nothing afterwards. */
#define wn_give(var)                                                                               \
    ({                                                                                             \
        __auto_type wn_given = (var);                                                              \
        (var) = NULL;                                                                              \
        wn_given;                                                                                  \
    })

/** Define how an owning local of some type lets go: WN_OWN_BY(prog, struct wn_prog, wn_prog_free)
 */
#define WN_OWN_BY(kind, type, release)                                                             \
    static inline void wn_own_##kind(type **p)                                                     \
    {                                                                                              \
        if (*p)                                                                                    \
            release(*p);                                                                           \
    }

static inline void wn_own_free(void *p)
{
    free(*(void **)p);
}
