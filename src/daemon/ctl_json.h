/* SPDX-License-Identifier: MIT */
/**
 * The engine's state as the JSON of org.winnow.Control. Every function returns
 * a new value, or NULL without memory; what is unknown is null, not absent.
 */
#pragma once

struct diag_list;
struct engine;
struct json_t;

struct json_t *ctl_json_status(struct engine *engine);

#define CTL_SELECT_MAX  64  /* patterns */
#define CTL_PATTERN_MAX 256 /* bytes of one */

/** Counters; `select` is an array of at most so many patterns, or NULL (or JSON null, or empty) for
 * all. */
struct json_t *ctl_json_stats(struct engine *engine, const struct json_t *select);

struct json_t *ctl_json_generation(struct engine *engine);
struct json_t *ctl_json_interfaces(struct engine *engine);
struct json_t *ctl_json_filters(struct engine *engine);
struct json_t *ctl_json_outputs(struct engine *engine);
struct json_t *ctl_json_diagnostics(const struct diag_list *diags);
