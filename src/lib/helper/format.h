/* SPDX-License-Identifier: MIT */
/** Formats of text, as far as the kernel takes them from programs (bpf_bprintf_prepare). */
#pragma once

#include "base/run.h"

/** Values that a format may ask for (Linux: MAX_BPRINTF_VARARGS). */
#define WN_FORMAT_ARGS 12u

/** A text while it is written, and the values for it. */
struct wn_format {
    struct wn_run *run; /* whose memory the values may be addresses of; NULL: nothing is read */
    uint64_t args[WN_FORMAT_ARGS];
    unsigned n_args, used;
    char *text; /* room for `room` bytes; no end is written */
    size_t room, len;
    size_t whole; /* as if nothing had been cut */
};

/** Write out a format; false if it asks for what there is not, or is not text. */
bool wn_format_print(struct wn_format *f, const char *format);

/** Take values from memory that the program may read; false if `bytes` are not those of as many as
 * a format may ask for. */
bool wn_format_take(struct wn_format *f, uint64_t address, uint32_t bytes);
