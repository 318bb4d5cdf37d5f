/* SPDX-License-Identifier: MIT */
/**
 * A conversation with the daemon. Functions that return an exit status have
 * explained every failure to the user.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/varlink.h"

struct client_opts;

#define SESSION_PATH_BYTES 256
#define NO_SESSION                                                                                 \
    {                                                                                              \
        .fd = -1                                                                                   \
    }

struct session {
    const struct client_opts *opts;
    int fd;
    int timeout_ms;
    char path[SESSION_PATH_BYTES];
    struct varlink_stream in;
    const char *method; /* being asked for, for messages */
};

/**
 * Connect to where -s says, else WINNOW_SOCKET, else where daemons usually are.
 *
 * timeout_ms   of each call, unless the command line says so
 *
 * Returns an exit status.
 */
int session_open(struct session *s, const struct client_opts *opts, int timeout_ms);

/** As session_open(), but a failure is nobody's business. */
bool session_try(struct session *s, const struct client_opts *opts, int timeout_ms);

void session_close(struct session *s);

static inline void own_session(struct session *s)
{
    session_close(s);
}

/**
 * One call and its reply, an error or not.
 *
 * parameters   taken; may be NULL
 * out          set on success alone
 */
int session_exchange(struct session *s, const char *method, struct json_t *parameters,
                     struct varlink_reply *out);

/** As session_exchange(), where every error reply is a failure. */
int session_ask(struct session *s, const char *method, struct json_t *parameters,
                struct varlink_reply *out);

/** As session_ask(), for the first of many replies. */
int session_ask_more(struct session *s, const char *method, struct json_t *parameters,
                     struct varlink_reply *out);

/** The next one, `wait_ms` after the one before. */
int session_next(struct session *s, int wait_ms, struct varlink_reply *out);

/** Explain an error reply, and let go of it. */
int session_fail(struct session *s, const char *method, struct varlink_reply *reply);

/** Wait until the daemon closes the connection, which it does last of all. */
int session_wait_end(struct session *s);

/** A member of a reply that is text; "" if it is not. */
const char *session_member(const struct varlink_reply *reply, const char *key);

/** A clock that never jumps. */
int64_t session_now_ns(void);
