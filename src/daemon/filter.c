/* SPDX-License-Identifier: MIT */
#include "daemon/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/diag.h"
#include "common/own.h"
#include "common/source.h"
#include "daemon/stats.h"

struct variant {
    struct variant *next;
    int dlt; /* ANY_DLT: no expression, so one program (and its state) for all packets */
    struct wn_prog *prog;
};

#define ANY_DLT (-1)

/* The bytes of a program's file: what tells a changed one from the same saved again. */
struct bytes {
    void *data;
    size_t len;
};

struct filter {
    unsigned refs;
    char *name;
    char *file; /* of the configuration, for messages; NULL: the command line */
    unsigned line;
    char *program, *section, *expr; /* as in struct conf_filter */
    char **consts;
    size_t n_consts;
    enum conf_returns returns;
    enum conf_on_fault on_fault;
    enum wn_engine engine;
    enum wn_verify verify;
    uint64_t fuel;
    struct stat_filter *stats;
    struct bytes loaded;
    struct variant *variants; /* the newest first */
};

static void filter_free(struct filter *filter)
{
    while (filter->variants) {
        struct variant *v = filter->variants;
        filter->variants = v->next;
        wn_prog_free(v->prog);
        free(v);
    }
    free(filter->loaded.data);
    free(filter->name);
    free(filter->file);
    free(filter->program);
    free(filter->section);
    free(filter->expr);
    for (size_t i = 0; i < filter->n_consts; i++)
        free(filter->consts[i]);
    free(filter->consts);
    free(filter);
}

OWN_BY(filter, struct filter, filter_free)
OWN_BY(source, struct source, source_close)

/* What cannot be read this way has no bytes; loading it says why. */
static struct bytes read_bytes(const char *path)
{
    struct bytes b = {NULL, 0};
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return b;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
        st.st_size <= SOURCE_OBJECT_MAX)
        b.data = malloc((size_t)st.st_size);
    while (b.data && b.len < (size_t)st.st_size) {
        ssize_t n = read(fd, (char *)b.data + b.len, (size_t)st.st_size - b.len);
        if (n <= 0)
            break;
        b.len += (size_t)n;
    }
    close(fd);
    return b;
}

