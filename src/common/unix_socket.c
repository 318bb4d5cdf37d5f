/* SPDX-License-Identifier: MIT */
#include "common/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <winnow/err.h>

#include "common/clock.h"
#include "common/own.h"

#define BACKLOG    SOMAXCONN /* whoever floods it shall not keep others out */
#define LOCK_TRIES 8

static inline void own_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static int give_fd(int *fd)
{
    int given = *fd;
    *fd = -1;
    return given;
}

static int fail_errno(struct wn_error *err, const char *path, const char *what)
{
    int code = -errno;
    return wn_fail(err, code, WN_NOWHERE, "%s: %s: %s", path, what, strerror(-code));
}

static int fill_address(const char *path, struct sockaddr_un *addr, struct wn_error *err)
{
    *addr = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof addr->sun_path)
        return wn_fail(err, -ENAMETOOLONG, WN_NOWHERE,
                       "%.80s...: path of a socket is longer than %zu bytes", path,
                       sizeof addr->sun_path - 1);
    memcpy(addr->sun_path, path, strlen(path) + 1);
    return 0;
}

static int fail_held(int fd, const char *path, struct wn_error *err)
{
    char pid[24] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
    pid[n > 0 ? strspn(pid, "0123456789") : 0] = '\0';
    return wn_fail(err, -EBUSY, WN_NOWHERE, "another daemon (pid %s) serves %s",
                   *pid ? pid : "unknown", path);
}

/*
 * The lock dies with its holder, so a stale file is no obstacle. It is removed
 * at a graceful end; whoever opened it before must look whether it is still
 * the one at the path.
 */
static int take_lock(const char *path, int *out, struct wn_error *err)
{
    char name[sizeof(struct sockaddr_un) + 8];
    snprintf(name, sizeof name, "%s.lock", path);

    for (int i = 0; i < LOCK_TRIES; i++) {
        struct stat mine, there;
        OWN(fd) int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
        if (fd < 0)
            return fail_errno(err, name, "cannot open the lock file");
        if (fstat(fd, &mine) || !S_ISREG(mine.st_mode))
            return wn_fail(err, -EEXIST, WN_NOWHERE, "%s: not a regular file", name);
        if (flock(fd, LOCK_EX | LOCK_NB))
            return errno == EWOULDBLOCK ? fail_held(fd, path, err)
                                        : fail_errno(err, name, "cannot lock");
        if (lstat(name, &there) || there.st_dev != mine.st_dev || there.st_ino != mine.st_ino)
            continue;
        if (ftruncate(fd, 0) || dprintf(fd, "%d\n", (int)getpid()) < 0)
            return fail_errno(err, name, "cannot write");
        *out = give_fd(&fd);
        return 0;
    }
    return wn_fail(err, -EBUSY, WN_NOWHERE, "%s: the lock file keeps changing", name);
}

static void drop_lock(const char *path, int fd)
{
    char name[sizeof(struct sockaddr_un) + 8];
    snprintf(name, sizeof name, "%s.lock", path);
    unlink(name);
    close(fd);
}

/* Only a socket of our own may be replaced. */
static int check_place(const char *path, struct wn_error *err)
{
    struct stat st;
    if (lstat(path, &st))
        return errno == ENOENT ? 0 : fail_errno(err, path, "cannot look at it");
    if (!S_ISSOCK(st.st_mode))
        return wn_fail(err, -EEXIST, WN_NOWHERE,
                       "%s: is there and no socket; move it away or choose another path", path);
    if (st.st_uid != geteuid() && geteuid() != 0)
        return wn_fail(err, -EEXIST, WN_NOWHERE, "%s: is a socket of uid %u; remove it first", path,
                       (unsigned)st.st_uid);
    return 0;
}

/* A directory may give its own group to what is made in it. A service may be denied any chown, so
   there is none where the group is right. */
static int set_group(const char *aside, gid_t gid, const char *path, const char *name,
                     struct wn_error *err)
{
    struct stat st;
    if (lstat(aside, &st))
        return fail_errno(err, path, "cannot look at the socket");
    if (st.st_gid == gid || !lchown(aside, (uid_t)-1, gid))
        return 0;
    int code = -errno;
    return wn_fail(err, code, WN_NOWHERE,
                   "%s: cannot give the socket to group %s: %s; run with that group, or choose "
                   "another as [control] group",
                   path, name, strerror(-code));
}

static int bind_private(int fd, const struct sockaddr_un *addr)
{
    mode_t before = umask(0177);
    int result = bind(fd, (const struct sockaddr *)addr, sizeof *addr);
    umask(before);
    return result;
}

