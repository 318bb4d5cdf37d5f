/* SPDX-License-Identifier: MIT */
/* What a process that was killed left behind. */
#include "daemon/output_part.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/own.h"
#include "daemon/conf.h"
#include "daemon/output_name.h"
#include "common/pcapng.h"

enum {
    CHUNK = 1 << 20,
    RECORD_MAX = 1 << 28, /* longer is no length but damage */
};

static void close_dir(DIR *dir)
{
    closedir(dir);
}

OWN_BY(dir, DIR, close_dir)

/** A file being measured, a piece of it at a time. */
struct scan {
    int fd;
    bool pcap;
    uint8_t *buf;
    size_t len;    /* bytes in buf */
    uint64_t at;   /* offset of buf in the file */
    uint64_t size; /* of the file */
};

/** n bytes at an offset; NULL where the file ends before. */
static const uint8_t *look(struct scan *s, uint64_t offset, size_t n)
{
    if (offset > s->size || n > s->size - offset)
        return NULL;
    if (offset < s->at || offset + n > s->at + s->len) {
        ssize_t got = pread(s->fd, s->buf, CHUNK, (off_t)offset);
        s->at = offset;
        s->len = got > 0 ? (size_t)got : 0;
    }
    return n <= s->len ? s->buf + (offset - s->at) : NULL;
}

/** Length of the whole record at an offset, and whether it is a packet; 0 if there is none. */
static uint64_t record(struct scan *s, uint64_t offset, bool *packet)
{
    *packet = s->pcap && offset > 0;
    if (s->pcap && offset == 0)
        return s->size >= PCAP_FILE_HEAD ? PCAP_FILE_HEAD : 0;
    const uint8_t *p = look(s, offset, s->pcap ? PCAP_PACKET_HEAD : 12);
    if (!p)
        return 0;
    if (s->pcap) {
        uint64_t len = PCAP_PACKET_HEAD + (uint64_t)pcapng_get32(p + 8);
        return len <= RECORD_MAX && len <= s->size - offset ? len : 0;
    }
    uint32_t len = pcapng_get32(p + 4);
    *packet = pcapng_get32(p) == PCAPNG_PACKET;
    if (len < 12 || len % 4 || len > RECORD_MAX)
        return 0;
    p = look(s, offset + len - 4, 4); /* the length once more */
    return p && pcapng_get32(p) == len ? len : 0;
}

int output_part_scan(int fd, uint64_t *good, uint64_t *packets)
{
    struct stat st;
    OWN(free) uint8_t *buf = malloc(CHUNK);
    if (!buf)
        return -ENOMEM;
    if (fstat(fd, &st) != 0)
        return -errno;
    struct scan s = {.fd = fd, .buf = buf, .size = (uint64_t)st.st_size};
    *good = *packets = 0;
    const uint8_t *head = look(&s, 0, 4);
    if (!head)
        return st.st_size == 0 ? 0 : -EINVAL;
    s.pcap = pcapng_get32(head) == PCAP_MAGIC_NS;
    if (!s.pcap) {
        head = look(&s, 0, 12);
        if (!head || pcapng_get32(head) != PCAPNG_SECTION || pcapng_get32(head + 8) != PCAPNG_ORDER)
            return -EINVAL;
    }
    for (;;) {
        bool packet;
        uint64_t n = record(&s, *good, &packet);
        if (n == 0)
            return 0;
        *good += n;
        *packets += packet;
    }
}

/** Say what happened to a leftover; never silently. */
static void report(const struct conf_output *conf, const char *name, int r, uint64_t packets,
                   uint64_t cut, const struct wn_error *err)
{
    if (r)
        log_event(LEVEL_WARNING, "output.leftover", "output %s: %s/%s is left as it is: %s",
                  conf->name, conf->dir, name, r == -EINVAL ? "not a file of ours" : err->text);
    else
        log_event(LEVEL_NOTICE, "output.recovered",
                  "output %s: %s/%s recovered: %" PRIu64 " packets, %" PRIu64 " bytes cut off",
                  conf->name, conf->dir, name, packets, cut);
}

static void repair(const struct conf_output *conf, int dir, const char *name)
{
    struct stat st;
    struct wn_error err = {.text = "cannot be changed"};
    struct output_part part = {.dir = dup(dir)};
    uint64_t good = 0, packets = 0;
    part.fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    bool ours = part.dir >= 0 && part.fd >= 0 && fstat(part.fd, &st) == 0 && S_ISREG(st.st_mode) &&
                st.st_uid == geteuid() && flock(part.fd, LOCK_EX | LOCK_NB) == 0;
    int r = ours ? output_part_scan(part.fd, &good, &packets) : -EBUSY;
    if (r == 0 && good < (uint64_t)st.st_size && ftruncate(part.fd, (off_t)good) != 0)
        r = wn_fail(&err, -errno, WN_NOWHERE, "%s", strerror(errno));
    strncpy(part.name, name, sizeof part.name - 1);
    if (r == 0 && packets == 0) { /* killed before anything worth keeping was in it */
        output_part_remove(&part);
        log_event(LEVEL_INFO, "output.removed", "output %s: %s/%s held no packet", conf->name,
                  conf->dir, name);
        return;
    }
    if (r == 0) {
        r = output_part_complete(&part, &err);
    } else {
        if (part.fd >= 0)
            close(part.fd);
        if (part.dir >= 0)
            close(part.dir);
    }
    if (r != -EBUSY)
        report(conf, r ? name : part.name, r, packets, (uint64_t)st.st_size - good, &err);
}

/** The name without PART_SUFFIX; NULL if it has none. */
static char *without_suffix(const char *name)
{
    size_t len = strlen(name), suffix = strlen(PART_SUFFIX);
    if (len <= suffix || strcmp(name + len - suffix, PART_SUFFIX) != 0)
        return NULL;
    return strndup(name, len - suffix);
}

int output_part_repair(const struct conf_output *conf, uint64_t *seq, struct wn_error *err)
{
    OWN(dir) DIR *dir = opendir(conf->dir);
    if (!dir)
        return wn_fail(err, -errno, WN_NOWHERE, "%.100s: %s", conf->dir, strerror(errno));
    *seq = 1;
    for (const struct dirent *e; (e = readdir(dir));) {
        OWN(free) char *name = without_suffix(e->d_name);
        uint64_t n = 0;
        if (!output_name_parse(conf->pattern, conf->name, name ? name : e->d_name, &n))
            continue;
        if (n >= *seq)
            *seq = n + 1;
        if (name)
            repair(conf, dirfd(dir), e->d_name);
    }
    return 0;
}
