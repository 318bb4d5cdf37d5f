/* SPDX-License-Identifier: MIT */
/*
 * What compiled programs tell those who look at them: lines, perf's file, gdb's
 * list. That perf and gdb understand it is for tests/e2e/test_debug.py.
 */
#include <winnow/debug.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winnow/prog.h>

#include "../assembled.h"
#include "../failing.h"

#ifndef PR_SET_MDWE
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

/** Guards, fuel, a helper, a function: every part, and stubs. */
static const char *const text = "r6 = r1\n"
                                "r1 = 0x1122334455667788 ll\n"
                                "call 5\n"
                                "r0 = *(u32 *)(r6 + 90)\n"
                                "l: call f\n"
                                "r6 += 1\n"
                                "if r6 < 4 goto l\n"
                                "exit\n"
                                "f: r0 = 1\n"
                                "exit\n";
enum { SLOTS = 11, CALLEE = 9 };

static int make(const struct wn_prog_opts *opts, struct wn_prog **out, struct wn_error *err)
{
    static struct wn_slot *slots;
    static size_t n;
    if (!slots)
        assert_int_equal(wn_assemble(text, strlen(text), NULL, &slots, &n, NULL), 0);
    assert_int_equal(n, SLOTS);
    return wn_prog_new(slots, n, opts, out, err);
}

static struct wn_prog *made(const char *name, bool lines)
{
    struct wn_prog_opts opts = {
        .engine = WN_ENGINE_JIT, .verify = WN_VERIFY_NONE, .name = name, .lines = lines};
    struct wn_error err = {0};
    struct wn_prog *prog = NULL;
    if (make(&opts, &prog, &err))
        fail_msg("%s", err.text);
    return prog;
}

/* ---- lines */

static void lines_cover_the_code_and_name_each_slot(void **state)
{
    (void)state;
    struct wn_prog *prog = made(NULL, true);
    struct wn_prog_info info;
    size_t n;
    const struct wn_code_line *lines = wn_prog_lines(prog, &n);
    uint32_t seen = 0;
    wn_prog_info(prog, &info);
    assert_true(n > SLOTS);
    for (size_t i = 0; i < n; i++) {
        assert_true(i ? lines[i].offset > lines[i - 1].offset : lines[i].offset == 0);
        assert_true(lines[i].offset < info.code_bytes);
        assert_true(lines[i].slot < SLOTS || lines[i].slot == WN_NOWHERE);
        if (lines[i].slot < SLOTS)
            seen |= 1u << lines[i].slot;
    }
    assert_int_equal(seen, ((1u << SLOTS) - 1) & ~(1u << 2)); /* a wide instruction's other half */
    wn_prog_free(prog);
}

static void lines_are_there_only_if_asked_for(void **state)
{
    (void)state;
    size_t n = 1;
    struct wn_prog *prog = made(NULL, false);
    assert_null(wn_prog_lines(prog, &n));
    assert_int_equal(n, 0);
    wn_prog_free(prog);
    struct wn_prog_opts opts = {
        .engine = WN_ENGINE_INTERP, .verify = WN_VERIFY_NONE, .lines = true};
    assert_int_equal(make(&opts, &prog, NULL), 0);
    assert_null(wn_prog_lines(prog, &n));
    assert_int_equal(n, 0);
    wn_prog_free(prog);
}

static void the_code_is_the_same_whoever_looks(void **state)
{
    (void)state;
    struct wn_prog *plain = made(NULL, false), *looked_at = made("x", true);
    struct wn_prog_info a, b;
    wn_prog_info(plain, &a);
    wn_prog_info(looked_at, &b);
    assert_int_equal(a.code_bytes, b.code_bytes);
    assert_memory_equal(a.code, b.code, a.code_bytes);
    wn_prog_free(plain);
    wn_prog_free(looked_at);
}

/* ---- jitdump */

static char dir[] = "/tmp/wn-test-debug-XXXXXX";
static char path[64];

static int make_dir(void)
{
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/jit-%d.dump", dir, (int)getpid());
    return 0;
}

static int remove_dir(void)
{
    unlink(path);
    return rmdir(dir);
}

static void opened(void)
{
    struct wn_error err = {0};
    if (wn_jitdump_open(dir, &err))
        fail_msg("%s", err.text);
}

struct dump {
    uint8_t bytes[65536];
    size_t n, at;
};

static void read_dump(struct dump *d)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    d->n = fread(d->bytes, 1, sizeof d->bytes, f);
    fclose(f);
    assert_true(d->n >= 40 && d->n < sizeof d->bytes);
    uint32_t header[6];
    memcpy(header, d->bytes, sizeof header);
    assert_int_equal(header[0], 0x4a695444);
    assert_int_equal(header[1], 1);
    assert_int_equal(header[2], 40);
    assert_int_equal(header[5], getpid());
    d->at = 40;
}

