/* SPDX-License-Identifier: MIT */
/** What somebody may have meant who wrote a name that is not known. */
#pragma once

#include <stddef.h>

/** The name among n that is most like the text, if any is; else NULL. */
const char *nearest_find(const char *text, const char *const *names, size_t n);
