/* SPDX-License-Identifier: MIT */
/**
 * Maps: what programs keep between packets, and share with each other and with
 * the embedder. Types, flags, rules and error numbers are the kernel's
 * (include/uapi/linux/bpf.h and what bpf(2) does), so that a program and its
 * loader find the same here.
 *
 * Any number of threads may use a map at once, by these functions and by
 * running programs. A function that changes an element does it as a whole for
 * the others; what running programs store into values meanwhile is theirs to
 * order, with atomic instructions as in the kernel. Values that are replaced or
 * deleted may be reused for other keys, but their memory stays the map's as
 * long as the map lives: a program that still holds a pointer never reaches
 * anything else by it.
 *
 * Values of per-CPU maps are kept once for each slot (`cpus` of the options);
 * programs run with the slot of their run structure, and these functions see
 * the values of all slots one behind the other, each rounded up to 8 bytes.
 *
 * The keys of a longest-prefix trie begin with the number of bits that count, 4
 * bytes in the machine's order; the bytes behind are compared from their highest
 * bit on.
 *
 * Queues, stacks and bloom filters have no keys: they are used by
 * wn_map_push(), wn_map_pop() and wn_map_peek(), which are the same as
 * wn_map_update(), wn_map_lookup_and_delete() and wn_map_lookup() with NULL for
 * the key.
 *
 * Values may have a lock, which programs hold with bpf_spin_lock() while they change
 * several of a value's fields. What has such values is read here as a whole, between
 * such changes, and written so; the lock's four bytes read as zeros and are not
 * written.
 *
 * Ring buffers have no elements at all: programs write records into them, which one
 * reader takes out by wn_map_consume(). Their max_entries are bytes.
 *
 * Maps of maps hold other maps, all of one kind, which wn_map_set_inner() puts there: programs
 * look one up, and then in that.
 *
 * Neither have arrays of perf events: wn_map_open_events() lets programs write records,
 * and one reader takes those of all CPUs out by wn_map_consume_events().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <winnow/err.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wn_map;
struct wn_prog;

/** Kinds, by the kernel's numbers. wn_map_new() says which of them there are. */
enum wn_map_type {
    WN_MAP_HASH = 1,
    WN_MAP_ARRAY = 2,
    WN_MAP_PROG_ARRAY = 3,
    WN_MAP_PERF_EVENT_ARRAY = 4,
    WN_MAP_PERCPU_HASH = 5,
    WN_MAP_PERCPU_ARRAY = 6,
    WN_MAP_LRU_HASH = 9,
    WN_MAP_LRU_PERCPU_HASH = 10,
    WN_MAP_LPM_TRIE = 11,
    WN_MAP_ARRAY_OF_MAPS = 12,
    WN_MAP_HASH_OF_MAPS = 13,
    WN_MAP_DEVMAP = 14,
    WN_MAP_CPUMAP = 16,
    WN_MAP_XSKMAP = 17,
    WN_MAP_QUEUE = 22,
    WN_MAP_STACK = 23,
    WN_MAP_DEVMAP_HASH = 25,
    WN_MAP_RINGBUF = 27,
    WN_MAP_BLOOM_FILTER = 30,
};

/** Flags of a map, by the kernel's numbers; which kinds take which is the kernel's matter too. */
enum wn_map_flag {
    WN_MAP_NO_PREALLOC = 1 << 0,   /* accepted: memory is always taken when it is first used */
    WN_MAP_NO_COMMON_LRU = 1 << 1, /* accepted: rounds max_entries to a multiple of cpus */
    WN_MAP_NUMA_NODE = 1 << 2,     /* accepted, without meaning here */
    WN_MAP_RDONLY = 1 << 3,        /* these functions may not write */
    WN_MAP_WRONLY = 1 << 4,        /* these functions may not read */
    WN_MAP_ZERO_SEED = 1 << 6,     /* hashes whose order can be repeated: for tests only */
    WN_MAP_RDONLY_PROG = 1 << 7,   /* programs may not write */
    WN_MAP_WRONLY_PROG = 1 << 8,   /* programs may not read */
    WN_MAP_MMAPABLE = 1 << 10,     /* accepted, without meaning here */
    WN_MAP_INNER_MAP = 1 << 12,    /* accepted: an inner map may have another size */
};

