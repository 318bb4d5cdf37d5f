/* SPDX-License-Identifier: MIT */
/**
 * What the kernel says of interfaces (rtnetlink(7)): the word to believe, for
 * libpcap is silent about some changes and wrong about others.
 */
#pragma once

#include <stdbool.h>

struct event_base;
struct link_watch;
struct wn_error;

enum link_state { LINK_MISSING, LINK_DOWN, LINK_UP };

/**
 * Have `changed` called whenever an interface may have come, gone, risen,
 * fallen or been renamed. It is told no more than that: look at what you care for.
 */
int link_watch_open(struct event_base *base, void (*changed)(void *arg), void *arg,
                    struct link_watch **out, struct wn_error *err);
void link_watch_close(struct link_watch *watch);

/** How an interface of that name is now; `any` is always up. */
enum link_state link_look(const struct link_watch *watch, const char *name);

/**
 * Name that interface number `ifindex` has now.
 *
 * name   IF_NAMESIZE bytes, filled if true is returned
 */
bool link_name(const struct link_watch *watch, unsigned ifindex, char *name);
