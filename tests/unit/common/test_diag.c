/* SPDX-License-Identifier: MIT */
#include "common/diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <winnow/err.h>

/** The list as printed; the list is empty afterwards. */
static void prints(struct diag_list *list, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    diag_print(list, to);
    fclose(to);
    assert_string_equal(text, expected);
    free(text);
    diag_fini(list);
    assert_int_equal(list->count + list->errors + list->warnings, 0);
}

static void looks_like_a_compilers(void **state)
{
    (void)state;
    struct diag_list list = {0};
    const char *file = "/etc/winnowd/winnowd.conf";
    diag_add(
        &list, DIAG_C012,
        (struct diag_place){
            .file = file, .section = "output disk", .key = "rotate_size", .line = 41, .column = 1},
        "write 100MiB or 100MB", "\"%s\" has no unit", "100");
    diag_add(&list, DIAG_C003,
             (struct diag_place){.file = file, .section = "filter web", .line = 17, .column = 1},
             "did you mean \"on_fault\"?", "unknown key \"%s\"", "on_falt");
    diag_add(&list, DIAG_C001, (struct diag_place){.file = file}, NULL, "cannot be read");
    diag_add(&list, DIAG_C034, (struct diag_place){.file = file, .line = 3}, NULL, "unused");
    diag_add(&list, DIAG_P130, (struct diag_place){0}, NULL, "syntax error");
    assert_int_equal(list.count, 5);
    assert_int_equal(list.errors, 4);
    assert_int_equal(list.warnings, 1);
    prints(&list,
           "/etc/winnowd/winnowd.conf:41:1: error[C012]: [output disk] rotate_size: \"100\" has no "
           "unit; write 100MiB or 100MB\n"
           "/etc/winnowd/winnowd.conf:17:1: error[C003]: [filter web] unknown key \"on_falt\"; did "
           "you mean \"on_fault\"?\n"
           "/etc/winnowd/winnowd.conf: error[C001]: cannot be read\n"
           "/etc/winnowd/winnowd.conf:3: warning[C034]: unused\n"
           "common_test_diag: error[P130]: syntax error\n");
}

static void strings_are_copied(void **state)
{
    (void)state;
    struct diag_list list = {0};
    char file[] = "a", section[] = "b", key[] = "c", hint[] = "d";
    for (int i = 0; i < 100; i++)
        diag_add(&list, DIAG_C010,
                 (struct diag_place){.file = file, .section = section, .key = key}, hint, "%d", i);
    file[0] = section[0] = key[0] = hint[0] = 'X';
    assert_int_equal(list.count, 100);
    const struct diag *d = &list.items[99];
    assert_string_equal(d->file, "a");
    assert_string_equal(d->section, "b");
    assert_string_equal(d->key, "c");
    assert_string_equal(d->hint, "d");
    assert_string_equal(d->message, "99");
    diag_fini(&list);
}

static void the_librarys_words_keep_their_place(void **state)
{
    (void)state;
    struct diag_list list = {0};
    struct wn_error reject = {WN_E_REJECTED, 57, 0, "r3 may point outside"};
    struct wn_error syntax = {WN_E_SYNTAX, 12, 5, "unknown word \"mvo\""};
    struct wn_error format = {WN_E_FORMAT, WN_NOWHERE, 0, "not an object"};
    diag_add_error(&list, DIAG_P110, (struct diag_place){.file = "web.o"}, NULL, &reject);
    diag_add_error(&list, DIAG_P131, (struct diag_place){.file = "web.s"}, NULL, &syntax);
    diag_add_error(&list, DIAG_P130, (struct diag_place){.file = "w.conf", .line = 3, .column = 1},
                   NULL, &syntax);
    diag_add_error(&list, DIAG_P100, (struct diag_place){.file = "web.o"}, NULL, &format);
    prints(&list, "web.o: error[P110]: insn 57: r3 may point outside\n"
                  "web.s:12:5: error[P131]: unknown word \"mvo\"\n"
                  "w.conf:3:1: error[P130]: unknown word \"mvo\"\n"
                  "web.o: error[P100]: not an object\n");
}

