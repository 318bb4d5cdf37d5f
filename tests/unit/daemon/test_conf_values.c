/* SPDX-License-Identifier: MIT */
/* Every key: its default, its least and largest value, and what is refused. */
#include "daemon/conf.h"

#include "conf_try.h"

bool try_seen[DIAG_CODES];

static void defaults_are_as_documented(void **state)
{
    (void)state;
    try_write("w.conf",
              "[control]\ngroup = none\n[filter f]\nexpr =\n[interface eth0]\nfilter = f\n"
              "outputs = o\n[output o]\ntype = file\ndir = /tmp\n");
    struct conf *c = try_good();
    assert_int_equal(c->batch, 256);
    assert_int_equal(c->drain_timeout_ns, 5000000000);
    assert_string_equal(c->socket, "/run/winnowd/control.sock");
    assert_int_equal(c->socket_mode, 0660);
    assert_int_equal(c->log_level, LEVEL_INFO);
    assert_int_equal(c->log_target, LOG_TO_AUTO);
    const struct conf_filter *f = &c->filters[0];
    assert_null(f->program);
    assert_null(f->section);
    assert_string_equal(f->expr, "");
    assert_int_equal(f->returns, RETURNS_BOOL);
    assert_int_equal(f->on_fault, ON_FAULT_ACCEPT);
    assert_int_equal(f->engine, WN_ENGINE_AUTO);
    assert_int_equal(f->verify, WN_VERIFY_GUARD);
    assert_int_equal(f->fuel, 1000000);
    const struct conf_interface *i = &c->interfaces[0];
    assert_string_equal(i->device, "eth0");
    assert_int_equal(i->snaplen, 262144);
    assert_true(i->promisc);
    assert_int_equal(i->ring, 32 << 20);
    assert_int_equal(i->timeout_ns, 10000000);
    assert_int_equal(i->immediate, IMMEDIATE_AUTO);
    assert_int_equal(i->direction, DIRECTION_BOTH);
    assert_int_equal(i->on_missing, MISSING_WAIT);
    const struct conf_output *o = &c->outputs[0];
    assert_string_equal(o->pattern, "%{output}-%{utc:%Y%m%dT%H%M%SZ}-%{seq:6}.pcapng");
    assert_int_equal(o->format, FORMAT_PCAPNG);
    assert_int_equal(o->rotate_size, 1 << 30);
    assert_int_equal(o->rotate_interval_ns, 0);
    assert_int_equal(o->flush_interval_ns, 1000000000);
    assert_int_equal(o->min_free, 0);
    assert_int_equal(o->min_free_percent, 5);
    assert_int_equal(o->on_full, ON_FULL_DROP);
    assert_int_equal(o->mode, 0640);
    conf_free(c);
}

static void a_new_configuration_has_the_defaults_and_no_socket(void **state)
{
    (void)state;
    struct conf *c = conf_new();
    assert_non_null(c);
    assert_int_equal(c->batch, 256);
    assert_int_equal(c->drain_timeout_ns, 5000000000);
    assert_null(c->socket);
    assert_null(c->socket_group);
    assert_int_equal(c->log_level, LEVEL_INFO);
    assert_string_equal(conf_add_interface(c, "eth1")->device, "eth1");
    assert_int_equal(conf_add_filter(c, "f")->fuel, 1000000);
    assert_int_equal(conf_add_output(c, "o")->mode, 0640);
    assert_ptr_equal(conf_find_filter(c, "f"), &c->filters[0]);
    assert_null(conf_find_filter(c, "g"));
    assert_ptr_equal(conf_find_output(c, "o"), &c->outputs[0]);
    assert_null(conf_find_output(c, "f"));
    conf_free(c);
    conf_free(NULL);
}

