/* SPDX-License-Identifier: MIT */
/* Files, lines, sections and what is said of mistakes: each code once, word for word. */
#include "daemon/conf.h"

#include <grp.h>

#include "conf_try.h"

bool try_seen[DIAG_CODES];

/** The quiet start of most configurations here: two lines. */
#define QUIET "[control]\nsocket = none\n"

static void says(const char *text, const char *expected)
{
    try_write("w.conf", text);
    try_says(expected);
}

/* ---- lines */

static void an_empty_file_is_a_configuration(void **state)
{
    (void)state;
    try_write("w.conf", QUIET);
    struct conf *c = try_good();
    assert_string_equal(c->path, "w.conf");
    assert_int_equal(c->n_files, 1);
    assert_int_equal(strlen(c->id), 12);
    conf_free(c);
}

static void lines_are_read_as_documented(void **state)
{
    (void)state;
    try_write("w.conf", "\xef\xbb\xbf# a comment\r\n"
                        "; another\r\n"
                        "[ winnowd ] ; a section\r\n"
                        "batch: 7\t; packets\r\n"
                        "x-anything = goes\r\n"
                        "   here too\r\n"
                        "[control]\r\n"
                        "socket=none\r\n"
                        "[filter  web]\r\n"
                        "expr = tcp port 80 ; web\r\n"
                        "# in between\r\n"
                        "\t or tcp port 443\t; more web\r\n"
                        "\r\n"
                        "   or ip[0] = 0x45\r\n"
                        "[interface lo]\r\n"
                        "filter = web"); /* no line end */
    struct conf *c = try_good();
    assert_int_equal(c->batch, 7);
    assert_string_equal(c->filters[0].expr, "tcp port 80 or tcp port 443 or ip[0] = 0x45");
    assert_string_equal(c->filters[0].origin.file, "w.conf");
    assert_int_equal(c->filters[0].origin.line, 9);
    assert_string_equal(c->interfaces[0].filter, "web");
    conf_free(c);
}

static void long_lines_are_refused_not_cut(void **state)
{
    (void)state;
    char text[600], path[200];
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[198 - 9] = '\0'; /* "socket = " and this are 198 bytes */
    snprintf(text, sizeof(text), "[control]\nsocket = %s\ngroup = none\n", path);
    try_write("w.conf", text);
    struct conf *c = try_good();
    assert_string_equal(c->socket, path);
    conf_free(c);

    snprintf(text, sizeof(text),
             "[control]\nsocket = %sa\n  more\ngroup = none\n[log]\nlevel = x\n", path);
    says(text, "w.conf:2:1: error[C002]: [control] line has 199 bytes; at most 198 can be read; "
               "continue a value on an indented line\n"
               "w.conf:6:1: error[C014]: [log] level: \"x\" is not one of: "
               "error, warning, notice, info, debug\n");
}

static void bytes_that_are_no_text_are_named(void **state)
{
    (void)state;
    static const char nul[] = QUIET "[log]\nle\0vel = info\n";
    try_write_bytes("w.conf", nul, sizeof(nul) - 1);
    try_says("w.conf:4:3: error[C009]: [log] a NUL byte\n");
    static const char *const bad[] = {"\xff",
                                      "\xc0\xaf",
                                      "\xe0\x80\xaf",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf0\x80\x80\x80",
                                      "\xe2\x82",
                                      "\x80"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[100], expected[200];
        snprintf(text, sizeof(text), QUIET "# ab%s\n", bad[i]);
        snprintf(expected, sizeof(expected),
                 "w.conf:3:5: error[C009]: [control] byte 0x%02x is not UTF-8; "
                 "save the file as UTF-8\n",
                 (unsigned char)bad[i][0]);
        says(text, expected);
    }
    says(QUIET "# \xe2\x82\xac \xf0\x9f\x90\x9d \xc3\xa9\n", "");
    says(QUIET "# old\rmac\n", "w.conf:3:6: error[C009]: [control] control byte 0x0d\n");
}

