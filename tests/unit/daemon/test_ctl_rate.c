/* SPDX-License-Identifier: MIT */
#include "daemon/ctl_rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define REQUEST_BYTES (1 << 20)

static void a_burst_is_served_at_once_then_requests_wait(void **state)
{
    struct ctl_rate rate = {0};
    (void)state;

    for (int i = 0; i < CTL_BURST; i++)
        assert_int_equal(ctl_rate_take(&rate, 1, 0, 1000), 0);
    assert_true(ctl_rate_take(&rate, 1, 0, 1000) > 0);
}

static void nobody_waits_longer_than_a_second(void **state)
{
    struct ctl_rate rate = {0};
    int64_t last = 0, wait;
    (void)state;

    for (int i = 0; (wait = ctl_rate_take(&rate, 1, 0, 0)) >= 0; i++) {
        assert_true(wait >= last && wait <= CTL_RATE_DELAY_MS);
        assert_true(i < CTL_BURST + CTL_RATE + 1);
        last = wait;
    }
    /* What was refused was not paid for. */
    assert_true(ctl_rate_take(&rate, 1, 0, 1000) >= 0);
}

static void one_user_does_not_slow_another(void **state)
{
    struct ctl_rate rate = {0};
    (void)state;

    while (ctl_rate_take(&rate, 1, 0, 0) >= 0)
        ;
    assert_int_equal(ctl_rate_take(&rate, 2, 0, 0), 0);
}

static void long_requests_weigh_more(void **state)
{
    struct ctl_rate rate = {0};
    int n = 0;
    (void)state;

    while (ctl_rate_take(&rate, 1, REQUEST_BYTES, 0) == 0)
        n++;
    assert_in_range(n, 1, 10);
}

static void a_full_table_forgets_who_lost_least(void **state)
{
    struct ctl_rate rate = {0};
    (void)state;

    while (ctl_rate_take(&rate, 7, 0, 0) >= 0)
        ;
    for (uid_t uid = 1000; uid < 1000 + 2 * CTL_RATE_USERS; uid++)
        assert_int_equal(ctl_rate_take(&rate, uid, 0, 0), 0);
    assert_int_equal(ctl_rate_take(&rate, 7, 0, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_is_served_at_once_then_requests_wait),
        cmocka_unit_test(nobody_waits_longer_than_a_second),
        cmocka_unit_test(one_user_does_not_slow_another),
        cmocka_unit_test(long_requests_weigh_more),
        cmocka_unit_test(a_full_table_forgets_who_lost_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
