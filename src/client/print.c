/* SPDX-License-Identifier: MIT */
#include "client/print.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/client.h"
#include "common/diag.h"
#include "common/own.h"

#define SECOND_NS INT64_C(1000000000)
#define KEY_BYTES 256
#define GREEN     "32"
#define YELLOW    "33"
#define RED       "31"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static int64_t int_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

const char *print_count(char buf[PRINT_BYTES], int64_t value)
{
    char digits[24];
    char *to = buf;
    int n = snprintf(digits, sizeof digits, "%" PRId64, value);
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-')
            *to++ = ' ';
        *to++ = digits[i];
    }
    *to = '\0';
    return buf;
}

const char *print_size(char buf[PRINT_BYTES], int64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1024;
        unit++;
    }
    snprintf(buf, PRINT_BYTES, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return buf;
}

const char *print_age(char buf[PRINT_BYTES], int64_t ns)
{
    int64_t s = ns / SECOND_NS;
    int days = (int)(s / 86400), h = (int)(s / 3600 % 24), m = (int)(s / 60 % 60);
    if (days)
        snprintf(buf, PRINT_BYTES, "%dd %02d:%02d", days, h, m);
    else
        snprintf(buf, PRINT_BYTES, "%02d:%02d:%02d", h, m, (int)(s % 60));
    return buf;
}

const char *print_time(char buf[PRINT_BYTES], int64_t ns)
{
    time_t seconds = (time_t)(ns / SECOND_NS);
    struct tm tm;
    size_t len = gmtime_r(&seconds, &tm) ? strftime(buf, PRINT_BYTES, "%Y-%m-%dT%H:%M:%S", &tm) : 0;
    snprintf(buf + len, PRINT_BYTES - len, ".%09dZ", (int)(ns % SECOND_NS));
    return buf;
}

const char *print_clock(char buf[PRINT_BYTES], int64_t ns)
{
    time_t seconds = (time_t)(ns / SECOND_NS);
    struct tm tm;
    *buf = '\0';
    if (localtime_r(&seconds, &tm))
        strftime(buf, PRINT_BYTES, "%H:%M:%S", &tm);
    return buf;
}

const char *print_share(char buf[PRINT_BYTES], int64_t part, int64_t whole)
{
    if (whole)
        snprintf(buf, PRINT_BYTES, "%.1f %%", 100.0 * (double)part / (double)whole);
    else
        snprintf(buf, PRINT_BYTES, "-");
    return buf;
}

static void add_times(json_t *value)
{
    static const char *const times[][2] = {
        {"start_ns", "start"}, {"time_ns", "time"}, {"since_ns", "since"}};
    char buf[PRINT_BYTES];
    const char *key;
    json_t *item;
    size_t i;

    json_array_foreach(value, i, item) add_times(item);
    json_object_foreach(value, key, item) add_times(item);
    for (i = 0; i < sizeof times / sizeof times[0]; i++) {
        item = json_object_get(value, times[i][0]);
        if (json_is_integer(item))
            json_object_set_new(value, times[i][1],
                                json_string(print_time(buf, json_integer_value(item))));
    }
}

static int plain(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f ? '?' : c;
}

void print_plain(const char *text, FILE *to)
{
    for (; *text; text++)
        fputc(plain(*text), to);
}

struct json_t *print_text_json(const char *text)
{
    if (!text)
        return json_null();
    json_t *value = json_string(text);
    OWN(free) char *plain = value ? NULL : strdup(text);
    if (!plain)
        return value;
    for (char *c = plain; *c; c++) {
        if (*c & 0x80)
            *c = '?';
    }
    return json_string(plain);
}

void print_json(const struct client_opts *opts, struct json_t *object)
{
    add_times(object);
    json_dumpf(object, stdout, opts->indent ? JSON_INDENT(2) : JSON_COMPACT);
    putchar('\n');
}

/* A word in colour, padded to `width` before the colour is put around it. */
static void print_word(const struct client_opts *opts, const char *color, const char *word,
                       int width)
{
    if (opts->color)
        printf("\033[%sm%-*s\033[0m", color, width, word);
    else
        printf("%-*s", width, word);
}

void print_verdict(const struct client_opts *opts, bool good, const char *word)
{
    print_word(opts, good ? GREEN : RED, word, 0);
}

/* The names of one kind of object are a column. */
static int name_width(const json_t *reply)
{
    static const char *const lists[] = {"interfaces", "filters", "outputs", "items"};
    size_t width = 8, i, k;
    json_t *item;
    for (k = 0; k < sizeof lists / sizeof lists[0]; k++) {
        json_array_foreach(json_object_get(reply, lists[k]), i, item)
        {
            if (strlen(text_of(item, "name")) > width)
                width = strlen(text_of(item, "name"));
        }
    }
    return (int)width;
}

static void begin_line(const struct client_opts *opts, const char *kind, const json_t *item,
                       const char *state, bool good, int width)
{
    printf("  %-9s  %-*s ", kind, width, text_of(item, "name"));
    print_word(opts, good ? GREEN : YELLOW, state, 8);
}

