/* SPDX-License-Identifier: MIT */
/* winnowctl: asks the daemon, and works on programs without one. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/client.h"
#include "client/print.h"
#include "common/capfile.h"
#include "common/own.h"

#define DLT_LAST    512
#define NO_LINKTYPE (-1)

static const struct client_command commands[] = {
#define C(name, method, operands, options, help)                                                   \
    {#name, method, operands, options, help, command_##name},
#include "common/ctl.def"
#undef C
};

static const struct client_option options[] = {
    {"socket", 's', "PATH", "control socket of the daemon", true},
    {"json", 'j', "[=pretty|short]", "print one JSON object instead of text", true},
    {"timeout", 0, "D", "wait no longer (10s; reload 60s)", true},
    {"quiet", 'q', NULL, "print nothing but errors", true},
    {"color", 0, "auto|never", "colours on a terminal", true},
    {"help", 'h', NULL, "print this, or a command's own help", true},
    {"version", 'V', NULL, "print the version of winnowctl", true},
    {"rate", 0, NULL, "per second, over the time of -w (1s)", false},
    {"watch", 'w', "D", "again every D, until interrupted", false},
    {"nonzero", 0, NULL, "leave out what is zero", false},
    {"check", 0, NULL, "build everything, but change nothing", false},
    {"output", 'o', "FILE", "write the bytes to FILE; - is standard output", false},
    {"dialect", 0, "kernel|mnemonic", "how instructions are written", false},
    {"section", 0, "NAME", "section or function of an object", false},
    {"labels", 0, NULL, "jump targets as labels", false},
    {"numbers", 0, NULL, "begin each line with the number of its slot", false},
    {"jit", 0, NULL, "with the machine code of each instruction", false},
    {"engine", 0, "auto|jit|interp|reference", "who executes the program", false},
    {"fuel", 0, "N", "slots a run may spend on loops and calls", false},
    {"linktype", 0, "NAME", "link type an expression is for (EN10MB)", false},
    {"read", 'r', "FILE", "capture file; - is standard input", false},
    {"count", 'c', "N", "only the first N packets; of map watch the first N changes", false},
    {"type", 0, "filter|xdp|socket|tc", "what the program is written for (its section says it)",
     false},
    {"const", 0, "NAME=VALUE", "set a variable before the program is loaded; repeat it for more",
     false},
    {"map", 0, "MAP=FILE", "fill a map before the run; repeat it for more", false},
    {"dump-map", 0, "MAP", "print a map after the run; repeat it for more", false},
    {"entries", 0, "MAP=N", "room of a map, instead of what the object says; repeat it for more",
     false},
    {"verdicts", 0, NULL, "print what each packet got", false},
    {"expect", 0, "FILE", "compare what each packet got with the lines of FILE", false},
    {"trace", 0, NULL, "print what the program prints (bpf_trace_printk)", false},
    {"write", 'w', "FILE", "write accepted packets, as the program left them (pcapng)", false},
    {"relocs", 0, NULL, "with relocations", false},
    {"lines", 0, NULL, "with source lines", false},
    {"strict", 0, NULL, "reject what would have to be checked when the program runs", false},
    {"log", 0, NULL, "first what the verifier does, slot by slot", false},
    {"all", 0, NULL, "everything that is checked when the program runs, and why", false},
    {"atomic", 0, NULL, "all changes or none", false},
    {"new", 0, NULL, "only keys that are not there yet", false},
    {"jitdump", 0, "DIR", "record machine code for perf, in DIR", false},
    {"gdb", 0, NULL, "tell debuggers of machine code", false},
    {"shell", 0, "bash", "whose completion is asked for", false},
};
#define OPTIONS (sizeof options / sizeof options[0])

const struct client_command *client_at(unsigned i)
{
    return i < sizeof commands / sizeof commands[0] ? &commands[i] : NULL;
}

const struct client_option *client_option_at(unsigned i)
{
    return i < OPTIONS ? &options[i] : NULL;
}

const struct client_command *client_find(const char *name)
{
    const struct client_command *command;
    for (unsigned i = 0; (command = client_at(i)); i++) {
        if (!strcmp(command->name, name))
            return command;
    }
    return NULL;
}

/* Takes the details. */
static int fail_with(const struct client_opts *opts, int status, const char *error, json_t *details,
                     const char *fmt, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, fmt, args);
    if (opts->json) {
        json_t *object =
            json_pack("{s:s, s:s, s:o*}", "error", error, "message", text, "parameters", details);
        print_json(opts, object);
        json_decref(object);
    } else {
        fprintf(stderr, "winnowctl: %s\n", text);
        json_decref(details);
    }
    return status;
}

