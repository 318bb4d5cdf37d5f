/* SPDX-License-Identifier: MIT */
#include "daemon/writer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/pcapng.h"
#include "daemon/stats.h"

enum {
    STATISTICS_MAX = 128,  /* bytes of one statistics block */
    SOURCES_MAX = 1 << 16, /* ids are small; more is a mistake */
};

int writer_init(struct writer *w, struct stat_output *stats, size_t cap)
{
    *w = (struct writer){.fd = -1, .linktype = -1, .stats = stats, .cap = cap};
    w->buf = malloc(cap);
    return w->buf ? 0 : -ENOMEM;
}

void writer_fini(struct writer *w)
{
    for (size_t i = 0; i < w->n_sources; i++) {
        free(w->sources[i].name);
        free(w->sources[i].filter);
    }
    free(w->sources);
    free(w->buf);
    *w = (struct writer){.fd = -1};
}

static void put_section(struct writer *w)
{
    struct utsname un;
    char os[sizeof un.sysname + sizeof un.release] = "Linux";
    if (uname(&un) == 0)
        snprintf(os, sizeof os, "%s %s", un.sysname, un.release);
    struct pcapng_section s = {.os = os, .application = "winnow " WN_VERSION};
    w->len += pcapng_section(w->buf + w->len, w->cap - w->len, &s);
}

void writer_begin(struct writer *w, int fd, bool pcap, enum writer_wait wait)
{
    struct stat st;
    w->fd = fd;
    w->pcap = pcap;
    w->wait = wait;
    w->regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    off_t at = w->regular ? lseek(fd, 0, SEEK_CUR) : 0;
    w->base = at > 0 ? (uint64_t)at : 0;
    w->good = 0;
    w->packets = 0;
    w->interfaces = 0;
    w->linktype = -1;
    for (size_t i = 0; i < w->n_sources; i++)
        w->sources[i].interface = 0;
    if (!pcap)
        put_section(w);
}

void writer_end(struct writer *w)
{
    w->fd = -1;
    w->done = w->sent = w->len = 0;
}

size_t writer_record_size(const struct writer *w, uint32_t caplen)
{
    return w->pcap ? PCAP_PACKET_HEAD + (size_t)caplen : pcapng_packet_size(caplen);
}

size_t writer_trailer_size(const struct writer *w)
{
    return w->pcap ? 0 : (size_t)w->interfaces * STATISTICS_MAX;
}

/* Room. */

/** Move what is not written to the front, unless that would move much for little. */
static void compact(struct writer *w)
{
    if (w->done < w->cap / 4)
        return;
    memmove(w->buf, w->buf + w->done, w->len - w->done);
    w->sent -= w->done;
    w->len -= w->done;
    w->done = 0;
}

/** Room for n more bytes. A record larger than the buffer, which snaplen makes rare, enlarges it.
 */
static int reserve(struct writer *w, size_t n)
{
    if (n <= w->cap - w->len)
        return 0;
    int r = writer_flush(w);
    compact(w);
    if (n <= w->cap - w->len)
        return 0;
    if (r)
        return r == -EAGAIN ? -ENOBUFS : r;
    uint8_t *buf = w->len == 0 ? realloc(w->buf, n) : NULL;
    if (!buf)
        return -ENOMEM;
    w->buf = buf;
    w->cap = n;
    return 0;
}

/* Sources. */

static struct writer_source *source_at(struct writer *w, uint32_t id)
{
    if (id >= SOURCES_MAX)
        return NULL;
    if (id >= w->n_sources) {
        size_t n = id + 8;
        struct writer_source *s = realloc(w->sources, n * sizeof *s);
        if (!s)
            return NULL;
        memset(s + w->n_sources, 0, (n - w->n_sources) * sizeof *s);
        w->sources = s;
        w->n_sources = n;
    }
    return &w->sources[id];
}

/** Without memory for the texts a source is still known, by less. */
static void remember(struct writer_source *s, const struct output_source *src)
{
    if (s->known)
        return;
    s->known = true;
    s->name = src->name ? strdup(src->name) : NULL;
    s->filter = src->filter ? strdup(src->filter) : NULL;
    s->linktype = src->linktype;
    s->snaplen = src->snaplen;
}