static void lines_without_key_and_value(void **state)
{
    (void)state;
    says(QUIET "[log]\nlevel info\n= info\n",
         "w.conf:4:1: error[C006]: [log] \"level info\" is not key = value\n"
         "w.conf:5:1: error[C006]: [log] no key before =\n");
    says(QUIET "level\n", "w.conf:3:1: error[C006]: [control] \"level\" is not key = value\n");
    says(QUIET "[log]\n  level = info\n",
         "w.conf:4:3: error[C006]: [log] an indented line, but no value before it to go on with; "
         "a key or section begins in the first column\n");
    says(QUIET "[log]\nlevel = info\n target = auto\n",
         "w.conf:5:2: error[C006]: [log] level: an indented line goes on with the value before it, "
         "which takes one line only; a key begins in the first column\n");
    says(QUIET "[log]\nlevel = info # loud\n",
         "w.conf:4:1: error[C006]: [log] # begins a comment only at the start of a line; "
         "put ; before a comment that follows a value\n");
    says("batch = 1\n" QUIET, "w.conf:1:1: error[C003]: key \"batch\" stands before any section; "
                              "begin with a section, as in [winnowd]\n");
}

/* ---- sections and keys */

static void section_headers(void **state)
{
    (void)state;
    says(QUIET "[filter web\nexpr =\n",
         "w.conf:3:1: error[C007]: bad section header \"[filter web\"; "
         "write [section] or [section NAME]\n");
    says(QUIET "[log] level = info\n",
         "w.conf:3:1: error[C007]: bad section header \"[log] level = info\"; "
         "write [section] or [section NAME]\n");
    says(QUIET "[filter]\n",
         "w.conf:3:1: error[C007]: section [filter] needs a name; write [filter NAME]\n");
    says(QUIET "[log loud]\n",
         "w.conf:3:1: error[C007]: section [log] takes no name; write [log]\n");
    says(QUIET "[filter a b]\n",
         "w.conf:3:1: error[C008]: bad name \"a b\"; write 1 to 31 letters, digits, _ . or -, "
         "beginning with a letter or digit\n");
    says(QUIET "[output 01234567890123456789012345678901]\n",
         "w.conf:3:1: error[C008]: bad name \"01234567890123456789012345678901\"; "
         "write 1 to 31 letters, digits, _ . or -, beginning with a letter or digit\n");
    says(QUIET "[filter none]\n",
         "w.conf:3:1: error[C008]: a filter cannot be named \"none\": the word means no filter; "
         "choose another\n");
    says(QUIET "[output 0123456789012345678901234567890]\ntype = count\n",
         "w.conf:3:1: warning[C034]: [output 0123456789012345678901234567890] "
         "no interface uses it\n");
}

static void unknown_words_get_a_suggestion(void **state)
{
    (void)state;
    says(QUIET "[contorl]\nx = 1\n[foo]\n",
         "w.conf:3:1: error[C003]: unknown section [contorl]; did you mean [control]?\n"
         "w.conf:5:1: error[C003]: unknown section [foo]; "
         "known: winnowd, control, log, filter, interface, output\n");
    says(QUIET "[filter web]\nexpr =\non_falt = accept\n",
         "w.conf:5:1: error[C003]: [filter web] unknown key \"on_falt\"; "
         "did you mean \"on_fault\"?\n");
    says(QUIET "[log]\ncolour = no\n",
         "w.conf:4:1: error[C003]: [log] unknown key \"colour\"; known: level, target\n");
    says(QUIET "[limits]\nfilters = 3\n[filter f]\nexpr =\nsha256 = 0\nmap.M.persist = 80\n",
         "w.conf:3:1: error[C003]: section [limits] is not supported yet by this version\n"
         "w.conf:7:1: error[C003]: [filter f] key \"sha256\" is not supported yet by this version\n"
         "w.conf:8:1: error[C003]: [filter f] key \"map.M.persist\" is not supported yet by this "
         "version\n");
}

static void the_same_twice(void **state)
{
    (void)state;
    says(QUIET "[log]\nlevel = info\nlevel = debug\n",
         "w.conf:5:1: error[C004]: [log] level: given twice, first on line 4\n");
    says(QUIET "[log]\nlevel = info\n[log]\ntarget = auto\n",
         "w.conf:5:1: error[C004]: [log] section is given twice, first on line 3\n");
    says(QUIET "[interface a]\ndevice = x\nfilter = none\n[interface x]\nfilter = none\n",
         "w.conf:6:1: error[C035]: [interface x] device: [interface a] captures from x already\n");
}

