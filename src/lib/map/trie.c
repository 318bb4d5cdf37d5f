/* SPDX-License-Identifier: MIT */
/** Tries of prefixes: what changes them, and what goes through them in order. */
#include "map/trie.h"

#include <errno.h>

/** Kernel: KMALLOC_MAX_SIZE less the largest data and its struct lpm_trie_node. */
#define VALUE_MAX (WN_VALUE_MAX - 256 - 24)

/** Bits of the table of entries: a prefix shorter than they are changes as many of them. */
#define FIRST_MAX 12u

static uint64_t get_link(const wn_trie_link *link)
{
    return atomic_load_explicit(link, memory_order_relaxed);
}

static void set_link(wn_trie_link *link, uint64_t to)
{
    atomic_store_explicit(link, to, memory_order_release);
}

static uint32_t bits_of(const struct wn_trie_node *n)
{
    return atomic_load_explicit(&n->bits, memory_order_relaxed);
}

static bool is_real(const struct wn_trie_node *n)
{
    return atomic_load_explicit(&n->real, memory_order_relaxed);
}

static uint32_t trie_count(const struct wn_map *map)
{
    return atomic_load_explicit(&wn_trie_of(map)->count, memory_order_relaxed);
}

/* ---- Ways: the trie is locked -----------------------------------------------------------------
 */

/** The way to a key: to the node with all of its bits, or to where it would have to be. */
struct way {
    wn_trie_link *at; /* leads to `node` */
    struct wn_trie_node *node;
    uint32_t same;           /* bits that key and node have in common */
    wn_trie_link *to_parent; /* NULL: `at` is the root */
    struct wn_trie_node *parent;
    uint64_t above; /* link to the longest real prefix on the way; 0 without */
};

/** Bits in which a node and a key are the same, of those that both have. */
static uint32_t common(const struct wn_trie_node *n, const struct wn_trie_key *key)
{
    uint32_t most = bits_of(n) < key->bits ? bits_of(n) : key->bits;
    for (uint32_t i = 0; i * 64 < most; i++) {
        uint64_t differ = n->data[i] ^ key->data[i];
        uint32_t same = differ ? i * 64 + (uint32_t)__builtin_clzll(differ) : i * 64 + 64;
        if (differ || same >= most)
            return same < most ? same : most;
    }
    return most;
}

static struct way find_way(struct wn_trie *t, const struct wn_trie_key *key)
{
    struct way w = {.at = &t->root};
    uint64_t link;
    while ((link = get_link(w.at))) {
        w.node = wn_trie_node(t, link);
        uint32_t bits = bits_of(w.node);
        w.same = common(w.node, key);
        if (w.same != bits || bits == key->bits)
            return w;
        w.to_parent = w.at;
        w.parent = w.node;
        if (is_real(w.node))
            w.above = link;
        w.at = &w.node->child[wn_trie_bit(key->data, bits)];
    }
    w.node = NULL;
    return w;
}

/* ---- The table of entries ---------------------------------------------------------------------
 */

/** The shortest node of at least `first` bits that begins with those of a word. */
static uint64_t shortest(struct wn_trie *t, uint64_t word)
{
    uint64_t link = get_link(&t->root);
    while (link) {
        struct wn_trie_node *n = wn_trie_node(t, link);
        uint32_t bits = bits_of(n), most = bits < t->first ? bits : t->first;
        if (most && (n->data[0] ^ word) >> (64 - most))
            return 0;
        if (bits >= t->first)
            return link;
        link = get_link(&n->child[wn_trie_bit(&word, bits)]);
    }
    return 0;
}

/** Entries that keys with a prefix shorter than they are have; `n` is how many. */
static struct wn_trie_entry *entries_of(struct wn_trie *t, const struct wn_trie_key *key,
                                        uint32_t *n)
{
    uint32_t free_bits = t->first - key->bits;
    *n = 1u << free_bits;
    uint64_t index = key->bits ? key->data[0] >> (64 - key->bits) << free_bits : 0;
    return t->entries + index;
}

