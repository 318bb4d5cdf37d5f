/* SPDX-License-Identifier: MIT */
/** Maps that are pinned by name: objects that are loaded with the same pins share them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/map.h>
#include <winnow/object.h>

#include "base/vec.h"

struct wn_pins {
    struct {
        struct wn_map **data; /* in no order: there are few */
        size_t len, cap;
    } maps;
};

struct wn_pins *wn_pins_new(void)
{
    return calloc(1, sizeof(struct wn_pins));
}

void wn_pins_free(struct wn_pins *pins)
{
    for (size_t i = 0; pins && i < pins->maps.len; i++)
        wn_map_free(pins->maps.data[i]);
    if (pins)
        free(pins->maps.data);
    free(pins);
}

struct wn_map *wn_pins_find(const struct wn_pins *pins, const char *name)
{
    struct wn_map_info info;
    for (size_t i = 0; i < pins->maps.len; i++) {
        wn_map_info(pins->maps.data[i], &info);
        if (strcmp(info.name, name) == 0)
            return pins->maps.data[i];
    }
    return NULL;
}

/** Use the map of that name, or make one, of which others find out. */
static int pin(struct wn_object *obj, const char *name, struct wn_pins *pins, struct wn_error *err)
{
    struct wn_map *map = wn_pins_find(pins, name);
    if (map)
        return wn_object_use_map(obj, name, map, err);
    int r = wn_object_map(obj, name, &map, err);
    if (r)
        return r;
    if (pins->maps.len == pins->maps.cap &&
        !wn_vec_grow((void **)&pins->maps.data, &pins->maps.cap, pins->maps.len, sizeof(void *)))
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    pins->maps.data[pins->maps.len++] = wn_map_ref(map);
    return 0;
}

int wn_object_pin(struct wn_object *obj, struct wn_pins *pins, struct wn_error *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < wn_object_map_count(obj); i++) {
        struct wn_object_map map;
        wn_object_describe_map(obj, i, &map);
        if (map.pinned && !map.live && !map.refused)
            r = pin(obj, map.name, pins, err);
    }
    return r;
}