static int describe_pcap(struct writer *w, struct writer_source *s, const struct output_source *src)
{
    if (w->linktype >= 0 && w->linktype != src->linktype)
        return -EPROTOTYPE;
    if (w->linktype < 0) {
        int r = reserve(w, PCAP_FILE_HEAD);
        if (r)
            return r;
        pcap_file_head(w->buf + w->len, (uint32_t)src->linktype, src->snaplen);
        w->len += PCAP_FILE_HEAD;
        w->linktype = src->linktype;
    }
    s->interface = 1;
    return 0;
}

static int describe(struct writer *w, struct writer_source *s, int linktype, uint32_t snaplen,
                    const char *name, const char *filter)
{
    struct pcapng_interface i = {
        .linktype = (uint16_t)linktype, .snaplen = snaplen, .name = name, .filter = filter};
    size_t n = pcapng_interface(NULL, 0, &i);
    int r = reserve(w, n);
    if (r)
        return r;
    w->len += pcapng_interface(w->buf + w->len, n, &i);
    s->interface = ++w->interfaces;
    return 0;
}

int writer_source(struct writer *w, const struct output_source *src)
{
    struct writer_source *s = source_at(w, src->id);
    if (!s)
        return -ENOMEM;
    if (s->interface)
        return 0;
    remember(s, src);
    if (w->pcap)
        return describe_pcap(w, s, src);
    return describe(w, s, src->linktype, src->snaplen, src->name, src->filter);
}

static inline bool described(const struct writer *w, uint32_t id)
{
    return id < w->n_sources && w->sources[id].interface;
}

/* Packets. */

int writer_packet(struct writer *w, const struct output_source *src, const struct wn_packet *pkt,
                  uint32_t keep)
{
    uint32_t n = keep < pkt->caplen ? keep : pkt->caplen;
    size_t size = writer_record_size(w, n);
    int r = described(w, src->id) ? 0 : writer_source(w, src);
    if (!r && size > w->cap - w->len)
        r = reserve(w, size);
    if (r)
        return r;
    struct writer_source *s = &w->sources[src->id];
    uint8_t *to = w->buf + w->len;
    if (w->pcap)
        pcap_packet(to, pkt->time_ns, pkt->data, n, pkt->wirelen);
    else
        pcapng_packet(to, s->interface - 1, pkt->time_ns, pkt->data, n, pkt->wirelen);
    w->len += size;
    w->queued++;
    w->queued_bytes += n;
    w->packets++;
    if (s->packets++ == 0)
        s->first_ns = pkt->time_ns;
    s->last_ns = pkt->time_ns;
    w->stats->queued_packets++;
    return 0;
}

/** The record that begins at `done`: its length, and the packet bytes in it or -1. */
static size_t record_at(const struct writer *w, int64_t *packet)
{
    const uint8_t *p = w->buf + w->done;
    *packet = -1;
    if (w->pcap && w->good == 0)
        return PCAP_FILE_HEAD;
    if (w->pcap) {
        *packet = pcapng_get32(p + 8);
        return PCAP_PACKET_HEAD + (size_t)*packet;
    }
    if (pcapng_get32(p) == PCAPNG_PACKET)
        *packet = pcapng_get32(p + 20);
    return pcapng_get32(p + 4);
}

static void count_written(struct writer *w, uint64_t packets, uint64_t bytes)
{
    w->queued -= packets;
    w->queued_bytes -= bytes;
    w->stats->queued_packets -= packets;
    w->stats->written_packets += packets;
    w->stats->written_bytes += bytes;
}

/** Count what `sent` has reached. */
static void advance(struct writer *w)
{
    if (w->sent == w->len) { /* the usual case needs no look at the records */
        w->good += w->len - w->done;
        count_written(w, w->queued, w->queued_bytes);
        w->done = w->sent = w->len = 0;
        return;
    }
    while (w->done < w->sent) {
        int64_t packet;
        size_t size = record_at(w, &packet);
        if (size > w->sent - w->done)
            break;
        if (packet >= 0)
            count_written(w, 1, (uint64_t)packet);
        w->done += size;
        w->good += size;
    }
}

/** Cut a regular file back to its last whole record. */
static void cut(struct writer *w)
{
    if (!w->regular || w->sent == w->done)
        return;
    off_t end = (off_t)(w->base + w->good);
    /* Should the first fail, the second still makes the next write mend the file. */
    if (ftruncate(w->fd, end) != 0)
        w->stats->write_errors++;
    if (lseek(w->fd, end, SEEK_SET) == end)
        w->sent = w->done;
}

