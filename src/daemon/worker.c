/* SPDX-License-Identifier: MIT */
#include "daemon/worker.h"

#include "daemon/stats.h"

enum verdict { REJECT, ACCEPT, FAULT };

static enum verdict judge(struct worker *worker, const struct route *route,
                          const struct wn_packet *pkt, uint32_t *keep)
{
    if (!route->prog)
        return ACCEPT;
    struct stat_filter *stats = route->filter_stats;
    struct wn_result result = wn_prog_run(route->prog, worker->run, pkt);
    stats->evaluated_packets++;
    stats->evaluated_bytes += pkt->caplen;
    if (result.fault) {
        stats->fault_packets[result.fault < WN_FAULTS ? result.fault : WN_FAULT_HELPER]++;
        return FAULT;
    }
    struct wn_verdict verdict = wn_verdict(route->type, result.value);
    if (!verdict.accept) {
        stats->rejected_packets++;
        stats->rejected_bytes += pkt->caplen;
        stats->aborted_packets += verdict.aborted;
        return REJECT;
    }
    stats->accepted_packets++;
    stats->accepted_bytes += pkt->caplen;
    if (route->returns == RETURNS_SNAPLEN && verdict.keep < *keep)
        *keep = verdict.keep;
    return ACCEPT;
}

void worker_set_program(struct route *route, const struct wn_prog *prog)
{
    struct wn_prog_info info;
    wn_prog_info(prog, &info);
    route->prog = prog;
    route->type = info.type;
}

void worker_packet(struct worker *worker, const struct route *route, const struct wn_packet *pkt)
{
    struct stat_interface *stats = route->stats;
    uint32_t most = worker->keep_max ? worker->keep_max : UINT32_MAX;
    uint32_t keep = pkt->caplen < most ? pkt->caplen : most;

    stats->delivered_packets++;
    stats->delivered_bytes += pkt->caplen;
    switch (judge(worker, route, pkt, &keep)) {
    case REJECT:
        stats->rejected_packets++;
        stats->rejected_bytes += pkt->caplen;
        return;
    case FAULT:
        stats->fault_packets++;
        if (route->on_fault == ON_FAULT_REJECT)
            return;
        break;
    case ACCEPT:
        stats->accepted_packets++;
        stats->accepted_bytes += pkt->caplen;
        break;
    }
    worker->accepted++;
    for (size_t i = 0; i < route->n_outputs; i++)
        output_packet(route->outputs[i], &route->source, pkt, keep);
}

void worker_flush(const struct route *route)
{
    for (size_t i = 0; i < route->n_outputs; i++)
        output_flush(route->outputs[i]);
}
