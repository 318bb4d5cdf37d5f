/* SPDX-License-Identifier: MIT */
/* winnowctl map: what maps of the running daemon hold. */
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "client/print.h"
#include "client/session.h"
#include "common/ctl_interface.h"
#include "common/own.h"

#define TIMEOUT_MS   10000
#define WATCH_MS     1000
#define TAKE_MS      200
#define TAKE_MAX     1000 /* records of one request */
#define COMPLETE_MS  200
#define CHANGES_MAX  250 /* of one request: less than its limit of values */
#define METHOD(name) CTL_INTERFACE "." name
#define FLAGS        (JSON_ENSURE_ASCII | JSON_ENCODE_ANY)
#define KEY_FLAGS    (JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY)

static inline void own_json(json_t **value)
{
    json_decref(*value);
}

/* A map that is spoken of, and what with. */
struct job {
    const struct client_opts *opts;
    struct session session;
    const char *filter, *map;
};

/* The daemon said no; lets go of the reply. */
static int fail(struct job *job, const char *method, struct varlink_reply *reply)
{
    const struct client_opts *opts = job->opts;
    const json_t *p = reply->parameters;
    int status = CLIENT_REFUSED;
    if (!strcmp(reply->error, METHOD("NotFound"))) {
        const char *near = json_string_value(json_object_get(p, "nearest"));
        client_fail_json(opts, status, reply->error, reply->parameters,
                         "there is no %s \"%s\"%s%s%s%s%s", session_member(reply, "object"),
                         session_member(reply, "name"),
                         strcmp(session_member(reply, "object"), "map") == 0 ? " in filter " : "",
                         strcmp(session_member(reply, "object"), "map") == 0 ? job->filter : "",
                         near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    } else if (!strcmp(reply->error, METHOD("MapRefused"))) {
        const json_t *key = json_object_get(p, "key");
        json_int_t applied = json_integer_value(json_object_get(p, "applied"));
        OWN(free) char *text = json_is_null(key) ? NULL : json_dumps(key, FLAGS);
        char before[48] = "";
        if (applied)
            snprintf(before, sizeof before,
                     "; %" JSON_INTEGER_FORMAT " changes before it were made", applied);
        client_fail_json(opts, status, reply->error, reply->parameters,
                         "filter %s, map %s: %s%s%s%s", job->filter, job->map, text ? text : "",
                         text ? ": " : "", session_member(reply, "reason"), before);
    } else {
        return session_fail(&job->session, method, reply);
    }
    varlink_reply_fini(reply);
    return status;
}

static int ask(struct job *job, const char *method, json_t *parameters, struct varlink_reply *out)
{
    int status = session_exchange(&job->session, method, parameters, out);
    return status || !out->error ? status : fail(job, method, out);
}

/* ---- list */

static int list(struct job *job)
{
    struct varlink_reply reply = {0};
    int status = ask(job, METHOD("List"), json_pack("{s:s}", "kind", "maps"), &reply);
    if (status)
        return status;
    json_t *items = json_object_get(reply.parameters, "items");
    for (size_t i = json_array_size(items); job->filter && i-- > 0;) {
        const json_t *filter = json_object_get(json_array_get(items, i), "filter");
        if (strcmp(json_string_value(filter), job->filter) != 0)
            json_array_remove(items, i);
    }
    if (job->opts->json)
        print_json(job->opts, reply.parameters);
    else
        print_list(reply.parameters);
    varlink_reply_fini(&reply);
    return CLIENT_OK;
}

/* ---- dump */

/* Each piece of a map; `arg` is the caller's. */
typedef void (*piece_fn)(void *arg, json_t *piece);

static int each_piece(struct job *job, piece_fn take, void *arg)
{
    OWN(json) json_t *cursor = NULL;
    do {
        struct varlink_reply reply = {0};
        int status = ask(
            job, METHOD("MapDump"),
            json_pack("{s:s, s:s, s:O?}", "filter", job->filter, "map", job->map, "cursor", cursor),
            &reply);
        if (status)
            return status;
        json_decref(cursor);
        cursor = json_incref(json_object_get(reply.parameters, "cursor"));
        take(arg, reply.parameters);
        varlink_reply_fini(&reply);
    } while (json_is_string(cursor) && !ferror(stdout));
    return CLIENT_OK;
}

struct printing {
    bool begun, json;
    size_t entries;
};

/* The head comes with the first piece; entries as they come, so that none of them is kept. */
static void print_piece(void *arg, json_t *piece)
{
    struct printing *p = arg;
    json_t *entry;
    size_t i;
    if (!p->begun) {
        OWN(json) json_t *head = json_copy(piece);
        json_object_del(head, "entries");
        json_object_del(head, "cursor");
        OWN(free) char *text = json_dumps(head, p->json ? JSON_COMPACT | FLAGS : FLAGS);
        printf(p->json ? "%.*s,\"entries\":[" : "%.*s, \"entries\": [",
               text ? (int)strlen(text) - 1 : 1, text ? text : "{}");
        p->begun = true;
    }
    json_array_foreach(json_object_get(piece, "entries"), i, entry)
    {
        fputs(p->json ? p->entries ? "," : "" : p->entries ? ",\n  " : "\n  ", stdout);
        json_dumpf(entry, stdout, p->json ? JSON_COMPACT | FLAGS : FLAGS);
        p->entries++;
    }
}

static int dump(struct job *job)
{
    struct printing p = {.json = job->opts->json};
    int status = each_piece(job, print_piece, &p);
    if (p.begun)
        puts(p.entries && !p.json ? "\n]}" : "]}");
    return status;
}

/* ---- keys and values of the command line */

/* JSON if it looks so, else its text: numbers, names, addresses and hexadecimal bytes. */
static json_t *value_of(const char *text)
{
    bool word = !strcmp(text, "true") || !strcmp(text, "false") || !strcmp(text, "null");
    json_t *json = strchr("[{\"", *text) || word
                       ? json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL)
                       : NULL;
    return json ? json : json_string(text);
}

