/* SPDX-License-Identifier: MIT */
/*
 * winnowctl check: what the verifier makes of a program. As with inspect all of
 * it is put into one JSON value, which is printed as it is or as text.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/object.h>

#include "client/client.h"
#include "client/local.h"
#include "client/print.h"

#define DLT_ETHERNET 1
#define REASONS      5 /* that fit on a screen below the numbers; --all gives them all */
#define NAME_WIDTH   24

struct job {
    const struct client_opts *opts;
    const struct local_origin *origin;
    struct source *source;
    struct source_opts how;
    json_t *log;    /* lines of the program at hand; NULL: they are printed, or nobody wants them */
    bool several;   /* programs of one object */
    int name_width; /* of these */
    json_t *programs, *diagnostics;
};

/* ---- from programs to JSON */

static void log_line(void *arg, const char *line)
{
    struct job *job = arg;
    if (job->log) {
        json_array_append_new(job->log, print_text_json(line));
        return;
    }
    print_plain(line, stdout);
    putchar('\n');
}

static void set_count(json_t *to, const char *name, const struct wn_prog_info *info, uint64_t value)
{
    json_object_set_new(to, name, info ? json_integer((json_int_t)value) : json_null());
}

/* What is known of a program, or null where there is none: the shape is the same. */
static json_t *describe(const struct job *job, const struct wn_object_prog *about,
                        const struct wn_prog_info *info)
{
    static const struct wn_prog_info none;
    const struct wn_prog_info *i = info ? info : &none;
    json_t *p = json_pack("{s:b, s:o, s:o, s:s?, s:s, s:s?, s:s?}", "ok", info != NULL, "name",
                          print_text_json(about && *about->name ? about->name : NULL), "section",
                          print_text_json(about ? about->section : NULL), "type",
                          info ? wn_prog_type_name(info->type) : NULL, "verify",
                          job->how.prog.verify == WN_VERIFY_STRICT ? "strict" : "guard", "engine",
                          info ? local_engine_name(info->engine) : NULL, "no_jit",
                          i->no_jit.code ? i->no_jit.text : NULL);
    set_count(p, "slots", info, i->slots);
    set_count(p, "functions", info, i->functions);
    set_count(p, "maps", info, i->maps);
    local_add_proofs(p, info);
    set_count(p, "ops", info, i->ops);
    set_count(p, "stack_bytes", info, i->stack_bytes);
    set_count(p, "stack_cleared", info, i->stack_cleared);
    set_count(p, "code_bytes", info, i->code_bytes);
    set_count(p, "verify_ns", info, i->verify_ns);
    set_count(p, "verify_steps", info, i->verify_steps);
    set_count(p, "verify_states", info, i->verify_states);
    set_count(p, "verify_bytes", info, i->verify_bytes);
    return p;
}

/* What is checked at run time, each with its reason. */
static json_t *unproved(const struct job *job, const struct wn_prog *prog)
{
    const struct wn_error *at = NULL;
    json_t *list = json_array();
    for (size_t n = prog ? wn_prog_unproved(prog, &at) : 0; n; n--, at++) {
        OWN(insn) struct diag_insn insn;
        char reason[sizeof at->text];
        source_insn(job->source, at->at, &insn);
        memcpy(reason, at->text, sizeof reason);
        const char *hint = diag_split(reason, &insn);
        json_array_append_new(
            list, json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "slot", (json_int_t)at->at, "reason",
                            print_text_json(reason), "hint", print_text_json(hint), "instruction",
                            print_text_json(insn.text), "source", print_text_json(insn.source),
                            "source_text", print_text_json(insn.line)));
    }
    return list;
}

/* Whether something is a program that may not run; else it is no program. */
static bool is_verdict(enum diag_code why)
{
    return why == DIAG_P103 || why == DIAG_P105 || why == DIAG_P110 || why == DIAG_P111 ||
           why == DIAG_P112;
}

static void refuse(struct job *job, const char *name, enum diag_code why,
                   const struct wn_error *err)
{
    /* Of several programs the message names the one. */
    char key[NAME_WIDTH * 4] = "";
    OWN(insn) struct diag_insn insn = {0};
    snprintf(key, sizeof key, "%s", job->several ? name : "");
    struct diag_place at = {.file = job->origin->path, .key = *key ? key : NULL};
    if (job->source)
        source_insn(job->source, err->at, &insn);
    json_array_append_new(job->diagnostics, local_diagnostic(&at, why, &insn, err));
}

/* ---- as text */

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "";
}

