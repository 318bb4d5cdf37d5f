/* SPDX-License-Identifier: MIT */
/** For tests of maps; they include <cmocka.h> before it. */
#pragma once

#include <string.h>

#include <winnow/map.h>

/** A map that can be made. */
static inline struct wn_map *map_of(struct wn_map_opts opts)
{
    struct wn_map *map = NULL;
    struct wn_error err = {0};
    if (wn_map_new(&opts, &map, &err))
        fail_msg("%s", err.text);
    return map;
}

/** What making a map gives; a map that is made is gone again. */
static inline int made(struct wn_map_opts opts)
{
    struct wn_map *map = NULL;
    struct wn_error err = {0};
    int r = wn_map_new(&opts, &map, &err);
    assert_int_equal(err.code, r);
    assert_true(!r || err.text[0]);
    assert_int_equal(!r, map != NULL);
    wn_map_free(map);
    return r;
}

static inline int set(struct wn_map *map, uint32_t key, uint64_t value, uint64_t flags)
{
    return wn_map_update(map, &key, &value, flags);
}

/** The value of a key that is there. */
static inline uint64_t value_of(struct wn_map *map, uint32_t key)
{
    uint64_t value = 0;
    assert_int_equal(wn_map_lookup(map, &key, &value), 0);
    return value;
}

static inline bool has(struct wn_map *map, uint32_t key)
{
    uint64_t value[64];
    return wn_map_lookup(map, &key, value) == 0;
}

static inline uint32_t entries(const struct wn_map *map)
{
    struct wn_map_info info;
    wn_map_info(map, &info);
    return info.entries;
}
