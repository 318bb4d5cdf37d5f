/* SPDX-License-Identifier: MIT */
/* What a manager would receive, datagram by datagram. */
#include "daemon/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/** A manager's end; `address` as in NOTIFY_SOCKET. */
static int listen_at(const char *address)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    size_t len = strlen(address);
    memcpy(sa.sun_path, address, len);
    if (address[0] == '@')
        sa.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(
        bind(fd, (struct sockaddr *)&sa, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
        0);
    assert_int_equal(setenv("NOTIFY_SOCKET", address, 1), 0);
    return fd;
}

static const char *receive(int fd)
{
    static char text[4096];
    ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
    if (n < 0)
        return NULL;
    text[n] = '\0';
    return text;
}

static int forget(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    notify_init();
    return 0;
}

static void says_all(int fd)
{
    notify_init();
    notify_ready("generation %d active", 8);
    assert_string_equal(receive(fd), "READY=1\nSTATUS=generation 8 active");
    notify_status("two\nlines");
    assert_string_equal(receive(fd), "STATUS=two lines");
    notify_stopping("%s", "draining");
    assert_string_equal(receive(fd), "STOPPING=1\nSTATUS=draining");
    notify_watchdog();
    assert_string_equal(receive(fd), "WATCHDOG=1");
    assert_null(receive(fd));
}

static void datagrams_are_what_systemd_expects(void **state)
{
    (void)state;
    char dir[] = "/tmp/notify-test-XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/sock", dir);
    int fd = listen_at(path);
    says_all(fd);
    close(fd);
    unlink(path);
    rmdir(dir);
}

static void abstract_addresses_work_too(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof(name), "@winnow/notify-test/%d", (int)getpid());
    int fd = listen_at(name);
    says_all(fd);
    close(fd);
}

static unsigned long long monotonic_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (unsigned long long)t.tv_sec * 1000000 + (unsigned long long)t.tv_nsec / 1000;
}

static void reloading_carries_the_monotonic_time(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof(name), "@winnow/notify-test/r%d", (int)getpid());
    int fd = listen_at(name);
    notify_init();
    unsigned long long before = monotonic_us();
    notify_reloading();
    unsigned long long after = monotonic_us();
    static const char head[] = "RELOADING=1\nMONOTONIC_USEC=";
    const char *text = receive(fd);
    assert_non_null(text);
    assert_memory_equal(text, head, sizeof(head) - 1);
    char *end;
    unsigned long long at = strtoull(text + sizeof(head) - 1, &end, 10);
    assert_string_equal(end, "");
    assert_true(at >= before && at <= after);
    close(fd);
}

static void a_long_status_is_cut_not_lost(void **state)
{
    (void)state;
    char name[64], status[2000];
    snprintf(name, sizeof(name), "@winnow/notify-test/l%d", (int)getpid());
    memset(status, 's', sizeof(status) - 1);
    status[sizeof(status) - 1] = '\0';
    int fd = listen_at(name);
    notify_init();
    notify_ready("%s", status);
    const char *text = receive(fd);
    assert_non_null(text);
    assert_int_equal(strlen(text), 511);
    assert_memory_equal(text, "READY=1\nSTATUS=sss", 18);
    close(fd);
}

static void the_watchdog_period_is_half_and_only_ours(void **state)
{
    (void)state;
    char name[64], pid[32];
    snprintf(name, sizeof(name), "@winnow/notify-test/w%d", (int)getpid());
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    int fd = listen_at(name);
    setenv("WATCHDOG_USEC", "30000000", 1);
    notify_init();
    assert_int_equal(notify_watchdog_period_us(), 15000000);
    setenv("WATCHDOG_PID", pid, 1);
    notify_init();
    assert_int_equal(notify_watchdog_period_us(), 15000000);
    setenv("WATCHDOG_PID", "1", 1);
    notify_init();
    assert_int_equal(notify_watchdog_period_us(), 0);
    unsetenv("WATCHDOG_PID");
    static const char *const nonsense[] = {"", "x", "-5", "10x", "99999999999999999999999"};
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
        setenv("WATCHDOG_USEC", nonsense[i], 1);
        notify_init();
        assert_int_equal(notify_watchdog_period_us(), 0);
    }
    close(fd);
}

/** What a function writes to stderr. */
static char *stderr_of(void (*fn)(void))
{
    static char text[4096];
    char path[] = "/tmp/notify-test-XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC), saved = dup(STDERR_FILENO);
    assert_true(fd >= 0 && saved >= 0);
    unlink(path);
    fflush(stderr);
    dup2(fd, STDERR_FILENO);
    fn();
    dup2(saved, STDERR_FILENO);
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    close(fd);
    close(saved);
    return text;
}

static void speak_thrice(void)
{
    notify_init();
    notify_ready("a");
    notify_status("b");
    notify_watchdog();
}

static size_t lines(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void without_a_manager_nothing_is_said(void **state)
{
    (void)state;
    assert_string_equal(stderr_of(speak_thrice), "");
    assert_int_equal(notify_watchdog_period_us(), 0);
}

static void an_address_that_leads_nowhere_is_one_warning(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "/nonexistent/notify", "relative", "", "/", "@", "vsock:2:1", "@winnow/nobody/listens"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        setenv("NOTIFY_SOCKET", wrong[i], 1);
        const char *said = stderr_of(speak_thrice);
        assert_int_equal(lines(said), 1);
        assert_non_null(strstr(said, "warning: systemd cannot be told: "));
    }
    char path[200];
    memset(path, 'p', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    setenv("NOTIFY_SOCKET", path, 1);
    assert_non_null(strstr(stderr_of(speak_thrice), "File name too long"));
}

static void speak_until_full(void)
{
    for (int i = 0; i < 3000; i++)
        notify_status("%d", i);
}

static void a_full_socket_is_one_warning_and_no_wait(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof(name), "@winnow/notify-test/f%d", (int)getpid());
    int fd = listen_at(name);
    notify_init();
    const char *said = stderr_of(speak_until_full);
    assert_int_equal(lines(said), 1);
    assert_non_null(strstr(said, "Resource temporarily unavailable"));
    size_t kept = 0;
    while (receive(fd))
        kept++;
    assert_in_range(kept, 1, 2999);
    notify_ready("again");
    assert_string_equal(receive(fd), "READY=1\nSTATUS=again");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(datagrams_are_what_systemd_expects, forget),
        cmocka_unit_test_teardown(abstract_addresses_work_too, forget),
        cmocka_unit_test_teardown(reloading_carries_the_monotonic_time, forget),
        cmocka_unit_test_teardown(a_long_status_is_cut_not_lost, forget),
        cmocka_unit_test_teardown(the_watchdog_period_is_half_and_only_ours, forget),
        cmocka_unit_test_teardown(without_a_manager_nothing_is_said, forget),
        cmocka_unit_test_teardown(an_address_that_leads_nowhere_is_one_warning, forget),
        cmocka_unit_test_teardown(a_full_socket_is_one_warning_and_no_wait, forget),
    };
    unsetenv("NOTIFY_SOCKET");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
