/* SPDX-License-Identifier: MIT */
/**
 * Ring buffers. In memory they are the kernel's (kernel/bpf/ringbuf.c): a page with
 * the reader's position, one with the writers', then the data twice, so that a record
 * that runs over the end lies in one piece. Positions count bytes and never go
 * back; a record is 8 bytes of header, its data, and what is missing to a multiple
 * of 8.
 *
 * No wakeup is lost: a writer gives its record away and then looks where the
 * reader is, the reader says where it is and then looks for a record, each in the one
 * order that all threads agree on. So one of them sees the other.
 */
#include "map/ring.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "map/events.h"
#include "map/kind.h"

#define BUSY    (UINT32_C(1) << 31)
#define DISCARD (UINT32_C(1) << 30)

/** Kernel: RINGBUF_MAX_RECORD_SZ. */
#define RECORD_MAX (UINT32_MAX / 4)

struct header {
    atomic_uint length; /* with BUSY and DISCARD */
    uint32_t unused;    /* the kernel finds its ring by it */
};

struct ring {
    struct wn_map map;
    _Atomic uint64_t *read;    /* how far the reader is */
    _Atomic uint64_t *written; /* how far the writers are; changes under the lock */
    uint8_t *data;
    uint64_t mask;
    int fd;              /* -1 or an eventfd */
    atomic_bool reading; /* somebody is in wn_map_consume() */

    _Alignas(64) struct wn_lock lock;
    _Atomic uint64_t lost;
};

static struct ring *ring_of(const struct wn_map *map)
{
    return (struct ring *)(uintptr_t)map;
}

static struct header *header_at(const struct ring *ring, uint64_t position)
{
    return (struct header *)(void *)(ring->data + (position & ring->mask));
}

