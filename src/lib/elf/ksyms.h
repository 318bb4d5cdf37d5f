/* SPDX-License-Identifier: MIT */
/** Functions of a kernel that programs call by name. */
#pragma once

/** What to do instead of calling one; static memory. */
const char *wn_ksym_instead(const char *name);
