/* SPDX-License-Identifier: MIT */
/* What others may see of the engine. */
#include "daemon/engine.h"

#include <string.h>

#include "daemon/engine_inner.h"
#include "daemon/filter.h"

void engine_generation(const struct engine *engine, struct engine_generation *out)
{
    const struct generation *g = engine->host.current;
    *out = (struct engine_generation){
        .number = g->number, .config_id = g->conf->id, .since_ns = g->since_ns};
}

uint64_t engine_started_ns(const struct engine *engine)
{
    return engine->started_ns;
}

struct stats *engine_stats(struct engine *engine)
{
    return engine->stats;
}

void engine_poll(struct engine *engine)
{
    for (size_t i = 0; i < engine->taps.count; i++)
        tap_poll(engine->taps.items[i]);
    for (size_t i = 0; i < engine->retired.count; i++)
        tap_poll(engine->retired.items[i]);
}

bool engine_interface_at(struct engine *engine, size_t i, struct engine_interface *out)
{
    static const char *const states[] = {"missing", "down", "up", "error"};
    const struct conf *conf = engine->host.current->conf;
    if (i >= conf->n_interfaces)
        return false;
    const struct conf_interface *c = &conf->interfaces[i];
    const struct tap *tap = tap_list_find(&engine->taps, c->name);
    *out = (struct engine_interface){
        .name = c->name,
        .device = c->device,
        .state = states[tap ? tap_state(tap) : TAP_MISSING],
        .reason = tap ? tap_reason(tap) : "not opened yet",
        .filter = c->filter,
        .snaplen = c->snaplen,
        .ring = c->ring,
        .linktype = engine->host.current->routes[i].source.linktype,
    };
    return true;
}

bool engine_filter_at(struct engine *engine, size_t i, struct engine_filter *out)
{
    const struct generation *g = engine->host.current;
    if (i >= g->conf->n_filters)
        return false;
    struct wn_prog_info *info = &engine->info;
    filter_info(g->filters[i], info);
    *out = (struct engine_filter){
        .name = g->conf->filters[i].name,
        .source = filter_text(g->filters[i]),
        .engine = info->engine,
        .no_jit = info->no_jit.code ? info->no_jit.text : NULL,
        .verify = g->conf->filters[i].verify,
        .slots = info->slots,
        .accesses = info->accesses,
        .guarded = info->guarded,
        .calls = info->calls,
        .calls_checked = info->calls_checked,
        .loops = info->loops,
        .loops_fuelled = info->loops_fuelled,
        .in_place = info->in_place || info->type == WN_PROG_FILTER,
        .code_bytes = info->code_bytes,
    };
    return true;
}

bool engine_output_at(struct engine *engine, size_t i, struct engine_output *out)
{
    const struct generation *g = engine->host.current;
    bool extra = i == g->conf->n_outputs && engine->extra;
    if (i >= g->conf->n_outputs && !extra)
        return false;
    struct output_state *s = &engine->output;
    output_state(extra ? engine->extra->output : g->outlets[i]->output, s);
    *out = (struct engine_output){
        .name = extra ? "write" : g->conf->outputs[i].name,
        .type = !extra && g->conf->outputs[i].type == OUTPUT_COUNT ? "count" : "file",
        .state = s->state,
        .reason = s->reason,
        .file = s->file,
        .free_bytes = s->free_bytes,
    };
    return true;
}

static const struct filter *find_filter(const struct engine *engine, const char *name)
{
    const struct generation *g = engine->host.current;
    for (size_t i = 0; i < g->conf->n_filters; i++)
        if (strcmp(g->conf->filters[i].name, name) == 0)
            return g->filters[i];
    return NULL;
}

bool engine_filter_object(struct engine *engine, const char *filter, struct wn_object **out)
{
    const struct filter *f = find_filter(engine, filter);
    *out = f ? filter_object(f) : NULL;
    return f != NULL;
}

bool engine_map_private(struct engine *engine, const char *filter, const char *map)
{
    const struct filter *f = find_filter(engine, filter);
    return f && filter_map_private(f, map);
}