static void print_interface(const struct client_opts *opts, const json_t *it, int width)
{
    char count[PRINT_BYTES], share[PRINT_BYTES], lost[PRINT_BYTES];
    const char *state = text_of(it, "state");
    begin_line(opts, "interface", it, state, !strcmp(state, "up"), width);
    printf(" %s packets, %s accepted, %s lost\n",
           print_count(count, int_of(it, "delivered_packets")),
           print_share(share, int_of(it, "accepted_packets"), int_of(it, "delivered_packets")),
           print_count(lost, int_of(it, "dropped_packets")));
}

/* What a filter's runs have to check. */
static void print_proofs(const json_t *it)
{
    int64_t accesses = int_of(it, "accesses"), guarded = int_of(it, "guarded");
    int64_t fuelled = int_of(it, "loops_fuelled");
    if (guarded)
        printf("%" PRId64 " of %" PRId64 " accesses guarded, ", guarded, accesses);
    else if (accesses)
        printf("%" PRId64 " access%s proved, ", accesses, accesses == 1 ? "" : "es");
    if (fuelled)
        printf("%" PRId64 " loop%s fuelled, ", fuelled, fuelled == 1 ? "" : "s");
}

static void print_filter(const struct client_opts *opts, const json_t *it, int width)
{
    char share[PRINT_BYTES], faults[PRINT_BYTES];
    begin_line(opts, "filter", it, "ok", true, width);
    printf(" %s, %" PRId64 " slots, ", text_of(it, "engine"), int_of(it, "slots"));
    print_proofs(it);
    printf("%s accepted, %s faults\n",
           print_share(share, int_of(it, "accepted_packets"), int_of(it, "evaluated_packets")),
           print_count(faults, int_of(it, "fault_packets")));
}

static void print_output(const struct client_opts *opts, const json_t *it, int width)
{
    char written[PRINT_BYTES], dropped[PRINT_BYTES], room[PRINT_BYTES];
    const char *state = text_of(it, "state");
    begin_line(opts, "output", it, state, !strcmp(state, "ok"), width);
    printf(" %s written, %s dropped", print_count(written, int_of(it, "written_packets")),
           print_count(dropped, int_of(it, "dropped_packets")));
    if (json_is_integer(json_object_get(it, "free_bytes")))
        printf(", %s free", print_size(room, int_of(it, "free_bytes")));
    putchar('\n');
}

void print_status(const struct client_opts *opts, const struct json_t *reply)
{
    const json_t *generation = json_object_get(reply, "generation");
    char age[PRINT_BYTES], clock[PRINT_BYTES];
    int width = name_width(reply);
    json_t *item;
    size_t i;

    printf("winnowd %s (%s), pid %" PRId64 ", up %s, generation %" PRId64 " (%.6s) since %s\n",
           text_of(reply, "version"), text_of(reply, "instance"), int_of(reply, "pid"),
           print_age(age, int_of(reply, "time_ns") - int_of(reply, "start_ns")),
           int_of(generation, "number"), text_of(generation, "config_id"),
           print_clock(clock, int_of(generation, "since_ns")));
    json_array_foreach(json_object_get(reply, "interfaces"), i, item)
        print_interface(opts, item, width);
    json_array_foreach(json_object_get(reply, "filters"), i, item) print_filter(opts, item, width);
    json_array_foreach(json_object_get(reply, "outputs"), i, item) print_output(opts, item, width);
    json_array_foreach(json_object_get(reply, "degraded"), i, item)
    {
        print_word(opts, RED, "degraded:", 0);
        printf(" %s\n", json_string_value(item));
    }
}

/* A table with a header; columns are as wide as their widest entry. */
struct table {
    const char *const *keys;
    const char *const *titles;
    size_t columns;
};

static const char *cell(char buf[PRINT_BYTES], const json_t *item, const char *key)
{
    const json_t *value = json_object_get(item, key);
    if (json_is_string(value))
        return json_string_value(value);
    return json_is_integer(value) ? print_count(buf, json_integer_value(value)) : "-";
}

static void print_table(const struct table *table, const json_t *items)
{
    char buf[PRINT_BYTES];
    size_t widths[8] = {0}, i;
    json_t *item;

    for (size_t k = 0; k < table->columns; k++) {
        widths[k] = strlen(table->titles[k]);
        json_array_foreach(items, i, item)
        {
            size_t len = strlen(cell(buf, item, table->keys[k]));
            if (len > widths[k])
                widths[k] = len;
        }
    }
    for (size_t row = 0; row <= json_array_size(items); row++) {
        item = row ? json_array_get(items, row - 1) : NULL;
        for (size_t k = 0; k < table->columns; k++) {
            bool last = k + 1 == table->columns;
            printf("%-*s%s", last ? 0 : (int)widths[k],
                   item ? cell(buf, item, table->keys[k]) : table->titles[k], last ? "\n" : "  ");
        }
    }
}