/* Listen under a name of our own in the same directory, ready to be renamed. */
static int listen_aside(const char *path, const char *aside, mode_t mode, const char *group,
                        struct unix_listener *out, struct wn_error *err)
{
    struct sockaddr_un addr;
    struct stat st = {0};
    int code = fill_address(aside, &addr, err);
    if (code)
        return code;

    OWN(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail_errno(err, path, "cannot make a socket");
    if (unlink(aside) && errno != ENOENT)
        return fail_errno(err, aside, "cannot remove what an earlier start left");
    if (bind_private(fd, &addr))
        return fail_errno(err, path, "cannot make the socket there");
    const struct group *entry = group ? getgrnam(group) : NULL;
    out->own_group = group && !entry;
    code = set_group(aside, entry ? entry->gr_gid : getegid(), path,
                     entry ? group : "of this process", err);
    if (code) {
        unlink(aside);
        return code;
    }
    if (chmod(aside, mode) || listen(fd, BACKLOG) || lstat(aside, &st)) {
        code = fail_errno(err, path, "cannot prepare the socket");
        unlink(aside);
        return code;
    }
    out->device = st.st_dev;
    out->inode = st.st_ino;
    out->fd = give_fd(&fd);
    return 0;
}

static int put_in_place(const char *path, mode_t mode, const char *group, struct unix_listener *out,
                        struct wn_error *err)
{
    char dir[sizeof(struct sockaddr_un)], aside[sizeof dir + 32];
    snprintf(dir, sizeof dir, "%s", path);
    snprintf(aside, sizeof aside, "%s/.ctl.%d", dirname(dir), (int)getpid());

    int code = check_place(path, err);
    if (!code)
        code = listen_aside(path, aside, mode, group, out, err);
    if (!code && rename(aside, path)) {
        code = fail_errno(err, path, "cannot put the socket there");
        unlink(aside);
        close(out->fd);
    }
    return code;
}

int unix_listener_open(const char *path, mode_t mode, const char *group, struct unix_listener *out,
                       struct wn_error *err)
{
    struct sockaddr_un addr;
    struct unix_listener listener = {.fd = -1, .lock = -1};
    int code = fill_address(path, &addr, err);
    if (!code)
        code = take_lock(path, &listener.lock, err);
    if (code)
        return code;

    listener.path = strdup(path);
    code = listener.path ? put_in_place(path, mode, group, &listener, err)
                         : wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    if (code) {
        free(listener.path);
        drop_lock(path, listener.lock);
        return code;
    }
    *out = listener;
    return 0;
}

void unix_listener_close(struct unix_listener *listener)
{
    struct stat st;
    if (!lstat(listener->path, &st) && st.st_dev == listener->device &&
        st.st_ino == listener->inode)
        unlink(listener->path);
    close(listener->fd);
    drop_lock(listener->path, listener->lock);
    free(listener->path);
    *listener = (struct unix_listener){.fd = -1, .lock = -1};
}

static long long now_ms(void)
{
    return (long long)(clock_ns(CLOCK_MONOTONIC) / CLOCK_MS);
}

int unix_connect(const char *path, int timeout_ms, int *out, struct wn_error *err)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    long long end = now_ms() + timeout_ms;
    struct sockaddr_un addr;
    int code = fill_address(path, &addr, err);
    if (code)
        return code;

    OWN(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail_errno(err, path, "cannot make a socket");
    /* A full backlog is EAGAIN here, and nothing to poll for. */
    while (connect(fd, (const struct sockaddr *)&addr, sizeof addr)) {
        if (errno != EAGAIN && errno != EINTR)
            return fail_errno(err, path, "cannot connect");
        if (now_ms() >= end)
            return wn_fail(err, -ETIMEDOUT, WN_NOWHERE, "%s: does not accept connections", path);
        nanosleep(&pause, NULL);
    }
    *out = give_fd(&fd);
    return 0;
}

int unix_peer_get(int fd, struct unix_peer *out)
{
    struct ucred cred;
    socklen_t len = sizeof cred;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
        return -errno;
    *out = (struct unix_peer){.pid = cred.pid, .uid = cred.uid, .gid = cred.gid};
    return 0;
}

bool unix_peer_in_group(int fd, gid_t gid)
{
    struct unix_peer peer = {.gid = (gid_t)-1};
    if (!unix_peer_get(fd, &peer) && peer.gid == gid)
        return true;

    /* The first call fails with ERANGE and says how much room the groups need. */
    socklen_t bytes = 0;
    if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &bytes) || errno != ERANGE)
        return false;
    OWN(free) gid_t *groups = malloc(bytes);
    if (!groups || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &bytes))
        return false;
    for (size_t i = 0; i < bytes / sizeof *groups; i++) {
        if (groups[i] == gid)
            return true;
    }
    return false;
}
