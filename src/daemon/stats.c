/* SPDX-License-Identifier: MIT */
#include "daemon/stats.h"

#include <stdlib.h>
#include <string.h>

#define NONE NULL

static const struct row {
    enum stat_kind kind;
    size_t offset;
    const char *counter, *cause, *unit;
} rows[] = {
#define STRUCT_INTERFACE struct stat_interface
#define STRUCT_FILTER    struct stat_filter
#define STRUCT_OUTPUT    struct stat_output
#define STRUCT_PROCESS   struct stat_process
#define S(object, field, counter, cause, unit, meaning)                                            \
    {STAT_##object, offsetof(STRUCT_##object, field), counter, cause, unit},
#include "daemon/stat.def"
#undef S
};

static const char *const kind_names[] = {
    [STAT_INTERFACE] = "interface",
    [STAT_FILTER] = "filter",
    [STAT_OUTPUT] = "output",
    [STAT_PROCESS] = "process",
};

/** The counters of one object; they never move, for others hold pointers to them. */
struct entry {
    struct entry *next;
    enum stat_kind kind;
    char *name;
    union {
        struct stat_interface interface;
        struct stat_filter filter;
        struct stat_output output;
        struct stat_process process;
    } counters;
};

struct stats {
    struct entry *first, **last;
};

struct stats *stats_new(void)
{
    struct stats *stats = calloc(1, sizeof(*stats));
    if (stats)
        stats->last = &stats->first;
    return stats;
}

static void entry_free(struct entry *e)
{
    free(e->name);
    free(e);
}

void stats_free(struct stats *stats)
{
    if (!stats)
        return;
    for (struct entry *e = stats->first, *next; e; e = next) {
        next = e->next;
        entry_free(e);
    }
    free(stats);
}

static void *counters(struct stats *stats, enum stat_kind kind, const char *name)
{
    for (struct entry *e = stats->first; e; e = e->next)
        if (e->kind == kind && strcmp(e->name, name) == 0)
            return &e->counters;

    struct entry *e = calloc(1, sizeof(*e));
    if (!e)
        return NULL;
    e->kind = kind;
    e->name = strdup(name);
    if (!e->name) {
        entry_free(e);
        return NULL;
    }
    *stats->last = e;
    stats->last = &e->next;
    return &e->counters;
}

struct stat_interface *stats_interface(struct stats *stats, const char *name)
{
    return counters(stats, STAT_INTERFACE, name);
}

struct stat_filter *stats_filter(struct stats *stats, const char *name)
{
    return counters(stats, STAT_FILTER, name);
}

struct stat_output *stats_output(struct stats *stats, const char *name)
{
    return counters(stats, STAT_OUTPUT, name);
}

struct stat_process *stats_process(struct stats *stats)
{
    return counters(stats, STAT_PROCESS, "");
}

void stats_each(const struct stats *stats, void (*fn)(const struct stat_value *v, void *arg),
                void *arg)
{
    for (const struct entry *e = stats->first; e; e = e->next) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            const struct row *r = &rows[i];
            if (r->kind != e->kind)
                continue;
            struct stat_value v = {.object = kind_names[r->kind],
                                   .name = e->name,
                                   .counter = r->counter,
                                   .cause = r->cause,
                                   .unit = r->unit};
            memcpy(&v.value, (const char *)&e->counters + r->offset, sizeof(v.value));
            fn(&v, arg);
        }
    }
}
