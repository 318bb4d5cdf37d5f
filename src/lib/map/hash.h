/* SPDX-License-Identifier: MIT */
/** Hashes, between making one (hash_new.c) and using it (hash.c). */
#pragma once

#include "map/kind.h"

extern const struct wn_map_ops wn_hash_ops;
