/* SPDX-License-Identifier: MIT */
#include "client/session.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <winnow/err.h>

#include "client/client.h"
#include "common/clock.h"
#include "common/ctl_interface.h"
#include "common/own.h"
#include "common/unix_socket.h"

#define SYSTEM_SOCKET "/run/winnowd/control.sock"
#define USER_SOCKET   "winnowd.sock"
#define REPLY_BYTES   (64u << 20)
#define METHOD(name)  CTL_INTERFACE "." name
#define SERVICE(name) "org.varlink.service." name
#define PATH_BYTES    SESSION_PATH_BYTES

int64_t session_now_ns(void)
{
    return (int64_t)clock_ns(CLOCK_MONOTONIC);
}

/* -s, else the environment, else the service's, else the user's own where only that is there. */
static void find_socket(const struct client_opts *opts, char path[PATH_BYTES])
{
    const char *given = opts->socket ? opts->socket : getenv("WINNOW_SOCKET");
    const char *dir = getenv("XDG_RUNTIME_DIR");

    snprintf(path, PATH_BYTES, "%s", given && *given ? given : SYSTEM_SOCKET);
    if ((given && *given) || !access(SYSTEM_SOCKET, F_OK) || errno != ENOENT || !dir)
        return;
    char own[PATH_BYTES];
    snprintf(own, sizeof own, "%s/%s", dir, USER_SOCKET);
    if (!access(own, F_OK))
        snprintf(path, PATH_BYTES, "%s", own);
}

static int fail_connect(const struct client_opts *opts, int code, const struct wn_error *err)
{
    switch (code) {
    case -EACCES:
    case -EPERM:
        return client_fail(opts, CLIENT_DENIED, "cannot_connect",
                           "%s; members of the socket's group (winnow) may connect, or use sudo",
                           err->text);
    case -ETIMEDOUT: return client_fail(opts, CLIENT_TIMEOUT, "timeout", "%s", err->text);
    default:
        return client_fail(opts, CLIENT_NOT_RUNNING, "not_running",
                           "%s; is winnowd running? Start it, or name its socket with -s",
                           err->text);
    }
}

static void session_init(struct session *s, const struct client_opts *opts, int timeout_ms)
{
    *s = (struct session){.opts = opts, .fd = -1, .timeout_ms = timeout_ms};
    varlink_stream_init(&s->in, REPLY_BYTES);
    find_socket(opts, s->path);
}

int session_open(struct session *s, const struct client_opts *opts, int timeout_ms)
{
    struct wn_error err;
    session_init(s, opts, opts->timeout_ms ? opts->timeout_ms : timeout_ms);
    int code = unix_connect(s->path, s->timeout_ms, &s->fd, &err);
    return code ? fail_connect(opts, code, &err) : CLIENT_OK;
}

bool session_try(struct session *s, const struct client_opts *opts, int timeout_ms)
{
    session_init(s, opts, timeout_ms);
    return !unix_connect(s->path, timeout_ms, &s->fd, NULL);
}

void session_close(struct session *s)
{
    if (s->fd >= 0)
        close(s->fd);
    varlink_stream_fini(&s->in);
}

/* Waits for the socket. Returns 1, 0 when time is up. */
static int wait_for(const struct session *s, short events, int64_t until_ns)
{
    struct pollfd wait = {.fd = s->fd, .events = events};
    int64_t left;
    while ((left = until_ns - session_now_ns()) > 0) {
        int n = poll(&wait, 1, (int)(left / 1000000) + 1);
        if (n > 0)
            return 1;
        if (n < 0 && errno != EINTR)
            return 1; /* the call that follows says what is wrong */
    }
    return 0;
}

static int fail_timeout(const struct session *s)
{
    return client_fail(s->opts, CLIENT_TIMEOUT, "timeout",
                       "%s: no answer within %d ms; the daemon may be busy: try a longer --timeout",
                       s->method, s->timeout_ms);
}

static int send_all(struct session *s, const char *text, size_t len, int64_t until_ns)
{
    while (len) {
        ssize_t n = send(s->fd, text, len, MSG_NOSIGNAL);
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return CLIENT_OK; /* who closed may have said why */
        } else if (errno != EAGAIN && errno != EINTR) {
            return client_fail(s->opts, CLIENT_PROTOCOL, "protocol", "%s: cannot send: %s", s->path,
                               strerror(errno));
        } else if (!wait_for(s, POLLOUT, until_ns)) {
            return fail_timeout(s);
        }
    }
    return CLIENT_OK;
}

static int receive(struct session *s, struct varlink_reply *out, int64_t until_ns)
{
    struct wn_error err = {0};
    const char *message;
    size_t len, room;
    char *at;

    while (!(message = varlink_stream_next(&s->in, &len))) {
        if (varlink_stream_room(&s->in, &at, &room))
            return client_fail(s->opts, CLIENT_PROTOCOL, "protocol",
                               "%s: the answer is larger than %u MiB", s->path, REPLY_BYTES >> 20);
        if (!wait_for(s, POLLIN, until_ns))
            return fail_timeout(s);
        ssize_t n = recv(s->fd, at, room, 0);
        if (n > 0)
            varlink_stream_add(&s->in, (size_t)n);
        else if (n == 0 || errno == ECONNRESET)
            return client_fail(s->opts, CLIENT_NOT_RUNNING, "closed",
                               "%s: the connection was closed before the answer came", s->path);
        else if (errno != EAGAIN && errno != EINTR)
            return client_fail(s->opts, CLIENT_PROTOCOL, "protocol", "%s: cannot receive: %s",
                               s->path, strerror(errno));
    }
    if (varlink_reply_parse(message, len, out, &err))
        return client_fail(s->opts, CLIENT_PROTOCOL, "protocol", "%s: does not speak Varlink: %s",
                           s->path, err.text);
    return CLIENT_OK;
}