/** What an update may do. */
enum wn_map_update_flag {
    WN_MAP_ANY = 0,     /* make or replace */
    WN_MAP_NOEXIST = 1, /* make only */
    WN_MAP_EXIST = 2,   /* replace only */
    WN_MAP_LOCK = 4,    /* with one of those: as programs that hold the value's lock (has_lock) */
};

/** The kernel's ENOTSUPP, which <errno.h> does not know. */
#define WN_ENOTSUPP 524

struct wn_map_opts {
    enum wn_map_type type;
    uint32_t key_bytes;
    uint32_t value_bytes;
    uint32_t max_entries;
    uint32_t flags;     /* enum wn_map_flag */
    uint32_t cpus;      /* slots of a per-CPU map; 0 means 1 */
    uint64_t max_bytes; /* most memory the map may come to need; 0 means 1 GiB */
    const char *name;   /* for messages; cut to 63 bytes; may be NULL */
    uint64_t extra;     /* map_extra: how many hashes a bloom filter makes, 1 to 15; 0 means 5 */
    const struct wn_map_opts *inner; /* maps of maps: what all of them are like; borrowed */
    bool has_lock;    /* hashes and arrays: a struct bpf_spin_lock lies in each value, at byte */
    uint32_t lock_at; /* this one, a multiple of 4 */
};

/** What a map is. */
struct wn_map_info {
    enum wn_map_type type;
    uint32_t key_bytes;
    uint32_t value_bytes;
    uint32_t max_entries; /* as the kernel rounds it */
    uint32_t flags;
    uint32_t cpus;         /* 1 unless per-CPU */
    uint32_t entries;      /* elements now; all there are for arrays; programs of a program array */
    bool frozen;           /* by wn_map_freeze() */
    uint64_t bytes;        /* address space; memory is taken when it is first used */
    uint64_t lookup_bytes; /* what wn_map_lookup() writes and wn_map_update() reads */
    const char *name;      /* lives as long as the map; "" without */
    uint64_t extra;        /* as it was given */
    bool has_lock;         /* as they were given */
    uint32_t lock_at;
};

/**
 * Make an empty map (arrays: of zeros).
 *
 * opts   borrowed for the call
 * out    set on success alone; the caller lets go with wn_map_free()
 *
 * Returns 0, -EINVAL, -E2BIG or -WN_ENOTSUPP as the kernel does for such
 * attributes, WN_E_UNSUPPORTED (a type this version does not provide),
 * WN_E_LIMIT (more than max_bytes, and nothing has been allocated), -ENOMEM, or
 * what getrandom(2) says.
 */
WN_API int wn_map_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err);

/** One more owner; each lets go with wn_map_free(). Returns the map. */
WN_API struct wn_map *wn_map_ref(struct wn_map *map);

/**
 * Let go; the last owner frees. A program array then loses its programs, so no
 * thread may run one any more that tail-calls through it. NULL is allowed.
 */
WN_API void wn_map_free(struct wn_map *map);

/** Describe a map. */
WN_API void wn_map_info(const struct wn_map *map, struct wn_map_info *out);

/** A type's name as in the kernel's headers, in small letters: "percpu_hash"; NULL if unknown. */
WN_API const char *wn_map_type_name(enum wn_map_type type);

