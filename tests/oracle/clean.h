/* SPDX-License-Identifier: MIT */
/**
 * Random programs that the kernel's verifier takes, and that mean the same to
 * us: everything is written before it is read, pointers stay what they are, and
 * loops end. All that a program has computed is in its data at the end.
 */
#pragma once

#include "program.h"

#define CLEAN_DATA_BYTES 512 /* every program wants this much */
#define CLEAN_HEAD       11  /* slots in which it finds its data, and keeps where that is */
#define CLEAN_REST_BYTES                                                                           \
    64 /* of other memory: in the kernel the value of an array with one entry */

/**
 * Write the program of a seed.
 *
 * for_kernel  how it finds its data; nothing else depends on it
 * rest        the other memory: the array's descriptor, or an address
 *
 * Returns what kind of program it must be in the kernel: FOR_XDP or FOR_TC.
 */
enum program_for clean_write(struct program *p, uint64_t seed, bool for_kernel, uint64_t rest);
