/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <winnow/debug.h>
#include <winnow/err.h>

#include "common/diag.h"
#include "common/log.h"
#include "daemon/capture.h"
#include "daemon/check.h"
#include "daemon/conf.h"
#include "daemon/live.h"
#include "daemon/offline.h"
#include "daemon/options.h"

static int print_version(const struct options *opts)
{
    if (opts->json)
        printf("{\"version\":\"%s\",\"libpcap\":\"%s\"}\n", WN_VERSION, capture_version());
    else
        printf("winnowd %s, %s\n", WN_VERSION, capture_version());
    return 0;
}

static int list_interfaces(const struct options *opts)
{
    struct wn_error err;
    if (capture_list(opts->json, stdout, &err) == 0)
        return 0;
    fprintf(stderr, "winnowd: %s\n", err.text);
    return EX_OSERR;
}

static int act(const struct options *opts)
{
    switch (opts->mode) {
    case MODE_HELP: options_help(stdout); return 0;
    case MODE_VERSION: return print_version(opts);
    case MODE_LIST_INTERFACES: return list_interfaces(opts);
    case MODE_CHECK: return check_run(opts);
    case MODE_PRINT_CONFIG: return check_print(opts);
    case MODE_OFFLINE: return offline_run(opts);
    case MODE_LIVE:
    case MODE_DAEMON: return live_run(opts);
    }
    return EX_SOFTWARE;
}

/* As act(), with the tools told that look at machine code. */
static int act_in_sight(const struct options *opts)
{
    struct wn_error err;
    wn_gdb_announce(opts->gdb);
    if (opts->jitdump && wn_jitdump_open(opts->jitdump, &err)) {
        fprintf(stderr, "winnowd: %s\n", err.text);
        return EX_CANTCREAT;
    }
    int status = act(opts);
    if (wn_jitdump_close(&err)) {
        fprintf(stderr, "winnowd: %s\n", err.text);
        status = status ? status : EX_IOERR;
    }
    return status;
}

int main(int argc, char **argv)
{
    struct options opts;
    int status = options_parse(argc, argv, &opts);
    if (status == 0) {
        log_init("winnowd", LOG_TO_AUTO,
                 opts.quiet     ? LEVEL_ERROR
                 : opts.verbose ? LEVEL_DEBUG
                                : LEVEL_NOTICE);
        status = act_in_sight(&opts);
    }
    options_fini(&opts);
    /* What was printed may not have got there: a full disk shows only now. */
    if (fflush(stdout) != 0 && status == 0 && errno != EPIPE)
        status = EX_IOERR;
    return status;
}
