/* SPDX-License-Identifier: MIT */
#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/own.h"

enum {
    OPT_FORMAT = 256,
    OPT_DURATION,
    OPT_ENGINE,
    OPT_VERIFY,
    OPT_RETURNS,
    OPT_ON_FAULT,
    OPT_FUEL,
    OPT_CONST,
    OPT_MAP,
    OPT_DUMP_MAP,
    OPT_STATS,
    OPT_EXIT_MATCH,
    OPT_JITDUMP,
    OPT_GDB,
    OPT_CONFIG,
    OPT_CHECK,
    OPT_STRICT,
    OPT_PRINT_CONFIG,
    OPT_JSON,
    OPT_LIST,
    OPT_VERSION,
    OPT_HELP,
};

static const struct option longs[] = {
    {"read", required_argument, NULL, 'r'},
    {"interface", required_argument, NULL, 'i'},
    {"filter", required_argument, NULL, 'F'},
    {"write", required_argument, NULL, 'w'},
    {"count", required_argument, NULL, 'c'},
    {"snaplen", required_argument, NULL, 's'},
    {"socket", required_argument, NULL, 'S'},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"duration", required_argument, NULL, OPT_DURATION},
    {"engine", required_argument, NULL, OPT_ENGINE},
    {"verify", required_argument, NULL, OPT_VERIFY},
    {"returns", required_argument, NULL, OPT_RETURNS},
    {"on-fault", required_argument, NULL, OPT_ON_FAULT},
    {"fuel", required_argument, NULL, OPT_FUEL},
    {"const", required_argument, NULL, OPT_CONST},
    {"map", required_argument, NULL, OPT_MAP},
    {"dump-map", required_argument, NULL, OPT_DUMP_MAP},
    {"stats", optional_argument, NULL, OPT_STATS},
    {"exit-match", no_argument, NULL, OPT_EXIT_MATCH},
    {"jitdump", required_argument, NULL, OPT_JITDUMP},
    {"gdb", no_argument, NULL, OPT_GDB},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"check", no_argument, NULL, OPT_CHECK},
    {"strict", no_argument, NULL, OPT_STRICT},
    {"print-config", optional_argument, NULL, OPT_PRINT_CONFIG},
    {"json", no_argument, NULL, OPT_JSON},
    {"list-interfaces", no_argument, NULL, OPT_LIST},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

void options_help(FILE *to)
{
    fputs(
        "usage: winnowd [--config FILE]                             the daemon, in the foreground\n"
        "       winnowd -r FILE... [-F PROGRAM | EXPR] [-w FILE]    filter capture files\n"
        "       winnowd -i INTERFACE [-F PROGRAM | EXPR] [-w FILE]  capture without configuration\n"
        "       winnowd --check [--config FILE] [--strict] [--json]\n"
        "       winnowd --print-config[=effective|defaults|schema] [--json]\n"
        "       winnowd --list-interfaces | --version | --help\n"
        "\n"
        "Packets:\n"
        "  -r, --read FILE        capture file, pcap or pcapng; repeat it for several; - is stdin\n"
        "  -i, --interface NAME   live from an interface\n"
        "  -F, --filter FILE[:SECTION]\n"
        "                         object, assembly (.s) or file with a tcpdump expression\n"
        "  EXPR                   tcpdump expression: what is left on the command line, joined\n"
        "  -w, --write FILE       write accepted packets; - is stdout. Without: count\n"
        "  --format FORMAT        pcapng (default) or pcap\n"
        "  -c, --count N          stop after N accepted packets\n"
        "  --duration TIME        stop after a time: 10s, 1h30m\n"
        "  -s, --snaplen N        write N bytes of a packet at most\n"
        "  -n                     accepted without effect\n"
        "Program:\n"
        "  --engine ENGINE        auto (default), jit, interp or reference\n"
        "  --verify HOW           what is not proved: guard (default) checks it when the program\n"
        "                         runs, strict rejects the program\n"
        "  --returns MEANING      of the result: bool (default) or snaplen (bytes to keep)\n"
        "  --on-fault VERDICT     where the program faults: accept (default) or reject\n"
        "  --fuel N               operations that loops and calls of a run may spend\n"
        "  --const NAME=VALUE     set a variable of an object; repeat it for more\n"
        "  --map MAP=FILE         fill a map of an object from a file\n"
        "  --dump-map MAP=FILE    write what a map holds at the end (-r)\n"
        "  --jitdump DIR          record machine code for perf, in DIR/jit-PID.dump\n"
        "  --gdb                  tell debuggers of machine code\n"
        "Reports:\n"
        "  --stats[=text|json]    form of the table that ends on stderr\n"
        "  --exit-match           exit 1 if nothing was accepted, as grep does\n"
        "  -q, --quiet            no table, no notices     -v, --verbose  more of them\n"
        "Daemon:\n"
        "  --config FILE          default: " CONF_DEFAULT "\n"
        "  -S, --socket PATH      control socket, instead of the configured one\n"
        "  --check                everything but opening interfaces; --strict: warnings fail\n"
        "  --print-config[=WHAT]  effective (default), defaults or schema; --json as JSON\n"
        "\n"
        "Exit status: 0 done; 1 failed, or --exit-match and no match; 64 usage; 65 bad program or\n"
        "capture file; 66 no such input; 69 no such interface; 71 system error; 73 cannot create\n"
        "output; 74 write error; 75 another daemon runs; 77 no permission; 78 bad configuration.\n",
        to);
}