/** The next record: its number, -1 at the end; `*body` is behind the 16 bytes all have. */
static int next_record(struct dump *d, const uint8_t **body, size_t *len)
{
    uint32_t head[2];
    if (d->at == d->n)
        return -1;
    assert_true(d->n - d->at >= 16);
    memcpy(head, d->bytes + d->at, sizeof head);
    assert_true(head[1] >= 16 && head[1] <= d->n - d->at);
    *body = d->bytes + d->at + 16;
    *len = head[1] - 16;
    d->at += head[1];
    return (int)head[0];
}

static uint64_t u64_at(const uint8_t *from, size_t at)
{
    uint64_t v;
    memcpy(&v, from + at, sizeof v);
    return v;
}

/** Lines of a part: addresses rise and lie in it, lines are slots and one. */
static void check_lines(const uint8_t *body, size_t len, uint64_t *start, uint64_t *last)
{
    uint64_t n = u64_at(body, 8);
    size_t at = 16;
    *start = u64_at(body, 0);
    *last = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t line;
        uint64_t address = u64_at(body, at);
        memcpy(&line, body + at + 8, sizeof line);
        assert_true(address > *last && address >= *start);
        assert_in_range(line, 1, SLOTS);
        *last = address;
        at += 16;
        assert_string_equal(body + at, "alpha.bpf");
        at += sizeof "alpha.bpf";
    }
    assert_int_equal(at, len);
}

static void jitdump_has_each_part_with_lines_name_and_code(void **state)
{
    (void)state;
    static const char *const names[] = {"alpha.entry", "alpha", "alpha.f9", "alpha.cold"};
    struct dump d;
    const uint8_t *body;
    size_t len, covered = 0;
    opened();
    struct wn_prog *prog = made("alpha", false);
    struct wn_prog_info info;
    wn_prog_info(prog, &info);
    assert_int_equal(wn_jitdump_close(NULL), 0);
    wn_prog_free(made("unseen", false));
    read_dump(&d);
    for (size_t i = 0; i < 4; i++) {
        uint64_t start = 0, last = 0;
        int id = next_record(&d, &body, &len);
        if (id == 2) {
            check_lines(body, len, &start, &last);
            id = next_record(&d, &body, &len);
        } else {
            assert_int_equal(i, 0); /* the entry belongs to no slot */
        }
        assert_int_equal(id, 0);
        uint64_t address = u64_at(body, 16), bytes = u64_at(body, 24);
        assert_int_equal(u64_at(body, 8), address);
        assert_int_equal(address, (uintptr_t)info.code + covered);
        assert_true(!start || (start == address && last < address + bytes));
        assert_string_equal(body + 40, names[i]);
        assert_int_equal(len, 40 + strlen(names[i]) + 1 + bytes);
        assert_memory_equal(body + len - bytes, info.code + covered, bytes);
        covered += bytes;
    }
    assert_int_equal(covered, info.code_bytes);
    assert_int_equal(next_record(&d, &body, &len), 3);
    assert_int_equal(next_record(&d, &body, &len), -1);
    wn_prog_free(prog);
}

static void jitdump_is_one_a_process_and_ours_alone(void **state)
{
    (void)state;
    struct wn_error err = {0};
    struct stat st;
    opened();
    assert_int_equal(wn_jitdump_open(dir, &err), -EBUSY);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(wn_jitdump_close(NULL), 0);
    assert_int_equal(wn_jitdump_close(NULL), 0);
    /* Whatever lies there under that name is not followed, and not written to. */
    char other[80];
    snprintf(other, sizeof other, "%s/other", dir);
    unlink(path);
    assert_int_equal(symlink(other, path), 0);
    opened();
    assert_int_equal(wn_jitdump_close(NULL), 0);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(access(other, F_OK), -1);
}

static void jitdump_without_directory_says_why(void **state)
{
    (void)state;
    struct wn_error err = {0};
    assert_int_equal(wn_jitdump_open("/nonexistent", &err), -ENOENT);
    assert_non_null(strstr(err.text, "/nonexistent/jit-"));
    opened();
    assert_int_equal(wn_jitdump_close(NULL), 0);
}

