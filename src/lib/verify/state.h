/* SPDX-License-Identifier: MIT */
/**
 * What is known of everything a program has, on one way to one instruction:
 * registers, stacks of its functions, the length of the packet.
 *
 * A register holds a number, an address of some kind of memory, or nothing that
 * anybody wrote. Addresses are where their memory begins, plus `off`, plus a
 * number of which `v` is what is known. Of memory other than the stack nothing
 * is known but where it ends.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/run.h"
#include "isa/code.h"
#include "verify/value.h"

enum wn_type {
    WN_T_NONE = 0, /* nothing has been written here */
    WN_T_NUMBER,
    WN_T_ANY,     /* a number, or an address of no known kind of memory: nobody trusts it */
    WN_T_CONTEXT, /* what r1 points to in programs written for the kernel */
    WN_T_STACK,   /* the end of a frame; `which` is the frame */
    WN_T_PACKET,  /* the packet's first byte */
    WN_T_META,    /* the first byte of the metadata before it */
    WN_T_END,     /* the byte behind the packet */
    WN_T_MAP,     /* a map, `which` */
    WN_T_VALUE,   /* a value of the map `which` */
    WN_T_KEY,     /* a key of the map `which`, as functions that helpers call are shown it */
    WN_T_RECORD,  /* a record of a ring buffer that is held, of `which` bytes */
    WN_T_FUNC,    /* the function at slot `which` */
    WN_TYPES
};

/**
 * How a register came to hold no address, or nothing: said to people, and nothing is concluded from
 * it. `which` is the slot then; of WN_PAST_MISSING the map.
 */
enum wn_past {
    WN_PAST_NONE = 0,
    WN_PAST_MOVED,    /* it was the packet's, before a helper moved that */
    WN_PAST_COMPUTED, /* it was an address, before something was done to it */
    WN_PAST_CONTEXT,  /* it was the context's, before a number that varies was added */
    WN_PAST_JOINED,   /* it holds one thing on one way, and another on another */
    WN_PAST_RETURNED, /* it points into the stack of a function that has returned */
    WN_PAST_PACKET,   /* loaded from the packet */
    WN_PAST_STACK,    /* loaded from the stack, where no whole address was */
    WN_PAST_VALUE,    /* loaded from a value of a map */
    WN_PAST_FIELD,    /* loaded from the context */
    WN_PAST_UNPROVED, /* loaded from a place that nobody knows */
    WN_PAST_CALL,     /* a call has left nothing there */
    WN_PAST_COPY,     /* it is a copy of a register to which nothing has been written */
    WN_PAST_MISSING,  /* it is the 0 that says that a map has no such key */
    WN_PAST_RECORD,   /* loaded from a record that is held */
    WN_PAST_RELEASED, /* it was the address of a record, before that was given back */
};

/** What `id` and `off` say of a number. */
enum wn_link {
    WN_LINK_EXACT = 0,  /* it is their sum */
    WN_LINK_SHIFTED,    /* it is that, shifted to the left by 32; the sum has 32 bits */
    WN_LINK_SHIFTED_31, /* the same, and no sign */
    WN_LINK_HALF,       /* it is the low 32 bits of that */
};

/** Numbers that are the packet's length, plus `off`. */
#define WN_ID_LENGTH 1u

/** Addresses farther from where their memory begins are not followed, so that sums stay small. */
#define WN_FARTHEST (INT32_C(1) << 29)

/**
 * A register, or what has been kept of one in the stack.
 *
 * id   numbers: all with the same id are one number, each plus its `off`; 0: alone. The
 *      packet's addresses: the number that `v` is of, likewise. Values that may be
 *      missing, or have a lock: those of one lookup. Records: which of those that are held.
 *      Keys: WN_KEY_OF the function that is shown it
 */
struct wn_reg {
    struct wn_value v;
    uint32_t id;
    int32_t off;
    uint32_t which;
    uint8_t type;    /* enum wn_type */
    bool nullable;   /* values, records, maps in maps: it may be 0 instead */
    uint8_t shifted; /* numbers: enum wn_link */
    uint8_t past;    /* enum wn_past */
};

