/* SPDX-License-Identifier: MIT */
/**
 * Maps as libbpf's convention has authors define them: a variable in section
 * ".maps" of a structure whose members' types carry the attributes (libbpf:
 * bpf_helpers.h, `__uint`, `__ulong`, `__type`, `__array`):
 *
 *     struct {
 *         __uint(type, BPF_MAP_TYPE_HASH);     int (*type)[BPF_MAP_TYPE_HASH];
 *         __type(key, struct flow);            struct flow *key;
 *         __type(value, __u64);                __u64 *value;
 *         __uint(max_entries, 1024);           int (*max_entries)[1024];
 *     } flows SEC(".maps");
 *
 * What a map type demands of its attributes is for those to say who make maps.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "elf/btf.h"

#define WN_MAP_SECTION ".maps"

/** What the values of a map are. */
enum wn_map_holds {
    WN_MAP_HOLDS_DATA,
    WN_MAP_HOLDS_MAPS,
    WN_MAP_HOLDS_PROGS,
};

/** The attributes of a map; 0: not given. */
struct wn_map_shape {
    uint32_t type; /* BPF_MAP_TYPE_ */
    uint32_t key_bytes;
    uint32_t value_bytes;
    uint32_t max_entries;
    uint32_t flags;
    uint32_t pinning; /* 1: by name */
    uint32_t numa_node;
    uint64_t extra;
    bool has_lock; /* a struct bpf_spin_lock in its values, at byte `lock_at` */
    uint32_t lock_at;
    uint32_t key_type; /* BTF id, for who wants to print keys */
    uint32_t value_type;
};

struct wn_map_def {
    const char *name; /* the variable's, so its symbol's; borrowed */
    uint32_t bytes; /* of the structure; initial values of an array without length lie behind it */
    struct wn_map_shape shape;
    enum wn_map_holds holds;
    struct wn_map_shape inner; /* HOLDS_MAPS: what each must look like */
    uint32_t values_at;        /* byte of the variable where initial values begin, 8 bytes each */
    uint32_t n_values;         /* relocations at these places name the maps or programs */
};

/**
 * Find the struct bpf_spin_lock in the values of a map: in a structure, or in structures in that.
 * `shape` has the values' type, and is told.
 *
 * Returns 0, or WN_E_FORMAT if there are two, or one is not aligned; the text names the map.
 */
int wn_map_def_find_lock(const struct wn_btf *btf, const char *map, struct wn_map_shape *shape,
                         struct wn_error *err);

/**
 * Read the definition of one map.
 *
 * var   a VAR of section ".maps": wn_btf_secvar(btf, wn_btf_find(btf, ".maps", WN_BTF_DATASEC), i)
 *
 * Returns 0, WN_E_FORMAT (no definition, or contradictions) or WN_E_UNSUPPORTED (an
 * attribute nobody knows here). The text names map and attribute.
 */
int wn_map_def_parse(const struct wn_btf *btf, uint32_t var, struct wn_map_def *out,
                     struct wn_error *err);
