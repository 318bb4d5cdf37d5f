/* SPDX-License-Identifier: MIT */
#include "jit/bytes.h"

#include <stdlib.h>
#include <string.h>

void wn_bytes_put(struct wn_bytes *b, const void *from, size_t n)
{
    if (!b->failed && b->cap - b->len < n) {
        size_t cap = 2 * (b->len + n) + 256;
        uint8_t *data = realloc(b->data, cap);
        b->failed = !data;
        if (data) {
            b->data = data;
            b->cap = cap;
        }
    }
    if (b->failed || !n)
        return;
    memcpy(b->data + b->len, from, n);
    b->len += n;
}

void wn_bytes_u8(struct wn_bytes *b, uint8_t value)
{
    wn_bytes_put(b, &value, sizeof value);
}

void wn_bytes_u16(struct wn_bytes *b, uint16_t value)
{
    wn_bytes_put(b, &value, sizeof value);
}

void wn_bytes_u32(struct wn_bytes *b, uint32_t value)
{
    wn_bytes_put(b, &value, sizeof value);
}

void wn_bytes_u64(struct wn_bytes *b, uint64_t value)
{
    wn_bytes_put(b, &value, sizeof value);
}

void wn_bytes_text(struct wn_bytes *b, const char *text)
{
    wn_bytes_put(b, text, strlen(text) + 1);
}

void wn_bytes_uleb(struct wn_bytes *b, uint64_t value)
{
    for (; value > 127; value >>= 7)
        wn_bytes_u8(b, (uint8_t)(value | 128));
    wn_bytes_u8(b, (uint8_t)value);
}

void wn_bytes_sleb(struct wn_bytes *b, int64_t value)
{
    for (; value < -64 || value > 63; value >>= 7)
        wn_bytes_u8(b, (uint8_t)(value | 128));
    wn_bytes_u8(b, (uint8_t)(value & 127));
}

void wn_bytes_pad(struct wn_bytes *b, size_t from, size_t unit, uint8_t fill)
{
    while (!b->failed && (b->len - from) % unit)
        wn_bytes_u8(b, fill);
}

void wn_bytes_set32(struct wn_bytes *b, size_t at, uint32_t value)
{
    if (!b->failed)
        memcpy(b->data + at, &value, sizeof value);
}
