/* SPDX-License-Identifier: MIT */
/** What a file is, by what it holds. */
#include "common/source.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/dlt.h>

#define TOOLS WN_ROOT "/tests/e2e/tools.o"

static int slots_of(const char *text, enum source_kind *kind, enum diag_code *why,
                    struct wn_error *err)
{
    char path[] = "/tmp/winnow-source-XXXXXX";
    struct source_opts opts = {.linktype = DLT_EN10MB};
    struct wn_slot *slots = NULL;
    size_t count = 0;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    int code = source_slots(path, &opts, &slots, &count, kind, why, err);
    unlink(path);
    assert_true(code == 0 ? slots && count : !slots);
    free(slots);
    return code;
}

static void texts_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum source_kind kind;
    } files[] = {
        {"ip", SOURCE_EXPRESSION},
        {"(ip)", SOURCE_EXPRESSION},
        {"(000) < len", SOURCE_EXPRESSION},
        {"(000)=0 and ip", SOURCE_EXPRESSION},
        {"4\n< len", SOURCE_EXPRESSION},
        {"# a comment\nip", SOURCE_EXPRESSION},
        {"(000) ret      #262144\n", SOURCE_CLASSIC},
        {"\n(000) ldh      [12]\n(001) ret #0\n", SOURCE_CLASSIC},
        {"(000) jeq      #0x0             jt 1\tjf 1\n(001) ret #1\n", SOURCE_CLASSIC},
        {"(000) tax\n(001) ret #1\n", SOURCE_CLASSIC},
        {"(000) stx M[1]\n(001) ret #1\n", SOURCE_CLASSIC},
        {"{ 0x6, 0, 0, 0x00040000 },\n", SOURCE_CLASSIC},
        {"1\n6 0 0 262144\n", SOURCE_CLASSIC},
        {"1\r\n6 0 0 4294967295", SOURCE_CLASSIC},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct wn_error err = {0};
        enum source_kind kind = SOURCE_OBJECT;
        if (slots_of(files[i].text, &kind, NULL, &err))
            fail_msg("%s: %s", files[i].text, err.text);
        if (kind != files[i].kind)
            fail_msg("%s: is taken for kind %d", files[i].text, (int)kind);
    }
}

static void mistakes_in_classic_text_have_a_line(void **state)
{
    (void)state;
    struct wn_error err = {0};
    enum diag_code why;
    assert_int_equal(slots_of("1\n6 0 0 1\nx", NULL, &why, &err), WN_E_SYNTAX);
    assert_int_equal(why, DIAG_P132);
    assert_int_equal(err.at, 3);
    /* It reads well, but never returns. */
    assert_int_equal(slots_of("1\n40 0 0 12", NULL, &why, &err), WN_E_MALFORMED);
    assert_int_equal(why, DIAG_P110);
    assert_int_equal(err.at, 0);
}

/** Diagnostics begin with the path. */
static void what_cannot_be_read_is_not_named_again(void **state)
{
    (void)state;
    static const char *const paths[] = {"/nonexistent/web.o", "/dev", "/dev/null"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct source_opts opts = {.linktype = DLT_EN10MB};
        struct wn_slot *slots = NULL;
        struct wn_error err = {0};
        enum diag_code why;
        size_t count;
        assert_true(source_slots(paths[i], &opts, &slots, &count, NULL, &why, &err) < 0);
        assert_int_equal(why, DIAG_P100);
        assert_true(err.text[0]);
        assert_null(strstr(err.text, paths[i]));
    }
}

