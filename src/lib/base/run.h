/* SPDX-License-Identifier: MIT */
/**
 * What a run owns, and the memory it may reach. Interpreters, compiled code and
 * helpers all work on this one structure.
 *
 * Programs of which nothing is proved have their accesses checked against
 * *windows* (one per direction, tried first, cheap enough to be inlined) and,
 * where that fails, against everything else by wn_run_reach().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <winnow/prog.h>

/* Bytes of stack a function has (kernel: MAX_BPF_STACK) and frames, that of the main function
 * included; machines may ask for others (struct wn_code). */
#define WN_STACK_FRAME 512u
#define WN_CALL_DEPTH  8u
#define WN_STACK_BYTES (WN_STACK_FRAME * WN_CALL_DEPTH)

/** Function addresses are numbers that can be no address: this tag and the first slot. */
#define WN_FUNC_TAG UINT64_C(0xf0c0000000000000)

/**
 * A stretch of memory to be compared with first. room[k] counts the places at
 * which an access of 1 << k bytes may begin, 0 if it is too short for any: one
 * unsigned comparison `address - base < room[k]` is the whole check and cannot
 * wrap.
 */
struct wn_window {
    uint64_t base;
    uint64_t room[4];
};

/**
 * Memory beyond stack and packet: read-only data of an object, ranges of an
 * embedder, values of a map.
 *
 * With a stride it is a row of slots, the last one whole or cut, of which the
 * program may reach one part: an access lies within the part of one slot. All
 * zero behind `writable` means the whole stretch.
 */
struct wn_region {
    uint64_t start;
    uint64_t bytes;
    bool writable;
    bool unreadable; /* stores only */
    uint32_t stride; /* bytes from slot to slot; 0: no slots */
    uint32_t first;  /* where the part begins in its slot */
    uint32_t size;   /* and how long it is; first + size <= stride */
};

/** What a program calls by number. Arguments are r1 to r5; the result becomes r0. */
typedef uint64_t (*wn_helper_fn)(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                                 struct wn_run *run);

/** A helper as a program calls it. */
struct wn_call {
    wn_helper_fn fn;      /* what the program calls */
    wn_helper_fn checked; /* NULL; or fn is wn_call_checked(), and this the helper itself */
    uint8_t args[5];      /* enum wn_arg */
};

/** What a run has reached: counted by the reference interpreter, for tests. */
struct wn_trace {
    uint32_t *times;  /* by slot: how often it began */
    uint32_t deepest; /* calls within each other */
};

/**
 * One thread's. The stack grows down from its end, which is where frame 0's r10
 * points to and what compiled code addresses everything else from.
 */
struct wn_run {
    _Alignas(64) uint8_t stack[WN_STACK_BYTES];
    uint64_t fuel;          /* slots left to spend */
    struct wn_window load;  /* what most loads hit: the packet */
    struct wn_window store; /* as much of the stack as the program may see; it was cleared */
    uint64_t native_sp;     /* compiled code: where to return from any depth */
    uint64_t fault_address;
    const struct wn_region *regions; /* borrowed from the program */
    uint32_t n_regions;
    const struct wn_packet *packet; /* borrowed for one run */
    uint64_t random;                /* state of get_prandom_u32 */
    uint32_t ended; /* enum wn_fault with which the run ends behind the helper; 0: it goes on */
    void *context;  /* what the embedder's helpers find */
    const struct wn_call *call; /* set before wn_call_checked() */
    struct wn_trace *trace;     /* NULL: nobody asks */
};

/** Make a window of `bytes` bytes at `base`. */
static inline void wn_window_set(struct wn_window *w, uint64_t base, uint64_t bytes)
{
    w->base = base;
    if (__builtin_expect(bytes >= 8, 1)) { /* packets are; nothing to decide */
        w->room[0] = bytes;
        w->room[1] = bytes - 1;
        w->room[2] = bytes - 3;
        w->room[3] = bytes - 7;
        return;
    }
    for (unsigned k = 0; k < 4; k++) { /* no room where bytes <= last, so nothing wraps */
        uint64_t last = (1u << k) - 1;
        w->room[k] = bytes > last ? bytes - last : 0;
    }
}

/**
 * Whether the program may access `size` bytes (1, 2, 4, 8) at `address`; if
 * not, the address is kept for the message. This is guard ANY in full: the store
 * window, which is what the program has of the stack; the packet; the program's
 * regions.
 */
bool wn_run_reach(struct wn_run *run, uint64_t address, unsigned size, bool write);

/** As wn_run_reach() for any length, and nothing is kept. */
bool wn_run_holds(const struct wn_run *run, uint64_t address, uint64_t bytes, bool write);

/** As wn_run_reach(), for an atomic operation: a store that must be aligned to its size. */
bool wn_run_reach_atomic(struct wn_run *run, uint64_t address, unsigned size);

/**
 * In a helper that may do so (WN_CHECK_RUN): end the run as soon as the helper
 * returns. The first cause counts.
 */
static inline void wn_run_end(struct wn_run *run, enum wn_fault fault)
{
    if (!run->ended)
        run->ended = fault;
}

/** As wn_run_end(), for memory at `address` that is not the program's. */
static inline void wn_run_end_memory(struct wn_run *run, uint64_t address)
{
    if (run->ended)
        return;
    run->ended = WN_FAULT_MEMORY;
    run->fault_address = address;
}

/**
 * Call run->call->checked if the program may use the memory that the arguments
 * speak of; else end the run with WN_FAULT_MEMORY. Whoever calls looks at
 * run->ended afterwards (WN_CHECK_RUN).
 */
uint64_t wn_call_checked(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                         struct wn_run *run);