static void winnowd_keys(void **state)
{
    (void)state;
    ACCEPTS(IN_WINNOWD, "batch = 1", c->batch == 1);
    ACCEPTS(IN_WINNOWD, "batch = 4096", c->batch == 4096);
    REFUSES(IN_WINNOWD, "batch = 0", "C013]: [winnowd] batch: \"0\" is out of range: 1 to 4096");
    REFUSES(IN_WINNOWD, "batch = 4097",
            "C013]: [winnowd] batch: \"4097\" is out of range: 1 to 4096");
    REFUSES(IN_WINNOWD, "batch = 99999999999999999999999",
            "C013]: [winnowd] batch: \"99999999999999999999999\" is out of range: 1 to 4096");
    REFUSES(IN_WINNOWD, "batch = ten", "C011]: [winnowd] batch: \"ten\" is not a whole number");
    REFUSES(IN_WINNOWD, "batch = -1", "C011]: [winnowd] batch: \"-1\" is not a whole number");
    REFUSES(IN_WINNOWD, "batch =", "C011]: [winnowd] batch: \"\" is not a whole number");
    ACCEPTS(IN_WINNOWD, "drain_timeout = 0", c->drain_timeout_ns == 0);
    ACCEPTS(IN_WINNOWD, "drain_timeout = 10m", c->drain_timeout_ns == 600000000000);
    REFUSES(IN_WINNOWD, "drain_timeout = 10m1ns",
            "C013]: [winnowd] drain_timeout: \"10m1ns\" is out of range: 0 to 10m");
    REFUSES(IN_WINNOWD, "drain_timeout = 5",
            "C012]: [winnowd] drain_timeout: \"5\" has no unit; write 5s or 5ms");
    REFUSES(IN_WINNOWD, "drain_timeout = 5 fortnights",
            "C012]: [winnowd] drain_timeout: unknown unit \"fortnights\"; "
            "write a number and ns, us, ms, s, m, h or d");
}

static void control_keys(void **state)
{
    (void)state;
    ACCEPTS(IN_CONTROL, "socket = /x y.sock", strcmp(c->socket, "/x y.sock") == 0);
    ACCEPTS(IN_CONTROL, "socket = none", !c->socket);
    REFUSES(IN_CONTROL, "socket = x.sock",
            "C015]: [control] socket: \"x.sock\" is not an absolute path; begin it with /");
    ACCEPTS(IN_CONTROL, "mode = 0", c->socket_mode == 0);
    ACCEPTS(IN_CONTROL, "mode = 0777", c->socket_mode == 0777);
    REFUSES(IN_CONTROL, "mode = 1777",
            "C017]: [control] mode: \"1777\" is not a file mode; "
            "write three or four octal digits, as in 0640");
    REFUSES(IN_CONTROL, "mode = 0668",
            "C017]: [control] mode: \"0668\" is not a file mode; "
            "write three or four octal digits, as in 0640");
    try_write("w.conf", "[control]\ngroup = root\n");
    struct conf *conf = try_good();
    assert_string_equal(conf->socket_group, "root");
    conf_free(conf);
}

static void log_keys(void **state)
{
    (void)state;
    static const char *const levels[] = {"error", "warning", "notice", "info", "debug"};
    for (unsigned i = 0; i < 5; i++) {
        char line[40];
        snprintf(line, sizeof(line), "level = %s", levels[i]);
        ACCEPTS(IN_LOG, line, c->log_level == i);
    }
    REFUSES(IN_LOG, "level = verbose",
            "C014]: [log] level: \"verbose\" is not one of: error, warning, notice, info, debug");
    ACCEPTS(IN_LOG, "target = auto", c->log_target == LOG_TO_AUTO);
    ACCEPTS(IN_LOG, "target = journal", c->log_target == LOG_TO_JOURNAL);
    ACCEPTS(IN_LOG, "target = stderr", c->log_target == LOG_TO_STDERR);
    REFUSES(IN_LOG, "target = stdout",
            "C014]: [log] target: \"stdout\" is not one of: auto, journal, stderr");
}

