/* SPDX-License-Identifier: MIT */
/* The commands that ask the daemon. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "client/print.h"
#include "client/session.h"
#include "common/ctl_interface.h"
#include "common/own.h"
#include "common/varlink.h"

#define TIMEOUT_MS   10000
#define RELOAD_MS    60000
#define COMPLETE_MS  200
#define RATE_MS      1000
#define STATS_MIN_MS 10 /* the daemon's least interval */
#define METHOD(name) CTL_INTERFACE "." name
#define GET_INFO     "org.varlink.service.GetInfo"

static inline void own_json(json_t **value)
{
    json_decref(*value);
}

static int no_operands(const char *command, char **operands)
{
    return *operands ? client_usage("%s: takes no operand \"%s\"", command, *operands) : CLIENT_OK;
}

int command_status(const struct client_opts *opts, char **operands)
{
    OWN(session) struct session s = NO_SESSION;
    struct varlink_reply reply = {0};
    int status = no_operands("status", operands);
    if (!status)
        status = session_open(&s, opts, TIMEOUT_MS);
    if (!status)
        status = session_ask(&s, METHOD("Status"), NULL, &reply);
    if (status)
        return status;

    bool degraded = strcmp(session_member(&reply, "state"), "running") != 0;
    if (opts->json)
        print_json(opts, reply.parameters);
    else if (!opts->quiet)
        print_status(opts, reply.parameters);
    varlink_reply_fini(&reply);
    return degraded ? CLIENT_REFUSED : CLIENT_OK;
}

/* Each counter of `now` gets a member per_second; one that was not there before counts from 0. */
static void add_rates(json_t *now, const json_t *before)
{
    json_int_t ns = json_integer_value(json_object_get(now, "time_ns")) -
                    json_integer_value(json_object_get(before, "time_ns"));
    const json_t *old = json_object_get(before, "counters");
    size_t i;
    json_t *counter;

    json_array_foreach(json_object_get(now, "counters"), i, counter)
    {
        /* Counters keep their order; objects are only ever added after those that are there. */
        const json_t *same = json_array_get(old, i);
        json_int_t value = json_integer_value(json_object_get(counter, "value"));
        if (json_equal(json_object_get(same, "name"), json_object_get(counter, "name")) &&
            json_equal(json_object_get(same, "counter"), json_object_get(counter, "counter")) &&
            json_equal(json_object_get(same, "cause"), json_object_get(counter, "cause")))
            value -= json_integer_value(json_object_get(same, "value"));
        double rate = ns > 0 ? (double)value * 1e9 / (double)ns : 0;
        json_object_set_new(counter, "per_second",
                            json_integer((json_int_t)(rate < 0 ? rate - 0.5 : rate + 0.5)));
    }
}

static void drop_zeros(json_t *reply, const char *key)
{
    json_t *counters = json_object_get(reply, "counters");
    for (size_t i = json_array_size(counters); i-- > 0;) {
        if (!json_integer_value(json_object_get(json_array_get(counters, i), key)))
            json_array_remove(counters, i);
    }
}

static void show_stats(const struct client_opts *opts, json_t *reply)
{
    if (opts->json) {
        if (opts->nonzero)
            drop_zeros(reply, opts->rate ? "per_second" : "value");
        print_json(opts, reply);
    } else {
        print_stats(opts, reply, opts->rate);
    }
    fflush(stdout);
}

/* Milliseconds between two looks; 0: one is enough. */
static int stats_interval(const struct client_opts *opts)
{
    int ms = opts->watch_ms ? opts->watch_ms : opts->rate ? RATE_MS : 0;
    return ms && ms < STATS_MIN_MS ? STATS_MIN_MS : ms;
}

/* The first look, after which the daemon sends the others by itself. */
static int ask_stats(struct session *s, char **operands, struct varlink_reply *out)
{
    int ms = stats_interval(s->opts);
    json_t *select = json_array();
    for (; *operands; operands++)
        json_array_append_new(select, json_string(*operands));
    if (!ms)
        return session_ask(s, METHOD("Stats"), json_pack("{s:o}", "select", select), out);
    return session_ask_more(s, METHOD("Stats"),
                            json_pack("{s:o, s:i}", "select", select, "interval_ms", ms), out);
}

