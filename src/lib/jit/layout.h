/* SPDX-License-Identifier: MIT */
/**
 * What lies where in machine code, noted while it is made if somebody asks.
 *
 * Code grows downwards, so while it grows a place is the number of bytes after
 * it, and lists run backwards; wn_layout_finish() turns both round.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/debug.h>

#include "isa/code.h"

/** Stretches of code that tools call by one name each. */
enum wn_part_kind {
    WN_PART_FUNC,
    WN_PART_ENTRY, /* what calls the main function, if that is a function */
    WN_PART_COLD,  /* stubs, thunks, faults */
};

struct wn_part {
    uint32_t offset;
    uint32_t bytes;
    uint32_t func; /* WN_PART_FUNC: its number */
    enum wn_part_kind kind;
};

/** What an instruction does to the stack frame, behind which it stands. */
enum wn_frame_kind {
    WN_FRAME_GROWS,    /* by `words`; negative: it shrinks */
    WN_FRAME_SAVED,    /* `reg` of the caller lies `words` above the stack pointer */
    WN_FRAME_RESTORED, /* `reg` is the caller's again */
    WN_FRAME_LEAVING,  /* from here on the frame is taken down */
    WN_FRAME_LEFT,     /* what follows has the frame as it was before that */
};

struct wn_frame_step {
    uint32_t offset;
    uint8_t kind; /* enum wn_frame_kind */
    uint8_t reg;  /* the machine's number of it */
    int8_t words;
};

struct wn_layout {
    struct {
        struct wn_code_line *data;
        size_t len, cap;
    } lines;
    struct {
        struct wn_part *data;
        size_t len, cap;
    } parts;
    struct {
        struct wn_frame_step *data;
        size_t len, cap;
    } steps;
};

/** Free what a layout holds; all zero is allowed. */
void wn_layout_fini(struct wn_layout *layout);

/** Note that code down to a place came from a slot; false without memory. */
bool wn_layout_line(struct wn_layout *layout, uint32_t place, uint32_t slot);

/** Note that a part begins at a place; false without memory. */
bool wn_layout_part(struct wn_layout *layout, uint32_t place, enum wn_part_kind kind,
                    uint32_t func);

/** Note a step of the frame; false without memory. */
bool wn_layout_step(struct wn_layout *layout, struct wn_frame_step step);

/** All code is there, `bytes` of it: turn places into offsets. */
void wn_layout_finish(struct wn_layout *layout, uint32_t bytes);

/** Longest name of a part, with its end. */
#define WN_PART_NAME 160

/**
 * A part's name in tools.
 *
 * name   of the program
 * out    filled; cut if the name is very long
 */
void wn_part_name(const struct wn_part *part, const char *name, const struct wn_code *code,
                  char out[WN_PART_NAME]);
