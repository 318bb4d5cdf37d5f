/* SPDX-License-Identifier: MIT */
/**
 * A bounded reader over bytes nobody vouches for. It never reads outside; the
 * first attempt to sets `bad`, after which every read gives zero. So a parser
 * reads a whole structure and asks once whether it was there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wn_reader {
    const uint8_t *data; /* borrowed */
    size_t len;
    size_t pos;
    bool big; /* numbers are big endian */
    bool bad; /* sticky */
};

static inline struct wn_reader wn_reader_init(const void *data, size_t len, bool big)
{
    return (struct wn_reader){.data = data, .len = len, .big = big};
}

/** n bytes at the position, which moves behind them; NULL if they are not there. */
static inline const uint8_t *wn_reader_take(struct wn_reader *r, size_t n)
{
    if (r->bad || n > r->len - r->pos) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *p = r->data + r->pos;
    r->pos += n;
    return p;
}

static inline void wn_reader_seek(struct wn_reader *r, uint64_t pos)
{
    if (pos > r->len)
        r->bad = true;
    else
        r->pos = (size_t)pos;
}

static inline uint64_t wn_reader_uint(struct wn_reader *r, unsigned bytes)
{
    const uint8_t *p = wn_reader_take(r, bytes);
    uint64_t v = 0;
    for (unsigned i = 0; p && i < bytes; i++)
        v |= (uint64_t)p[i] << 8 * (r->big ? bytes - 1 - i : i);
    return v;
}

static inline uint8_t wn_reader_u8(struct wn_reader *r)
{
    return (uint8_t)wn_reader_uint(r, 1);
}

static inline uint16_t wn_reader_u16(struct wn_reader *r)
{
    return (uint16_t)wn_reader_uint(r, 2);
}

static inline uint32_t wn_reader_u32(struct wn_reader *r)
{
    return (uint32_t)wn_reader_uint(r, 4);
}

static inline uint64_t wn_reader_u64(struct wn_reader *r)
{
    return wn_reader_uint(r, 8);
}

/** The terminated string at an offset; NULL if its end is not within the bytes. */
static inline const char *wn_reader_string(const struct wn_reader *r, uint64_t at)
{
    if (at >= r->len || !memchr(r->data + at, 0, r->len - (size_t)at))
        return NULL;
    return (const char *)r->data + at;
}
