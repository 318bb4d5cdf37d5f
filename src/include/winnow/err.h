/* SPDX-License-Identifier: MIT */
/** How winnow says what went wrong. */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define WN_API            __attribute__((visibility("default")))
#define WN_PRINTF(fmt, a) __attribute__((format(printf, fmt, a)))
#else
#define WN_API
#define WN_PRINTF(fmt, a)
#endif

/**
 * Results. A function that can fail returns 0 or one of these, or a negated
 * errno value where the system is the cause. errno values end far below 1000.
 */
enum wn_err {
    WN_E_MALFORMED = -1001,   /* a slot, jump or program that is no eBPF */
    WN_E_REJECTED = -1002,    /* well-formed, but may not run */
    WN_E_LIMIT = -1003,       /* larger, or longer in the checking, than the limits allow */
    WN_E_SYNTAX = -1004,      /* text that cannot be read */
    WN_E_FORMAT = -1005,      /* a file that is not what it should be, or damaged */
    WN_E_UNSUPPORTED = -1006, /* correct, but not provided here */
    WN_E_NOJIT = -1007,       /* this machine or this process cannot compile */
    WN_E_FAULT = -1008,       /* a run ended without a result */
};

/** No place: the error is about the whole, not about an instruction or a line. */
#define WN_NOWHERE UINT32_MAX

/** What went wrong, in the caller's memory; nothing in it needs freeing. */
struct wn_error {
    int code;        /* what the function returned */
    uint32_t at;     /* slot of the program, or line of the text from 1; else WN_NOWHERE */
    uint32_t column; /* of the text, from 1; 0 where there is none */
    char text[256];  /* one sentence without a full stop, never empty, always terminated */
};

/**
 * Fill an error and return its code, so that `return wn_fail(...)` is one line.
 *
 * err   filled; NULL when the caller does not want to know
 * code  what the failing function returns; negative
 * at    slot, line or WN_NOWHERE
 */
WN_API int wn_fail(struct wn_error *err, int code, uint32_t at, const char *fmt, ...)
    WN_PRINTF(4, 5);

/** The meaning of a result in a few words; static memory, never NULL. */
WN_API const char *wn_strerror(int code);

#ifdef __cplusplus
}
#endif
