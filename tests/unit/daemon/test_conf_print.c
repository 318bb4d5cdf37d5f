/* SPDX-License-Identifier: MIT */
/* What is printed can be read again, and says what the table says. */
#include "daemon/conf.h"

#include "conf_try.h"

bool try_seen[DIAG_CODES];

/** Not inlined: gcc 12 would take what the stream points to for the local pointer itself. */
__attribute__((noinline)) static char *print(const struct conf *conf, enum conf_print_what what,
                                             bool json)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    conf_print(conf, what, json, to);
    fclose(to);
    return text;
}

/** Reading what is printed, and printing that, gives the same text. */
static void round_trip(const char *text)
{
    try_write("w.conf", text);
    struct conf *a = try_good();
    char *first = print(a, CONF_PRINT_EFFECTIVE, false);
    try_write("w.conf", first);
    struct conf *b = try_good();
    char *second = print(b, CONF_PRINT_EFFECTIVE, false);
    assert_string_equal(first, second);
    assert_int_equal(a->n_filters, b->n_filters);
    assert_int_equal(a->n_interfaces, b->n_interfaces);
    assert_int_equal(a->n_outputs, b->n_outputs);
    for (size_t i = 0; i < a->n_filters; i++) {
        assert_string_equal(a->filters[i].expr, b->filters[i].expr);
        assert_int_equal(a->filters[i].fuel, b->filters[i].fuel);
        assert_true(conf_filter_equal(&a->filters[i], &b->filters[i]));
    }
    free(first);
    free(second);
    conf_free(a);
    conf_free(b);
}

static void reading_what_is_printed_gives_the_same(void **state)
{
    (void)state;
    round_trip("[control]\nsocket = none\n");
    round_trip("[winnowd]\nbatch = 17\ndrain_timeout = 1m30s\n"
               "[control]\nsocket = /run/x.sock\nmode = 0600\ngroup = none\n"
               "[log]\nlevel = debug\ntarget = stderr\n"
               "[filter a]\nexpr =\n[filter b]\nexpr = ip  or\tip6\nfuel = 3\nengine = interp\n"
               "verify = strict\nconst.a = 1\nconst.b.c = [1, 2]\nmap.m.max_entries = 7\n"
               "map.m.private = yes\nmaps = reset\nglobals = keep\n"
               "[interface x]\nfilter = a\noutputs = disk count\nring = 300kB\ntimeout = 1500us\n"
               "[interface y]\nfilter = b\ndevice = any\n"
               "[output disk]\ntype = file\ndir = /tmp\nmin_free = 3MB\nrotate_size = 0\n"
               "rotate_interval = 90s\n[output count]\ntype = count\n");
}

static void a_long_expression_is_folded_and_joined_again(void **state)
{
    (void)state;
    char text[8000] =
        "[control]\nsocket = none\n[interface x]\nfilter = f\n[filter f]\nexpr = ip\n";
    for (int i = 0; i < 100; i++)
        sprintf(text + strlen(text), "  or host 10.20.30.%d%s\n", i, i % 7 ? "" : "  ");
    round_trip(text);

    char word[600] = "[control]\nsocket = none\n[interface x]\nfilter = f\n[filter f]\nexpr=";
    size_t at = strlen(word);
    memset(word + at, 'a', 198 - 5); /* a line of 198 bytes that has no place to fold it */
    strcpy(word + at + 198 - 5, "\n b\n");
    round_trip(word);
}

static void a_long_path_stays_on_its_line(void **state)
{
    (void)state;
    char text[400] = "[control]\ngroup = none\nsocket=/";
    size_t at = strlen(text);
    memset(text + at, 'p', 198 - 8);
    strcpy(text + at + 198 - 8, "\n");
    round_trip(text);
}

static void printed_defaults_are_the_defaults(void **state)
{
    (void)state;
    char *text = print(NULL, CONF_PRINT_DEFAULTS, false);
    assert_non_null(strstr(text, "[winnowd]\nbatch = 256\ndrain_timeout = 5s\n\n"));
    assert_non_null(strstr(text, "#[interface NAME]\n#device =\n#filter =  ; required\n"));
    assert_non_null(strstr(text, "#min_free = 5%\n"));
    FILE *f = fopen("w.conf", "w"); /* there may be no group winnow here */
    const char *group = strstr(text, "winnow\n\n");
    assert_true(f && group);
    fprintf(f, "%.*sroot%s", (int)(group - text), text, group + strlen("winnow"));
    fclose(f);
    conf_free(try_good());
    free(text);
}

static void schema_and_json_look_like_this(void **state)
{
    (void)state;
    char *text = print(NULL, CONF_PRINT_SCHEMA, false);
    assert_non_null(strstr(text, "[winnowd]\nbatch\n    number, 1 to 4096; 256; change: live\n"));
    assert_non_null(strstr(text, "\nring\n    size, 256KiB to 4GiB; 32MiB; change: rebind\n"));
    free(text);

    try_write("w.conf", "[control]\nsocket = none\n[interface x\\y]\nfilter = none\n");
    try_says("w.conf:3:1: error[C008]: bad name \"x\\y\"; write 1 to 31 letters, digits, _ . or -, "
             "beginning with a letter or digit\n");
    try_write("w.conf", "[control]\nsocket = /a\"b\\c\tgroup\ngroup = none\n"
                        "[interface x]\nfilter = none\n");
    struct conf *c = try_good();
    text = print(c, CONF_PRINT_EFFECTIVE, true);
    char expected[200];
    snprintf(expected, sizeof(expected),
             "{\"config_id\":\"%s\",\"files\":[\"w.conf\"],\"winnowd\":{", c->id);
    assert_memory_equal(text, expected, strlen(expected));
    assert_non_null(strstr(text, "\"socket\":\"/a\\\"b\\\\c\\u0009group\",\"mode\":\"0660\","
                                 "\"group\":null"));
    assert_non_null(strstr(text, "\"interface\":{\"x\":{\"device\":\"x\",\"filter\":null,"
                                 "\"outputs\":[],\"snaplen\":262144,\"promisc\":true,"
                                 "\"ring\":33554432,\"timeout\":10000000,"));
    assert_non_null(strstr(text, "\"output\":{}}\n"));
    free(text);
    conf_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_what_is_printed_gives_the_same),
        cmocka_unit_test(a_long_expression_is_folded_and_joined_again),
        cmocka_unit_test(a_long_path_stays_on_its_line),
        cmocka_unit_test(printed_defaults_are_the_defaults),
        cmocka_unit_test(schema_and_json_look_like_this),
    };
    return cmocka_run_group_tests(tests, try_enter, try_leave);
}
