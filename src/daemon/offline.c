/* SPDX-License-Identifier: MIT */
#include "daemon/offline.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/capfile.h"
#include "common/clock.h"
#include "common/diag.h"
#include "common/log.h"
#include "common/map_text.h"
#include "common/own.h"
#include "daemon/filter.h"
#include "daemon/options.h"
#include "daemon/output.h"
#include "daemon/output_path.h"
#include "daemon/report.h"
#include "daemon/stats.h"
#include "daemon/worker.h"

enum { LOOK_EVERY = 64 }; /* packets between two looks at the clock and the output */

OWN_BY(capfile, struct capfile, capfile_close)

struct run {
    const struct options *opts;
    struct conf *conf;
    struct stats *stats;
    struct stat_interface *input;
    struct worker worker;
    struct filter *filter;
    struct output *output;
    struct output_totals *totals; /* one a file that was read */
    size_t n_totals;
    uint64_t begun_ns;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static uint64_t elapsed_ns(const struct run *run)
{
    return clock_ns(CLOCK_MONOTONIC) - run->begun_ns;
}

static int complain(const struct wn_error *err, int status)
{
    fprintf(stderr, "winnowd: %s\n", err->text);
    return status;
}

/* What cannot be read is better known before the first packet is written. */
static int check_inputs(const struct options *opts)
{
    int status = 0;
    for (size_t i = 0; i < opts->n_read; i++) {
        if (strcmp(opts->read[i], "-") != 0 && access(opts->read[i], R_OK) < 0) {
            fprintf(stderr, "winnowd: %s: %s\n", opts->read[i], strerror(errno));
            status = EX_NOINPUT;
        }
    }
    return status;
}

/* Emptying a file that is to be read helps nobody. */
static int check_output(const struct options *opts)
{
    struct stat in, out;
    if (!opts->write || strcmp(opts->write, "-") == 0 || stat(opts->write, &out) < 0 ||
        !S_ISREG(out.st_mode))
        return 0;
    for (size_t i = 0; i < opts->n_read; i++) {
        if (stat(opts->read[i], &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino) {
            fprintf(stderr, "winnowd: %s is read and written; write another file\n", opts->write);
            return EX_CANTCREAT;
        }
    }
    return 0;
}

static int make_filter(struct run *run, int dlt)
{
    struct diag_list diags = {0};
    const struct conf_filter *c = &run->conf->filters[0];
    struct stat_filter *counters = stats_filter(run->stats, c->name);
    int rc = counters ? filter_new(c, dlt, NULL, counters, &run->filter, &diags) : -ENOMEM;
    diag_print(&diags, stderr);
    diag_fini(&diags);
    if (rc == 0 && run->opts->verbose) {
        struct wn_prog_info info;
        static const char *const engines[] = {"auto", "jit", "interp", "reference"};
        filter_info(run->filter, &info);
        log_event(LEVEL_INFO, "filter.loaded",
                  "filter: %s, %u slots, %u of %u accesses guarded, %u of %u loops fuelled%s%s",
                  engines[info.engine], info.slots, info.guarded, info.accesses, info.loops_fuelled,
                  info.loops, info.no_jit.code ? "; no machine code: " : "",
                  info.no_jit.code ? info.no_jit.text : "");
    }
    if (rc == 0)
        return 0;
    return rc == -ENOMEM ? EX_OSERR : rc > -1000 ? EX_NOINPUT : EX_DATAERR;
}

/* A name that cannot be dumped is better known before the first packet. */
static int check_dumps(const struct run *run)
{
    struct wn_object *object = filter_object(run->filter);
    for (size_t i = 0; i < run->opts->dumps.n; i++) {
        const char *name = run->opts->dumps.items[i].name;
        struct wn_error err;
        if (!object)
            wn_fail(&err, WN_E_REJECTED, WN_NOWHERE, "only objects have maps");
        if (!object || map_text_check(object, name, &err) < 0) {
            fprintf(stderr, "winnowd: --dump-map: %s: %s\n", name, err.text);
            return EX_DATAERR;
        }
    }
    return 0;
}

static int dump(const struct run *run, const char *name, const char *path)
{
    struct wn_error err;
    int rc = map_text_save(filter_object(run->filter), name, path, &err);
    if (rc == 0)
        return 0;
    fprintf(stderr, "winnowd: --dump-map: %s: %s\n", name, err.text);
    return rc > -1000 ? EX_CANTCREAT : EX_SOFTWARE;
}

static int dump_all(const struct run *run)
{
    int status = 0;
    for (size_t i = 0; run->filter && status == 0 && i < run->opts->dumps.n; i++)
        status = dump(run, run->opts->dumps.items[i].name, run->opts->dumps.items[i].text);
    return status;
}

static int open_output(struct run *run)
{
    const struct options *o = run->opts;
    struct wn_error err;
    struct stat_output *counters = stats_output(run->stats, "write");
    if (!counters)
        return EX_OSERR;
    if (output_open_path(o->write, o->write_pcap, true, counters, &run->output, &err) < 0)
        return complain(&err, EX_CANTCREAT);
    return 0;
}

/* Before the first packet: mistakes in the filter are found while -w still is as it was. */
static int prepare(struct run *run, int dlt)
{
    int status = make_filter(run, dlt);
    if (status == 0)
        status = check_dumps(run);
    if (status == 0)
        status = check_output(run->opts);
    if (status == 0 && run->opts->write)
        status = open_output(run);
    return status;
}

/* Whether somebody wants no more packets. */
static bool finished(const struct run *run)
{
    if (interrupted || worker_full(&run->worker))
        return true;
    if (run->input->delivered_packets % LOOK_EVERY)
        return false;
    if (run->opts->duration_ns && elapsed_ns(run) >= run->opts->duration_ns)
        return true;
    if (!run->output)
        return false;
    struct output_state state;
    output_state(run->output, &state);
    return strcmp(state.state, "stopped") == 0 || strcmp(state.state, "error") == 0;
}

static int bind(struct run *run, const struct capfile *file, uint32_t id, struct route *route)
{
    struct diag_list diags = {0};
    *route = (struct route){
        .returns = filter_returns(run->filter),
        .on_fault = filter_on_fault(run->filter),
        .filter_stats = filter_stats(run->filter),
        .stats = run->input,
        .outputs = &run->output,
        .n_outputs = run->output ? 1 : 0,
        .source = {.name = capfile_name(file),
                   .filter = filter_text(run->filter),
                   .linktype = capfile_linktype(file),
                   .snaplen = capfile_snaplen(file),
                   .id = id},
    };
    const struct wn_prog *prog;
    int rc = filter_prog(run->filter, capfile_dlt(file), &prog, &diags);
    diag_print(&diags, stderr);
    diag_fini(&diags);
    if (rc < 0)
        return EX_DATAERR;
    worker_set_program(route, prog);
    return 0;
}

static int read_file(struct run *run, const char *path, uint32_t id)
{
    OWN(capfile) struct capfile *file = NULL;
    struct route route;
    struct wn_packet pkt;
    struct wn_error err;
    int rc = capfile_open(path, &file, &err);
    if (rc < 0)
        return interrupted ? 0 : complain(&err, rc > -1000 ? EX_NOINPUT : EX_DATAERR);
    int status = run->filter ? 0 : prepare(run, capfile_dlt(file));
    if (status == 0)
        status = bind(run, file, id, &route);
    if (status)
        return status;
    if (run->output)
        output_announce(run->output, &route.source);
    struct stat_interface before = *run->input;
    while (!finished(run) && (rc = capfile_next(file, &pkt, &err)) > 0)
        worker_packet(&run->worker, &route, &pkt);
    run->totals[run->n_totals++] =
        (struct output_totals){.source = id,
                               .received = run->input->delivered_packets - before.delivered_packets,
                               .accepted = run->input->accepted_packets - before.accepted_packets};
    return rc < 0 && !interrupted ? complain(&err, EX_DATAERR) : 0;
}

static int finish(struct run *run, int status)
{
    struct wn_error err;
    if (run->output) {
        int rc = output_close(run->output, run->totals, run->n_totals, &err);
        /* A reader that has seen enough is no error. */
        if (rc < 0 && rc != -EPIPE && status == 0)
            status = complain(&err, EX_IOERR);
    }
    if (status == 0)
        status = dump_all(run);
    if (run->n_totals && !run->opts->quiet) {
        struct report report = {.elapsed_ns = elapsed_ns(run)};
        report_collect(run->stats, &report);
        report_print(&report, run->opts->stats_json, run->output, false, stderr);
    }
    if (status == 0 && run->opts->exit_match && run->worker.accepted == 0)
        status = 1;
    return status;
}

static int run_files(struct run *run)
{
    const struct options *o = run->opts;
    int status = check_inputs(o);
    if (status)
        return status;
    run->totals = calloc(o->n_read, sizeof *run->totals);
    run->conf = options_conf(o);
    run->stats = stats_new();
    run->worker = (struct worker){.run = wn_run_new(), .limit = o->count, .keep_max = o->snaplen};
    run->input = run->stats ? stats_interface(run->stats, "input") : NULL;
    if (!run->totals || !run->conf || !run->input || !run->worker.run) {
        fprintf(stderr, "winnowd: %s\n", strerror(ENOMEM));
        return EX_OSERR;
    }
    run->begun_ns = clock_ns(CLOCK_MONOTONIC);
    for (size_t i = 0; i < o->n_read && status == 0 && (i == 0 || !finished(run)); i++)
        status = read_file(run, o->read[i], (uint32_t)i);
    return finish(run, status);
}

int offline_run(const struct options *opts)
{
    /* Without SA_RESTART, so that a read from a quiet pipe ends too. */
    struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL);

    struct run run = {.opts = opts};
    int status = run_files(&run);
    filter_unref(run.filter);
    wn_run_free(run.worker.run);
    stats_free(run.stats);
    conf_free(run.conf);
    free(run.totals);
    return status;
}
