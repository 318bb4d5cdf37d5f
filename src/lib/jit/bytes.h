/* SPDX-License-Identifier: MIT */
/** Binary formats in memory, in this machine's byte order. Its error is sticky. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** All zero is empty; data is freed with free(). */
struct wn_bytes {
    uint8_t *data;
    size_t len, cap;
    bool failed; /* without memory: what is written from then on is lost */
};

/** Append n bytes. */
void wn_bytes_put(struct wn_bytes *b, const void *from, size_t n);

void wn_bytes_u8(struct wn_bytes *b, uint8_t value);
void wn_bytes_u16(struct wn_bytes *b, uint16_t value);
void wn_bytes_u32(struct wn_bytes *b, uint32_t value);
void wn_bytes_u64(struct wn_bytes *b, uint64_t value);

/** Append a text with its end. */
void wn_bytes_text(struct wn_bytes *b, const char *text);

/** Numbers of variable length, as DWARF 4 has them in 7.6. */
void wn_bytes_uleb(struct wn_bytes *b, uint64_t value);
void wn_bytes_sleb(struct wn_bytes *b, int64_t value);

/** Append `fill` up to a multiple of `unit` behind `from`. */
void wn_bytes_pad(struct wn_bytes *b, size_t from, size_t unit, uint8_t fill);

/** Put a number over what is at `at`. */
void wn_bytes_set32(struct wn_bytes *b, size_t at, uint32_t value);