static int get(struct job *job, char **operands)
{
    struct varlink_reply reply = {0};
    if (operands[0] && operands[1])
        return client_usage("map get: one key at a time");
    int status = ask(job, METHOD("MapGet"),
                     json_pack("{s:s, s:s, s:o}", "filter", job->filter, "map", job->map, "key",
                               operands[0] ? value_of(operands[0]) : json_null()),
                     &reply);
    if (status)
        return status;
    bool found = json_is_true(json_object_get(reply.parameters, "found"));
    if (job->opts->json) {
        print_json(job->opts, reply.parameters);
    } else if (found && !job->opts->quiet) {
        const json_t *entry = json_object_get(reply.parameters, "entry");
        const json_t *value = json_object_get(entry, "value");
        json_dumpf(value ? value : json_object_get(entry, "values"), stdout, FLAGS);
        putchar('\n');
    }
    varlink_reply_fini(&reply);
    return found ? CLIENT_OK : CLIENT_REFUSED;
}

/* One request; `set` and `del` are taken. */
static int update(struct job *job, json_t *set, json_t *del, json_t *sum)
{
    const struct client_opts *opts = job->opts;
    struct varlink_reply reply = {0};
    int status = ask(job, METHOD("MapUpdate"),
                     json_pack("{s:s, s:s, s:o?, s:o?, s:b, s:s}", "filter", job->filter, "map",
                               job->map, "set", set, "delete", del, "atomic", opts->atomic, "mode",
                               opts->create ? "create" : "any"),
                     &reply);
    if (status)
        return status;
    json_int_t applied = json_integer_value(json_object_get(sum, "applied")) +
                         json_integer_value(json_object_get(reply.parameters, "applied"));
    json_object_update(sum, reply.parameters);
    json_object_set_new(sum, "applied", json_integer(applied));
    varlink_reply_fini(&reply);
    return CLIENT_OK;
}

static int change(struct job *job, char **operands, bool deletes)
{
    OWN(json) json_t *sum = json_object();
    bool keyless = !deletes && operands[0] && !operands[1];
    int status = CLIENT_OK;
    if (!*operands)
        return client_usage("map %s: which key?", deletes ? "del" : "set");
    do {
        json_t *list = json_array();
        for (size_t n = 0; *operands && n < (job->opts->atomic ? SIZE_MAX : CHANGES_MAX); n++) {
            json_t *key = keyless ? json_null() : value_of(*operands++);
            if (!deletes && !*operands) {
                json_decref(key);
                json_decref(list);
                return client_usage("map set: a key without a value");
            }
            json_array_append_new(list, deletes ? key
                                                : json_pack("{s:o, s:o}", "key", key, "value",
                                                            value_of(*operands++)));
        }
        status = update(job, deletes ? NULL : list, deletes ? list : NULL, sum);
    } while (!status && *operands);
    if (!status && job->opts->json)
        print_json(job->opts, sum);
    return status;
}

