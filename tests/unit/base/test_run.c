/* SPDX-License-Identifier: MIT */
#include "base/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const unsigned sizes[] = {1, 2, 4, 8};

/** Whether every byte of an access lies in a range, one after the other. */
static bool inside(uint64_t address, unsigned size, uint64_t start, uint64_t bytes)
{
    for (unsigned i = 0; i < size; i++) {
        uint64_t at = address + i;
        if (bytes == 0 || at < start || at > start + (bytes - 1) || at < address)
            return false;
    }
    return true;
}

/** The starts at which something may go wrong: nowhere in particular, and both ends of memory. */
static const uint64_t starts[] = {0, 1, 1000, UINT64_MAX - 20, UINT64_MAX - 15, UINT64_MAX - 8};

static void windows_say_what_counting_bytes_says(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof starts / sizeof *starts; s++)
        for (uint64_t bytes = 0; bytes <= 9; bytes++) {
            struct wn_window w;
            wn_window_set(&w, starts[s], bytes);
            for (unsigned k = 0; k < 4; k++)
                for (int d = -12; d <= 12; d++) {
                    uint64_t address = starts[s] + (uint64_t)(int64_t)d;
                    bool in = address - w.base < w.room[k];
                    assert_int_equal(in, inside(address, sizes[k], starts[s], bytes));
                }
        }
}

static void regions_say_what_counting_bytes_says(void **state)
{
    (void)state;
    struct wn_run *run = wn_run_new();
    assert_non_null(run);
    wn_window_set(&run->store, 0, 0);
    for (size_t s = 0; s < sizeof starts / sizeof *starts; s++)
        for (uint64_t bytes = 0; bytes <= 9; bytes++)
            for (unsigned k = 0; k < 4; k++)
                for (int d = -12; d <= 12; d++) {
                    struct wn_region region = {starts[s], bytes, true};
                    uint64_t address = starts[s] + (uint64_t)(int64_t)d;
                    bool expected = inside(address, sizes[k], starts[s], bytes);
                    run->regions = &region;
                    run->n_regions = 1;
                    run->fault_address = 1;
                    assert_int_equal(wn_run_reach(run, address, sizes[k], true), expected);
                    assert_true(wn_run_fault_address(run) == (expected ? 1 : address));
                    bool aligned = address % sizes[k] == 0;
                    assert_int_equal(wn_run_reach_atomic(run, address, sizes[k]),
                                     expected && aligned);
                    region.writable = false;
                    assert_int_equal(wn_run_reach(run, address, sizes[k], false), expected);
                    assert_false(wn_run_reach(run, address, sizes[k], true));
                }
    wn_run_free(run);
}

/** Whether every byte of an access lies in the reachable part of one and the same slot. */
static bool inside_slot(uint64_t offset, unsigned size, const struct wn_region *r)
{
    for (unsigned i = 0; i < size; i++) {
        uint64_t at = offset + i;
        if (at >= r->bytes || at / r->stride != offset / r->stride)
            return false;
        if (at % r->stride < r->first || at % r->stride >= r->first + r->size)
            return false;
    }
    return true;
}

static void slots_say_what_counting_bytes_says(void **state)
{
    (void)state;
    struct wn_run *run = wn_run_new();
    assert_non_null(run);
    wn_window_set(&run->store, 0, 0);
    struct wn_region r = {.start = 1000, .writable = true};
    run->regions = &r;
    run->n_regions = 1;
    for (r.bytes = 0; r.bytes <= 30; r.bytes++)
        for (r.stride = 1; r.stride <= 12; r.stride++)
            for (r.first = 0; r.first <= r.stride; r.first++)
                for (r.size = 0; r.first + r.size <= r.stride; r.size++)
                    for (uint64_t at = 0; at <= r.bytes; at++)
                        for (unsigned n = 1; n <= 9; n++)
                            assert_int_equal(wn_run_holds(run, r.start + at, n, true),
                                             inside_slot(at, n, &r));
    wn_run_free(run);
}

static void a_region_may_be_for_stores_only(void **state)
{
    (void)state;
    struct wn_run *run = wn_run_new();
    assert_non_null(run);
    struct wn_region r = {.start = 1000, .bytes = 8, .writable = true, .unreadable = true};
    run->regions = &r;
    run->n_regions = 1;
    assert_true(wn_run_reach(run, 1000, 8, true));
    assert_false(wn_run_reach(run, 1000, 8, false));
    wn_run_free(run);
}

static void the_packet_is_for_reading(void **state)
{
    (void)state;
    uint8_t bytes[10];
    uint64_t at = (uint64_t)(uintptr_t)bytes;
    struct wn_packet pkt = {.data = bytes, .caplen = 10};
    struct wn_run *run = wn_run_new();
    assert_non_null(run);
    assert_false(wn_run_reach(run, at, 1, false));
    run->packet = &pkt;
    assert_true(wn_run_reach(run, at, 8, false));
    assert_true(wn_run_reach(run, at + 2, 8, false));
    assert_false(wn_run_reach(run, at + 3, 8, false));
    assert_false(wn_run_reach(run, at, 1, true));
    wn_run_free(run);
}

static void a_new_run_has_the_whole_stack(void **state)
{
    (void)state;
    struct wn_run *run = wn_run_new();
    assert_non_null(run);
    uint64_t start = (uint64_t)(uintptr_t)run->stack;
    assert_true(wn_run_reach(run, start, 8, true));
    assert_true(wn_run_reach(run, start + WN_STACK_BYTES - 8, 8, true));
    assert_false(wn_run_reach(run, start + WN_STACK_BYTES - 7, 8, true));
    assert_false(wn_run_reach(run, start - 1, 1, false));
    wn_run_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_say_what_counting_bytes_says),
        cmocka_unit_test(regions_say_what_counting_bytes_says),
        cmocka_unit_test(slots_say_what_counting_bytes_says),
        cmocka_unit_test(a_region_may_be_for_stores_only),
        cmocka_unit_test(the_packet_is_for_reading),
        cmocka_unit_test(a_new_run_has_the_whole_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
