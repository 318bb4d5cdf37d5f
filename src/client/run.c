/* SPDX-License-Identifier: MIT */
/* winnowctl run: a program over a capture file, as a test of the program. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/debug.h>
#include <winnow/object.h>

#include "client/client.h"
#include "client/expect.h"
#include "client/local.h"
#include "client/print.h"
#include "common/capfile.h"
#include "common/map_text.h"
#include "common/pcapng.h"

#define LINE_BYTES     256
#define VERDICT_NAMES  16
#define MAP_NAME_BYTES 256

OWN_BY(map_file, struct map_file, map_file_close)

/* How often a verdict was given. */
struct tally {
    const char *name; /* NULL: no more of them */
    uint64_t packets;
};

struct job {
    const struct client_opts *opts;
    struct local_origin *origin;
    struct source *source;
    struct wn_prog *prog;
    struct wn_run *run;
    struct wn_prog_info info;
    struct capfile *file;
    FILE *write; /* NULL: nothing is written */
    struct expect *expect;
    size_t number;            /* of the program in an object */
    json_t *verdicts, *trace; /* NULL: not asked for, or printed at once */
    json_t *dumps;            /* of maps, after the run */
    uint32_t clones;          /* that the program has sent of the packet */
    uint64_t packets, bytes, accepted, rejected, aborted, faults[WN_FAULTS];
    struct tally tallies[VERDICT_NAMES];
};

/* What one packet got. */
struct outcome {
    struct wn_result result;
    struct wn_verdict verdict;
    const uint8_t *data; /* as the program left it */
    uint32_t length;
    uint32_t was;  /* length before */
    uint32_t kept; /* bytes */
    uint32_t redirect;
    uint32_t clones;
};

static void job_fini(struct job *job)
{
    if (job->write && job->write != stdout)
        fclose(job->write);
    expect_free(job->expect);
    json_decref(job->verdicts);
    json_decref(job->trace);
    json_decref(job->dumps);
    capfile_close(job->file);
    wn_run_free(job->run);
    wn_prog_free(job->prog);
    source_close(job->source);
    free(job->origin);
}

static bool to_stdout(const struct client_opts *opts)
{
    return opts->write && !strcmp(opts->write, "-");
}

static int fail(const struct job *job, const char *error, const char *text)
{
    return client_fail(job->opts, CLIENT_REFUSED, error, "%s", text);
}

static void trace_line(void *arg, const char *line)
{
    struct job *job = arg;
    if (job->trace)
        json_array_append_new(job->trace, json_pack("{s:I, s:s+}", "packet",
                                                    (json_int_t)job->packets, "line", line, ""));
    else
        printf("%6" PRIu64 ": %s\n", job->packets, line);
}

static void count_clone(void *arg, const struct wn_clone *clone)
{
    (void)clone;
    ((struct job *)arg)->clones++;
}

static struct outcome judge(struct job *job, const struct wn_packet *pkt)
{
    job->clones = 0;
    struct outcome o = {.result = wn_prog_run(job->prog, job->run, pkt), .was = pkt->caplen};
    o.data = wn_run_packet(job->run, &o.length);
    if (!o.data) {
        o.data = pkt->data;
        o.length = pkt->caplen;
    }
    if (o.result.fault)
        return o;
    o.verdict = wn_verdict(job->info.type, o.result.value);
    o.kept = o.verdict.keep < o.length ? o.verdict.keep : o.length;
    o.redirect = wn_run_redirect(job->run);
    o.clones = job->clones;
    return o;
}

static void count(struct job *job, const struct wn_packet *pkt, const struct outcome *o)
{
    job->bytes += pkt->caplen;
    if (o->result.fault) {
        job->faults[o->result.fault < WN_FAULTS ? o->result.fault : WN_FAULT_HELPER]++;
        return;
    }
    *(o->verdict.accept ? &job->accepted : &job->rejected) += 1;
    job->aborted += o->verdict.aborted;
    for (size_t i = 0; i < VERDICT_NAMES; i++) {
        struct tally *t = &job->tallies[i];
        if (!t->name)
            t->name = o->verdict.name;
        if (strcmp(t->name, o->verdict.name) == 0) {
            t->packets++;
            return;
        }
    }
}

