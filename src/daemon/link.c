/* SPDX-License-Identifier: MIT */
#include "daemon/link.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include <winnow/err.h>

#include "common/own.h"

struct link_watch {
    int fd;
    struct event *readable;
    void (*changed)(void *arg);
    void *arg;
};

OWN_BY(watch, struct link_watch, link_watch_close)

static bool about_links(char *data, size_t len)
{
    struct nlmsghdr *h = (struct nlmsghdr *)(void *)data;
    for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
        if (h->nlmsg_type == RTM_NEWLINK || h->nlmsg_type == RTM_DELLINK)
            return true;
    }
    return false;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct link_watch *watch = arg;
    _Alignas(struct nlmsghdr) char buf[16384];
    bool changed = false;
    (void)what;
    for (;;) {
        ssize_t n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        /* Messages were lost: anything may have happened. */
        if (n < 0 && errno == ENOBUFS) {
            changed = true;
            continue;
        }
        if (n <= 0)
            break;
        changed = changed || about_links(buf, (size_t)n);
    }
    if (changed)
        watch->changed(watch->arg);
}

int link_watch_open(struct event_base *base, void (*changed)(void *arg), void *arg,
                    struct link_watch **out, struct wn_error *err)
{
    struct sockaddr_nl at = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    OWN(watch) struct link_watch *w = calloc(1, sizeof *w);
    if (!w)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "no memory");
    w->changed = changed;
    w->arg = arg;
    w->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (w->fd < 0 || bind(w->fd, (const struct sockaddr *)&at, sizeof at) < 0) {
        int e = errno;
        return wn_fail(err, -e, WN_NOWHERE, "cannot watch interfaces: %s", wn_strerror(-e));
    }
    w->readable = event_new(base, w->fd, EV_READ | EV_PERSIST, on_readable, w);
    if (!w->readable || event_add(w->readable, NULL) < 0)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "no memory");
    *out = give(w);
    return 0;
}

void link_watch_close(struct link_watch *watch)
{
    if (!watch)
        return;
    if (watch->readable)
        event_free(watch->readable);
    if (watch->fd >= 0)
        close(watch->fd);
    free(watch);
}

enum link_state link_look(const struct link_watch *watch, const char *name)
{
    struct ifreq ifr = {0};
    if (strcmp(name, "any") == 0)
        return LINK_UP;
    if (strlen(name) >= sizeof ifr.ifr_name)
        return LINK_MISSING;
    memcpy(ifr.ifr_name, name, strlen(name));
    if (ioctl(watch->fd, SIOCGIFFLAGS, &ifr) < 0)
        return LINK_MISSING;
    return ifr.ifr_flags & IFF_UP ? LINK_UP : LINK_DOWN;
}

bool link_name(const struct link_watch *watch, unsigned ifindex, char *name)
{
    struct ifreq ifr = {.ifr_ifindex = (int)ifindex};
    if (ioctl(watch->fd, SIOCGIFNAME, &ifr) < 0)
        return false;
    memcpy(name, ifr.ifr_name, IF_NAMESIZE);
    name[IF_NAMESIZE - 1] = '\0';
    return true;
}
