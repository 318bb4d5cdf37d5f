/* SPDX-License-Identifier: MIT */
/*
 * The format is that of the Linux kernel's
 * tools/perf/Documentation/jitdump-specification.txt: a header, then records,
 * all in the machine's own byte order.
 */
#include "jit/jitdump.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"
#include "jit/bytes.h"

#define MAGIC        UINT32_C(0x4a695444) /* "JiTD" on a big-endian machine */
#define VERSION      1
#define HEADER_BYTES 40

enum record { CODE_LOAD = 0, DEBUG_INFO = 2, CODE_CLOSE = 3 };

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_NONE
#endif

/* One a process, as perf looks for it under the process's number. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool is_open;
static struct {
    int fd;
    pid_t pid;
    off_t bytes;  /* written in whole records */
    int failed;   /* errno of a record that could not be written; none follow */
    void *marker; /* the mapping that perf sees */
    size_t marker_bytes;
    uint64_t next; /* number of the next code */
} dump;

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void put_header(struct wn_bytes *b)
{
    wn_bytes_u32(b, MAGIC);
    wn_bytes_u32(b, VERSION);
    wn_bytes_u32(b, HEADER_BYTES);
    wn_bytes_u32(b, MACHINE);
    wn_bytes_u32(b, 0);
    wn_bytes_u32(b, (uint32_t)dump.pid);
    wn_bytes_u64(b, now());
    wn_bytes_u64(b, 0);
}

/** Begin a record; returns where it does, for end_record(). */
static size_t begin_record(struct wn_bytes *b, enum record id)
{
    size_t at = b->len;
    wn_bytes_u32(b, id);
    wn_bytes_u32(b, 0);
    wn_bytes_u64(b, now());
    return at;
}

static void end_record(struct wn_bytes *b, size_t at)
{
    wn_bytes_set32(b, at + 4, (uint32_t)(b->len - at));
}

/** Slots of a part; comes before the part's code. What belongs to none goes on with the one before.
 */
static void put_lines(struct wn_bytes *b, const struct wn_code_file *f, const struct wn_part *part)
{
    size_t end, from = wn_part_lines(f->layout, part, &end);
    const struct wn_code_line *lines = f->layout->lines.data;
    uint64_t n = 0;
    for (size_t i = from; i < end; i++)
        n += lines[i].slot != WN_NOWHERE;
    if (n == 0)
        return;
    char source[WN_PART_NAME];
    snprintf(source, sizeof source, "%.140s.bpf", f->name);
    size_t at = begin_record(b, DEBUG_INFO);
    wn_bytes_u64(b, (uintptr_t)f->code + part->offset);
    wn_bytes_u64(b, n);
    for (size_t i = from; i < end; i++) {
        if (lines[i].slot == WN_NOWHERE)
            continue;
        wn_bytes_u64(b, (uintptr_t)f->code + lines[i].offset);
        wn_bytes_u32(b, lines[i].slot + 1);
        wn_bytes_u32(b, 0);
        wn_bytes_text(b, source);
    }
    end_record(b, at);
}

static void put_code(struct wn_bytes *b, const struct wn_code_file *f, const struct wn_part *part)
{
    char name[WN_PART_NAME];
    uint64_t address = (uintptr_t)f->code + part->offset;
    wn_part_name(part, f->name, f->prog, name);
    size_t at = begin_record(b, CODE_LOAD);
    wn_bytes_u32(b, (uint32_t)dump.pid);
    wn_bytes_u32(b, (uint32_t)syscall(SYS_gettid));
    wn_bytes_u64(b, address);
    wn_bytes_u64(b, address);
    wn_bytes_u64(b, part->bytes);
    wn_bytes_u64(b, dump.next++);
    wn_bytes_text(b, name);
    wn_bytes_put(b, f->code + part->offset, part->bytes);
    end_record(b, at);
}

