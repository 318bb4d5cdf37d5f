/* SPDX-License-Identifier: MIT */
/** `winnowd --check` and `--print-config`: what a configuration says, without acting on it. */
#pragma once

struct options;

/** Everything but opening interfaces and outputs; returns the exit status. */
int check_run(const struct options *opts);

/** Print the configuration, the defaults or the schema; returns the exit status. */
int check_print(const struct options *opts);
