/* SPDX-License-Identifier: MIT */
/*
 * The control socket's bytes: framing, JSON, dispatch and every command. The
 * first byte of the input says in what pieces the rest arrives.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/varlink.h"
#include "daemon/ctl_cmds.h"
#include "fake_engine.h"

#define MESSAGE_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(struct engine *engine, const char *message, size_t len)
{
    struct varlink_call call;
    struct varlink_reply reply;
    struct ctl_answer out = {0};
    size_t n = 0;

    /* A reply is what the client reads: the same bytes, the other parser. */
    if (!varlink_reply_parse(message, len, &reply, NULL))
        varlink_reply_fini(&reply);
    if (varlink_call_parse(message, len, &call, NULL))
        return;
    struct ctl_request request = {
        .method = call.method, .parameters = call.parameters, .admin = !call.more};
    ctl_cmds_run(engine, &request, &out);
    char *text = varlink_print_reply(out.error, out.parameters, false, &n);
    /* Whatever is asked, the answer is a message of ours that reads back. */
    if (!text || varlink_reply_parse(text, n - 1, &reply, NULL))
        abort();
    varlink_reply_fini(&reply);
    free(text);
    varlink_call_fini(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fake_engine fake = {.outcome = ENGINE_REJECTED, .interfaces = 3};
    static struct engine *engine;
    struct varlink_stream stream;
    size_t piece = size ? data[0] + 1u : 1, room, len;
    const char *message;
    char *at;

    if (!engine) {
        log_set_level(LEVEL_ERROR);
        engine = fake_engine_new(&fake);
    }
    varlink_stream_init(&stream, MESSAGE_MAX);
    for (size_t done = 1; done < size;) {
        if (varlink_stream_room(&stream, &at, &room))
            break;
        size_t n = size - done < piece ? size - done : piece;
        n = n < room ? n : room;
        memcpy(at, data + done, n);
        varlink_stream_add(&stream, n);
        done += n;
        while ((message = varlink_stream_next(&stream, &len)))
            answer(engine, message, len);
    }
    varlink_stream_fini(&stream);
    return 0;
}
