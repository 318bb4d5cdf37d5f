/* SPDX-License-Identifier: MIT */
/**
 * Contexts: what programs written for the kernel find in r1, and the private copy
 * of the packet that they work on.
 *
 * The structure is laid out as the kernel shows it, with addresses of 32 bits, so
 * the copy lies below 4 GiB. Headroom and limits are those of the kernel's
 * BPF_PROG_TEST_RUN (Linux 6.18, measured): 256 bytes before the packet, the first
 * 40 of which programs do not get; the end grows up to 3,520 bytes behind the
 * packet's first place.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <winnow/prog.h>

#include "base/run.h"

#define WN_HEADROOM_KEPT 40u   /* of these, not the program's */
#define WN_COPY_ROOM     3520u /* bytes from the packet's first place up to where it may grow */

#define WN_COOKED 14u /* bytes of an Ethernet header, which cooked socket programs do not see */

/** A field of a context, as the rows of context.def say. */
struct wn_context_field {
    const char *name;
    uint16_t offset;
    uint16_t bytes;
    uint8_t access[2]; /* enum wn_access, by column */
    uint8_t value;
};

/** What a program may do with a field of its context; bits 1 and 2 say whether it may read and
 * write. */
enum wn_access {
    WN_ACCESS_NO = 0,
    WN_ACCESS_R = 1,
    WN_ACCESS_R_ALL = 1 | 4, /* no part of it alone */
    WN_ACCESS_RW_PART = 1 | 2,
    WN_ACCESS_RW = 1 | 2 | 8, /* no part of it alone is written */
    WN_ACCESS_RW_ALL = 1 | 2 | 4 | 8,
};

/** What a field holds: a number, or an address that has something to do with the packet. */
enum wn_context_what {
    WN_CONTEXT_NUMBER,
    WN_CONTEXT_DATA, /* its first byte */
    WN_CONTEXT_META, /* the first byte of the metadata before it */
    WN_CONTEXT_END,  /* the byte behind it */
};

enum wn_context_what wn_context_what(const struct wn_context_field *field);

/** Bytes of the structure that a type's programs get; 0 for raw packets, which have none. */
uint32_t wn_context_bytes(enum wn_prog_type type);

/** The field that holds byte `offset` of the structure; NULL if it is padding or behind the end. */
const struct wn_context_field *wn_context_field(enum wn_prog_type type, uint32_t offset);

/**
 * Whether a type's programs may load or store `bytes` bytes (1, 2, 4, 8) at a place of the
 * structure, as the kernel's verifier has it: aligned, in one field, and all of it where it says
 * so.
 */
bool wn_context_allows(enum wn_prog_type type, uint32_t offset, uint32_t bytes, bool write);

/** Whether what is stored to a field may not be what is loaded from it: accesses go by
 * wn_run_reach(), even if they are proved. */
bool wn_context_is_cut(const struct wn_context_field *field);

/** Whether a field of a type's is always 0. */
bool wn_context_is_zero(enum wn_prog_type type, const struct wn_context_field *field);

/** What a type's programs may do with a field. */
enum wn_access wn_context_access(enum wn_prog_type type, const struct wn_context_field *field);

/**
 * Copy a packet and fill the context for it. run->packet points to what the copy
 * is described as afterwards, which packet loads use.
 *
 * Returns false if the packet is longer than copies can be (WN_LONGEST_COPY).
 */
bool wn_context_begin(struct wn_run *run, enum wn_prog_type type, const struct wn_packet *packet);

/**
 * As wn_context_begin() without a copy, for programs that only read; r1 is to be used for loads
 * of places (struct wn_context) where the fields' 32 bits are not enough.
 */
void wn_context_begin_in_place(struct wn_run *run, enum wn_prog_type type,
                               const struct wn_packet *packet);

/** What to add to the offset of a load of a field that holds an address, for a load of all 64 bits.
 */
int32_t wn_context_widen(const struct wn_context_field *field);

/** The field of a type's structure that holds this; NULL if there is none. */
const struct wn_context_field *wn_context_find(enum wn_prog_type type, enum wn_context_what what);

/** Have the fields of which the kernel keeps less hold what it would, after a program has run. */
void wn_context_settle(struct wn_run *run);

/** Tell the program where its packet is, after a helper has moved its ends. */
void wn_context_refresh(struct wn_run *run);