static int64_t number_of(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

static const char *name_of(const json_t *p)
{
    return *text_of(p, "name") ? text_of(p, "name") : text_of(p, "section");
}

/* A row about things that are proved, or else something is done about them at run time. */
static void show_share(const json_t *p, const char *all, const char *rest, const char *good,
                       const char *bad)
{
    char a[PRINT_BYTES], b[PRINT_BYTES], c[PRINT_BYTES], d[PRINT_BYTES], e[PRINT_BYTES];
    int64_t n = number_of(p, all), less = number_of(p, rest);
    if (n)
        printf("  %-9s %s: %s %s (%s), %s %s (%s)\n", all, print_count(a, n),
               print_count(b, n - less), good, print_share(c, n - less, n), print_count(d, less),
               bad, print_share(e, less, n));
    else
        printf("  %-9s none\n", all);
}

static const char *plural(const json_t *p, const char *member)
{
    return number_of(p, member) == 1 ? "" : "s";
}

static void show_size(const json_t *p)
{
    char slots[PRINT_BYTES];
    printf(": %s slot%s, %d function%s", print_count(slots, number_of(p, "slots")),
           plural(p, "slots"), (int)number_of(p, "functions"), plural(p, "functions"));
}

static void show_engine(const json_t *p)
{
    char count[PRINT_BYTES];
    const char *no_jit = text_of(p, "no_jit");
    printf("  %-9s %s: ", "engine", text_of(p, "engine"));
    if (number_of(p, "code_bytes"))
        printf("%s bytes of machine code\n", print_count(count, number_of(p, "code_bytes")));
    else
        printf("%s operation%s%s%s\n", print_count(count, number_of(p, "ops")), plural(p, "ops"),
               *no_jit ? "; no machine code: " : "", no_jit);
}

static void show_numbers(const json_t *p)
{
    char a[PRINT_BYTES], b[PRINT_BYTES], c[PRINT_BYTES];
    show_share(p, "accesses", "guarded", "proved", "guarded");
    show_share(p, "calls", "calls_checked", "proved", "checked");
    show_share(p, "loops", "loops_fuelled", "bounded", "fuelled");
    printf("  %-9s %s\n", "packets",
           json_is_true(json_object_get(p, "in_place")) ? "in place" : "copied before each run");
    if (number_of(p, "stack_bytes"))
        printf("  %-9s %s bytes, %s cleared before each run\n", "stack",
               print_count(a, number_of(p, "stack_bytes")),
               print_count(b, number_of(p, "stack_cleared")));
    else
        printf("  %-9s none\n", "stack");
    printf("  %-9s %.1f us, %s step%s, %s state%s, %s\n", "verifier",
           (double)number_of(p, "verify_ns") / 1e3, print_count(a, number_of(p, "verify_steps")),
           plural(p, "verify_steps"), print_count(b, number_of(p, "verify_states")),
           plural(p, "verify_states"), print_size(c, number_of(p, "verify_bytes")));
    show_engine(p);
}

static void show_reasons(const struct job *job, const json_t *p)
{
    const json_t *list = json_object_get(p, "unproved");
    size_t n = json_array_size(list), most = job->opts->all ? n : REASONS, i;
    json_t *item;
    if (n)
        putchar('\n');
    json_array_foreach(list, i, item)
    {
        const char *where = *text_of(item, "source") ? text_of(item, "source") : job->origin->path;
        if (i == most)
            break;
        print_plain(where ? where : "", stdout);
        printf("%sinsn %d: ", where ? ": " : "", (int)number_of(item, "slot"));
        print_plain(text_of(item, "reason"), stdout);
        putchar('\n');
        print_insn(item, false, stdout);
    }
    if (n > most)
        printf("and %zu more; --all shows them\n", n - most);
}

/* Of several programs a line each. */
static void show_line(const struct job *job, const json_t *p)
{
    static const struct {
        const char *all, *rest, *one, *more, *what;
    } counts[] = {{"accesses", "guarded", "access", "es", "guarded"},
                  {"calls", "calls_checked", "call", "s", "checked"},
                  {"loops", "loops_fuelled", "loop", "s", "fuelled"}};
    print_verdict(job->opts, json_is_true(json_object_get(p, "ok")), "accepted");
    show_size(p);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        int n = (int)number_of(p, counts[i].all), rest = (int)number_of(p, counts[i].rest);
        if (n)
            printf(", %d %s%s (%d %s)", n, counts[i].one, n == 1 ? "" : counts[i].more, rest,
                   counts[i].what);
    }
    printf(", %.1f us\n", (double)number_of(p, "verify_ns") / 1e3);
}

static void show(const struct job *job, const json_t *p)
{
    if (job->several) {
        print_plain(name_of(p), stdout);
        printf("%*s", job->name_width - (int)strlen(name_of(p)) + 2, "");
    }
    if (!json_is_true(json_object_get(p, "ok"))) {
        print_verdict(job->opts, false, "rejected");
        putchar('\n');
    } else if (job->several && !job->opts->all) {
        show_line(job, p);
    } else {
        print_verdict(job->opts, true, "accepted");
        show_size(p);
        putchar('\n');
        show_numbers(p);
        show_reasons(job, p);
    }
}

