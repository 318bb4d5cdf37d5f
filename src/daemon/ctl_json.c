/* SPDX-License-Identifier: MIT */
#include "daemon/ctl_json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <winnow/prog.h>

#include "common/clock.h"
#include "common/diag.h"
#include "common/own.h"
#include "daemon/engine.h"
#include "daemon/stats.h"

#define INSTANCE     "default"
#define ID_CHARS     32
#define KEY_BYTES    256 /* object.name.counter.cause */
#define REASON_BYTES 512

/* JSON's integers are signed here; no counter gets that far. */
static json_t *number(uint64_t value)
{
    return json_integer(value < INT64_MAX ? (json_int_t)value : INT64_MAX);
}

/* Paths and quoted input may hold any bytes, JSON may not: those become question marks. */
static json_t *text(const char *bytes)
{
    if (!bytes)
        return json_null();
    json_t *value = json_string(bytes);
    OWN(free) char *plain = value ? NULL : strdup(bytes);
    if (!plain)
        return value;
    for (char *c = plain; *c; c++) {
        if (*c & 0x80)
            *c = '?';
    }
    return json_string(plain);
}

/* What tells this run of the daemon from another: systemd's id of it, else a random one. */
static const char *instance_id(void)
{
    static char id[ID_CHARS + 1];
    const char *given = getenv("INVOCATION_ID");
    unsigned char bytes[ID_CHARS / 2] = {0};

    if (!*id && given && strlen(given) == ID_CHARS) {
        memcpy(id, given, sizeof id);
    } else if (!*id) {
        if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) < 0)
            snprintf((char *)bytes, sizeof bytes, "%d", (int)getpid());
        for (size_t i = 0; i < sizeof bytes; i++)
            snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    }
    return id;
}

struct json_t *ctl_json_generation(struct engine *engine)
{
    struct engine_generation g;
    engine_generation(engine, &g);
    return json_pack("{s:o, s:s, s:o}", "number", number(g.number), "config_id",
                     g.config_id ? g.config_id : "", "since_ns", number(g.since_ns));
}

static json_t *interface_json(struct engine *engine, const struct engine_interface *it)
{
    static const struct stat_interface none;
    const struct stat_interface *stat = stats_interface(engine_stats(engine), it->name);
    if (!stat)
        stat = &none;
    return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "name", it->name, "device", text(it->device), "state", it->state, "reason",
                     text(it->reason), "filter", text(it->filter), "linktype",
                     it->linktype < 0 ? json_null() : json_integer(it->linktype), "snaplen",
                     number(it->snaplen), "ring", number(it->ring), "received_packets",
                     number(stat->received_packets), "dropped_packets",
                     number(stat->dropped_ring_full + stat->dropped_interface), "delivered_packets",
                     number(stat->delivered_packets), "accepted_packets",
                     number(stat->accepted_packets), "rejected_packets",
                     number(stat->rejected_packets), "fault_packets", number(stat->fault_packets));
}

static const char *engine_name(enum wn_engine engine)
{
    switch (engine) {
    case WN_ENGINE_AUTO: return "auto";
    case WN_ENGINE_JIT: return "jit";
    case WN_ENGINE_INTERP: return "interp";
    case WN_ENGINE_REFERENCE: return "reference";
    }
    return "unknown";
}

static const char *verify_name(enum wn_verify verify)
{
    switch (verify) {
    case WN_VERIFY_GUARD: return "guard";
    case WN_VERIFY_STRICT: return "strict";
    case WN_VERIFY_NONE: return "none";
    }
    return "unknown";
}

static json_t *filter_json(struct engine *engine, const struct engine_filter *it)
{
    static const struct stat_filter none;
    const struct stat_filter *stat = stats_filter(engine_stats(engine), it->name);
    uint64_t faults = 0;
    if (!stat)
        stat = &none;
    for (size_t i = 0; i < WN_FAULTS; i++)
        faults += stat->fault_packets[i];
    return json_pack(
        "{s:s, s:o, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, "
        "s:o, s:o, s:o}",
        "name", it->name, "source", text(it->source), "engine", engine_name(it->engine), "no_jit",
        text(it->no_jit), "verify", verify_name(it->verify), "slots", number(it->slots), "accesses",
        number(it->accesses), "guarded", number(it->guarded), "calls", number(it->calls),
        "calls_checked", number(it->calls_checked), "loops", number(it->loops), "loops_fuelled",
        number(it->loops_fuelled), "in_place", it->in_place, "code_bytes", number(it->code_bytes),
        "evaluated_packets", number(stat->evaluated_packets), "accepted_packets",
        number(stat->accepted_packets), "rejected_packets", number(stat->rejected_packets),
        "fault_packets", number(faults));
}

static json_t *output_json(struct engine *engine, const struct engine_output *it)
{
    static const struct stat_output none;
    const struct stat_output *stat = stats_output(engine_stats(engine), it->name);
    if (!stat)
        stat = &none;
    uint64_t dropped = stat->dropped_no_space + stat->dropped_io_error + stat->dropped_closing +
                       stat->dropped_stopped;
    return json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", it->name, "type", it->type,
        "state", it->state, "reason", text(it->reason), "file", text(it->file), "free_bytes",
        it->free_bytes == UINT64_MAX ? json_null() : number(it->free_bytes), "offered_packets",
        number(stat->offered_packets), "written_packets", number(stat->written_packets),
        "dropped_packets", number(dropped), "queued_packets", number(stat->queued_packets));
}

