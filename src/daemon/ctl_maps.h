/* SPDX-License-Identifier: MIT */
/** The commands about maps, rows of ctl.def. Each is as cmd_fn of ctl_cmds.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ctl_answer;
struct ctl_request;
struct engine;
struct json_t;
struct map_text;

#define CTL_MAP_ENTRIES 1000 /* of one request or reply */

/** All maps of all filters, for List. NULL without memory. */
struct json_t *ctl_maps_list(struct engine *engine);

void ctl_maps_dump(struct engine *engine, const struct ctl_request *request,
                   struct ctl_answer *answer);
void ctl_maps_get(struct engine *engine, const struct ctl_request *request,
                  struct ctl_answer *answer);
void ctl_maps_update(struct engine *engine, const struct ctl_request *request,
                     struct ctl_answer *answer);

/** Records of ring buffers and perf events (ctl_records.c). */
void ctl_maps_take(struct engine *engine, const struct ctl_request *request,
                   struct ctl_answer *answer);

/** The map that runs, of the filter and the name that are asked for; false: answered why not. */
bool ctl_maps_find(struct engine *engine, const struct ctl_request *request,
                   struct ctl_answer *answer, struct map_text *out);

/** Answer that a map does not take something. `key` is taken, and may be NULL. */
void ctl_maps_refuse(const struct ctl_request *request, struct ctl_answer *answer,
                     struct json_t *key, size_t applied, const char *reason);
