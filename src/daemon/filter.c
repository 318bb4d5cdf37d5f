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
#include "daemon/filter_maps.h"
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
    struct conf_filter conf; /* a copy, without origins */
    char *file;              /* of the configuration, for messages; NULL: the command line */
    unsigned line;
    struct stat_filter *stats;
    struct bytes loaded;
    struct source *source;    /* of the newest variant */
    struct filter_maps *maps; /* NULL: its program is no object's */
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
    filter_maps_free(filter->maps);
    source_close(filter->source);
    free(filter->loaded.data);
    conf_filter_fini(&filter->conf);
    free(filter->file);
    free(filter);
}

OWN_BY(filter, struct filter, filter_free)
OWN_BY(source, struct source, source_close)
OWN_BY(filter_maps, struct filter_maps, filter_maps_free)

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
    bool said; /* it has been added to the diagnostics */
};

static inline void own_refusal(struct refusal *no)
{
    diag_insn_fini(&no->insn);
}

/* What a program is made from, besides what the filter says itself. */
struct making {
    const struct conf_filter *conf; /* with its origins; NULL: those do not matter any more */
    const struct filter *before;    /* in the generation that runs; NULL */
    struct source_opts opts;
    struct diag_list *diags;
};

/* As filter_maps_new(); what has no maps gets none. */
static int begin_maps(struct source *source, const struct making *m, struct filter_maps **out,
                      struct refusal *no)
{
    struct wn_object *object = source_object(source);
    int rc = 0;
    if (m->conf && object)
        rc = filter_maps_new(object, m->conf, m->before ? m->before->maps : NULL, out, m->diags);
    else if (m->conf)
        rc = filter_maps_none(m->conf, m->diags);
    no->said = rc < 0 && rc != -ENOMEM;
    return rc;
}

/* Sets the program, what packets it is for, and what the filter keeps of where it is from. */
static int load(struct filter *filter, const struct making *m, struct variant *out,
                struct refusal *no)
{
    OWN(source) struct source *source = NULL;
    OWN(filter_maps) struct filter_maps *maps = NULL;
    const struct conf_filter *c = &filter->conf;
    int rc = c->program ? source_open(c->program, &m->opts, &source, &no->why, &no->err)
                        : source_open_expr(c->expr ? c->expr : "", &source, &no->why, &no->err);
    if (rc == 0)
        rc = begin_maps(source, m, &maps, no);
    if (rc < 0)
        return rc;
    rc = source_program(source, &m->opts, &out->prog, &no->why, &no->err);
    if (rc < 0) {
        source_insn(source, no->err.at, &no->insn);
        return rc;
    }
    rc = maps ? filter_maps_fill(maps, m->conf, m->diags) : 0;
    if (rc < 0) {
        no->said = true;
        wn_prog_free(give(out->prog));
        return rc;
    }
    out->dlt = source_kind(source) == SOURCE_EXPRESSION ? m->opts.linktype : ANY_DLT;
    filter_maps_free(filter->maps);
    source_close(filter->source);
    filter->maps = give(maps);
    filter->source = give(source);
    return 0;
}

static int compile(struct filter *filter, const struct making *m, struct variant *out,
                   struct refusal *no)
{
    const char *program = filter->conf.program;
    if (!program)
        return load(filter, m, out, no);

