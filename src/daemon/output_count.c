/* SPDX-License-Identifier: MIT */
/* Packets are counted and forgotten. */
#include "daemon/output_kind.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/stats.h"

static void count_packet(struct output *out, const struct output_source *src,
                         const struct wn_packet *pkt, uint32_t keep)
{
    (void)src;
    (void)pkt;
    out->stats->written_packets++;
    out->stats->written_bytes += keep;
}

static int count_close(struct output *out, const struct output_totals *totals, size_t n,
                       struct wn_error *err)
{
    (void)totals;
    (void)n;
    (void)err;
    free(out);
    return 0;
}

static const struct output_ops count_ops = {.packet = count_packet, .close = count_close};

int output_count_open(const struct conf_output *conf, struct stat_output *stats,
                      struct output **out)
{
    struct output *o = malloc(sizeof *o);
    if (!o)
        return -ENOMEM;
    *o = (struct output){.ops = &count_ops, .conf = conf, .stats = stats};
    *out = o;
    return 0;
}