/* ---- watch */

/* What a map held: entries by key, in one spelling. */
static void keep_piece(void *arg, json_t *piece)
{
    json_t *all = arg, *entry;
    size_t i;
    json_array_foreach(json_object_get(piece, "entries"), i, entry)
    {
        OWN(free) char *key = json_dumps(json_object_get(entry, "key"), KEY_FLAGS);
        if (key)
            json_object_set(all, key, entry);
    }
}

static void show_change(const struct client_opts *opts, const char *op, json_t *entry)
{
    OWN(json) json_t *line = json_pack("{s:s}", "op", op);
    json_object_update(line, entry);
    if (opts->json) {
        print_json(opts, line);
        return;
    }
    const json_t *value = json_object_get(entry, "value");
    OWN(free) char *key_text = json_dumps(json_object_get(entry, "key"), FLAGS);
    OWN(free) char *text = json_dumps(value ? value : json_object_get(entry, "values"), FLAGS);
    printf("%s %s %s\n",
           *op == 's'   ? "+"
           : *op == 'c' ? "~"
                        : "-",
           key_text ? key_text : "", text ? text : "");
}

/* Show how `now` differs; false: that is enough. */
static bool show_changes(const struct client_opts *opts, json_t *before, json_t *now,
                         uint64_t *count)
{
    const char *key;
    json_t *entry;
    bool go_on = true;
    json_object_foreach(before, key, entry)
    {
        if (go_on && !json_object_get(now, key)) {
            show_change(opts, "delete", entry);
            go_on = !opts->count || --*count;
        }
    }
    json_object_foreach(now, key, entry)
    {
        const json_t *then = json_object_get(before, key);
        if (go_on && !json_equal(then, entry)) {
            show_change(opts, then ? "change" : "set", entry);
            go_on = !opts->count || --*count;
        }
    }
    fflush(stdout);
    return go_on && !ferror(stdout);
}

static int watch_entries(struct job *job)
{
    const struct client_opts *opts = job->opts;
    OWN(json) json_t *before = NULL;
    uint64_t count = opts->count;
    for (bool go_on = true; go_on;) {
        OWN(json) json_t *now = json_object();
        int status = each_piece(job, keep_piece, now);
        if (status)
            return status;
        go_on = !before || show_changes(opts, before, now, &count);
        json_decref(before);
        before = give(now);
        if (go_on)
            poll(NULL, 0, opts->watch_ms ? opts->watch_ms : WATCH_MS);
    }
    return CLIENT_OK;
}

/* ---- records, which are taken out */

/* Bytes as tcpdump -X has them. */
static void print_bytes(const char *hex)
{
    size_t n = strlen(hex) / 2;
    for (size_t at = 0; at < n; at += 16) {
        char text[17] = "";
        printf("\t0x%04zx: ", at);
        for (size_t i = at; i < at + 16; i++) {
            char pair[3] = {i < n ? hex[2 * i] : ' ', i < n ? hex[2 * i + 1] : ' '};
            int byte = i < n ? (int)strtoul(pair, NULL, 16) : ' ';
            printf(i % 2 ? "%s" : " %s", pair);
            text[i - at] = (char)(byte >= ' ' && byte <= '~' ? byte : '.');
        }
        printf("  %s\n", text);
    }
}

static void print_record(const struct client_opts *opts, json_t *record)
{
    const json_t *cpu = json_object_get(record, "cpu");
    json_int_t bytes = json_integer_value(json_object_get(record, "bytes"));
    if (opts->json) {
        print_json(opts, record);
        return;
    }
    printf("%" JSON_INTEGER_FORMAT " %s", bytes, bytes == 1 ? "byte" : "bytes");
    if (json_is_integer(cpu))
        printf(", CPU %" JSON_INTEGER_FORMAT, json_integer_value(cpu));
    putchar('\n');
    print_bytes(json_string_value(json_object_get(record, "data")));
}

/* Say how many did not fit since it was said last. */
static void print_lost(const struct client_opts *opts, json_int_t n)
{
    OWN(json) json_t *line = json_pack("{s:I}", "lost", n);
    if (opts->json)
        print_json(opts, line);
    else
        printf("%" JSON_INTEGER_FORMAT " lost, as nobody took them in time\n", n);
}

