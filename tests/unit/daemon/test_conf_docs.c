/* SPDX-License-Identifier: MIT */
/* The sample and the man page against the tables: test_conf_docs SAMPLE PAGE */
#include "daemon/conf_parts.h"

#include "conf_try.h"

bool try_seen[DIAG_CODES];

static char *sample, *page;

static char *slurp(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;
    assert_non_null(f);
    assert_true(getdelim(&text, &size, '\0', f) > 0);
    fclose(f);
    return text;
}

/** The part of a text from a line that begins so to the next one that begins with `stop`. */
static char *part(const char *text, const char *begin, const char *stop)
{
    char *line_begin, *line_stop;
    assert_true(asprintf(&line_begin, "\n%s", begin) > 0);
    assert_true(asprintf(&line_stop, "\n%s", stop) > 0);
    const char *from = strstr(text, line_begin);
    if (!from)
        fail_msg("no \"%s\"", begin);
    const char *to = strstr(from + 1, line_stop);
    free(line_begin);
    free(line_stop);
    return to ? strndup(from, (size_t)(to - from) + 1) : strdup(from);
}

/** Has the text an example of a key with a name in it, off as all are? */
static bool has_example(const char *text, const struct conf_row *row)
{
    char key[80];
    size_t len;
    for (const char *p = strstr(text, "\n#"); p; p = strstr(p + 1, "\n#"))
        if (sscanf(p, "\n#%79[^ =]", key) == 1 && conf_key_name(row->key, key, &len))
            return true;
    return false;
}

/** How the page writes a key: "*map.*_NAME_*.file*" */
static void bold_key(const struct conf_row *row, char *text, size_t size)
{
    const char *star = strchr(row->key, '*');
    if (!star)
        snprintf(text, size, "*%s* =", row->key);
    else
        snprintf(text, size, "*%.*s*_NAME_%s%s%s =", (int)(star - row->key), row->key,
                 star[1] ? "*" : "", star + 1, star[1] ? "*" : "");
}

static void the_sample_has_every_key_with_its_default(void **state)
{
    (void)state;
    for (size_t i = 0; i < conf_n_rows; i++) {
        const struct conf_row *row = &conf_rows[i];
        char begin[40], line[120];
        bool named = conf_section_named(row->section);
        snprintf(begin, sizeof(begin), "%s[%s", named ? "#" : "", conf_section_word(row->section));
        char *section = part(sample, begin, named ? "# ----" : "[");
        snprintf(line, sizeof(line), "\n#%s = %s%s", row->key, row->fallback ? row->fallback : "",
                 row->fallback ? "\n" : "");
        if (conf_row_many(row) ? !has_example(section, row) : !strstr(section, line))
            fail_msg("[%s] %s: no line \"%s\"", conf_section_word(row->section), row->key,
                     line + 1);
        free(section);
    }
}

/** Uncomment all of the sample: what looks like a key or section must be one. */
static void the_sample_has_no_other_keys(void **state)
{
    (void)state;
    size_t keys = 0;
    FILE *f = fopen("w.conf", "w");
    assert_non_null(f);
    for (const char *p = sample; *p;) {
        size_t len = strcspn(p, "\n");
        bool off = p[0] == '#' && p[1] != ' ' && len > 1;
        keys += off && p[1] != '[';
        bool local = strncmp(p, "#dir ", 5) == 0 || strncmp(p, "#group", 6) == 0 ||
                     strncmp(p, "#program", 8) == 0 ||
                     strncmp(p, "#map.blocked.file", 17) == 0; /* these ask what this machine has */
        if (!local)
            fprintf(f, "%.*s\n", (int)(len - off), p + off);
        else if (strncmp(p, "#dir ", 5) == 0)
            fprintf(f, "dir = /tmp\n");
        else if (strncmp(p, "#group", 6) == 0)
            fprintf(f, "group = none\n");
        p += len + (p[len] == '\n');
    }
    fclose(f);
    assert_int_equal(keys, conf_n_rows);
    struct conf *c = try_good();
    assert_int_equal(c->n_filters, 1);
    assert_int_equal(c->n_interfaces, 1);
    assert_int_equal(c->n_outputs, 1);
    conf_free(c);
}

static void the_page_has_every_key_with_default_and_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < conf_n_rows; i++) {
        const struct conf_row *row = &conf_rows[i];
        static const char *const reload[] = {"live", "rebind", "restart"};
        char begin[48], limits[96];
        snprintf(begin, sizeof(begin), "# SECTION [%s%s]", conf_section_word(row->section),
                 conf_section_named(row->section) ? " NAME" : "");
        char *section = part(page, begin, "# ");
        bold_key(row, begin, sizeof(begin));
        char *key = part(section, begin, "*");
        conf_limits_text(row, limits, sizeof(limits));
        for (int k = 0; row->limits.choices && row->limits.choices[k]; k++)
            if (!strstr(key, row->limits.choices[k]))
                fail_msg("%s: no choice %s", row->key, row->limits.choices[k]);
        if (row->limits.max && !strstr(key, limits))
            fail_msg("%s: no limits %s", row->key, limits);
        if (row->limits.or_none && !strstr(key, "*none*"))
            fail_msg("%s: no none", row->key);
        if (row->fallback && !strstr(key, row->fallback))
            fail_msg("%s: no default %s", row->key, row->fallback);
        if (row->required && !strstr(key, "Required"))
            fail_msg("%s: not said to be required", row->key);
        if (!strstr(key, reload[row->reload]))
            fail_msg("%s: not said to be %s", row->key, reload[row->reload]);
        free(key);
        free(section);
    }
}

static void the_page_has_every_code_with_its_meaning(void **state)
{
    (void)state;
    static const char *const meanings[] = {
#define D(code, severity, meaning) meaning,
#include "common/diag.def"
#undef D
    };
    for (int i = 0; i < DIAG_CODES; i++) {
        char begin[16];
        snprintf(begin, sizeof(begin), "*%s*", diag_code_name((enum diag_code)i));
        char *code = part(page, begin, "*");
        if (!strstr(code, meanings[i]))
            fail_msg("%s: not \"%s\"", begin, meanings[i]);
        free(code);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_has_every_key_with_its_default),
        cmocka_unit_test(the_sample_has_no_other_keys),
        cmocka_unit_test(the_page_has_every_key_with_default_and_limits),
        cmocka_unit_test(the_page_has_every_code_with_its_meaning),
    };
    if (argc != 3)
        return 2;
    sample = slurp(argv[1]);
    page = slurp(argv[2]);
    int failed = cmocka_run_group_tests(tests, try_enter, try_leave);
    free(sample);
    free(page);
    return failed;
}