/* ---- one program, or all of an object */

static void check_one(struct job *job, const struct wn_object_prog *about)
{
    OWN(prog) struct wn_prog *prog = NULL;
    bool text = !job->opts->json && !job->opts->quiet;
    enum diag_code why = DIAG_P110;
    struct wn_prog_info info;
    struct wn_error err;

    job->log = job->opts->json && job->opts->log ? json_array() : NULL;
    job->how.prog.log = job->opts->log && (text || job->log) ? log_line : NULL;
    job->how.prog.log_arg = job;
    int code = source_program(job->source, &job->how, &prog, &why, &err);
    if (code)
        refuse(job, job->how.section, why, &err);
    else
        wn_prog_info(prog, &info);
    if (code && !job->several && !is_verdict(why)) {
        json_decref(give(job->log));
        return;
    }
    json_t *p = describe(job, about, code ? NULL : &info);
    json_object_set_new(p, "refused", code ? print_text_json(err.text) : json_null());
    json_object_set_new(p, "unproved", unproved(job, prog));
    json_object_set_new(p, "log", job->log ? give(job->log) : json_null());
    json_array_append_new(job->programs, p);
    if (text)
        show(job, p);
}

/* What cannot be named cannot be asked for. */
static void check_nameless(struct job *job, const struct wn_object_prog *about)
{
    struct wn_error err;
    wn_fail(&err, -ENOENT, WN_NOWHERE, "another program has its name, and its section has several");
    refuse(job, about->name, DIAG_P102, &err);
    json_t *p = describe(job, about, NULL);
    json_object_set_new(p, "refused", print_text_json(err.text));
    json_object_set_new(p, "unproved", json_array());
    json_object_set_new(p, "log", json_null());
    json_array_append_new(job->programs, p);
    if (!job->opts->json && !job->opts->quiet)
        show(job, p);
}

static void check_all(struct job *job, const struct wn_object *object)
{
    size_t n = wn_object_count(object);
    struct wn_object_prog about;
    job->several = true;
    for (size_t i = 0; i < n; i++) {
        wn_object_describe(object, i, &about);
        int width = (int)strlen(*about.name ? about.name : about.section);
        if (width > job->name_width && width <= NAME_WIDTH)
            job->name_width = width;
    }
    for (size_t i = 0; i < n; i++) {
        wn_object_describe(object, i, &about);
        job->how.section = local_program_name(object, i);
        if (job->how.section)
            check_one(job, &about);
        else
            check_nameless(job, &about);
    }
}

static void check(struct job *job)
{
    enum diag_code why = DIAG_P100;
    struct wn_error err;
    struct wn_object_prog about;
    if (local_open(job->origin, &job->how, &job->source, &why, &err)) {
        refuse(job, "", why, &err);
        return;
    }
    struct wn_object *object = source_object(job->source);
    if (object && !job->how.section && wn_object_count(object) > 1) {
        check_all(job, object);
        return;
    }
    int number = object ? wn_object_find(object, job->how.section, NULL) : -1;
    if (number >= 0)
        wn_object_describe(object, (size_t)number, &about);
    check_one(job, number >= 0 ? &about : NULL);
}

static int report(struct job *job)
{
    bool ok = !json_array_size(job->diagnostics);
    OWN(json)
    json_t *answer = json_pack("{s:b, s:O, s:O}", "ok", ok, "programs", job->programs,
                               "diagnostics", job->diagnostics);
    if (!answer)
        return client_fail(job->opts, CLIENT_REFUSED, "memory", "out of memory");
    if (job->opts->json) {
        print_json(job->opts, answer);
    } else {
        fflush(stdout); /* verdicts come first where both go to the same place */
        print_diagnostics(job->opts, job->diagnostics);
    }
    return ok ? CLIENT_OK : CLIENT_REFUSED;
}

int command_check(const struct client_opts *opts, char **operands)
{
    OWN(free) struct local_origin *origin = calloc(1, sizeof *origin);
    struct job job = {.opts = opts, .origin = origin, .how = local_source_opts(opts, DLT_ETHERNET)};

    if (!origin)
        return client_fail(opts, CLIENT_REFUSED, "memory", "out of memory");
    int status = local_find_origin("check", operands, origin);
    if (status)
        return status;
    job.how.prog.explain = true;
    job.programs = json_array();
    job.diagnostics = json_array();
    check(&job);
    status = report(&job);
    source_close(job.source);
    json_decref(job.programs);
    json_decref(job.diagnostics);
    return status;
}