int client_fail(const struct client_opts *opts, int status, const char *error, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fail_with(opts, status, error, json_null(), fmt, args);
    va_end(args);
    return status;
}

int client_fail_json(const struct client_opts *opts, int status, const char *error,
                     struct json_t *details, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fail_with(opts, status, error, details ? json_incref(details) : json_null(), fmt, args);
    va_end(args);
    return status;
}

/* How mistakes in the command line are told: they may stand before --json does. */
static struct client_opts how_to_fail;

int client_usage(const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return client_fail(&how_to_fail, CLIENT_USAGE, "usage", "%s%s", text,
                       how_to_fail.json ? "" : "; `winnowctl --help` lists what there is");
}

/* A word of a row's list, "--rate --watch". */
static bool has_option(const struct client_command *command, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = command->options; *at; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");
        if (word == len + 2 && !memcmp(at + 2, name, len))
            return true;
        at += word;
    }
    return false;
}

static void print_option(const struct client_option *o)
{
    char left[48];
    bool bracket = o->value && *o->value == '[';
    snprintf(left, sizeof left, "%c%c%c --%s%s%s", o->letter ? '-' : ' ',
             o->letter ? o->letter : ' ', o->letter ? ',' : ' ', o->name,
             !o->value || bracket ? "" : " ", o->value ? o->value : "");
    printf("  %-34s %s\n", left, o->help);
}

static int print_help(const struct client_command *command)
{
    printf("usage: winnowctl [OPTION...] %s %s\n\n", command ? command->name : "COMMAND",
           command ? command->operands : "[OPERAND...]");
    if (command) {
        printf("%s\n\n", command->help);
    } else {
        puts("commands, which ask the daemon:");
        for (unsigned i = 0; client_at(i); i++) {
            if (i && *client_at(i - 1)->method && !*client_at(i)->method)
                puts("\ncommands that work without a daemon:");
            printf("  %-9s %s\n", client_at(i)->name, client_at(i)->help);
        }
        puts("\n`winnowctl COMMAND --help` lists a command's own options. Options of all:");
    }
    for (size_t i = 0; i < OPTIONS; i++) {
        if (command && has_option(command, options[i].name))
            print_option(&options[i]);
    }
    for (size_t i = 0; i < OPTIONS; i++) {
        if (options[i].everywhere)
            print_option(&options[i]);
    }
    puts("\nexit status: 0 yes; 1 no; 2 usage; 3 not running; 4 permission; 5 timeout; "
         "6 other protocol");
    return CLIENT_OK;
}

/* "10s", "1.5s" is refused, "250ms", "2m"; a bare number is refused but for 0. */
static bool read_duration(const char *text, int *ms)
{
    static const struct {
        const char *unit;
        long factor;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || errno || value <= 0 || value > 100000000)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!strcmp(end, units[i].unit) && value <= INT32_MAX / units[i].factor) {
            *ms = (int)(value * units[i].factor);
            return true;
        }
    }
    return false;
}

static bool read_choice(const char *text, const char *const *names, int first, int *out)
{
    for (int i = 0; names[i]; i++) {
        if (!strcmp(names[i], text)) {
            *out = first + i;
            return true;
        }
    }
    return false;
}

static bool read_linktype(const char *text, int *out)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end != text && !*end && value >= 0 && value <= DLT_LAST) {
        *out = (int)value;
        return true;
    }
    for (int dlt = 0; dlt <= DLT_LAST; dlt++) {
        if (!strcmp(capfile_dlt_name(dlt), text)) {
            *out = dlt;
            return true;
        }
    }
    return false;
}

static bool read_number(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return end != text && !*end && !errno && *text != '-' && *out;
}

static bool read_json(const char *text, struct client_opts *opts)
{
    opts->json = true;
    opts->indent = !text || !strcmp(text + (*text == '='), "pretty");
    return !text || opts->indent || !strcmp(text + (*text == '='), "short");
}

