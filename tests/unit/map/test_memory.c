/* SPDX-License-Identifier: MIT */
/** Making and changing maps when memory runs out. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "map/map.h"

#include "../failing.h"
#include "maps.h"

void *__real_mmap64(void *at, size_t bytes, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t bytes);
void *__wrap_mmap64(void *at, size_t bytes, int prot, int flags, int fd, off_t offset);
int __wrap_munmap(void *at, size_t bytes);

/* mmap64: what meson makes of mmap with _FILE_OFFSET_BITS=64. */
static long mapped; /* bytes */

void *__wrap_mmap64(void *at, size_t bytes, int prot, int flags, int fd, off_t offset)
{
    if (fails()) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    void *p = __real_mmap64(at, bytes, prot, flags, fd, offset);
    if (p != MAP_FAILED && !(flags & MAP_FIXED)) /* which takes the place of what is counted */
        mapped += (long)bytes;
    return p;
}

int __wrap_munmap(void *at, size_t bytes)
{
    mapped -= (long)bytes;
    return __real_munmap(at, bytes);
}

static void hold(void *p)
{
    ++*(int *)p;
}

static void drop(void *p)
{
    --*(int *)p;
}

/** Make a map and change it; 0 or -ENOMEM, and then nothing has happened. */
static int use(enum wn_map_type type)
{
    static const struct wn_map_owner owner = {hold, drop};
    bool ring = type == WN_MAP_RINGBUF;
    bool keys =
        type != WN_MAP_QUEUE && type != WN_MAP_STACK && type != WN_MAP_BLOOM_FILTER && !ring;
    bool trie = type == WN_MAP_LPM_TRIE;
    struct wn_map_opts opts = {.type = type,
                               .key_bytes = !keys  ? 0
                                            : trie ? 8
                                                   : 4,
                               .value_bytes = ring                        ? 0
                                              : type == WN_MAP_PROG_ARRAY ? 4
                                                                          : 8,
                               .max_entries = ring ? 1u << 16 : 4,
                               .flags = trie ? WN_MAP_NO_PREALLOC : 0,
                               .cpus = 2};
    struct wn_map *map = NULL;
    struct wn_error err = {0};
    int progs[2] = {0};
    uint64_t value[2] = {0};
    uint32_t key[2] = {1};
    int r = wn_map_new(&opts, &map, &err);
    assert_int_equal(err.code, r);
    assert_int_equal(map == NULL, r != 0);
    for (unsigned i = 0; i < 4 && !r && type == WN_MAP_PROG_ARRAY; i++) {
        void *before = wn_map_prog(map, 1);
        r = wn_map_set_owned(map, 1, &progs[i % 2], &owner);
        assert_ptr_equal(wn_map_prog(map, 1), r ? before : &progs[i % 2]);
    }
    if (!r && type != WN_MAP_PROG_ARRAY && !ring)
        assert_int_equal(wn_map_update(map, keys ? key : NULL, value, WN_MAP_ANY), 0);
    wn_map_free(map);
    assert_int_equal(progs[0] + progs[1], 0);
    return r;
}

static void maps_give_all_memory_back(void **state)
{
    (void)state;
    static const enum wn_map_type types[] = {
        WN_MAP_HASH,         WN_MAP_ARRAY,    WN_MAP_PROG_ARRAY,      WN_MAP_PERCPU_HASH,
        WN_MAP_PERCPU_ARRAY, WN_MAP_LRU_HASH, WN_MAP_LRU_PERCPU_HASH, WN_MAP_LPM_TRIE,
        WN_MAP_QUEUE,        WN_MAP_STACK,    WN_MAP_BLOOM_FILTER,    WN_MAP_RINGBUF};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        long tries = 0;
        do {
            long before = live, mapped_before = mapped;
            failures = 0;
            until_failure = tries++;
            int r = use(types[t]);
            until_failure = -1;
            assert_int_equal(r, failures ? -ENOMEM : 0);
            assert_int_equal(live, before);
            assert_int_equal(mapped, mapped_before);
        } while (failures);
        assert_true(tries > 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_give_all_memory_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