static bool same_bytes(const struct bytes *a, const struct bytes *b)
{
    return a->data && b->data && a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Why there is no program, in full. */
struct refusal {
    enum diag_code why;
    struct diag_insn insn;
    struct wn_error err;
};

static inline void own_refusal(struct refusal *no)
{
    diag_insn_fini(&no->insn);
}

/* Sets the program, and what packets it is for. */
static int load(const struct filter *filter, const struct source_opts *opts, struct variant *out,
                struct refusal *no)
{
    OWN(source) struct source *source = NULL;
    int rc = filter->program
                 ? source_open(filter->program, opts, &source, &no->why, &no->err)
                 : source_open_expr(filter->expr ? filter->expr : "", &source, &no->why, &no->err);
    if (rc < 0)
        return rc;
    rc = source_program(source, opts, &out->prog, &no->why, &no->err);
    if (rc < 0)
        source_insn(source, no->err.at, &no->insn);
    else
        out->dlt = source_kind(source) == SOURCE_EXPRESSION ? opts->linktype : ANY_DLT;
    return rc;
}

static int compile(struct filter *filter, int dlt, struct variant *out, struct refusal *no)
{
    struct source_opts opts = {
        .linktype = dlt,
        .section = filter->section,
        .consts = (const char *const *)filter->consts,
        .n_consts = filter->n_consts,
        .any_file = !filter->file,
        .prog = {.engine = filter->engine,
                 .verify = filter->verify,
                 .fuel = filter->fuel,
                 .name = filter->name},
    };
    if (!filter->program)
        return load(filter, &opts, out, no);

    /* Loading reads the file a second time: it must have found what is kept for comparison. */
    for (int attempt = 0; attempt < 3; attempt++) {
        struct bytes before = read_bytes(filter->program);
        if (filter->loaded.data && !same_bytes(&before, &filter->loaded)) {
            free(before.data);
            no->why = DIAG_P100;
            return wn_fail(&no->err, -ESTALE, WN_NOWHERE,
                           "file has changed since it was loaded; reload");
        }
        int rc = load(filter, &opts, out, no);
        if (rc < 0) {
            free(before.data);
            return rc;
        }
        struct bytes after = read_bytes(filter->program);
        bool stable = (!before.data && !after.data) || same_bytes(&before, &after);
        free(before.data);
        if (stable) {
            free(filter->loaded.data);
            filter->loaded = after;
            return 0;
        }
        free(after.data);
        wn_prog_free(give(out->prog));
    }
    no->why = DIAG_P100;
    return wn_fail(&no->err, -EAGAIN, WN_NOWHERE, "file changes while it is read");
}

static void report(const struct filter *filter, const struct refusal *no, struct diag_list *diags)
{
    OWN(free) char *section = NULL;
    if (filter->file && asprintf(&section, "filter %s", filter->name) < 0)
        section = NULL;
    struct diag_place at = {
        .file = filter->program ? filter->program : filter->file,
        .line = filter->program ? 0 : filter->line,
        .section = section,
        .key = !filter->file     ? NULL
               : filter->program ? "program"
                                 : "expr",
    };
    diag_add_error(diags, no->why, at, &no->insn, &no->err);
}

int filter_prog(struct filter *filter, int dlt, const struct wn_prog **out, struct diag_list *diags)
{
    for (struct variant *v = filter->variants; v; v = v->next) {
        if (v->dlt == dlt || v->dlt == ANY_DLT) {
            *out = v->prog;
            return 0;
        }
    }
    OWN(free) struct variant *v = calloc(1, sizeof *v);
    OWN(refusal) struct refusal no = {.why = DIAG_P110};
    int rc = v ? compile(filter, dlt, v, &no) : wn_fail(&no.err, -ENOMEM, WN_NOWHERE, "no memory");
    if (!v || rc < 0) {
        report(filter, &no, diags);
        return rc;
    }
    v->next = filter->variants;
    filter->variants = v;
    *out = v->prog;
    (void)give(v);
    return 0;
}

/* A copy of a string that may be missing; *ok turns false without memory. */
static char *copy(const char *text, bool *ok)
{
    char *p = text ? strdup(text) : NULL;
    *ok = *ok && (!text || p);
    return p;
}

int filter_new(const struct conf_filter *conf, int dlt, struct stat_filter *stats,
               struct filter **out, struct diag_list *diags)
{
    bool ok = true;
    OWN(filter) struct filter *f = calloc(1, sizeof *f);
    if (!f)
        return -ENOMEM;
    f->refs = 1;
    f->name = copy(conf->name, &ok);
    f->file = copy(conf->origin.file, &ok);
    f->line = conf->origin.line;
    f->program = copy(conf->program, &ok);
    f->section = copy(conf->section, &ok);
    f->expr = copy(conf->expr, &ok);
    f->consts = calloc(conf->n_consts + 1, sizeof *f->consts);
    ok = ok && f->consts;
    for (; ok && f->n_consts < conf->n_consts; f->n_consts++)
        f->consts[f->n_consts] = copy(conf->consts[f->n_consts], &ok);
    f->returns = conf->returns;
    f->on_fault = conf->on_fault;
    f->engine = conf->engine;
    f->verify = conf->verify;
    f->fuel = conf->fuel;
    f->stats = stats;
    if (!ok)
        return -ENOMEM;
    const struct wn_prog *prog;
    int rc = filter_prog(f, dlt, &prog, diags);
    if (rc < 0)
        return rc;
    *out = give(f);
    return 0;
}

void filter_check_all(const struct conf *conf, struct diag_list *diags)
{
    struct stat_filter nowhere = {0};
    for (size_t i = 0; i < conf->n_filters; i++) {
        const struct conf_filter *c = &conf->filters[i];
        struct filter *filter = NULL;
        /* Both or neither has been complained of. */
        if (!c->program == !c->expr)
            continue;
        if (filter_new(c, FILTER_DLT_ETHERNET, &nowhere, &filter, diags) == 0)
            filter_unref(filter);
    }
}

struct filter *filter_ref(struct filter *filter)
{
    filter->refs++;
    return filter;
}

void filter_unref(struct filter *filter)
{
    if (filter && --filter->refs == 0)
        filter_free(filter);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_consts(const struct filter *filter, const struct conf_filter *conf)
{
    bool same = filter->n_consts == conf->n_consts;
    for (size_t i = 0; same && i < filter->n_consts; i++)
        same = strcmp(filter->consts[i], conf->consts[i]) == 0;
    return same;
}

bool filter_is(const struct filter *filter, const struct conf_filter *conf)
{
    if (!same_text(filter->name, conf->name) || !same_text(filter->program, conf->program) ||
        !same_text(filter->section, conf->section) || !same_text(filter->expr, conf->expr) ||
        !same_consts(filter, conf) || filter->returns != conf->returns ||
        filter->on_fault != conf->on_fault || filter->engine != conf->engine ||
        filter->verify != conf->verify || filter->fuel != conf->fuel)
        return false;
    if (!filter->program)
        return true;
    struct bytes now = read_bytes(filter->program);
    bool same = same_bytes(&filter->loaded, &now);
    free(now.data);
    return same;
}

const char *filter_name(const struct filter *filter)
{
    return filter->name;
}

const char *filter_text(const struct filter *filter)
{
    return filter->program ? filter->program : filter->expr ? filter->expr : "";
}

enum conf_returns filter_returns(const struct filter *filter)
{
    return filter->returns;
}

enum conf_on_fault filter_on_fault(const struct filter *filter)
{
    return filter->on_fault;
}

struct stat_filter *filter_stats(const struct filter *filter)
{
    return filter->stats;
}

void filter_info(const struct filter *filter, struct wn_prog_info *info)
{
    wn_prog_info(filter->variants->prog, info);
}
