/* SPDX-License-Identifier: MIT */
/**
 * Files that are not complete yet: begun as NAME.part, given their name when
 * they are complete, never in the place of another file; and those that a
 * process left behind.
 */
#pragma once

#include <limits.h>
#include <stdint.h>

#include <winnow/err.h>

struct conf_output;

struct output_part {
    int fd;  /* locked with flock(), so that nobody takes it for a leftover; -1: none */
    int dir; /* where it is, whatever its path leads to by now */
    char name[NAME_MAX + 1];
};

/**
 * Begin a file in the output's directory.
 *
 * seq   number for its name; goes up beyond it if that is taken
 *
 * Returns 0, -EINVAL (the pattern makes no name) or -errno.
 */
int output_part_open(struct output_part *part, const struct conf_output *conf, uint64_t now_ns,
                     uint64_t *seq, struct wn_error *err);

/**
 * Give the file its name and close it: NAME, or NAME with -2, -3 where that
 * exists. The part is closed whatever happens.
 *
 * Returns 0 with the name in part->name, -ENOENT if it was removed meanwhile, or -errno.
 */
int output_part_complete(struct output_part *part, struct wn_error *err);

/** Remove the file, close the part. */
void output_part_remove(struct output_part *part);

/**
 * Complete what an earlier process left in the output's directory: each file is
 * cut after its last whole record and given its name. Says so in the log. Files
 * that are being written by somebody are left alone.
 *
 * seq   set to a number above all those in names
 *
 * Returns 0, or -errno if the directory cannot be read.
 */
int output_part_repair(const struct conf_output *conf, uint64_t *seq, struct wn_error *err);

/**
 * Measure the whole records at the beginning of a file in one of our formats.
 *
 * Returns 0 with their bytes and packets, -EINVAL if it is none of ours, or -errno.
 */
int output_part_scan(int fd, uint64_t *good, uint64_t *packets);
