/* SPDX-License-Identifier: MIT */
#include "jit/layout.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/vec.h"

void wn_layout_fini(struct wn_layout *layout)
{
    free(layout->lines.data);
    free(layout->parts.data);
    free(layout->steps.data);
    *layout = (struct wn_layout){0};
}

bool wn_layout_line(struct wn_layout *layout, uint32_t place, uint32_t slot)
{
    struct wn_code_line *lines = layout->lines.data;
    size_t n = layout->lines.len;
    if (place == (n ? lines[n - 1].offset : 0))
        return true;
    if (n && lines[n - 1].slot == slot) {
        lines[n - 1].offset = place;
        return true;
    }
    return wn_vec_push(&layout->lines, (struct wn_code_line){place, slot});
}

bool wn_layout_part(struct wn_layout *layout, uint32_t place, enum wn_part_kind kind, uint32_t func)
{
    size_t n = layout->parts.len;
    uint32_t behind = n ? layout->parts.data[n - 1].offset : 0;
    if (place == behind)
        return true;
    return wn_vec_push(&layout->parts, (struct wn_part){place, place - behind, func, kind});
}

bool wn_layout_step(struct wn_layout *layout, struct wn_frame_step step)
{
    return wn_vec_push(&layout->steps, step);
}

#define TURN(vec, bytes)                                                                           \
    do {                                                                                           \
        for (size_t i = 0; i < (vec).len; i++)                                                     \
            (vec).data[i].offset = (bytes) - (vec).data[i].offset;                                 \
        for (size_t i = 0; i < (vec).len / 2; i++) {                                               \
            __auto_type other = (vec).data[i];                                                     \
            (vec).data[i] = (vec).data[(vec).len - 1 - i];                                         \
            (vec).data[(vec).len - 1 - i] = other;                                                 \
        }                                                                                          \
    } while (0)

void wn_layout_finish(struct wn_layout *layout, uint32_t bytes)
{
    TURN(layout->lines, bytes);
    TURN(layout->parts, bytes);
    TURN(layout->steps, bytes);
}

void wn_part_name(const struct wn_part *part, const char *name, const struct wn_code *code,
                  char out[WN_PART_NAME])
{
    const int most = WN_PART_NAME - 20;
    switch (part->kind) {
    case WN_PART_FUNC:
        if (part->func)
            snprintf(out, WN_PART_NAME, "%.*s.f%u", most, name, code->funcs[part->func].first_slot);
        else
            snprintf(out, WN_PART_NAME, "%.*s", most, name);
        break;
    case WN_PART_ENTRY: snprintf(out, WN_PART_NAME, "%.*s.entry", most, name); break;
    case WN_PART_COLD: snprintf(out, WN_PART_NAME, "%.*s.cold", most, name); break;
    }
}