/* Where a fault comes from, "filter.c:12"; empty if nobody knows. */
static void fault_source(const struct job *job, const struct outcome *o, char *text, size_t size)
{
    struct wn_object_line line = {0};
    struct wn_object *object = source_object(job->source);
    *text = '\0';
    if (!object || wn_run_fault_prog(job->run) ||
        !wn_object_line(object, job->number, o->result.slot, &line) || !line.line)
        return;
    const char *slash = strrchr(line.file, '/');
    snprintf(text, size, "%s:%u", slash ? slash + 1 : line.file, line.line);
}

/* The line that --verdicts prints and --expect compares. */
static void outcome_line(const struct job *job, const struct outcome *o, char *text)
{
    if (o->result.fault) {
        char source[LINE_BYTES / 2];
        fault_source(job, o, source, sizeof source);
        snprintf(text, LINE_BYTES, "%6" PRIu64 "  %-10s %s at slot %u%s%s%s", job->packets, "fault",
                 wn_fault_name(o->result.fault), o->result.slot,
                 wn_run_fault_prog(job->run) ? " of a program called by a tail call" : "",
                 *source ? ", " : "", source);
        return;
    }
    int n = snprintf(text, LINE_BYTES, "%6" PRIu64 "  %-10s 0x%-8" PRIx64 " %5u", job->packets,
                     o->verdict.name, o->result.value, o->kept);
    if (o->length != o->was)
        n += snprintf(text + n, LINE_BYTES - (size_t)n, "  length %u, was %u", o->length, o->was);
    if (o->redirect)
        n += snprintf(text + n, LINE_BYTES - (size_t)n, "  to interface %u", o->redirect);
    if (o->clones)
        snprintf(text + n, LINE_BYTES - (size_t)n, "  %u cloned", o->clones);
}

static json_t *outcome_json(const struct job *job, const struct outcome *o)
{
    char raw[24], source[LINE_BYTES / 2] = "";
    bool fault = o->result.fault;
    snprintf(raw, sizeof raw, "0x%" PRIx64, o->result.value);
    if (fault)
        fault_source(job, o, source, sizeof source);
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:I, s:I}", "verdict",
        fault ? "fault" : o->verdict.name, "value",
        fault ? json_null() : json_integer((uint32_t)o->result.value), "raw",
        fault ? json_null() : json_string(raw), "kept", fault ? json_null() : json_integer(o->kept),
        "redirect", o->redirect ? json_integer(o->redirect) : json_null(), "fault",
        fault ? json_string(wn_fault_name(o->result.fault)) : json_null(), "slot",
        fault ? json_integer(o->result.slot) : json_null(), "source", *source ? source : NULL,
        "length", (json_int_t)o->length, "clones", (json_int_t)o->clones);
}

static void report(struct job *job, const struct outcome *o)
{
    char text[LINE_BYTES];
    if (job->verdicts)
        json_array_append_new(job->verdicts, outcome_json(job, o));
    if (!job->opts->verdicts && !job->expect)
        return;
    outcome_line(job, o, text);
    if (job->opts->verdicts && !job->opts->json)
        puts(text);
    if (job->expect)
        expect_packet(job->expect, job->packets, text);
}

/* The head of the file that accepted packets go to. */
static int begin_output(struct job *job)
{
    uint8_t block[2 * PCAPNG_STRING_MAX + 256];
    const char *path = job->opts->write;
    struct pcapng_section section = {.application = "winnowctl run"};
    struct pcapng_interface interface = {
        .linktype = (uint16_t)capfile_linktype(job->file),
        .name = capfile_name(job->file),
        .filter = job->origin->path ? job->origin->path : job->origin->expr,
    };
    job->write = to_stdout(job->opts) ? stdout : fopen(path, "we");
    if (!job->write)
        return client_fail(job->opts, CLIENT_REFUSED, "write", "cannot write %s: %s", path,
                           strerror(errno));
    size_t n = pcapng_section(block, sizeof block, &section);
    fwrite(block, 1, n, job->write);
    n = pcapng_interface(block, sizeof block, &interface);
    fwrite(block, 1, n, job->write);
    return CLIENT_OK;
}

