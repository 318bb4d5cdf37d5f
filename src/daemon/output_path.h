/* SPDX-License-Identifier: MIT */
/** The output of `-w`. */
#pragma once

#include <stdbool.h>

struct output;
struct stat_output;
struct wn_error;

/**
 * Create or empty a file and write packets to it.
 *
 * path     "-" is standard output
 * waiting  what to do while a pipe is full: wait (offline), or drop and count (live)
 *
 * Returns 0 or -errno.
 */
int output_open_path(const char *path, bool pcap, bool waiting, struct stat_output *stats,
                     struct output **out, struct wn_error *err);
