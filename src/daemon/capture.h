/* SPDX-License-Identifier: MIT */
/** Packets of one interface, by libpcap. This file and its source hide libpcap; they know no loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <winnow/prog.h>

struct capture;
struct conf_interface;
struct stat_interface;

/** Take one packet, which lives for the call; false: enough, give me no more. */
typedef bool (*capture_fn)(void *arg, const struct wn_packet *pkt);

/**
 * Open an interface; packets enter the ring from now on.
 *
 * conf    borrowed for the call
 * stats   where the kernel's counters go; outlives the capture
 * out     set on success alone; the caller closes it
 *
 * Returns 0, -ENODEV (no such interface), -ENETDOWN, -EPERM (no packet
 * sockets for this process), or another -errno; -EIO where libpcap has words
 * but no number.
 */
int capture_open(const struct conf_interface *conf, struct stat_interface *stats,
                 struct capture **out, struct wn_error *err);

/** Take the last counters and close; NULL is allowed. */
void capture_close(struct capture *capture);

/** For the loop to watch. */
int capture_fd(const struct capture *capture);

/** DLT_ value of its packets. */
int capture_dlt(const struct capture *capture);

uint32_t capture_snaplen(const struct capture *capture);
uint64_t capture_ring(const struct capture *capture);

/**
 * Hand on what the ring holds, `max` packets at most, without waiting.
 *
 * Returns the packets taken out of the ring (those behind a gate are among
 * them), or -EIO: libpcap reports an error, which need not mean that the
 * interface is gone. capture_attached() knows.
 */
int capture_dispatch(struct capture *capture, unsigned max, capture_fn fn, void *arg,
                     struct wn_error *err);

/**
 * Hand on only packets received at or after a moment, or before one (ns since
 * 1970). The others are taken out of the ring and of the counters: the other
 * one of two captures that overlap has them.
 */
void capture_gate_from(struct capture *capture, uint64_t from_ns);
void capture_gate_until(struct capture *capture, uint64_t until_ns);

/** Let nothing more into the ring; what is in it stays to be dispatched. */
void capture_seal(struct capture *capture);

/** Whether every packet that the kernel has counted was dispatched or dropped by it. */
bool capture_empty(struct capture *capture);

/** Whether the socket is still bound to an interface: the kernel's own word, never late. */
bool capture_attached(const struct capture *capture);

/** Number of the interface; 0 for the device `any`. */
unsigned capture_ifindex(const struct capture *capture);

/** Whether libpcap asks to be called without an event: the link is down. */
bool capture_wants_timer(struct capture *capture);

/** Add what the kernel has counted since the last time. At least each second, for 32 bits wrap. */
void capture_poll(struct capture *capture);

/** Print the interfaces there are; 0 or -errno. */
int capture_list(bool json, FILE *to, struct wn_error *err);

/** Version of libpcap in words. */
const char *capture_version(void);
