/* SPDX-License-Identifier: MIT */
#include "daemon/capture.h"

#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <pcap/pcap.h>

#include "common/own.h"
#include "daemon/conf.h"
#include "daemon/stats.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

struct capture {
    pcap_t *pcap;
    struct stat_interface *stats;
    unsigned ifindex;
    int dlt;
    uint32_t snaplen;
    uint64_t ring;
    uint64_t from_ns, until_ns;
    struct pcap_stat last;           /* as libpcap counts: 32 bits */
    uint64_t counted, dropped, read; /* since it was opened */
    capture_fn fn;                   /* for the time of a dispatch */
    void *arg;
    unsigned taken;
    bool enough;
};

static void capture_free(struct capture *capture)
{
    if (capture->pcap)
        pcap_close(capture->pcap);
    free(capture);
}

OWN_BY(capture, struct capture, capture_free)

static int open_error(pcap_t *pcap, int status, struct wn_error *err)
{
    int code = -EIO;
    switch (status) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
        return wn_fail(err, -ENODEV, WN_NOWHERE, "there is no such interface");
    case PCAP_ERROR_IFACE_NOT_UP:
        return wn_fail(err, -ENETDOWN, WN_NOWHERE, "the interface is down");
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return wn_fail(err, -EPERM, WN_NOWHERE, "cannot open a packet socket: %s",
                       wn_strerror(-EPERM));
    case PCAP_ERROR: break;
    default: return wn_fail(err, code, WN_NOWHERE, "%s", pcap_statustostr(status));
    }
    const char *text = pcap_geterr(pcap);
    if (strstr(text, "disappeared"))
        code = -ENODEV;
    return wn_fail(err, code, WN_NOWHERE, "%s", *text ? text : pcap_statustostr(status));
}

/* Bytes for pcap_set_buffer_size(), which takes an int. */
static int ring_bytes(uint64_t ring)
{
    return ring > INT_MAX - 65536 ? INT_MAX - 65536 : (int)ring;
}

static int activate(struct capture *c, const struct conf_interface *conf, struct wn_error *err)
{
    char text[PCAP_ERRBUF_SIZE];
    c->pcap = pcap_create(conf->device, text);
    if (!c->pcap)
        return wn_fail(err, -EIO, WN_NOWHERE, "%s", text);
    int ms = (int)(conf->timeout_ns / 1000000);
    pcap_set_snaplen(c->pcap, (int)conf->snaplen);
    pcap_set_promisc(c->pcap, conf->promisc && strcmp(conf->device, "any") != 0);
    pcap_set_buffer_size(c->pcap, ring_bytes(conf->ring));
    /* With a timeout of 0 a quiet link never delivers a block that is not full. */
    pcap_set_timeout(c->pcap, ms > 0 ? ms : 1);
    pcap_set_immediate_mode(c->pcap, conf->immediate == IMMEDIATE_YES);
    pcap_set_tstamp_precision(c->pcap, PCAP_TSTAMP_PRECISION_NANO);
    int rc = pcap_activate(c->pcap);
    if (rc < 0)
        return open_error(c->pcap, rc, err);
    if (pcap_setnonblock(c->pcap, 1, text) < 0)
        return wn_fail(err, -EIO, WN_NOWHERE, "%s", text);
    return 0;
}

static bool is_loopback(const struct capture *c, const char *device)
{
    struct ifreq ifr = {0};
    strncpy(ifr.ifr_name, device, sizeof ifr.ifr_name - 1);
    return ioctl(pcap_fileno(c->pcap), SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & IFF_LOOPBACK);
}

static int set_direction(struct capture *c, const struct conf_interface *conf, struct wn_error *err)
{
    int fd = pcap_fileno(c->pcap), one = 1;
    /* libpcap throws away what leaves by the loopback, which comes in again: so may the kernel,
       and its counters then agree with ours. */
    if (conf->direction == DIRECTION_IN ||
        (conf->direction == DIRECTION_BOTH && is_loopback(c, conf->device)))
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
    if (conf->direction == DIRECTION_BOTH)
        return 0;
    if (pcap_setdirection(c->pcap, conf->direction == DIRECTION_IN ? PCAP_D_IN : PCAP_D_OUT) < 0)
        return wn_fail(err, -EIO, WN_NOWHERE, "direction: %s", pcap_geterr(c->pcap));
    return 0;
}

static int bound_to(int fd)
{
    struct sockaddr_ll at = {0};
    socklen_t len = sizeof at;
    return getsockname(fd, (struct sockaddr *)&at, &len) < 0 ? -1 : at.sll_ifindex;
}

int capture_open(const struct conf_interface *conf, struct stat_interface *stats,
                 struct capture **out, struct wn_error *err)
{
    OWN(capture) struct capture *c = calloc(1, sizeof *c);
    if (!c)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "no memory");
    int rc = activate(c, conf, err);
    if (rc < 0)
        return rc;
    rc = set_direction(c, conf, err);
    if (rc < 0)
        return rc;
    int fd = pcap_fileno(c->pcap), one = 1;
    /* The kernel then stamps a packet once, before the first socket sees it: two sockets agree on
       every packet's time, and a cut by time between them is exact. */
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
    int ifindex = bound_to(fd);
    if (ifindex < 0)
        return wn_fail(err, -ENODEV, WN_NOWHERE, "the interface has disappeared");
    c->ifindex = (unsigned)ifindex;
    c->stats = stats;
    c->dlt = pcap_datalink(c->pcap);
    c->snaplen = conf->snaplen;
    c->ring = (uint64_t)ring_bytes(conf->ring);
    c->until_ns = UINT64_MAX;
    stats->opens_total++;
    *out = give(c);
    return 0;
}

