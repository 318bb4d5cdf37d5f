/* SPDX-License-Identifier: MIT */
/** Capture files through a filter: no configuration, no privileges, no event loop. */
#pragma once

struct options;

/** Do what `winnowd -r` says; returns the exit status. */
int offline_run(const struct options *opts);
