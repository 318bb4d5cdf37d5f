/* SPDX-License-Identifier: MIT */
/*
 * A connection has one message at a time: it is read, it waits for its turn,
 * it is answered, the answer drains, and only then the next one is looked at.
 * So a client holds at most one request and one reply in memory, and one that
 * does not read its replies stops itself. A call that wants more replies is kept
 * and asked again by the timer; whatever the client does next ends it. After each message the event
 * loop gets its turn, so that packets never wait for more than one request.
 */
#include "daemon/ctl_server.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <winnow/err.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/own.h"
#include "common/unix_socket.h"
#include "common/varlink.h"
#include "daemon/ctl_cmds.h"
#include "daemon/ctl_rate.h"
#include "daemon/engine.h"
#include "daemon/stats.h"

#define ADMIN_GROUP     "winnow-admin"
#define ADMIN_RESERVE   4 /* connections kept for those who may stop the daemon */
#define ACCEPTS         8 /* connections taken before others get their turn */
#define READ_BYTES      65536
#define ACCEPT_PAUSE_MS 100
#define BUSY_PAUSE_MS   1000
#define CLOSE_DRAIN_MS  1000

struct client {
    LIST_ENTRY(client) link;
    struct ctl_server *server;
    int fd;
    struct unix_peer peer;
    bool admin;
    struct event *readable, *writable, *timer;
    struct varlink_stream in;
    const char *message; /* taken from `in`, not yet served; NULL: none */
    size_t message_len;
    char *out; /* a reply that has not drained; NULL: none */
    size_t out_len, out_done;
    int64_t since_ms;          /* first byte of a request, reply queued, or the last of both done */
    int64_t hold_ms;           /* nothing is served before */
    struct varlink_call again; /* is answered every again_ms */
    int again_ms;              /* 0: no call is */
    bool again_paid;           /* for the next answer */
    bool eof;                  /* the client will send nothing more */
    bool closing;              /* nothing more is served */
};

struct ctl_server {
    struct event_base *base;
    struct engine *engine;
    struct unix_listener listener;
    struct event *acceptable, *accept_again;
    int reserve; /* a descriptor to give up when there are no others; -1: none */
    bool has_admin_group;
    gid_t admin_group;
    struct ctl_limits limits;
    struct ctl_rate rate;
    LIST_HEAD(, client) clients;
    unsigned n_clients;
};

static int64_t now_ms(void)
{
    return (int64_t)(clock_ns(CLOCK_MONOTONIC) / CLOCK_MS);
}

