/* SPDX-License-Identifier: MIT */
/**
 * Our ring buffers against the kernel's: one program runs in both on the same random
 * calls; results, records, positions and wakeups must be the same.
 *
 *     ring SEED CALLS
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <winnow/map.h>
#include <winnow/prog.h>
#include <winnow/text.h>

#include "kernel.h"

enum { RING = 8192, DATA = 5000, SKIPPED = 77 };

/** The packet says what to do: write so many bytes, ask, or reserve two records and give them back
 * in the one order or the other; with flags, or the question. */
struct call {
    uint32_t bytes;
    uint32_t what;
    uint64_t flags;
    uint8_t rest[48];
};

static const char text[] = "r2 = *(u32 *)(r1 + 0)\n"
                           "r3 = *(u32 *)(r1 + 4)\n"
                           "r4 = r2\n"
                           "r4 += 64\n"
                           "if r4 > r3 goto out\n"
                           "r7 = *(u32 *)(r2 + 0)\n"
                           "r8 = *(u64 *)(r2 + 8)\n"
                           "r9 = *(u32 *)(r2 + 4)\n"
                           "if r9 == 1 goto query\n"
                           "if r9 == 2 goto reserve\n"
                           "*(u32 *)(r10 - 4) = 0\n"
                           "r2 = r10\n"
                           "r2 += -4\n"
                           "r1 = map_fd(1) ll\n"
                           "call 1\n"
                           "if r0 == 0 goto out\n"
                           "r2 = r0\n"
                           "if r7 > 5000 goto out\n"
                           "r1 = map_fd(0) ll\n"
                           "r3 = r7\n"
                           "r4 = r8\n"
                           "call 130\n"
                           "exit\n"
                           "query: r1 = map_fd(0) ll\n"
                           "r2 = r8\n"
                           "call 134\n"
                           "exit\n"
                           "reserve: r1 = map_fd(0) ll\n"
                           "r2 = 24\n"
                           "r3 = 0\n"
                           "call 131\n"
                           "r6 = r0\n"
                           "r1 = map_fd(0) ll\n"
                           "r2 = 40\n"
                           "r3 = 0\n"
                           "call 131\n"
                           "r9 = r0\n"
                           "if r6 == 0 goto no_first\n"
                           "*(u64 *)(r6 + 0) = r7\n"
                           "*(u64 *)(r6 + 8) = r7\n"
                           "*(u64 *)(r6 + 16) = r7\n"
                           "if r9 == 0 goto no_second\n"
                           "*(u64 *)(r9 + 0) = r7\n"
                           "*(u64 *)(r9 + 8) = r7\n"
                           "*(u64 *)(r9 + 16) = r7\n"
                           "*(u64 *)(r9 + 24) = r7\n"
                           "*(u64 *)(r9 + 32) = r7\n"
                           "if r7 & 1 goto turned\n"
                           "r1 = r6\n"
                           "r2 = r8\n"
                           "call 132\n"
                           "r1 = r9\n"
                           "r2 = r8\n"
                           "call 133\n"
                           "r0 = 3\n"
                           "exit\n"
                           "turned: r1 = r9\n"
                           "r2 = r8\n"
                           "call 132\n"
                           "r1 = r6\n"
                           "r2 = r8\n"
                           "call 132\n"
                           "r0 = 4\n"
                           "exit\n"
                           "no_second: r1 = r6\n"
                           "r2 = r8\n"
                           "call 132\n"
                           "r0 = 1\n"
                           "exit\n"
                           "no_first: r0 = 0\n"
                           "if r9 == 0 goto end\n"
                           "r1 = r9\n"
                           "r2 = r8\n"
                           "call 133\n"
                           "r0 = 2\n"
                           "end: exit\n"
                           "out: r0 = 99\n"
                           "exit\n";

static uint64_t state;

static uint32_t below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 20) % n;
}