/** Whether this process has the file mapped executable, as perf needs it. */
static bool is_marked(void)
{
    char line[512];
    bool found = false;
    FILE *f = fopen("/proc/self/maps", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        found |= strstr(line, path) && strstr(line, " r-xp ");
    fclose(f);
    return found;
}

static void jitdump_leaves_the_mark_that_perf_looks_for(void **state)
{
    (void)state;
    opened();
    assert_true(is_marked());
    assert_int_equal(wn_jitdump_close(NULL), 0);
    assert_false(is_marked());
}

/** Exit status of a child that does something. */
static int in_child(int (*what)(void))
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(what());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int compile_and_close(void)
{
    wn_prog_free(made("child", false));
    return wn_jitdump_close(NULL) != 0;
}

static void jitdump_of_the_parent_is_not_the_childs(void **state)
{
    (void)state;
    struct dump d;
    const uint8_t *body;
    size_t len;
    opened();
    assert_int_equal(in_child(compile_and_close), 0);
    read_dump(&d);
    assert_int_equal(next_record(&d, &body, &len), -1);
    assert_int_equal(wn_jitdump_close(NULL), 0);
}

static int all_under_mdwe(void)
{
    if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0))
        return 77;
    if (wn_jitdump_open(dir, NULL))
        return 1;
    wn_gdb_announce(true);
    wn_prog_free(made("guarded", true));
    int r = wn_jitdump_close(NULL);
    snprintf(path, sizeof path, "%s/jit-%d.dump", dir, (int)getpid());
    return r || unlink(path);
}

static void all_of_it_works_where_pages_may_not_become_executable(void **state)
{
    (void)state;
    int status = in_child(all_under_mdwe);
    if (status == 77)
        skip();
    assert_int_equal(status, 0);
}

/** Code has to fit into files too, so the limit is one that only the dump comes to. */
static int on_a_full_disk(void)
{
    struct rlimit limit = {4096, 4096};
    struct dump d;
    const uint8_t *body;
    size_t len, programs = 0;
    signal(SIGXFSZ, SIG_IGN);
    if (wn_jitdump_open(dir, NULL) || setrlimit(RLIMIT_FSIZE, &limit))
        return 1;
    snprintf(path, sizeof path, "%s/jit-%d.dump", dir, (int)getpid());
    for (int i = 0; i < 20; i++)
        wn_prog_free(made("alpha", false));
    if (wn_jitdump_close(NULL) != -EFBIG)
        return 2;
    read_dump(&d);
    for (int id; (id = next_record(&d, &body, &len)) >= 0;)
        programs += id == 0 && !strcmp((const char *)body + 40, "alpha.cold");
    return unlink(path) || programs == 0 || programs == 20;
}

static void a_full_disk_ends_the_record_between_two_programs(void **state)
{
    (void)state;
    assert_int_equal(in_child(on_a_full_disk), 0);
}

/* ---- gdb */

struct entry {
    struct entry *next, *prev;
    const uint8_t *elf;
    uint64_t bytes;
};

struct descriptor {
    uint32_t version, action;
    struct entry *relevant, *first;
};

extern struct descriptor __jit_debug_descriptor;

static size_t announced(void)
{
    size_t n = 0;
    struct entry *before = NULL;
    for (struct entry *e = __jit_debug_descriptor.first; e; e = e->next) {
        assert_ptr_equal(e->prev, before);
        before = e;
        n++;
    }
    assert_int_equal(__jit_debug_descriptor.version, 1);
    assert_int_equal(__jit_debug_descriptor.action, 0);
    return n;
}

static const Elf64_Shdr *section(const struct entry *e, const char *name)
{
    const Elf64_Ehdr *h = (const void *)e->elf;
    const Elf64_Shdr *all = (const void *)(e->elf + h->e_shoff);
    assert_true(h->e_shoff + (uint64_t)h->e_shnum * sizeof *all <= e->bytes);
    const char *names = (const char *)e->elf + all[h->e_shstrndx].sh_offset;
    for (unsigned i = 0; i < h->e_shnum; i++)
        if (!strcmp(names + all[i].sh_name, name))
            return &all[i];
    fail_msg("there is no %s", name);
    return NULL;
}

static void gdb_finds_code_and_functions(void **state)
{
    (void)state;
    static const char *const names[] = {"beta.entry", "beta", "beta.f9", "beta.cold"};
    struct wn_prog_info info;
    wn_gdb_announce(true);
    struct wn_prog *prog = made("beta", false);
    wn_gdb_announce(false);
    wn_prog_info(prog, &info);
    assert_int_equal(announced(), 1);
    const struct entry *e = __jit_debug_descriptor.first;
    const Elf64_Shdr *code = section(e, ".text"), *symtab = section(e, ".symtab");
    const Elf64_Sym *symbols = (const void *)(e->elf + symtab->sh_offset);
    const char *strings = (const char *)e->elf + section(e, ".strtab")->sh_offset;
    assert_memory_equal(e->elf, ELFMAG, SELFMAG);
    assert_int_equal(code->sh_addr, (uintptr_t)info.code);
    assert_int_equal(code->sh_size, info.code_bytes);
    assert_int_equal(symtab->sh_size, 5 * sizeof *symbols);
    uint64_t at = code->sh_addr;
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(strings + symbols[i + 1].st_name, names[i]);
        assert_int_equal(symbols[i + 1].st_value, at);
        at += symbols[i + 1].st_size;
    }
    assert_int_equal(at, code->sh_addr + code->sh_size);
    wn_prog_free(prog);
    assert_int_equal(announced(), 0);
}

