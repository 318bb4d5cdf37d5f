/* SPDX-License-Identifier: MIT */
#include "daemon/report.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/stats.h"

static void add(const struct stat_value *v, void *arg)
{
    struct report *r = arg;
    bool interface = strcmp(v->object, "interface") == 0, output = strcmp(v->object, "output") == 0;
    if (interface && strcmp(v->counter, "delivered_packets") == 0)
        r->packets += v->value;
    else if (interface && strcmp(v->counter, "delivered_bytes") == 0)
        r->bytes += v->value;
    else if (interface && strcmp(v->counter, "accepted_packets") == 0)
        r->accepted += v->value;
    else if (interface && strcmp(v->counter, "rejected_packets") == 0)
        r->rejected += v->value;
    else if (interface && strcmp(v->counter, "fault_packets") == 0)
        r->faults += v->value;
    else if (interface && strcmp(v->counter, "dropped_packets") == 0)
        r->dropped += v->value;
    else if (strcmp(v->object, "filter") == 0 && strcmp(v->counter, "aborted_packets") == 0)
        r->aborted += v->value;
    else if (output && strcmp(v->counter, "written_packets") == 0)
        r->written += v->value;
    else if (output && strcmp(v->counter, "dropped_packets") == 0)
        r->lost += v->value;
}

void report_collect(const struct stats *stats, struct report *report)
{
    stats_each(stats, add, report);
}

static uint64_t rate(const struct report *r)
{
    double seconds = (double)r->elapsed_ns / 1e9;
    return seconds > 0 ? (uint64_t)((double)r->packets / seconds) : 0;
}

static void print_json(const struct report *r, bool writing, bool live, FILE *to)
{
    fprintf(to,
            "{\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"accepted\":%" PRIu64
            ",\"rejected\":%" PRIu64 ",\"aborted\":%" PRIu64 ",\"faults\":%" PRIu64,
            r->packets, r->bytes, r->accepted, r->rejected, r->aborted, r->faults);
    if (writing)
        fprintf(to, ",\"written\":%" PRIu64 ",\"lost\":%" PRIu64, r->written, r->lost);
    if (live)
        fprintf(to, ",\"dropped\":%" PRIu64, r->dropped);
    fprintf(to, ",\"elapsed_ns\":%" PRIu64 ",\"packets_per_second\":%" PRIu64 "}\n", r->elapsed_ns,
            rate(r));
}

void report_print(const struct report *report, bool json, bool writing, bool live, FILE *to)
{
    const struct report *r = report;
    if (json) {
        print_json(r, writing, live, to);
        return;
    }
    fprintf(to, "packets   %12" PRIu64 "   %" PRIu64 " bytes\n", r->packets, r->bytes);
    fprintf(to, "accepted  %12" PRIu64 "\n", r->accepted);
    fprintf(to, "rejected  %12" PRIu64, r->rejected);
    if (r->aborted)
        fprintf(to, "   %" PRIu64 " aborted", r->aborted);
    fputc('\n', to);
    fprintf(to, "faults    %12" PRIu64 "\n", r->faults);
    if (writing)
        fprintf(to, "written   %12" PRIu64 "   %" PRIu64 " lost\n", r->written, r->lost);
    if (live)
        fprintf(to, "dropped   %12" PRIu64 "   by the kernel\n", r->dropped);
    fprintf(to, "time      %12.6f s   %" PRIu64 " packets/s\n", (double)r->elapsed_ns / 1e9,
            rate(r));
}