/**
 * Copy out the value of a key; of a trie that of the longest prefix of the key.
 *
 * key    key_bytes of it; of maps without keys NULL, see wn_map_peek()
 * value  room for the value; of a per-CPU map for those of all slots
 *        (lookup_bytes of struct wn_map_info)
 *
 * Returns 0, -ENOENT, -EPERM (WN_MAP_WRONLY), -EOPNOTSUPP (values are programs),
 * -EFAULT (key is NULL and the map has keys) or -EINVAL (the other way round).
 */
WN_API int wn_map_lookup(struct wn_map *map, const void *key, void *value);

/**
 * As wn_map_lookup(), for one slot of a per-CPU map: value_bytes. -EINVAL if
 * there is no such slot; maps that are not per-CPU have slot 0.
 */
WN_API int wn_map_lookup_cpu(struct wn_map *map, const void *key, uint32_t cpu, void *value);

/**
 * Set the value of a key.
 *
 * value  as wn_map_lookup() gives it
 * flags  enum wn_map_update_flag
 *
 * Returns 0, -EEXIST (WN_MAP_NOEXIST), -ENOENT (WN_MAP_EXIST), -E2BIG (the map
 * is full, or an array has no such index), -ENOSPC (a trie is full), -EINVAL
 * (flags, a prefix longer than the keys, a key for a map without keys), -EFAULT (no
 * key for a map with keys), -EPERM (WN_MAP_RDONLY, frozen), or -EOPNOTSUPP (values
 * are programs).
 */
WN_API int wn_map_update(struct wn_map *map, const void *key, const void *value, uint64_t flags);

/**
 * Delete a key. Returns 0, -ENOENT, -EPERM, -EINVAL (arrays, queues, stacks, a
 * prefix longer than the keys), -EOPNOTSUPP (bloom filters), -EFAULT (no key for a
 * map with keys), or -E2BIG (an index that a program array does not have).
 */
WN_API int wn_map_delete(struct wn_map *map, const void *key);

/**
 * Copy out the value of a key and delete it, as one step for all others; from
 * queues and stacks, as wn_map_pop().
 *
 * key, value  as of wn_map_lookup()
 *
 * Returns as wn_map_lookup() and wn_map_delete() do, or -WN_ENOTSUPP (neither a hash
 * nor a queue nor a stack).
 */
WN_API int wn_map_lookup_and_delete(struct wn_map *map, const void *key, void *value);

/**
 * Put a value into a queue, a stack or a bloom filter.
 *
 * flags  WN_MAP_EXIST: if a queue or stack is full, its oldest value goes
 *
 * Returns 0, -E2BIG (full), -EINVAL (flags), -EPERM (WN_MAP_RDONLY, frozen) or
 * -EFAULT (the map has keys).
 */
WN_API int wn_map_push(struct wn_map *map, const void *value, uint64_t flags);

/**
 * Take out the oldest value of a queue, the newest of a stack.
 *
 * value  room for it; as it was on failure
 *
 * Returns 0, -ENOENT (empty), -EPERM (WN_MAP_RDONLY, WN_MAP_WRONLY, frozen),
 * -WN_ENOTSUPP (a bloom filter) or -EFAULT (the map has keys).
 */
WN_API int wn_map_pop(struct wn_map *map, void *value);

/**
 * Copy out what wn_map_pop() would take; of a bloom filter, ask whether a value may
 * have been put into it, which is then read and not written.
 *
 * Returns 0, -ENOENT (empty; surely not in the filter), -EPERM (WN_MAP_WRONLY) or
 * -EFAULT (the map has keys).
 */
WN_API int wn_map_peek(struct wn_map *map, void *value);

/**
 * Get the key behind another, in an order of the map's own (BPF_MAP_GET_NEXT_KEY).
 *
 * key    NULL, or one that is not there: the first
 * next   room for a key; may be the same memory as key
 *
 * Keys that are made meanwhile may be missed; with keys deleted meanwhile it may
 * start again. Tries give longer prefixes before those that they lie in. Returns 0,
 * -ENOENT behind the last one, -EPERM, or -EINVAL, -EOPNOTSUPP (there are no keys).
 */