/* Shows a look, against the one before if there is one. */
static void show_look(const struct client_opts *opts, json_t *now, const json_t *before)
{
    if (!before) {
        show_stats(opts, now);
        return;
    }
    OWN(json) json_t *copy = json_deep_copy(now);
    add_rates(copy, before);
    show_stats(opts, copy);
}

int command_stat(const struct client_opts *opts, char **operands)
{
    OWN(session) struct session s = NO_SESSION;
    OWN(json) json_t *before = NULL;
    struct varlink_reply reply = {0};
    int status = session_open(&s, opts, TIMEOUT_MS);
    if (!status)
        status = ask_stats(&s, operands, &reply);

    while (!status) {
        OWN(json) json_t *now = json_incref(reply.parameters);
        bool more = reply.continues;
        varlink_reply_fini(&reply);
        if (!json_array_size(json_object_get(now, "counters")) && *operands)
            return client_fail(opts, CLIENT_REFUSED, "not_found",
                               "no counter matches; `winnowctl stat` lists them all");
        /* A rate needs two looks. */
        bool show = !opts->rate || before;
        if (show)
            show_look(opts, now, opts->rate ? before : NULL);
        if ((show && !opts->watch_ms) || !more || ferror(stdout))
            break;
        json_decref(before);
        before = give(now);
        status = session_next(&s, stats_interval(opts), &reply);
        if (!status && show && !opts->json)
            putchar('\n');
    }
    return status;
}

int command_list(const struct client_opts *opts, char **operands)
{
    OWN(session) struct session s = NO_SESSION;
    struct varlink_reply reply = {0};
    if (!operands[0] || operands[1] ||
        (strcmp(operands[0], "interfaces") != 0 && strcmp(operands[0], "filters") != 0 &&
         strcmp(operands[0], "outputs") != 0 && strcmp(operands[0], "maps") != 0))
        return client_usage("list: one of interfaces, filters, outputs, maps");
    int status = session_open(&s, opts, TIMEOUT_MS);
    if (!status)
        status = session_ask(&s, METHOD("List"), json_pack("{s:s}", "kind", operands[0]), &reply);
    if (status)
        return status;
    if (opts->json)
        print_json(opts, reply.parameters);
    else
        print_list(reply.parameters);
    varlink_reply_fini(&reply);
    return CLIENT_OK;
}

static void print_reload(const struct client_opts *opts, const json_t *reply)
{
    const json_t *generation = json_object_get(reply, "generation");
    const char *phase = json_string_value(json_object_get(reply, "phase"));
    const char *id = json_string_value(json_object_get(generation, "config_id"));
    long long number = json_integer_value(json_object_get(generation, "number"));
    const json_t *diagnostics = json_object_get(reply, "diagnostics");
    size_t errors = print_diagnostics(opts, diagnostics);
    size_t warnings = json_array_size(diagnostics) - errors;

    if (!phase || !strcmp(phase, "rejected"))
        fprintf(
            stderr,
            "winnowctl: %zu error%s, %zu warning%s; nothing was changed, generation %lld (%.6s) "
            "stays active\n",
            errors, errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s", number,
            id ? id : "");
    else if (!opts->quiet)
        printf("%s%lld (%.6s) %s\n",
               !strcmp(phase, "checked") ? "can be taken over; generation " : "generation ", number,
               id ? id : "",
               !strcmp(phase, "unchanged") ? "is what the configuration says: nothing to do"
               : !strcmp(phase, "checked") ? "stays active"
                                           : "is active");
}

int command_reload(const struct client_opts *opts, char **operands)
{
    OWN(session) struct session s = NO_SESSION;
    struct varlink_reply reply = {0};
    int status = no_operands("reload", operands);
    if (!status)
        status = session_open(&s, opts, RELOAD_MS);
    if (!status)
        status = session_exchange(&s, METHOD("Reload"), json_pack("{s:b}", "dry_run", opts->check),
                                  &reply);
    if (status)
        return status;

    bool rejected = reply.error && !strcmp(reply.error, METHOD("ConfigInvalid"));
    if (reply.error && !rejected)
        return session_fail(&s, METHOD("Reload"), &reply);
    if (opts->json)
        print_json(opts, reply.parameters);
    else
        print_reload(opts, reply.parameters);
    varlink_reply_fini(&reply);
    return rejected ? CLIENT_REFUSED : CLIENT_OK;
}