static void filter_keys(void **state)
{
    (void)state;
    try_write("prog.o", "x");
    char line[200], *here = getcwd(NULL, 0);
    snprintf(line, sizeof(line), "program = %s/prog.o", here);
    ACCEPTS(IN_SOURCE, line, strcmp(c->filters[0].program, line + 10) == 0 && !c->filters[0].expr);
    free(here);
    REFUSES(IN_SOURCE, "program = prog.o",
            "C015]: [filter web] program: \"prog.o\" is not an absolute path; begin it with /");
    ACCEPTS(IN_FILTER, "section = xdp/drop", strcmp(c->filters[0].section, "xdp/drop") == 0);
    REFUSES(IN_FILTER, "section = a b", "C008]: [filter web] section: \"a b\" is not a section");
    ACCEPTS(IN_SOURCE, "expr = tcp port 80", strcmp(c->filters[0].expr, "tcp port 80") == 0);
    ACCEPTS(IN_FILTER, "returns = bool", c->filters[0].returns == RETURNS_BOOL);
    ACCEPTS(IN_FILTER, "returns = snaplen", c->filters[0].returns == RETURNS_SNAPLEN);
    REFUSES(IN_FILTER, "returns = snaplne",
            "C014]: [filter web] returns: \"snaplne\" is not one of: bool, snaplen; "
            "did you mean \"snaplen\"?");
    ACCEPTS(IN_FILTER, "on_fault = accept", c->filters[0].on_fault == ON_FAULT_ACCEPT);
    ACCEPTS(IN_FILTER, "on_fault = reject", c->filters[0].on_fault == ON_FAULT_REJECT);
    REFUSES(IN_FILTER, "on_fault = drop",
            "C014]: [filter web] on_fault: \"drop\" is not one of: accept, reject");
    ACCEPTS(IN_FILTER, "engine = auto", c->filters[0].engine == WN_ENGINE_AUTO);
    ACCEPTS(IN_FILTER, "engine = jit", c->filters[0].engine == WN_ENGINE_JIT);
    ACCEPTS(IN_FILTER, "engine = interp", c->filters[0].engine == WN_ENGINE_INTERP);
    REFUSES(IN_FILTER, "engine = JIT",
            "C014]: [filter web] engine: \"JIT\" is not one of: auto, jit, interp");
    ACCEPTS(IN_FILTER, "verify = guard", c->filters[0].verify == WN_VERIFY_GUARD);
    ACCEPTS(IN_FILTER, "verify = strict", c->filters[0].verify == WN_VERIFY_STRICT);
    REFUSES(IN_FILTER, "verify = none",
            "C014]: [filter web] verify: \"none\" is not one of: guard, strict");
    ACCEPTS(IN_FILTER, "fuel = 1", c->filters[0].fuel == 1);
    ACCEPTS(IN_FILTER, "fuel = 1099511627776", c->filters[0].fuel == UINT64_C(1) << 40);
    REFUSES(IN_FILTER, "fuel = 0",
            "C013]: [filter web] fuel: \"0\" is out of range: 1 to 1099511627776");
    REFUSES(IN_FILTER, "fuel = 1e6", "C011]: [filter web] fuel: \"1e6\" is not a whole number");
}

