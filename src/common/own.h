/* SPDX-License-Identifier: MIT */
/**
 * Owning locals for the programs: `OWN(free) char *text = ...` is freed when it
 * goes out of scope, unless `give(text)` has passed it on. (The library has the
 * same for itself; its private headers stay private.)
 */
#pragma once

#include <stdlib.h>

#define OWN(kind) __attribute__((cleanup(own_##kind)))

/** The value of an owning local, which owns nothing afterwards. */
#define give(var)                                                                                  \
    ({                                                                                             \
        __auto_type given_ = (var);                                                                \
        (var) = NULL;                                                                              \
        given_;                                                                                    \
    })

/** Define how an owning local of some type lets go: OWN_BY(conf, struct conf, conf_free) */
#define OWN_BY(kind, type, release)                                                                \
    static inline void own_##kind(type **p)                                                        \
    {                                                                                              \
        if (*p)                                                                                    \
            release(*p);                                                                           \
    }

static inline void own_free(void *p)
{
    free(*(void **)p);
}