/** Bytes of a whole record. */
static uint64_t whole(uint64_t bytes)
{
    return (bytes + sizeof(struct header) + 7) & ~UINT64_C(7);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void *lose(struct ring *ring)
{
    atomic_fetch_add_explicit(&ring->lost, 1, memory_order_relaxed);
    return NULL;
}

void *wn_ring_reserve(struct wn_map *map, uint64_t bytes)
{
    struct ring *ring = ring_of(map);
    if (bytes > RECORD_MAX)
        return lose(ring);
    wn_lock_hold(&ring->lock);
    uint64_t at = atomic_load_explicit(ring->written, memory_order_relaxed);
    uint64_t end = at + whole(bytes);
    bool room = end - atomic_load_explicit(ring->read, memory_order_acquire) <= ring->mask;
    struct header *header = header_at(ring, at);
    if (room) {
        atomic_store_explicit(&header->length, (uint32_t)bytes | BUSY, memory_order_relaxed);
        atomic_store(ring->written, end);
    }
    wn_lock_drop(&ring->lock);
    return room ? header + 1 : lose(ring);
}

/** A counter that is full wakes as well, so nothing can go wrong. */
static void wake(const struct ring *ring)
{
    (void)eventfd_write(ring->fd, 1);
}

void wn_ring_commit(struct wn_map *map, void *record, uint64_t flags, bool discard)
{
    struct ring *ring = ring_of(map);
    struct header *header = (struct header *)record - 1;
    uint32_t length = atomic_load_explicit(&header->length, memory_order_relaxed) & ~BUSY;
    uint64_t at = (uint64_t)((uint8_t *)header - ring->data);
    /* As soon as this is done another record may lie here. */
    atomic_exchange(&header->length, length | (discard ? DISCARD : 0));
    bool waited_for = (atomic_load(ring->read) & ring->mask) == at;
    if (flags & WN_RING_FORCE_WAKEUP || (waited_for && !(flags & WN_RING_NO_WAKEUP)))
        wake(ring);
}

uint64_t wn_ring_query(const struct wn_map *map, uint64_t what)
{
    const struct ring *ring = ring_of(map);
    uint64_t read = atomic_load(ring->read); /* first: it is never beyond what is written */
    uint64_t written = atomic_load(ring->written);
    switch (what) {
    case 0: return written - read;
    case 1: return ring->mask + 1;
    case 2: return read;
    case 3: return written;
    default: return 0;
    }
}

/* ---- Reading --------------------------------------------------------------------------------- */

/** The ring of a map that has one; NULL if it has none, or not yet. */
static const struct wn_map *with_ring(const struct wn_map *map)
{
    if (map->type == WN_MAP_PERF_EVENT_ARRAY)
        return wn_events_ring(map);
    return map->type == WN_MAP_RINGBUF ? map : NULL;
}

int wn_map_watch(const struct wn_map *map)
{
    const struct wn_map *ring = with_ring(map);
    return ring ? ring_of(ring)->fd : -EINVAL;
}

/** Show what there is, up to a record that is still being written. */
static int consume(struct ring *ring, wn_record_fn fn, void *arg)
{
    uint64_t at = atomic_load_explicit(ring->read, memory_order_relaxed);
    int shown = 0;
    while (at != atomic_load(ring->written)) {
        struct header *header = header_at(ring, at);
        uint32_t length = atomic_load(&header->length);
        if (length & BUSY)
            break;
        int r = length & DISCARD ? 0 : fn(arg, header + 1, length);
        shown += !(length & DISCARD);
        at += whole(length & ~DISCARD);
        atomic_store(ring->read, at);
        if (r < 0 || shown == INT_MAX) {
            wake(ring); /* nobody else will, if there is more */
            return r < 0 ? r : shown;
        }
    }
    return shown;
}

int wn_map_consume(struct wn_map *map, wn_record_fn fn, void *arg)
{
    struct ring *ring = ring_of(map);
    eventfd_t ignored;
    if (map->type != WN_MAP_RINGBUF)
        return -EINVAL;
    if (atomic_exchange_explicit(&ring->reading, true, memory_order_acquire))
        return -EBUSY;
    (void)eventfd_read(ring->fd, &ignored); /* before looking: what comes later wakes again */
    int r = consume(ring, fn, arg);
    atomic_store_explicit(&ring->reading, false, memory_order_release);
    return r;
}

int wn_map_ring_info(const struct wn_map *map, struct wn_ring_info *out)
{
    const struct wn_map *with = with_ring(map);
    if (!with)
        return -EINVAL;
    const struct ring *ring = ring_of(with);
    uint64_t read = atomic_load(ring->read);
    *out = (struct wn_ring_info){
        .bytes = ring->mask + 1,
        .read = read,
        .written = atomic_load(ring->written),
        .lost = atomic_load_explicit(&ring->lost, memory_order_relaxed),
    };
    return 0;
}

/* ---- A map without elements ------------------------------------------------------------------ */

static int ring_remove(struct wn_map *map, const void *key)
{
    (void)map;
    (void)key;
    return -WN_ENOTSUPP;
}

static int ring_next(struct wn_map *map, const void *key, uint8_t *next)
{
    (void)map;
    (void)key;
    (void)next;
    return -WN_ENOTSUPP;
}

static uint32_t ring_count(const struct wn_map *map)
{
    (void)map;
    return 0;
}

static void ring_fini(struct wn_map *map)
{
    if (ring_of(map)->fd >= 0)
        close(ring_of(map)->fd);
}

static const struct wn_map_ops ops = {
    .find = wn_map_find_nothing,
    .get = wn_map_get_unknown,
    .put = wn_map_put_unknown,
    .remove = ring_remove,
    .next = ring_next,
    .count = ring_count,
    .fini = ring_fini,
};

/* ---- Making ---------------------------------------------------------------------------------- */

/** Kernel: ringbuf_map_alloc. */
static int check(const struct wn_map_opts *o, uint64_t page, struct wn_error *err)
{
    if (o->key_bytes || o->value_bytes)
        return wn_map_invalid(o, err, "there are no keys and values: their sizes must be 0");
    if (o->max_entries == 0 || o->max_entries & (o->max_entries - 1) || o->max_entries % page)
        return wn_map_invalid(o, err,
                              "max_entries, which are bytes, must be a power of two "
                              "and whole pages");
    if (o->flags & ~(uint32_t)WN_MAP_NUMA_NODE)
        return wn_map_invalid(o, err, "a ring buffer does not take these flags");
    return 0;
}

/** Put memory with the data twice in the place of the map's. 0 or -errno. */
static int map_twice(uint8_t *memory, uint64_t once, uint64_t bytes)
{
    int prot = PROT_READ | PROT_WRITE, r = 0;
    int fd = memfd_create("winnow-ring", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)once) ||
        mmap(memory, (size_t)once, prot, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED ||
        mmap(memory + once, (size_t)bytes, prot, MAP_SHARED | MAP_FIXED, fd,
             (off_t)(once - bytes)) == MAP_FAILED)
        r = -errno;
    close(fd);
    return r;
}

int wn_ring_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), bytes = opts->max_entries;
    struct wn_map *map;
    int r = check(opts, page, err);
    if (r == 0)
        r = wn_map_make(opts, &ops, sizeof(struct ring), (wn_map_bytes)2 * (page + bytes), &map,
                        err);
    if (r)
        return r;
    struct ring *ring = ring_of(map);
    ring->read = (_Atomic uint64_t *)(void *)map->memory;
    ring->written = (_Atomic uint64_t *)(void *)(map->memory + page);
    ring->data = map->memory + 2 * page;
    ring->mask = bytes - 1;
    ring->fd = -1;
    r = map_twice(map->memory, 2 * page + bytes, bytes);
    if (r == 0)
        ring->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r == 0 && ring->fd < 0)
        r = -errno;
    if (r) {
        wn_map_drop(map);
        return wn_fail(err, r, WN_NOWHERE, "no memory or descriptor for a ring buffer: %s",
                       strerror(-r));
    }
    *out = map;
    return 0;
}