WN_API int wn_map_next(struct wn_map *map, const void *key, void *next);

/** Where a batch begins and how much of it there is. */
struct wn_map_batch {
    const void *in; /* what `out` of the batch before was filled with; NULL: the first */
    void *out;      /* room for key_bytes, at least 4; may be the same memory as in */
    void *keys;     /* key_bytes each, one behind the other */
    void *values;   /* lookup_bytes of struct wn_map_info each; not used by wn_map_delete_batch() */
    uint32_t count; /* elements there is room for, or that there are; then how many were done */
    uint64_t flags; /* 0 */
};

/**
 * Copy out many elements at once (BPF_MAP_LOOKUP_BATCH).
 *
 * Hashes give whole buckets only: a batch may end before it is full. What is
 * changed between two batches may be missed or come twice.
 *
 * Returns 0 (there may be more: go on with in = out), -ENOENT (the end was reached;
 * batch->count elements were copied before), -ENOSPC (a hash: the next bucket has
 * more than there is room for at all), -EINVAL (flags), -EPERM (WN_MAP_WRONLY) or
 * -WN_ENOTSUPP (no array, hash or trie).
 */
WN_API int wn_map_lookup_batch(struct wn_map *map, struct wn_map_batch *batch);

/**
 * As wn_map_lookup_batch(), and delete what is copied (BPF_MAP_LOOKUP_AND_DELETE_BATCH).
 * Hashes only: others return -WN_ENOTSUPP. -EPERM also if the map cannot be written.
 */
WN_API int wn_map_lookup_and_delete_batch(struct wn_map *map, struct wn_map_batch *batch);

/**
 * Update many elements, one after the other (BPF_MAP_UPDATE_BATCH); `in` and `out`
 * are not used. Ends with the first one that cannot be: batch->count says how many
 * were. Returns as wn_map_update() does, or -WN_ENOTSUPP (no array, hash or trie).
 */
WN_API int wn_map_update_batch(struct wn_map *map, struct wn_map_batch *batch);

/**
 * Delete many keys, one after the other (BPF_MAP_DELETE_BATCH), as
 * wn_map_update_batch() does. Returns as wn_map_delete() does, or -WN_ENOTSUPP (no hash
 * or trie).
 */
WN_API int wn_map_delete_batch(struct wn_map *map, struct wn_map_batch *batch);

/**
 * From now on these functions refuse to write (BPF_MAP_FREEZE); programs are
 * refused by WN_MAP_RDONLY_PROG. The memory of a map with both cannot be written
 * by anyone.
 *
 * Returns 0, -EPERM (WN_MAP_RDONLY, frozen already), -EBUSY (another thread is
 * writing) or -errno.
 */
WN_API int wn_map_freeze(struct wn_map *map);

/**
 * Put a program into a program array, for tail calls. A program calls only those of
 * its own type: others are as if they were not there.
 *
 * prog  referenced as long as it is in the array, and after that until
 *       wn_map_quiesce(): it may be running
 *
 * Returns 0, -EINVAL (the map is no program array, the programs in it have been
 * of another type, or prog is NULL), -E2BIG (no such index),
 * -EPERM (WN_MAP_RDONLY, frozen) or -ENOMEM. wn_map_delete() takes it out.
 */
WN_API int wn_map_set_prog(struct wn_map *map, uint32_t index, struct wn_prog *prog);

/**
 * Let go of programs that have been replaced or deleted in a program array, or of maps in a
 * map of maps: no thread runs a program that uses the map, or it has begun to
 * after the last change. Never needed by whoever changes no array while programs
 * run; a program that is replaced often is kept once.
 */
WN_API void wn_map_quiesce(struct wn_map *map);

