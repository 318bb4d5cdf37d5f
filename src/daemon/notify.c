/* SPDX-License-Identifier: MIT */
#include "daemon/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

static struct {
    int fd; /* -1: nobody is to be told */
    struct sockaddr_un to;
    socklen_t to_len;
    uint64_t watchdog_us;
    bool warned;
} g = {.fd = -1};

static void warn(const char *what, int error)
{
    if (g.warned)
        return;
    g.warned = true;
    log_event(LEVEL_WARNING, "notify.failed", "systemd cannot be told: %s: %s", what,
              strerror(error));
}

/** Half of what systemd allows, if the watchdog is meant for this process. */
static uint64_t watchdog_period(void)
{
    const char *usec = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    if (!usec || (pid && strtoll(pid, NULL, 10) != getpid()))
        return 0;
    char *end;
    errno = 0;
    uint64_t value = strtoull(usec, &end, 10);
    return errno || *end || end == usec || *usec == '-' ? 0 : value / 2;
}

/** The address in sd_notify(3): a path, or a name without one that begins with @. */
static int parse_address(const char *text)
{
    size_t len = strlen(text);
    if ((text[0] != '/' && text[0] != '@') || len < 2)
        return -EAFNOSUPPORT;
    if (len >= sizeof(g.to.sun_path))
        return -ENAMETOOLONG;
    g.to = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(g.to.sun_path, text, len);
    if (text[0] == '@')
        g.to.sun_path[0] = '\0';
    g.to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return 0;
}

void notify_init(void)
{
    if (g.fd >= 0)
        close(g.fd);
    g.fd = -1;
    g.warned = false;
    g.watchdog_us = 0;

    const char *address = getenv("NOTIFY_SOCKET");
    if (!address)
        return;
    int ret = parse_address(address);
    if (ret < 0) {
        warn(address, -ret);
        return;
    }
    g.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (g.fd < 0)
        warn("socket", errno);
    else
        g.watchdog_us = watchdog_period();
}

uint64_t notify_watchdog_period_us(void)
{
    return g.watchdog_us;
}

/** Never waits: a manager that does not read costs a message, not packets. */
static void send_text(const char *text, size_t len)
{
    if (g.fd < 0)
        return;
    ssize_t n;
    do {
        n = sendto(g.fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&g.to,
                   g.to_len);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        warn("NOTIFY_SOCKET", errno);
}

/** Send `head` and a STATUS= line; a line end in the text would begin another assignment. */
static void send_status(const char *head, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));
static void send_status(const char *head, const char *fmt, va_list args)
{
    char text[512];
    size_t at = (size_t)snprintf(text, sizeof(text), "%sSTATUS=", head);
    size_t status = at;
    int n = vsnprintf(text + at, sizeof(text) - at, fmt, args);
    if (n < 0)
        return;
    at = (size_t)n < sizeof(text) - at ? at + (size_t)n : sizeof(text) - 1;
    for (size_t i = status; i < at; i++)
        if (text[i] == '\n')
            text[i] = ' ';
    send_text(text, at);
}

void notify_ready(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    send_status("READY=1\n", fmt, args);
    va_end(args);
}

void notify_reloading(void)
{
    char text[80];
    int n = snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                     clock_ns(CLOCK_MONOTONIC) / 1000);
    send_text(text, (size_t)n);
}

void notify_stopping(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    send_status("STOPPING=1\n", fmt, args);
    va_end(args);
}

void notify_status(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    send_status("", fmt, args);
    va_end(args);
}

void notify_watchdog(void)
{
    static const char text[] = "WATCHDOG=1";
    send_text(text, sizeof(text) - 1);
}
