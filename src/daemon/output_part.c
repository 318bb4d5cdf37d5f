/* SPDX-License-Identifier: MIT */
#include "daemon/output_part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/conf.h"
#include "daemon/output_name.h"

enum { COPIES_MAX = 9999 };

static void let_go(struct output_part *part)
{
    if (part->fd >= 0)
        close(part->fd);
    if (part->dir >= 0)
        close(part->dir);
    part->fd = part->dir = -1;
}

/** 0 if nothing of that name is there, not even a link that leads nowhere; -EEXIST, -errno. */
static int check_free(int dir, const char *name)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return -EEXIST;
    return errno == ENOENT ? 0 : -errno;
}

/** Try one name. Returns -EEXIST if it is taken. */
static int create(struct output_part *part, const char *name)
{
    int r = check_free(part->dir, name);
    if (r)
        return r;
    snprintf(part->name, sizeof part->name, "%.*s" PART_SUFFIX, (int)(NAME_MAX - 5), name);
    part->fd = openat(part->dir, part->name,
                      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
    return part->fd < 0 ? -errno : 0;
}

static int create_any(struct output_part *part, const struct conf_output *conf, uint64_t now_ns,
                      uint64_t *seq)
{
    struct output_name with = {.output = conf->name, .now_ns = now_ns};
    bool numbered = strstr(conf->pattern, "%{seq") != NULL;
    for (with.copy = 1; with.copy <= COPIES_MAX; with.copy++) {
        char name[NAME_MAX + 1];
        with.seq = *seq;
        int r = output_name_print(conf->pattern, &with, name, sizeof name);
        if (!r)
            r = create(part, name);
        if (r != -EEXIST)
            return r;
        if (numbered) { /* the next number is the better copy */
            ++*seq;
            with.copy = 0;
        }
    }
    return -EEXIST;
}

int output_part_open(struct output_part *part, const struct conf_output *conf, uint64_t now_ns,
                     uint64_t *seq, struct wn_error *err)
{
    *part = (struct output_part){.fd = -1};
    part->dir = open(conf->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (part->dir < 0)
        return wn_fail(err, -errno, WN_NOWHERE, "%.100s: %s", conf->dir, strerror(errno));
    int r = create_any(part, conf, now_ns, seq);
    if (r == -EINVAL || r == -ENAMETOOLONG)
        wn_fail(err, r, WN_NOWHERE, "name \"%.80s\" makes no file name", conf->pattern);
    else if (r)
        wn_fail(err, r, WN_NOWHERE, "%.100s: no new file: %s", conf->dir, strerror(-r));
    if (r) {
        let_go(part);
        return r;
    }
    /* Neither can hurt: without them the file is less readable, or is repaired once too often. */
    (void)fchmod(part->fd, conf->mode);
    (void)flock(part->fd, LOCK_EX | LOCK_NB);
    return 0;
}

/** Rename without ever replacing. */
static int rename_new(int dir, const char *from, const char *to)
{
    if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -errno;
    /* Some file systems cannot; a second link does not replace either. */
    if (linkat(dir, from, dir, to, 0) != 0)
        return -errno;
    return unlinkat(dir, from, 0) == 0 ? 0 : -errno;
}

static int rename_any(struct output_part *part, const char *name)
{
    const char *dot = strrchr(name, '.');
    int stem = (int)(dot && dot != name ? (size_t)(dot - name) : strlen(name));
    int r = -EEXIST;
    for (unsigned copy = 1; r == -EEXIST && copy <= COPIES_MAX; copy++) {
        char to[NAME_MAX + 1];
        int n = copy == 1 ? snprintf(to, sizeof to, "%s", name)
                          : snprintf(to, sizeof to, "%.*s-%u%s", stem, name, copy, name + stem);
        if (n < 0 || (size_t)n >= sizeof to)
            return -ENAMETOOLONG;
        r = rename_new(part->dir, part->name, to);
        if (!r)
            memcpy(part->name, to, sizeof to);
    }
    return r;
}

int output_part_complete(struct output_part *part, struct wn_error *err)
{
    struct stat st;
    char name[NAME_MAX + 1];
    snprintf(name, sizeof name, "%.*s", (int)(strlen(part->name) - strlen(PART_SUFFIX)),
             part->name);
    int r = fstat(part->fd, &st) == 0 && st.st_nlink == 0 ? -ENOENT : rename_any(part, name);
    if (r)
        wn_fail(err, r, WN_NOWHERE, "%.120s: %s", part->name,
                r == -ENOENT ? "was removed while it was written" : strerror(-r));
    let_go(part);
    return r;
}

void output_part_remove(struct output_part *part)
{
    (void)unlinkat(part->dir, part->name, 0);
    let_go(part);
}
