/* SPDX-License-Identifier: MIT */
/** The commands about maps, rows of ctl.def. Each is as cmd_fn of ctl_cmds.c. */
#pragma once

#include <stddef.h>

struct ctl_answer;
struct ctl_request;
struct engine;
struct json_t;

#define CTL_MAP_ENTRIES 1000 /* of one request or reply */

/** All maps of all filters, for List. NULL without memory. */
struct json_t *ctl_maps_list(struct engine *engine);

void ctl_maps_dump(struct engine *engine, const struct ctl_request *request,
                   struct ctl_answer *answer);
void ctl_maps_get(struct engine *engine, const struct ctl_request *request,
                  struct ctl_answer *answer);
void ctl_maps_update(struct engine *engine, const struct ctl_request *request,
                     struct ctl_answer *answer);
