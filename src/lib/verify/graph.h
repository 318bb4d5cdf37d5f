/* SPDX-License-Identifier: MIT */
/** Which ways lead in a circle. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** From one node to another. */
struct wn_edge {
    uint32_t from, to;
    uint32_t via; /* what it is noted for */
};

/**
 * Say which strongly connected component each node belongs to; they are counted
 * from 1 on.
 *
 * Returns false without memory.
 */
bool wn_graph_components(uint32_t n_nodes, const struct wn_edge *edges, size_t n_edges,
                         uint32_t *component);

/**
 * Call `fn` with the `via` of each edge that lies on a circle: those within a
 * strongly connected component (Tarjan, "Depth-First Search and Linear Graph
 * Algorithms", 1972).
 *
 * Returns false without memory.
 */
bool wn_graph_circles(uint32_t n_nodes, const struct wn_edge *edges, size_t n_edges,
                      void (*fn)(void *arg, uint32_t via), void *arg);