/** Both sides. */
struct pair {
    int ring, data, prog; /* the kernel's */
    uint64_t *read;
    const volatile uint64_t *written;
    const uint8_t *records;
    struct wn_map *maps[2];
    struct wn_prog *ours;
    struct wn_run *run;
    int wakes[2]; /* epoll instances: the kernel's, ours */
    uint64_t calls, woken, shown;
};

static int complain(const struct pair *p, const char *what, uint64_t kernel, uint64_t ours)
{
    fprintf(stderr, "after %" PRIu64 " calls: %s: the kernel says %" PRIu64 ", we %" PRIu64 "\n",
            p->calls, what, kernel, ours);
    return 1;
}

static int must(bool fine, const char *what)
{
    if (!fine)
        fprintf(stderr, "%s: %s\n", what, strerror(errno));
    return !fine;
}

/** Told of each wakeup once. */
static int watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    return epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? epoll : -1;
}

static bool is_woken(int epoll, int ms)
{
    struct epoll_event event;
    return epoll_wait(epoll, &event, 1, ms) == 1;
}

static int make_kernels(struct pair *p, const struct wn_slot *slots, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct wn_slot *own = malloc(n * sizeof *own);
    p->ring = kernel_map_new(BPF_MAP_TYPE_RINGBUF, 0, 0, RING, 0);
    p->data = kernel_map_new(BPF_MAP_TYPE_ARRAY, 4, DATA, 1, 0);
    if (!own || must(p->ring >= 0 && p->data >= 0, "maps"))
        return 1;
    memcpy(own, slots, n * sizeof *own);
    for (size_t i = 0; i < n; i++)
        if (own[i].opcode == 0x18 && wn_slot_src(own[i]) == BPF_PSEUDO_MAP_FD)
            own[i].imm = own[i].imm ? p->data : p->ring;
    static char log[1 << 16];
    p->prog = kernel_load(BPF_PROG_TYPE_XDP, own, n, log, sizeof log);
    free(own);
    if (must(p->prog >= 0, log))
        return 1;
    p->read = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, p->ring, 0);
    uint8_t *rest = mmap(NULL, page + 2 * RING, PROT_READ, MAP_SHARED, p->ring, (off_t)page);
    if (must(p->read != MAP_FAILED && rest != MAP_FAILED, "mapping the ring"))
        return 1;
    p->written = (const volatile uint64_t *)(void *)rest;
    p->records = rest + page;
    return 0;
}

static int make_ours(struct pair *p, const struct wn_slot *slots, size_t n)
{
    struct wn_map_opts ring = {WN_MAP_RINGBUF, 0, 0, RING, 0};
    struct wn_map_opts data = {WN_MAP_ARRAY, 4, DATA, 1, 0};
    struct wn_error err = {0};
    int r = wn_map_new(&ring, &p->maps[0], &err);
    r = r ? r : wn_map_new(&data, &p->maps[1], &err);
    struct wn_prog_opts opts = {
        .type = WN_PROG_XDP, .verify = WN_VERIFY_STRICT, .maps = p->maps, .n_maps = 2};
    r = r ? r : wn_prog_new(slots, n, &opts, &p->ours, &err);
    p->run = wn_run_new();
    if (r)
        fprintf(stderr, "%s\n", err.text);
    return r || !p->run;
}

/** The kernel's reader goes on behind a record. */
static void pass(struct pair *p, uint32_t length)
{
    __atomic_store_n(p->read, *p->read + (length + 15) / 8 * 8, __ATOMIC_SEQ_CST);
}

/** The kernel's next record that is to be read; NULL if there is none. */
static const uint8_t *next_record(struct pair *p, uint32_t *length)
{
    const uint32_t discarded = 1u << 30;
    for (; *p->read != *p->written; pass(p, *length & ~discarded)) {
        const uint8_t *at = p->records + (*p->read & (RING - 1));
        memcpy(length, at, sizeof *length);
        if (!(*length & discarded))
            return at + 8;
    }
    return NULL;
}