static void interface_words(void **state)
{
    (void)state;
    ACCEPTS(IN_INTERFACE, "device = enp0s31f6.4095", /* 15 bytes, the most the kernel has */
            strcmp(c->interfaces[0].device, "enp0s31f6.4095") == 0);
    REFUSES(IN_INTERFACE, "device = abcdefghijklmnop",
            "C008]: [interface eth0] device: \"abcdefghijklmnop\" is not a device");
    REFUSES(IN_INTERFACE, "device = a b",
            "C008]: [interface eth0] device: \"a b\" is not a device");
    REFUSES(IN_INTERFACE, "device =", "C008]: [interface eth0] device: \"\" is not a device");
    ACCEPTS(IN_INTERFACE, "promisc = 1", c->interfaces[0].promisc);
    ACCEPTS(IN_INTERFACE, "promisc = true", c->interfaces[0].promisc);
    ACCEPTS(IN_INTERFACE, "promisc = on", c->interfaces[0].promisc);
    ACCEPTS(IN_INTERFACE, "promisc = 0", !c->interfaces[0].promisc);
    ACCEPTS(IN_INTERFACE, "promisc = no", !c->interfaces[0].promisc);
    ACCEPTS(IN_INTERFACE, "promisc = false", !c->interfaces[0].promisc);
    ACCEPTS(IN_INTERFACE, "promisc = off", !c->interfaces[0].promisc);
    REFUSES(IN_INTERFACE, "promisc = maybe",
            "C010]: [interface eth0] promisc: \"maybe\" is not yes or no");
    ACCEPTS(IN_INTERFACE, "immediate = yes", c->interfaces[0].immediate == IMMEDIATE_YES);
    ACCEPTS(IN_INTERFACE, "immediate = no", c->interfaces[0].immediate == IMMEDIATE_NO);
    REFUSES(IN_INTERFACE, "immediate = on",
            "C014]: [interface eth0] immediate: \"on\" is not one of: auto, yes, no; "
            "did you mean \"no\"?");
    ACCEPTS(IN_INTERFACE, "direction = in", c->interfaces[0].direction == DIRECTION_IN);
    ACCEPTS(IN_INTERFACE, "direction = out", c->interfaces[0].direction == DIRECTION_OUT);
    REFUSES(IN_INTERFACE, "direction = sideways",
            "C014]: [interface eth0] direction: \"sideways\" is not one of: both, in, out");
    ACCEPTS(IN_INTERFACE, "on_missing = fail", c->interfaces[0].on_missing == MISSING_FAIL);
    REFUSES(IN_INTERFACE, "on_missing = wiat",
            "C014]: [interface eth0] on_missing: \"wiat\" is not one of: wait, fail; "
            "did you mean \"wait\"?");
}

static void interface_numbers(void **state)
{
    (void)state;
    ACCEPTS(IN_INTERFACE, "snaplen = 64", c->interfaces[0].snaplen == 64);
    ACCEPTS(IN_INTERFACE, "snaplen = 262144", c->interfaces[0].snaplen == 262144);
    REFUSES(IN_INTERFACE, "snaplen = 63",
            "C013]: [interface eth0] snaplen: \"63\" is out of range: 64 to 262144");
    REFUSES(IN_INTERFACE, "snaplen = 262145",
            "C013]: [interface eth0] snaplen: \"262145\" is out of range: 64 to 262144");
    ACCEPTS(IN_INTERFACE, "ring = 256KiB", c->interfaces[0].ring == 256 << 10);
    ACCEPTS(IN_INTERFACE, "ring = 4GiB", c->interfaces[0].ring == UINT64_C(4) << 30);
    ACCEPTS(IN_INTERFACE, "ring = 300000B", c->interfaces[0].ring == 300000);
    ACCEPTS(IN_INTERFACE, "ring = 300kB", c->interfaces[0].ring == 300000);
    ACCEPTS(IN_INTERFACE, "ring = 3 MB", c->interfaces[0].ring == 3000000);
    ACCEPTS(IN_INTERFACE, "ring = 1GB", c->interfaces[0].ring == 1000000000);
    REFUSES(IN_INTERFACE, "ring = 255KiB",
            "C013]: [interface eth0] ring: \"255KiB\" is out of range: 256KiB to 4GiB");
    REFUSES(IN_INTERFACE, "ring = 1TiB",
            "C013]: [interface eth0] ring: \"1TiB\" is out of range: 256KiB to 4GiB");
    REFUSES(IN_INTERFACE, "ring = 17000000TiB",
            "C013]: [interface eth0] ring: \"17000000TiB\" is out of range: 256KiB to 4GiB");
    REFUSES(IN_INTERFACE, "ring = 32",
            "C012]: [interface eth0] ring: \"32\" has no unit; write 32MiB or 32MB");
    REFUSES(IN_INTERFACE, "ring = 32M",
            "C012]: [interface eth0] ring: unknown unit \"M\"; "
            "write a number and B, KiB, MiB, GiB, TiB, kB, MB, GB or TB");
    REFUSES(IN_INTERFACE, "ring = 1MiB1KiB",
            "C011]: [interface eth0] ring: \"1MiB1KiB\" is not a whole number");
    ACCEPTS(IN_INTERFACE, "timeout = 1ms", c->interfaces[0].timeout_ns == 1000000);
    ACCEPTS(IN_INTERFACE, "timeout = 1s", c->interfaces[0].timeout_ns == 1000000000);
    ACCEPTS(IN_INTERFACE, "timeout = 1500us", c->interfaces[0].timeout_ns == 1500000);
    REFUSES(IN_INTERFACE, "timeout = 0",
            "C013]: [interface eth0] timeout: \"0\" is out of range: 1ms to 1s");
    REFUSES(IN_INTERFACE, "timeout = 1s1ns",
            "C013]: [interface eth0] timeout: \"1s1ns\" is out of range: 1ms to 1s");
}