static void rejections_show_instruction_source_and_hint(void **state)
{
    (void)state;
    struct diag_list list = {0};
    struct diag_place web = {.file = "web.o", .section = "filter web", .key = "program"};
    char text[] = "r4 = *(u32 *)(r3 + 54)", source[] = "web.c:31", line[] = "return tcp->seq;";
    struct diag_insn all = {57, text, source, line}, bare = {57, text, NULL, NULL};
    struct wn_error hint = {WN_E_REJECTED, 57, 0,
                            "r3 may point outside; compare it with the end (web.c:31)"};
    struct wn_error other = {WN_E_REJECTED, 57, 0, "r3 is a number (web.c:32)"};
    struct wn_error helper = {WN_E_UNSUPPORTED, 57, 0, "helper 14 is not provided"};
    struct wn_error whole = {WN_E_LIMIT, WN_NOWHERE, 0, "9 slots; the limit is 8"};
    diag_add_error(&list, DIAG_P110, web, &all, &hint);
    diag_add_error(&list, DIAG_P110, web, &all, &other);
    diag_add_error(&list, DIAG_P110, (struct diag_place){.file = "web.s"}, &bare, &hint);
    diag_add_error(&list, DIAG_P105, (struct diag_place){.file = "web.s"}, &bare, &helper);
    diag_add_error(&list, DIAG_P111, (struct diag_place){.file = "web.s"}, &bare, &whole);
    /* Strings are copied. */
    text[0] = source[0] = line[0] = 'X';
    prints(&list, "web.o: error[P110]: [filter web] program: verifier: insn 57: r3 may point "
                  "outside\n"
                  "    57: r4 = *(u32 *)(r3 + 54)    ; web.c:31  return tcp->seq;\n"
                  "    hint: compare it with the end\n"
                  "web.o: error[P110]: [filter web] program: verifier: insn 57: r3 is a number "
                  "(web.c:32)\n"
                  "    57: r4 = *(u32 *)(r3 + 54)    ; web.c:31  return tcp->seq;\n"
                  "web.s: error[P110]: verifier: insn 57: r3 may point outside\n"
                  "    57: r4 = *(u32 *)(r3 + 54)\n"
                  "    hint: compare it with the end (web.c:31)\n"
                  "web.s: error[P105]: insn 57: helper 14 is not provided\n"
                  "    57: r4 = *(u32 *)(r3 + 54)\n"
                  "web.s: error[P111]: 9 slots; the limit is 8\n");
}

static void sentences_without_hint_or_place_stay_whole(void **state)
{
    (void)state;
    static const char *const texts[] = {"",           ")",   " (web.c:31",
                                        "(web.c:31)", "a;b", "a (xweb.c:31)"};
    char source[] = "web.c:31";
    const struct diag_insn insn = {.source = source};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[32];
        strcpy(text, texts[i]);
        assert_null(diag_split(text, &insn));
        assert_string_equal(text, texts[i]);
    }
}

static void a_strangers_bytes_do_not_reach_the_terminal(void **state)
{
    (void)state;
    struct diag_list list = {0};
    diag_add(&list, DIAG_C003, (struct diag_place){.file = "a\x1b[2J", .section = "\a"}, "\x7f",
             "x\x1b]0;title\ay\nz");
    prints(&list, "a?[2J: error[C003]: [?] x?]0;title?y\nz; ?\n");
}

static void codes_are_named_as_in_the_table(void **state)
{
    (void)state;
    assert_string_equal(diag_code_name(DIAG_C001), "C001");
    assert_string_equal(diag_code_name(DIAG_P131), "P131");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_like_a_compilers),
        cmocka_unit_test(strings_are_copied),
        cmocka_unit_test(the_librarys_words_keep_their_place),
        cmocka_unit_test(rejections_show_instruction_source_and_hint),
        cmocka_unit_test(sentences_without_hint_or_place_stay_whole),
        cmocka_unit_test(a_strangers_bytes_do_not_reach_the_terminal),
        cmocka_unit_test(codes_are_named_as_in_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
