/* SPDX-License-Identifier: MIT */
#include "common/varlink.h"

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <winnow/err.h>

#define MAX 10000

/* As if `len` bytes arrived, in pieces of `piece`. */
static void feed(struct varlink_stream *s, const char *bytes, size_t len, size_t piece)
{
    while (len) {
        char *at;
        size_t room;
        assert_int_equal(varlink_stream_room(s, &at, &room), 0);
        assert_true(room > 0);
        size_t n = len < piece ? len : piece;
        if (n > room)
            n = room;
        memcpy(at, bytes, n);
        varlink_stream_add(s, n);
        bytes += n;
        len -= n;
    }
}

static void messages_come_out_whole_whatever_the_split(void **state)
{
    static const char bytes[] = "one\0two\0\0four, which is longer";
    static const char *const want[] = {"one", "two", "", "four, which is longer"};
    (void)state;

    for (size_t piece = 1; piece <= sizeof bytes; piece++) {
        struct varlink_stream s;
        size_t taken = 0, len;
        varlink_stream_init(&s, MAX);
        for (size_t done = 0; done < sizeof bytes; done += piece) {
            size_t n = sizeof bytes - done < piece ? sizeof bytes - done : piece;
            const char *message;
            feed(&s, bytes + done, n, n);
            while ((message = varlink_stream_next(&s, &len))) {
                assert_true(taken < 4);
                assert_string_equal(message, want[taken]);
                assert_int_equal(len, strlen(want[taken]));
                taken++;
            }
        }
        assert_int_equal(taken, 4);
        assert_false(varlink_stream_pending(&s));
        varlink_stream_fini(&s);
    }
}

static void many_messages_of_one_read_keep_their_order(void **state)
{
    char bytes[6 * 500 + 1];
    size_t total = 0, len;
    struct varlink_stream s;
    (void)state;

    for (int i = 0; i < 500; i++)
        total += (size_t)sprintf(bytes + total, "m%04d", i) + 1;
    varlink_stream_init(&s, MAX);
    feed(&s, bytes, total, total);
    for (int i = 0; i < 500; i++) {
        char want[8];
        sprintf(want, "m%04d", i);
        assert_string_equal(varlink_stream_next(&s, &len), want);
    }
    assert_null(varlink_stream_next(&s, &len));
    varlink_stream_fini(&s);
}

static void longest_message_passes_and_one_byte_more_does_not(void **state)
{
    struct varlink_stream s;
    char *at, bytes[MAX + 2];
    size_t room, len;
    (void)state;

    memset(bytes, 'x', sizeof bytes);
    bytes[MAX] = '\0';
    varlink_stream_init(&s, MAX);
    feed(&s, bytes, MAX + 1, 977);
    assert_non_null(varlink_stream_next(&s, &len));
    assert_int_equal(len, MAX);

    bytes[MAX] = 'x';
    feed(&s, bytes, MAX, 977);
    assert_false(varlink_stream_too_long(&s));
    feed(&s, bytes, 1, 1);
    assert_true(varlink_stream_too_long(&s));
    assert_null(varlink_stream_next(&s, &len));
    assert_int_equal(varlink_stream_room(&s, &at, &room), -EMSGSIZE);
    varlink_stream_fini(&s);
}

static void an_emptied_stream_does_not_keep_a_giant(void **state)
{
    struct varlink_stream s;
    char *at, *bytes = calloc(1, 1 << 20);
    size_t room, len;
    (void)state;

    memset(bytes, 'x', (1 << 20) - 1);
    varlink_stream_init(&s, 1 << 20);
    feed(&s, bytes, 1 << 20, 65536);
    assert_non_null(varlink_stream_next(&s, &len));
    assert_int_equal(varlink_stream_room(&s, &at, &room), 0);
    assert_true(s.cap <= 65536);
    varlink_stream_fini(&s);
    free(bytes);
}

static int parse(const char *text)
{
    struct varlink_call call;
    struct wn_error err = {0};
    int code = varlink_call_parse(text, strlen(text), &call, &err);
    if (code)
        assert_true(err.code == code && err.text[0]);
    else
        varlink_call_fini(&call);
    return code;
}

static void a_call_is_read(void **state)
{
    static const char text[] =
        "{\"method\":\"a.b.C\",\"parameters\":{\"x\":1},\"more\":true,\"oneway\":null,\"new\":[]}";
    struct varlink_call call;
    (void)state;

    assert_int_equal(varlink_call_parse(text, strlen(text), &call, NULL), 0);
    assert_string_equal(call.method, "a.b.C");
    assert_int_equal(json_integer_value(json_object_get(call.parameters, "x")), 1);
    assert_true(call.more);
    assert_false(call.oneway);
    assert_false(call.upgrade);
    varlink_call_fini(&call);
    assert_int_equal(parse("{\"method\":\"a\"}"), 0);
    assert_int_equal(parse(" {\"method\":\"a\",\"parameters\":null}\n"), 0);
}

