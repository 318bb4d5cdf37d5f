/* SPDX-License-Identifier: MIT */
/** The description of org.winnow.Control, as its file has it. */
#pragma once

#define CTL_INTERFACE "org.winnow.Control"

extern const char ctl_interface_text[];