/** What a function has put in its stack: `size` bytes at `off` from the frame's end. */
struct wn_spill {
    struct wn_reg reg;
    int16_t off;
    uint8_t size;
};

#define WN_FRAME_WORDS (WN_STACK_FRAME / 64)

#define WN_KEPT 9u

/** One function that has not returned. Shared by states until one of them changes it. */
struct wn_frame {
    uint32_t refs;
    uint32_t back; /* slot it returns to; WN_NOWHERE in the main function */
    bool blurred;  /* what is not among the spills may be part of an address */
    uint16_t n_spills, cap;
    bool repeats; /* a helper has called it, and does so again when it returns there */
    uint8_t held; /* records that were held then */
    struct wn_reg kept[WN_KEPT]; /* r1 to r9 of its caller; of these r1 to r5 only if it repeats */
    uint64_t written[WN_FRAME_WORDS]; /* bit 0 is the byte at -512 */
    struct wn_spill spills[];
};

/** The packet's length against a number: it is at least `id` plus `bytes`, and less than `id` plus
 * `less`. */
struct wn_room {
    uint32_t id;
    int32_t bytes; /* WN_NO_ROOM: nothing is known */
    int32_t less;  /* WN_NO_END: nothing is known */
};

#define WN_NO_ROOM INT32_MIN
#define WN_NO_END  INT32_MAX

#define WN_ROOMS 6u

/** Something that has to be given back, and where it was taken. */
struct wn_held {
    uint32_t id;
    uint32_t slot;
};

/** Keys last until that function returns; `depth` as in a state. */
#define WN_KEY_OF(depth) (0x40000000u | (depth))

/** Of locks in values that have an address of their own. */
#define WN_LOCK_GLOBAL 0x80000000u

/** So much of it is followed. */
#define WN_MOST_HELD 8u

struct wn_state {
    struct wn_reg r[WN_R10]; /* r0 to r9; r10 is the end of the last frame */
    struct wn_frame *frames[WN_CALL_DEPTH];
    /** Of each function: how often the helper that it is calling has called, at least. */
    uint8_t rounds[WN_CALL_DEPTH];
    uint32_t depth; /* functions that have not returned, at least 1 */
    uint32_t at;    /* slot */
    uint32_t least; /* bytes that the packet has at least */
    int32_t less;   /* and that it has less than; WN_NO_END */
    uint32_t meta;  /* and the metadata before it */
    uint32_t next_id;
    uint32_t n_rooms;
    struct wn_room rooms[WN_ROOMS];
    uint8_t n_held;
    bool loose; /* more may be held than what is known of */
    uint32_t
        lock; /* what is locked: the `id` of the value, WN_LOCK_GLOBAL and its map; 0: nothing */
    struct wn_held held[WN_MOST_HELD];
};

/** Memory of states, counted. */
struct wn_heap {
    uint64_t bytes, most, limit;
    bool out;  /* sticky: no memory, or more than the limit */
    bool over; /* the limit it was */
};

void *wn_heap_alloc(struct wn_heap *heap, size_t bytes);
void wn_heap_free(struct wn_heap *heap, void *p, size_t bytes);

/* ---- registers */

static inline bool wn_is_number(const struct wn_reg *r)
{
    return r->type == WN_T_NUMBER || r->type == WN_T_ANY;
}

static inline bool wn_is_packet_type(unsigned type)
{
    return type == WN_T_PACKET || type == WN_T_META || type == WN_T_END;
}

static inline struct wn_reg wn_reg_number(struct wn_value v)
{
    return (struct wn_reg){.v = v, .type = WN_T_NUMBER};
}

static inline struct wn_reg wn_reg_const(uint64_t number)
{
    return wn_reg_number(wn_value_const(number));
}

static inline struct wn_reg wn_reg_any(void)
{
    return (struct wn_reg){.v = wn_value_unknown(), .type = WN_T_ANY};
}

/** The same, and how it came to that. */
static inline struct wn_reg wn_reg_lost(enum wn_past past, uint32_t slot)
{
    struct wn_reg r = wn_reg_any();
    r.past = (uint8_t)past;
    r.which = slot;
    return r;
}