static void what_is_required(void **state)
{
    (void)state;
    says(QUIET "[interface eth0]\n[output o]\n[output p]\ntype = file\n",
         "w.conf:3:1: error[C005]: [interface eth0] filter: is missing; "
         "write filter = NAME or none\n"
         "w.conf:4:1: error[C005]: [output o] type: is missing; write type = file, count\n"
         "w.conf:5:1: error[C005]: [output p] dir: is missing; write dir = /PATH\n");
    says(QUIET "[filter f]\n", "w.conf:3:1: error[C033]: [filter f] has neither program nor expr; "
                               "write program = /PATH or expr = EXPRESSION\n");
    says(QUIET "[filter f]\nexpr = ip\nprogram = /dev/null/x\n",
         "w.conf:3:1: error[C032]: [filter f] has both program and expr; leave one of them\n"
         "w.conf:5:1: error[C001]: [filter f] program: /dev/null/x cannot be read: "
         "Not a directory\n");
    says(QUIET "[output o]\ntype = count\ndir = /tmp\n",
         "w.conf:5:1: error[C003]: [output o] dir: is a key of type = file only\n");
}

static void references(void **state)
{
    (void)state;
    says(QUIET "[interface eth0]\nfilter = webb\noutputs = disk\n[filter web]\nexpr =\n"
               "[filter tls-only]\nexpr =\n",
         "w.conf:4:1: error[C030]: [interface eth0] filter: no [filter webb] section; "
         "known: web, tls-only\n"
         "w.conf:5:1: error[C030]: [interface eth0] outputs: no [output disk] section; "
         "there is none\n");
    says(QUIET "[filter web]\nexpr =\n",
         "w.conf:3:1: warning[C034]: [filter web] no interface uses it\n");
    says(QUIET "[filter a]\nexpr =\n[interface x]\nfilter = a b\n",
         "w.conf:6:1: error[C018]: [interface x] filter: only one name is possible here\n");
}

static void a_value_has_an_end(void **state)
{
    (void)state;
    size_t size = 0;
    char *text = NULL;
    FILE *to = open_memstream(&text, &size);
    fprintf(to, QUIET "[interface x]\nfilter = f\n[filter f]\nexpr = ip\n");
    for (int i = 0; i < 9400; i++)
        fprintf(to, "  or ip6\n"); /* 7 bytes each, the blank before it included */
    fprintf(to, "[log]\nlevel = x\n");
    fclose(to);
    says(text, "w.conf:9369:3: error[C018]: [filter f] expr: more than 65536 bytes\n"
               "w.conf:9408:1: error[C014]: [log] level: \"x\" is not one of: "
               "error, warning, notice, info, debug\n");
    free(text);
}

static void too_many_objects(void **state)
{
    (void)state;
    static char text[8192];
    char *p = text + sprintf(text, QUIET);
    for (int i = 0; i < 65; i++)
        p += sprintf(p, "[interface i%d]\nfilter = none\n", i);
    says(text, "w.conf:131:1: error[C018]: more than 64 [interface] sections\n");
}

static void directories_and_names_of_files(void **state)
{
    (void)state;
    try_write("plain", "");
    char *here = getcwd(NULL, 0), text[600], expected[600];
    snprintf(text, sizeof(text),
             QUIET "[interface x]\nfilter = none\noutputs = a b\n[output a]\ntype = file\n"
                   "dir = /nonexistent\n[output b]\ntype = file\ndir = %s/plain\n",
             here);
    snprintf(expected, sizeof(expected),
             "w.conf:8:1: error[C060]: [output a] dir: /nonexistent cannot be written to: "
             "No such file or directory; create the directory first\n"
             "w.conf:11:1: error[C060]: [output b] dir: %s/plain cannot be written to: "
             "Not a directory\n",
             here);
    says(text, expected);
    free(here);
    says(QUIET "[interface x]\nfilter = none\noutputs = a b c\n"
               "[output a]\ntype = file\ndir = /tmp\nname = capture.pcapng\n"
               "[output b]\ntype = file\ndir = /tmp\nname = %{seq}\n"
               "[output c]\ntype = file\ndir = /tmp/\nname = %{seq}\n",
         "w.conf:9:1: error[C061]: [output a] name: \"capture.pcapng\" gives every file the same "
         "name; put in %{seq:6} or %{utc:...}\n"
         "w.conf:17:1: error[C062]: [output c] name: makes the same names as [output b] in the "
         "same directory; put in %{output}\n");
}

