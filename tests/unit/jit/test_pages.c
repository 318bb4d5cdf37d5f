/* SPDX-License-Identifier: MIT */
#include "jit/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE              65 /* Linux 6.3 */
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

/** The permissions of the mapping that holds an address, as /proc says; "" if none does. */
static const char *permissions(const void *at)
{
    static char perms[5];
    char line[512];
    unsigned long start, end;
    FILE *f = fopen("/proc/self/maps", "r");
    assert_non_null(f);
    perms[0] = 0;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "%lx-%lx %4s", &start, &end, perms) == 3 && (uintptr_t)at >= start &&
            (uintptr_t)at < end)
            break;
        else
            perms[0] = 0;
    fclose(f);
    return perms;
}

static const uint8_t some_code[] = {0x31, 0xc0, 0xc3};

static void code_is_mapped_readable_and_executable_only(void **state)
{
    (void)state;
    static uint8_t large[70001];
    memset(large, 0x90, sizeof large);
    const uint8_t *at = NULL;
    assert_int_equal(wn_pages_seal(large, sizeof large, &at, NULL), 0);
    assert_memory_equal(at, large, sizeof large);
    assert_string_equal(permissions(at), "r-xp");
    assert_string_equal(permissions(at + sizeof large - 1), "r-xp");
    wn_pages_unmap(at, sizeof large);
    assert_string_not_equal(permissions(at), "r-xp");
}

static void nothing_is_writable_and_executable(void **state)
{
    (void)state;
    const uint8_t *at = NULL;
    assert_int_equal(wn_pages_seal(some_code, sizeof some_code, &at, NULL), 0);
    char line[512], perms[5];
    unsigned executable = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        assert_int_equal(sscanf(line, "%*x-%*x %4s", perms), 1);
        assert_false(strchr(perms, 'w') && strchr(perms, 'x'));
        executable += strchr(perms, 'x') != NULL;
    }
    fclose(f);
    assert_true(executable > 1);
    wn_pages_unmap(at, sizeof some_code);
}

static void no_descriptor_is_left(void **state)
{
    (void)state;
    int before = dup(0);
    close(before);
    const uint8_t *at = NULL;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(wn_pages_seal(some_code, sizeof some_code, &at, NULL), 0);
        wn_pages_unmap(at, sizeof some_code);
    }
    int after = dup(0);
    close(after);
    assert_int_equal(before, after);
}

/** In a child, since there is no way back: 0 worked, 1 did not, 77 cannot be tested here. */
static int under_mdwe(void)
{
    const uint8_t *at = NULL;
    if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0))
        return 77;
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0)
        return 1; /* then nothing was forbidden */
    return wn_pages_seal(some_code, sizeof some_code, &at, NULL) ||
           memcmp(at, some_code, sizeof some_code);
}

static void code_can_be_made_where_memory_may_not_become_executable(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(under_mdwe());
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void running_out_of_descriptors_is_an_error(void **state)
{
    (void)state;
    int fds[4096], n = 0;
    while (n < 4096 && (fds[n] = dup(0)) >= 0)
        n++;
    const uint8_t *at = NULL;
    struct wn_error err = {0};
    int r = n < 4096 ? wn_pages_seal(some_code, sizeof some_code, &at, &err) : WN_E_NOJIT;
    while (n > 0)
        close(fds[--n]);
    assert_int_equal(r, WN_E_NOJIT);
    assert_null(at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_is_mapped_readable_and_executable_only),
        cmocka_unit_test(nothing_is_writable_and_executable),
        cmocka_unit_test(no_descriptor_is_left),
        cmocka_unit_test(code_can_be_made_where_memory_may_not_become_executable),
        cmocka_unit_test(running_out_of_descriptors_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