void capture_close(struct capture *capture)
{
    if (!capture)
        return;
    capture_poll(capture);
    capture_free(capture);
}

int capture_fd(const struct capture *capture)
{
    return pcap_get_selectable_fd(capture->pcap);
}

int capture_dlt(const struct capture *capture)
{
    return capture->dlt;
}

uint32_t capture_snaplen(const struct capture *capture)
{
    return capture->snaplen;
}

uint64_t capture_ring(const struct capture *capture)
{
    return capture->ring;
}

static void take(u_char *user, const struct pcap_pkthdr *head, const u_char *data)
{
    struct capture *c = (struct capture *)(void *)user;
    /* libpcap may go on to the end of a block; what comes after "enough" was never delivered. */
    if (c->enough)
        return;
    c->taken++;
    c->read++;
    struct wn_packet pkt = {
        .data = data,
        .caplen = head->caplen,
        .wirelen = head->len,
        /* Nanoseconds: that precision was asked for. */
        .time_ns = (uint64_t)head->ts.tv_sec * 1000000000 + (uint64_t)head->ts.tv_usec,
        .ifindex = c->ifindex,
    };
    if (pkt.time_ns < c->from_ns || pkt.time_ns >= c->until_ns) {
        c->stats->received_packets--;
        return;
    }
    if (!c->fn(c->arg, &pkt)) {
        c->enough = true;
        pcap_breakloop(c->pcap);
    }
}

int capture_dispatch(struct capture *capture, unsigned max, capture_fn fn, void *arg,
                     struct wn_error *err)
{
    capture->fn = fn;
    capture->arg = arg;
    capture->taken = 0;
    capture->enough = false;
    int rc = pcap_dispatch(capture->pcap, (int)max, take, (u_char *)capture);
    if (rc == PCAP_ERROR)
        return wn_fail(err, -EIO, WN_NOWHERE, "%s", pcap_geterr(capture->pcap));
    return (int)capture->taken;
}

void capture_gate_from(struct capture *capture, uint64_t from_ns)
{
    capture->from_ns = from_ns;
}

void capture_gate_until(struct capture *capture, uint64_t until_ns)
{
    capture->until_ns = until_ns;
}

void capture_seal(struct capture *capture)
{
    /* Not pcap_setfilter(): it would also throw away what the ring holds. */
    struct sock_filter reject = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog prog = {.len = 1, .filter = &reject};
    setsockopt(pcap_fileno(capture->pcap), SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog);
}

void capture_poll(struct capture *capture)
{
    struct pcap_stat now;
    if (pcap_stats(capture->pcap, &now) < 0)
        return;
    uint32_t counted = now.ps_recv - capture->last.ps_recv;
    uint32_t dropped = now.ps_drop - capture->last.ps_drop;
    capture->stats->received_packets += counted;
    capture->stats->dropped_ring_full += dropped;
    capture->stats->dropped_interface += now.ps_ifdrop - capture->last.ps_ifdrop;
    capture->counted += counted;
    capture->dropped += dropped;
    capture->last = now;
}

bool capture_empty(struct capture *capture)
{
    capture_poll(capture);
    return capture->counted - capture->dropped <= capture->read;
}

bool capture_attached(const struct capture *capture)
{
    return bound_to(pcap_fileno(capture->pcap)) == (int)capture->ifindex;
}

unsigned capture_ifindex(const struct capture *capture)
{
    return capture->ifindex;
}

bool capture_wants_timer(struct capture *capture)
{
    return pcap_get_required_select_timeout(capture->pcap) != NULL;
}

/* The kernel allows any byte in a name but blanks, colons and slashes. */
static void put_name(const char *name, FILE *to)
{
    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        if (*p < 0x20 || *p >= 0x7f)
            fprintf(to, "\\u%04x", *p);
        else
            fprintf(to, "%s%c", *p == '"' || *p == '\\' ? "\\" : "", *p);
    }
}

static void list_json(const pcap_if_t *i, FILE *to)
{
    const char *sep = "";
    fputc('[', to);
    for (; i; i = i->next, sep = ",") {
        fprintf(to, "%s{\"name\":\"", sep);
        put_name(i->name, to);
        fprintf(to, "\",\"up\":%s,\"running\":%s,\"loopback\":%s}",
                i->flags & PCAP_IF_UP ? "true" : "false",
                i->flags & PCAP_IF_RUNNING ? "true" : "false",
                i->flags & PCAP_IF_LOOPBACK ? "true" : "false");
    }
    fputs("]\n", to);
}

static void list_text(const pcap_if_t *i, FILE *to)
{
    int width = 0;
    for (const pcap_if_t *k = i; k; k = k->next) {
        int n = (int)strlen(k->name);
        width = n > width ? n : width;
    }
    for (; i; i = i->next) {
        const char *what = i->description                ? i->description
                           : i->flags & PCAP_IF_LOOPBACK ? "loopback"
                                                         : NULL;
        fprintf(to, "%-*s  %s%s%s\n", width, i->name, i->flags & PCAP_IF_UP ? "up" : "down",
                !what                   ? ""
                : i->flags & PCAP_IF_UP ? "    "
                                        : "  ",
                what ? what : "");
    }
}

int capture_list(bool json, FILE *to, struct wn_error *err)
{
    char text[PCAP_ERRBUF_SIZE];
    pcap_if_t *all = NULL;
    if (pcap_findalldevs(&all, text) < 0)
        return wn_fail(err, -EIO, WN_NOWHERE, "%s", text);
    if (json)
        list_json(all, to);
    else
        list_text(all, to);
    pcap_freealldevs(all);
    return 0;
}

const char *capture_version(void)
{
    return pcap_lib_version();
}
