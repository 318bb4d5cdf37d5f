/* SPDX-License-Identifier: MIT */
#include "daemon/conf_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/own.h"

enum { FILE_MAX_BYTES = 1 << 20, FILES_MAX = 256, TRIES = 3 };

static inline void own_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

void conf_file_trust(const struct stat *st, struct diag_place at, struct diag_list *diags)
{
    if (st->st_mode & (S_IWGRP | S_IWOTH))
        diag_add(diags, DIAG_C071, at, "chmod go-w", "%s is writable by %s",
                 at.key ? "the file" : "it", st->st_mode & S_IWOTH ? "everybody" : "its group");
    if (st->st_uid != 0 && st->st_uid != geteuid())
        diag_add(diags, DIAG_C071, at, NULL, "%s belongs to user %u, not to root or the service",
                 at.key ? "the file" : "it", (unsigned)st->st_uid);
}

/** Read up to FILE_MAX_BYTES + 1 bytes from the start; negative errno on failure. */
static ssize_t read_all(int fd, char *bytes)
{
    size_t size = 0;
    while (size <= FILE_MAX_BYTES) {
        ssize_t n = pread(fd, bytes + size, FILE_MAX_BYTES + 1 - size, (off_t)size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        size += (size_t)n;
    }
    return (ssize_t)size;
}

static bool same_version(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/** What the file held at one moment: read again if somebody was just writing it. */
static int read_version(int fd, char *bytes, size_t *size, struct stat *st)
{
    for (int i = 0; i < TRIES; i++) {
        struct stat after;
        if (fstat(fd, st) < 0)
            return -errno;
        if (!S_ISREG(st->st_mode))
            return S_ISDIR(st->st_mode) ? -EISDIR : -EINVAL;
        ssize_t n = read_all(fd, bytes);
        if (n < 0)
            return (int)n;
        if (fstat(fd, &after) < 0)
            return -errno;
        *size = (size_t)n;
        if (n > FILE_MAX_BYTES)
            return -EFBIG;
        if (same_version(st, &after))
            return 0;
    }
    return -EBUSY;
}

static void read_file(struct conf_input *in, struct conf_file *file)
{
    struct diag_place at = {.file = file->path};
    OWN(fd) int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st = {0};
    file->bytes = malloc(FILE_MAX_BYTES + 1);
    int ret = !file->bytes ? -ENOMEM
              : fd < 0     ? -errno
                           : read_version(fd, file->bytes, &file->size, &st);
    if (ret < 0) {
        file->size = 0;
        const char *why = ret == -EINVAL  ? "it is not a file"
                          : ret == -EBUSY ? "it is being written"
                                          : strerror(-ret);
        diag_add(in->diags, DIAG_C001, at, NULL, "cannot be read: %s", why);
        return;
    }
    char *less = realloc(file->bytes, file->size + 1);
    if (less)
        file->bytes = less;
    conf_file_trust(&st, at, in->diags);
}

/** Append a path to the configuration's files; takes the path, also on failure. */
static void add_path(struct conf_input *in, char *path)
{
    struct conf *conf = in->conf;
    char **paths = NULL;
    struct conf_file *files = NULL;
    if (path && (paths = reallocarray(conf->files, conf->n_files + 1, sizeof(*paths))))
        conf->files = paths;
    if (paths && (files = reallocarray(in->files, conf->n_files + 1, sizeof(*files))))
        in->files = files;
    if (!files) {
        in->no_memory = true;
        free(path);
        return;
    }
    in->files[conf->n_files] = (struct conf_file){.path = path};
    conf->files[conf->n_files++] = path;
}

static int is_drop_in(const struct dirent *d)
{
    size_t len = strlen(d->d_name);
    return d->d_name[0] != '.' && len > 5 && strcmp(d->d_name + len - 5, ".conf") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/** The files of conf.d in the main file's directory, if there is one. */
static void find_drop_ins(struct conf_input *in, const char *path)
{
    const char *slash = strrchr(path, '/');
    int dir_len = slash ? (int)(slash - path) + 1 : 0;
    OWN(free) char *dir = NULL;
    if (asprintf(&dir, "%.*sconf.d", dir_len, path) < 0) {
        dir = NULL;
        in->no_memory = true;
        return;
    }
    struct dirent **found;
    int n = scandir(dir, &found, is_drop_in, by_bytes);
    if (n < 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            diag_add(in->diags, DIAG_C001, (struct diag_place){.file = dir}, NULL,
                     "cannot be read: %s", strerror(errno));
        return;
    }
    for (int i = 0; i < n; i++) {
        char *file = NULL;
        if (i < FILES_MAX && asprintf(&file, "%s/%s", dir, found[i]->d_name) < 0)
            file = NULL;
        if (i < FILES_MAX)
            add_path(in, file);
        free(found[i]);
    }
    free(found);
    if (n > FILES_MAX)
        diag_add(in->diags, DIAG_C018, (struct diag_place){.file = dir}, NULL, "more than %d files",
                 FILES_MAX);
}

/** Names and contents, each with its length, so that no two sets of files look alike. */
static void hash_files(struct conf_input *in)
{
    SHA2_CTX ctx;
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256Init(&ctx);
    for (size_t i = 0; i < in->conf->n_files; i++) {
        const struct conf_file *file = &in->files[i];
        char head[32];
        int n = snprintf(head, sizeof(head), "%zu %zu\n", strlen(file->path), file->size);
        SHA256Update(&ctx, (const uint8_t *)head, (size_t)n);
        SHA256Update(&ctx, (const uint8_t *)file->path, strlen(file->path));
        SHA256Update(&ctx, (const uint8_t *)file->bytes, file->size);
    }
    SHA256Final(digest, &ctx);
    for (size_t i = 0; i + 1 < sizeof(in->conf->id); i += 2)
        snprintf(in->conf->id + i, 3, "%02x", digest[i / 2]);
}

void conf_files_read(struct conf_input *in, const char *path)
{
    add_path(in, strdup(path));
    find_drop_ins(in, path);
    if (in->no_memory)
        return;
    for (size_t i = 0; i < in->conf->n_files; i++)
        read_file(in, &in->files[i]);
    hash_files(in);
}