static struct timeval in_ms(int64_t ms)
{
    if (ms < 0)
        ms = 0;
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

static void count_rejected(struct ctl_server *server)
{
    stats_process(engine_stats(server->engine))->control_rejected++;
}

/* A message on its way out; text is NULL without memory. */
struct message {
    char *text;
    size_t len;
};

static struct message print_reply(const char *error, struct json_t *parameters, bool continues)
{
    struct message m = {0};
    m.text = varlink_print_reply(error, parameters, continues, &m.len);
    return m;
}

static struct message print_limit(const char *limit, size_t max)
{
    return print_reply(CTL_E_LIMIT, ctl_cmds_limit(limit, max), false);
}

static struct message print_busy(int retry_ms)
{
    return print_reply(CTL_E_BUSY, ctl_cmds_busy(retry_ms), false);
}

/* The call that has been asked again is done with. */
static void client_forget(struct client *c)
{
    if (c->again_ms)
        varlink_call_fini(&c->again);
    c->again_ms = 0;
}

static void client_free(struct client *c)
{
    client_forget(c);
    LIST_REMOVE(c, link);
    c->server->n_clients--;
    if (c->readable)
        event_free(c->readable);
    if (c->writable)
        event_free(c->writable);
    if (c->timer)
        event_free(c->timer);
    close(c->fd);
    varlink_stream_fini(&c->in);
    free(c->out);
    free(c);
}

/* Close a connection for a reason. */
static void client_drop(struct client *c, const char *why)
{
    count_rejected(c->server);
    log_event(LEVEL_INFO, "control.drop", "control client pid %d uid %u: %s", (int)c->peer.pid,
              (unsigned)c->peer.uid, why);
    client_free(c);
}

/* Sends what goes. Returns false if the client is gone. */
static bool client_send(struct client *c)
{
    while (c->out) {
        ssize_t n = send(c->fd, c->out + c->out_done, c->out_len - c->out_done,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        c->out_done += (size_t)n;
        if (c->out_done == c->out_len) {
            free(c->out);
            c->out = NULL;
            c->since_ms = now_ms();
        }
    }
    return true;
}

/* Takes a reply. */
static void client_reply(struct client *c, struct message reply)
{
    if (!reply.text) {
        c->closing = true;
        return;
    }
    c->out = reply.text;
    c->out_len = reply.len;
    c->out_done = 0;
    c->since_ms = now_ms();
    if (!client_send(c)) {
        free(c->out);
        c->out = NULL;
        c->closing = true;
    }
}

/* Answers a call. Returns how long after it is to be answered again; 0: never. */
static int client_answer(struct client *c, const struct varlink_call *call, bool more)
{
    struct ctl_server *server = c->server;
    struct ctl_request request = {.method = call->method,
                                  .parameters = call->parameters,
                                  .admin = c->admin,
                                  .uid = c->peer.uid,
                                  .pid = c->peer.pid};
    struct ctl_answer answer = {0};

    ctl_cmds_run(server->engine, &request, &answer);
    int again_ms = more ? answer.again_ms : 0;
    struct message reply = print_reply(answer.error, answer.parameters, again_ms > 0);
    if (reply.text && reply.len > server->limits.reply_bytes) {
        free(reply.text);
        reply = print_limit("reply_bytes", server->limits.reply_bytes);
        again_ms = 0;
    }
    if (call->oneway)
        free(reply.text);
    else
        client_reply(c, reply);
    if (answer.after)
        answer.after(server->engine);
    return c->closing ? 0 : again_ms;
}

/* Whether the client has done something that ends the replies it wanted more of. */
static bool wants_no_more(struct client *c)
{
    return c->eof || varlink_stream_pending(&c->in);
}

/* The next of many replies; each costs as much as a request, but for the last. */
static void client_again(struct client *c)
{
    if (!c->again_paid && !wants_no_more(c)) {
        int64_t wait_ms = ctl_rate_take(&c->server->rate, c->peer.uid, 0, now_ms());
        c->again_paid = wait_ms >= 0;
        if (wait_ms) {
            c->hold_ms = now_ms() + (wait_ms < 0 ? BUSY_PAUSE_MS : wait_ms);
            return;
        }
    }
    c->again_paid = false;
    c->hold_ms = now_ms() + c->again_ms;
    if (!client_answer(c, &c->again, !wants_no_more(c))) {
        client_forget(c);
        c->hold_ms = 0;
    }
}

/* Reads and answers the message that was taken. */
static void client_call(struct client *c)
{
    struct varlink_call call;
    struct wn_error err;
    int code = varlink_call_parse(c->message, c->message_len, &call, &err);
    c->message = NULL;

    if (!code && !call.upgrade) {
        stats_process(engine_stats(c->server->engine))->control_requests++;
        c->again_ms = client_answer(c, &call, call.more && !call.oneway);
        if (c->again_ms) {
            c->hold_ms = now_ms() + c->again_ms;
            c->again = call;
        }
    } else if (!code || code == WN_E_FORMAT) {
        /* JSON, so the peer speaks Varlink, or nearly: say what is wrong. */
        count_rejected(c->server);
        client_reply(c, print_reply(CTL_E_PARAMETER,
                                    ctl_cmds_parameter(code ? err.text : "upgrade"), false));
    } else {
        count_rejected(c->server);
        log_event(LEVEL_INFO, "control.garbage", "control client pid %d uid %u: %s",
                  (int)c->peer.pid, (unsigned)c->peer.uid, err.text);
        c->closing = true;
    }
    if (!code && !c->again_ms)
        varlink_call_fini(&call);
    if (!c->out)
        c->since_ms = now_ms();
}

/* Let the loop wait for what this client needs next, and not longer than it may take. */
static void client_settle(struct client *c)
{
    const struct ctl_limits *limits = &c->server->limits;
    int64_t now = now_ms(), until;
    bool serve = c->message || varlink_stream_ready(&c->in);

    event_del(c->readable);
    event_del(c->writable);
    if (c->out) {
        event_add(c->writable, NULL);
        until = c->since_ms + limits->write_ms;
    } else if (c->again_ms && !c->closing) {
        if (!wants_no_more(c))
            event_add(c->readable, NULL);
        until = wants_no_more(c) ? now : c->hold_ms;
    } else if (c->closing || (c->eof && !serve)) {
        client_free(c);
        return;
    } else if (serve) {
        until = c->hold_ms;
    } else {
        event_add(c->readable, NULL);
        until =
            c->since_ms + (varlink_stream_pending(&c->in) ? limits->request_ms : limits->idle_ms);
    }
    struct timeval wait = in_ms(until - now);
    event_add(c->timer, &wait);
}

/* Serves one message, or lets it wait for its turn. */
static void client_serve(struct client *c)
{
    if (!c->message) {
        c->message = varlink_stream_next(&c->in, &c->message_len);
        int64_t wait_ms = ctl_rate_take(&c->server->rate, c->peer.uid, c->message_len, now_ms());
        if (wait_ms < 0) {
            count_rejected(c->server);
            c->message = NULL;
            c->hold_ms = now_ms() + BUSY_PAUSE_MS;
            client_reply(c, print_busy(BUSY_PAUSE_MS));
            return;
        }
        if (wait_ms > 0) {
            c->hold_ms = now_ms() + wait_ms;
            return;
        }
    }
    client_call(c);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct client *c = arg;
    (void)fd;
    (void)what;

    if (c->out) {
        client_drop(c, "does not read its replies");
    } else if (c->again_ms) {
        client_again(c);
        client_settle(c);
    } else if (c->message || varlink_stream_ready(&c->in)) {
        client_serve(c);
        client_settle(c);
    } else if (varlink_stream_pending(&c->in)) {
        client_drop(c, "sends its request too slowly");
    } else {
        client_free(c);
    }
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct client *c = arg;
    (void)fd;
    (void)what;

    if (client_send(c))
        client_settle(c);
    else
        client_free(c);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct client *c = arg;
    bool begun = varlink_stream_pending(&c->in);
    char *at;
    size_t room;
    (void)what;

    int code = varlink_stream_room(&c->in, &at, &room);
    ssize_t n = code ? -1 : recv(fd, at, room < READ_BYTES ? room : READ_BYTES, MSG_DONTWAIT);
    if (n < 0) {
        if (code || (errno != EAGAIN && errno != EINTR))
            client_free(c);
        return;
    }
    varlink_stream_add(&c->in, (size_t)n);
    c->eof = n == 0;
    if (!begun)
        c->since_ms = now_ms();
    if (c->again_ms) {
        client_again(c); /* for the last time */
    } else if (varlink_stream_ready(&c->in)) {
        client_serve(c);
    } else if (varlink_stream_too_long(&c->in)) {
        count_rejected(c->server);
        c->closing = true;
        client_reply(c, print_limit("request_bytes", c->in.max));
    }
    client_settle(c);
}

static bool client_new(struct ctl_server *server, int fd, const struct unix_peer *peer, bool admin)
{
    struct client *c = calloc(1, sizeof *c);
    if (!c)
        return false;
    c->server = server;
    c->fd = fd;
    c->peer = *peer;
    c->admin = admin;
    c->since_ms = now_ms();
    varlink_stream_init(&c->in, server->limits.request_bytes);
    LIST_INSERT_HEAD(&server->clients, c, link);
    server->n_clients++;
    c->readable = event_new(server->base, fd, EV_READ | EV_PERSIST, on_readable, c);
    c->writable = event_new(server->base, fd, EV_WRITE | EV_PERSIST, on_writable, c);
    c->timer = event_new(server->base, -1, 0, on_timer, c);
    if (!c->readable || !c->writable || !c->timer) {
        client_free(c);
        return true; /* the descriptor is closed */
    }
    client_settle(c);
    return true;
}

/* One message of goodbye, which fits into any fresh socket, then nothing. Takes both. */
static void refuse(struct ctl_server *server, int fd, struct message why)
{
    count_rejected(server);
    if (why.text && send(fd, why.text, why.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        log_event(LEVEL_DEBUG, "control.refuse", "refused control client: %s", strerror(errno));
    free(why.text);
    close(fd);
}

static bool is_admin(const struct ctl_server *server, int fd, uid_t uid)
{
    return uid == 0 || uid == geteuid() ||
           (server->has_admin_group && unix_peer_in_group(fd, server->admin_group));
}

/* Takes the descriptor of a new connection. */
static void admit(struct ctl_server *server, int fd)
{
    const struct ctl_limits *limits = &server->limits;
    struct unix_peer peer;
    if (unix_peer_get(fd, &peer)) {
        close(fd);
        return;
    }

    bool admin = is_admin(server, fd, peer.uid);
    unsigned same = 0;
    struct client *c;
    LIST_FOREACH(c, &server->clients, link)
    same += c->peer.uid == peer.uid;
    if (same >= limits->clients_per_uid)
        refuse(server, fd, print_limit("clients_per_uid", limits->clients_per_uid));
    else if (server->n_clients >= limits->clients + (admin ? ADMIN_RESERVE : 0))
        refuse(server, fd, print_limit("clients", limits->clients));
    else if (!client_new(server, fd, &peer, admin))
        close(fd);
}

/*
 * Without descriptors a pending connection would wake the loop for ever: it is
 * told to come back with the help of the one kept for this, then nobody is
 * accepted for a moment.
 */
static void accept_without_descriptors(struct ctl_server *server)
{
    struct timeval pause = in_ms(ACCEPT_PAUSE_MS);

    if (server->reserve >= 0)
        close(server->reserve);
    int fd = accept4(server->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        refuse(server, fd, print_busy(ACCEPT_PAUSE_MS));
    server->reserve = fcntl(server->listener.fd, F_DUPFD_CLOEXEC, 0);
    log_event(LEVEL_WARNING, "control.descriptors",
              "no descriptors left for control clients; raise LimitNOFILE=");
    event_del(server->acceptable);
    event_add(server->accept_again, &pause);
}

static void on_accept_again(evutil_socket_t fd, short what, void *arg)
{
    struct ctl_server *server = arg;
    (void)fd;
    (void)what;

    if (server->reserve < 0)
        server->reserve = fcntl(server->listener.fd, F_DUPFD_CLOEXEC, 0);
    event_add(server->acceptable, NULL);
}

static void on_acceptable(evutil_socket_t listener, short what, void *arg)
{
    struct ctl_server *server = arg;
    (void)what;

    for (int i = 0; i < ACCEPTS; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            admit(server, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            accept_without_descriptors(server);
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

static void free_events(struct ctl_server *server)
{
    if (server->acceptable)
        event_free(server->acceptable);
    if (server->accept_again)
        event_free(server->accept_again);
    if (server->reserve >= 0)
        close(server->reserve);
}

int ctl_server_open(struct event_base *base, struct engine *engine, const char *path, mode_t mode,
                    const char *group, struct ctl_server **out, struct wn_error *err)
{
    OWN(free) struct ctl_server *server = calloc(1, sizeof *server);
    if (!server)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    int code = unix_listener_open(path, mode, group, &server->listener, err);
    if (code)
        return code;
    if (server->listener.own_group)
        log_event(LEVEL_WARNING, "control.group",
                  "%s: there is no group %s: the socket has the group of this process", path,
                  group);

    const struct group *admins = getgrnam(ADMIN_GROUP);
    server->has_admin_group = admins != NULL;
    server->admin_group = admins ? admins->gr_gid : 0;
    server->base = base;
    server->engine = engine;
    server->limits = (struct ctl_limits){.clients = CTL_CLIENTS,
                                         .clients_per_uid = CTL_CLIENTS_PER_UID,
                                         .request_bytes = CTL_REQUEST_BYTES,
                                         .reply_bytes = CTL_REPLY_BYTES,
                                         .request_ms = CTL_REQUEST_MS,
                                         .idle_ms = CTL_IDLE_MS,
                                         .write_ms = CTL_WRITE_MS};
    LIST_INIT(&server->clients);
    server->reserve = fcntl(server->listener.fd, F_DUPFD_CLOEXEC, 0);
    server->acceptable =
        event_new(base, server->listener.fd, EV_READ | EV_PERSIST, on_acceptable, server);
    server->accept_again = event_new(base, -1, 0, on_accept_again, server);
    if (!server->acceptable || !server->accept_again || event_add(server->acceptable, NULL)) {
        free_events(server);
        unix_listener_close(&server->listener);
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    }
    *out = give(server);
    return 0;
}

void ctl_server_serve(struct ctl_server *server, struct engine *engine)
{
    server->engine = engine;
}

void ctl_server_limit(struct ctl_server *server, const struct ctl_limits *limits)
{
    server->limits = *limits;
}

/* The loop has ended: wait for the rest of a reply ourselves. */
static void client_drain(struct client *c, int64_t until_ms)
{
    int64_t left;
    while (c->out && (left = until_ms - now_ms()) > 0) {
        struct pollfd wait = {.fd = c->fd, .events = POLLOUT};
        if (poll(&wait, 1, (int)left) < 0 && errno != EINTR)
            return;
        if (!client_send(c))
            return;
    }
}

void ctl_server_close(struct ctl_server *server)
{
    if (!server)
        return;
    int64_t until_ms = now_ms() + CLOSE_DRAIN_MS;
    while (!LIST_EMPTY(&server->clients)) {
        client_drain(LIST_FIRST(&server->clients), until_ms);
        client_free(LIST_FIRST(&server->clients));
    }
    free_events(server);
    unix_listener_close(&server->listener);
    free(server);
}
