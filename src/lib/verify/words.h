/* SPDX-License-Identifier: MIT */
/** What registers hold, as people say it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "verify/state.h"

struct wn_verify_env;

/** A text while it grows; what does not fit is left out. */
struct wn_text {
    char *at;
    size_t size, len;
};

void wn_text_put(struct wn_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** A number, or what is known of one: "14", "0 to 60", "any number". */
void wn_text_number(struct wn_text *t, const struct wn_value *v);

/** One end of a range: "-128", "2^32-1". */
void wn_text_bound(struct wn_text *t, int64_t bound);

/** A kind of memory or address: "packet", "stack", "data_end"; of maps and values the name as well.
 */
void wn_text_memory(struct wn_text *t, const struct wn_verify_env *env, const struct wn_reg *r);

/** Where an address plus `off` points: "packet+14", "packet+14+(0 to 60)". */
void wn_text_place(struct wn_text *t, const struct wn_verify_env *env, const struct wn_reg *r,
                   int64_t off);

/** The same in a sentence, as what somebody points to: "the packet", "a value of map 'x'",
 * "stack-8". */
void wn_text_pointed(struct wn_text *t, const struct wn_verify_env *env, const struct wn_reg *r);

/** Anything that a register may hold. */
void wn_text_reg(struct wn_text *t, const struct wn_verify_env *env, const struct wn_reg *r);

/** Whether an address is of a variable: a value of a map whose name is a section's. */
bool wn_text_is_variable(const struct wn_verify_env *env, const struct wn_reg *r);

/** "byte" or "bytes". */
const char *wn_text_bytes(uint64_t n);

/** What programs call the end of their packet: "data_end", or a filter's "data + caplen". */
const char *wn_text_end(const struct wn_verify_env *env);

/** Describe a register in a few characters: "packet+14", "0 to 255". */
void wn_reg_print(const struct wn_verify_env *env, const struct wn_reg *reg, char *text,
                  size_t size);
