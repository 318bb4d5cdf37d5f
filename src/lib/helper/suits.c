/* SPDX-License-Identifier: MIT */
/** Which types of maps a helper works on. */
#include <winnow/map.h>

#include "helper/helper.h"

#define T(type) (UINT64_C(1) << WN_MAP_##type)

#define PERCPU    (T(PERCPU_ARRAY) | T(PERCPU_HASH) | T(LRU_PERCPU_HASH))
#define QUEUES    (T(QUEUE) | T(STACK))
#define MAPS      (T(ARRAY_OF_MAPS) | T(HASH_OF_MAPS))
#define REDIRECTS (T(DEVMAP) | T(DEVMAP_HASH) | T(CPUMAP) | T(XSKMAP))

/* Whose values programs get, set and delete by key. */
#define KEYED    (T(HASH) | T(ARRAY) | T(LRU_HASH) | T(LPM_TRIE) | PERCPU)
#define COUNTED  (KEYED & ~T(LPM_TRIE)) /* whose elements a program can be shown one by one */
#define FINDABLE (KEYED | MAPS | T(DEVMAP) | T(DEVMAP_HASH) | T(XSKMAP))

/* By the numbers of helper.def; those that are not here yet are in their places, too. */
static const struct {
    uint32_t id;
    uint64_t maps;
} suits[] = {
    {1, FINDABLE},                  /* map_lookup_elem */
    {2, KEYED},                     /* map_update_elem */
    {3, KEYED},                     /* map_delete_elem */
    {12, T(PROG_ARRAY)},            /* tail_call */
    {25, T(PERF_EVENT_ARRAY)},      /* perf_event_output */
    {51, REDIRECTS},                /* redirect_map */
    {87, QUEUES | T(BLOOM_FILTER)}, /* map_push_elem */
    {88, QUEUES},                   /* map_pop_elem */
    {89, QUEUES | T(BLOOM_FILTER)}, /* map_peek_elem */
    {130, T(RINGBUF)},              /* ringbuf_output */
    {131, T(RINGBUF)},              /* ringbuf_reserve */
    {134, T(RINGBUF)},              /* ringbuf_query */
    {164, COUNTED},                 /* for_each_map_elem */
    {195, PERCPU},                  /* map_lookup_percpu_elem */
    {198, T(RINGBUF)},              /* ringbuf_reserve_dynptr */
};

uint64_t wn_helper_maps(uint32_t id)
{
    for (size_t i = 0; i < sizeof suits / sizeof *suits; i++)
        if (suits[i].id == id)
            return suits[i].maps;
    return UINT64_MAX;
}
