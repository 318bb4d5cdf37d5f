/* SPDX-License-Identifier: MIT */
#include "verify/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"

/** The walk, without recursion: a million nodes may lie behind each other. */
struct walk {
    const uint32_t *first; /* of each node: its edges in `to`; one more than nodes */
    const uint32_t *to;
    uint32_t *order; /* when a node was met, counted from 1 */
    uint32_t *low;   /* the earliest that is reached from it */
    uint32_t *next;  /* edge to go on with */
    uint32_t *path;  /* nodes being walked */
    uint32_t *open;  /* nodes whose component is not complete */
    uint32_t *component;
    uint32_t n_path, n_open, met, components;
};

static void enter(struct walk *w, uint32_t node)
{
    w->order[node] = w->low[node] = ++w->met;
    w->next[node] = w->first[node];
    w->path[w->n_path++] = node;
    w->open[w->n_open++] = node;
}

/** Everything that is open above a node is its component. */
static void complete(struct walk *w, uint32_t node)
{
    uint32_t member;
    w->components++;
    do {
        member = w->open[--w->n_open];
        w->component[member] = w->components;
    } while (member != node);
}

static void leave(struct walk *w)
{
    uint32_t node = w->path[--w->n_path];
    if (w->low[node] == w->order[node])
        complete(w, node);
    if (w->n_path > 0) {
        uint32_t parent = w->path[w->n_path - 1];
        if (w->low[node] < w->low[parent])
            w->low[parent] = w->low[node];
    }
}

static void walk_from(struct walk *w, uint32_t node)
{
    enter(w, node);
    while (w->n_path > 0) {
        uint32_t at = w->path[w->n_path - 1];
        if (w->next[at] == w->first[at + 1]) {
            leave(w);
            continue;
        }
        uint32_t to = w->to[w->next[at]++];
        if (!w->order[to])
            enter(w, to);
        else if (!w->component[to] && w->order[to] < w->low[at])
            w->low[at] = w->order[to];
    }
}

bool wn_graph_components(uint32_t n, const struct wn_edge *edges, size_t n_edges,
                         uint32_t *component)
{
    WN_OWN(free) uint32_t *memory = calloc((size_t)n * 6 + 1 + n_edges, sizeof *memory);
    if (!memory)
        return false;
    uint32_t *first = memory, *to = first + n + 1;
    struct walk w = {.first = first, .to = to, .component = component};
    uint32_t **const parts[] = {&w.order, &w.low, &w.next, &w.path, &w.open};
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++)
        *parts[i] = to + n_edges + (size_t)i * n;
    memset(component, 0, n * sizeof *component);
    for (size_t i = 0; i < n_edges; i++)
        first[edges[i].from + 1]++;
    for (uint32_t i = 0; i < n; i++)
        first[i + 1] += first[i];
    for (uint32_t i = 0; i < n; i++)
        w.next[i] = first[i];
    for (size_t i = 0; i < n_edges; i++)
        to[w.next[edges[i].from]++] = edges[i].to;
    for (uint32_t i = 0; i < n; i++)
        if (!w.order[i])
            walk_from(&w, i);
    return true;
}

bool wn_graph_circles(uint32_t n, const struct wn_edge *edges, size_t n_edges,
                      void (*fn)(void *arg, uint32_t via), void *arg)
{
    WN_OWN(free) uint32_t *component = malloc((n ? n : 1) * sizeof *component);
    if (!component || !wn_graph_components(n, edges, n_edges, component))
        return false;
    for (size_t i = 0; i < n_edges; i++)
        if (component[edges[i].from] == component[edges[i].to])
            fn(arg, edges[i].via);
    return true;
}
