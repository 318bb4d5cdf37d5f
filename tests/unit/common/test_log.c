/* SPDX-License-Identifier: MIT */
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000000)

static uint64_t now;

static uint64_t fake_clock(void)
{
    return now;
}

static int capture_fd, saved_fd;

static int catch_stderr(void **state)
{
    (void)state;
    char path[] = "/tmp/log-test-XXXXXX";
    capture_fd = mkostemp(path, O_CLOEXEC | O_APPEND);
    saved_fd = dup(STDERR_FILENO);
    if (capture_fd < 0 || saved_fd < 0)
        return -1;
    unlink(path);
    unsetenv("JOURNAL_STREAM");
    log_set_clock(fake_clock);
    return dup2(capture_fd, STDERR_FILENO) < 0;
}

static int release_stderr(void **state)
{
    (void)state;
    dup2(saved_fd, STDERR_FILENO);
    close(saved_fd);
    close(capture_fd);
    return 0;
}

/** What was written since the last call. */
static const char *said(void)
{
    static char text[65536];
    ssize_t n = pread(capture_fd, text, sizeof(text) - 1, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    assert_int_equal(ftruncate(capture_fd, 0), 0);
    return text;
}

static size_t lines(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void before_init_notices_are_shown(void **state)
{
    (void)state;
    log_event(LEVEL_NOTICE, "early", "hello");
    log_event(LEVEL_INFO, "early", "hidden");
    const char *text = said();
    assert_int_equal(lines(text), 1);
    assert_non_null(strstr(text, ": hello [early]\n"));
}

static void lines_begin_with_the_program_or_the_priority(void **state)
{
    (void)state;
    log_init("winnowd", LOG_TO_STDERR, LEVEL_DEBUG);
    log_event(LEVEL_ERROR, "a.b", "x %d", 1);
    log_event(LEVEL_WARNING, "a.b", "x");
    log_event(LEVEL_NOTICE, "a.b", "x");
    log_event(LEVEL_INFO, "a.b", "x");
    log_event(LEVEL_DEBUG, "a.b", "x");
    assert_string_equal(said(), "winnowd: error: x 1 [a.b]\nwinnowd: warning: x [a.b]\n"
                                "winnowd: x [a.b]\nwinnowd: x [a.b]\nwinnowd: debug: x [a.b]\n");
    log_init("winnowd", LOG_TO_JOURNAL, LEVEL_DEBUG);
    log_event(LEVEL_ERROR, "a.b", "x");
    log_event(LEVEL_WARNING, "a.b", "x");
    log_event(LEVEL_NOTICE, "a.b", "x");
    log_event(LEVEL_INFO, "a.b", "x");
    log_event(LEVEL_DEBUG, "a.b", "x");
    assert_string_equal(said(), "<3>x [a.b]\n<4>x [a.b]\n<5>x [a.b]\n<6>x [a.b]\n<7>x [a.b]\n");
}

static void the_journal_is_known_by_its_stream(void **state)
{
    (void)state;
    char stream[64];
    struct stat st;
    assert_int_equal(fstat(capture_fd, &st), 0);
    snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_init("p", LOG_TO_AUTO, LEVEL_INFO);
    log_event(LEVEL_INFO, "e", "x");
    assert_string_equal(said(), "<6>x [e]\n");
    setenv("JOURNAL_STREAM", "1:2", 1); /* stderr was redirected since */
    log_init("p", LOG_TO_AUTO, LEVEL_INFO);
    log_event(LEVEL_INFO, "e", "x");
    assert_string_equal(said(), "p: x [e]\n");
    unsetenv("JOURNAL_STREAM");
}

static void less_important_lines_are_left_out(void **state)
{
    (void)state;
    log_init("p", LOG_TO_STDERR, LEVEL_WARNING);
    log_event(LEVEL_NOTICE, "e", "x");
    assert_string_equal(said(), "");
    log_set_level(LEVEL_NOTICE);
    log_event(LEVEL_NOTICE, "e", "x");
    assert_string_equal(said(), "p: x [e]\n");
}

static void one_event_is_one_line(void **state)
{
    (void)state;
    log_init("p", LOG_TO_JOURNAL, LEVEL_INFO);
    log_event(LEVEL_INFO, "e", "a\n<0>b\x1b[0m");
    assert_string_equal(said(), "<6>a <0>b [0m [e]\n");
    char text[5000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    log_event(LEVEL_INFO, "long.event", "%s", text);
    const char *line = said();
    assert_int_equal(lines(line), 1);
    assert_int_equal(strlen(line), 1023);
    assert_string_equal(line + strlen(line) - 16, "xx [long.event]\n");
}

static void a_flood_of_one_event_is_summed_up(void **state)
{
    (void)state;
    log_init("p", LOG_TO_STDERR, LEVEL_INFO);
    log_set_clock(fake_clock);
    now = 100 * SECOND;
    for (int i = 0; i < 70; i++)
        log_event(LEVEL_INFO, "flood", "x");
    assert_int_equal(lines(said()), 50);
    log_event(LEVEL_INFO, "other", "y"); /* has a budget of its own */
    assert_string_equal(said(), "p: y [other]\n");

    now += SECOND / 2; /* five more */
    for (int i = 0; i < 10; i++)
        log_event(LEVEL_INFO, "flood", "x");
    assert_int_equal(lines(said()), 5);

    now = 110 * SECOND;
    log_event(LEVEL_INFO, "other", "y"); /* whoever speaks next brings the sum along */
    assert_string_equal(said(), "p: suppressed 25 lines of flood in 10 s [log.suppressed]\n"
                                "p: y [other]\n");
    log_flush();
    assert_string_equal(said(), "");
}

static void what_is_held_back_is_told_at_the_end(void **state)
{
    (void)state;
    log_init("p", LOG_TO_STDERR, LEVEL_INFO);
    log_set_clock(fake_clock);
    for (int i = 0; i < 53; i++)
        log_event(LEVEL_INFO, "flood", "x");
    assert_int_equal(lines(said()), 50);
    now += SECOND;
    log_flush();
    assert_string_equal(said(), "p: suppressed 3 lines of flood in 1 s [log.suppressed]\n");
}

static void many_kinds_of_events_share_the_last_budget(void **state)
{
    (void)state;
    log_init("p", LOG_TO_STDERR, LEVEL_INFO);
    log_set_clock(fake_clock);
    for (int i = 0; i < 300; i++) {
        char word[20];
        snprintf(word, sizeof(word), "event.%d", i);
        log_event(LEVEL_INFO, word, "x");
    }
    assert_int_equal(lines(said()), 63 + 50);
    log_set_clock(fake_clock); /* forgets them */
}

static void a_reader_that_stands_still_does_not_stop_the_program(void **state)
{
    (void)state;
    int fds[2];
    char line[2000];
    assert_int_equal(pipe(fds), 0);
    fcntl(fds[1], F_SETPIPE_SZ, 4096);
    dup2(fds[1], STDERR_FILENO);
    log_init("p", LOG_TO_STDERR, LEVEL_INFO);
    log_set_clock(fake_clock);
    for (int i = 0; i < 40; i++)
        log_event(LEVEL_INFO, "e", "%0900d", i); /* would hang here */
    assert_in_range(read(fds[0], line, sizeof(line)), 900, 2000);
    dup2(capture_fd, STDERR_FILENO);
    close(fds[0]);
    close(fds[1]);
    log_event(LEVEL_INFO, "e", "back");
    assert_string_equal(said(), "p: back [e]\n");
}

static void errno_stays_what_it_was(void **state)
{
    (void)state;
    close(STDERR_FILENO);
    errno = EXDEV;
    log_event(LEVEL_ERROR, "e", "x");
    assert_int_equal(errno, EXDEV);
    dup2(capture_fd, STDERR_FILENO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_init_notices_are_shown),
        cmocka_unit_test(lines_begin_with_the_program_or_the_priority),
        cmocka_unit_test(the_journal_is_known_by_its_stream),
        cmocka_unit_test(less_important_lines_are_left_out),
        cmocka_unit_test(one_event_is_one_line),
        cmocka_unit_test(a_flood_of_one_event_is_summed_up),
        cmocka_unit_test(what_is_held_back_is_told_at_the_end),
        cmocka_unit_test(many_kinds_of_events_share_the_last_budget),
        cmocka_unit_test(a_reader_that_stands_still_does_not_stop_the_program),
        cmocka_unit_test(errno_stays_what_it_was),
    };
    return cmocka_run_group_tests(tests, catch_stderr, release_stderr);
}
