/* SPDX-License-Identifier: MIT */
/** What systemd is told (sd_notify(3)), by our own few lines over a datagram socket. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** Look at NOTIFY_SOCKET and WATCHDOG_USEC; without them everything here does nothing. */
void notify_init(void);

/** Microseconds between keep-alive messages (half of what systemd allows); 0 without a watchdog. */
uint64_t notify_watchdog_period_us(void);

/** READY=1 with a STATUS= text. */
void notify_ready(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** RELOADING=1 with MONOTONIC_USEC=. */
void notify_reloading(void);

void notify_stopping(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void notify_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void notify_watchdog(void);
