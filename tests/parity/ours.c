/* SPDX-License-Identifier: MIT */
#include "ours.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/map.h>
#include <winnow/object.h>

const char *const our_engine_names[OUR_ENGINES] = {
    "reference", "interp", "jit", "jit, blinded", "interp, all checked", "jit, all checked"};

struct ours {
    struct wn_object *object;
    struct wn_prog *prog;
    struct wn_run *run;
    struct wn_net *net;
    enum wn_prog_type type;
    enum our_engine engine;
};

static struct wn_prog_opts options(enum our_engine engine, enum wn_prog_type type)
{
    static const enum wn_engine engines[OUR_ENGINES] = {WN_ENGINE_REFERENCE, WN_ENGINE_INTERP,
                                                        WN_ENGINE_JIT,       WN_ENGINE_JIT,
                                                        WN_ENGINE_INTERP,    WN_ENGINE_JIT};
    struct wn_prog_opts opts = {.engine = engines[engine]};
    if (engine >= OUR_CHECKED_INTERP)
        opts.verify = WN_VERIFY_NONE;
    if (engine == OUR_BLINDED)
        opts.flags |= WN_PROG_BLIND;
    if (type == WN_PROG_SOCKET)
        opts.flags |= WN_PROG_COOKED; /* as the kernel's test runs */
    return opts;
}

static int set_preset(const struct ours *o, const struct preset *p, struct wn_error *err)
{
    uint8_t key[64], value[256];
    struct wn_map *map;
    struct wn_map_info info;
    int r = wn_object_map(o->object, p->map, &map, err);
    if (r)
        return r;
    wn_map_info(map, &info);
    preset_bytes(p->key, key, sizeof key);
    preset_bytes(p->value, value, sizeof value);
    if (info.type != WN_MAP_PROG_ARRAY)
        return wn_map_update(map, key, value, WN_MAP_ANY);
    struct wn_prog_opts opts = options(o->engine, o->type);
    struct wn_prog *prog;
    uint32_t index;
    memcpy(&index, key, sizeof index);
    r = wn_prog_load(o->object, p->value, &opts, &prog, err);
    if (r == 0) {
        r = wn_map_set_prog(map, index, prog);
        wn_prog_free(prog);
    }
    return r;
}

/** What the kernel takes is proved wholly. */
static int check_proved(const struct ours *o, struct wn_error *err)
{
    struct wn_prog_info info;
    wn_prog_info(o->prog, &info);
    bool whole = !info.guarded && !info.calls_checked && !info.loops_fuelled;
    if (o->engine >= OUR_CHECKED_INTERP || whole)
        return 0;
    snprintf(err->text, sizeof err->text, "%u accesses, %u calls and %u loops are not proved",
             (unsigned)info.guarded, (unsigned)info.calls_checked, (unsigned)info.loops_fuelled);
    return WN_E_REJECTED;
}

int ours_open(const char *path, const char *name, enum our_engine engine, struct ours **out)
{
    struct wn_error err = {0};
    struct wn_object_prog about = {.type = WN_OBJECT_NO_TYPE};
    struct ours *o = calloc(1, sizeof *o);
    o->run = wn_run_new();
    o->engine = engine;
    int r = wn_net_new(&side_network, &o->net, &err);
    wn_run_set_net(o->run, o->net);
    if (r == 0)
        r = wn_object_load(path, &o->object, &err);
    if (r == 0)
        r = wn_object_find(o->object, name, &err);
    if (r >= 0) {
        wn_object_describe(o->object, (size_t)r, &about);
        o->type = (enum wn_prog_type)about.type;
        struct wn_prog_opts opts = options(engine, o->type);
        r = wn_prog_load(o->object, name, &opts, &o->prog, &err);
    }
    if (r == 0)
        r = check_proved(o, &err);
    for (size_t i = 0; r == 0 && i < wn_object_map_count(o->object); i++) {
        struct wn_object_map m;
        wn_object_describe_map(o->object, i, &m);
        if (m.live && m.type == WN_MAP_PERF_EVENT_ARRAY)
            r = wn_map_open_events(m.live, 1 << 18, &err);
    }
    for (const struct preset *p = presets; r == 0 && p->prog; p++)
        if (strcmp(p->prog, name) == 0)
            r = set_preset(o, p, &err);
    if (r == 0) {
        *out = o;
        return 0;
    }
    if (r != WN_E_NOJIT)
        printf("# %s: %s: %s (%d)\n", path, our_engine_names[engine], err.text, r);
    ours_close(o);
    return r;
}