static void groups(void **state)
{
    (void)state;
    says("[control]\nsocket = /s\ngroup = no-such-group\n",
         "w.conf:3:1: error[C070]: [control] group: no group \"no-such-group\"\n");
    try_seen[DIAG_C072] |= getgrnam("winnow") != NULL; /* cannot be shown where it is installed */
    if (!getgrnam("winnow")) {
        try_write("w.conf", "");
        struct conf *c;
        char *said = try_load(&c);
        assert_string_equal(said, "w.conf: warning[C072]: [control] group: no group \"winnow\": "
                                  "the socket has the group of this process\n");
        assert_null(c->socket_group);
        free(said);
        conf_free(c);
    }
}

static void a_change_that_needs_a_restart_is_named(void **state)
{
    (void)state;
    try_write("w.conf", "[control]\nsocket = none\nmode = 0600\n[log]\ntarget = stderr\n");
    struct conf *a = try_good();
    try_write("w.conf",
              "[control]\nsocket = none\nmode = 600\n[log]\ntarget = auto\nlevel = debug\n");
    struct conf *b = try_good();
    struct diag_list diags = {0};
    conf_check_restart(a, a, &diags);
    assert_int_equal(diags.count, 0);
    conf_check_restart(a, b, &diags);
    assert_int_equal(diags.count, 1);
    assert_int_equal(diags.items[0].code, DIAG_C090);
    assert_string_equal(diags.items[0].section, "log");
    assert_string_equal(diags.items[0].key, "target");
    assert_string_equal(diags.items[0].message, "cannot be changed while running");
    assert_string_equal(diags.items[0].file, "w.conf");
    assert_int_equal(diags.items[0].line, 5);
    assert_int_equal(diags.items[0].column, 1);
    try_seen[DIAG_C090] = true;
    diag_fini(&diags);
    conf_free(b);

    /* In a file of its own; and one that is there no more has no line. */
    assert_int_equal(mkdir("conf.d", 0755), 0);
    try_write("w.conf", "[control]\nsocket = none\n");
    try_write("conf.d/9.conf", "\n[log]\n\ntarget = journal\n");
    b = try_good();
    diags = (struct diag_list){0};
    conf_check_restart(a, b, &diags);
    assert_int_equal(diags.count, 2);
    assert_string_equal(diags.items[0].key, "mode");
    assert_string_equal(diags.items[0].file, "w.conf");
    assert_int_equal(diags.items[0].line, 0);
    assert_string_equal(diags.items[1].file, "conf.d/9.conf");
    assert_int_equal(diags.items[1].line, 4);
    diag_fini(&diags);
    conf_free(a);
    conf_free(b);
    assert_int_equal(unlink("conf.d/9.conf") | rmdir("conf.d"), 0);
}

/* ---- files */

