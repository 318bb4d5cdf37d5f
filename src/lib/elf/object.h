/* SPDX-License-Identifier: MIT */
/** What a program keeps of the object it came from. */
#pragma once

#include <winnow/object.h>

#include "base/run.h"

/** Keep an object; give it back with wn_object_free(). Any thread may. */
struct wn_object *wn_object_ref(const struct wn_object *obj);

/** The read-only data that addresses in the slots point to; lives as long as the object. */
const struct wn_region *wn_object_regions(const struct wn_object *obj, uint32_t *n);
