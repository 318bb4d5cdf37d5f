/* SPDX-License-Identifier: MIT */
/**
 * Copies between a map's memory and a caller's. A map's side is aligned to 8
 * bytes, has room up to the next 8, and may be read and written by others at the
 * same time: it is accessed a word at a time, atomically. Whoever has read a word
 * also sees what its writer wrote before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t wn_word_get(const void *at)
{
    return __atomic_load_n((const uint64_t *)at, __ATOMIC_ACQUIRE);
}

static inline void wn_word_set(void *at, uint64_t word)
{
    __atomic_store_n((uint64_t *)at, word, __ATOMIC_RELEASE);
}

/** A caller's next word, of at most `left` bytes and zeros: at least one. */
static inline uint64_t wn_word_from(const uint8_t *from, size_t left)
{
    uint64_t word = 0;
    uint8_t *to = (uint8_t *)&word;
    if (left >= sizeof word) {
        memcpy(&word, from, sizeof word);
        return word;
    }
    if (left & 4)
        memcpy(to, from, 4);
    if (left & 2)
        memcpy(to + (left & 4), from + (left & 4), 2);
    if (left & 1)
        to[left & 6] = from[left & 6];
    return word;
}

struct wn_half {
    uint32_t half;
} __attribute__((packed));

/**
 * As wn_word_from(), for keys that a program has just put together: mostly of fields
 * of 4 bytes, and a load that is wider than the stores before it waits for all of them.
 */
static inline uint64_t wn_word_of_fields(const uint8_t *from, size_t left)
{
    const bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    if (left < 8)
        return wn_word_from(from, left);
    uint64_t first = ((const volatile struct wn_half *)from)->half;
    uint64_t second = ((const volatile struct wn_half *)(from + 4))->half;
    return little ? first | second << 32 : first << 32 | second;
}

/** From the map to the caller. */
static inline void wn_words_out(uint8_t *to, const uint8_t *from, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 8) {
        uint64_t word = wn_word_get(from + at);
        memcpy(to + at, &word, bytes - at < 8 ? bytes - at : 8);
    }
}

/** From the caller to the map. */
static inline void wn_words_in(uint8_t *to, const uint8_t *from, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 8)
        wn_word_set(to + at, wn_word_from(from + at, bytes - at));
}

/** Zeros to the map. */
static inline void wn_words_clear(uint8_t *to, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 8)
        wn_word_set(to + at, 0);
}

/** Bytes with room up to the next word. */
static inline uint64_t wn_words_bytes(uint64_t bytes)
{
    return (bytes + 7) & ~UINT64_C(7);
}
