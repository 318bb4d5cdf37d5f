/* SPDX-License-Identifier: MIT */
#include "daemon/live.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/diag.h"
#include "common/log.h"
#include "common/own.h"
#include "daemon/ctl_server.h"
#include "daemon/engine.h"
#include "daemon/filter.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include "daemon/report.h"
#include "daemon/stats.h"

enum { SIGNALS = 3 };

struct live {
    const struct options *opts;
    struct event_base *base;
    struct engine *engine;
    struct ctl_server *server;
    struct event *signals[SIGNALS];
    struct event *watchdog, *duration, *reload;
    bool stopping;
    uint64_t begun_ns;
};

/* --- the loop's events --- */

static void on_stop(evutil_socket_t number, short what, void *arg)
{
    struct live *live = arg;
    (void)number;
    (void)what;
    /* Whoever asks twice does not want to wait; files keep their .part for the next start. */
    if (live->stopping)
        _exit(1);
    live->stopping = true;
    engine_stop(live->engine);
}

static void on_hangup(evutil_socket_t number, short what, void *arg)
{
    struct live *live = arg;
    (void)number;
    (void)what;
    /* Many signals at once are one reload. */
    event_active(live->reload, EV_TIMEOUT, 0);
}

/* A line each, so an instruction stands in brackets. */
static void log_diags(const struct diag_list *diags)
{
    for (size_t i = 0; i < diags->count; i++) {
        const struct diag *d = &diags->items[i];
        const struct diag_insn *insn = &d->insn;
        log_event(d->warning ? LEVEL_WARNING : LEVEL_ERROR, "config.diagnostic",
                  "%s%s%.0u%s[%s]: %s%s%s%s%s%s%s%s", d->file ? d->file : "", d->file ? ":" : "",
                  d->line, d->line ? " " : "", diag_code_name(d->code), d->message,
                  insn->text ? " (" : "", insn->text ? insn->text : "", insn->source ? ", " : "",
                  insn->source ? insn->source : "", insn->text ? ")" : "", d->hint ? "; " : "",
                  d->hint ? d->hint : "");
    }
}

static void on_reload(evutil_socket_t fd, short what, void *arg)
{
    struct live *live = arg;
    struct diag_list diags = {0};
    (void)fd;
    (void)what;
    engine_reload(live->engine, false, &diags);
    log_diags(&diags);
    diag_fini(&diags);
}

/* That this is called at all is what the watchdog wants to know. */
static void on_watchdog(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    notify_watchdog();
}

static struct event *timer(struct live *live, uint64_t us, event_callback_fn fn, short flags)
{
    struct timeval tv = {.tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000)};
    struct event *e = event_new(live->base, -1, flags, fn, live);
    if (e)
        event_add(e, &tv);
    return e;
}

static int add_events(struct live *live)
{
    static const struct {
        int number;
        event_callback_fn fn;
    } handlers[SIGNALS] = {{SIGTERM, on_stop}, {SIGINT, on_stop}, {SIGHUP, on_hangup}};
    uint64_t period = notify_watchdog_period_us();
    for (int i = 0; i < SIGNALS; i++) {
        live->signals[i] = evsignal_new(live->base, handlers[i].number, handlers[i].fn, live);
        if (!live->signals[i] || event_add(live->signals[i], NULL) < 0)
            return EX_OSERR;
    }
    live->reload = event_new(live->base, -1, 0, on_reload, live);
    if (!live->reload)
        return EX_OSERR;
    if (period)
        live->watchdog = timer(live, period, on_watchdog, EV_PERSIST);
    if (live->opts->duration_ns)
        live->duration = timer(live, live->opts->duration_ns / 1000, on_stop, 0);
    return 0;
}

static void remove_events(struct live *live)
{
    struct event *const others[] = {live->watchdog, live->duration, live->reload};
    for (int i = 0; i < SIGNALS; i++) {
        if (live->signals[i])
            event_free(live->signals[i]);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (others[i])
            event_free(others[i]);
    }
}

/* --- start --- */

/* The three ways out for somebody without privileges. */
static void explain_permission(const struct diag_list *diags)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    for (size_t i = 0; i < diags->count; i++) {
        const struct diag *d = &diags->items[i];
        const char *name = d->section ? strchr(d->section, ' ') : NULL;
        fprintf(stderr, "winnowd: %s: %s\n", name ? name + 1 : "interface", d->message);
    }
    fprintf(stderr,
            "  needs CAP_NET_RAW only. Either run the service, or:  sudo setcap cap_net_raw=ep %s\n"
            "  or work without privileges:  winnowd -r file.pcapng ...\n",
            *self ? self : "/usr/sbin/winnowd");
}

