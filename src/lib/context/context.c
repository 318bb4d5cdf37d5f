/* SPDX-License-Identifier: MIT */
#include "context/context.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "context/skb.h"

/** What fields hold when a program starts. */
enum value {
    ZERO,
    ZERO16,
    QUEUE16,
    IFINDEX,
    QUEUE,
    TIME,
    WIRE_LEN,
    LEN,
    META,
    DATA,
    DATA_END,
    PACKET_TYPE,
    PROTOCOL,
    VLAN_PRESENT,
    VLAN_TCI,
    VLAN_PROTO,
    HASH,
    TIME_TYPE
};
enum { CHANGING = LEN }; /* from here on helpers may change them */

#define C(context, ...) C_##context(__VA_ARGS__)
#define FIELD(field, offset, bytes, first, second, value)                                          \
    {#field, offset, bytes, {WN_ACCESS_##first, WN_ACCESS_##second}, value},
#define NOTHING(...)

#define C_XDP FIELD
#define C_SKB NOTHING
static const struct wn_context_field xdp_fields[] = {
#include "context/context.def"
};
#undef C_XDP
#undef C_SKB

#define C_XDP NOTHING
#define C_SKB FIELD
static const struct wn_context_field skb_fields[] = {
#include "context/context.def"
};
#undef C_XDP
#undef C_SKB

/* What may be done with each byte. */
#define FIRST(field, offset, bytes, first, second, value)                                          \
    [(offset)...(offset) + (bytes)-1] = WN_ACCESS_##first,
#define SECOND(field, offset, bytes, first, second, value)                                         \
    [(offset)...(offset) + (bytes)-1] = WN_ACCESS_##second,

#define C_XDP FIRST
#define C_SKB NOTHING
static const uint8_t xdp_access[WN_CONTEXT_BYTES] = {
#include "context/context.def"
};
#undef C_XDP
#undef C_SKB

#define C_XDP NOTHING
#define C_SKB FIRST
static const uint8_t socket_access[WN_CONTEXT_BYTES] = {
#include "context/context.def"
};
#undef C_SKB

#define C_SKB SECOND
static const uint8_t tc_access[WN_CONTEXT_BYTES] = {
#include "context/context.def"
};
#undef C_XDP
#undef C_SKB

/** A program type's structure. */
struct layout {
    const struct wn_context_field *fields;
    uint32_t n_fields;
    uint32_t bytes;
    uint32_t column; /* of the access */
    const uint8_t *access;
    bool writable; /* programs may write the packet */
};

#define FIELDS(table) (table), sizeof(table) / sizeof *(table)

/** The structure of a type; for raw packets one without fields. */
static const struct layout *layout_of(enum wn_prog_type type)
{
    static const struct layout none = {.fields = xdp_fields};
    static const struct layout xdp = {FIELDS(xdp_fields), 24, 0, xdp_access, true};
    static const struct layout socket = {FIELDS(skb_fields), WN_CONTEXT_BYTES, 0, socket_access,
                                         false};
    static const struct layout tc = {FIELDS(skb_fields), WN_CONTEXT_BYTES, 1, tc_access, true};
    switch (type) {
    case WN_PROG_XDP: return &xdp;
    case WN_PROG_SOCKET: return &socket;
    case WN_PROG_TC: return &tc;
    case WN_PROG_FILTER:
    case WN_PROG_TYPES: break;
    }
    return &none;
}

uint32_t wn_context_bytes(enum wn_prog_type type)
{
    return layout_of(type)->bytes;
}

const struct wn_context_field *wn_context_field(enum wn_prog_type type, uint32_t offset)
{
    const struct layout *l = layout_of(type);
    for (uint32_t i = 0; i < l->n_fields; i++)
        if (offset - l->fields[i].offset < l->fields[i].bytes)
            return &l->fields[i];
    return NULL;
}

enum wn_context_what wn_context_what(const struct wn_context_field *field)
{
    switch ((enum value)field->value) {
    case DATA: return WN_CONTEXT_DATA;
    case META: return WN_CONTEXT_META;
    case DATA_END: return WN_CONTEXT_END;
    default: return WN_CONTEXT_NUMBER;
    }
}

int32_t wn_context_widen(const struct wn_context_field *field)
{
    static const uint8_t place[] = {[WN_CONTEXT_DATA] = WN_PLACE_DATA,
                                    [WN_CONTEXT_META] = WN_PLACE_META,
                                    [WN_CONTEXT_END] = WN_PLACE_END};
    size_t at = offsetof(struct wn_context, places) - offsetof(struct wn_context, bytes);
    at += place[wn_context_what(field)] * sizeof(uint64_t);
    return (int32_t)at - field->offset;
}

const struct wn_context_field *wn_context_find(enum wn_prog_type type, enum wn_context_what what)
{
    const struct layout *l = layout_of(type);
    for (uint32_t i = 0; i < l->n_fields; i++)
        if (wn_context_what(&l->fields[i]) == what)
            return &l->fields[i];
    return NULL;
}

bool wn_context_allows(enum wn_prog_type type, uint32_t offset, uint32_t bytes, bool write)
{
    const struct wn_context_field *f = wn_context_field(type, offset);
    unsigned access = f ? wn_context_access(type, f) : WN_ACCESS_NO;
    if (!(access & (write ? 2 : 1)) || offset % bytes || offset + bytes > f->offset + f->bytes)
        return false;
    return !(access & (write ? 8 : 4)) || bytes == f->bytes;
}

bool wn_context_is_cut(const struct wn_context_field *field)
{
    return field->value == ZERO16 || field->value == QUEUE16;
}

bool wn_context_is_zero(enum wn_prog_type type, const struct wn_context_field *field)
{
    return field->value == ZERO && !(wn_context_access(type, field) & 2);
}

enum wn_access wn_context_access(enum wn_prog_type type, const struct wn_context_field *field)
{
    return (enum wn_access)field->access[layout_of(type)->column];
}

static uint64_t value_of(const struct wn_run *run, enum value value)
{
    const struct wn_packet *p = &run->copied;
    const struct wn_copy *c = &run->copy;
    const struct wn_skb *skb = &run->skb;
    switch (value) {
    case ZERO:
    case ZERO16: break;
    case QUEUE16: return skb->queue;
    case DATA: return (uintptr_t)c->base + c->data;
    case DATA_END: return (uintptr_t)c->base + c->end;
    case META: return (uintptr_t)c->base + c->meta;
    case LEN: return p->wirelen > c->skipped ? p->wirelen - c->skipped : 0;
    case WIRE_LEN: return p->wirelen;
    case IFINDEX: return p->ifindex;
    case QUEUE: return p->queue;
    case TIME: return p->time_ns;
    case PACKET_TYPE: return skb->packet_type;
    case PROTOCOL: return skb->protocol;
    case VLAN_PRESENT: return skb->vlan_proto || skb->vlan_tci;
    case VLAN_TCI: return skb->vlan_tci;
    case VLAN_PROTO: return skb->vlan_proto;
    case HASH: return skb->hash;
    case TIME_TYPE: return skb->tstamp_type;
    }
    return 0;
}

/** Where the program finds the packet, in 64 bits. */
static void set_places(struct wn_run *run)
{
    uint64_t *places = run->kernel.places;
    places[WN_PLACE_DATA] = value_of(run, DATA);
    places[WN_PLACE_META] = value_of(run, META);
    places[WN_PLACE_END] = value_of(run, DATA_END);
}

static void set_field(struct wn_run *run, const struct wn_context_field *f)
{
    uint64_t value = value_of(run, (enum value)f->value);
    uint32_t half = (uint32_t)value;
    if (f->bytes == sizeof half)
        memcpy(run->kernel.bytes + f->offset, &half, sizeof half);
    else if (f->bytes == 1)
        run->kernel.bytes[f->offset] = (uint8_t)value;
    else
        memcpy(run->kernel.bytes + f->offset, &value, sizeof value);
}

/** Where packet loads and most others find the packet. */
static void describe_copy(struct wn_run *run)
{
    const struct wn_copy *c = &run->copy;
    run->copied.data = c->base + c->data;
    run->copied.caplen = c->end - c->data;
    wn_window_set(&run->load, (uint64_t)(uintptr_t)run->copied.data, run->copied.caplen);
}

void wn_context_settle(struct wn_run *run)
{
    const enum wn_prog_type type = (enum wn_prog_type)run->kernel.type;
    const struct layout *l = layout_of(type);
    for (uint32_t i = 0; i < l->n_fields && type == WN_PROG_TC; i++) {
        const struct wn_context_field *f = &l->fields[i];
        uint8_t *at = run->kernel.bytes + f->offset;
        uint32_t stored;
        if (!wn_context_is_cut(f))
            continue;
        memcpy(&stored, at, sizeof stored);
        if (f->value ==
            QUEUE16) { /* the last number means that there is none: no store of one counts */
            stored = run->skb.queue = stored < UINT16_MAX ? (uint16_t)stored : run->skb.queue;
        } else {
            stored &= UINT16_MAX;
        }
        memcpy(at, &stored, sizeof stored);
    }
}

/** What wn_run_reach() asks. */
static bool use(struct wn_run *run, uint32_t offset, uint32_t bytes, bool write)
{
    wn_context_settle(run);
    return wn_context_allows((enum wn_prog_type)run->kernel.type, offset, bytes, write);
}

/** Fill the context for a packet that lies where copy says. */
static void begin(struct wn_run *run, enum wn_prog_type type, const struct wn_packet *packet)
{
    const struct layout *l = layout_of(type);
    assert(l->bytes && run->copy.base);
    run->copied = *packet;
    run->packet = &run->copied;
    run->redirect = 0;
    describe_copy(run);
    if (type != WN_PROG_XDP)
        wn_skb_begin(run);
    run->kernel.access = l->access;
    run->kernel.use = use;
    run->kernel.n = l->bytes;
    run->kernel.type = (uint8_t)type;
    memset(run->kernel.bytes, 0, l->bytes);
    for (uint32_t i = 0; i < l->n_fields; i++)
        if (l->fields[i].value != ZERO)
            set_field(run, &l->fields[i]);
    set_places(run);
}

bool wn_context_begin(struct wn_run *run, enum wn_prog_type type, const struct wn_packet *packet)
{
    struct wn_copy *c = &run->copy;
    if (packet->caplen > WN_LONGEST_COPY)
        return false;
    uint32_t room = packet->caplen > WN_COPY_ROOM ? packet->caplen : WN_COPY_ROOM;
    c->base = c->own;
    if (packet->caplen) /* it may be what the last run has left */
        memmove(c->base + WN_COPY_BEFORE, packet->data, packet->caplen);
    memset(c->base, 0, WN_COPY_BEFORE);
    c->meta = c->data = WN_COPY_BEFORE;
    c->end = c->data + packet->caplen;
    c->limit = c->data + room;
    c->writable = layout_of(type)->writable;
    begin(run, type, packet);
    return true;
}

void wn_context_begin_in_place(struct wn_run *run, enum wn_prog_type type,
                               const struct wn_packet *packet)
{
    struct wn_copy *c = &run->copy;
    /* It is only read: it is not writable. An empty one may lie nowhere. */
    c->base = packet->caplen ? (uint8_t *)(uintptr_t)packet->data : c->own;
    c->meta = c->data = 0;
    c->end = c->limit = packet->caplen;
    c->writable = false;
    begin(run, type, packet);
}

void wn_context_refresh(struct wn_run *run)
{
    const struct layout *l = layout_of((enum wn_prog_type)run->kernel.type);
    describe_copy(run);
    for (uint32_t i = 0; i < l->n_fields; i++)
        if (l->fields[i].value >= CHANGING)
            set_field(run, &l->fields[i]);
    set_places(run);
}