void options_three_ways(FILE *to)
{
    fputs("winnowd: there is no configuration (" CONF_DEFAULT "). Three ways to start:\n"
          "  filter a capture file:    winnowd -r file.pcapng 'tcp port 443' -w out.pcapng\n"
          "  look at an interface:     winnowd -i eth0 'tcp port 443'\n"
          "  run as a daemon:          winnowd --config FILE     (see winnowd.conf(5))\n"
          "winnowd --help lists the options.\n",
          to);
}

static int usage(const char *fmt, const char *what)
{
    fprintf(stderr, "winnowd: ");
    fprintf(stderr, fmt, what);
    fprintf(stderr, "; winnowd --help lists the options\n");
    return EX_USAGE;
}

/* A whole number in [low, high]; false with a message otherwise. */
static bool number(const char *option, const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || v < low || v > high) {
        fprintf(stderr, "winnowd: %s: \"%s\" is no whole number from %" PRIu64 " to %" PRIu64 "\n",
                option, text, low, high);
        return false;
    }
    *out = v;
    return true;
}

/* One of the words of a list; its number, or -1 with a message. */
static int choice(const char *option, const char *text, const char *const *words)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(text, words[i]) == 0)
            return i;
    }
    fprintf(stderr, "winnowd: %s: \"%s\" is none of", option, text);
    for (int i = 0; words[i]; i++)
        fprintf(stderr, "%s %s", i ? "," : "", words[i]);
    fputc('\n', stderr);
    return -1;
}

/* "1h30m" in nanoseconds. */
static bool duration(const char *text, uint64_t *out)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {{"ms", 1000000},      {"us", 1000},       {"ns", 1},
                 {"s", 1000000000},    {"m", 60000000000}, {"h", 3600000000000},
                 {"d", 86400000000000}};
    uint64_t total = 0;
    const char *p = text;
    while (*p) {
        char *end;
        errno = 0;
        unsigned long long v = strtoull(p, &end, 10);
        if (*p < '0' || *p > '9' || errno)
            break;
        size_t i = 0;
        while (i < 7 && strncmp(end, units[i].name, strlen(units[i].name)) != 0)
            i++;
        uint64_t part;
        if (i == 7 || __builtin_mul_overflow(v, units[i].ns, &part) ||
            __builtin_add_overflow(total, part, &total))
            break;
        p = end + strlen(units[i].name);
    }
    if (*p || p == text || !total) {
        fprintf(stderr, "winnowd: --duration: \"%s\" is no time; write 10s or 1h30m\n", text);
        return false;
    }
    *out = total;
    return true;
}

/* FILE[:SECTION]: the whole is the file if there is such a file. */
static bool program(struct options *o, const char *text)
{
    const char *colon = strrchr(text, ':');
    free(o->program);
    free(o->section);
    o->section = NULL;
    if (!colon || colon == text || !colon[1] || access(text, F_OK) == 0) {
        o->program = strdup(text);
        return o->program;
    }
    o->program = strndup(text, (size_t)(colon - text));
    o->section = strdup(colon + 1);
    return o->program && o->section;
}

static const char *const formats[] = {"pcapng", "pcap", NULL};
static const char *const engines[] = {"auto", "jit", "interp", "reference", NULL};
static const char *const proofs[] = {"guard", "strict", NULL};
static const char *const meanings[] = {"bool", "snaplen", NULL};
static const char *const verdicts[] = {"accept", "reject", NULL};
static const char *const tables[] = {"text", "json", NULL};
static const char *const prints[] = {"effective", "defaults", "schema", NULL};

