/* SPDX-License-Identifier: MIT */
/** Why something could not be proved, or is wrong: noted in passing, put into words when asked. */
#pragma once

#include <winnow/err.h>

#include "verify/state.h"

enum wn_reason {
    WN_WHY_NONE,
    /* of accesses */
    WN_WHY_UNWRITTEN,  /* the register holds nothing */
    WN_WHY_NUMBER,     /* it holds a number */
    WN_WHY_ANY,        /* nobody knows what it holds */
    WN_WHY_STALE,      /* it was the packet's before a helper moved that */
    WN_WHY_NULL,       /* the value may be missing */
    WN_WHY_OUTSIDE,    /* constant, and not within */
    WN_WHY_BOUND,      /* variable, and not proved to be within */
    WN_WHY_BEFORE,     /* variable, and may lie before the beginning */
    WN_WHY_ROOM,       /* the packet has not been proved to be so long */
    WN_WHY_READ_ONLY,  /* a store to what can only be read */
    WN_WHY_WRITE_ONLY, /* a load of what can only be written */
    WN_WHY_FIELD,      /* no such field, or none that may be used so */
    WN_WHY_CONTEXT,    /* a place in the context that varies */
    WN_WHY_NO_MEMORY,  /* an address of something that is no memory */
    WN_WHY_UNALIGNED,  /* atomic, and not proved to be aligned */
    WN_WHY_ATOMIC,     /* atomic, where memory takes none */
    WN_WHY_UNREAD,     /* stack that nobody has written (strict) */
    /* of arithmetic and control */
    WN_WHY_ARITHMETIC, /* of an address, and it means nothing */
    WN_WHY_RESULT,     /* r0 at the exit */
    WN_WHY_ESCAPES,    /* an address of a frame that is gone is returned */
    WN_WHY_DEPTH,      /* calls within each other */
    WN_WHY_STACK_SIZE, /* more stack in all than kernels give (strict) */
    WN_WHY_CALLEE,     /* a call through a register that holds no function */
    WN_WHY_ARGUMENT,   /* of a helper: no memory of that size */
    WN_WHY_SIZE,       /* of a helper: a length without bound */
    WN_WHY_ZERO,       /* of a helper: a length that may be 0 */
    WN_WHY_WANTS_MAP,
    WN_WHY_MAP_TYPE,
    WN_WHY_WANTS_CONTEXT,
    WN_WHY_LOOP, /* no bound has been found */
    WN_WHY_LOOP_FOREVER,
    WN_WHY_COMPLEX, /* the search ended before it was done */
};

/** What was found, of the instruction at `slot`. */
struct wn_why {
    uint32_t slot;
    uint8_t reason; /* enum wn_reason */
    uint8_t number; /* of the register, or of a call's argument, from 1 */
    uint8_t size;   /* of the access */
    bool write;
    int32_t off;       /* of the access */
    int64_t room;      /* bytes that are known to be there, or asked for */
    uint32_t other;    /* another slot that matters, or a limit */
    struct wn_reg reg; /* what the register held */
};

struct wn_verify_env;

/** Put it into words. */
void wn_why_print(const struct wn_code *code, const struct wn_verify_env *env,
                  const struct wn_why *why, struct wn_error *err);

/** Describe a register in a few characters: "packet+14", "number 0..255". */
void wn_reg_print(const struct wn_verify_env *env, const struct wn_reg *reg, char *text,
                  size_t size);