/** The beginning of some memory. */
static inline struct wn_reg wn_reg_address(enum wn_type type, uint32_t which)
{
    return (struct wn_reg){.v = wn_value_const(0), .type = (uint8_t)type, .which = which};
}

/* ---- states */

/** A state before the first instruction: one frame, no register written; false without memory. */
bool wn_state_init(struct wn_state *s, struct wn_heap *heap);

/** A copy; frames are shared. */
void wn_state_copy(struct wn_state *to, const struct wn_state *from);

/** Let go of the frames. */
void wn_state_fini(struct wn_state *s, struct wn_heap *heap);

/** A frame that may be changed: this state's alone, with room for one more spill; NULL without
 * memory. */
struct wn_frame *wn_state_own_frame(struct wn_state *s, uint32_t which, struct wn_heap *heap);

/** Enter a function: r1 to r5 are its arguments; false without memory. */
bool wn_state_push(struct wn_state *s, uint32_t back, struct wn_heap *heap);

/** Enter a function that a helper calls, at the slot where that is called: r1 to r5 are to be set.
 * False without memory. */
bool wn_state_push_repeated(struct wn_state *s, struct wn_heap *heap);

/** Where a function was called that has not returned, but for the main one. */
static inline uint32_t wn_frame_called_at(const struct wn_frame *f)
{
    return f->repeats ? f->back : f->back - 1;
}

/** Return from a function to where it was called; r0 is what it returns. */
bool wn_state_pop(struct wn_state *s, struct wn_heap *heap);

/** What r1 to r5 are after a call, at `slot`: nothing. */
void wn_state_clear_arguments(struct wn_state *s, uint32_t slot);

/** Register `reg`, r10 included. */
struct wn_reg wn_state_reg(const struct wn_state *s, unsigned reg);

/** Call `fn` with every register and spill of all frames, until it returns false. The frames become
 * the state's own when `fn` may change what `wants` says. False if fn said so, or without memory.
 */
typedef bool (*wn_reg_fn)(void *arg, struct wn_reg *reg);
bool wn_state_each(struct wn_state *s, struct wn_heap *heap,
                   bool (*wants)(const void *arg, const struct wn_reg *), wn_reg_fn fn, void *arg);

/* ---- the stack */

/** Forget what is kept in [off, off + size) of a frame that is the state's own. */
void wn_frame_forget(struct wn_frame *f, int32_t off, uint32_t size);

/** Keep a register there; nothing else is. The frame has room for one more. */
void wn_frame_keep(struct wn_frame *f, int32_t off, uint32_t size, const struct wn_reg *reg);

/** Note that bytes have been written. */
void wn_frame_write(struct wn_frame *f, int32_t off, uint32_t size);

/** Whether all of these bytes have been. */
bool wn_frame_is_written(const struct wn_frame *f, int32_t off, uint32_t size);

/** Whether a register may hold what a lookup has found: a value, or a map in a map. */
static inline bool wn_may_be_missing(unsigned type)
{
    return type == WN_T_VALUE || type == WN_T_MAP;
}

/* ---- what is held */

/** Whether a register is the address of something that has to be given back. */
static inline bool wn_is_held_type(unsigned type)
{
    return type == WN_T_RECORD;
}

/** Take hold of something; of what is too much only that there is something is known. */
void wn_state_hold(struct wn_state *s, uint32_t id);

/** Let go of it. Whether it was held. */
bool wn_state_release(struct wn_state *s, uint32_t id);

/** Whether `a` of what the one state holds is to it what `b` is to the other. */
bool wn_state_hold_same(const struct wn_state *s, uint32_t a, const struct wn_state *t, uint32_t b);

/* ---- the packet */

/** What is known of the packet behind a number: so many bytes at least; negative: less than none.
 */
int64_t wn_state_room(const struct wn_state *s, uint32_t id);

/** Learn that there are so many. */
void wn_state_learn_room(struct wn_state *s, uint32_t id, int64_t bytes);

/** The same the other way around: there are less than so many bytes; WN_NO_END. */
int64_t wn_state_end(const struct wn_state *s, uint32_t id);
void wn_state_learn_end(struct wn_state *s, uint32_t id, int64_t less);
