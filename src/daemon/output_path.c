/* SPDX-License-Identifier: MIT */
#include "daemon/output_path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <winnow/err.h>

#include "daemon/output.h"

int output_open_path(const char *path, bool pcap, bool waiting, struct stat_output *stats,
                     struct output **out, struct wn_error *err)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                      : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        int e = errno;
        return wn_fail(err, -e, WN_NOWHERE, "%.90s: %s", path, wn_strerror(-e));
    }
    bool live = !waiting && !S_ISREG(st.st_mode);
    return output_open_fd(fd, standard ? "standard output" : path, pcap, live, stats, out, err);
}
