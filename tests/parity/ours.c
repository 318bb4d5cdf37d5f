/* SPDX-License-Identifier: MIT */
#include "ours.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/object.h>

const char *const our_engine_names[OUR_ENGINES] = {"reference", "interp", "jit", "jit, blinded"};

struct ours {
    struct wn_object *object;
    struct wn_prog *prog;
    struct wn_run *run;
    enum wn_prog_type type;
};

static enum wn_prog_type type_of(const char *section)
{
    return *section == 'x' ? WN_PROG_XDP : *section == 's' ? WN_PROG_SOCKET : WN_PROG_TC;
}

int ours_open(const char *path, const char *name, enum our_engine engine, struct ours **out)
{
    static const enum wn_engine engines[] = {WN_ENGINE_REFERENCE, WN_ENGINE_INTERP, WN_ENGINE_JIT,
                                             WN_ENGINE_JIT};
    struct wn_prog_opts opts = {.engine = engines[engine],
                                .flags = engine == OUR_BLINDED ? WN_PROG_BLIND : 0};
    struct wn_error err = {0};
    struct ours *o = calloc(1, sizeof *o);
    o->run = wn_run_new();
    int r = wn_object_load(path, &o->object, &err);
    if (r == 0)
        r = wn_object_find(o->object, name, &err);
    if (r >= 0) {
        struct wn_object_prog about;
        wn_object_describe(o->object, (size_t)r, &about);
        opts.type = o->type = type_of(about.section);
        opts.flags |=
            o->type == WN_PROG_SOCKET ? WN_PROG_COOKED : 0; /* as the kernel's test runs */
        r = wn_prog_load(o->object, name, &opts, &o->prog, &err);
    }
    if (r == 0) {
        *out = o;
        return 0;
    }
    if (r != WN_E_NOJIT)
        printf("# %s: %s: %s\n", path, our_engine_names[engine], err.text);
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
    const uint8_t *data = wn_run_packet(o->run, &out->bytes);
    if (result.fault) {
        printf("# fault: %s at slot %u\n", wn_fault_name((enum wn_fault)result.fault), result.slot);
        return -1;
    }
    out->value = (uint32_t)result.value;
    if (out->bytes > sizeof out->data)
        abort();
    memcpy(out->data, data, out->bytes);
    keep_context(o, out);
    return 0;
}

void ours_elements(struct ours *o, struct elements *out)
{
    (void)o;
    elements_sort(out);
}

void ours_close(struct ours *o)
{
    wn_prog_free(o->prog);
    wn_run_free(o->run);
    wn_object_free(o->object);
    free(o);
}
