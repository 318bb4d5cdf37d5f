/* SPDX-License-Identifier: MIT */
#include "daemon/output.h"

#include <errno.h>

#include "daemon/conf.h"
#include "daemon/output_kind.h"
#include "daemon/stats.h"

int output_open(const struct conf_output *conf, struct stat_output *stats, struct output **out,
                struct diag_list *diags)
{
    switch (conf->type) {
    case OUTPUT_FILE: return output_file_open(conf, stats, out, diags);
    case OUTPUT_COUNT: return output_count_open(conf, stats, out);
    }
    return -EINVAL;
}

int output_adopt(struct output *out, const struct conf_output *conf)
{
    if (!out->conf || out->conf->type != conf->type)
        return -EXDEV;
    int r = out->ops->adopt ? out->ops->adopt(out, conf) : 0;
    if (!r)
        out->conf = conf;
    return r;
}

void output_announce(struct output *out, const struct output_source *src)
{
    if (out->ops->announce)
        out->ops->announce(out, src);
}

void output_packet(struct output *out, const struct output_source *src, const struct wn_packet *pkt,
                   uint32_t keep)
{
    if (keep > pkt->caplen)
        keep = pkt->caplen;
    out->stats->offered_packets++;
    out->stats->offered_bytes += keep;
    out->ops->packet(out, src, pkt, keep);
}

void output_flush(struct output *out)
{
    if (out->ops->flush)
        out->ops->flush(out);
}

void output_tick(struct output *out, uint64_t now_ns, uint64_t monotonic_ns)
{
    if (out->ops->tick)
        out->ops->tick(out, now_ns, monotonic_ns);
}

int output_close(struct output *out, const struct output_totals *totals, size_t n,
                 struct wn_error *err)
{
    return out->ops->close(out, totals, n, err);
}

void output_state(const struct output *out, struct output_state *state)
{
    *state = (struct output_state){.state = "ok", .free_bytes = UINT64_MAX};
    if (out->ops->state)
        out->ops->state(out, state);
}