void print_list(const struct json_t *reply)
{
    static const char *const interface_keys[] = {"name", "device", "state", "filter", "reason"};
    static const char *const interface_titles[] = {"NAME", "DEVICE", "STATE", "FILTER", "REASON"};
    static const char *const filter_keys[] = {"name",    "engine",        "slots", "accesses",
                                              "guarded", "loops_fuelled", "source"};
    static const char *const filter_titles[] = {"NAME",    "ENGINE",  "SLOTS", "ACCESSES",
                                                "GUARDED", "FUELLED", "SOURCE"};
    static const char *const output_keys[] = {"name", "type", "state", "file", "reason"};
    static const char *const output_titles[] = {"NAME", "TYPE", "STATE", "FILE", "REASON"};
    static const char *const map_keys[] = {"filter",  "name",        "type", "key_type",
                                           "entries", "max_entries", "bytes"};
    static const char *const map_titles[] = {"FILTER",  "MAP",  "TYPE", "KEY",
                                             "ENTRIES", "ROOM", "BYTES"};
    static const struct table interfaces = {interface_keys, interface_titles, 5},
                              filters = {filter_keys, filter_titles, 7},
                              outputs = {output_keys, output_titles, 5},
                              maps = {map_keys, map_titles, 7};
    const char *kind = text_of(reply, "kind");

    print_table(!strcmp(kind, "filters")   ? &filters
                : !strcmp(kind, "outputs") ? &outputs
                : !strcmp(kind, "maps")    ? &maps
                                           : &interfaces,
                json_object_get(reply, "items"));
}

static void counter_key(char key[KEY_BYTES], const json_t *counter)
{
    const char *name = text_of(counter, "name"), *cause = text_of(counter, "cause");
    snprintf(key, KEY_BYTES, "%s.%s%s%s%s%s", text_of(counter, "object"), name, *name ? "." : "",
             text_of(counter, "counter"), *cause ? "." : "", cause);
}

void print_stats(const struct client_opts *opts, const struct json_t *reply, bool rates)
{
    const json_t *counters = json_object_get(reply, "counters");
    char key[KEY_BYTES], value[PRINT_BYTES];
    const char *member = rates ? "per_second" : "value";
    int width = 0;
    json_t *item;
    size_t i;

    json_array_foreach(counters, i, item)
    {
        counter_key(key, item);
        if ((int)strlen(key) > width)
            width = (int)strlen(key);
    }
    json_array_foreach(counters, i, item)
    {
        if (opts->nonzero && !int_of(item, member))
            continue;
        counter_key(key, item);
        printf("%-*s  %20s%s\n", width, key, print_count(value, int_of(item, member)),
               rates ? "/s" : "");
    }
}

void print_insn(const struct json_t *about, bool source, FILE *to)
{
    OWN(free)
    char *insn =
        diag_insn_print((uint32_t)int_of(about, "slot"), text_of(about, "instruction"),
                        source ? text_of(about, "source") : NULL, text_of(about, "source_text"));
    fputs("    ", to);
    print_plain(insn ? insn : "", to);
    fputc('\n', to);
    if (*text_of(about, "hint")) {
        fputs("    hint: ", to);
        print_plain(text_of(about, "hint"), to);
        fputc('\n', to);
    }
}

/* Where and what, as in front of a message. */
static void print_place(const json_t *d)
{
    int line = (int)int_of(d, "line"), column = (int)int_of(d, "column");
    print_plain(text_of(d, "file"), stderr);
    if (line)
        fprintf(stderr, ":%d", line);
    if (line && column)
        fprintf(stderr, ":%d", column);
    fprintf(stderr, "%s%s[%s]: ", *text_of(d, "file") ? ": " : "", text_of(d, "severity"),
            text_of(d, "code"));
    if (*text_of(d, "section"))
        fprintf(stderr, "[%s] ", text_of(d, "section"));
    print_plain(text_of(d, "key"), stderr);
    if (*text_of(d, "key"))
        fputs(": ", stderr);
}

/* Some are more than a line. */
static void print_message(const char *text)
{
    for (; *text; text++)
        fputc(*text == '\n' ? '\n' : plain(*text), stderr);
}

size_t print_diagnostics(const struct client_opts *opts, const struct json_t *diagnostics)
{
    size_t errors = 0, i;
    json_t *d;

    json_array_foreach(diagnostics, i, d)
    {
        bool error = !strcmp(text_of(d, "severity"), "error");
        errors += error;
        if (opts->quiet && !error)
            continue;
        print_place(d);
        print_message(text_of(d, "message"));
        if (*text_of(d, "instruction")) {
            fputc('\n', stderr);
            print_insn(d, true, stderr);
            continue;
        }
        if (*text_of(d, "hint"))
            fputs("; ", stderr);
        print_plain(text_of(d, "hint"), stderr);
        fputc('\n', stderr);
    }
    return errors;
}
