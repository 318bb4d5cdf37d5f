/* SPDX-License-Identifier: MIT */
/** Random programs that pass the structural check and do something when run. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/insn.h>

#define GEN_SLOTS        512 /* longest program */
#define GEN_REGION_BYTES 64  /* of each of the two memories beside stack and packet */

/** Where choices come from: a fuzzer's bytes while they last, then numbers made from the seed. */
struct gen {
    const uint8_t *data;
    size_t left;
    uint64_t seed;
    uint64_t writable;      /* address of memory that programs may read and write */
    uint64_t readable;      /* and of memory they may only read */
    const int32_t *helpers; /* that programs may call, at least one */
    uint32_t n_helpers;
    bool tame; /* set by gen_program(): nothing that ends a run early is sought */
};

/** A number below n, which is not 0. */
uint32_t gen_below(struct gen *g, uint32_t n);

/** 64 bits, most of the time a number at which something changes. */
uint64_t gen_number(struct gen *g);

/** Random bytes. */
void gen_fill(struct gen *g, uint8_t *out, size_t n);

/** Write a program of at most GEN_SLOTS slots and return its length. */
size_t gen_program(struct gen *g, struct wn_slot *out);
