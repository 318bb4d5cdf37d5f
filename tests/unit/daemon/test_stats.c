/* SPDX-License-Identifier: MIT */
#include "daemon/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROOM 16384

static void print(const struct stat_value *v, void *arg)
{
    char *text = arg;
    size_t at = strlen(text);
    if (v->value)
        snprintf(text + at, ROOM - at, "%s.%s.%s%s%s %llu %s\n", v->object, v->name, v->counter,
                 v->cause ? "." : "", v->cause ? v->cause : "", (unsigned long long)v->value,
                 v->unit);
}

static void count(const struct stat_value *v, void *arg)
{
    (void)v;
    ++*(size_t *)arg;
}

static void counters_live_as_long_as_stats_and_are_found_by_name(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    assert_non_null(stats);
    struct stat_interface *a = stats_interface(stats, "same");
    struct stat_filter *b = stats_filter(stats, "same");
    struct stat_output *c = stats_output(stats, "same");
    struct stat_process *d = stats_process(stats);
    a->delivered_packets = 7;
    for (int i = 0; i < 500; i++) {
        char name[16];
        snprintf(name, sizeof(name), "n%d", i);
        assert_non_null(stats_interface(stats, name));
    }
    assert_ptr_equal(stats_interface(stats, "same"), a);
    assert_ptr_equal(stats_filter(stats, "same"), b);
    assert_ptr_equal(stats_output(stats, "same"), c);
    assert_ptr_equal(stats_process(stats), d);
    assert_int_equal(stats_interface(stats, "same")->delivered_packets, 7);
    stats_free(stats);
    stats_free(NULL);
}

static void each_field_is_shown_under_its_name(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    *stats_interface(stats, "eth0") = (struct stat_interface){.received_packets = 1,
                                                              .dropped_ring_full = 2,
                                                              .dropped_interface = 3,
                                                              .delivered_packets = 4,
                                                              .delivered_bytes = 5,
                                                              .accepted_packets = 6,
                                                              .accepted_bytes = 7,
                                                              .rejected_packets = 8,
                                                              .rejected_bytes = 9,
                                                              .fault_packets = 10,
                                                              .opens_total = 11,
                                                              .state_changes = 12};
    struct stat_filter *f = stats_filter(stats, "web");
    *f = (struct stat_filter){.evaluated_packets = 1,
                              .evaluated_bytes = 2,
                              .accepted_packets = 3,
                              .accepted_bytes = 4,
                              .rejected_packets = 5,
                              .rejected_bytes = 6};
    for (int i = 1; i < WN_FAULTS; i++)
        f->fault_packets[i] = 100 + (uint64_t)i;
    *stats_output(stats, "disk") = (struct stat_output){.offered_packets = 1,
                                                        .offered_bytes = 2,
                                                        .written_packets = 3,
                                                        .written_bytes = 4,
                                                        .queued_packets = 5,
                                                        .dropped_no_space = 6,
                                                        .dropped_io_error = 7,
                                                        .dropped_closing = 8,
                                                        .dropped_stopped = 9,
                                                        .files_opened = 10,
                                                        .files_completed = 11,
                                                        .write_errors = 12};
    *stats_process(stats) = (struct stat_process){.reloads_applied = 1,
                                                  .reloads_unchanged = 2,
                                                  .reloads_rejected = 3,
                                                  .control_requests = 4,
                                                  .control_rejected = UINT64_MAX};
    static char text[ROOM];
    stats_each(stats, print, text);
    assert_string_equal(text, "interface.eth0.received_packets 1 packets\n"
                              "interface.eth0.dropped_packets.ring_full 2 packets\n"
                              "interface.eth0.dropped_packets.interface 3 packets\n"
                              "interface.eth0.delivered_packets 4 packets\n"
                              "interface.eth0.delivered_bytes 5 bytes\n"
                              "interface.eth0.accepted_packets 6 packets\n"
                              "interface.eth0.accepted_bytes 7 bytes\n"
                              "interface.eth0.rejected_packets 8 packets\n"
                              "interface.eth0.rejected_bytes 9 bytes\n"
                              "interface.eth0.fault_packets 10 packets\n"
                              "interface.eth0.opens 11 times\n"
                              "interface.eth0.state_changes 12 times\n"
                              "filter.web.evaluated_packets 1 packets\n"
                              "filter.web.evaluated_bytes 2 bytes\n"
                              "filter.web.accepted_packets 3 packets\n"
                              "filter.web.accepted_bytes 4 bytes\n"
                              "filter.web.rejected_packets 5 packets\n"
                              "filter.web.rejected_bytes 6 bytes\n"
                              "filter.web.fault_packets.memory 101 packets\n"
                              "filter.web.fault_packets.fuel 102 packets\n"
                              "filter.web.fault_packets.stack 103 packets\n"
                              "filter.web.fault_packets.call 104 packets\n"
                              "filter.web.fault_packets.divide 105 packets\n"
                              "filter.web.fault_packets.helper 106 packets\n"
                              "output.disk.offered_packets 1 packets\n"
                              "output.disk.offered_bytes 2 bytes\n"
                              "output.disk.written_packets 3 packets\n"
                              "output.disk.written_bytes 4 bytes\n"
                              "output.disk.queued_packets 5 packets\n"
                              "output.disk.dropped_packets.no_space 6 packets\n"
                              "output.disk.dropped_packets.io_error 7 packets\n"
                              "output.disk.dropped_packets.closing 8 packets\n"
                              "output.disk.dropped_packets.stopped 9 packets\n"
                              "output.disk.files_opened 10 files\n"
                              "output.disk.files_completed 11 files\n"
                              "output.disk.write_errors 12 times\n"
                              "process..reloads.applied 1 times\n"
                              "process..reloads.unchanged 2 times\n"
                              "process..reloads.rejected 3 times\n"
                              "process..control_requests 4 requests\n"
                              "process..control_rejected 18446744073709551615 times\n");
    stats_free(stats);
}

/** A field without a row would be counted and never seen. */
static void every_field_has_a_row(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    stats_interface(stats, "i");
    stats_filter(stats, "f");
    stats_output(stats, "o");
    stats_process(stats);
    size_t rows = 0;
    stats_each(stats, count, &rows);
    size_t fields = (sizeof(struct stat_interface) + sizeof(struct stat_filter) +
                     sizeof(struct stat_output) + sizeof(struct stat_process)) /
                    sizeof(uint64_t);
    assert_int_equal(rows, fields - 1); /* no fault has no row */
    stats_free(stats);
}

static void collect_causes(const struct stat_value *v, void *arg)
{
    const char **causes = arg;
    if (strcmp(v->counter, "fault_packets") == 0 && v->cause)
        for (int i = 0; i < WN_FAULTS; i++)
            if (v->value == (uint64_t)i + 1)
                causes[i] = v->cause;
}

static void causes_of_faults_are_named_as_the_library_does(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    struct stat_filter *f = stats_filter(stats, "f");
    const char *causes[WN_FAULTS] = {NULL};
    for (int i = 0; i < WN_FAULTS; i++)
        f->fault_packets[i] = (uint64_t)i + 1;
    stats_each(stats, collect_causes, causes);
    for (int i = 1; i < WN_FAULTS; i++) {
        assert_non_null(causes[i]);
        assert_string_equal(causes[i], wn_fault_name((enum wn_fault)i));
    }
    stats_free(stats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_live_as_long_as_stats_and_are_found_by_name),
        cmocka_unit_test(each_field_is_shown_under_its_name),
        cmocka_unit_test(every_field_has_a_row),
        cmocka_unit_test(causes_of_faults_are_named_as_the_library_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
