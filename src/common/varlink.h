/* SPDX-License-Identifier: MIT */
/**
 * Varlink's wire format (varlink.org): JSON objects, each ended by one NUL
 * byte; calls `{"method","parameters","more","oneway"}` one way, replies
 * `{"parameters","continues"}` or `{"error","parameters"}` the other.
 *
 * Everything read here may come from an enemy: messages are bounded in bytes,
 * depth and number of values, and a key may not appear twice.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct json_t;
struct wn_error;

#define VARLINK_DEPTH          32      /* brackets open at a time */
#define VARLINK_REQUEST_VALUES 8192    /* values in a request */
#define VARLINK_REPLY_VALUES   1000000 /* values in a reply */

/** Bytes as they arrive, and the messages in them. Only the functions below touch its members. */
struct varlink_stream {
    char *data;
    size_t start;   /* of the first message that was not taken */
    size_t scanned; /* up to here there is no NUL */
    size_t end;     /* of the bytes read */
    size_t cap;
    size_t max; /* bytes a message may have, without its NUL */
};

/** Begin, with nothing allocated; messages longer than `max` bytes are refused. */
void varlink_stream_init(struct varlink_stream *s, size_t max);
void varlink_stream_fini(struct varlink_stream *s);

/**
 * Room to read into. What varlink_stream_next() gave before becomes invalid.
 *
 * Returns 0, -EMSGSIZE if the first message is longer than allowed, or -ENOMEM.
 */
int varlink_stream_room(struct varlink_stream *s, char **at, size_t *room);

/** Say that `n` bytes were read into the room. */
void varlink_stream_add(struct varlink_stream *s, size_t n);

/** Take the next whole message, terminated, valid until more room is asked for; NULL: none yet. */
const char *varlink_stream_next(struct varlink_stream *s, size_t *len);

/** Whether the beginning of a message, or a whole one, waits in the stream. */
bool varlink_stream_pending(const struct varlink_stream *s);

/** Whether a whole message waits in the stream. */
bool varlink_stream_ready(struct varlink_stream *s);

/** Whether the first message is already longer than allowed: no more room will be given. */
bool varlink_stream_too_long(struct varlink_stream *s);

/** A call as it was read; everything in it lives until varlink_call_fini(). */
struct varlink_call {
    const char *method;
    struct json_t *parameters; /* an object; never NULL */
    bool more, oneway, upgrade;
    struct json_t *root;
};

/**
 * Read a call.
 *
 * out   set on success alone
 *
 * Returns 0, WN_E_SYNTAX (no JSON, or JSON that breaks the limits), WN_E_FORMAT
 * (JSON, but no call) or -ENOMEM.
 */
int varlink_call_parse(const char *text, size_t len, struct varlink_call *out,
                       struct wn_error *err);
void varlink_call_fini(struct varlink_call *call);

/** A reply as it was read. */
struct varlink_reply {
    const char *error;         /* NULL: none */
    struct json_t *parameters; /* an object; never NULL */
    bool continues;
    struct json_t *root;
};

/** Read a reply; results as varlink_call_parse(). */
int varlink_reply_parse(const char *text, size_t len, struct varlink_reply *out,
                        struct wn_error *err);
void varlink_reply_fini(struct varlink_reply *reply);

/**
 * Write messages, their NUL included in *len; the caller frees them with
 * free(). `parameters` is taken and may be NULL for none. NULL without memory.
 */
char *varlink_print_call(const char *method, struct json_t *parameters, bool more, size_t *len);
char *varlink_print_reply(const char *error, struct json_t *parameters, bool continues,
                          size_t *len);
