/* SPDX-License-Identifier: MIT */
#include "side.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct element *elements_add(struct elements *list, const char *map, uint32_t key_bytes,
                             uint32_t value_bytes)
{
    if (list->n == list->room) {
        list->room = list->room * 2 + 64;
        list->data = realloc(list->data, list->room * sizeof *list->data);
    }
    uint8_t *bytes = calloc(1, (size_t)key_bytes + value_bytes);
    if (!list->data || !bytes)
        abort();
    struct element *e = &list->data[list->n++];
    *e = (struct element){.key = bytes, .key_bytes = key_bytes, .value_bytes = value_bytes};
    snprintf(e->map, sizeof e->map, "%s", map);
    return e;
}

void elements_add_next(struct elements *list, const char *map, uint32_t number, const void *value,
                       uint32_t value_bytes)
{
    struct element *e = elements_add(list, map, sizeof number, value_bytes);
    memcpy(e->key, &number, sizeof number);
    memcpy(e->key + sizeof number, value, value_bytes);
}

static int by_map_and_key(const void *a, const void *b)
{
    const struct element *x = a, *y = b;
    int r = strcmp(x->map, y->map);
    if (r == 0)
        r = (int)x->key_bytes - (int)y->key_bytes;
    return r ? r : memcmp(x->key, y->key, x->key_bytes);
}

void elements_sort(struct elements *list)
{
    if (list->n)
        qsort(list->data, list->n, sizeof *list->data, by_map_and_key);
}

void elements_fini(struct elements *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->data[i].key);
    free(list->data);
    *list = (struct elements){0};
}

static void print_bytes(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n && i < 64; i++)
        printf("%02x", p[i]);
    printf("%s\n", n > 64 ? "..." : "");
}

bool outcome_same(const struct outcome *theirs, const struct outcome *ours, const char *who,
                  size_t number, const struct packet *packet)
{
    const struct outcome *sides[] = {theirs, ours};
    if (theirs->value == ours->value && theirs->bytes == ours->bytes &&
        memcmp(theirs->data, ours->data, ours->bytes) == 0 && theirs->mark == ours->mark &&
        theirs->priority == ours->priority && theirs->tstamp == ours->tstamp &&
        memcmp(theirs->cb, ours->cb, sizeof ours->cb) == 0)
        return true;
    printf("# packet %zu (%s, %u bytes): ", number, packet->family, packet->bytes);
    print_bytes(packet->data, packet->bytes);
    for (int i = 0; i < 2; i++) {
        const struct outcome *o = sides[i];
        printf("# %12s: value %" PRIu32
               ", mark %#x, priority %#x, cb %x %x %x %x %x, tstamp %" PRIu64
               ", %u bytes\n#               ",
               i ? who : "the kernel", o->value, o->mark, o->priority, o->cb[0], o->cb[1], o->cb[2],
               o->cb[3], o->cb[4], o->tstamp, o->bytes);
        print_bytes(o->data, o->bytes);
    }
    return false;
}

bool elements_same(const struct elements *theirs, const struct elements *ours, const char *who)
{
    size_t n = theirs->n < ours->n ? theirs->n : ours->n, i = 0;
    for (; i < n; i++) {
        const struct element *x = &theirs->data[i], *y = &ours->data[i];
        if (by_map_and_key(x, y) != 0 || x->value_bytes != y->value_bytes ||
            memcmp(x->key, y->key, x->key_bytes + x->value_bytes) != 0)
            break;
    }
    if (i == theirs->n && i == ours->n)
        return true;
    printf("# %s: maps differ (%zu elements in the kernel, %zu here)\n", who, theirs->n, ours->n);
    const struct elements *sides[] = {theirs, ours};
    for (int s = 0; s < 2; s++) {
        if (i >= sides[s]->n)
            continue;
        const struct element *e = &sides[s]->data[i];
        printf("# %s: %s, key and value: ", s ? who : "the kernel", e->map);
        print_bytes(e->key, e->key_bytes + e->value_bytes);
    }
    return false;
}

static uint64_t hash(uint64_t h, const void *data, size_t n)
{
    const uint8_t *p = data;
    while (n--)
        h = (h ^ *p++) * UINT64_C(0x100000001b3);
    return h;
}

uint64_t outcome_hash(const struct outcome *o, uint64_t h)
{
    h = hash(h, &o->value, sizeof o->value);
    h = hash(h, &o->bytes, sizeof o->bytes);
    h = hash(h, o->data, o->bytes);
    h = hash(h, &o->mark, sizeof o->mark);
    h = hash(h, &o->priority, sizeof o->priority);
    h = hash(h, o->cb, sizeof o->cb);
    return hash(h, &o->tstamp, sizeof o->tstamp);
}

uint64_t elements_hash(const struct elements *list)
{
    uint64_t h = HASH_START;
    for (size_t i = 0; i < list->n; i++) {
        const struct element *e = &list->data[i];
        h = hash(h, e->map, strlen(e->map) + 1);
        h = hash(h, e->key, e->key_bytes + e->value_bytes);
    }
    return h;
}

void preset_bytes(const char *hex, void *to, size_t room)
{
    uint8_t *p = to;
    memset(to, 0, room);
    for (unsigned byte; room-- && sscanf(hex, "%2x", &byte) == 1; hex += 2)
        *p++ = (uint8_t)byte;
}
