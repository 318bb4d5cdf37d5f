/* SPDX-License-Identifier: MIT */
#include "daemon/generation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/capfile.h"
#include "common/diag.h"
#include "common/log.h"
#include "common/own.h"
#include "daemon/filter.h"
#include "daemon/stats.h"

OWN_BY(generation, struct generation, generation_unref)

struct outlet *outlet_new(struct output *output, struct outlet_host *host)
{
    struct outlet *o = malloc(sizeof *o);
    if (!o) {
        output_close(output, NULL, 0, NULL);
        return NULL;
    }
    *o = (struct outlet){.refs = 1, .output = output, .host = host};
    return o;
}

static struct outlet *outlet_ref(struct outlet *outlet)
{
    if (outlet)
        outlet->refs++;
    return outlet;
}

void outlet_unref(struct outlet *outlet)
{
    if (!outlet || --outlet->refs)
        return;
    size_t n = 0;
    struct outlet_host *host = outlet->host;
    const struct output_totals *totals = host->totals(host->arg, &n);
    struct wn_error err;
    int rc = output_close(outlet->output, totals, n, &err);
    if (rc < 0) {
        /* A reader that has seen enough is no loss. */
        if (rc != -EPIPE)
            log_event(LEVEL_ERROR, "output.lost", "%s", err.text);
        if (!host->lost)
            host->lost = rc;
    }
    free(outlet);
}

static size_t filter_index(const struct conf *conf, const char *name)
{
    size_t i = 0;
    while (i < conf->n_filters && strcmp(conf->filters[i].name, name) != 0)
        i++;
    return i;
}

/* The filter of this name; NULL. */
static struct filter *same_name(const struct generation *old, const struct conf_filter *conf)
{
    size_t i = old ? filter_index(old->conf, conf->name) : 0;
    return old && i < old->conf->n_filters ? old->filters[i] : NULL;
}

/* Every filter is tried, so that one run names every mistake. */
static int make_filters(struct generation *g, const struct generation *old, struct stats *stats,
                        struct diag_list *diags)
{
    int result = 0;
    for (size_t i = 0; i < g->conf->n_filters; i++) {
        const struct conf_filter *c = &g->conf->filters[i];
        struct filter *before = same_name(old, c);
        if (before && filter_is(before, c)) {
            g->filters[i] = filter_ref(before);
            continue;
        }
        struct stat_filter *counters = stats_filter(stats, c->name);
        if (!counters)
            return -ENOMEM;
        int rc = filter_new(c, FILTER_DLT_ETHERNET, before, counters, &g->filters[i], diags);
        if (rc < 0 && !result)
            result = rc;
    }
    return result;
}

static int make_route(struct generation *g, size_t i, struct stats *stats, struct diag_list *diags)
{
    const struct conf_interface *c = &g->conf->interfaces[i];
    struct route *r = &g->routes[i];
    r->stats = stats_interface(stats, c->name);
    r->source = (struct output_source){.name = c->name, .linktype = -1, .snaplen = c->snaplen};
    if (!r->stats)
        return -ENOMEM;
    if (!c->filter)
        return 0;
    const struct filter *f = g->filters[filter_index(g->conf, c->filter)];
    r->returns = filter_returns(f);
    r->on_fault = filter_on_fault(f);
    r->filter_stats = filter_stats(f);
    r->source.filter = filter_text(f);
    /* A route that has a filter never lacks a program: without one it would accept everything. */
    const struct wn_prog *prog;
    int rc = filter_prog(g->filters[filter_index(g->conf, c->filter)], FILTER_DLT_ETHERNET, &prog,
                         diags);
    if (rc == 0)
        worker_set_program(r, prog);
    return rc;
}

int generation_new(struct conf *conf, const struct generation *old, struct stats *stats,
                   struct generation **out, struct diag_list *diags)
{
    OWN(generation) struct generation *g = calloc(1, sizeof *g);
    if (!g) {
        conf_free(conf);
        return -ENOMEM;
    }
    g->refs = 1;
    g->conf = conf;
    g->number = old ? old->number + 1 : 1;
    g->filters = calloc(conf->n_filters + 1, sizeof(struct filter *));
    g->routes = calloc(conf->n_interfaces + 1, sizeof *g->routes);
    if (!g->filters || !g->routes)
        return -ENOMEM;
    int rc = make_filters(g, old, stats, diags);
    for (size_t i = 0; rc == 0 && i < conf->n_interfaces; i++)
        rc = make_route(g, i, stats, diags);
    if (rc == 0)
        *out = give(g);
    return rc;
}

static struct outlet *find_outlet(const struct generation *g, const char *name)
{
    for (size_t i = 0; g && i < g->conf->n_outputs; i++) {
        if (strcmp(g->conf->outputs[i].name, name) == 0)
            return g->outlets[i];
    }
    return NULL;
}

