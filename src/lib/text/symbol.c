/* SPDX-License-Identifier: MIT */
#include "text/symbol.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

struct wn_symbols wn_symbols_init(void)
{
    struct wn_symbols s = {0};
    const void *random = (const void *)getauxval(AT_RANDOM); /* 16 bytes, without a system call */
    if (random)
        memcpy(&s.seed, random, sizeof s.seed);
    return s;
}

void wn_symbols_fini(struct wn_symbols *symbols)
{
    free(symbols->slots);
}

static uint64_t hash(uint64_t seed, const char *name, size_t len)
{
    uint64_t h = seed ^ len;
    for (size_t i = 0; i < len; i++) {
        h = (h ^ (uint8_t)name[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return h ^ h >> 32;
}

static struct wn_symbol *place_of(const struct wn_symbols *symbols, const char *name, size_t len)
{
    size_t mask = symbols->size - 1;
    size_t i = (size_t)hash(symbols->seed, name, len) & mask;
    while (symbols->slots[i].name &&
           (symbols->slots[i].len != len || memcmp(symbols->slots[i].name, name, len) != 0))
        i = (i + 1) & mask;
    return &symbols->slots[i];
}

const struct wn_symbol *wn_symbol_find(const struct wn_symbols *symbols,
                                       const struct wn_token *name)
{
    if (symbols->size == 0 || name->kind != WN_TOKEN_WORD)
        return NULL;
    const struct wn_symbol *found = place_of(symbols, name->text, name->len);
    return found->name ? found : NULL;
}

static bool grow(struct wn_symbols *symbols)
{
    struct wn_symbols larger = *symbols;
    larger.size = symbols->size ? symbols->size * 2 : 32;
    larger.slots = calloc(larger.size, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < symbols->size; i++) {
        const struct wn_symbol *s = &symbols->slots[i];
        if (s->name)
            *place_of(&larger, s->name, s->len) = *s;
    }
    free(symbols->slots);
    *symbols = larger;
    return true;
}

bool wn_symbol_add(struct wn_symbols *symbols, const struct wn_symbol *symbol)
{
    if (symbols->used * 2 >= symbols->size && !grow(symbols))
        return false;
    *place_of(symbols, symbol->name, symbol->len) = *symbol;
    symbols->used++;
    return true;
}