static void interface_references(void **state)
{
    (void)state;
    try_write("w.conf",
              "[control]\nsocket = none\n[filter a]\nexpr = ip\n[interface x]\nfilter = a\n"
              "outputs = p, q\n  r ; a comment\noutputs = p\n[output p]\ntype = count\n"
              "[output q]\ntype = count\n[output r]\ntype = count\n");
    struct conf *conf = try_good();
    const struct conf_interface *i = &conf->interfaces[0];
    assert_string_equal(i->filter, "a");
    assert_int_equal(i->n_outputs, 3); /* naming one twice does not write twice */
    assert_string_equal(i->outputs[0], "p");
    assert_string_equal(i->outputs[1], "q");
    assert_string_equal(i->outputs[2], "r");
    conf_free(conf);
    ACCEPTS(IN_INTERFACE, "", !c->interfaces[0].filter);
}

static void output_keys(void **state)
{
    (void)state;
    ACCEPTS(IN_OUTPUT, "", strcmp(c->outputs[0].dir, "/tmp") == 0);
    ACCEPTS(IN_OUTPUT, "name = a-%{seq}", strcmp(c->outputs[0].pattern, "a-%{seq}") == 0);
    REFUSES(IN_OUTPUT, "name = sub/%{seq}",
            "C008]: [output disk] name: \"sub/%{seq}\" is not the name of a file; "
            "the key dir says where files go");
    ACCEPTS(IN_OUTPUT, "format = pcapng", c->outputs[0].format == FORMAT_PCAPNG);
    ACCEPTS(IN_OUTPUT, "format = pcap",
            c->outputs[0].format == FORMAT_PCAP &&
                strcmp(c->outputs[0].pattern, "%{output}-%{utc:%Y%m%dT%H%M%SZ}-%{seq:6}.pcap") ==
                    0);
    REFUSES(IN_OUTPUT, "format = pcapn",
            "C014]: [output disk] format: \"pcapn\" is not one of: pcapng, pcap; "
            "did you mean \"pcapng\"?");
    ACCEPTS(IN_OUTPUT, "rotate_size = 0", c->outputs[0].rotate_size == 0);
    ACCEPTS(IN_OUTPUT, "rotate_size = 1024TiB", c->outputs[0].rotate_size == UINT64_C(1) << 50);
    REFUSES(IN_OUTPUT, "rotate_size = 1025TiB",
            "C013]: [output disk] rotate_size: \"1025TiB\" is out of range: 0 to 1024TiB");
    REFUSES(IN_OUTPUT, "rotate_size = 100",
            "C012]: [output disk] rotate_size: \"100\" has no unit; write 100MiB or 100MB");
    ACCEPTS(IN_OUTPUT, "rotate_interval = 1h30m",
            c->outputs[0].rotate_interval_ns == UINT64_C(5400000000000));
    ACCEPTS(IN_OUTPUT, "rotate_interval = 366d",
            c->outputs[0].rotate_interval_ns == UINT64_C(366) * 86400 * 1000000000);
    REFUSES(IN_OUTPUT, "rotate_interval = 367d",
            "C013]: [output disk] rotate_interval: \"367d\" is out of range: 0 to 366d");
    ACCEPTS(IN_OUTPUT, "flush_interval = 1ms", c->outputs[0].flush_interval_ns == 1000000);
    ACCEPTS(IN_OUTPUT, "flush_interval = 1h",
            c->outputs[0].flush_interval_ns == UINT64_C(3600000000000));
    REFUSES(IN_OUTPUT, "flush_interval = 999us",
            "C013]: [output disk] flush_interval: \"999us\" is out of range: 1ms to 1h");
    ACCEPTS(IN_OUTPUT, "on_full = stop", c->outputs[0].on_full == ON_FULL_STOP);
    REFUSES(IN_OUTPUT, "on_full = evict",
            "C014]: [output disk] on_full: \"evict\" is not one of: drop, stop");
    ACCEPTS(IN_OUTPUT, "mode = 600", c->outputs[0].mode == 0600);
    REFUSES(IN_OUTPUT, "mode = rw",
            "C017]: [output disk] mode: \"rw\" is not a file mode; "
            "write three or four octal digits, as in 0640");
}