/** How much a write may take without blocking: a ready pipe has room for PIPE_BUF. */
static ssize_t room(const struct writer *w)
{
    if (w->regular || w->wait == WRITER_BLOCK)
        return (ssize_t)(w->len - w->sent);
    struct pollfd p = {.fd = w->fd, .events = POLLOUT};
    int r = poll(&p, 1, 0);
    if (r < 0)
        return errno == EINTR ? 0 : -errno;
    size_t n = w->len - w->sent;
    return r == 0 ? 0 : (ssize_t)(n < PIPE_BUF ? n : PIPE_BUF);
}

static int wait_for_room(const struct writer *w)
{
    struct pollfd p = {.fd = w->fd, .events = POLLOUT};
    if (w->wait == WRITER_NO_WAIT)
        return -EAGAIN;
    return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

/** One write(). Returns 0 if it moved anything or should be tried again. */
static int write_some(struct writer *w)
{
    ssize_t n = room(w);
    if (n <= 0)
        return n < 0 ? (int)n : -EAGAIN;
    ssize_t wrote = write(w->fd, w->buf + w->sent, (size_t)n);
    if (wrote > 0) {
        w->sent += (size_t)wrote;
        return 0;
    }
    if (wrote == 0)
        return -EIO; /* no regular file does this; it must not become a loop */
    if (errno == EINTR)
        return 0;
    if (errno == EAGAIN)
        return wait_for_room(w);
    return -errno;
}

int writer_flush(struct writer *w)
{
    int r = w->fd < 0 && w->len ? -EBADF : 0;
    while (!r && w->sent < w->len)
        r = write_some(w);
    if (r && r != -EAGAIN)
        w->stats->write_errors++;
    advance(w);
    if (r)
        cut(w);
    return r;
}

/* The end. */

static const struct output_totals *totals_of(uint32_t id, const struct output_totals *totals,
                                             size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (totals[i].source == id)
            return &totals[i];
    return NULL;
}

static void put_statistics(struct writer *w, const struct writer_source *s,
                           const struct output_totals *t, uint64_t now_ns)
{
    struct pcapng_statistics block = {
        .interface = s->interface - 1,
        .time_ns = now_ns ? now_ns : s->last_ns,
        .start_ns = s->first_ns,
        .end_ns = s->last_ns,
        .received = t ? t->received : UINT64_MAX,
        .dropped = t ? t->dropped : UINT64_MAX,
        .accepted = t ? t->accepted : UINT64_MAX,
        .delivered = s->packets,
    };
    if (reserve(w, STATISTICS_MAX) == 0)
        w->len += pcapng_statistics(w->buf + w->len, w->cap - w->len, &block);
}

/** A file without packets from anywhere: readers want to know the link type all the same. */
static void put_nothing(struct writer *w)
{
    struct writer_source *s = NULL;
    for (size_t i = 0; !s && i < w->n_sources; i++)
        s = w->sources[i].known ? &w->sources[i] : NULL;
    struct writer_source ethernet = {.linktype = 1, .snaplen = 262144};
    s = s ? s : &ethernet;
    if (!w->pcap) {
        (void)describe(w, s, s->linktype, s->snaplen, s->name, s->filter);
    } else if (reserve(w, PCAP_FILE_HEAD) == 0) {
        pcap_file_head(w->buf + w->len, (uint32_t)s->linktype, s->snaplen);
        w->len += PCAP_FILE_HEAD;
        w->linktype = s->linktype;
    }
}

void writer_trailer(struct writer *w, const struct output_totals *totals, size_t n, uint64_t now_ns)
{
    if (w->pcap ? w->linktype < 0 : w->interfaces == 0)
        put_nothing(w);
    for (uint32_t id = 0; !w->pcap && id < w->n_sources; id++) {
        struct writer_source *s = &w->sources[id];
        if (s->known && !s->interface)
            (void)describe(w, s, s->linktype, s->snaplen, s->name, s->filter);
        if (s->interface)
            put_statistics(w, s, totals_of(id, totals, n), now_ns);
    }
}

uint64_t writer_discard(struct writer *w, uint64_t *cause)
{
    uint64_t n = w->queued;
    *cause += n;
    w->stats->queued_packets -= n;
    w->queued = w->queued_bytes = 0;
    w->done = w->sent = w->len = 0;
    return n;
}
