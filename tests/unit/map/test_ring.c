/* SPDX-License-Identifier: MIT */
/** Ring buffers: records, positions, wakeups, readers that are not there; several writers. */
#include "map/ring.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "maps.h"

enum { BYTES = 4096 };

#define RING(bytes) ((struct wn_map_opts){WN_MAP_RINGBUF, 0, 0, bytes, 0})

static bool readable(const struct wn_map *ring)
{
    struct pollfd fd = {.fd = wn_map_watch(ring), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static struct wn_ring_info info_of(const struct wn_map *ring)
{
    struct wn_ring_info info;
    assert_int_equal(wn_map_ring_info(ring, &info), 0);
    return info;
}

/** A record of n bytes that all are `fill`. */
static bool write_record(struct wn_map *ring, uint8_t fill, uint32_t n, uint64_t flags)
{
    void *record = wn_ring_reserve(ring, n);
    if (!record)
        return false;
    assert_int_equal((uintptr_t)record % 8, 0);
    memset(record, fill, n);
    wn_ring_commit(ring, record, flags, false);
    return true;
}

/** What a reader has seen. */
struct seen {
    unsigned n;
    uint8_t fill[BYTES];
    size_t bytes[BYTES];
    int result; /* what the function returns from the record `fails_at` on */
    unsigned fails_at;
};

static int see(void *arg, const void *data, size_t bytes)
{
    struct seen *seen = arg;
    const uint8_t *p = data;
    for (size_t i = 1; i < bytes; i++)
        assert_int_equal(p[i], p[0]);
    seen->fill[seen->n % BYTES] = bytes ? *p : 0;
    seen->bytes[seen->n++ % BYTES] = bytes;
    return seen->n > seen->fails_at ? seen->result : 0;
}

static void records_come_in_order_also_over_the_end(void **state)
{
    (void)state;
    struct wn_map *ring = map_of(RING(BYTES));
    static struct seen seen;
    seen = (struct seen){0};
    uint64_t position = 0;
    for (unsigned i = 0; i < 5000; i++) {
        uint32_t n = i * 37 % 1500;
        assert_true(write_record(ring, (uint8_t)i, n, 0));
        assert_true(write_record(ring, (uint8_t)~i, 5, 0));
        seen.n = 0;
        assert_int_equal(wn_map_consume(ring, see, &seen), 2);
        assert_int_equal(seen.bytes[0], n);
        assert_int_equal(seen.fill[0], n ? (uint8_t)i : 0);
        assert_int_equal(seen.bytes[1], 5);
        assert_int_equal(seen.fill[1], (uint8_t)~i);
        position += (n + 15) / 8 * 8 + 16;
        assert_int_equal(wn_ring_query(ring, 2), position);
        assert_int_equal(wn_ring_query(ring, 3), position);
    }
    assert_int_equal(info_of(ring).lost, 0);
    wn_map_free(ring);
}

/** As in the kernel, 8 bytes always stay free. */
static void a_ring_that_is_full_loses_and_counts(void **state)
{
    (void)state;
    struct wn_map *ring = map_of(RING(BYTES));
    static struct seen seen;
    seen = (struct seen){0};
    assert_false(write_record(ring, 1, BYTES - 8, 0));
    assert_false(write_record(ring, 1, UINT32_MAX / 4 + 1, 0));
    assert_null(wn_ring_reserve(ring, UINT64_MAX));
    assert_null(wn_ring_reserve(ring, UINT64_MAX - 7));
    assert_true(write_record(ring, 1, BYTES - 16, 0));
    assert_false(write_record(ring, 2, 0, 0));
    assert_int_equal(wn_ring_query(ring, 0), BYTES - 8);
    assert_int_equal(wn_ring_query(ring, 1), BYTES);
    assert_int_equal(wn_ring_query(ring, 4), 0);
    assert_int_equal(info_of(ring).lost, 5);
    assert_int_equal(wn_map_consume(ring, see, &seen), 1);
    assert_int_equal(seen.bytes[0], BYTES - 16);
    assert_true(write_record(ring, 2, 0, 0));
    assert_int_equal(info_of(ring).lost, 5);
    assert_int_equal(info_of(ring).read, BYTES - 8);
    assert_int_equal(info_of(ring).written, BYTES);
    wn_map_free(ring);
}

static void a_record_that_is_written_holds_up_those_behind_it(void **state)
{
    (void)state;
    struct wn_map *ring = map_of(RING(BYTES));
    static struct seen seen;
    seen = (struct seen){0};
    uint8_t *slow = wn_ring_reserve(ring, 1), *dropped = wn_ring_reserve(ring, 40);
    assert_true(write_record(ring, 3, 4, 0));
    assert_false(readable(ring));
    assert_int_equal(wn_map_consume(ring, see, &seen), 0);
    *slow = 7;
    wn_ring_commit(ring, slow, 0, false);
    assert_true(readable(ring));
    assert_int_equal(wn_map_consume(ring, see, &seen), 1);
    assert_int_equal(seen.fill[0], 7);
    wn_ring_commit(ring, dropped, 0, true);
    assert_true(readable(ring));
    assert_int_equal(wn_map_consume(ring, see, &seen), 1);
    assert_int_equal(seen.fill[1], 3);
    assert_int_equal(wn_ring_query(ring, 0), 0);
    wn_map_free(ring);
}

/** Only a reader that has read everything is woken, unless a program says otherwise. */
static void readers_that_wait_are_woken(void **state)
{
    (void)state;
    struct wn_map *ring = map_of(RING(BYTES));
    static struct seen seen;
    seen = (struct seen){0};
    assert_false(readable(ring));
    assert_true(write_record(ring, 1, 8, WN_RING_NO_WAKEUP));
    assert_false(readable(ring));
    assert_true(write_record(ring, 2, 8, 0));
    assert_false(readable(ring));
    assert_true(write_record(ring, 3, 8, WN_RING_FORCE_WAKEUP | WN_RING_NO_WAKEUP));
    assert_true(readable(ring));
    assert_int_equal(wn_map_consume(ring, see, &seen), 3);
    assert_false(readable(ring));
    assert_true(write_record(ring, 4, 8, 0));
    assert_true(readable(ring));
    wn_map_free(ring);
}

static int read_again(void *arg, const void *data, size_t bytes)
{
    (void)data;
    (void)bytes;
    return wn_map_consume(arg, see, NULL);
}

/** What has been shown counts as read; what is left is announced again. */
static void a_reader_may_stop(void **state)
{
    (void)state;
    struct wn_map *ring = map_of(RING(BYTES));
    static struct seen seen;
    seen = (struct seen){.fails_at = 1, .result = -77};
    for (uint8_t i = 0; i < 4; i++)
        assert_true(write_record(ring, i, 8, 0));
    assert_int_equal(wn_map_consume(ring, see, &seen), -77);
    assert_int_equal(seen.n, 2);
    assert_true(readable(ring));
    assert_int_equal(wn_map_consume(ring, read_again, ring), -EBUSY);
    seen.result = 1;
    assert_int_equal(wn_map_consume(ring, see, &seen), 1);
    assert_int_equal(seen.fill[2], 3);
    assert_false(readable(ring));
    wn_map_free(ring);
}

static void rings_have_the_kernels_errors(void **state)
{
    (void)state;
    uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
    struct wn_map_opts keyed = RING(page), valued = RING(page), flagged = RING(page);
    keyed.key_bytes = valued.value_bytes = 4;
    flagged.flags = WN_MAP_RDONLY_PROG;
    assert_int_equal(made(RING(page)), 0);
    assert_int_equal(made(RING(0)), -EINVAL);
    assert_int_equal(made(RING(page / 2)), -EINVAL);
    assert_int_equal(made(RING(page * 3)), -EINVAL);
    assert_int_equal(made(keyed), -EINVAL);
    assert_int_equal(made(valued), -EINVAL);
    assert_int_equal(made(flagged), -EINVAL);
    assert_int_equal(made(RING(1u << 31)), WN_E_LIMIT);

    struct wn_map *ring = map_of(RING(page)), *other = map_of((struct wn_map_opts){2, 4, 8, 1, 0});
    uint64_t value = 0;
    struct wn_ring_info info;
    assert_int_equal(wn_map_lookup(ring, NULL, &value), -WN_ENOTSUPP);
    assert_int_equal(wn_map_lookup(ring, &value, &value), -EINVAL);
    assert_int_equal(wn_map_push(ring, &value, 0), -WN_ENOTSUPP);
    assert_int_equal(wn_map_pop(ring, &value), -WN_ENOTSUPP);
    assert_int_equal(wn_map_delete(ring, NULL), -WN_ENOTSUPP);
    assert_int_equal(wn_map_next(ring, NULL, &value), -WN_ENOTSUPP);
    assert_int_equal(wn_map_watch(other), -EINVAL);
    assert_int_equal(wn_map_consume(other, see, NULL), -EINVAL);
    assert_int_equal(wn_map_ring_info(other, &info), -EINVAL);
    wn_map_free(other);
    wn_map_free(ring);
}

/* ---- Threads --------------------------------------------------------------------------------- */

enum { WRITERS = 4, RECORDS = 20000 };

struct record {
    uint32_t writer;
    uint32_t number;
    uint64_t words[8]; /* as many as the record has room for, made of both */
};

struct writer {
    pthread_t thread;
    struct wn_map *ring;
    uint32_t number;
    uint32_t lost;
};

static atomic_uint writing;

static uint64_t word_of(const struct record *r, unsigned i)
{
    return ((uint64_t)r->writer << 32 | r->number) * (i + 1);
}

static void *write_all(void *arg)
{
    struct writer *w = arg;
    for (uint32_t i = 0; i < RECORDS; i++) {
        unsigned words = (i + w->number) % 9;
        struct record *r = wn_ring_reserve(w->ring, 8 + 8 * words);
        if (!r) {
            w->lost++;
            continue;
        }
        r->writer = w->number;
        r->number = i;
        for (unsigned k = 0; k < words; k++)
            r->words[k] = word_of(r, k);
        wn_ring_commit(w->ring, r, 0, i % 7 == 0);
    }
    atomic_fetch_sub(&writing, 1);
    return NULL;
}

struct reader {
    uint32_t next[WRITERS]; /* numbers only grow */
    uint32_t seen;
    unsigned wrong;
};

static int read_one(void *arg, const void *data, size_t bytes)
{
    struct reader *reader = arg;
    const struct record *r = data;
    if (r->writer >= WRITERS || r->number < reader->next[r->writer] || r->number % 7 == 0 ||
        bytes != 8 + 8 * ((r->number + r->writer) % 9)) {
        reader->wrong++;
        return 0;
    }
    for (unsigned k = 0; k < bytes / 8 - 1; k++)
        reader->wrong += r->words[k] != word_of(r, k);
    reader->next[r->writer] = r->number + 1;
    reader->seen++;
    return 0;
}

/** The reader sleeps until it is woken: a wakeup that is lost is a test that fails. */
static void writers_write_at_once_and_wake_the_reader(void **state)
{
    (void)state;
    struct wn_map *ring = map_of(RING(BYTES));
    struct writer w[WRITERS];
    struct reader reader = {.seen = 0};
    uint32_t lost = 0, discarded = 0;
    atomic_store(&writing, WRITERS);
    for (uint32_t i = 0; i < WRITERS; i++) {
        w[i] = (struct writer){.ring = ring, .number = i};
        assert_int_equal(pthread_create(&w[i].thread, NULL, write_all, &w[i]), 0);
    }
    bool done;
    do {
        struct pollfd fd = {.fd = wn_map_watch(ring), .events = POLLIN};
        done = !atomic_load(&writing); /* before looking: then nothing comes any more */
        if (poll(&fd, 1, done ? 0 : 10) == 1)
            assert_true(wn_map_consume(ring, read_one, &reader) >= 0);
        else if (done)
            assert_int_equal(wn_ring_query(ring, 0), 0); /* nothing was left without a wakeup */
    } while (!done || wn_ring_query(ring, 0));
    for (uint32_t i = 0; i < WRITERS; i++) {
        pthread_join(w[i].thread, NULL);
        lost += w[i].lost;
    }
    assert_int_equal(reader.wrong, 0);
    assert_int_equal(info_of(ring).lost, lost);
    assert_int_equal(info_of(ring).read, info_of(ring).written);
    discarded = WRITERS * RECORDS - lost - reader.seen;
    assert_true(discarded <= WRITERS * (RECORDS / 7 + 1));
    wn_map_free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_in_order_also_over_the_end),
        cmocka_unit_test(a_ring_that_is_full_loses_and_counts),
        cmocka_unit_test(a_record_that_is_written_holds_up_those_behind_it),
        cmocka_unit_test(readers_that_wait_are_woken),
        cmocka_unit_test(a_reader_may_stop),
        cmocka_unit_test(rings_have_the_kernels_errors),
        cmocka_unit_test(writers_write_at_once_and_wake_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