enum wn_prog_type ours_type(const struct ours *o)
{
    return o->type;
}

/** What a tc program may have left in its context. */
static void keep_context(const struct ours *o, struct outcome *out)
{
    uint32_t bytes;
    struct __sk_buff skb = {0};
    const void *context = wn_run_context(o->run, &bytes);
    if (o->type == WN_PROG_TC && bytes >= sizeof skb)
        memcpy(&skb, context, sizeof skb);
    out->mark = skb.mark;
    out->priority = skb.priority;
    out->tstamp = skb.tstamp;
    memcpy(out->cb, skb.cb, sizeof out->cb);
}

int ours_run(struct ours *o, const struct packet *packet, struct outcome *out)
{
    struct wn_packet p = {.data = packet->data,
                          .caplen = packet->bytes,
                          .wirelen = packet->bytes,
                          .time_ns = SIDE_TIME,
                          .ifindex = SIDE_IFINDEX};
    struct wn_result result = wn_prog_run(o->prog, o->run, &p);
    uint32_t meta_bytes;
    const uint8_t *data = wn_run_packet(o->run, &out->bytes);
    const uint8_t *meta = wn_run_metadata(o->run, &meta_bytes);
    if (result.fault) {
        printf("# fault: %s at slot %u\n", wn_fault_name((enum wn_fault)result.fault), result.slot);
        return -1;
    }
    out->value = (uint32_t)result.value;
    if (out->bytes + meta_bytes > sizeof out->data)
        abort();
    memcpy(out->data, meta, meta_bytes);
    memcpy(out->data + meta_bytes, data, out->bytes);
    out->bytes += meta_bytes;
    keep_context(o, out);
    return 0;
}

/** Where records go, numbered. */
struct reader {
    struct elements *out;
    const char *map;
    uint32_t n;
};

static int take_record(void *arg, const void *data, size_t bytes)
{
    struct reader *r = arg;
    elements_add_next(r->out, r->map, r->n++, data, (uint32_t)bytes);
    return 0;
}

/** The kernel fills records up, so that each is 4 bytes less than a multiple of 8. */
static int take_event(void *arg, uint32_t cpu, const void *data, size_t bytes)
{
    if (cpu != 0 || bytes % 8 != 4)
        abort();
    return take_record(arg, data, bytes);
}

void ours_elements(struct ours *o, struct elements *out)
{
    for (size_t i = 0; i < wn_object_map_count(o->object); i++) {
        struct wn_object_map m;
        wn_object_describe_map(o->object, i, &m);
        if (!m.live || m.type == WN_MAP_PROG_ARRAY || strncmp(m.name, ".rodata", 7) == 0)
            continue;
        struct reader reader = {out, m.name, 0};
        wn_map_consume(m.live, take_record, &reader);
        wn_map_consume_events(m.live, take_event, &reader);
        if (m.type == WN_MAP_RINGBUF || m.type == WN_MAP_PERF_EVENT_ARRAY)
            continue;
        uint8_t *key = calloc(1, m.key_bytes + 1u), *value = malloc(m.value_bytes);
        for (uint32_t n = 0; m.key_bytes == 0 && wn_map_pop(m.live, value) == 0; n++)
            elements_add_next(out, m.name, n, value, m.value_bytes);
        int r = wn_map_next(m.live, NULL, key);
        for (; r == 0; r = wn_map_next(m.live, key, key)) {
            if (wn_map_lookup_cpu(m.live, key, 0, value))
                continue;
            struct element *e = elements_add(out, m.name, m.key_bytes, m.value_bytes);
            memcpy(e->key, key, m.key_bytes);
            memcpy(e->key + m.key_bytes, value, m.value_bytes);
        }
        free(key);
        free(value);
    }
    elements_sort(out);
}

void ours_close(struct ours *o)
{
    wn_prog_free(o->prog);
    wn_run_free(o->run);
    wn_net_free(o->net);
    wn_object_free(o->object);
    free(o);
}
