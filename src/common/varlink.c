/* SPDX-License-Identifier: MIT */
#include "common/varlink.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/err.h>

#define FIRST_BYTES 4096
#define KEEP_BYTES  65536 /* an empty stream keeps no more than this */

void varlink_stream_init(struct varlink_stream *s, size_t max)
{
    *s = (struct varlink_stream){.max = max};
}

void varlink_stream_fini(struct varlink_stream *s)
{
    free(s->data);
    varlink_stream_init(s, s->max);
}

/* Bytes of taken messages go, so that the first one waiting begins the buffer. */
static void compact(struct varlink_stream *s)
{
    if (s->start == s->end && s->cap > KEEP_BYTES) {
        varlink_stream_fini(s);
        return;
    }
    if (s->start && s->end > s->start)
        memmove(s->data, s->data + s->start, s->end - s->start);
    s->end -= s->start;
    s->scanned -= s->start;
    s->start = 0;
}

int varlink_stream_room(struct varlink_stream *s, char **at, size_t *room)
{
    compact(s);
    if (s->end == s->cap) {
        if (s->cap == s->max + 1)
            return -EMSGSIZE;
        size_t cap = s->cap ? s->cap * 2 : FIRST_BYTES;
        if (cap > s->max + 1)
            cap = s->max + 1;
        char *data = realloc(s->data, cap);
        if (!data)
            return -ENOMEM;
        s->data = data;
        s->cap = cap;
    }
    *at = s->data + s->end;
    *room = s->cap - s->end;
    return 0;
}

void varlink_stream_add(struct varlink_stream *s, size_t n)
{
    assert(n <= s->cap - s->end);
    s->end += n;
}

bool varlink_stream_ready(struct varlink_stream *s)
{
    if (s->scanned == s->end)
        return false;
    const char *nul = memchr(s->data + s->scanned, '\0', s->end - s->scanned);
    s->scanned = nul ? (size_t)(nul - s->data) : s->end;
    return nul != NULL;
}

const char *varlink_stream_next(struct varlink_stream *s, size_t *len)
{
    if (!varlink_stream_ready(s))
        return NULL;
    const char *message = s->data + s->start;
    *len = s->scanned - s->start;
    s->start = ++s->scanned;
    return message;
}

bool varlink_stream_too_long(struct varlink_stream *s)
{
    return s->end - s->start > s->max && !varlink_stream_ready(s);
}

bool varlink_stream_pending(const struct varlink_stream *s)
{
    return s->end > s->start;
}

/* jansson recurses 2048 deep and allocates for each value: count both before it begins. */
static int check_size(const char *text, size_t len, size_t max_values, struct wn_error *err)
{
    size_t depth = 0, values = 1;
    bool string = false;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                string = false;
            continue;
        }
        if (c == '"') {
            string = true;
        } else if (c == '{' || c == '[') {
            values++;
            if (++depth > VARLINK_DEPTH)
                return wn_fail(err, WN_E_SYNTAX, WN_NOWHERE,
                               "message nests deeper than %d brackets", VARLINK_DEPTH);
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
        } else if (c == ',') {
            values++;
        }
        if (values > max_values)
            return wn_fail(err, WN_E_SYNTAX, WN_NOWHERE, "message has more than %zu values",
                           max_values);
    }
    return 0;
}

/* One JSON object and nothing else; NULL with err filled. */
static json_t *parse_object(const char *text, size_t len, size_t max_values, int *code,
                            struct wn_error *err)
{
    *code = check_size(text, len, max_values, err);
    if (*code)
        return NULL;

    json_error_t why;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
    if (!root) {
        *code = json_error_code(&why) == json_error_out_of_memory ? -ENOMEM : WN_E_SYNTAX;
        wn_fail(err, *code, WN_NOWHERE, "message is no JSON: byte %d: %s", why.position, why.text);
        return NULL;
    }
    if (!json_is_object(root)) {
        json_decref(root);
        *code = wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "message is no JSON object");
        return NULL;
    }
    return root;
}

/* A missing or null flag is false. Returns whether it is a boolean at all. */
static bool read_flag(const json_t *root, const char *key, bool *out)
{
    const json_t *value = json_object_get(root, key);
    *out = json_is_true(value);
    return !value || json_is_null(value) || json_is_boolean(value);
}

/* The parameters, an empty object if there are none; NULL if they are something else. */
static json_t *read_parameters(json_t *root)
{
    json_t *parameters = json_object_get(root, "parameters");
    if (!parameters || json_is_null(parameters)) {
        json_object_set_new(root, "parameters", json_object());
        parameters = json_object_get(root, "parameters");
    }
    return json_is_object(parameters) ? parameters : NULL;
}

int varlink_call_parse(const char *text, size_t len, struct varlink_call *out, struct wn_error *err)
{
    int code;
    json_t *root = parse_object(text, len, VARLINK_REQUEST_VALUES, &code, err);
    if (!root)
        return code;

    struct varlink_call call = {.root = root};
    call.method = json_string_value(json_object_get(root, "method"));
    call.parameters = read_parameters(root);
    const char *bad = !call.method                                 ? "method"
                      : !call.parameters                           ? "parameters"
                      : !read_flag(root, "more", &call.more)       ? "more"
                      : !read_flag(root, "oneway", &call.oneway)   ? "oneway"
                      : !read_flag(root, "upgrade", &call.upgrade) ? "upgrade"
                                                                   : NULL;
    if (bad) {
        json_decref(root);
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "%s", bad);
    }
    *out = call;
    return 0;
}

void varlink_call_fini(struct varlink_call *call)
{
    json_decref(call->root);
    *call = (struct varlink_call){0};
}

int varlink_reply_parse(const char *text, size_t len, struct varlink_reply *out,
                        struct wn_error *err)
{
    int code;
    json_t *root = parse_object(text, len, VARLINK_REPLY_VALUES, &code, err);
    if (!root)
        return code;

    struct varlink_reply reply = {.root = root};
    const json_t *error = json_object_get(root, "error");
    reply.error = json_string_value(error);
    reply.parameters = read_parameters(root);
    const char *bad = error && !reply.error                             ? "error"
                      : !reply.parameters                               ? "parameters"
                      : !read_flag(root, "continues", &reply.continues) ? "continues"
                                                                        : NULL;
    if (bad) {
        json_decref(root);
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "reply has a strange \"%s\"", bad);
    }
    *out = reply;
    return 0;
}

void varlink_reply_fini(struct varlink_reply *reply)
{
    json_decref(reply->root);
    *reply = (struct varlink_reply){0};
}

/* Text of a message, which is taken. The terminator that is there anyway is the message's NUL. */
static char *print_message(json_t *root, size_t *len)
{
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (text)
        *len = strlen(text) + 1;
    return text;
}

/* Sets a member unless that fails; then the whole object is gone. */
static json_t *with(json_t *root, const char *key, json_t *value)
{
    if (json_object_set_new(root, key, value)) {
        json_decref(root);
        return NULL;
    }
    return root;
}

char *varlink_print_call(const char *method, struct json_t *parameters, bool more, size_t *len)
{
    json_t *root = with(json_object(), "method", json_string(method));
    root = with(root, "parameters", parameters ? parameters : json_object());
    if (more)
        root = with(root, "more", json_true());
    return print_message(root, len);
}

char *varlink_print_reply(const char *error, struct json_t *parameters, bool continues, size_t *len)
{
    json_t *root = json_object();
    if (error)
        root = with(root, "error", json_string(error));
    root = with(root, "parameters", parameters ? parameters : json_object());
    if (continues)
        root = with(root, "continues", json_true());
    return print_message(root, len);
}