/* Options whose value is one of a few words. */
static int take_word(struct options *o, int opt, const char *arg)
{
    int word = -1;
    switch (opt) {
    case OPT_FORMAT:
        word = choice("--format", arg, formats);
        o->write_pcap = word == 1;
        break;
    case OPT_ENGINE:
        word = choice("--engine", arg, engines);
        o->engine = (enum wn_engine)word;
        o->given = "--engine";
        break;
    case OPT_VERIFY:
        word = choice("--verify", arg, proofs);
        o->verify = (enum wn_verify)word;
        o->given = "--verify";
        break;
    case OPT_RETURNS:
        word = choice("--returns", arg, meanings);
        o->returns = (enum conf_returns)word;
        o->given = "--returns";
        break;
    case OPT_ON_FAULT:
        word = choice("--on-fault", arg, verdicts);
        o->on_fault = (enum conf_on_fault)word;
        o->given = "--on-fault";
        break;
    case OPT_STATS:
        word = *arg ? choice("--stats", arg, tables) : 0;
        o->stats_json = word == 1;
        break;
    case OPT_PRINT_CONFIG:
        word = *arg ? choice("--print-config", arg, prints) : 0;
        o->mode = MODE_PRINT_CONFIG;
        o->print = (enum conf_print_what)word;
        break;
    }
    return word < 0 ? EX_USAGE : 0;
}

static int take_number(struct options *o, int opt, const char *arg)
{
    uint64_t v = 0;
    bool ok = false;
    switch (opt) {
    case 'c': ok = number("-c", arg, 1, UINT64_MAX, &o->count); break;
    case 's':
        ok = number("-s", arg, 0, 262144, &v);
        o->snaplen = (uint32_t)v;
        break;
    case OPT_FUEL:
        ok = number("--fuel", arg, 1, UINT64_MAX, &o->fuel);
        o->given = "--fuel";
        break;
    case OPT_DURATION: ok = duration(arg, &o->duration_ns); break;
    }
    return ok ? 0 : EX_USAGE;
}

/* An option about names, for a program. */
static int assign(struct options *o, struct conf_settings *settings, const char *option,
                  const char *form, const char *arg)
{
    int rc = conf_setting_assign(settings, arg);
    o->given = option;
    if (rc == -EINVAL) {
        fprintf(stderr, "winnowd: %s \"%s\": expected %s\n", option, arg, form);
        return EX_USAGE;
    }
    return rc < 0 ? EX_OSERR : 0;
}

/* `arg` is empty for options that were given none. */
static int take(struct options *o, int opt, const char *arg)
{
    switch (opt) {
    case 'r': o->read[o->n_read++] = arg; return 0;
    case 'i': o->interface = arg; return 0;
    case 'F': return program(o, arg) ? 0 : EX_OSERR;
    case 'w': o->write = arg; return 0;
    case 'S': o->socket = arg; return 0;
    case 'n': return 0;
    case 'q': o->quiet = true; return 0;
    case 'v': o->verbose = true; return 0;
    case 'c':
    case 's':
    case OPT_FUEL:
    case OPT_DURATION: return take_number(o, opt, arg);
    case OPT_CONST: return assign(o, &o->consts, "--const", "NAME=VALUE", arg);
    case OPT_MAP: return assign(o, &o->maps, "--map", "MAP=FILE", arg);
    case OPT_DUMP_MAP: return assign(o, &o->dumps, "--dump-map", "MAP=FILE", arg);
    case OPT_JITDUMP: o->jitdump = arg; return 0;
    case OPT_GDB: o->gdb = true; return 0;
    case OPT_EXIT_MATCH: o->exit_match = true; return 0;
    case OPT_CONFIG: o->config = arg; return 0;
    case OPT_CHECK: o->mode = MODE_CHECK; return 0;
    case OPT_STRICT: o->strict = true; return 0;
    case OPT_JSON: o->json = true; return 0;
    case OPT_LIST: o->mode = MODE_LIST_INTERFACES; return 0;
    case OPT_VERSION: o->mode = MODE_VERSION; return 0;
    case OPT_HELP: o->mode = MODE_HELP; return 0;
    case '?': fputs("winnowd --help lists the options\n", stderr); return EX_USAGE;
    default: return take_word(o, opt, arg);
    }
}