static void keys_with_a_name_are_each_names_own(void **state)
{
    (void)state;
    const char *head = QUIET "[interface x]\nfilter = f\n[filter f]\nexpr =\n";
    char *text;
    assert_int_equal(mkdir("conf.d", 0755), 0);
    assert_true(asprintf(&text,
                         "%sconst.a = 1\nconst.b = x y ; not the value\nmap.m.max_entries = 7\n"
                         "map.m.k.private = on\n",
                         head) > 0);
    try_write("w.conf", text);
    try_write("conf.d/1.conf", "[filter f]\nconst.b = [1,\n  2]\nconst.c.d = -3\n");
    struct conf *c = try_good();
    const struct conf_filter *f = &c->filters[0];
    assert_int_equal(f->consts.n, 3);
    assert_string_equal(conf_setting_find(&f->consts, "a")->text, "1");
    assert_string_equal(conf_setting_find(&f->consts, "b")->text, "[1, 2]");
    assert_string_equal(conf_setting_find(&f->consts, "b")->origin.file, "conf.d/1.conf");
    assert_int_equal(conf_setting_find(&f->consts, "b")->origin.line, 2);
    assert_string_equal(conf_setting_find(&f->consts, "c.d")->text, "-3");
    assert_null(conf_setting_find(&f->consts, "c"));
    assert_int_equal(conf_setting_find(&f->map_entries, "m")->number, 7);
    assert_int_equal(conf_setting_find(&f->map_private, "m.k")->number, 1);

    struct conf_filter copy;
    assert_int_equal(conf_filter_copy(f, &copy), 0);
    assert_true(conf_filter_equal(f, &copy));
    copy.consts.items[2].text[1] = '4';
    assert_false(conf_filter_equal(f, &copy));
    conf_filter_fini(&copy);
    conf_free(c);
    assert_int_equal(system("rm -r conf.d"), 0);

    /* Without a name there is no key; of one kind there are 64 at most. */
    free(text);
    assert_true(asprintf(&text, "%sconst. = 1\nmap.m = 2\nmap..file = /x\n", head) > 0);
    try_write("w.conf", text);
    char *said = try_load(&c);
    assert_null(c);
    assert_non_null(strstr(said, "unknown key \"const.\""));
    assert_non_null(strstr(said, "unknown key \"map.m\""));
    assert_non_null(strstr(said, "unknown key \"map..file\""));
    free(said);
    free(text);
    size_t size;
    FILE *to = open_memstream(&text, &size);
    fputs(head, to);
    for (int i = 0; i < 65; i++)
        fprintf(to, "const.v%d = %d\n", i, i);
    fclose(to);
    try_write("w.conf", text);
    said = try_load(&c);
    assert_non_null(strstr(said, "error[C018]: [filter f] const.v64: more than 64 of const.*"));
    free(said);
    free(text);
}

static void drop_ins_override_scalars_and_add_to_lists(void **state)
{
    (void)state;
    assert_int_equal(mkdir("conf.d", 0755), 0);
    try_write("w.conf", QUIET "[winnowd]\nbatch = 1\n[interface x]\nfilter = none\noutputs = a\n"
                              "[output a]\ntype = count\n");
    try_write("conf.d/20.conf", "[winnowd]\nbatch = 3\n");
    try_write("conf.d/10.conf", "[winnowd]\nbatch = 2\n[interface x]\noutputs = b\n"
                                "[output b]\ntype = count\n");
    try_write("conf.d/30.conf~", "nonsense");
    try_write("conf.d/.40.conf", "nonsense");
    struct conf *c = try_good();
    assert_int_equal(c->batch, 3);
    assert_int_equal(c->interfaces[0].n_outputs, 2);
    assert_string_equal(c->interfaces[0].outputs[1], "b");
    assert_int_equal(c->n_files, 3);
    assert_string_equal(c->files[1], "conf.d/10.conf");
    assert_string_equal(c->files[2], "conf.d/20.conf");

    /* The identity follows the content and nothing else. */
    struct conf *again = try_good();
    assert_string_equal(again->id, c->id);
    conf_free(again);
    try_write("conf.d/20.conf", "[winnowd]\nbatch = 3 \n");
    again = try_good();
    assert_string_not_equal(again->id, c->id);
    conf_free(again);
    conf_free(c);

    try_write("conf.d/20.conf", "[winnowd]\nbatch = x\n[lgo]\n");
    try_says("conf.d/20.conf:2:1: error[C011]: [winnowd] batch: \"x\" is not a whole number\n"
             "conf.d/20.conf:3:1: error[C003]: unknown section [lgo]; did you mean [log]?\n");
    assert_int_equal(system("rm -r conf.d"), 0);
}

static void files_that_cannot_be_read(void **state)
{
    (void)state;
    unlink("w.conf");
    struct conf *c;
    char *said = try_load(&c);
    assert_non_null(strstr(said, "w.conf: error[C001]: cannot be read: No such file or "));
    free(said);
    assert_int_equal(mkdir("w.conf", 0755), 0);
    said = try_load(&c);
    assert_non_null(strstr(said, "w.conf: error[C001]: cannot be read: Is a directory\n"));
    free(said);
    assert_int_equal(rmdir("w.conf"), 0);
    assert_int_equal(mkfifo("w.conf", 0600), 0); /* must not wait for a writer */
    said = try_load(&c);
    assert_non_null(strstr(said, "w.conf: error[C001]: cannot be read: it is not a file\n"));
    free(said);
    unlink("w.conf");
    try_write("w.conf", "");
    assert_int_equal(truncate("w.conf", (1 << 20) + 1), 0);
    said = try_load(&c);
    assert_non_null(strstr(said, "w.conf: error[C001]: cannot be read: File too large\n"));
    free(said);
    unlink("w.conf");
}