/** Write whole records or none. */
static void write_records(const struct wn_bytes *b)
{
    size_t done = 0;
    while (done < b->len && !dump.failed) {
        ssize_t n = pwrite(dump.fd, b->data + done, b->len - done, dump.bytes + (off_t)done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            dump.failed = n == 0 ? ENOSPC : errno;
    }
    if (!dump.failed)
        dump.bytes += (off_t)b->len;
    else if (ftruncate(dump.fd, dump.bytes))
        return; /* a part of a record at the end is ignored by perf */
}

bool wn_jitdump_wanted(void)
{
    return atomic_load_explicit(&is_open, memory_order_relaxed);
}

int wn_jitdump_add(const struct wn_code_file *file, struct wn_error *err)
{
    struct wn_bytes b = {0};
    if (!wn_jitdump_wanted())
        return 0;
    pthread_mutex_lock(&lock);
    if (wn_jitdump_wanted() && !dump.failed && dump.pid == getpid()) {
        for (size_t i = 0; i < file->layout->parts.len; i++) {
            put_lines(&b, file, &file->layout->parts.data[i]);
            put_code(&b, file, &file->layout->parts.data[i]);
        }
        if (!b.failed)
            write_records(&b);
    }
    pthread_mutex_unlock(&lock);
    free(b.data);
    return b.failed ? wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory") : 0;
}

/** A file of ours and nobody else's, however the directory is shared. */
static int create(const char *path)
{
    if (unlink(path) && errno != ENOENT)
        return -1;
    return open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/** Open the file and write its header. The path is for messages too. */
static int start(const char *path, struct wn_error *err)
{
    struct wn_bytes b = {0};
    dump.pid = getpid();
    dump.bytes = 0;
    dump.failed = 0;
    dump.fd = create(path);
    if (dump.fd < 0)
        return wn_fail(err, -errno, WN_NOWHERE, "%.100s: %s", path, strerror(errno));
    put_header(&b);
    if (!b.failed)
        write_records(&b);
    free(b.data);
    int why = b.failed ? ENOMEM : dump.failed;
    dump.marker_bytes = (size_t)sysconf(_SC_PAGESIZE);
    dump.marker = MAP_FAILED;
    if (!why) {
        dump.marker = mmap(NULL, dump.marker_bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, dump.fd, 0);
        why = dump.marker == MAP_FAILED ? errno : 0;
    }
    if (!why)
        return 0;
    close(dump.fd);
    unlink(path);
    return wn_fail(err, -why, WN_NOWHERE, "%.100s: %s%s", path, strerror(why),
                   why == EPERM ? " (is the file system mounted noexec?)" : "");
}

int wn_jitdump_open(const char *dir, struct wn_error *err)
{
    size_t room = strlen(dir) + 40;
    WN_OWN(free) char *path = malloc(room);
    if (!path)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    snprintf(path, room, "%s/jit-%d.dump", dir, (int)getpid());
    pthread_mutex_lock(&lock);
    int r;
    if (wn_jitdump_wanted())
        r = wn_fail(err, -EBUSY, WN_NOWHERE, "programs are recorded already");
    else
        r = start(path, err);
    if (r == 0)
        atomic_store_explicit(&is_open, true, memory_order_relaxed);
    pthread_mutex_unlock(&lock);
    return r;
}

/** Write what ends the file, and let go of it. */
static int stop(void)
{
    struct wn_bytes b = {0};
    if (dump.pid == getpid()) {
        end_record(&b, begin_record(&b, CODE_CLOSE));
        if (!b.failed)
            write_records(&b);
        free(b.data);
    }
    munmap(dump.marker, dump.marker_bytes);
    close(dump.fd);
    return b.failed ? ENOMEM : dump.failed;
}

int wn_jitdump_close(struct wn_error *err)
{
    int failed = 0;
    pthread_mutex_lock(&lock);
    if (wn_jitdump_wanted()) {
        atomic_store_explicit(&is_open, false, memory_order_relaxed);
        failed = stop();
    }
    pthread_mutex_unlock(&lock);
    if (!failed)
        return 0;
    return wn_fail(err, -failed, WN_NOWHERE, "the jitdump file: %s", strerror(failed));
}