static int watch_records(struct job *job)
{
    const struct client_opts *opts = job->opts;
    uint64_t count = opts->count;
    json_int_t lost = -1;
    for (;;) {
        struct varlink_reply reply = {0};
        json_t *record;
        size_t i;
        int status =
            ask(job, METHOD("MapTake"),
                json_pack("{s:s, s:s, s:o?}", "filter", job->filter, "map", job->map, "limit",
                          count && count < TAKE_MAX ? json_integer((json_int_t)count) : NULL),
                &reply);
        if (status)
            return status;
        json_array_foreach(json_object_get(reply.parameters, "records"), i, record)
            print_record(opts, record);
        json_int_t now = json_integer_value(json_object_get(reply.parameters, "lost"));
        if (lost >= 0 && now > lost)
            print_lost(opts, now - lost);
        lost = now;
        count -= opts->count ? i : 0;
        bool more = json_is_true(json_object_get(reply.parameters, "more"));
        varlink_reply_fini(&reply);
        fflush(stdout);
        if (ferror(stdout) || (opts->count && count == 0))
            return CLIENT_OK;
        if (!more)
            poll(NULL, 0, opts->watch_ms ? opts->watch_ms : TAKE_MS);
    }
}

/* Whether a map has records instead of elements. */
static int has_records(struct job *job, bool *out)
{
    struct varlink_reply reply = {0};
    const json_t *item;
    size_t i;
    int status = ask(job, METHOD("List"), json_pack("{s:s}", "kind", "maps"), &reply);
    *out = false;
    if (status)
        return status;
    json_array_foreach(json_object_get(reply.parameters, "items"), i, item)
    {
        const char *type = json_string_value(json_object_get(item, "type"));
        if (!strcmp(json_string_value(json_object_get(item, "filter")), job->filter) &&
            !strcmp(json_string_value(json_object_get(item, "name")), job->map))
            *out = type && (!strcmp(type, "ringbuf") || !strcmp(type, "perf_event_array"));
    }
    varlink_reply_fini(&reply);
    return CLIENT_OK;
}

static int watch(struct job *job)
{
    bool records;
    int r = has_records(job, &records);
    return r ? r : records ? watch_records(job) : watch_entries(job);
}
/* ---- all of them */

static int run(struct job *job, const char *verb, char **operands)
{
    if (!strcmp(verb, "get"))
        return get(job, operands);
    if (!strcmp(verb, "set") || !strcmp(verb, "del"))
        return change(job, operands, *verb == 'd');
    if (*operands)
        return client_usage("map %s: takes no operand \"%s\"", verb, *operands);
    return !strcmp(verb, "list") ? list(job) : !strcmp(verb, "dump") ? dump(job) : watch(job);
}

int command_map(const struct client_opts *opts, char **operands)
{
    static const char *const verbs[] = {"list", "dump", "get", "set", "del", "watch"};
    struct job job = {.opts = opts, .session = NO_SESSION};
    const char *verb = operands[0];
    size_t i = 0;
    while (verb && i < sizeof verbs / sizeof *verbs && strcmp(verbs[i], verb) != 0)
        i++;
    if (!verb || i == sizeof verbs / sizeof *verbs)
        return client_usage("map: one of list, dump, get, set, del, watch");
    job.filter = operands[1];
    job.map = job.filter && i ? operands[2] : NULL;
    if (i && !job.map)
        return client_usage("map %s: which filter and map? `winnowctl map list` lists them", verb);
    operands += i ? 3 : job.filter ? 2 : 1;
    int status = session_open(&job.session, opts, TIMEOUT_MS);
    if (!status)
        status = run(&job, verb, operands);
    session_close(&job.session);
    return status;
}

struct json_t *remote_map_names(const struct client_opts *opts, const char *filter)
{
    OWN(session) struct session s = NO_SESSION;
    struct varlink_reply reply = {0};
    size_t i;
    json_t *item;
    if (!session_try(&s, opts, COMPLETE_MS) ||
        session_exchange(&s, METHOD("List"), json_pack("{s:s}", "kind", "maps"), &reply))
        return NULL;
    json_t *names = json_array();
    json_array_foreach(json_object_get(reply.parameters, "items"), i, item)
    {
        const json_t *of = json_object_get(item, "filter");
        if (!filter)
            json_array_append(names, json_object_get(item, "filter"));
        else if (json_is_string(of) && !strcmp(json_string_value(of), filter))
            json_array_append(names, json_object_get(item, "name"));
    }
    varlink_reply_fini(&reply);
    return names;
}