    /* Loading reads the file a second time: it must have found what is kept for comparison. */
    for (int attempt = 0; attempt < 3; attempt++) {
        struct bytes before = read_bytes(program);
        if (filter->loaded.data && !same_bytes(&before, &filter->loaded)) {
            free(before.data);
            no->why = DIAG_P100;
            return wn_fail(&no->err, -ESTALE, WN_NOWHERE,
                           "file has changed since it was loaded; reload");
        }
        int rc = load(filter, m, out, no);
        if (rc < 0) {
            free(before.data);
            return rc;
        }
        struct bytes after = read_bytes(program);
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
    if (filter->file && asprintf(&section, "filter %s", filter->conf.name) < 0)
        section = NULL;
    struct diag_place at = {
        .file = filter->conf.program ? filter->conf.program : filter->file,
        .line = filter->conf.program ? 0 : filter->line,
        .section = section,
        .key = !filter->file          ? NULL
               : filter->conf.program ? "program"
                                      : "expr",
    };
    diag_add_error(diags, no->why, at, &no->insn, &no->err);
}

/* As filter_prog(). */
static int make_variant(struct filter *filter, struct making *m, const struct wn_prog **out)
{
    const struct conf_filter *c = &filter->conf;
    OWN(free) struct variant *v = calloc(1, sizeof *v);
    OWN(refusal) struct refusal no = {.why = DIAG_P110};
    m->opts.section = c->section;
    m->opts.any_file = !filter->file;
    m->opts.prog = (struct wn_prog_opts){
        .engine = c->engine, .verify = c->verify, .fuel = c->fuel, .name = c->name};
    int rc = v ? compile(filter, m, v, &no) : wn_fail(&no.err, -ENOMEM, WN_NOWHERE, "no memory");
    if (!v || rc < 0) {
        if (!no.said)
            report(filter, &no, m->diags);
        return rc;
    }
    v->next = filter->variants;
    filter->variants = v;
    *out = v->prog;
    (void)give(v);
    return 0;
}

int filter_prog(struct filter *filter, int dlt, const struct wn_prog **out, struct diag_list *diags)
{
    for (struct variant *v = filter->variants; v; v = v->next) {
        if (v->dlt == dlt || v->dlt == ANY_DLT) {
            *out = v->prog;
            return 0;
        }
    }
    struct making m = {.opts = {.linktype = dlt}, .diags = diags};
    return make_variant(filter, &m, out);
}

int filter_new(const struct conf_filter *conf, int dlt, const struct filter *before,
               struct stat_filter *stats, struct filter **out, struct diag_list *diags)
{
    OWN(filter) struct filter *f = calloc(1, sizeof *f);
    if (!f || conf_filter_copy(conf, &f->conf) < 0)
        return -ENOMEM;
    f->refs = 1;
    f->line = conf->origin.line;
    f->stats = stats;
    if (conf->origin.file && !(f->file = strdup(conf->origin.file)))
        return -ENOMEM;
    const struct wn_prog *prog;
    struct making m = {.conf = conf, .before = before, .opts = {.linktype = dlt}, .diags = diags};
    int rc = make_variant(f, &m, &prog);
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
        if (filter_new(c, FILTER_DLT_ETHERNET, NULL, &nowhere, &filter, diags) == 0)
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

bool filter_is(const struct filter *filter, const struct conf_filter *conf)
{
    if (!conf_filter_equal(&filter->conf, conf) || !filter_maps_fresh(filter->maps))
        return false;
    if (!filter->conf.program)
        return true;
    struct bytes now = read_bytes(filter->conf.program);
    bool same = same_bytes(&filter->loaded, &now);
    free(now.data);
    return same;
}

const char *filter_name(const struct filter *filter)
{
    return filter->conf.name;
}

const char *filter_text(const struct filter *filter)
{
    return filter->conf.program ? filter->conf.program : filter->conf.expr ? filter->conf.expr : "";
}

enum conf_returns filter_returns(const struct filter *filter)
{
    return filter->conf.returns;
}

enum conf_on_fault filter_on_fault(const struct filter *filter)
{
    return filter->conf.on_fault;
}

struct stat_filter *filter_stats(const struct filter *filter)
{
    return filter->stats;
}

void filter_info(const struct filter *filter, struct wn_prog_info *info)
{
    wn_prog_info(filter->variants->prog, info);
}

struct wn_object *filter_object(const struct filter *filter)
{
    return filter_maps_object(filter->maps);
}

bool filter_map_private(const struct filter *filter, const char *map)
{
    const struct conf_setting *s = conf_setting_find(&filter->conf.map_private, map);
    return s && s->number;
}
