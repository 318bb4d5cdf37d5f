/* SPDX-License-Identifier: MIT */
/** Random programs that read and change packets by helpers, step by step, the same for the kernel
 * and for us. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <winnow/prog.h>

#include "program.h"

enum { STEPS = 8 };

enum step_kind {
    STEP_CALL,  /* of a helper; its result and what it leaves in memory count */
    STEP_FIELD, /* a load of a field of the context */
    STEP_STORE, /* a store to one */
    STEP_BYTES, /* loads from the packet itself, or a store */
};

/** What a program does between others. */
struct step {
    enum step_kind kind;
    uint32_t helper;
    uint64_t args[5]; /* numbers of r1 to r5 */
    uint8_t memory;   /* bit i: argument i is an address, at the number in the program's memory */
    int16_t offset;   /* of fields, and in the packet */
    uint8_t bytes;
    bool write;
};

struct steps {
    enum wn_prog_type type;
    uint32_t fill; /* what the memory begins with */
    unsigned n;
    struct step list[STEPS];
};

/** Steps of a seed. Cloning is among them only if there is somewhere to send clones to. */
void steps_make(struct steps *s, uint64_t seed, bool clones);

/** The program that makes a number of all that it has seen. */
void steps_write(const struct steps *s, struct program *out);

/** Say what they are. */
void steps_print(const struct steps *s);
