/* SPDX-License-Identifier: MIT */
/** How winnowctl shows things to people and to programs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct client_opts;
struct json_t;

#define PRINT_BYTES 32 /* room for one number or time as text */

/** "4 361 204 118" */
const char *print_count(char buf[PRINT_BYTES], int64_t value);

/** "2.1 TiB" */
const char *print_size(char buf[PRINT_BYTES], int64_t bytes);

/** "3d 04:12" or "04:12:33" */
const char *print_age(char buf[PRINT_BYTES], int64_t ns);

/** "2026-11-23T14:02:13.118204220Z" */
const char *print_time(char buf[PRINT_BYTES], int64_t ns);

/** "14:02:13", in the local time zone. */
const char *print_clock(char buf[PRINT_BYTES], int64_t ns);

/** "12.4 %", or "-" of nothing. */
const char *print_share(char buf[PRINT_BYTES], int64_t part, int64_t whole);

/** Print what is quoted from a stranger's file, on one line: nothing in it steers the terminal. */
void print_plain(const char *text, FILE *to);

/** Any bytes as a JSON string, with question marks for what is no UTF-8; null for NULL. */
struct json_t *print_text_json(const char *text);

/** A word in green if what it says is good, else in red, where there are colours. */
void print_verdict(const struct client_opts *opts, bool good, const char *word);

/**
 * Print one JSON object and a newline on stdout. Members that are times in
 * nanoseconds (start_ns, time_ns, since_ns) are joined by the same as text.
 *
 * object   borrowed, but the times are added to it
 */
void print_json(const struct client_opts *opts, struct json_t *object);

/** The screens; `reply` is what the daemon answered. */
void print_status(const struct client_opts *opts, const struct json_t *reply);
void print_list(const struct json_t *reply);

/** A counter table; with `rates` of the members `per_second`. */
void print_stats(const struct client_opts *opts, const struct json_t *reply, bool rates);

/** An instruction and its hint under a message, from the members that diagnostics have. */
void print_insn(const struct json_t *about, bool source, FILE *to);

/** Diagnostics as a compiler's, on stderr; returns how many are errors. */
size_t print_diagnostics(const struct client_opts *opts, const struct json_t *diagnostics);
