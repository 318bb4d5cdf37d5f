/* SPDX-License-Identifier: MIT */
/** A filter of the configuration: its program, compiled for each link type that asks for it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <winnow/prog.h>

#include "daemon/conf.h"

struct diag_list;
struct filter;
struct stat_filter;
struct wn_object;

/** DLT_EN10MB: what a filter is checked against before its interface is known. */
#define FILTER_DLT_ETHERNET 1

/**
 * Make a filter and compile it once, so that what is wrong with it is known.
 *
 * conf      borrowed for the call
 * dlt       DLT_ value of the packets it will see first
 * before    of this name in the generation that runs, whose maps go on, unchanged until this one
 *           runs; NULL: there is none
 * stats     where it counts; outlives the filter
 * out       set on success alone; let go with filter_unref()
 *
 * Returns 0, or a negative code with the reason added to diags.
 */
int filter_new(const struct conf_filter *conf, int dlt, const struct filter *before,
               struct stat_filter *stats, struct filter **out, struct diag_list *diags);

/**
 * Compile every filter that says what it is, only to add to diags what is wrong
 * with it (a conf_more_fn).
 */
void filter_check_all(const struct conf *conf, struct diag_list *diags);

struct filter *filter_ref(struct filter *filter);
void filter_unref(struct filter *filter);

/**
 * The program for a link type, compiled now if it was not before.
 *
 * out    set on success alone; lives as long as the filter
 *
 * Returns 0, or a negative code with the reason added to diags.
 */
int filter_prog(struct filter *filter, int dlt, const struct wn_prog **out,
                struct diag_list *diags);

/** Whether conf describes this very filter and its file, if it has one, has not changed. */
bool filter_is(const struct filter *filter, const struct conf_filter *conf);

const char *filter_name(const struct filter *filter);

/** The expression, or the path of the program. */
const char *filter_text(const struct filter *filter);

enum conf_returns filter_returns(const struct filter *filter);
enum conf_on_fault filter_on_fault(const struct filter *filter);
struct stat_filter *filter_stats(const struct filter *filter);

/** What became of the program that was compiled last. */
void filter_info(const struct filter *filter, struct wn_prog_info *info);

/** The object its program is from, for as long as the filter lives; NULL: it is from none. */
struct wn_object *filter_object(const struct filter *filter);

/** Is a map of it for those alone who may change things? */
bool filter_map_private(const struct filter *filter, const char *map);
