/* SPDX-License-Identifier: MIT */
#include "daemon/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/capfile.h"
#include "common/diag.h"
#include "common/log.h"
#include "daemon/conf.h"
#include "daemon/stats.h"

#define SECOND 1000000000ull

/* The system's calls, failing as a test wishes (--wrap). */

static int64_t room = INT64_MAX;  /* bytes that writes still take */
static size_t at_once = SIZE_MAX; /* bytes one write takes */
static int write_error = ENOSPC;  /* of a write without room */
static int64_t allocations = -1;  /* until one fails; below 0: none does */

ssize_t __real_write(int fd, const void *from, size_t n);
ssize_t __wrap_write(int fd, const void *from, size_t n);
void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);

ssize_t __wrap_write(int fd, const void *from, size_t n)
{
    if (n > at_once)
        n = at_once;
    if (n > (uint64_t)room)
        n = (size_t)room;
    if (n == 0) {
        errno = write_error;
        return -1;
    }
    ssize_t wrote = __real_write(fd, from, n);
    room -= wrote > 0 && room != INT64_MAX ? wrote : 0;
    return wrote;
}

static bool refuse_memory(void)
{
    return allocations >= 0 && allocations-- == 0;
}

void *__wrap_malloc(size_t n)
{
    return refuse_memory() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return refuse_memory() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return refuse_memory() ? NULL : __real_realloc(p, n);
}

/* One output in a directory of its own, and the clock. */

struct fixture {
    char dir[32];
    struct conf_output conf;
    struct stat_output stats;
    struct output *out;
    uint64_t now, monotonic;
    uint32_t sent; /* packets; each carries its number */
    uint32_t size; /* of a packet */
};

static const struct output_source eth0 = {
    .name = "eth0", .filter = "tcp", .linktype = 1, .snaplen = 262144, .id = 3};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    strcpy(f->dir, "/tmp/test_output.XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    static char name[] = "disk", pattern[] = "%{output}-%{seq:3}.pcapng";
    f->conf = (struct conf_output){
        .name = name, .dir = f->dir, .pattern = pattern, .flush_interval_ns = SECOND, .mode = 0640};
    f->now = 1700000000 * SECOND;
    f->monotonic = 5000 * SECOND;
    f->size = 100;
    *state = f;
    return 0;
}

static int remove_dir(const char *dir)
{
    char path[512];
    DIR *d = opendir(dir);
    for (const struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        unlink(path);
    }
    if (d)
        closedir(d);
    return rmdir(dir);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    room = INT64_MAX;
    at_once = SIZE_MAX;
    write_error = ENOSPC;
    allocations = -1;
    if (f->out)
        output_close(f->out, NULL, 0, NULL);
    remove_dir(f->dir);
    free(f);
    return 0;
}

static void start(struct fixture *f)
{
    struct diag_list diags = {0};
    assert_int_equal(output_open(&f->conf, &f->stats, &f->out, &diags), 0);
    assert_int_equal(diags.count, 0);
}

static int finish(struct fixture *f)
{
    struct output_totals t = {
        .source = eth0.id, .received = f->sent + 1, .dropped = 1, .accepted = f->sent};
    struct output *out = f->out;
    f->out = NULL;
    return output_close(out, &t, 1, NULL);
}

static void tick(struct fixture *f, double seconds)
{
    f->now += (uint64_t)(seconds * SECOND);
    f->monotonic += (uint64_t)(seconds * SECOND);
    output_tick(f->out, f->now, f->monotonic);
}

static uint64_t dropped(const struct stat_output *s)
{
    return s->dropped_no_space + s->dropped_io_error + s->dropped_closing + s->dropped_stopped;
}

static void balance(const struct fixture *f)
{
    const struct stat_output *s = &f->stats;
    assert_int_equal(s->offered_packets, s->written_packets + dropped(s) + s->queued_packets);
}

static void send(struct fixture *f, uint32_t count)
{
    static uint8_t data[300000];
    for (uint32_t i = 0; i < count; i++) {
        memcpy(data, &f->sent, sizeof f->sent);
        struct wn_packet p = {
            .data = data, .caplen = f->size, .wirelen = f->size + 4, .time_ns = f->now + f->sent++};
        output_packet(f->out, &eth0, &p, UINT32_MAX);
        balance(f);
    }
}