/* Whether --json stands anywhere, in a line that may not be understood otherwise. */
static void look_for_json(char *const *words, struct client_opts *opts)
{
    for (; *words && strcmp(*words, "--") != 0; words++) {
        const char *value = !strncmp(*words, "--json", 6) ? *words + 6
                            : !strncmp(*words, "-j", 2)   ? *words + 2
                                                          : NULL;
        if (value)
            opts->json = read_json(*value ? value : NULL, opts);
    }
}

static bool add_to_list(struct client_list *list, const char *value)
{
    if (list->n == CLIENT_REPEATS || !*value)
        return false;
    list->items[list->n++] = value;
    return true;
}

/* Options whose value is one of a few words. */
static bool take_choice(struct client_opts *opts, const char *name, const char *value)
{
    static const char *const engines[] = {"auto", "jit", "interp", "reference", NULL};
    static const char *const types[] = {"filter", "xdp", "socket", "tc", NULL};
    static const char *const dialects[] = {"kernel", "mnemonic", NULL};
    int choice;

    if (!strcmp(name, "engine") && read_choice(value, engines, WN_ENGINE_AUTO, &choice)) {
        opts->engine = (enum wn_engine)choice;
        return true;
    }
    if (!strcmp(name, "type") && read_choice(value, types, WN_PROG_FILTER, &choice)) {
        opts->type = (enum wn_prog_type)choice;
        return true;
    }
    if (!strcmp(name, "dialect") && read_choice(value, dialects, WN_DIALECT_KERNEL, &choice)) {
        opts->dialect = (enum wn_dialect)choice;
        return true;
    }
    return !strcmp(name, "shell") && !strcmp(value, "bash");
}

/* Takes one option over. Returns false if its value makes no sense. */
static bool take_option(struct client_opts *opts, const char *name, const char *value)
{
    struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"quiet", &opts->quiet},   {"rate", &opts->rate},         {"nonzero", &opts->nonzero},
        {"check", &opts->check},   {"labels", &opts->labels},     {"numbers", &opts->numbers},
        {"jit", &opts->jit},       {"verdicts", &opts->verdicts}, {"gdb", &opts->gdb},
        {"trace", &opts->trace},   {"relocs", &opts->relocs},     {"lines", &opts->lines},
        {"strict", &opts->strict}, {"log", &opts->log},           {"all", &opts->all},
        {"atomic", &opts->atomic}, {"new", &opts->create}};
    struct {
        const char *name, **text;
    } texts[] = {{"socket", &opts->socket},  {"output", &opts->output}, {"section", &opts->section},
                 {"read", &opts->read},      {"write", &opts->write},   {"expect", &opts->expect},
                 {"jitdump", &opts->jitdump}};
    struct {
        const char *name;
        struct client_list *list;
    } lists[] = {{"const", &opts->consts},
                 {"map", &opts->maps},
                 {"dump-map", &opts->dumps},
                 {"entries", &opts->entries}};

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (!strcmp(flags[i].name, name))
            return *flags[i].flag = true;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!strcmp(texts[i].name, name)) {
            *texts[i].text = value;
            return *value != '\0';
        }
    }
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (!strcmp(lists[i].name, name))
            return add_to_list(lists[i].list, value);
    }
    if (!strcmp(name, "json"))
        return read_json(value, opts);
    if (!strcmp(name, "timeout"))
        return read_duration(value, &opts->timeout_ms);
    if (!strcmp(name, "watch"))
        return read_duration(value, &opts->watch_ms);
    if (!strcmp(name, "fuel"))
        return read_number(value, &opts->fuel);
    if (!strcmp(name, "count"))
        return read_number(value, &opts->count);
    if (!strcmp(name, "linktype"))
        return read_linktype(value, &opts->linktype);
    if (!strcmp(name, "color")) {
        opts->color = opts->color && strcmp(value, "never") != 0;
        return !strcmp(value, "auto") || !strcmp(value, "never");
    }
    return take_choice(opts, name, value);
}

struct line {
    struct client_opts opts;
    bool help, version;
};