/**
 * Put a map into a map of maps, where programs find it.
 *
 * key    of the outer map
 * inner  as `inner` of the options said: its type, sizes, flags and lock; the number of entries may
 *        differ, but for arrays without WN_MAP_INNER_MAP. The outer map takes a reference
 * flags  enum wn_map_update_flag; of arrays only WN_MAP_ANY
 *
 * A map that is replaced, or deleted with wn_map_delete(), is kept for the programs that
 * use it until wn_map_quiesce().
 *
 * Returns 0, -EINVAL (no map of maps, another kind of map, flags), -E2BIG, -EEXIST, -ENOENT,
 * -EPERM or -ENOMEM, as wn_map_update(); the text says what differs.
 */
WN_API int wn_map_set_inner(struct wn_map *map, const void *key, struct wn_map *inner,
                            uint64_t flags, struct wn_error *err);

/** Get the map of a key; the caller lets go with wn_map_free(). 0, -ENOENT or -EINVAL (no map of
 * maps). */
WN_API int wn_map_get_inner(struct wn_map *map, const void *key, struct wn_map **out);

/**
 * Shown a record of a ring buffer.
 *
 * data   8-byte aligned; the map's, and only until the function returns
 *
 * Returns 0 or more to go on; a negative number ends wn_map_consume(), which
 * returns it. The record counts as read either way.
 */
typedef int (*wn_record_fn)(void *arg, const void *data, size_t bytes);

/**
 * The descriptor that becomes readable (poll(2), POLLIN) when a ring buffer has
 * something for a reader that has read everything before; it stays so until
 * wn_map_consume(). Programs may choose not to wake (BPF_RB_NO_WAKEUP), or always to
 * (BPF_RB_FORCE_WAKEUP).
 *
 * The same of an array of perf events that has been opened.
 *
 * Returns the descriptor, which is the map's and is closed with it, or -EINVAL (no
 * ring buffer, or not opened).
 */
WN_API int wn_map_watch(const struct wn_map *map);

/**
 * Show all records that have been submitted to a ring buffer, oldest first. It ends
 * at one that a program is still writing. Never waits; programs go on meanwhile. While
 * nobody calls this the ring fills up, and then programs lose records.
 *
 * Returns how many records were shown, what `fn` returned if that was negative, -EBUSY (another
 * thread is reading, or fn() calls this) or -EINVAL (no ring buffer).
 */
WN_API int wn_map_consume(struct wn_map *map, wn_record_fn fn, void *arg);

/**
 * Let programs write to an array of perf events (bpf_perf_event_output()); before that they
 * get -ENOENT. There is no way back, and doing it again changes nothing.
 *
 * bytes   of the ring that takes the records of all CPUs: a power of two, whole pages
 *
 * Returns 0, -EINVAL (no such array, or such a size), WN_E_LIMIT, -ENOMEM, or what
 * eventfd(2) and memfd_create(2) say.
 */
WN_API int wn_map_open_events(struct wn_map *map, uint32_t bytes, struct wn_error *err);

/** As wn_record_fn, of a record that a program has written on a CPU (the run's slot). */
typedef int (*wn_event_fn)(void *arg, uint32_t cpu, const void *data, size_t bytes);

/** As wn_map_consume(), of the records in an array of perf events; 0 before it has been opened. */
WN_API int wn_map_consume_events(struct wn_map *map, wn_event_fn fn, void *arg);

/** How a ring buffer is used. Positions count bytes since it was made, 8 for each record included.
 */
struct wn_ring_info {
    uint64_t bytes;   /* of the ring */
    uint64_t read;    /* how far the reader is */
    uint64_t written; /* how far programs are; records that are not submitted yet included */
    uint64_t lost;    /* records for which there was no room */
};

/** Describe the use of a ring buffer, or of what has been opened for perf events. Returns 0 or
 * -EINVAL (neither). */
WN_API int wn_map_ring_info(const struct wn_map *map, struct wn_ring_info *out);

#ifdef __cplusplus
}
#endif
