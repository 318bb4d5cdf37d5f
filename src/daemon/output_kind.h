/* SPDX-License-Identifier: MIT */
/** What the kinds of output have in common; only they include this. */
#pragma once

#include "daemon/output.h"

/** One kind of output. Calls are as the functions of the same name in output.h. */
struct output_ops {
    void (*packet)(struct output *out, const struct output_source *src, const struct wn_packet *pkt,
                   uint32_t keep);
    /* Each of these may be NULL: there is nothing to do. */
    void (*announce)(struct output *out, const struct output_source *src);
    int (*adopt)(struct output *out, const struct conf_output *conf);
    void (*flush)(struct output *out);
    void (*tick)(struct output *out, uint64_t now_ns, uint64_t monotonic_ns);
    void (*state)(const struct output *out, struct output_state *state);
    /* Also frees the output. */
    int (*close)(struct output *out, const struct output_totals *totals, size_t n,
                 struct wn_error *err);
};

/** The first member of every output. */
struct output {
    const struct output_ops *ops;
    const struct conf_output *conf; /* NULL: made from the command line */
    struct stat_output *stats;
};

int output_count_open(const struct conf_output *conf, struct stat_output *stats,
                      struct output **out);

int output_file_open(const struct conf_output *conf, struct stat_output *stats, struct output **out,
                     struct diag_list *diags);
