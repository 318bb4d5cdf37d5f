/* SPDX-License-Identifier: MIT */
/** The event loop: `winnowd` with a configuration, and `winnowd -i` without one. */
#pragma once

struct options;

/** Do what the command line says; returns the exit status. */
int live_run(const struct options *opts);

/** `winnowd --check`: everything but opening interfaces and outputs. */
int live_check(const struct options *opts);
