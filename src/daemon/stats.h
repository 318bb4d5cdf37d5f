/* SPDX-License-Identifier: MIT */
/**
 * Counters. One structure an object, kept by name for as long as the process
 * lives: reloads never reset a counter, and an object that comes back goes on
 * where it was. Names, causes and meanings are rows of stat.def.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <winnow/prog.h>

struct stat_interface {
    uint64_t received_packets;  /* as the kernel counts them, dropped ones included */
    uint64_t dropped_ring_full; /* by the kernel, for want of room in the ring */
    uint64_t dropped_interface; /* by the device or its driver */
    uint64_t delivered_packets, delivered_bytes;
    uint64_t accepted_packets, accepted_bytes;
    uint64_t rejected_packets, rejected_bytes;
    uint64_t fault_packets;
    uint64_t opens_total;
    uint64_t state_changes;
};

struct stat_filter {
    uint64_t evaluated_packets, evaluated_bytes;
    uint64_t accepted_packets, accepted_bytes;
    uint64_t rejected_packets, rejected_bytes;
    uint64_t aborted_packets;          /* of those rejected */
    uint64_t fault_packets[WN_FAULTS]; /* by cause; the first is unused */
};

struct stat_output {
    uint64_t offered_packets, offered_bytes;
    uint64_t written_packets, written_bytes; /* counted after write() has returned */
    uint64_t queued_packets;                 /* in memory, not yet written: goes up and down */
    uint64_t dropped_no_space, dropped_io_error, dropped_closing, dropped_stopped;
    uint64_t files_opened, files_completed, write_errors;
};

struct stat_process {
    uint64_t reloads_applied, reloads_unchanged, reloads_rejected;
    uint64_t control_requests, control_rejected;
};

enum stat_kind { STAT_INTERFACE, STAT_FILTER, STAT_OUTPUT, STAT_PROCESS };

/** All counters of a process; owned by the engine. */
struct stats;

struct stats *stats_new(void);
void stats_free(struct stats *stats);

/** The counters of an object, made at the first call; NULL without memory. They live as long as
 * stats. */
struct stat_interface *stats_interface(struct stats *stats, const char *name);
struct stat_filter *stats_filter(struct stats *stats, const char *name);
struct stat_output *stats_output(struct stats *stats, const char *name);
struct stat_process *stats_process(struct stats *stats);

/** One counter as it is shown. */
struct stat_value {
    const char *object;  /* "interface", "filter", "output", "process" */
    const char *name;    /* of the object; "" for the process */
    const char *counter; /* "dropped_packets" */
    const char *cause;   /* "ring_full"; NULL if the counter has none */
    const char *unit;    /* "packets", "bytes", "files", ... */
    uint64_t value;
};

/** Call fn for every counter of every object, in the order objects were first seen. */
void stats_each(const struct stats *stats, void (*fn)(const struct stat_value *v, void *arg),
                void *arg);
