/* SPDX-License-Identifier: MIT */
/** Networks when memory runs out: nothing is left behind. */
#include "../failing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <winnow/net.h>

static void making_a_network_gives_all_memory_back(void **state)
{
    (void)state;
    const struct wn_net_device device = {.ifindex = 1};
    const struct wn_net_route route = {.family = 4, .ifindex = 1};
    const struct wn_net_neighbour neighbour = {.family = 6, .ifindex = 1};
    const struct wn_net_opts opts = {&device, 1, &route, 1, &neighbour, 1};
    long tries = 0;
    do {
        struct wn_net *net = NULL;
        struct wn_error err = {0};
        long before = live;
        failures = 0;
        until_failure = tries++;
        int r = wn_net_new(&opts, &net, &err);
        until_failure = -1;
        assert_int_equal(r, failures ? -ENOMEM : 0);
        assert_int_equal(err.code, r);
        assert_true(!net == !!r);
        wn_net_free(net);
        assert_int_equal(live, before);
    } while (failures);
    assert_int_equal(tries, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(making_a_network_gives_all_memory_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
