/* SPDX-License-Identifier: MIT */
/**
 * What helpers take and give, in terms that a verifier understands. What
 * nothing has proved is checked when the helper is called, so that a helper
 * never sees memory that the program may not use itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <winnow/err.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What an argument is, or a result. */
enum wn_arg {
    WN_ARG_NONE = 0,  /* not read; of a result: it means nothing */
    WN_ARG_SCALAR,    /* a number */
    WN_ARG_ANY,       /* a number or an address, of which the helper makes nothing by itself */
    WN_ARG_MEM,       /* address of memory that the helper reads; its length is the next argument */
    WN_ARG_MEM_WRITE, /* the same, and the helper may write there */
    WN_ARG_MEM_INOUT, /* the same, and it reads what is there */
    WN_ARG_INOUT32,   /* address of 4 bytes, which the helper reads and writes */
    WN_ARG_SIZE,      /* length of the memory before it, at least 1 */
    WN_ARG_SIZE0,     /* the same; if it is 0 the address may be anything */
    WN_ARG_CTX,       /* what the program found in r1 */
    WN_ARG_MAP,       /* a map of the program's; keys and values that follow are its */
    WN_ARG_KEY,       /* address of a key, which the helper reads */
    WN_ARG_VALUE, /* address of a value, which the helper reads; of a result: one of the map's, or 0
                   */
    WN_ARG_OUT64, /* address of 8 bytes, which the helper writes */
    WN_ARG_STRING,      /* address of a constant string */
    WN_ARG_DATA,        /* address of values of 8 bytes, which the helper reads, and what those are
                           addresses        of; the bytes are the next argument */
    WN_ARG_VALUE_WRITE, /* address where the helper puts a value (a bloom filter's it only reads) */
    WN_ARG_FUNC,        /* address of a function of the program, which the helper calls */
    WN_ARG_FUNC_DATA,   /* a number or address that the function is given */
    WN_ARG_LOCK,        /* address of the lock in a value of a map */
    WN_ARG_RECORD_SIZE, /* bytes of a record, a number that is known when the program is loaded */
    WN_ARG_RECORD,      /* address of a record, which the helper takes back; of a result: one that
                           has to be given back, or 0 */
    WN_ARGS
};

/** The signature of a helper. Arguments that are there come before those that are not. */
struct wn_helper_sig {
    uint8_t result;  /* enum wn_arg: NONE, SCALAR, ANY, VALUE or RECORD */
    uint8_t args[5]; /* enum wn_arg, of r1 to r5 */
};

/**
 * A helper's name as in the kernel's headers: "bpf_map_lookup_elem";
 * static memory, NULL if nothing is known of the number.
 *
 * here   set to whether programs can call it here (by their type: not all of them
 *        can call all); may be NULL
 */
WN_API const char *wn_helper_name(uint32_t number, bool *here);

#ifdef __cplusplus
}
#endif