/* Without memory the file would lack a packet: then it counts as not written. */
static bool write_packet(const struct job *job, const struct wn_packet *pkt,
                         const struct outcome *o)
{
    int64_t grown = (int64_t)o->length - o->was;
    int64_t wire = (int64_t)pkt->wirelen + grown;
    size_t size = pcapng_packet_size(o->kept);
    OWN(free) uint8_t *block = malloc(size);
    if (!block)
        return false;
    pcapng_packet(block, 0, pkt->time_ns, o->data, o->kept,
                  (uint32_t)(wire > o->kept ? wire : o->kept));
    return fwrite(block, 1, size, job->write) == size;
}

static int end_output(struct job *job)
{
    bool good = !fflush(job->write) && !ferror(job->write);
    int code = errno;
    if (job->write != stdout && fclose(job->write) && good) {
        code = errno;
        good = false;
    }
    job->write = NULL;
    return good ? CLIENT_OK
                : client_fail(job->opts, CLIENT_REFUSED, "write", "cannot write %s: %s",
                              job->opts->write, strerror(code));
}

static int run_all(struct job *job)
{
    struct wn_packet pkt;
    struct wn_error err;
    uint64_t limit = job->opts->count;
    int more = 0;

    while ((!limit || job->packets < limit) && (more = capfile_next(job->file, &pkt, &err)) > 0) {
        job->packets++;
        struct outcome o = judge(job, &pkt);
        count(job, &pkt, &o);
        report(job, &o);
        if (job->write && o.verdict.accept && !write_packet(job, &pkt, &o))
            return end_output(job) ? CLIENT_REFUSED : fail(job, "memory", "out of memory");
    }
    return more < 0 ? fail(job, "read", err.text) : CLIENT_OK;
}

static uint64_t all_faults(const struct job *job)
{
    uint64_t sum = 0;
    for (enum wn_fault f = WN_FAULT_NONE + 1; f < WN_FAULTS; f++)
        sum += job->faults[f];
    return sum;
}

static json_t *misses_json(const struct expect *expect)
{
    json_t *list = json_array();
    const struct expect_miss *m;
    for (size_t i = 0; expect && (m = expect_miss_at(expect, i)); i++)
        json_array_append_new(list,
                              json_pack("{s:I, s:o, s:s?, s:s?}", "packet", (json_int_t)m->packet,
                                        "line", m->line ? json_integer(m->line) : json_null(),
                                        "expected", m->expected, "got", m->got));
    return list;
}

static void show_json(const struct job *job, uint64_t differing)
{
    OWN(json) json_t *faults = json_object();
    OWN(json) json_t *results = json_object();
    for (enum wn_fault f = WN_FAULT_NONE + 1; f < WN_FAULTS; f++)
        json_object_set_new(faults, wn_fault_name(f), json_integer((json_int_t)job->faults[f]));
    for (size_t i = 0; i < VERDICT_NAMES && job->tallies[i].name; i++)
        json_object_set_new(results, job->tallies[i].name,
                            json_integer((json_int_t)job->tallies[i].packets));
    OWN(json)
    json_t *answer = json_pack(
        "{s:b, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:O, s:O, s:O?, s:O?, s:O, s:o, s:o, s:[]}", "ok",
        differing == 0 && (job->expect || !all_faults(job)), "type",
        wn_prog_type_name(job->info.type), "engine", local_engine_name(job->info.engine), "packets",
        (json_int_t)job->packets, "bytes", (json_int_t)job->bytes, "accepted",
        (json_int_t)job->accepted, "rejected", (json_int_t)job->rejected, "aborted",
        (json_int_t)job->aborted, "results", results, "faults", faults, "verdicts", job->verdicts,
        "trace", job->trace, "maps", job->dumps, "differing",
        job->expect ? json_integer((json_int_t)differing) : json_null(), "differences",
        misses_json(job->expect), "diagnostics");
    /* Not print_json(): what maps hold is the program's, whatever it calls times. */
    json_dumpf(answer, stdout, job->opts->indent ? JSON_INDENT(2) : JSON_COMPACT);
    putchar('\n');
}