static void files_that_others_can_change(void **state)
{
    (void)state;
    try_write("w.conf", QUIET);
    assert_int_equal(chmod("w.conf", 0664), 0);
    try_says("w.conf: error[C071]: it is writable by its group; chmod go-w\n");
    assert_int_equal(chmod("w.conf", 0646), 0);
    try_says("w.conf: error[C071]: it is writable by everybody; chmod go-w\n");
    assert_int_equal(chmod("w.conf", 0644), 0);
    char *here = getcwd(NULL, 0), text[300];
    try_write("p.o", "");
    assert_int_equal(chmod("p.o", 0666), 0);
    snprintf(text, sizeof(text), QUIET "[interface x]\nfilter = f\n[filter f]\nprogram = %s/p.o\n",
             here);
    free(here);
    says(text, "w.conf:6:1: error[C071]: [filter f] program: the file is writable by everybody; "
               "chmod go-w\n");
    if (geteuid() == 0) {
        assert_int_equal(chown("w.conf", 12345, 0), 0);
        try_write("w.conf", QUIET);
        try_says("w.conf: error[C071]: it belongs to user 12345, not to root or the service\n");
    }
    unlink("w.conf");
}

static void values_are_refused_where_they_stand(void **state)
{
    (void)state;
    says(QUIET "mode = 8\n[log]\nlevel = inof\n[interface x]\nfilter = none\npromisc = perhaps\n"
               "snaplen = 1\nring = many\ntimeout = 10\n[output o]\ntype = file\ndir = captures\n",
         "w.conf:3:1: error[C017]: [control] mode: \"8\" is not a file mode; "
         "write three or four octal digits, as in 0640\n"
         "w.conf:5:1: error[C014]: [log] level: \"inof\" is not one of: error, warning, notice, "
         "info, debug; did you mean \"info\"?\n"
         "w.conf:8:1: error[C010]: [interface x] promisc: \"perhaps\" is not yes or no\n"
         "w.conf:9:1: error[C013]: [interface x] snaplen: \"1\" is out of range: 64 to 262144\n"
         "w.conf:10:1: error[C011]: [interface x] ring: \"many\" is not a whole number\n"
         "w.conf:11:1: error[C012]: [interface x] timeout: \"10\" has no unit; "
         "write 10s or 10ms\n"
         "w.conf:14:1: error[C015]: [output o] dir: \"captures\" is not an absolute path; "
         "begin it with /\n");
}

static void every_code_was_given(void **state)
{
    (void)state;
    for (int i = 0; i < DIAG_CODES; i++) {
        const char *name = diag_code_name((enum diag_code)i);
        bool engines = i == DIAG_C036 || i == DIAG_C091; /* not of reading a configuration */
        if (name[0] == 'C' && !engines && !try_seen[i])
            fail_msg("no test for %s", name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_is_a_configuration),
        cmocka_unit_test(lines_are_read_as_documented),
        cmocka_unit_test(long_lines_are_refused_not_cut),
        cmocka_unit_test(bytes_that_are_no_text_are_named),
        cmocka_unit_test(lines_without_key_and_value),
        cmocka_unit_test(section_headers),
        cmocka_unit_test(unknown_words_get_a_suggestion),
        cmocka_unit_test(the_same_twice),
        cmocka_unit_test(what_is_required),
        cmocka_unit_test(references),
        cmocka_unit_test(a_value_has_an_end),
        cmocka_unit_test(too_many_objects),
        cmocka_unit_test(directories_and_names_of_files),
        cmocka_unit_test(groups),
        cmocka_unit_test(a_change_that_needs_a_restart_is_named),
        cmocka_unit_test(keys_with_a_name_are_each_names_own),
        cmocka_unit_test(drop_ins_override_scalars_and_add_to_lists),
        cmocka_unit_test(files_that_cannot_be_read),
        cmocka_unit_test(files_that_others_can_change),
        cmocka_unit_test(values_are_refused_where_they_stand),
        cmocka_unit_test(every_code_was_given),
    };
    return cmocka_run_group_tests(tests, try_enter, try_leave);
}
