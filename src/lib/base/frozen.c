/* SPDX-License-Identifier: MIT */
#include "base/frozen.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

void *wn_frozen_new(size_t bytes)
{
    if (!bytes)
        return NULL;
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

bool wn_frozen_seal(void *at, size_t bytes)
{
    return mprotect(at, bytes, PROT_READ) == 0;
}

void *wn_frozen_copy(const void *from, size_t bytes)
{
    void *at = wn_frozen_new(bytes);
    if (!at)
        return NULL;
    memcpy(at, from, bytes);
    if (wn_frozen_seal(at, bytes))
        return at;
    wn_frozen_free(at, bytes);
    return NULL;
}

void wn_frozen_free(const void *at, size_t bytes)
{
    if (at)
        munmap((void *)(uintptr_t)at, bytes);
}
