/* SPDX-License-Identifier: MIT */
/**
 * Machine code while it is made, from its end to its beginning.
 *
 * Code grows downwards, so when a jump is written everything after it is in
 * place and forward distances are exact. Within one operation code is written
 * forwards, into a *chunk*, which is then put in front of what there is. A
 * place in the code is named by the number of bytes after it.
 *
 * Errors are sticky: whoever writes need not look, whoever finishes must.
 */
#pragma once

#include <assert.h>
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "jit/layout.h"

#define WN_CHUNK_BYTES 188

/** Machine code of one operation; no sequence of any back end is as long. */
struct wn_chunk {
    uint32_t len;
    bool overflow;
    /* Whole words are copied and written, so there is room on both sides of what counts. */
    uint8_t before[16];
    uint8_t bytes[WN_CHUNK_BYTES + 8];
    uint8_t n_steps;
    struct wn_frame_step steps[24]; /* of the frame; the offset is into bytes */
};

/** Append a number of `n` bytes, up to 8, least significant first. */
static inline void wn_chunk_put_le(struct wn_chunk *c, uint64_t value, unsigned n)
{
    uint32_t len = c->len;
    if (len + n > WN_CHUNK_BYTES) {
        c->overflow = true;
        return;
    }
    value = htole64(value);
    memcpy(c->bytes + len, &value, sizeof value);
    c->len = len + n;
}

static inline void wn_chunk_put(struct wn_chunk *c, uint8_t byte)
{
    wn_chunk_put_le(c, byte, 1);
}

/** Note what the instruction before does to the frame. */
static inline void wn_chunk_step(struct wn_chunk *c, enum wn_frame_kind kind, unsigned reg,
                                 int words)
{
    struct wn_frame_step step = {c->len, (uint8_t)kind, (uint8_t)reg, (int8_t)words};
    if (c->n_steps < sizeof c->steps / sizeof c->steps[0])
        c->steps[c->n_steps++] = step;
    else
        c->overflow = true;
}

#define WN_UNPLACED UINT32_MAX

/** A distance that was not known when its field was written. */
struct wn_fixup {
    uint32_t after; /* place behind the field */
    uint32_t label;
    uint8_t kind; /* the back end's */
};

struct wn_code_buf {
    uint8_t *data; /* `cap` bytes, of which the last `len` are code */
    uint32_t cap;
    uint32_t len;
    int error;                /* 0, -ENOMEM, WN_E_LIMIT */
    struct wn_layout *layout; /* takes notes; borrowed; NULL: nobody asks */
    struct {
        uint32_t *data; /* place of each, or WN_UNPLACED */
        size_t len, cap;
    } labels;
    struct {
        struct wn_fixup *data;
        size_t len, cap;
    } fixups;
};

/** Free what a buffer holds; all zero is allowed. */
void wn_buf_fini(struct wn_code_buf *buf);

/** Have room for about so much code; more can follow. */
void wn_buf_reserve(struct wn_code_buf *buf, uint32_t bytes);

/** wn_buf_prepend() where more than a copy is to do: to grow, to take notes, to fail. */
void wn_buf_prepend_slowly(struct wn_code_buf *buf, struct wn_chunk *chunk);

/**
 * Put a chunk in front of the code, and empty it.
 *
 * Most chunks are of a few bytes. They are copied from their end, 16 bytes at a
 * time: what that puts in front of them will be overwritten by what comes next.
 */
static inline void wn_buf_prepend(struct wn_code_buf *buf, struct wn_chunk *chunk)
{
    uint32_t room = buf->cap - buf->len;
    if (room < WN_CHUNK_BYTES + 16 || buf->layout || chunk->overflow) {
        wn_buf_prepend_slowly(buf, chunk);
        return;
    }
    uint8_t *to = buf->data + room;
    const uint8_t *from = chunk->bytes + chunk->len;
    for (int left = (int)chunk->len; left > 0; left -= 16)
        memcpy(to -= 16, from -= 16, 16);
    buf->len += chunk->len;
    chunk->len = 0;
    chunk->n_steps = 0;
}

/** Make `n` labels, numbered from the result, that are not placed yet. */
uint32_t wn_buf_labels(struct wn_code_buf *buf, uint32_t n);

/** Place a label at the code's beginning as it is now. */
static inline void wn_buf_place(struct wn_code_buf *buf, uint32_t label)
{
    if (buf->error)
        return;
    assert(label < buf->labels.len && buf->labels.data[label] == WN_UNPLACED);
    buf->labels.data[label] = buf->len;
}

/** Bytes from the code's beginning as it is now to a label; WN_UNPLACED if it has no place. */
static inline uint32_t wn_buf_distance(const struct wn_code_buf *buf, uint32_t label)
{
    if (buf->error)
        return WN_UNPLACED;
    assert(label < buf->labels.len);
    uint32_t place = buf->labels.data[label];
    return place == WN_UNPLACED ? WN_UNPLACED : buf->len - place;
}

/** Have a field filled in later: the last one of the chunk that is put next. */
void wn_buf_fixup(struct wn_code_buf *buf, uint32_t label, uint8_t kind);

/**
 * Writes a distance into a field of the code.
 *
 * after     the byte behind the field, and where the distance counts from
 * distance  in bytes, negative for backward jumps
 *
 * False if the field cannot hold it.
 */
typedef bool (*wn_patch_fn)(uint8_t *after, uint8_t kind, int64_t distance);

/** Fill in all distances; every label used has been placed. */
void wn_buf_link(struct wn_code_buf *buf, wn_patch_fn patch);

/** Note that what has been put in front since the last line came from a slot. */
void wn_buf_note_line(struct wn_code_buf *buf, uint32_t slot);

static inline void wn_buf_line(struct wn_code_buf *buf, uint32_t slot)
{
    if (buf->layout)
        wn_buf_note_line(buf, slot);
}

/** Note that what has been put in front since the last part is one. */
void wn_buf_part(struct wn_code_buf *buf, enum wn_part_kind kind, uint32_t func);

static inline const uint8_t *wn_buf_code(const struct wn_code_buf *buf)
{
    return buf->data + (buf->cap - buf->len);
}
