/* SPDX-License-Identifier: MIT */
#include "daemon/check.h"

#include <errno.h>
#include <stdio.h>
#include <sysexits.h>

#include <jansson.h>

#include "common/diag.h"
#include "daemon/conf.h"
#include "daemon/ctl_json.h"
#include "daemon/filter.h"
#include "daemon/generation.h"
#include "daemon/options.h"
#include "daemon/stats.h"

static const char *path_of(const struct options *opts)
{
    return opts->config ? opts->config : CONF_DEFAULT;
}

/* Filters are compiled too; what they count goes nowhere. */
static int check(const char *path, struct diag_list *diags)
{
    struct conf *conf;
    struct generation *generation = NULL;
    struct stats *stats = stats_new();
    int rc = stats ? conf_load(path, filter_check_all, &conf, diags) : -ENOMEM;
    if (rc == 0)
        rc = generation_new(conf, NULL, stats, &generation, diags);
    generation_unref(generation);
    stats_free(stats);
    return rc;
}

static int print_json(const struct diag_list *diags, bool ok)
{
    json_t *all = ctl_json_diagnostics(diags), *errors = json_array(), *warnings = json_array();
    for (size_t i = 0; i < diags->count && i < json_array_size(all); i++)
        json_array_append(diags->items[i].warning ? warnings : errors, json_array_get(all, i));
    json_t *root = json_pack("{s:b, s:o, s:o}", "ok", ok, "errors", errors, "warnings", warnings);
    int rc = root ? json_dumpf(root, stdout, JSON_COMPACT) : -1;
    putchar('\n');
    json_decref(all);
    json_decref(root);
    return rc < 0 ? -ENOMEM : 0;
}

int check_run(const struct options *opts)
{
    struct diag_list diags = {0};
    int rc = check(path_of(opts), &diags);
    bool ok = rc == 0 && !(opts->strict && diags.warnings);
    if (opts->json) {
        rc = print_json(&diags, ok) < 0 ? -ENOMEM : rc;
    } else {
        diag_print(&diags, stderr);
        if (!ok || diags.count)
            fprintf(stderr, "winnowd: %zu error%s, %zu warning%s\n", diags.errors,
                    diags.errors == 1 ? "" : "s", diags.warnings, diags.warnings == 1 ? "" : "s");
    }
    diag_fini(&diags);
    return ok ? 0 : rc == -ENOMEM ? EX_OSERR : EX_CONFIG;
}

int check_print(const struct options *opts)
{
    struct diag_list diags = {0};
    struct conf *conf = NULL;
    if (opts->print == CONF_PRINT_EFFECTIVE && conf_load(path_of(opts), NULL, &conf, &diags) < 0) {
        diag_print(&diags, stderr);
        diag_fini(&diags);
        return EX_CONFIG;
    }
    conf_print(conf, opts->print, opts->json, stdout);
    conf_free(conf);
    diag_fini(&diags);
    return 0;
}
