/* SPDX-License-Identifier: MIT */
/** Why something could not be proved, or is wrong: noted in passing, put into words when asked. */
#pragma once

#include <winnow/err.h>

#include "verify/state.h"

enum wn_reason {
    WN_WHY_NONE,
    /* of accesses, and of memory that helpers are given */
    WN_WHY_NUMBER,     /* the register holds a number */
    WN_WHY_ANY,        /* nobody knows what it holds */
    WN_WHY_NULL,       /* the value may be missing */
    WN_WHY_OUTSIDE,    /* constant, and not within */
    WN_WHY_BOUND,      /* variable, and not proved to be within */
    WN_WHY_BEFORE,     /* it lies before the beginning, or may */
    WN_WHY_ROOM,       /* the packet has not been proved to be so long */
    WN_WHY_END,        /* a store that counts from the packet's end */
    WN_WHY_READ_ONLY,  /* a store to what can only be read */
    WN_WHY_WRITE_ONLY, /* a load of what can only be written */
    WN_WHY_FIELD,      /* no such field, or none that may be used so */
    WN_WHY_NO_MEMORY,  /* an address of something that is no memory */
    WN_WHY_UNALIGNED,  /* atomic, and not proved to be aligned */
    WN_WHY_ATOMIC,     /* atomic, where memory takes none */
    WN_WHY_UNREAD,     /* stack that nobody has written (strict) */
    WN_WHY_LOCK,       /* it is the lock in a value, or may be */
    /* of arithmetic and control */
    WN_WHY_UNWRITTEN,  /* nothing has been written to the register */
    WN_WHY_ARITHMETIC, /* of an address, and it means nothing */
    WN_WHY_RESULT,     /* r0 at the exit */
    WN_WHY_DEPTH,      /* functions within each other */
    WN_WHY_RECURSION,  /* the same, as one of them calls itself */
    WN_WHY_STACK_SIZE, /* more stack in all than kernels give (strict) */
    WN_WHY_ANSWER,     /* r0 at the exit of a function that a helper calls */
    WN_WHY_CALLEE,     /* a call through a register that holds no function */
    /* of helpers */
    WN_WHY_SIZE, /* a length without limit */
    WN_WHY_ZERO, /* a length that may be 0 */
    WN_WHY_WANTS_MAP,
    WN_WHY_MAP_TYPE,
    WN_WHY_WANTS_CONTEXT,
    WN_WHY_WANTS_STRING,
    WN_WHY_FORMAT, /* of a text, and the values for it */
    WN_WHY_VARIES, /* a number that has to be known when the program is loaded */
    WN_WHY_WANTS_RECORD,
    WN_WHY_PART, /* of a record, not its beginning */
    WN_WHY_WANTS_LOCK,
    WN_WHY_OTHER_LOCK, /* another one than is held */
    WN_WHY_NO_LOCK,    /* none is held */
    WN_WHY_TWO_LOCKS,  /* one is held already */
    WN_WHY_LOCKED,     /* a call or an end, while one is held */
    /* of what has to be given back */
    WN_WHY_KEPT,       /* something ends, and it has not been */
    WN_WHY_KEPT_AGAIN, /* a function that a helper calls leaves more or less of it than it found */
    /* of loops */
    WN_WHY_LOOP,         /* no limit has been found */
    WN_WHY_LOOP_FOREVER, /* there is no way out */
    WN_WHY_LOOP_COUNTER, /* nothing counts */
    WN_WHY_LOOP_LIMIT,   /* something counts, and nobody knows up to what */
    WN_WHY_LOOP_LONG,    /* all of them together take too many steps */
    WN_WHY_LOOP_WITHIN,  /* it lies in another one without limit */
    WN_WHYS
};

/** What was found, of the instruction at `slot`. */
struct wn_why {
    uint32_t slot;
    uint8_t reason; /* enum wn_reason */
    uint8_t number; /* of the register, or of a call's argument, from 1 */
    uint8_t depth;  /* functions that had not returned */
    bool write;
    uint32_t size;     /* bytes: of the access, or of memory that a helper is given at most */
    int32_t off;       /* of the access */
    int64_t room;      /* bytes that are known to be there; loops: what is added each time around */
    uint64_t most;     /* loops: times around; stack: bytes in all */
    uint32_t other;    /* another slot that matters, or a limit */
    struct wn_reg reg; /* what the register held */
};

struct wn_verify_env;

/** Put it into words: what is wrong, then, behind "; ", what to do. */
void wn_why_print(const struct wn_code *code, const struct wn_verify_env *env,
                  const struct wn_why *why, struct wn_error *err);