static void show_totals(const struct job *job)
{
    char a[PRINT_BYTES], b[PRINT_BYTES], c[PRINT_BYTES], d[PRINT_BYTES], e[PRINT_BYTES];

    printf("%s packets, %s bytes: %s accepted, %s rejected, %s faults (%s)\n",
           print_count(a, (int64_t)job->packets), print_count(b, (int64_t)job->bytes),
           print_count(c, (int64_t)job->accepted), print_count(d, (int64_t)job->rejected),
           print_count(e, (int64_t)all_faults(job)), local_engine_name(job->info.engine));
    /* Of filters and socket programs the first line says it all. */
    bool actions = job->info.type == WN_PROG_XDP || job->info.type == WN_PROG_TC;
    for (size_t i = 0; actions && i < VERDICT_NAMES && job->tallies[i].name; i++)
        printf("  %-13s %s\n", job->tallies[i].name,
               print_count(a, (int64_t)job->tallies[i].packets));
    for (enum wn_fault f = WN_FAULT_NONE + 1; f < WN_FAULTS; f++) {
        if (job->faults[f])
            printf("  fault %-7s %s\n", wn_fault_name(f), print_count(a, (int64_t)job->faults[f]));
    }
}

static void show_misses(const struct job *job, uint64_t differing)
{
    const struct expect_miss *m;
    FILE *to = to_stdout(job->opts) ? stderr : stdout;
    for (size_t i = 0; (m = expect_miss_at(job->expect, i)); i++) {
        fprintf(to, "packet %" PRIu64, m->packet);
        if (m->line)
            fprintf(to, ", line %u of %s", m->line, job->opts->expect);
        fprintf(to, "\n  - %s\n  + %s\n", m->expected ? m->expected : "(no line)",
                m->got ? m->got : "(no packet)");
    }
    if (differing)
        fprintf(to, "%" PRIu64 " of %" PRIu64 " packets differ from %s\n", differing, job->packets,
                job->opts->expect);
}

static int fail_map(const struct job *job, const char *name, const struct wn_error *err)
{
    return client_fail(job->opts, CLIENT_REFUSED, "map", "%s: %s", name, err->text);
}

/* MAP=FILE */
static int fill_map(const struct job *job, struct wn_object *object, const char *assignment)
{
    OWN(map_file) struct map_file *file = NULL;
    char name[MAP_NAME_BYTES];
    struct map_text map;
    struct wn_error err = {0};
    size_t len = strcspn(assignment, "=");
    const char *path = assignment + len + 1;
    if (!assignment[len] || !len || len >= sizeof name || !*path)
        return client_usage("--map: \"%s\": expected MAP=FILE", assignment);
    snprintf(name, sizeof name, "%.*s", (int)len, assignment);
    if (map_text_find(object, name, &map, &err))
        return fail_map(job, "--map", &err);
    int code = map_file_open(path, &file, &err);
    if (!code)
        code = map_file_fill(file, NULL, &map, &err);
    if (!code)
        return CLIENT_OK;
    char line[24] = "";
    if (err.at != WN_NOWHERE)
        snprintf(line, sizeof line, "%" PRIu32 ": ", err.at);
    return client_fail(job->opts, CLIENT_REFUSED, "map", "%s:%smap %s: %s", path,
                       *line ? line : " ", name, err.text);
}

/* What is done with an object between reading it and loading its program. */
static int prepare_object(struct job *job)
{
    struct wn_object *object = source_object(job->source);
    const struct client_list *maps = &job->opts->maps;
    int status = CLIENT_OK;
    if (!object && (maps->n || job->opts->dumps.n))
        return client_fail(job->opts, CLIENT_REFUSED, "map", "%s: only objects have maps",
                           maps->n ? maps->items[0] : job->opts->dumps.items[0]);
    for (size_t i = 0; !status && i < maps->n; i++)
        status = fill_map(job, object, maps->items[i]);
    for (size_t i = 0; !status && i < job->opts->dumps.n; i++) {
        const char *name = job->opts->dumps.items[i];
        struct wn_error err;
        if (map_text_check(object, name, &err))
            status = fail_map(job, name, &err);
    }
    return status;
}

