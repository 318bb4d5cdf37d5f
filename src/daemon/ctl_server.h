/* SPDX-License-Identifier: MIT */
/**
 * The control socket: connections, framing, limits and time-outs, no commands.
 * Messages are Varlink's: one JSON object and a NUL byte each way.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ctl_server;
struct engine;
struct event_base;
struct wn_error;

/** Limits (daemon documentation, control): constants, not keys. */
enum {
    CTL_CLIENTS = 64,
    CTL_CLIENTS_PER_UID = 16,
    CTL_REQUEST_BYTES = 1 << 20,
    CTL_REPLY_BYTES = 1 << 20,
    CTL_REQUEST_MS = 5000, /* first byte to NUL */
    CTL_IDLE_MS = 60000,
    CTL_WRITE_MS = 10000,
};

/**
 * Serve the control socket: bound under another name with its mode already
 * right, then renamed over, so that there is no moment without it or with a
 * wrong mode. A lock file beside it (path + ".lock") keeps a second daemon away.
 *
 * path    of the socket
 * group   NULL: the process's own
 *
 * Returns 0, -EBUSY (another daemon; err names its pid), -EEXIST (something
 * else is there, which is not touched), or -errno.
 */
int ctl_server_open(struct event_base *base, struct engine *engine, const char *path, mode_t mode,
                    const char *group, struct ctl_server **out, struct wn_error *err);

/** Say whom requests are about, where it was not known when the socket was opened. Before the loop
 * runs. */
void ctl_server_serve(struct ctl_server *server, struct engine *engine);

/** The limits of one server. */
struct ctl_limits {
    unsigned clients, clients_per_uid;
    size_t request_bytes, reply_bytes;
    int request_ms, idle_ms, write_ms;
};

/** Other limits than the constants above for connections to come: for tests, which cannot wait. */
void ctl_server_limit(struct ctl_server *server, const struct ctl_limits *limits);

/** Close connections once their replies are out (at most a second), remove the socket. */
void ctl_server_close(struct ctl_server *server);
