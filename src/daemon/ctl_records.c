/* SPDX-License-Identifier: MIT */
/* Records that filters write for whoever reads them: taken out when somebody asks, so that nothing
 * waits for a reader and nothing is kept for one. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/ctl_interface.h"
#include "common/map_text.h"
#include "common/own.h"
#include "daemon/ctl_cmds.h"
#include "daemon/ctl_maps.h"

#define EVENT_BYTES (1u << 20)   /* of the ring for perf events */
#define DATA_MAX    65536        /* bytes of one record that are shown */
#define REPLY_TEXT  (256u << 10) /* that a reply aims to stay below */

static inline void own_json(json_t **value)
{
    json_decref(*value);
}

struct taking {
    json_t *records;
    size_t left, text; /* records, and characters, that may come */
};

static json_t *hex(const uint8_t *bytes, size_t n)
{
    OWN(free) char *text = malloc(2 * n + 1);
    if (!text)
        return NULL;
    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return json_stringn(text, 2 * n);
}

/* The record counts as read either way: the last one that fits ends it. */
static int take(struct taking *t, json_t *cpu, const void *data, size_t bytes)
{
    size_t shown = bytes < DATA_MAX ? bytes : DATA_MAX;
    json_array_append_new(t->records, json_pack("{s:o?, s:I, s:o}", "cpu", cpu, "bytes",
                                                (json_int_t)bytes, "data", hex(data, shown)));
    t->text -= t->text < 2 * shown ? t->text : 2 * shown;
    return --t->left && t->text ? 0 : -ECANCELED;
}

static int take_record(void *arg, const void *data, size_t bytes)
{
    return take(arg, NULL, data, bytes);
}

static int take_event(void *arg, uint32_t cpu, const void *data, size_t bytes)
{
    return take(arg, json_integer(cpu), data, bytes);
}

static int take_all(struct wn_map *map, struct taking *t, struct wn_error *err)
{
    struct wn_map_info info;
    wn_map_info(map, &info);
    if (info.type == WN_MAP_RINGBUF)
        return wn_map_consume(map, take_record, t);
    int rc = wn_map_open_events(map, EVENT_BYTES, err); /* once is enough */
    return rc ? rc : wn_map_consume_events(map, take_event, t);
}

void ctl_maps_take(struct engine *engine, const struct ctl_request *request,
                   struct ctl_answer *answer)
{
    struct map_text m;
    struct wn_error err = {0};
    struct wn_ring_info info;
    const json_t *said = json_object_get(request->parameters, "limit");
    json_int_t limit = json_is_integer(said) ? json_integer_value(said) : CTL_MAP_ENTRIES;
    OWN(json) json_t *records = json_array();
    if (!ctl_maps_find(engine, request, answer, &m))
        return;
    if (limit < 1 || limit > CTL_MAP_ENTRIES) {
        answer->error = CTL_E_PARAMETER;
        answer->parameters = ctl_cmds_parameter("limit");
        return;
    }
    if (m.info.type != WN_MAP_RINGBUF && m.info.type != WN_MAP_PERF_EVENT_ARRAY) {
        ctl_maps_refuse(request, answer, NULL, 0, "only ring buffers and perf events have records");
        return;
    }
    struct taking t = {records, (size_t)limit, REPLY_TEXT};
    int rc = take_all(m.map.live, &t, &err);
    if (rc < 0 && rc != -ECANCELED) {
        ctl_maps_refuse(request, answer, NULL, 0, err.text[0] ? err.text : wn_strerror(rc));
        return;
    }
    wn_map_ring_info(m.map.live, &info);
    answer->parameters = json_pack("{s:O, s:b, s:I}", "records", records, "more", rc == -ECANCELED,
                                   "lost", (json_int_t)info.lost);
}