/* Operands are one expression, as tcpdump joins them. */
static int join(struct options *o, char **words, int n)
{
    size_t len = 1;
    for (int i = 0; i < n; i++)
        len += strlen(words[i]) + 1;
    if (n == 0)
        return 0;
    o->expr = malloc(len);
    if (!o->expr)
        return EX_OSERR;
    char *p = o->expr;
    for (int i = 0; i < n; i++) {
        if (i)
            *p++ = ' ';
        p = stpcpy(p, words[i]);
    }
    return 0;
}

/* What does not go together. */
static int agree(struct options *o)
{
    if (o->mode != MODE_DAEMON)
        return o->expr && o->mode != MODE_HELP ? usage("unexpected \"%s\"", o->expr) : 0;
    if (o->n_read && o->interface)
        return usage("-r and -i exclude each other%s", "");
    if (o->program && o->expr)
        return usage("one filter only: either -F or the expression \"%s\"", o->expr);
    o->mode = o->n_read ? MODE_OFFLINE : o->interface ? MODE_LIVE : MODE_DAEMON;
    if (o->mode == MODE_OFFLINE && o->socket)
        return usage("-S needs -i or a configuration%s", "");
    if (o->mode == MODE_LIVE && o->dumps.n)
        return usage("--dump-map goes with -r: ask a running daemon with winnowctl map%s", "");
    if (o->mode != MODE_DAEMON && o->config)
        return usage("--config goes with neither -r nor -i%s", "");
    if (o->mode == MODE_DAEMON) {
        const char *stray = o->expr      ? o->expr
                            : o->program ? "-F"
                            : o->write   ? "-w"
                            : o->count   ? "-c"
                                         : o->given;
        if (stray)
            return usage("\"%s\" needs packets: say -r FILE or -i INTERFACE", stray);
    }
    return 0;
}

int options_parse(int argc, char **argv, struct options *opts)
{
    *opts = (struct options){.mode = MODE_DAEMON};
    opts->read = calloc((size_t)argc + 1, sizeof *opts->read);
    if (!opts->read)
        return EX_OSERR;
    int opt, rc;
    while ((opt = getopt_long(argc, argv, "r:i:F:w:c:s:S:nqv", longs, NULL)) != -1) {
        if (optarg && !*optarg)
            return usage("an option has an empty value%s", "");
        rc = take(opts, opt, optarg ? optarg : "");
        if (rc)
            return rc;
    }
    rc = join(opts, argv + optind, argc - optind);
    return rc ? rc : agree(opts);
}

void options_fini(struct options *opts)
{
    free(opts->read);
    conf_settings_fini(&opts->consts);
    conf_settings_fini(&opts->maps);
    conf_settings_fini(&opts->dumps);
    free(opts->program);
    free(opts->section);
    free(opts->expr);
}

static bool fill_filter(const struct options *opts, struct conf_filter *f)
{
    if (conf_settings_copy(&opts->consts, &f->consts) < 0 ||
        conf_settings_copy(&opts->maps, &f->map_files) < 0)
        return false;
    f->program = opts->program ? strdup(opts->program) : NULL;
    f->section = opts->section ? strdup(opts->section) : NULL;
    if (!opts->program) {
        free(f->expr);
        f->expr = strdup(opts->expr ? opts->expr : "");
    }
    f->engine = opts->engine;
    f->verify = opts->verify;
    f->returns = opts->returns;
    f->on_fault = opts->on_fault;
    if (opts->fuel)
        f->fuel = opts->fuel;
    return (opts->program ? f->program != NULL : f->expr != NULL) && (!opts->section || f->section);
}

static bool fill_interface(const struct options *opts, struct conf_interface *i)
{
    free(i->filter);
    i->filter = strdup("filter");
    if (!i->device)
        i->device = strdup(opts->interface);
    i->on_missing = MISSING_FAIL;
    return i->filter && i->device;
}

OWN_BY(conf, struct conf, conf_free)

struct conf *options_conf(const struct options *opts)
{
    OWN(conf) struct conf *conf = conf_new();
    if (!conf)
        return NULL;
    free(conf->socket);
    conf->socket = opts->socket ? strdup(opts->socket) : NULL;
    if (opts->socket && !conf->socket)
        return NULL;
    struct conf_filter *f = conf_add_filter(conf, "filter");
    if (!f || !fill_filter(opts, f))
        return NULL;
    if (opts->interface) {
        struct conf_interface *i = conf_add_interface(conf, opts->interface);
        if (!i || !fill_interface(opts, i))
            return NULL;
    }
    return give(conf);
}