/* Strings from the other side go to a terminal: nothing in them may steer it. */
static void make_plain(json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;

    json_array_foreach(value, i, item) make_plain(item);
    json_object_foreach(value, key, item) make_plain(item);
    const char *text = json_string_value(value);
    OWN(free) char *copy = text ? strdup(text) : NULL;
    bool changed = false;
    for (char *c = copy; c && *c; c++) {
        if (((unsigned char)*c < 0x20 && *c != '\n') || *c == 0x7f) {
            *c = '?';
            changed = true;
        }
    }
    if (changed)
        json_string_set(value, copy);
}

/* A reply, fit to be shown. */
static int receive_plain(struct session *s, struct varlink_reply *out, int64_t until_ns)
{
    int status = receive(s, out, until_ns);
    if (!status && !s->opts->json)
        make_plain(out->root);
    return status;
}

static int exchange(struct session *s, const char *method, json_t *parameters, bool more,
                    struct varlink_reply *out)
{
    int64_t until_ns = session_now_ns() + s->timeout_ms * INT64_C(1000000);
    size_t len = 0;
    OWN(free) char *text = varlink_print_call(method, parameters, more, &len);
    if (!text)
        return client_fail(s->opts, CLIENT_REFUSED, "memory", "out of memory");

    s->method = method;
    int status = send_all(s, text, len, until_ns);
    return status ? status : receive_plain(s, out, until_ns);
}

int session_exchange(struct session *s, const char *method, json_t *parameters,
                     struct varlink_reply *out)
{
    return exchange(s, method, parameters, false, out);
}

const char *session_member(const struct varlink_reply *reply, const char *key)
{
    const char *text = json_string_value(json_object_get(reply->parameters, key));
    return text ? text : "";
}

/* The daemon does not know what it was asked: which versions are these? */
static int fail_version(struct session *s, const char *method)
{
    struct varlink_reply info = {0};
    int status = session_exchange(s, SERVICE("GetInfo"), NULL, &info);
    if (status)
        return status;
    client_fail(s->opts, 0, "version",
                "%s %s does not know %s, which winnowctl " WN_VERSION
                " needs; use programs of one version",
                info.error ? "the other side" : session_member(&info, "product"),
                session_member(&info, "version"), method);
    varlink_reply_fini(&info);
    return CLIENT_PROTOCOL;
}

int session_fail(struct session *s, const char *method, struct varlink_reply *reply)
{
    const struct client_opts *opts = s->opts;
    const char *error = reply->error;
    int status = CLIENT_REFUSED;

    if (!strcmp(error, SERVICE("InterfaceNotFound")) || !strcmp(error, SERVICE("MethodNotFound")))
        status = fail_version(s, method);
    else if (!strcmp(error, METHOD("Denied")))
        status =
            client_fail_json(opts, CLIENT_DENIED, error, reply->parameters,
                             "%s is for role %s: root, the daemon's own user, and members of "
                             "group winnow-%s",
                             method, session_member(reply, "need"), session_member(reply, "need"));
    else if (!strcmp(error, METHOD("LimitExceeded")))
        client_fail_json(opts, status, error, reply->parameters,
                         "the daemon's limit %s was reached; try again later",
                         session_member(reply, "limit"));
    else if (!strcmp(error, METHOD("Busy")))
        client_fail_json(opts, status, error, reply->parameters,
                         "the daemon is busy; try again later");
    else if (!strcmp(error, SERVICE("InvalidParameter")))
        client_fail_json(opts, CLIENT_USAGE, error, reply->parameters,
                         "the daemon does not take this %s", session_member(reply, "parameter"));
    else
        client_fail_json(opts, status, error, reply->parameters, "%s: %s", method, error);
    varlink_reply_fini(reply);
    return status;
}

int session_ask(struct session *s, const char *method, json_t *parameters,
                struct varlink_reply *out)
{
    int status = session_exchange(s, method, parameters, out);
    if (status || !out->error)
        return status;
    return session_fail(s, method, out);
}

int session_ask_more(struct session *s, const char *method, json_t *parameters,
                     struct varlink_reply *out)
{
    int status = exchange(s, method, parameters, true, out);
    return status || !out->error ? status : session_fail(s, method, out);
}

int session_next(struct session *s, int wait_ms, struct varlink_reply *out)
{
    int64_t until_ns = session_now_ns() + (s->timeout_ms + (int64_t)wait_ms) * 1000000;
    int status = receive_plain(s, out, until_ns);
    return status || !out->error ? status : session_fail(s, s->method, out);
}

int session_wait_end(struct session *s)
{
    int64_t until_ns = session_now_ns() + s->timeout_ms * INT64_C(1000000);
    char byte;
    for (;;) {
        if (!wait_for(s, POLLIN, until_ns))
            return client_fail(s->opts, CLIENT_TIMEOUT, "timeout",
                               "the daemon is stopping, but has not ended within %d ms",
                               s->timeout_ms);
        ssize_t n = recv(s->fd, &byte, 1, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return CLIENT_OK;
    }
}
