/* SPDX-License-Identifier: MIT */
/*
 * The control socket of winnowd with an engine that captures nothing:
 *
 *   ctl_peer PATH [request_ms=N] [idle_ms=N] [write_ms=N] [clients=N] [per_uid=N] [interfaces=N]
 *                 [mode=OCTAL] [outcome=applied|unchanged|rejected]
 *
 * Prints "ready" when it listens. Ends on Stop, SIGTERM and at the end of its input.
 */
#include <event2/event.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <winnow/err.h>

#include "daemon/ctl_server.h"
#include "fake_engine.h"

#define EX_CANTCREAT 73
#define EX_TEMPFAIL  75

struct settings {
    struct ctl_limits limits;
    struct fake_engine fake;
    unsigned mode;
};

static void leave(void *base)
{
    event_base_loopbreak(base);
}

static void on_signal(evutil_socket_t signal, short what, void *base)
{
    (void)signal;
    (void)what;
    event_base_loopbreak(base);
}

static int read_outcome(const char *text)
{
    return !strcmp(text, "rejected")    ? ENGINE_REJECTED
           : !strcmp(text, "unchanged") ? ENGINE_UNCHANGED
                                        : ENGINE_APPLIED;
}

static int read_setting(struct settings *s, const char *word)
{
    const char *text = strchr(word, '=');
    size_t len = text ? (size_t)(text++ - word) : 0;
    if (len == 7 && !memcmp(word, "outcome", len)) {
        s->fake.outcome = (enum engine_outcome)read_outcome(text);
        return 0;
    }
    long value = text ? strtol(text, NULL, len == 4 && !memcmp(word, "mode", 4) ? 8 : 10) : 0;
    if (!text || value < 0)
        return -1;
    if (!strncmp(word, "request_ms", len))
        s->limits.request_ms = (int)value;
    else if (!strncmp(word, "idle_ms", len))
        s->limits.idle_ms = (int)value;
    else if (!strncmp(word, "write_ms", len))
        s->limits.write_ms = (int)value;
    else if (!strncmp(word, "clients", len))
        s->limits.clients = (unsigned)value;
    else if (!strncmp(word, "per_uid", len))
        s->limits.clients_per_uid = (unsigned)value;
    else if (!strncmp(word, "interfaces", len))
        s->fake.interfaces = (size_t)value;
    else if (!strncmp(word, "mode", len))
        s->mode = (unsigned)value;
    else
        return -1;
    return 0;
}

static int serve(struct event_base *base, struct engine *engine, const char *path,
                 const struct settings *s)
{
    struct ctl_server *server;
    struct wn_error err;
    int code = ctl_server_open(base, engine, path, s->mode, NULL, &server, &err);
    if (code) {
        fprintf(stderr, "ctl_peer: %s\n", err.text);
        return code == -EBUSY ? EX_TEMPFAIL : EX_CANTCREAT;
    }
    ctl_server_limit(server, &s->limits);
    struct event *term = evsignal_new(base, SIGTERM, on_signal, base);
    struct event *end = event_new(base, STDIN_FILENO, EV_READ, on_signal, base);
    event_add(term, NULL);
    event_add(end, NULL);
    puts("ready");
    fflush(stdout);
    event_base_dispatch(base);
    ctl_server_close(server);
    event_free(term);
    event_free(end);
    return 0;
}

int main(int argc, char **argv)
{
    struct settings s = {
        .limits = {CTL_CLIENTS, CTL_CLIENTS_PER_UID, CTL_REQUEST_BYTES, CTL_REPLY_BYTES,
                   CTL_REQUEST_MS, CTL_IDLE_MS, CTL_WRITE_MS},
        .fake = {.interfaces = 2},
        .mode = 0660,
    };
    struct event_base *base = event_base_new();

    for (int i = 2; i < argc; i++) {
        if (read_setting(&s, argv[i]))
            return 64;
    }
    s.fake.stop = leave;
    s.fake.arg = base;
    struct engine *engine = fake_engine_new(&s.fake);
    int status = argc < 2 ? 64 : serve(base, engine, argv[1], &s);
    fake_engine_free(engine);
    event_base_free(base);
    return status;
}
