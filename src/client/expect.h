/* SPDX-License-Identifier: MIT */
/**
 * What packets are to get, line by line, in a file that a person wrote or that
 * --verdicts printed. Line N is about packet N; a line that begins with a number
 * is about that packet. Its words are compared with those of the verdict as far
 * as there are any: "drop", "pass 0x2", "7 fault memory". Empty lines and what
 * follows a # do not count. Packets without a line differ, unless the file has
 * chosen packets by leaving some out between or before those it names.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <winnow/err.h>

struct expect;

/** One packet that did not get what was expected. */
struct expect_miss {
    uint64_t packet;
    unsigned line;        /* of the file; 0: it says nothing of this packet */
    char *expected, *got; /* NULL: none */
};

/**
 * Read a file of expectations.
 *
 * out   set on success alone; let go with expect_free()
 *
 * Returns 0, -errno, WN_E_SYNTAX (err->at is the line) or -ENOMEM.
 */
int expect_load(const char *path, struct expect **out, struct wn_error *err);

/** NULL is allowed. */
void expect_free(struct expect *expect);

/** Compare a packet's line, as --verdicts prints it; packets come in order, from 1. */
void expect_packet(struct expect *e, uint64_t packet, const char *line);

/**
 * Packets that differed, those included that did not come though the file speaks
 * of them. Called once, after the last packet.
 */
uint64_t expect_end(struct expect *expect);

/** The first of them; NULL beyond those that are kept. They live as long as `expect`. */
const struct expect_miss *expect_miss_at(const struct expect *expect, size_t i);