static void check_state(const struct fixture *f, const char *state, const char *reason)
{
    struct output_state s;
    output_state(f->out, &s);
    assert_string_equal(s.state, state);
    if (reason)
        assert_non_null(strstr(s.reason, reason));
    else
        assert_null(s.reason);
}

/* What is on disk, read with libpcap. */

static const char *path_of(const struct fixture *f, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    return path;
}

static bool exists(const struct fixture *f, const char *name)
{
    struct stat st;
    return lstat(path_of(f, name), &st) == 0;
}

static off_t size_of(const struct fixture *f, const char *name)
{
    struct stat st;
    assert_int_equal(stat(path_of(f, name), &st), 0);
    return st.st_size;
}

/** Read a file to its clean end; packets must go up from *next. Returns how many there are. */
static unsigned read_from(const struct fixture *f, const char *name, uint32_t *next)
{
    struct capfile *c;
    struct wn_packet p;
    struct wn_error err = {0};
    unsigned n = 0;
    if (capfile_open(path_of(f, name), &c, &err) != 0)
        fail_msg("%s", err.text);
    int r;
    while ((r = capfile_next(c, &p, &err)) == 1) {
        uint32_t number;
        memcpy(&number, p.data, sizeof number);
        assert_in_range(number, *next, UINT32_MAX);
        assert_int_equal(p.caplen, f->size);
        *next = number + 1;
        n++;
    }
    if (r)
        fail_msg("%s", err.text);
    capfile_close(c);
    return n;
}

static unsigned read_all(const struct fixture *f, const char *name)
{
    uint32_t next = 0;
    return read_from(f, name, &next);
}

/* Files and their names. */

