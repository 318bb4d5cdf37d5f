/* SPDX-License-Identifier: MIT */
#include "daemon/output.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/capfile.h"
#include "common/log.h"
#include "daemon/stats.h"

static const struct output_source eth0 = {
    .name = "eth0", .filter = "", .linktype = 1, .snaplen = 262144};

static struct stat_output stats;
static uint32_t sent;
static char path[] = "/tmp/test_output_fd.XXXXXX";

static struct output *open_on(int fd, bool pcap, bool live)
{
    struct output *out;
    stats = (struct stat_output){0};
    sent = 0;
    assert_int_equal(output_open_fd(fd, "it", pcap, live, &stats, &out, NULL), 0);
    return out;
}

static void balance(void)
{
    assert_int_equal(stats.offered_packets, stats.written_packets + stats.queued_packets +
                                                stats.dropped_no_space + stats.dropped_io_error +
                                                stats.dropped_closing + stats.dropped_stopped);
}

static void send(struct output *out, uint32_t count, uint32_t size)
{
    static uint8_t data[10000];
    for (uint32_t i = 0; i < count; i++) {
        memcpy(data, &sent, sizeof sent);
        struct wn_packet p = {.data = data, .caplen = size, .wirelen = size, .time_ns = sent++};
        output_packet(out, &eth0, &p, size);
    }
    balance();
}

static void check_state(const struct output *out, const char *state, const char *reason)
{
    struct output_state s;
    output_state(out, &s);
    assert_string_equal(s.state, state);
    if (reason)
        assert_non_null(strstr(s.reason, reason));
    else
        assert_null(s.reason);
}

/** Read the file to its clean end; numbers must go up. */
static unsigned count_packets(void)
{
    struct capfile *c;
    struct wn_packet p;
    struct wn_error err = {0};
    uint32_t n = 0, next = 0, number;
    int r;
    assert_int_equal(capfile_open(path, &c, &err), 0);
    while ((r = capfile_next(c, &p, &err)) == 1) {
        memcpy(&number, p.data, sizeof number);
        assert_in_range(number, next, UINT32_MAX);
        next = number + 1;
        n++;
    }
    if (r)
        fail_msg("%s", err.text);
    capfile_close(c);
    return n;
}

static int open_file(int flags)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
    assert_true(fd >= 0);
    return fd;
}

/** A process that copies a pipe into the file after the writer says so; gives the writer's end. */
static int reader(pid_t *child, int *go)
{
    int data[2], start[2];
    assert_int_equal(pipe(data), 0);
    assert_int_equal(pipe(start), 0);
    *child = fork();
    assert_true(*child >= 0);
    if (*child == 0) {
        static char b[65536];
        close(data[1]);
        close(start[1]);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ssize_t n = read(start[0], b, 1);
        while (n >= 0 && (n = read(data[0], b, sizeof b)) > 0)
            if (write(fd, b, (size_t)n) != n)
                _exit(1);
        _exit(n < 0);
    }
    close(data[0]);
    close(start[0]);
    *go = start[1];
    return data[1];
}