static int open_output(struct generation *g, size_t i, const struct generation *old,
                       struct outlet_host *host, struct stats *stats, struct diag_list *diags)
{
    const struct conf_output *c = &g->conf->outputs[i];
    struct outlet *before = find_outlet(old, c->name);
    if (before && output_adopt(before->output, c) == 0) {
        g->outlets[i] = outlet_ref(before);
        return 0;
    }
    struct stat_output *counters = stats_output(stats, c->name);
    struct output *output;
    int rc = counters ? output_open(c, counters, &output, diags) : -ENOMEM;
    if (rc < 0)
        return rc;
    g->outlets[i] = outlet_new(output, host);
    return g->outlets[i] ? 0 : -ENOMEM;
}

/* Outputs of `old` that have gone on under this generation's configuration go back to theirs. */
static void give_back(struct generation *g, const struct generation *old)
{
    for (size_t i = 0; old && i < old->conf->n_outputs; i++) {
        const struct conf_output *c = &old->conf->outputs[i];
        if (find_outlet(g, c->name) == old->outlets[i])
            output_adopt(old->outlets[i]->output, c);
    }
}

static int connect(struct generation *g, size_t i)
{
    const struct conf_interface *c = &g->conf->interfaces[i];
    struct route *r = &g->routes[i];
    r->outputs = calloc(c->n_outputs + 1, sizeof(struct output *));
    if (!r->outputs)
        return -ENOMEM;
    for (size_t k = 0; k < c->n_outputs; k++) {
        struct outlet *o = find_outlet(g, c->outputs[k]);
        if (o)
            r->outputs[r->n_outputs++] = o->output;
    }
    if (g->extra)
        r->outputs[r->n_outputs++] = g->extra->output;
    return 0;
}

int generation_open_outputs(struct generation *generation, const struct generation *old,
                            struct outlet *extra, struct outlet_host *host, struct stats *stats,
                            struct diag_list *diags)
{
    int result = 0;
    generation->outlets = calloc(generation->conf->n_outputs + 1, sizeof(struct outlet *));
    if (!generation->outlets)
        return -ENOMEM;
    generation->extra = outlet_ref(extra);
    for (size_t i = 0; i < generation->conf->n_outputs; i++) {
        int rc = open_output(generation, i, old, host, stats, diags);
        result = result ? result : rc;
    }
    for (size_t i = 0; result == 0 && i < generation->conf->n_interfaces; i++)
        result = connect(generation, i);
    if (result < 0)
        give_back(generation, old);
    return result;
}

struct generation *generation_ref(struct generation *generation)
{
    generation->refs++;
    return generation;
}

void generation_unref(struct generation *generation)
{
    struct generation *g = generation;
    if (!g || --g->refs)
        return;
    for (size_t i = 0; g->outlets && i < g->conf->n_outputs; i++)
        outlet_unref(g->outlets[i]);
    outlet_unref(g->extra);
    for (size_t i = 0; g->routes && i < g->conf->n_interfaces; i++)
        free(g->routes[i].outputs);
    for (size_t i = 0; g->filters && i < g->conf->n_filters; i++)
        filter_unref(g->filters[i]);
    free(g->outlets);
    free(g->routes);
    free(g->filters);
    conf_free(g->conf);
    free(g);
}

bool generation_is(const struct generation *generation, const struct conf *conf)
{
    const struct conf *mine = generation->conf;
    if (strcmp(mine->id, conf->id) != 0 || mine->n_filters != conf->n_filters)
        return false;
    for (size_t i = 0; i < conf->n_filters; i++) {
        if (!filter_is(generation->filters[i], &conf->filters[i]))
            return false;
    }
    return true;
}

struct route *generation_route(const struct generation *generation, const char *interface)
{
    for (size_t i = 0; i < generation->conf->n_interfaces; i++) {
        if (strcmp(generation->conf->interfaces[i].name, interface) == 0)
            return &generation->routes[i];
    }
    return NULL;
}

int generation_bind(struct generation *generation, struct route *route, uint32_t source, int dlt,
                    struct diag_list *diags)
{
    const struct conf_interface *c = &generation->conf->interfaces[route - generation->routes];
    if (c->filter) {
        struct filter *f = generation->filters[filter_index(generation->conf, c->filter)];
        const struct wn_prog *prog;
        int rc = filter_prog(f, dlt, &prog, diags);
        if (rc < 0)
            return rc;
        worker_set_program(route, prog);
    }
    route->source.id = source;
    int linktype = capfile_linktype_of_dlt(dlt);
    route->source.linktype = linktype < 0 ? dlt : linktype;
    return 0;
}