static void room_to_leave_is_a_percentage_or_a_size(void **state)
{
    (void)state;
    ACCEPTS(IN_OUTPUT, "min_free = 0", !c->outputs[0].min_free && !c->outputs[0].min_free_percent);
    ACCEPTS(IN_OUTPUT, "min_free = 99%", c->outputs[0].min_free_percent == 99);
    ACCEPTS(IN_OUTPUT, "min_free = 2GiB",
            c->outputs[0].min_free == UINT64_C(2) << 30 && !c->outputs[0].min_free_percent);
    REFUSES(IN_OUTPUT, "min_free = 100%",
            "C013]: [output disk] min_free: \"100%\" is out of range: 0% to 99%, or a size");
    REFUSES(IN_OUTPUT, "min_free = 10",
            "C012]: [output disk] min_free: \"10\" has no unit; write 10MiB or 10MB");
}

static void placeholders_of_names(void **state)
{
    (void)state;
    static const char *const good[] = {"%{seq}", "%{seq:1}", "%{seq:9}", "a%{utc:%j%y%%}",
                                       "%{output}.%{host}.%{utc:%Y-%m-%d_%H%M%S}.x"};
    static const char *const bad[] = {"%{seq:0}", "%{seq:10}", "%{sek}",  "%{}",
                                      "%d",       "%{utc:%F}", "%{utc:%", "%{utc:}"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char line[100];
        snprintf(line, sizeof(line), "name = %s", good[i]);
        ACCEPTS(IN_OUTPUT, line, strcmp(c->outputs[0].pattern, line + 7) == 0);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char line[100], expected[240];
        snprintf(line, sizeof(line), "name = %s", bad[i]);
        snprintf(expected, sizeof(expected),
                 "w.conf:10:1: error[C014]: [output disk] name: unknown placeholder \"%s\"; known: "
                 "%%{output}, %%{host}, %%{utc:%%Y%%m%%dT%%H%%M%%SZ}, %%{seq:6}\n",
                 bad[i]);
        try_fill(IN_OUTPUT, line);
        try_says(expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_as_documented),
        cmocka_unit_test(a_new_configuration_has_the_defaults_and_no_socket),
        cmocka_unit_test(winnowd_keys),
        cmocka_unit_test(control_keys),
        cmocka_unit_test(log_keys),
        cmocka_unit_test(filter_keys),
        cmocka_unit_test(interface_words),
        cmocka_unit_test(interface_numbers),
        cmocka_unit_test(interface_references),
        cmocka_unit_test(output_keys),
        cmocka_unit_test(room_to_leave_is_a_percentage_or_a_size),
        cmocka_unit_test(placeholders_of_names),
    };
    return cmocka_run_group_tests(tests, try_enter, try_leave);
}