static void join(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_file_has_its_name_at_once(void **state)
{
    (void)state;
    for (int pcap = 0; pcap <= 1; pcap++) {
        struct output *out = open_on(open_file(O_TRUNC), pcap, false);
        send(out, 5000, 100);
        check_state(out, "ok", NULL);
        assert_int_equal(output_close(out, NULL, 0, NULL), 0);
        assert_int_equal(stats.written_packets, 5000);
        assert_int_equal(count_packets(), 5000);
    }
}

static void a_live_file_is_written_after_each_batch(void **state)
{
    (void)state;
    struct output *out = open_on(open_file(O_TRUNC), false, true);
    send(out, 10, 100);
    assert_int_equal(stats.queued_packets, 10);
    output_flush(out);
    assert_int_equal(stats.written_packets, 10);
    assert_int_equal(count_packets(), 10);
    assert_int_equal(output_close(out, NULL, 0, NULL), 0);
}

static void the_same_packets_give_the_same_file(void **state)
{
    static uint8_t bytes[2][4096];
    size_t n[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct output_totals t = {.received = 10, .accepted = 10};
        struct output *out = open_on(open_file(O_TRUNC), false, false);
        send(out, 10, 100);
        assert_int_equal(output_close(out, &t, 1, NULL), 0);
        FILE *f = fopen(path, "rb");
        assert_non_null(f);
        n[i] = fread(bytes[i], 1, sizeof bytes[i], f);
        fclose(f);
        usleep(2000); /* so that the clock has moved on */
    }
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(bytes[0], bytes[1], n[0]);
}

static void what_stood_in_the_file_before_stays(void **state)
{
    struct stat st;
    (void)state;
    int fd = open_file(O_TRUNC);
    assert_int_equal(write(fd, "before", 6), 6);
    struct output *out = open_on(fd, true, false);
    send(out, 3, 100);
    assert_int_equal(output_close(out, NULL, 0, NULL), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 6 + 24 + 3 * 116);
}

static void offline_a_slow_reader_is_waited_for(void **state)
{
    pid_t child;
    int go, flags;
    (void)state;
    for (int nonblocking = 0; nonblocking <= 1; nonblocking++) {
        int fd = reader(&child, &go);
        flags = fcntl(fd, F_GETFL);
        assert_int_equal(fcntl(fd, F_SETFL, nonblocking ? flags | O_NONBLOCK : flags), 0);
        struct output *out = open_on(fd, false, false);
        send(out, 1000, 100); /* fits into the buffer */
        close(go);
        send(out, 20000, 100);
        assert_int_equal(output_close(out, NULL, 0, NULL), 0);
        assert_int_equal(stats.written_packets, 21000);
        join(child);
        assert_int_equal(count_packets(), 21000);
    }
}

/** Nobody reads for a while: packets are lost and counted, and the stream is whole all the same. */
static void live_a_slow_reader_costs_packets_not_time(void **state)
{
    pid_t child;
    int go;
    (void)state;
    struct output *out = open_on(reader(&child, &go), false, true);
    for (int i = 0; i < 1000; i++) {
        send(out, 10, 1001);
        output_flush(out);
    }
    check_state(out, "full", "too slow");
    assert_true(stats.dropped_no_space > 0);
    close(go);
    /* It wakes up; what is sent meanwhile goes behind what waits. */
    for (int i = 0; stats.queued_packets && i < 10000000; i++) {
        if (stats.queued_packets > 1000)
            send(out, 1, 1001);
        output_flush(out);
    }
    check_state(out, "ok", NULL);
    uint64_t lost = stats.dropped_no_space;
    send(out, 10, 1001);
    assert_int_equal(stats.dropped_no_space, lost);
    assert_int_equal(output_close(out, NULL, 0, NULL), 0);
    join(child);
    assert_int_equal(stats.written_packets, sent - lost);
    assert_int_equal(count_packets(), sent - lost);
}

static void live_a_reader_that_never_reads_does_not_stop_us(void **state)
{
    struct wn_error err = {0};
    int fd[2];
    (void)state;
    assert_int_equal(pipe(fd), 0);
    struct output *out = open_on(fd[1], false, true);
    send(out, 1000, 1000);
    output_flush(out);
    assert_int_equal(output_close(out, NULL, 0, &err), -EAGAIN);
    assert_non_null(strstr(err.text, "too slow"));
    assert_true(stats.dropped_closing > 0);
    balance();
    assert_int_equal(stats.queued_packets, 0);
    close(fd[0]);
}

static void a_reader_that_goes_away_stops_the_output(void **state)
{
    struct wn_error err = {0};
    int fd[2];
    (void)state;
    for (int live = 0; live <= 1; live++) {
        assert_int_equal(pipe(fd), 0);
        struct output *out = open_on(fd[1], false, live);
        send(out, 10, 1000);
        close(fd[0]);
        send(out, 10000, 1000);
        output_flush(out);
        check_state(out, "stopped", "gone");
        send(out, 1, 1000);
        assert_int_equal(stats.dropped_stopped, 10011);
        assert_int_equal(output_close(out, NULL, 0, &err), -EPIPE);
    }
}

static void a_full_device_is_counted_and_tried_again(void **state)
{
    (void)state;
    int fd = open("/dev/full", O_WRONLY);
    assert_true(fd >= 0);
    struct output *out = open_on(fd, false, false);
    send(out, 10000, 100);
    check_state(out, "full", "space");
    assert_int_equal(stats.write_errors, 1);
    output_tick(out, 0, 5000000000);
    output_tick(out, 0, 5900000000);
    assert_int_equal(stats.write_errors, 2);
    output_tick(out, 0, 6000000000);
    assert_int_equal(stats.write_errors, 3);
    assert_int_equal(output_close(out, NULL, 0, NULL), -ENOSPC);
    assert_int_equal(stats.dropped_no_space, 10000);
}

static void a_terminal_is_refused(void **state)
{
    struct output *out;
    struct wn_error err = {0};
    (void)state;
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0)
        skip();
    assert_int_equal(output_open_fd(terminal, "it", false, true, &stats, &out, &err), -EINVAL);
    assert_non_null(strstr(err.text, "terminal"));
    assert_int_equal(close(terminal), -1); /* it was taken */
}

static int make(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int clean(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_its_name_at_once),
        cmocka_unit_test(a_live_file_is_written_after_each_batch),
        cmocka_unit_test(the_same_packets_give_the_same_file),
        cmocka_unit_test(what_stood_in_the_file_before_stays),
        cmocka_unit_test(offline_a_slow_reader_is_waited_for),
        cmocka_unit_test(live_a_slow_reader_costs_packets_not_time),
        cmocka_unit_test(live_a_reader_that_never_reads_does_not_stop_us),
        cmocka_unit_test(a_reader_that_goes_away_stops_the_output),
        cmocka_unit_test(a_full_device_is_counted_and_tried_again),
        cmocka_unit_test(a_terminal_is_refused),
    };
    log_set_level(LEVEL_ERROR);
    return cmocka_run_group_tests(tests, make, clean);
}