/** A prefix has come, or another node of it. */
static void enter(struct wn_trie *t, const struct wn_trie_key *key, uint64_t link)
{
    uint32_t n;
    if (key->bits >= t->first) {
        set_link(&wn_trie_entry(t, key->data[0])->down, shortest(t, key->data[0]));
        return;
    }
    for (struct wn_trie_entry *e = entries_of(t, key, &n); n > 0; n--, e++) {
        uint64_t best = get_link(&e->best);
        if (!best || bits_of(wn_trie_node(t, best)) <= key->bits)
            set_link(&e->best, link);
    }
}

/** A prefix has gone; `above` is the longest one that it lies in. */
static void leave(struct wn_trie *t, const struct wn_trie_key *key, uint64_t link, uint64_t above)
{
    uint32_t n;
    if (key->bits >= t->first) {
        set_link(&wn_trie_entry(t, key->data[0])->down, shortest(t, key->data[0]));
        return;
    }
    for (struct wn_trie_entry *e = entries_of(t, key, &n); n > 0; n--, e++)
        if (get_link(&e->best) == link)
            set_link(&e->best, above);
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

static void give(struct wn_trie *t, uint64_t link)
{
    wn_pool_give(&t->pool, (uint32_t)link - 1);
}

/** A link to a new node, of `bits` bits of the data; with a value it is real. */
static uint64_t make(struct wn_trie *t, uint32_t bits, const uint64_t *data, const uint8_t *value,
                     const uint64_t children[2])
{
    uint32_t i = wn_pool_take(&t->pool);
    assert(i != WN_POOL_EMPTY); /* there are as many as a full trie may need */
    struct wn_trie_node *n = wn_trie_node(t, i + 1);
    uint32_t version = atomic_load_explicit(&n->version, memory_order_relaxed);
    atomic_store_explicit(&n->version, version + 1, memory_order_relaxed);
    set_link(&n->child[0], children[0]);
    set_link(&n->child[1], children[1]);
    atomic_store_explicit(&n->bits, (uint16_t)bits, memory_order_release);
    atomic_store_explicit(&n->real, value != NULL, memory_order_release);
    for (uint32_t k = 0; k < t->words; k++)
        wn_word_set(&n->data[k], data[k]);
    if (value)
        wn_map_write(&t->map, i, 0, value);
    atomic_store_explicit(&n->version, version + 2, memory_order_release);
    return (uint64_t)(version + 2) << 32 | (i + 1);
}

/** A new node in front of one that parts from it, or lies in it. */
static uint64_t make_before(struct wn_trie *t, const struct way *w, const struct wn_trie_key *key,
                            const uint8_t *value)
{
    uint64_t old = get_link(w->at), children[2] = {0, 0};
    if (w->same == key->bits) {
        children[wn_trie_bit(w->node->data, w->same)] = old;
        return make(t, key->bits, key->data, value, children);
    }
    uint64_t link = make(t, key->bits, key->data, value, children);
    unsigned side = wn_trie_bit(key->data, w->same);
    children[side] = link;
    children[!side] = old;
    set_link(w->at, make(t, w->same, key->data, NULL, children));
    return link;
}

/* ---- Operations ------------------------------------------------------------------------------ */

/** Whether a key may be set, which is there or not. */
static int may_put(const struct wn_trie *t, bool there, uint64_t flags)
{
    if (there)
        return flags == WN_MAP_NOEXIST ? -EEXIST : 0;
    if (flags == WN_MAP_EXIST)
        return -ENOENT;
    return trie_count(&t->map) == t->map.max_entries ? -ENOSPC : 0;
}

static int put_locked(struct wn_trie *t, const struct wn_trie_key *key, const uint8_t *value,
                      uint64_t flags)
{
    struct way w = find_way(t, key);
    bool same = w.node && w.same == bits_of(w.node), there = same && is_real(w.node);
    uint64_t link, old = get_link(w.at), children[2] = {0, 0};
    int r = may_put(t, there, flags);
    if (r)
        return r;
    if (same)
        for (unsigned i = 0; i < 2; i++)
            children[i] = get_link(&w.node->child[i]);
    if (w.node && !same)
        link = make_before(t, &w, key, value);
    else
        link = make(t, key->bits, key->data, value, children);
    if (!w.node || same || w.same == key->bits)
        set_link(w.at, link);
    enter(t, key, link);
    if (same)
        give(t, old);
    if (!there)
        atomic_fetch_add_explicit(&t->count, 1, memory_order_relaxed);
    return 0;
}

static int trie_put(struct wn_map *map, const void *from, const uint8_t *value, uint64_t flags,
                    uint32_t cpu)
{
    struct wn_trie *t = wn_trie_of(map);
    struct wn_trie_key key;
    (void)cpu;
    wn_trie_read(&key, from, t->bits / 8);
    if (flags > WN_MAP_EXIST || key.bits > t->bits)
        return -EINVAL;
    wn_lock_hold(&t->lock);
    int r = put_locked(t, &key, value, flags);
    wn_lock_drop(&t->lock);
    return r;
}

/** Take a node out that has no two children; a parent without a value goes, too, if one child
 * would be left to it. */
static void take_out(struct wn_trie *t, const struct way *w, const struct wn_trie_key *key)
{
    uint64_t link = get_link(w->at), parent = 0;
    uint64_t child = get_link(&w->node->child[0]);
    if (!child)
        child = get_link(&w->node->child[1]);
    if (!child && w->parent && !is_real(w->parent)) {
        parent = get_link(w->to_parent);
        set_link(w->to_parent, get_link(&w->parent->child[w->at == &w->parent->child[0]]));
    } else {
        set_link(w->at, child);
    }
    leave(t, key, link, w->above);
    give(t, link);
    if (parent)
        give(t, parent);
}

static int remove_locked(struct wn_trie *t, const struct wn_trie_key *key)
{
    struct way w = find_way(t, key);
    if (!w.node || w.same != bits_of(w.node) || !is_real(w.node))
        return -ENOENT;
    atomic_fetch_sub_explicit(&t->count, 1, memory_order_relaxed);
    if (get_link(&w.node->child[0]) && get_link(&w.node->child[1])) {
        atomic_store_explicit(&w.node->real, false, memory_order_release);
        leave(t, key, get_link(w.at), w.above);
    } else {
        take_out(t, &w, key);
    }
    return 0;
}

static int trie_remove(struct wn_map *map, const void *from)
{
    struct wn_trie *t = wn_trie_of(map);
    struct wn_trie_key key;
    wn_trie_read(&key, from, t->bits / 8);
    if (key.bits > t->bits)
        return -EINVAL;
    wn_lock_hold(&t->lock);
    int r = remove_locked(t, &key);
    wn_lock_drop(&t->lock);
    return r;
}

/** What comes first of a node and all below it: longer prefixes come before those they lie in. */
static uint64_t first_of(struct wn_trie *t, uint64_t link)
{
    for (uint64_t next = link; next;) {
        struct wn_trie_node *n = wn_trie_node(t, link = next);
        next = get_link(&n->child[0]);
        if (!next)
            next = get_link(&n->child[1]);
    }
    return link;
}

/** What comes behind a key: what is to the right of the last node on the way that has something
 * there, or that node itself. */
static uint64_t behind(struct wn_trie *t, const struct wn_trie_key *key, bool *there)
{
    uint64_t answer = 0, link = get_link(&t->root);
    while (link) {
        struct wn_trie_node *n = wn_trie_node(t, link);
        uint32_t bits = bits_of(n);
        if (common(n, key) != bits)
            break;
        *there = bits == key->bits && is_real(n);
        if (bits == key->bits)
            break;
        unsigned side = wn_trie_bit(key->data, bits);
        uint64_t right = side ? 0 : get_link(&n->child[1]);
        if (right)
            answer = first_of(t, right);
        else if (is_real(n))
            answer = link;
        link = get_link(&n->child[side]);
    }
    return answer;
}

static int trie_next(struct wn_map *map, const void *from, uint8_t *next)
{
    struct wn_trie *t = wn_trie_of(map);
    struct wn_trie_key key = {.bits = UINT32_MAX};
    bool there = false;
    uint64_t link = 0;
    if (from)
        wn_trie_read(&key, from, t->bits / 8);
    wn_lock_hold(&t->lock);
    if (key.bits <= t->bits)
        link = behind(t, &key, &there);
    if (!there)
        link = first_of(t, get_link(&t->root));
    if (link) {
        const struct wn_trie_node *n = wn_trie_node(t, link);
        uint32_t bits = bits_of(n), bytes = t->bits / 8;
        memcpy(next, &bits, sizeof bits);
        for (uint32_t at = 0; at < bytes; at += 8) {
            uint64_t word = wn_trie_word(n->data[at / 8]);
            memcpy(next + WN_TRIE_HEAD + at, &word, bytes - at < 8 ? bytes - at : 8);
        }
    }
    wn_lock_drop(&t->lock);
    return link ? 0 : -ENOENT;
}

static const struct wn_map_ops ops = {
    .find = wn_trie_find,
    .finder = wn_trie_finder,
    .get = wn_trie_get_value,
    .put = trie_put,
    .remove = trie_remove,
    .next = trie_next,
    .count = trie_count,
    .batches = WN_BATCH_LOOKUP | WN_BATCH_UPDATE | WN_BATCH_DELETE,
};

/* ---- Making ---------------------------------------------------------------------------------- */

/** Kernel: trie_alloc. */
static int check(const struct wn_map_opts *o, struct wn_error *err)
{
    uint32_t allowed = WN_MAP_NO_PREALLOC | WN_MAP_NUMA_NODE | WN_MAP_RDONLY | WN_MAP_WRONLY |
                       WN_MAP_RDONLY_PROG | WN_MAP_WRONLY_PROG;
    if (o->max_entries == 0)
        return wn_map_invalid(o, err, "max_entries is 0");
    if (!(o->flags & WN_MAP_NO_PREALLOC))
        return wn_map_invalid(o, err, "a trie needs the flag BPF_F_NO_PREALLOC");
    if (o->flags & ~allowed || !wn_map_access_ok(o->flags))
        return wn_map_invalid(o, err, "a trie does not take these flags");
    if (o->key_bytes <= WN_TRIE_HEAD || o->key_bytes > WN_TRIE_HEAD + WN_TRIE_WORDS * 8)
        return wn_map_invalid(o, err, "keys have 4 bytes for a length, then 1 to 256 of data");
    if (o->value_bytes == 0 || o->value_bytes > VALUE_MAX)
        return wn_map_invalid(o, err, "values have 1 to 4194024 bytes");
    if (o->max_entries > UINT32_MAX / 2)
        return wn_fail(err, -E2BIG, WN_NOWHERE, "%u entries in a trie, %u at most", o->max_entries,
                       UINT32_MAX / 2);
    return 0;
}

/** About as many entries as there may be prefixes. */
static uint32_t first_bits(const struct wn_map_opts *o)
{
    uint32_t most = (o->key_bytes - WN_TRIE_HEAD) * 8, n = 1;
    while (n < FIRST_MAX && n < most && 1u << n < o->max_entries)
        n++;
    return n;
}

int wn_trie_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err)
{
    int r = check(opts, err);
    if (r)
        return r;
    uint32_t data = (uint32_t)wn_words_bytes(opts->key_bytes - WN_TRIE_HEAD);
    uint32_t head = (uint32_t)sizeof(struct wn_trie_node) + data;
    uint32_t stride = head + (uint32_t)wn_words_bytes(opts->value_bytes);
    uint32_t first = first_bits(opts);
    /* n prefixes part at n - 1 places at most; replacing one takes a second node for a moment. */
    uint32_t places = 2 * opts->max_entries;
    wn_map_bytes entries = (wn_map_bytes)sizeof(struct wn_trie_entry) << first;
    struct wn_map *map;
    r = wn_map_make(opts, &ops, sizeof(struct wn_trie), entries + (wn_map_bytes)places * stride,
                    &map, err);
    if (r)
        return r;
    struct wn_trie *t = wn_trie_of(map);
    t->entries = (struct wn_trie_entry *)map->memory;
    t->nodes = map->memory + (size_t)entries;
    t->stride = stride;
    t->bits = (opts->key_bytes - WN_TRIE_HEAD) * 8;
    t->words = data / 8;
    t->first = first;
    t->pool.n = places;
    t->pool.stride = stride;
    t->pool.links = t->nodes + offsetof(struct wn_trie_node, spare);
    map->places = places;
    map->values = t->nodes + head;
    map->stride = stride;
    *out = map;
    return 0;
}