static int dump_maps(struct job *job)
{
    const struct client_list *names = &job->opts->dumps;
    int status = CLIENT_OK;
    for (size_t i = 0; !status && i < names->n; i++) {
        json_t *dump = NULL;
        struct wn_error err;
        if (map_text_dump(source_object(job->source), names->items[i], &dump, &err))
            status = fail_map(job, names->items[i], &err);
        else
            json_array_append_new(job->dumps, dump);
    }
    return status;
}

/* Read and load, with what the command line says of variables and maps. */
static int load(struct job *job)
{
    enum diag_code why;
    struct wn_error err;
    struct source_opts how = local_source_opts(job->opts, capfile_dlt(job->file));
    int code = local_open(job->origin, &how, &job->source, &why, &err);
    if (!code)
        code = source_program(job->source, &how, &job->prog, &why, &err);
    if (code)
        return local_fail_program(job->opts, job->origin, job->source, why, &err);
    wn_prog_info(job->prog, &job->info);
    if (source_object(job->source))
        job->number = (size_t)wn_object_find(source_object(job->source), how.section, NULL);
    return prepare_object(job);
}

static int open_all(struct job *job)
{
    const struct client_opts *opts = job->opts;
    struct wn_error err;

    if (opts->expect && expect_load(opts->expect, &job->expect, &err))
        return fail(job, "expect", err.text);
    if (capfile_open(opts->read, &job->file, &err))
        return fail(job, "read", err.text);
    if (opts->jitdump && wn_jitdump_open(opts->jitdump, &err))
        return fail(job, "write", err.text);
    wn_gdb_announce(opts->gdb);
    int status = load(job);
    if (status)
        return status;
    job->run = wn_run_new();
    if (!job->run)
        return fail(job, "memory", "out of memory");
    wn_run_set_print(job->run, opts->trace ? trace_line : NULL, job);
    wn_run_set_clone(job->run, count_clone, job);
    job->dumps = json_array();
    if (opts->json && opts->verdicts)
        job->verdicts = json_array();
    if (opts->json && opts->trace)
        job->trace = json_array();
    return opts->write ? begin_output(job) : CLIENT_OK;
}

static int run_job(struct job *job)
{
    struct wn_error err;
    int status = open_all(job);
    if (!status)
        status = run_all(job);
    if (!status && job->write)
        status = end_output(job);
    if (!status && wn_jitdump_close(&err))
        status = fail(job, "write", err.text);
    if (!status)
        status = dump_maps(job);
    if (status)
        return status;
    uint64_t differing = job->expect ? expect_end(job->expect) : 0;
    if (job->opts->json)
        show_json(job, differing);
    else if (!job->opts->quiet && !to_stdout(job->opts))
        show_totals(job);
    for (size_t i = 0; !job->opts->json && i < json_array_size(job->dumps); i++)
        map_text_print(json_array_get(job->dumps, i), stdout);
    if (job->expect && !job->opts->json)
        show_misses(job, differing);
    /* Whoever says what to expect may expect faults. */
    return differing || (!job->expect && all_faults(job)) ? CLIENT_REFUSED : CLIENT_OK;
}

int command_run(const struct client_opts *opts, char **operands)
{
    struct job job = {.opts = opts, .origin = calloc(1, sizeof *job.origin)};

    if (!job.origin)
        return fail(&job, "memory", "out of memory");
    int status = local_find_origin("run", operands, job.origin);
    if (!status && !opts->read)
        status = client_usage("run: over which capture file? Name it with -r");
    if (!status && to_stdout(opts) &&
        (opts->verdicts || opts->trace || opts->json || opts->dumps.n))
        status = client_usage("run: -w - leaves standard output to packets");
    if (!status)
        status = run_job(&job);
    job_fini(&job);
    return status;
}
