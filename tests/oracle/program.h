/* SPDX-License-Identifier: MIT */
/** Programs that are the same for the kernel and for us, but for how they find their data. */
#pragma once

#include <assert.h>

#include <winnow/build.h>

#define PROGRAM_SLOTS 1600

struct program {
    struct wn_slot slots[PROGRAM_SLOTS];
    size_t n;
};

/** For whom a program is: the data's beginning and end are arguments, or fields of the context. */
enum program_for { FOR_US, FOR_XDP, FOR_TC };

static inline void program_put(struct program *p, struct wn_slot s)
{
    assert(p->n < PROGRAM_SLOTS);
    p->slots[p->n++] = s;
}

static inline void program_put_wide(struct program *p, struct wn_wide w)
{
    program_put(p, w.half[0]);
    program_put(p, w.half[1]);
}

/**
 * Begin with the data in one register and its end in another, and leave at once
 * with 0 unless the data has `bytes` bytes: eight slots, whoever it is for.
 *
 * base           may be any register, r1 too
 * end, scratch   not r1, r2 or the same
 */
static inline void program_begin(struct program *p, enum program_for whom, unsigned base,
                                 unsigned end, unsigned scratch, int32_t bytes)
{
    static const int16_t fields[][2] = {[FOR_XDP] = {0, 4}, [FOR_TC] = {76, 80}};
    if (whom == FOR_US) {
        program_put(p, wn_mov64_x(end, WN_R1));
        program_put(p, wn_add64_x(end, WN_R2));
        program_put(p, wn_mov64_x(base, WN_R1));
    } else {
        program_put(p, wn_ja(0));
        program_put(p, wn_ldx_w(end, WN_R1, fields[whom][1]));
        program_put(p, wn_ldx_w(base, WN_R1, fields[whom][0]));
    }
    program_put(p, wn_mov64_x(scratch, base));
    program_put(p, wn_add64_k(scratch, bytes));
    program_put(p, wn_jle64_x(scratch, end, 2));
    program_put(p, wn_mov64_k(WN_R0, 0));
    program_put(p, wn_exit());
}
