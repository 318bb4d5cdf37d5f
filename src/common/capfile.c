/* SPDX-License-Identifier: MIT */
#include "common/capfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "common/own.h"

enum { READ_BUFFER = 1 << 20 };

struct capfile {
    pcap_t *pcap;
    FILE *stream; /* closed by pcap once that is there */
    char *buffer; /* of the stream, so freed after it */
    char *name;
    int dlt, linktype;
    uint64_t packets;
};

void capfile_close(struct capfile *file)
{
    if (!file)
        return;
    if (file->pcap)
        pcap_close(file->pcap);
    else if (file->stream)
        fclose(file->stream);
    free(file->buffer);
    free(file->name);
    free(file);
}

OWN_BY(capfile, struct capfile, capfile_close)

static int open_stream(struct capfile *f, const char *path, struct wn_error *err)
{
    struct stat st;
    bool standard = strcmp(path, "-") == 0;
    f->name = strdup(standard ? "standard input" : path);
    f->buffer = malloc(READ_BUFFER);
    if (!f->name || !f->buffer)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "no memory");
    /* A stream of our own, for its buffer does not outlive us. */
    int fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    f->stream = fd >= 0 ? fdopen(fd, "rb") : NULL;
    if (fd >= 0 && !f->stream)
        close(fd);
    if (!f->stream || fstat(fileno(f->stream), &st) != 0)
        return wn_fail(err, -errno, WN_NOWHERE, "%.80s: %s", f->name, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return wn_fail(err, -EISDIR, WN_NOWHERE, "%.80s: %s", f->name, strerror(EISDIR));
    setvbuf(f->stream, f->buffer, _IOFBF, READ_BUFFER);
    return 0;
}

/** What can be said better than libpcap does, from the first byte. */
static int look(struct capfile *f, struct wn_error *err)
{
    int c = getc(f->stream);
    if (c == EOF && ferror(f->stream))
        return wn_fail(err, -errno, WN_NOWHERE, "%.80s: %s", f->name, strerror(errno));
    if (c == EOF)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "%.80s: the file is empty", f->name);
    ungetc(c, f->stream);
    const char *tool = c == 0x1f ? "zcat" : c == 0x28 ? "zstdcat" : c == 0xfd ? "xzcat" : NULL;
    if (tool)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "%.80s: compressed; use %s and read from -",
                       f->name, tool);
    return 0;
}

int capfile_open(const char *path, struct capfile **out, struct wn_error *err)
{
    char text[PCAP_ERRBUF_SIZE];
    OWN(capfile) struct capfile *f = calloc(1, sizeof *f);
    if (!f)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "no memory");
    int r = open_stream(f, path, err);
    if (!r)
        r = look(f, err);
    if (r)
        return r;
    f->pcap = pcap_fopen_offline_with_tstamp_precision(f->stream, PCAP_TSTAMP_PRECISION_NANO, text);
    if (!f->pcap)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "%.60s: %s", f->name, text);
    f->dlt = pcap_datalink(f->pcap);
    f->linktype = capfile_linktype_of_dlt(f->dlt);
    *out = give(f);
    return 0;
}

int capfile_next(struct capfile *file, struct wn_packet *pkt, struct wn_error *err)
{
    struct pcap_pkthdr *h;
    const u_char *data;
    int r = pcap_next_ex(file->pcap, &h, &data);
    if (r == PCAP_ERROR_BREAK)
        return 0;
    if (r != 1)
        return wn_fail(err, ferror(file->stream) ? -EIO : WN_E_FORMAT, WN_NOWHERE,
                       "%.50s: packet %" PRIu64 ": %.80s", file->name, file->packets + 1,
                       pcap_geterr(file->pcap));
    file->packets++;
    *pkt = (struct wn_packet){
        .data = data,
        .caplen = h->caplen,
        .wirelen = h->len < h->caplen ? h->caplen : h->len,
        .time_ns = (uint64_t)h->ts.tv_sec * 1000000000 + (uint64_t)h->ts.tv_usec,
    };
    return 1;
}

const char *capfile_name(const struct capfile *file)
{
    return file->name;
}

int capfile_dlt(const struct capfile *file)
{
    return file->dlt;
}

int capfile_linktype(const struct capfile *file)
{
    return file->linktype;
}

uint32_t capfile_snaplen(const struct capfile *file)
{
    return (uint32_t)pcap_snapshot(file->pcap);
}

/*
 * libpcap knows the values, but only shows them in the files it writes. So it
 * writes the header of one, into memory.
 */
int capfile_linktype_of_dlt(int dlt)
{
    uint32_t head[6] = {0};
    pcap_t *dead = pcap_open_dead(dlt, 65535);
    FILE *stream = fmemopen(head, sizeof head, "wb");
    pcap_dumper_t *dumper = dead && stream ? pcap_dump_fopen(dead, stream) : NULL;
    if (dumper)
        pcap_dump_close(dumper); /* and the stream */
    else if (stream)
        fclose(stream);
    if (dead)
        pcap_close(dead);
    return dumper ? (int)(head[5] & 0xffff) : -1;
}

const char *capfile_dlt_name(int dlt)
{
    static _Thread_local char text[16];
    const char *name = pcap_datalink_val_to_name(dlt);
    snprintf(text, sizeof text, "DLT %d", dlt);
    return name ? name : text;
}
