/* SPDX-License-Identifier: MIT */
#include "jit/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008u /* Linux 6.3 */
#endif

#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

/**
 * The file itself need not be executable for a mapping of it to be. Asking for
 * that openly is required at vm.memfd_noexec = 2 and unknown to old kernels.
 */
static int open_memory(void)
{
    unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = memfd_create("winnow-code", flags | MFD_NOEXEC_SEAL);
    return fd < 0 && errno == EINVAL ? memfd_create("winnow-code", flags) : fd;
}

static bool write_all(int fd, const uint8_t *from, size_t bytes)
{
    while (bytes) {
        ssize_t n = write(fd, from, bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        from += n;
        bytes -= (size_t)n;
    }
    return true;
}

/** MAP_PRIVATE: kernels before 6.7 refuse a shared mapping of a file sealed against writing. */
static const char *fill_and_map(int fd, const uint8_t *code, size_t bytes, void **at)
{
    if (!write_all(fd, code, bytes))
        return "writing the code to memory";
    if (fcntl(fd, F_ADD_SEALS, SEALS))
        return "sealing the code";
    *at = mmap(NULL, bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    return *at == MAP_FAILED ? "mapping the code executable" : NULL;
}

int wn_pages_seal(const uint8_t *code, size_t bytes, const uint8_t **out, struct wn_error *err)
{
    int fd = open_memory();
    if (fd < 0)
        return wn_fail(err, WN_E_NOJIT, WN_NOWHERE, "no memory file for code: %s", strerror(errno));
    void *at = MAP_FAILED;
    const char *failed = fill_and_map(fd, code, bytes, &at);
    int why = errno;
    close(fd);
    if (failed)
        return wn_fail(err, WN_E_NOJIT, WN_NOWHERE, "%s: %s", failed, strerror(why));
    __builtin___clear_cache((char *)at, (char *)at + bytes);
    *out = at;
    return 0;
}

void wn_pages_unmap(const uint8_t *code, size_t bytes)
{
    if (code)
        munmap((void *)(uintptr_t)code, bytes);
}
