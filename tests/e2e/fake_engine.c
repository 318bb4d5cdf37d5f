/* SPDX-License-Identifier: MIT */
#include "fake_engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/diag.h"
#include "daemon/stats.h"

#define START_NS 1795600000123456789

struct engine {
    const struct fake_engine *fake;
    struct stats *stats;
    uint64_t generation;
    char name[32];
};

struct engine *fake_engine_new(const struct fake_engine *fake)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return NULL;
    engine->fake = fake;
    engine->stats = stats_new();
    engine->generation = 7;

    struct stat_interface *interface = stats_interface(engine->stats, "eth0");
    *interface = (struct stat_interface){.received_packets = 4361216122,
                                         .dropped_ring_full = 12004,
                                         .delivered_packets = 4361204118,
                                         .accepted_packets = 540789310,
                                         .rejected_packets = 3820414801,
                                         .fault_packets = 7};
    struct stat_filter *filter = stats_filter(engine->stats, "web");
    *filter = (struct stat_filter){.evaluated_packets = 4361204118,
                                   .accepted_packets = 540789310,
                                   .rejected_packets = 3820414801,
                                   .fault_packets = {[WN_FAULT_FUEL] = 7}};
    struct stat_output *output = stats_output(engine->stats, "disk");
    *output = (struct stat_output){
        .offered_packets = 540789317, .written_packets = 540789300, .dropped_no_space = 17};
    return engine;
}

void fake_engine_free(struct engine *engine)
{
    stats_free(engine->stats);
    free(engine);
}

/* What a program is rejected for. */
static void add_rejection(struct diag_list *diags)
{
    static const struct diag_place program = {"/etc/web.o", "filter web", "program", 0, 0};
    static const struct wn_error err = {
        WN_E_REJECTED, 57, 0,
        "r3 may point outside the packet; compare it with data_end (web.c:31)"};
    char text[] = "r4 = *(u32 *)(r3 + 54)", source[] = "web.c:31", line[] = "if (tcp->seq == 1)";
    const struct diag_insn insn = {57, text, source, line};
    diag_add_error(diags, DIAG_P110, program, &insn, &err);
}

enum engine_outcome engine_reload(struct engine *engine, bool check_only, struct diag_list *diags)
{
    static const struct diag_place size = {"/etc/w.conf", "output disk", "rotate_size", 41, 1};
    static const struct diag_place unused = {"/etc/w.conf", "filter old", NULL, 17, 1};

    diag_add(diags, DIAG_C034, unused, NULL, "nothing uses it");
    if (engine->fake->outcome == ENGINE_REJECTED) {
        diag_add(diags, DIAG_C012, size, "write 100MiB or 100MB", "\"100\" has no unit");
        add_rejection(diags);
    }
    if (engine->fake->outcome == ENGINE_APPLIED && !check_only)
        engine->generation++;
    return engine->fake->outcome;
}

void engine_stop(struct engine *engine)
{
    if (engine->fake->stop)
        engine->fake->stop(engine->fake->arg);
}

void engine_generation(const struct engine *engine, struct engine_generation *out)
{
    *out = (struct engine_generation){engine->generation, "a41f9c0b7d21", START_NS};
}

uint64_t engine_started_ns(const struct engine *engine)
{
    (void)engine;
    return START_NS;
}

struct stats *engine_stats(struct engine *engine)
{
    return engine->stats;
}

void engine_poll(struct engine *engine)
{
    (void)engine;
}

bool engine_interface_at(struct engine *engine, size_t i, struct engine_interface *out)
{
    if (i >= engine->fake->interfaces)
        return false;
    snprintf(engine->name, sizeof engine->name, "eth%zu", i);
    *out = (struct engine_interface){.name = engine->name,
                                     .device = engine->name,
                                     .state = i ? "missing" : "up",
                                     .reason = i ? "no such device" : NULL,
                                     .filter = "web",
                                     .snaplen = 262144,
                                     .ring = 33554432,
                                     .linktype = i ? -1 : 1};
    return true;
}

bool engine_filter_at(struct engine *engine, size_t i, struct engine_filter *out)
{
    (void)engine;
    *out = (struct engine_filter){.name = "web",
                                  .source = "tcp port 443",
                                  .engine = WN_ENGINE_JIT,
                                  .slots = 214,
                                  .accesses = 31,
                                  .guarded = 12,
                                  .calls = 4,
                                  .calls_checked = 1,
                                  .loops = 3,
                                  .loops_fuelled = 2,
                                  .in_place = true,
                                  .code_bytes = 2210};
    return i == 0;
}

bool engine_output_at(struct engine *engine, size_t i, struct engine_output *out)
{
    (void)engine;
    /* The path is no UTF-8, as paths may be. */
    *out = (struct engine_output){.name = "disk",
                                  .type = "file",
                                  .state = "ok",
                                  .file = "/var/log/winnowd/b\xfch.part",
                                  .free_bytes = 2309000000000};
    return i == 0;
}

bool engine_filter_object(struct engine *engine, const char *filter, struct wn_object **out)
{
    (void)engine;
    *out = NULL;
    return strcmp(filter, "web") == 0;
}

bool engine_map_private(struct engine *engine, const char *filter, const char *map)
{
    (void)engine;
    (void)filter;
    (void)map;
    return false;
}
