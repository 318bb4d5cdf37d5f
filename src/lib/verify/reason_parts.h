/* SPDX-License-Identifier: MIT */
/** Reasons in words: what the parts of that share. */
#pragma once

#include "verify/reason.h"
#include "verify/verify.h"
#include "verify/words.h"

/** What is being said: of what, and how far that has come. */
struct wn_saying {
    struct wn_text *t;
    const struct wn_code *code;
    const struct wn_verify_env *env;
    const struct wn_why *w;
};

/** The name of the helper called at a slot. */
const char *wn_say_helper(const struct wn_code *code, uint32_t slot);

/** How a register has come to hold no address, behind what it holds. */
void wn_say_origin(const struct wn_saying *s);

/** A register that pointed to a record, and when that was given back. */
void wn_say_released(const struct wn_saying *s);

/** A register that holds no known address: which, and how that came. */
void wn_say_lost(const struct wn_saying *s);

/** What to do about that: "; ..." */
void wn_say_mend(const struct wn_saying *s);

/** What has to hold where there is to be room for `size` bytes of the packet: "; come here only if
 * ..." */
void wn_say_condition(const struct wn_saying *s);

/** Reasons of accesses. */
void wn_say_access(const struct wn_saying *s);

/** Reasons of helpers' calls. */
void wn_say_helper_call(const struct wn_saying *s);