/** Asks for a program, which is refused, and for the slot that the error names. */
static void refused_at(const char *name, const char *text, size_t len, uint32_t at,
                       struct diag_insn *insn)
{
    char path[40] = "/tmp/winnow-source-XXXXXX";
    struct source_opts opts = {.linktype = DLT_EN10MB};
    struct source *source = NULL;
    struct wn_prog *prog = NULL;
    struct wn_error err = {0};
    enum diag_code why;
    strcat(path, name);
    int fd = mkstemps(path, (int)strlen(name));
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), len);
    close(fd);
    assert_int_equal(source_open(path, &opts, &source, &why, &err), 0);
    unlink(path);
    assert_true(source_program(source, &opts, &prog, &why, &err) < 0);
    assert_int_equal(why, DIAG_P110);
    assert_int_equal(err.at, at);
    source_insn(source, err.at, insn);
    source_close(source);
}

static void what_is_refused_can_be_shown(void **state)
{
    (void)state;
    static const char text[] = "r0 = 0x123456789 ll\ngoto +7\nexit\n";
    static const char no_insn[] = "\xb7\0\0\0\0\0\0\0\xff\x21\x03\0\x04\0\0\0";
    struct diag_insn insn;
    refused_at(".s", text, strlen(text), 2, &insn);
    assert_int_equal(insn.slot, 2);
    assert_string_equal(insn.text, "goto +7");
    assert_null(insn.source);
    diag_insn_fini(&insn);
    assert_null(insn.text);
    refused_at("", no_insn, sizeof no_insn - 1, 1, &insn);
    assert_string_equal(insn.text, "ff 21 03 00 04 00 00 00");
    diag_insn_fini(&insn);
}

static void an_objects_instructions_have_lines(void **state)
{
    (void)state;
    struct source_opts opts = {.linktype = DLT_EN10MB, .section = "count"};
    struct source *source = NULL;
    struct wn_prog *prog = NULL;
    struct wn_error err = {0};
    struct diag_insn insn;
    enum diag_code why;
    assert_int_equal(source_open(TOOLS, &opts, &source, &why, &err), 0);
    /* Nothing has been asked for yet, so nothing can be meant. */
    source_insn(source, 0, &insn);
    assert_null(insn.text);
    assert_int_equal(source_program(source, &opts, &prog, &why, &err), 0);
    wn_prog_free(prog);
    source_insn(source, 30, &insn); /* a wide instruction */
    assert_string_equal(insn.text, "r1 = map_fd(2) ll");
    diag_insn_fini(&insn);
    source_insn(source, 13, &insn);
    assert_string_equal(insn.text, "r1 = *(u8 *)(r1 + 12)");
    assert_int_equal(strncmp(insn.source, "tools.c:", 8), 0);
    assert_non_null(strstr(insn.line, "data[12] << 8"));
    diag_insn_fini(&insn);
    source_insn(source, WN_NOWHERE, &insn);
    assert_null(insn.text);
    opts.section = "nope";
    assert_int_equal(source_program(source, &opts, &prog, &why, &err), -ENOENT);
    source_insn(source, 13, &insn);
    assert_null(insn.text);
    source_close(source);
}

/** They are set by the first call, and shared with the maps. */
static void several_programs_may_be_made_with_constants(void **state)
{
    (void)state;
    static const char *const names[] = {"count", "shoot", "half"}, *consts[] = {"refuse=1"};
    struct source_opts opts = {.linktype = DLT_EN10MB, .consts = consts, .n_consts = 1};
    struct source *source = NULL;
    struct wn_error err = {0};
    enum diag_code why;
    assert_int_equal(source_open(TOOLS, &opts, &source, &why, &err), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct wn_prog *prog = NULL;
        opts.section = names[i];
        if (source_program(source, &opts, &prog, &why, &err))
            fail_msg("%s: %s", names[i], err.text);
        wn_prog_free(prog);
    }
    source_close(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_told_apart),
        cmocka_unit_test(mistakes_in_classic_text_have_a_line),
        cmocka_unit_test(what_cannot_be_read_is_not_named_again),
        cmocka_unit_test(what_is_refused_can_be_shown),
        cmocka_unit_test(an_objects_instructions_have_lines),
        cmocka_unit_test(several_programs_may_be_made_with_constants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