/** What both are shown next must be the same. */
static int compare_record(void *arg, const void *data, size_t bytes)
{
    struct pair *p = arg;
    uint32_t length;
    const uint8_t *record = next_record(p, &length);
    if (!record || length != bytes || memcmp(record, data, bytes) != 0)
        return -EBADMSG;
    pass(p, length);
    p->shown++;
    return below(6) == 0 ? -ECANCELED : 0;
}

static int read_some(struct pair *p)
{
    struct wn_ring_info info;
    int r = wn_map_consume(p->maps[0], compare_record, p);
    is_woken(p->wakes[1],
             0); /* a reader that stopped is told of what is left; the kernel's is not */
    wn_map_ring_info(p->maps[0], &info);
    uint32_t length;
    if (r >= 0 && next_record(p, &length))
        return complain(p, "a record more", *p->read, info.read);
    if (r == -EBADMSG)
        return complain(p, "another record", *p->read, info.read);
    if (info.read != *p->read || info.written != *p->written)
        return complain(p, "positions", *p->written - *p->read, info.written - info.read);
    return 0;
}

static int call(struct pair *p)
{
    static const uint64_t flags[] = {0, 0, 0, 1, 2, 3, 4, UINT64_C(1) << 40};
    struct call c = {.what = below(4)};
    c.bytes = below(3) == 0 ? below(DATA + 1) : below(100);
    c.flags = c.what == 1 ? below(6) : flags[below(sizeof flags / sizeof *flags)];
    uint8_t data[DATA];
    uint32_t key = 0;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + p->calls);
    if (must(kernel_map_update(p->data, &key, data, 0) == 0 &&
                 wn_map_update(p->maps[1], &key, data, 0) == 0,
             "update"))
        return 1;
    struct kernel_run theirs = {.data = &c, .data_bytes = sizeof c};
    struct wn_packet packet = {
        .data = (const uint8_t *)&c, .caplen = sizeof c, .wirelen = sizeof c};
    if (must(kernel_run(p->prog, &theirs) == 0, "run"))
        return 1;
    struct wn_result ours = wn_prog_run(p->ours, p->run, &packet);
    p->calls++;
    if (ours.fault || (uint32_t)ours.value != theirs.result)
        return complain(p, "result", theirs.result, ours.value);
    bool woken = is_woken(p->wakes[1], 0);
    if (is_woken(p->wakes[0], woken ? 1000 : 0) != woken)
        return complain(p, "wakeup", !woken, woken);
    p->woken += woken;
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    uint64_t calls = argc > 2 ? strtoull(argv[2], NULL, 0) : 4000;
    static struct pair p;
    struct wn_slot *slots = NULL;
    struct wn_error err = {0};
    size_t n = 0;
    const char *missing = kernel_missing();
    if (missing) {
        printf("SKIP: %s\n", missing);
        return SKIPPED;
    }
    state = seed * 0x9e3779b97f4a7c15 | 1;
    int r = wn_assemble(text, strlen(text), NULL, &slots, &n, &err);
    if (r)
        fprintf(stderr, "line %u: %s\n", err.at, err.text);
    r = r || make_kernels(&p, slots, n) || make_ours(&p, slots, n);
    free(slots);
    if (r)
        return 1;
    p.wakes[0] = watch(p.ring);
    p.wakes[1] = watch(wn_map_watch(p.maps[0]));
    r = must(p.wakes[0] >= 0 && p.wakes[1] >= 0, "epoll");
    while (!r && p.calls < calls)
        r = below(8) ? call(&p) : read_some(&p);
    struct wn_ring_info info;
    wn_map_ring_info(p.maps[0], &info);
    printf("%" PRIu64 " calls, %" PRIu64 " records read, %" PRIu64 " lost, %" PRIu64 " wakeups\n",
           p.calls, p.shown, info.lost, p.woken);
    if (!r && (!p.shown || !info.lost || !p.woken))
        r = must(false, "nothing was tried");
    wn_run_free(p.run);
    wn_prog_free(p.ours);
    wn_map_free(p.maps[0]);
    wn_map_free(p.maps[1]);
    return r;
}
