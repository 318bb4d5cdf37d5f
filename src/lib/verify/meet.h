/* SPDX-License-Identifier: MIT */
/** Where ways meet: what is kept there, and whether one has to be followed. */
#pragma once

#include "verify/walk.h"

/** Note the places where ways meet, and those that loops come back to. */
void wn_walk_find_heads(struct wn_walk *w);

/** Arrive where ways meet; whether the one that is followed goes on. */
bool wn_walk_arrive(struct wn_walk *w);

/** Of the joined states that wait to be followed, the one that stands first in the program. */
struct wn_node *wn_walk_next_waiting(struct wn_walk *w);

/** Add an entry to the trail. */
void wn_way_walked(struct wn_walk *w, uint32_t entry);

/** Go back to where a way was put off: whatever lies behind has been followed to its end. */
void wn_way_go_back(struct wn_walk *w, size_t len);

/** Something depends on these numbers, before the last `skip` steps. */
void wn_way_depends(struct wn_walk *w, struct wn_marks *marks, size_t skip, uint32_t depth);

/** Something depends on the packet having so many bytes: all places on the way since that is known.
 */
void wn_way_needs(struct wn_walk *w, uint32_t bytes);