static void json_that_is_no_call_is_told_apart_from_no_json(void **state)
{
    (void)state;
    assert_int_equal(parse("[]"), WN_E_FORMAT);
    assert_int_equal(parse("{}"), WN_E_FORMAT);
    assert_int_equal(parse("{\"method\":1}"), WN_E_FORMAT);
    assert_int_equal(parse("{\"method\":\"a\",\"parameters\":[]}"), WN_E_FORMAT);
    assert_int_equal(parse("{\"method\":\"a\",\"more\":1}"), WN_E_FORMAT);

    assert_int_equal(parse(""), WN_E_SYNTAX);
    assert_int_equal(parse("{"), WN_E_SYNTAX);
    assert_int_equal(parse("{\"method\":\"a\"} {}"), WN_E_SYNTAX);
    assert_int_equal(parse("{\"method\":\"\xff\"}"), WN_E_SYNTAX);
    assert_int_equal(parse("{\"method\":\"a\\u0000b\"}"), WN_E_SYNTAX);
    assert_int_equal(parse("{\"method\":\"a\",\"parameters\":{\"x\":NaN}}"), WN_E_SYNTAX);
    assert_int_equal(parse("{\"method\":\"a\",\"parameters\":{\"x\":1e999}}"), WN_E_SYNTAX);
    assert_int_equal(parse("{\"method\":\"a\",\"parameters\":{\"x\":18446744073709551616}}"),
                     WN_E_SYNTAX);
}

static void duplicate_keys_are_refused(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"method\":\"a\",\"method\":\"a\"}"), WN_E_SYNTAX);
    assert_int_equal(parse("{\"method\":\"a\",\"parameters\":{\"x\":1,\"x\":1}}"), WN_E_SYNTAX);
}

/* {"method":"a","x":[[[...]]]} with so many brackets open in all. */
static int parse_depth(size_t depth)
{
    char text[4 * VARLINK_DEPTH + 64] = "{\"method\":\"a\",\"x\":";
    size_t n = strlen(text);
    memset(text + n, '[', depth - 1);
    memset(text + n + depth - 1, ']', depth - 1);
    text[n + 2 * (depth - 1)] = '}';
    return parse(text);
}

static void depth_is_limited(void **state)
{
    (void)state;
    assert_int_equal(parse_depth(VARLINK_DEPTH), 0);
    assert_int_equal(parse_depth(VARLINK_DEPTH + 1), WN_E_SYNTAX);
    /* Brackets in a string are text. */
    assert_int_equal(parse("{\"method\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[\"}"), 0);
}

static int parse_values(size_t count)
{
    size_t n = 0;
    char *text = malloc(count * 2 + 64);
    n += (size_t)sprintf(text, "{\"method\":\"a\",\"x\":[0");
    for (size_t i = 1; i < count; i++) {
        text[n++] = ',';
        text[n++] = '0';
    }
    memcpy(text + n, "]}", 3);
    int code = parse(text);
    free(text);
    return code;
}

static void number_of_values_is_limited(void **state)
{
    (void)state;
    assert_int_equal(parse_values(VARLINK_REQUEST_VALUES - 8), 0);
    assert_int_equal(parse_values(VARLINK_REQUEST_VALUES + 8), WN_E_SYNTAX);
}

static void what_is_printed_reads_back(void **state)
{
    size_t len;
    struct varlink_call call;
    struct varlink_reply reply;
    (void)state;

    char *text = varlink_print_call("a.B", json_pack("{s:b}", "x", 1), true, &len);
    assert_int_equal(len, strlen(text) + 1);
    assert_string_equal(text, "{\"method\":\"a.B\",\"parameters\":{\"x\":true},\"more\":true}");
    assert_int_equal(varlink_call_parse(text, len - 1, &call, NULL), 0);
    varlink_call_fini(&call);
    free(text);

    text = varlink_print_reply("a.E", NULL, false, &len);
    assert_string_equal(text, "{\"error\":\"a.E\",\"parameters\":{}}");
    assert_int_equal(varlink_reply_parse(text, len - 1, &reply, NULL), 0);
    assert_string_equal(reply.error, "a.E");
    assert_false(reply.continues);
    varlink_reply_fini(&reply);
    free(text);

    text = varlink_print_reply(NULL, NULL, true, &len);
    assert_string_equal(text, "{\"parameters\":{},\"continues\":true}");
    free(text);
    assert_int_equal(varlink_reply_parse("{\"error\":1}", 11, &reply, NULL), WN_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_out_whole_whatever_the_split),
        cmocka_unit_test(many_messages_of_one_read_keep_their_order),
        cmocka_unit_test(longest_message_passes_and_one_byte_more_does_not),
        cmocka_unit_test(an_emptied_stream_does_not_keep_a_giant),
        cmocka_unit_test(a_call_is_read),
        cmocka_unit_test(json_that_is_no_call_is_told_apart_from_no_json),
        cmocka_unit_test(duplicate_keys_are_refused),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(number_of_values_is_limited),
        cmocka_unit_test(what_is_printed_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