/* The table as getopt wants it. Values are 1000 + row, so that letters stay letters. */
static void fill_getopt(struct option *longs, char *letters)
{
    *letters = '\0';
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct client_option *o = &options[i];
        int takes = !o->value          ? no_argument
                    : *o->value == '[' ? optional_argument
                                       : required_argument;
        longs[i] = (struct option){o->name, takes, NULL, 1000 + (int)i};
        if (o->letter)
            sprintf(letters + strlen(letters), "%c%.*s", o->letter, takes, "::");
    }
    longs[OPTIONS] = (struct option){0};
}

/* What a value should have been, from how the help calls it. */
static const char *expected(const char *value)
{
    if (!strcmp(value, "D"))
        return "a time with its unit, as in 500ms or 2s";
    if (!strcmp(value, "N"))
        return "a whole number above 0";
    return value + strspn(value, "[=");
}

/* An option of the line: its row, or the first of those that share its letter. */
struct given {
    size_t row;
    bool by_letter;
    const char *value; /* NULL: none */
};

static int take_given(const struct given *given, const struct client_command *command,
                      struct line *line)
{
    size_t i = given->row;
    if (given->by_letter && command) {
        for (size_t k = i; k < OPTIONS; k++) {
            if (options[k].letter == options[i].letter && has_option(command, options[k].name))
                i = k;
        }
    }
    const struct client_option *o = &options[i];
    if (command && !o->everywhere && !has_option(command, o->name))
        return client_usage("%s: has no option --%s", command->name, o->name);
    if (!strcmp(o->name, "help"))
        line->help = true;
    else if (!strcmp(o->name, "version"))
        line->version = true;
    else if (!take_option(&line->opts, o->name, given->value)) {
        const char *form = expected(o->value);
        return client_usage("--%s: \"%s\": expected %.*s", o->name,
                            given->value ? given->value : "", (int)strcspn(form, "]"), form);
    }
    return CLIENT_OK;
}

/* The options, as far as they are known before the command is. */
static int read_line(int argc, char **argv, struct given *given, size_t *n)
{
    struct option longs[OPTIONS + 1];
    char letters[3 * OPTIONS + 1];
    int c;

    fill_getopt(longs, letters);
    for (*n = 0; (c = getopt_long(argc, argv, letters, longs, NULL)) != -1; ++*n) {
        size_t i = c >= 1000 ? (size_t)c - 1000 : 0;
        while (c < 1000 && i < OPTIONS && options[i].letter != c)
            i++;
        if (i == OPTIONS || c == '?')
            return client_usage("cannot understand the options");
        given[*n] = (struct given){i, c < 1000, optarg};
    }
    return CLIENT_OK;
}

static int run_line(int argc, char **argv, struct line *line)
{
    /* What follows belongs to the line that is completed. */
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "complete") && i + 1 < argc && !strcmp(argv[i + 1], "--shell"))
            return i + 3 < argc && !strcmp(argv[i + 3], "--")
                       ? client_complete(&line->opts, argv + i + 4)
                       : client_usage("complete --shell bash -- WORD...");
    }

    size_t n = 1;
    for (int i = 0; i < argc; i++)
        n += strlen(argv[i]); /* a word may be many letters */
    OWN(free) struct given *given = calloc(n, sizeof *given);
    if (!given)
        return client_usage("out of memory");
    int code = read_line(argc, argv, given, &n);
    const char *name = optind < argc ? argv[optind] : NULL;
    const struct client_command *command = name ? client_find(name) : NULL;
    for (size_t i = 0; !code && i < n; i++)
        code = take_given(&given[i], command, line);
    if (code)
        return code;
    if (line->version) {
        puts("winnowctl " WN_VERSION);
        return CLIENT_OK;
    }
    if (name && !command)
        return client_usage("%s: no such command", name);
    if (line->help)
        return print_help(command);
    if (!command)
        return client_usage("which command?");
    return command->run(&line->opts, argv + optind + 1);
}

int main(int argc, char **argv)
{
    struct line line = {.opts = {.linktype = NO_LINKTYPE}};

    signal(SIGPIPE, SIG_IGN);
    look_for_json(argv + 1, &how_to_fail);
    line.opts.color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    int code = run_line(argc, argv, &line);
    if (fflush(stdout) || ferror(stdout)) {
        if (errno != EPIPE)
            perror("winnowctl: standard output");
        return code ? code : CLIENT_REFUSED;
    }
    return code;
}
