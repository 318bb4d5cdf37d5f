/* SPDX-License-Identifier: MIT */
/** Maps and variables of a filter's object: how they begin, and what of them goes on at a reload.
 */
#pragma once

#include <stdbool.h>

#include "daemon/conf.h"

struct diag_list;
struct filter_maps;
struct wn_object;

/**
 * Before the program is loaded: set what the configuration says of variables and of sizes, read the
 * files of maps, and take over the maps that go on. Nothing is written to those: a map that grows
 * or whose file has changed goes on as a copy.
 *
 * object   borrowed until filter_maps_free()
 * conf     borrowed for the call
 * before   of the same filter in the generation that runs; NULL: there is none
 * out      set on success alone
 *
 * Returns 0, or a negative code with every reason added to diags.
 */
int filter_maps_new(struct wn_object *object, const struct conf_filter *conf,
                    const struct filter_maps *before, struct filter_maps **out,
                    struct diag_list *diags);

/** After that: fill the maps that do not go on as they are. As filter_maps_new(). */
int filter_maps_fill(struct filter_maps *maps, const struct conf_filter *conf,
                     struct diag_list *diags);

/** Whether the files of maps still hold what they held. */
bool filter_maps_fresh(const struct filter_maps *maps);

/** NULL is allowed. */
void filter_maps_free(struct filter_maps *maps);

/** The object; NULL if there are no maps. */
struct wn_object *filter_maps_object(const struct filter_maps *maps);

/** Add that what a filter is made from has neither maps nor variables, for each key that needs
 * them. */
int filter_maps_none(const struct conf_filter *conf, struct diag_list *diags);
