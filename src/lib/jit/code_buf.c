/* SPDX-License-Identifier: MIT */
#include "jit/code_buf.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/err.h>

#include "base/vec.h"

/* Far above what a million slots need, far below where a distance of 32 bits ends. */
#define LARGEST  (UINT32_C(1) << 30)
#define SMALLEST 4096u

void wn_buf_fini(struct wn_code_buf *buf)
{
    free(buf->data);
    free(buf->labels.data);
    free(buf->fixups.data);
}

/** Move the code to the end of a larger room. */
static void grow(struct wn_code_buf *buf, uint32_t cap)
{
    if (cap > LARGEST) {
        buf->error = WN_E_LIMIT;
        return;
    }
    uint8_t *data = malloc(cap);
    if (!data) {
        buf->error = -ENOMEM;
        return;
    }
    if (buf->len)
        memcpy(data + (cap - buf->len), wn_buf_code(buf), buf->len);
    free(buf->data);
    buf->data = data;
    buf->cap = cap;
}

/** Where in the code the steps of its newest chunk are. */
static void note_steps(struct wn_code_buf *buf, const struct wn_chunk *chunk)
{
    for (unsigned i = chunk->n_steps; i-- > 0 && !buf->error;) {
        struct wn_frame_step step = chunk->steps[i];
        step.offset = buf->len - step.offset;
        if (!wn_layout_step(buf->layout, step))
            buf->error = -ENOMEM;
    }
}

void wn_buf_reserve(struct wn_code_buf *buf, uint32_t bytes)
{
    if (!buf->error && buf->cap < bytes && bytes <= LARGEST)
        grow(buf, bytes);
}

void wn_buf_prepend_slowly(struct wn_code_buf *buf, struct wn_chunk *chunk)
{
    assert(!chunk->overflow);
    if (chunk->overflow && !buf->error)
        buf->error = WN_E_LIMIT;
    if (!buf->error && buf->cap - buf->len < WN_CHUNK_BYTES + 16)
        grow(buf, buf->cap ? 2 * buf->cap : SMALLEST);
    if (!buf->error) {
        buf->len += chunk->len;
        memcpy(buf->data + (buf->cap - buf->len), chunk->bytes, chunk->len);
    }
    if (buf->layout)
        note_steps(buf, chunk);
    chunk->len = 0;
    chunk->n_steps = 0;
}

uint32_t wn_buf_labels(struct wn_code_buf *buf, uint32_t n)
{
    uint32_t first = (uint32_t)buf->labels.len;
    if (!buf->error && buf->labels.cap - first < n &&
        !wn_vec_grow((void **)&buf->labels.data, &buf->labels.cap, first + n,
                     sizeof *buf->labels.data))
        buf->error = -ENOMEM;
    if (!buf->error) {
        memset(buf->labels.data + first, 0xff, n * sizeof *buf->labels.data);
        buf->labels.len += n;
    }
    return first;
}

void wn_buf_fixup(struct wn_code_buf *buf, uint32_t label, uint8_t kind)
{
    struct wn_fixup f = {.after = buf->len, .label = label, .kind = kind};
    if (!buf->error && !wn_vec_push(&buf->fixups, f))
        buf->error = -ENOMEM;
}

void wn_buf_note_line(struct wn_code_buf *buf, uint32_t slot)
{
    if (!buf->error && !wn_layout_line(buf->layout, buf->len, slot))
        buf->error = -ENOMEM;
}

void wn_buf_part(struct wn_code_buf *buf, enum wn_part_kind kind, uint32_t func)
{
    if (buf->layout && !buf->error && !wn_layout_part(buf->layout, buf->len, kind, func))
        buf->error = -ENOMEM;
}

void wn_buf_link(struct wn_code_buf *buf, wn_patch_fn patch)
{
    for (size_t i = 0; i < buf->fixups.len && !buf->error; i++) {
        const struct wn_fixup *f = &buf->fixups.data[i];
        uint32_t place = buf->labels.data[f->label];
        assert(place != WN_UNPLACED);
        if (!patch(buf->data + (buf->cap - f->after), f->kind, (int64_t)f->after - place))
            buf->error = WN_E_LIMIT;
    }
}