struct json_t *ctl_json_interfaces(struct engine *engine)
{
    json_t *list = json_array();
    struct engine_interface it;
    for (size_t i = 0; engine_interface_at(engine, i, &it); i++)
        json_array_append_new(list, interface_json(engine, &it));
    return list;
}

struct json_t *ctl_json_filters(struct engine *engine)
{
    json_t *list = json_array();
    struct engine_filter it;
    for (size_t i = 0; engine_filter_at(engine, i, &it); i++)
        json_array_append_new(list, filter_json(engine, &it));
    return list;
}

struct json_t *ctl_json_outputs(struct engine *engine)
{
    json_t *list = json_array();
    struct engine_output it;
    for (size_t i = 0; engine_output_at(engine, i, &it); i++)
        json_array_append_new(list, output_json(engine, &it));
    return list;
}

static void add_reason(json_t *list, const char *kind, const char *name, const char *state,
                       const char *reason)
{
    char line[REASON_BYTES];
    snprintf(line, sizeof line, "%s %s: %s%s%s", kind, name, state, reason ? ": " : "",
             reason ? reason : "");
    json_array_append_new(list, text(line));
}

/* Why not everything that was asked for is being done. */
static json_t *degraded(struct engine *engine)
{
    json_t *list = json_array();
    struct engine_interface interface;
    struct engine_output output;

    for (size_t i = 0; engine_interface_at(engine, i, &interface); i++) {
        if (strcmp(interface.state, "up") != 0)
            add_reason(list, "interface", interface.name, interface.state, interface.reason);
    }
    for (size_t i = 0; engine_output_at(engine, i, &output); i++) {
        if (strcmp(output.state, "ok") != 0)
            add_reason(list, "output", output.name, output.state, output.reason);
    }
    return list;
}

struct json_t *ctl_json_status(struct engine *engine)
{
    json_t *reasons = degraded(engine);
    return json_pack(
        "{s:s, s:s, s:s, s:i, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "version", WN_VERSION,
        "instance", INSTANCE, "instance_id", instance_id(), "pid", (int)getpid(), "start_ns",
        number(engine_started_ns(engine)), "time_ns", number(clock_ns(CLOCK_REALTIME)), "state",
        json_array_size(reasons) ? "degraded" : "running", "degraded", reasons, "generation",
        ctl_json_generation(engine), "interfaces", ctl_json_interfaces(engine), "filters",
        ctl_json_filters(engine), "outputs", ctl_json_outputs(engine));
}

/*
 * `*` any characters, `?` one. Goes back to the last star alone, so that a
 * hostile pattern costs pattern times text at most, unlike fnmatch(3). A
 * pattern that ends where the text has a dot matches too.
 */
static bool matches(const char *pattern, const char *text)
{
    const char *star = NULL, *resume = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = text;
        } else if (*pattern && (*pattern == '?' || *pattern == *text)) {
            pattern++;
            text++;
        } else if (!*pattern && *text == '.') {
            return true;
        } else if (star) {
            pattern = star;
            text = ++resume;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

struct selection {
    const char *patterns[CTL_SELECT_MAX];
    size_t count;
    json_t *counters;
};

static bool selected(const struct selection *s, const struct stat_value *v)
{
    char key[KEY_BYTES];
    snprintf(key, sizeof key, "%s.%s%s%s%s%s", v->object, v->name, *v->name ? "." : "", v->counter,
             v->cause ? "." : "", v->cause ? v->cause : "");
    for (size_t i = 0; i < s->count; i++) {
        if (matches(s->patterns[i], key))
            return true;
    }
    return s->count == 0;
}

static void add_counter(const struct stat_value *v, void *arg)
{
    struct selection *s = arg;
    if (selected(s, v))
        json_array_append_new(
            s->counters, json_pack("{s:s, s:s, s:s, s:o, s:s, s:o}", "object", v->object, "name",
                                   v->name, "counter", v->counter, "cause", text(v->cause), "unit",
                                   v->unit ? v->unit : "", "value", number(v->value)));
}

struct json_t *ctl_json_stats(struct engine *engine, const struct json_t *select)
{
    struct selection s = {.counters = json_array()};
    struct engine_generation g;
    size_t i;
    json_t *item;

    json_array_foreach(select, i, item)
    {
        s.patterns[s.count++] = json_string_value(item);
        if (s.count == CTL_SELECT_MAX)
            break;
    }
    engine_generation(engine, &g);
    stats_each(engine_stats(engine), add_counter, &s);
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "instance", INSTANCE, "instance_id",
                     instance_id(), "start_ns", number(engine_started_ns(engine)), "time_ns",
                     number(clock_ns(CLOCK_REALTIME)), "generation", number(g.number), "counters",
                     s.counters);
}

struct json_t *ctl_json_diagnostics(const struct diag_list *diags)
{
    json_t *list = json_array();
    for (size_t i = 0; i < diags->count; i++) {
        const struct diag *d = &diags->items[i];
        const struct diag_insn *insn = &d->insn;
        json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "code",
                      diag_code_name(d->code), "severity", d->warning ? "warning" : "error", "file",
                      text(d->file), "line", d->line ? json_integer(d->line) : json_null(),
                      "column", d->column ? json_integer(d->column) : json_null(), "section",
                      text(d->section), "key", text(d->key), "message",
                      text(d->message ? d->message : ""), "hint", text(d->hint), "slot",
                      insn->text ? json_integer(insn->slot) : json_null(), "instruction",
                      text(insn->text), "source", text(insn->source), "source_text",
                      text(insn->line)));
    }
    return list;
}
