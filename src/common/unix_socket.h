/* SPDX-License-Identifier: MIT */
/** Unix stream sockets by path: without a moment of wrong mode, and who is at the other end. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct wn_error;

/** A listening socket and what must go when it does. */
struct unix_listener {
    int fd;
    int lock;     /* held for as long as the socket is served */
    char *path;   /* of the socket */
    dev_t device; /* with inode: whether what lies at path is still ours */
    ino_t inode;
    bool own_group; /* the group asked for does not exist: the socket has our own */
};

/**
 * Listen at a path. A lock (path + ".lock") keeps a second process away; a
 * socket left behind is replaced in one step, anything else is not touched.
 * The socket has its mode and group before anybody can connect.
 *
 * group   NULL: the process's own
 * out     set on success alone; let go of it with unix_listener_close()
 *
 * Returns 0, -EBUSY (another process holds the lock; err names its pid),
 * -EEXIST (something that is no socket of ours is there), -EPERM (the group is
 * not ours to give), or -errno.
 */
int unix_listener_open(const char *path, mode_t mode, const char *group, struct unix_listener *out,
                       struct wn_error *err);

/** Remove the socket if it is still ours, and release the lock. */
void unix_listener_close(struct unix_listener *listener);

/**
 * Connect to a path.
 *
 * fd   set on success alone; non-blocking, closed on exec
 *
 * Returns 0, -ETIMEDOUT, or -errno.
 */
int unix_connect(const char *path, int timeout_ms, int *fd, struct wn_error *err);

/** Who connected, as of then. */
struct unix_peer {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};

/** Returns 0 or -errno. */
int unix_peer_get(int fd, struct unix_peer *out);

/** Whether the peer's group, or one of its supplementary groups, is `gid`. */
bool unix_peer_in_group(int fd, gid_t gid);