static int engine_status(const struct options *opts, int rc, const struct diag_list *diags)
{
    if (rc == -EPERM) {
        explain_permission(diags);
        return EX_NOPERM;
    }
    diag_print(diags, stderr);
    if (diags->errors == 0)
        fprintf(stderr, "winnowd: %s\n", wn_strerror(rc));
    if (rc == -ENODEV)
        return EX_UNAVAILABLE;
    if (rc == -ENOMEM)
        return EX_OSERR;
    if (opts->mode != MODE_LIVE)
        return EX_CONFIG;
    const enum diag_code code = diags->count ? diags->items[0].code : DIAG_C036;
    return code == DIAG_C060   ? EX_CANTCREAT
           : code == DIAG_C036 ? EX_OSERR
           : rc > -1000        ? EX_NOINPUT
                               : EX_DATAERR;
}

static int load_conf(const struct options *opts, struct conf **out)
{
    struct diag_list diags = {0};
    if (opts->mode == MODE_LIVE) {
        *out = options_conf(opts);
        return *out ? 0 : EX_OSERR;
    }
    const char *path = opts->config ? opts->config : CONF_DEFAULT;
    if (!opts->config && access(path, F_OK) < 0 && errno == ENOENT) {
        options_three_ways(stderr);
        return EX_CONFIG;
    }
    int rc = conf_load(path, filter_check_all, out, &diags);
    diag_print(&diags, stderr);
    if (rc < 0 || (opts->strict && diags.warnings)) {
        fprintf(stderr, "winnowd: %zu error%s, %zu warning%s; nothing was started\n", diags.errors,
                diags.errors == 1 ? "" : "s", diags.warnings, diags.warnings == 1 ? "" : "s");
        if (rc == 0)
            conf_free(*out);
        rc = -EINVAL;
    }
    diag_fini(&diags);
    return rc == 0 ? 0 : EX_CONFIG;
}

static int serve(struct live *live, const struct conf *conf)
{
    struct wn_error err;
    const char *path = live->opts->socket ? live->opts->socket : conf->socket;
    if (!path)
        return 0;
    int rc = ctl_server_open(live->base, NULL, path, conf->socket_mode, conf->socket_group,
                             &live->server, &err);
    if (rc == 0)
        return 0;
    fprintf(stderr, "winnowd: %s\n", err.text);
    return rc == -EBUSY ? EX_TEMPFAIL : EX_CANTCREAT;
}

static int start_engine(struct live *live, struct conf *conf)
{
    const struct options *o = live->opts;
    struct diag_list diags = {0};
    struct engine_opts eo = {
        .conf_path = o->mode == MODE_LIVE ? NULL
                     : o->config          ? o->config
                                          : CONF_DEFAULT,
        .count_lines = o->mode == MODE_LIVE && !o->write && !o->quiet,
        .write = o->write,
        .write_pcap = o->write_pcap,
        .max_packets = o->count,
        .keep_max = o->snaplen,
    };
    int rc = engine_start(live->base, conf, &eo, &live->engine, &diags);
    int status = rc < 0 ? engine_status(o, rc, &diags) : 0;
    if (rc == 0)
        diag_print(&diags, stderr);
    diag_fini(&diags);
    return status;
}

static void say_ready(struct live *live)
{
    struct engine_generation g;
    engine_generation(live->engine, &g);
    notify_ready("generation %" PRIu64 " (%.6s) active", g.number, g.config_id);
    log_event(LEVEL_INFO, "ready", "winnowd " WN_VERSION " is ready");
}

static int run(struct live *live)
{
    struct conf *conf;
    int status = load_conf(live->opts, &conf);
    if (status)
        return status;
    if (live->opts->mode != MODE_LIVE)
        log_init("winnowd", conf->log_target, live->opts->verbose ? LEVEL_DEBUG : conf->log_level);
    status = serve(live, conf);
    if (status) {
        conf_free(conf);
        return status;
    }
    status = start_engine(live, conf);
    if (status)
        return status;
    if (live->server)
        ctl_server_serve(live->server, live->engine);
    status = add_events(live);
    if (status)
        return status;
    say_ready(live);
    return event_base_dispatch(live->base) < 0 ? EX_OSERR : 0;
}

/* What `-i` ends with. */
static int report(struct live *live)
{
    struct report r = {.elapsed_ns = clock_ns(CLOCK_MONOTONIC) - live->begun_ns};
    const struct options *o = live->opts;
    if (!live->engine || o->mode != MODE_LIVE)
        return 0;
    engine_finish(live->engine);
    report_collect(engine_stats(live->engine), &r);
    if (!o->quiet)
        report_print(&r, o->stats_json, o->write != NULL, true, stderr);
    return o->exit_match && r.accepted == 0;
}

int live_run(const struct options *opts)
{
    struct live live = {.opts = opts, .begun_ns = clock_ns(CLOCK_MONOTONIC)};
    signal(SIGPIPE, SIG_IGN);
    notify_init();
    live.base = event_base_new();
    if (!live.base) {
        fprintf(stderr, "winnowd: cannot make an event loop: %s\n", strerror(errno));
        return EX_OSERR;
    }
    int status = run(&live);
    remove_events(&live);
    ctl_server_close(live.server);
    int missed = report(&live);
    int lost = engine_free(live.engine);
    event_base_free(live.base);
    return status ? status : lost ? lost : missed;
}