int command_stop(const struct client_opts *opts, char **operands)
{
    OWN(session) struct session s = NO_SESSION;
    struct varlink_reply reply = {0};
    int status = no_operands("stop", operands);
    if (!status)
        status = session_open(&s, opts, TIMEOUT_MS);
    if (!status)
        status = session_ask(&s, METHOD("Stop"), NULL, &reply);
    if (status)
        return status;
    varlink_reply_fini(&reply);
    status = session_wait_end(&s);
    if (!status && opts->json) {
        OWN(json) json_t *done = json_pack("{s:b}", "stopped", 1);
        print_json(opts, done);
    } else if (!status && !opts->quiet) {
        puts("stopped");
    }
    return status;
}

int command_ping(const struct client_opts *opts, char **operands)
{
    OWN(session) struct session s = NO_SESSION;
    struct varlink_reply reply = {0};
    int status = no_operands("ping", operands);
    if (!status)
        status = session_open(&s, opts, TIMEOUT_MS);
    int64_t start_ns = session_now_ns();
    if (!status)
        status = session_ask(&s, GET_INFO, NULL, &reply);
    if (status)
        return status;

    int64_t took_ns = session_now_ns() - start_ns;
    if (opts->json) {
        OWN(json)
        json_t *answer =
            json_pack("{s:s, s:s, s:I}", "product", session_member(&reply, "product"), "version",
                      session_member(&reply, "version"), "round_trip_ns", (json_int_t)took_ns);
        print_json(opts, answer);
    } else if (!opts->quiet) {
        printf("%s %s answered in %.2f ms\n", session_member(&reply, "product"),
               session_member(&reply, "version"), (double)took_ns / 1e6);
    }
    varlink_reply_fini(&reply);
    return CLIENT_OK;
}

/* The daemon's version without a word if it is not there; the caller frees. */
static char *daemon_version(const struct client_opts *opts)
{
    OWN(session) struct session s = NO_SESSION;
    struct varlink_reply reply = {0};
    char *version = NULL;

    if (session_try(&s, opts, TIMEOUT_MS) && !session_exchange(&s, GET_INFO, NULL, &reply)) {
        version = strdup(session_member(&reply, "version"));
        varlink_reply_fini(&reply);
    }
    return version;
}

int command_version(const struct client_opts *opts, char **operands)
{
    int status = no_operands("version", operands);
    if (status)
        return status;
    OWN(free) char *version = daemon_version(opts);
    if (opts->json) {
        OWN(json)
        json_t *both = json_pack("{s:s, s:s?}", "winnowctl", WN_VERSION, "winnowd", version);
        print_json(opts, both);
    } else {
        printf("winnowctl %s\nwinnowd %s\n", WN_VERSION, version ? version : "not running");
    }
    return CLIENT_OK;
}

struct json_t *remote_object_names(const struct client_opts *opts)
{
    OWN(session) struct session s = NO_SESSION;
    struct varlink_reply reply = {0};
    static const char *const kinds[][2] = {
        {"interfaces", "interface"}, {"filters", "filter"}, {"outputs", "output"}};
    size_t i, k;
    json_t *item;

    if (!session_try(&s, opts, COMPLETE_MS) || session_exchange(&s, METHOD("Status"), NULL, &reply))
        return NULL;
    json_t *names = json_array();
    for (k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        json_array_foreach(json_object_get(reply.parameters, kinds[k][0]), i, item)
        {
            const char *name = json_string_value(json_object_get(item, "name"));
            json_array_append_new(names, json_sprintf("%s.%s", kinds[k][1], name ? name : ""));
        }
    }
    json_array_append_new(names, json_string("process"));
    varlink_reply_fini(&reply);
    return names;
}