static void a_file_gets_its_name_when_it_is_complete(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    start(f);
    send(f, 10);
    assert_int_equal(f->stats.queued_packets, 10);
    assert_true(exists(f, "disk-001.pcapng.part"));
    assert_false(exists(f, "disk-001.pcapng"));
    assert_int_equal(finish(f), 0);
    assert_false(exists(f, "disk-001.pcapng.part"));
    assert_int_equal(read_all(f, "disk-001.pcapng"), 10);
    assert_int_equal(f->stats.written_packets, 10);
    assert_int_equal(f->stats.written_bytes, 1000);
    assert_int_equal(f->stats.offered_bytes, 1000);
    assert_int_equal(f->stats.queued_packets, 0);
    assert_int_equal(f->stats.files_completed, 1);
    assert_int_equal(stat(path_of(f, "disk-001.pcapng"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
}

static void numbers_go_on_where_they_were(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        start(f);
        send(f, 1);
        finish(f);
    }
    assert_true(exists(f, "disk-003.pcapng"));
}

static void touch(const struct fixture *f, const char *name, const char *text)
{
    FILE *file = fopen(path_of(f, name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void nothing_is_ever_overwritten(void **state)
{
    struct fixture *f = *state;
    static char fixed[] = "fixed.pcapng";
    char text[16] = "";
    f->conf.pattern = fixed;
    touch(f, "fixed.pcapng", "precious");
    assert_int_equal(symlink("/nonexistent", path_of(f, "fixed-2.pcapng")), 0);
    assert_int_equal(symlink("fixed.pcapng", path_of(f, "fixed-3.pcapng.part")), 0);
    start(f);
    assert_true(exists(f, "fixed-4.pcapng.part"));
    send(f, 5);
    touch(f, "fixed-4.pcapng", "arrived meanwhile");
    assert_int_equal(finish(f), 0);
    FILE *file = fopen(path_of(f, "fixed.pcapng"), "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    assert_string_equal(text, "precious");
    fclose(file);
    assert_int_equal(size_of(f, "fixed-4.pcapng"), strlen("arrived meanwhile"));
    assert_int_equal(read_all(f, "fixed-4-2.pcapng"), 5);
}

static void an_output_without_packets_and_totals_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    start(f);
    output_close(f->out, NULL, 0, NULL);
    f->out = NULL;
    start(f);
    assert_true(exists(f, "disk-001.pcapng.part"));
    assert_int_equal(finish(f), 0); /* with totals it is worth a file, and one that can be read */
    assert_int_equal(read_all(f, "disk-001.pcapng"), 0);
}

static void a_source_can_be_announced(void **state)
{
    struct fixture *f = *state;
    start(f);
    output_announce(f->out, &eth0);
    output_announce(f->out, &eth0);
    assert_int_equal(finish(f), 0);
    /* 68 is the section on its own; interface and statistics come to at least 100 more. */
    assert_in_range(size_of(f, "disk-001.pcapng"), 168, 400);
}

static void classic_files_hold_one_link_type(void **state)
{
    struct fixture *f = *state;
    struct output_source raw = {.name = "tun0", .linktype = 101, .snaplen = 100, .id = 9};
    struct wn_packet p = {.data = (const uint8_t *)"abcd", .caplen = 4, .wirelen = 4};
    f->conf.format = FORMAT_PCAP;
    start(f);
    send(f, 3);
    output_packet(f->out, &raw, &p, 4);
    send(f, 3);
    check_state(f, "error", "link type");
    assert_int_equal(f->stats.dropped_io_error, 1);
    assert_int_equal(finish(f), 0);
    assert_int_equal(size_of(f, "disk-001.pcapng"), 24 + 6 * 116);
    assert_int_equal(read_all(f, "disk-001.pcapng"), 6);
}

static void an_empty_classic_file_can_be_read(void **state)
{
    struct fixture *f = *state;
    f->conf.format = FORMAT_PCAP;
    start(f);
    assert_int_equal(finish(f), 0);
    assert_int_equal(read_all(f, "disk-001.pcapng"), 0);
}

static void a_packet_larger_than_the_buffer_is_written(void **state)
{
    struct fixture *f = *state;
    f->size = 300000;
    start(f);
    send(f, 3);
    f->size = 262144;
    send(f, 1);
    f->size = 300000;
    assert_int_equal(finish(f), 0);
    assert_int_equal(f->stats.written_packets, 4);
}

/* Rotation and time. */

static void no_file_exceeds_rotate_size(void **state)
{
    struct fixture *f = *state;
    /* The limit lies at every place in a record of 132 bytes. */
    for (unsigned limit = 5000; limit < 5132; limit += 12) {
        uint32_t next = 0;
        unsigned total = 0, last = (unsigned)f->stats.files_completed;
        f->conf.rotate_size = limit;
        f->sent = 0;
        start(f);
        send(f, 200);
        finish(f);
        assert_int_equal(f->stats.files_completed, f->stats.files_opened);
        for (unsigned i = last + 1; i <= f->stats.files_completed; i++) {
            char name[32];
            snprintf(name, sizeof name, "disk-%03u.pcapng", i);
            assert_in_range(size_of(f, name), 1, limit);
            assert_true(size_of(f, name) > limit - 300 || i == f->stats.files_completed);
            total += read_from(f, name, &next);
        }
        assert_int_equal(total, 200);
    }
}

static void a_packet_larger_than_rotate_size_has_a_file_of_its_own(void **state)
{
    struct fixture *f = *state;
    f->conf.rotate_size = 50;
    start(f);
    send(f, 3);
    finish(f);
    assert_int_equal(f->stats.files_completed, 3);
    assert_int_equal(read_all(f, "disk-002.pcapng"), 1);
}

static void intervals_follow_the_wall_clock(void **state)
{
    struct fixture *f = *state;
    f->conf.rotate_interval_ns = 60 * SECOND;
    f->now = (1700000000 / 60 * 60 + 50) * SECOND; /* ten seconds to go */
    start(f);
    tick(f, 0);
    send(f, 2);
    tick(f, 9.5);
    assert_int_equal(f->stats.files_completed, 0);
    tick(f, 0.5);
    assert_int_equal(f->stats.files_completed, 1);
    tick(f, 59.5);
    assert_int_equal(f->stats.files_completed, 1);
    tick(f, 0.5); /* without packets, too */
    assert_int_equal(f->stats.files_completed, 2);
    assert_int_equal(read_all(f, "disk-001.pcapng"), 2);
    assert_int_equal(read_all(f, "disk-002.pcapng"), 0);
}

static void the_buffer_is_written_after_the_flush_interval(void **state)
{
    struct fixture *f = *state;
    f->conf.flush_interval_ns = 3 * SECOND;
    start(f);
    tick(f, 0);
    send(f, 4);
    output_flush(f->out);
    tick(f, 2.5);
    assert_int_equal(f->stats.written_packets, 0);
    tick(f, 0.5);
    assert_int_equal(f->stats.written_packets, 4);
    assert_int_equal(read_all(f, "disk-001.pcapng.part"), 4);
}

static void with_flush_interval_0_each_batch_is_written(void **state)
{
    struct fixture *f = *state;
    f->conf.flush_interval_ns = 0;
    start(f);
    send(f, 4);
    output_flush(f->out);
    assert_int_equal(f->stats.written_packets, 4);
}

static void without_descriptors_the_old_file_goes_on(void **state)
{
    struct fixture *f = *state;
    struct rlimit old, none;
    f->conf.rotate_size = 5000;
    start(f);
    tick(f, 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    send(f, 200);
    check_state(f, "error", "open files");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    send(f, 1); /* not tried again before a second has passed */
    assert_int_equal(f->stats.files_opened, 1);
    tick(f, 1);
    send(f, 1);
    assert_int_equal(f->stats.files_opened, 2);
    check_state(f, "ok", NULL);
    assert_int_equal(dropped(&f->stats), 0);
    finish(f);
    assert_int_equal(read_all(f, "disk-001.pcapng"), 201);
    assert_int_equal(read_all(f, "disk-002.pcapng"), 1);
}

/* Writes that do less than they should. */

static void short_writes_are_continued(void **state)
{
    struct fixture *f = *state;
    static const size_t sizes[] = {1, 2, 3, 5, 7, 127, 128, 129, 4096};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char name[32];
        f->sent = 0;
        start(f);
        send(f, 50);
        at_once = sizes[i];
        assert_int_equal(finish(f), 0);
        at_once = SIZE_MAX;
        snprintf(name, sizeof name, "disk-%03zu.pcapng", i + 1);
        assert_int_equal(read_all(f, name), 50);
    }
}

/** Whatever the room, the file ends with a whole record, and what counts as written is in it. */
static void a_full_disk_never_tears_a_record(void **state)
{
    struct fixture *f = *state;
    for (int64_t bytes = 0; bytes < 900; bytes += 7) {
        f->stats = (struct stat_output){0};
        f->sent = 0;
        start(f);
        tick(f, 0);
        send(f, 5);
        room = bytes;
        tick(f, 1);
        balance(f);
        bool fits = f->stats.written_packets == 5;
        assert_true(bytes > 0 || !fits);
        assert_true(bytes < 890 || fits);
        check_state(f, fits ? "ok" : "full", fits ? NULL : "No space");
        if (f->stats.written_packets)
            assert_int_equal(read_all(f, "disk-001.pcapng.part"), f->stats.written_packets);
        room = INT64_MAX;
        tick(f, 1); /* the queue is written, in order */
        check_state(f, "ok", NULL);
        assert_int_equal(f->stats.written_packets, 5);
        assert_int_equal(finish(f), 0);
        assert_int_equal(read_all(f, "disk-001.pcapng"), 5);
        assert_int_equal(unlink(path_of(f, "disk-001.pcapng")), 0);
    }
}

static void space_that_comes_back_is_used_again(void **state)
{
    struct fixture *f = *state;
    start(f);
    tick(f, 0);
    room = 500000;
    send(f, 10000);
    check_state(f, "full", "No space");
    uint64_t errors = f->stats.write_errors;
    /* One attempt may still make room for some; none is made for each packet. */
    assert_in_range(errors, 1, 2);
    tick(f, 0.4);
    tick(f, 0.4);
    assert_int_equal(f->stats.write_errors, errors);
    tick(f, 0.4);
    assert_int_equal(f->stats.write_errors, errors + 1);
    tick(f, 0.4);
    assert_int_equal(f->stats.write_errors, errors + 1);
    room = INT64_MAX;
    tick(f, 1);
    check_state(f, "ok", NULL);
    send(f, 100);
    finish(f);
    assert_true(f->stats.dropped_no_space > 0);
    assert_int_equal(f->stats.written_packets + f->stats.dropped_no_space, 10100);
    assert_int_equal(f->stats.files_opened, 1);
    assert_int_equal(read_all(f, "disk-001.pcapng"), f->stats.written_packets);
}

static void on_full_stop_completes_the_file(void **state)
{
    struct fixture *f = *state;
    f->conf.on_full = ON_FULL_STOP;
    start(f);
    tick(f, 0);
    room = 400000;
    send(f, 10000);
    check_state(f, "stopped", "No space");
    room = INT64_MAX;
    tick(f, 10);
    send(f, 10);
    check_state(f, "stopped", "No space");
    assert_true(f->stats.dropped_stopped >= 10);
    assert_int_equal(read_all(f, "disk-001.pcapng"), f->stats.written_packets);
    struct conf_output drop = f->conf;
    drop.on_full = ON_FULL_DROP;
    assert_int_equal(output_adopt(f->out, &drop), 0);
    tick(f, 1);
    send(f, 10);
    check_state(f, "ok", NULL);
    finish(f);
    assert_int_equal(read_all(f, "disk-002.pcapng"), 10);
}

static void less_than_min_free_counts_as_full(void **state)
{
    struct fixture *f = *state;
    start(f);
    tick(f, 1);
    send(f, 5);
    struct conf_output greedy = f->conf;
    greedy.min_free = UINT64_MAX;
    assert_int_equal(output_adopt(f->out, &greedy), 0);
    tick(f, 1);
    check_state(f, "full", "min_free");
    assert_int_equal(f->stats.written_packets, 5);
    send(f, 5);
    assert_int_equal(f->stats.dropped_no_space, 5);
    assert_int_equal(output_adopt(f->out, &f->conf), 0);
    tick(f, 1);
    check_state(f, "ok", NULL);
}

static void an_error_completes_the_file_and_a_new_one_is_tried(void **state)
{
    struct fixture *f = *state;
    start(f);
    tick(f, 0);
    send(f, 10);
    tick(f, 1);
    send(f, 10);
    room = 300;
    write_error = EIO;
    tick(f, 1);
    check_state(f, "error", "Input/output error");
    assert_int_equal(read_all(f, "disk-001.pcapng"), 12); /* what was whole before the error */
    assert_int_equal(f->stats.dropped_io_error, 8);
    send(f, 3);
    assert_int_equal(f->stats.dropped_io_error, 11);
    room = INT64_MAX;
    tick(f, 0.9);
    assert_int_equal(f->stats.files_opened, 1);
    tick(f, 0.1);
    send(f, 3);
    check_state(f, "ok", NULL);
    finish(f);
    assert_int_equal(read_all(f, "disk-002.pcapng"), 3);
}

static void a_lost_end_is_an_error_of_close(void **state)
{
    struct fixture *f = *state;
    struct wn_error err = {0};
    start(f);
    send(f, 10);
    room = 500;
    struct output *out = f->out;
    f->out = NULL;
    assert_int_equal(output_close(out, NULL, 0, &err), -ENOSPC);
    assert_non_null(strstr(err.text, "packets not written"));
    assert_int_equal(f->stats.queued_packets, 0);
    balance(f);
    assert_int_equal(read_all(f, "disk-001.pcapng"), f->stats.written_packets);
}

/* Files that go away. */

static void a_removed_file_is_noticed_and_replaced(void **state)
{
    struct fixture *f = *state;
    f->conf.flush_interval_ns = 10 * SECOND;
    start(f);
    tick(f, 0);
    send(f, 5);
    assert_int_equal(unlink(path_of(f, "disk-001.pcapng.part")), 0);
    tick(f, 1);
    check_state(f, "ok", NULL);
    assert_int_equal(f->stats.written_packets, 0); /* nobody will ever see them */
    assert_int_equal(f->stats.dropped_io_error, 5);
    send(f, 5);
    finish(f);
    assert_int_equal(f->stats.files_completed, 1);
    assert_int_equal(read_all(f, "disk-002.pcapng"), 5);
}

static void a_removed_directory_is_waited_for(void **state)
{
    struct fixture *f = *state;
    start(f);
    tick(f, 0);
    assert_int_equal(remove_dir(f->dir), 0);
    tick(f, 1);
    check_state(f, "error", "No such file");
    send(f, 5);
    assert_int_equal(f->stats.dropped_io_error, 5);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    tick(f, 1);
    check_state(f, "ok", NULL);
    send(f, 5);
    finish(f);
    assert_int_equal(f->stats.written_packets, 5);
}

static void attempts_get_rarer_until_one_succeeds(void **state)
{
    struct fixture *f = *state;
    start(f);
    tick(f, 0);
    for (int i = 1; i <= 2; i++) { /* the second time the pause is short again */
        assert_int_equal(remove_dir(f->dir), 0);
        tick(f, 1); /* noticed; another cannot be made */
        tick(f, 1); /* a second later: fails */
        assert_int_equal(mkdir(f->dir, 0700), 0);
        tick(f, 1);
        assert_int_equal(f->stats.files_opened, i);
        tick(f, 1);
        assert_int_equal(f->stats.files_opened, i + 1);
    }
}

static void a_missing_directory_is_said_at_once(void **state)
{
    struct fixture *f = *state;
    struct diag_list diags = {0};
    static char nowhere[] = "/nonexistent/dir";
    f->conf.dir = nowhere;
    assert_int_equal(output_open(&f->conf, &f->stats, &f->out, &diags), -ENOENT);
    f->conf.dir = f->dir;
    assert_int_equal(diags.errors, 1);
    assert_int_equal(diags.items[0].code, DIAG_C060);
    assert_non_null(strstr(diags.items[0].message, "/nonexistent/dir"));
    diag_fini(&diags);
}

/* Reloads. */

static void another_name_or_format_needs_a_new_output(void **state)
{
    struct fixture *f = *state;
    struct conf_output other = f->conf;
    start(f);
    send(f, 5);
    other.flush_interval_ns = 7;
    other.rotate_size = 1 << 20;
    assert_int_equal(output_adopt(f->out, &other), 0);
    struct conf_output third = other;
    third.format = FORMAT_PCAP;
    assert_int_equal(output_adopt(f->out, &third), -EXDEV);
    /* The new one begins beside the old one, with the same counters, and leaves it alone. */
    struct output *first = f->out;
    f->conf.format = FORMAT_PCAP;
    start(f);
    send(f, 3);
    assert_true(exists(f, "disk-001.pcapng.part"));
    assert_int_equal(output_close(first, NULL, 0, NULL), 0);
    balance(f);
    finish(f);
    assert_int_equal(f->stats.written_packets, 8);
    assert_int_equal(read_all(f, "disk-001.pcapng"), 5);
    f->sent = 0;
    assert_int_equal(read_all(f, "disk-002.pcapng"), 3);
}

/* Memory. */

static void without_memory_opening_fails_and_packets_are_counted(void **state)
{
    struct fixture *f = *state;
    struct diag_list diags = {0};
    for (int i = 0;; i++) {
        assert_in_range(i, 0, 50);
        allocations = i;
        int r = output_open(&f->conf, &f->stats, &f->out, &diags);
        bool failed = allocations < 0;
        allocations = -1;
        if (r == 0 && !failed)
            break;
        if (r == 0) /* an allocation it can do without */
            output_close(f->out, NULL, 0, NULL);
        f->out = NULL;
    }
    diag_fini(&diags);
    allocations = 0;
    send(f, 1); /* a new source needs a place in the table */
    allocations = -1;
    assert_int_equal(f->stats.dropped_io_error, 1);
    send(f, 1);
    assert_int_equal(finish(f), 0);
    assert_int_equal(f->stats.written_packets, 1);
}

/* Processes that are killed. */

struct shared {
    struct stat_output stats;
    volatile uint64_t reported; /* written_packets as somebody asking would have been told */
};

static void write_until_killed(struct fixture *f, struct shared *shared)
{
    struct diag_list diags = {0};
    if (output_open(&f->conf, &shared->stats, &f->out, &diags) != 0)
        _exit(1);
    static uint8_t data[2000];
    for (;;) {
        memcpy(data, &f->sent, sizeof f->sent);
        struct wn_packet p = {
            .data = data, .caplen = f->size, .wirelen = f->size, .time_ns = f->sent++};
        output_packet(f->out, &eth0, &p, UINT32_MAX);
        if (f->sent % 37 == 0)
            output_flush(f->out);
        shared->reported = shared->stats.written_packets;
    }
}

/** Packets that can be read up to the end or the first damage. */
static unsigned count_readable(const struct fixture *f, const char *name)
{
    struct capfile *c;
    struct wn_packet p;
    unsigned n = 0;
    if (capfile_open(path_of(f, name), &c, NULL) != 0)
        return 0;
    while (capfile_next(c, &p, NULL) == 1)
        n++;
    capfile_close(c);
    return n;
}

static void what_was_reported_as_written_survives_kill(void **state)
{
    struct fixture *f = *state;
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    f->conf.flush_interval_ns = 0;
    f->size = 1000;
    for (unsigned i = 1; i <= 20; i++) {
        char name[40];
        memset(shared, 0, sizeof *shared);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            write_until_killed(f, shared);
        while (shared->reported < i * 50)
            sched_yield();
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        snprintf(name, sizeof name, "disk-%03u.pcapng.part", i);
        unsigned readable = count_readable(f, name);
        assert_in_range(readable, shared->reported, UINT32_MAX);
        off_t before = size_of(f, name);

        /* The next start completes it: whole, with nothing lost and one record cut at most. */
        struct output *out;
        struct diag_list diags = {0};
        assert_int_equal(output_open(&f->conf, &f->stats, &out, &diags), 0);
        output_close(out, NULL, 0, NULL);
        name[strlen(name) - 5] = '\0';
        assert_int_equal(read_all(f, name), readable);
        assert_in_range(before - size_of(f, name), 0, 1032 - 1);
    }
    munmap(shared, sizeof *shared);
}

/** Cut at every byte: repair keeps exactly the records that are whole. */
static void repair_keeps_every_whole_record(void **state)
{
    struct fixture *f = *state;
    static uint8_t bytes[8192];
    for (int format = FORMAT_PCAPNG; format <= FORMAT_PCAP; format++) {
        f->conf.format = (enum conf_format)format;
        f->sent = 0;
        f->size = 21;
        start(f);
        send(f, 5);
        struct output *out = f->out;
        f->out = NULL;
        assert_int_equal(output_close(out, NULL, 0, NULL), 0);
        FILE *file = fopen(path_of(f, "disk-001.pcapng"), "rb");
        assert_non_null(file);
        size_t n = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        unlink(path_of(f, "disk-001.pcapng"));
        for (size_t len = 28; len <= n; len++) {
            file = fopen(path_of(f, "disk-001.pcapng.part"), "wb");
            assert_non_null(file);
            fwrite(bytes, 1, len, file);
            fclose(file);
            unsigned readable = count_readable(f, "disk-001.pcapng.part");
            start(f);
            output_close(f->out, NULL, 0, NULL);
            f->out = NULL;
            if (exists(f, "disk-001.pcapng")) {
                assert_int_equal(read_all(f, "disk-001.pcapng"), readable);
                unlink(path_of(f, "disk-001.pcapng"));
            } else {
                assert_int_equal(readable, 0);
            }
            assert_false(exists(f, "disk-001.pcapng.part"));
        }
    }
}

/** A block whose lengths disagree ends what is kept, whatever follows it. */
static void repair_stops_at_damage(void **state)
{
    struct fixture *f = *state;
    start(f);
    send(f, 5);
    struct output *out = f->out;
    f->out = NULL;
    assert_int_equal(output_close(out, NULL, 0, NULL), 0);
    assert_int_equal(rename(path_of(f, "disk-001.pcapng"), "/tmp/test_output.moved"), 0);
    assert_int_equal(rename("/tmp/test_output.moved", path_of(f, "disk-001.pcapng.part")), 0);
    int fd = open(path_of(f, "disk-001.pcapng.part"), O_RDWR);
    off_t end = size_of(f, "disk-001.pcapng.part");
    uint8_t b[1024] = {0};
    ssize_t n = read(fd, b, sizeof b);
    assert_int_equal(n, end);
    uint8_t *fourth = memmem(b, (size_t)n, "\x03\0\0\0\0\0", 6); /* its number, then zeros */
    assert_non_null(fourth);
    fourth[100] ^= 8; /* the length behind its data */
    assert_int_equal(pwrite(fd, b, (size_t)n, 0), n);
    close(fd);
    start(f);
    output_close(f->out, NULL, 0, NULL);
    f->out = NULL;
    assert_int_equal(read_all(f, "disk-001.pcapng"), 3);
}

static void leftovers_of_others_are_left_alone(void **state)
{
    struct fixture *f = *state;
    touch(f, "disk-001.pcapng.part", "this is no capture file at all");
    touch(f, "other-001.pcapng.part", "");
    assert_int_equal(symlink("/etc/passwd", path_of(f, "disk-002.pcapng.part")), 0);
    start(f);
    finish(f);
    assert_int_equal(size_of(f, "disk-001.pcapng.part"), 30);
    assert_true(exists(f, "other-001.pcapng.part"));
    assert_true(exists(f, "disk-002.pcapng.part"));
    assert_true(exists(f, "disk-003.pcapng"));
}

/* A real file system without room. */

static void a_full_tmpfs_is_survived(void **state)
{
    struct fixture *f = *state;
    static uint8_t ballast[384 << 10];
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", f->dir, "tmpfs", 0, "size=512k") != 0) {
        print_message("SKIP: mounting a tmpfs needs root\n");
        skip();
    }
    int fd = open(path_of(f, "ballast"), O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(__real_write(fd, ballast, sizeof ballast), sizeof ballast);
    close(fd);
    start(f);
    tick(f, 0);
    send(f, 6000);
    tick(f, 1);
    check_state(f, "full", "No space");
    assert_true(f->stats.dropped_no_space > 0);
    assert_int_equal(read_all(f, "disk-001.pcapng.part"), f->stats.written_packets);
    assert_int_equal(unlink(path_of(f, "ballast")), 0);
    tick(f, 1);
    check_state(f, "ok", NULL);
    send(f, 100);
    assert_int_equal(finish(f), 0);
    balance(f);
    assert_int_equal(read_all(f, "disk-001.pcapng"), f->stats.written_packets);
    assert_int_equal(umount(f->dir), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_file_gets_its_name_when_it_is_complete),
        CASE(numbers_go_on_where_they_were),
        CASE(nothing_is_ever_overwritten),
        CASE(an_output_without_packets_and_totals_leaves_nothing),
        CASE(a_source_can_be_announced),
        CASE(classic_files_hold_one_link_type),
        CASE(an_empty_classic_file_can_be_read),
        CASE(a_packet_larger_than_the_buffer_is_written),
        CASE(no_file_exceeds_rotate_size),
        CASE(a_packet_larger_than_rotate_size_has_a_file_of_its_own),
        CASE(intervals_follow_the_wall_clock),
        CASE(the_buffer_is_written_after_the_flush_interval),
        CASE(with_flush_interval_0_each_batch_is_written),
        CASE(without_descriptors_the_old_file_goes_on),
        CASE(short_writes_are_continued),
        CASE(a_full_disk_never_tears_a_record),
        CASE(space_that_comes_back_is_used_again),
        CASE(on_full_stop_completes_the_file),
        CASE(less_than_min_free_counts_as_full),
        CASE(an_error_completes_the_file_and_a_new_one_is_tried),
        CASE(a_lost_end_is_an_error_of_close),
        CASE(a_removed_file_is_noticed_and_replaced),
        CASE(a_removed_directory_is_waited_for),
        CASE(attempts_get_rarer_until_one_succeeds),
        CASE(a_missing_directory_is_said_at_once),
        CASE(another_name_or_format_needs_a_new_output),
        CASE(without_memory_opening_fails_and_packets_are_counted),
        CASE(what_was_reported_as_written_survives_kill),
        CASE(repair_keeps_every_whole_record),
        CASE(repair_stops_at_damage),
        CASE(leftovers_of_others_are_left_alone),
        CASE(a_full_tmpfs_is_survived),
    };
    log_set_level(LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
