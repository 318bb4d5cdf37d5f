/* SPDX-License-Identifier: MIT */
/**
 * An interface of the configuration over its life: not there yet, up, down,
 * gone, back, opened anew with other settings, let go. Whatever happens to it,
 * packets that the kernel has taken are still delivered, each once and in order.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <winnow/prog.h>

#include "daemon/capture.h"
#include "daemon/conf.h"

struct event_base;
struct generation;
struct link_watch;
struct stat_interface;
struct tap;
struct worker;

/** What all taps of a thread share. */
struct tap_host {
    struct event_base *base;
    struct link_watch *links;
    struct worker *worker;
    struct generation *current; /* the one pointer that a reload swaps */
    uint32_t next_source;       /* output_source.id of the next one */
    void *arg;
    void (*enough)(void *arg);                   /* the worker's limit is reached */
    void (*drained)(void *arg, struct tap *tap); /* a retired tap is done; it may be freed now */
    void (*flushed)(void *arg);                  /* the end of each batch that had packets */
};

enum tap_state { TAP_MISSING, TAP_DOWN, TAP_UP, TAP_ERROR };

/** Make a tap that is not open; NULL without memory. */
struct tap *tap_new(struct tap_host *host, const struct conf_interface *conf,
                    struct stat_interface *stats);

/** Drop what it holds at once; NULL is allowed. */
void tap_free(struct tap *tap);

/** "eth0" as in the configuration; the tap's own. */
const char *tap_name(const struct tap *tap);
enum tap_state tap_state(const struct tap *tap);

/** Why it is not up; NULL if it is. */
const char *tap_reason(const struct tap *tap);

/** DLT_ value of the packets it delivers; -1 before it was first opened. */
int tap_dlt(const struct tap *tap);

/** output_source.id for packets of this link type; a new one when the type changes. */
uint32_t tap_source(struct tap *tap, int dlt);
struct stat_interface *tap_stats(const struct tap *tap);

/**
 * Try to capture under `conf`, beside what the tap captures already.
 *
 * out   set on success alone, NULL if the interface is missing or down just
 *       now, which is no failure
 *
 * Returns 0 or what capture_open() says.
 */
int tap_prepare(struct tap *tap, const struct conf_interface *conf, struct capture **out,
                struct wn_error *err);

/**
 * Go on with a capture that tap_prepare() made (taken, may be NULL). Packets
 * received before a moment from now come from the old capture, later ones from
 * the new one: none is lost and none is delivered twice.
 */
void tap_switch(struct tap *tap, const struct conf_interface *conf, struct capture *capture);

/** Go on as before under another generation's configuration, which says the same. */
void tap_adopt(struct tap *tap, const struct conf_interface *conf);

/** Whether two configurations can share one capture. */
bool tap_same_capture(const struct conf_interface *a, const struct conf_interface *b);

/**
 * Let no more packets in, deliver what the ring holds by the rules of
 * `generation` (held until then), then call host->drained.
 *
 * limit_ns   give up after this time
 */
void tap_retire(struct tap *tap, struct generation *generation, uint64_t limit_ns);

/** Look how the interface is now. After every change of a link, and each second. */
void tap_look(struct tap *tap);

/** Deliver nothing more and hold no generation; free it later. */
void tap_release(struct tap *tap);

/** Take over the kernel's counters. */
void tap_poll(struct tap *tap);