static void gdb_hears_of_programs_until_they_are_freed(void **state)
{
    (void)state;
    struct wn_prog *progs[4];
    wn_prog_free(made("quiet", false));
    assert_int_equal(announced(), 0);
    wn_gdb_announce(true);
    for (size_t i = 0; i < 4; i++)
        progs[i] = made("loud", false);
    wn_gdb_announce(false);
    struct wn_prog *quiet = made("quiet", false);
    assert_int_equal(announced(), 4);
    static const size_t order[] = {1, 3, 0, 2};
    for (size_t i = 0; i < 4; i++) {
        wn_prog_free(progs[order[i]]);
        assert_int_equal(announced(), 3 - i);
    }
    wn_prog_free(quiet);
}

static void names_of_any_length_and_bytes_do(void **state)
{
    (void)state;
    char name[1000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    opened();
    wn_gdb_announce(true);
    struct wn_prog *prog = made(name, false), *odd = made("\"\n\xff%s", false);
    struct wn_prog *none = made("", false);
    wn_gdb_announce(false);
    assert_int_equal(announced(), 3);
    assert_int_equal(wn_jitdump_close(NULL), 0);
    wn_prog_free(prog);
    wn_prog_free(odd);
    wn_prog_free(none);
}

/* ---- memory */

static void without_memory_nothing_is_left_behind(void **state)
{
    (void)state;
    struct wn_prog_opts opts = {
        .engine = WN_ENGINE_JIT, .verify = WN_VERIFY_NONE, .lines = true, .name = "alpha"};
    wn_prog_free(made(NULL, false)); /* the text is assembled */
    opened();
    wn_gdb_announce(true);
    long tries = 0;
    do {
        struct wn_prog *prog = NULL;
        struct wn_error err = {0};
        long before = live;
        failures = 0;
        until_failure = tries++;
        int r = make(&opts, &prog, &err);
        until_failure = -1;
        assert_int_equal(r, failures ? -ENOMEM : 0);
        assert_int_equal(err.code, r);
        wn_prog_free(prog);
        assert_int_equal(live, before);
        assert_int_equal(announced(), 0);
    } while (failures);
    assert_true(tries > 20);
    wn_gdb_announce(false);
    assert_int_equal(wn_jitdump_close(NULL), 0);
    struct dump d;
    const uint8_t *body;
    size_t len;
    read_dump(&d);
    while (next_record(&d, &body, &len) >= 0)
        continue;
}

static void without_memory_no_file_is_opened(void **state)
{
    (void)state;
    long before = live;
    struct wn_error err;
    unlink(path);
    for (long i = 0;; i++) {
        failures = 0;
        until_failure = i;
        int r = wn_jitdump_open(dir, &err);
        until_failure = -1;
        if (r == 0)
            break;
        assert_int_equal(r, -ENOMEM);
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(live, before);
    }
    until_failure = 0;
    int r = wn_jitdump_close(&err);
    until_failure = -1;
    assert_int_equal(r, failures ? -ENOMEM : 0);
    assert_int_equal(live, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_cover_the_code_and_name_each_slot),
        cmocka_unit_test(lines_are_there_only_if_asked_for),
        cmocka_unit_test(the_code_is_the_same_whoever_looks),
        cmocka_unit_test(jitdump_has_each_part_with_lines_name_and_code),
        cmocka_unit_test(jitdump_is_one_a_process_and_ours_alone),
        cmocka_unit_test(jitdump_without_directory_says_why),
        cmocka_unit_test(jitdump_leaves_the_mark_that_perf_looks_for),
        cmocka_unit_test(jitdump_of_the_parent_is_not_the_childs),
        cmocka_unit_test(all_of_it_works_where_pages_may_not_become_executable),
        cmocka_unit_test(a_full_disk_ends_the_record_between_two_programs),
        cmocka_unit_test(gdb_finds_code_and_functions),
        cmocka_unit_test(gdb_hears_of_programs_until_they_are_freed),
        cmocka_unit_test(names_of_any_length_and_bytes_do),
        cmocka_unit_test(without_memory_nothing_is_left_behind),
        cmocka_unit_test(without_memory_no_file_is_opened),
    };
    return make_dir() || cmocka_run_group_tests(tests, NULL, NULL) || remove_dir();
}
