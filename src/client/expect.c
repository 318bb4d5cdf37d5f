/* SPDX-License-Identifier: MIT */
#include "client/expect.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/own.h"

#define KEPT 10 /* misses that are shown */

static const char blanks[] = " \t\r\n";

struct line {
    uint64_t packet;
    unsigned number;
    char *text; /* without the packet's number */
};

struct expect {
    struct line *lines; /* by packet */
    size_t n, cap;
    size_t next; /* the first that no packet has reached */
    bool chosen; /* some packets are left out, so the others have been chosen */
    struct expect_miss misses[KEPT];
    uint64_t differing;
};

void expect_free(struct expect *expect)
{
    if (!expect)
        return;
    for (size_t i = 0; i < expect->n; i++)
        free(expect->lines[i].text);
    for (size_t i = 0; i < KEPT; i++) {
        free(expect->misses[i].expected);
        free(expect->misses[i].got);
    }
    free(expect->lines);
    free(expect);
}

OWN_BY(expect, struct expect, expect_free)

static inline void own_file(FILE **file)
{
    if (*file)
        fclose(*file);
}

/* Reads the packet's number off a line, which then begins with the verdict. */
static bool read_packet(const char **text, uint64_t *packet)
{
    char *end;
    if (!isdigit((unsigned char)**text))
        return false;
    errno = 0;
    *packet = strtoull(*text, &end, 10);
    if (errno || !strchr(blanks, *end))
        return false;
    *text = end + strspn(end, blanks);
    return true;
}

static int add_line(struct expect *e, const char *path, unsigned number, char *text,
                    struct wn_error *err)
{
    uint64_t last = e->n ? e->lines[e->n - 1].packet : 0, packet = last + 1;
    text[strcspn(text, "#")] = '\0';
    const char *verdict = text + strspn(text, blanks);
    if (!*verdict)
        return 0;
    if (read_packet(&verdict, &packet) && packet <= last)
        return wn_fail(err, WN_E_SYNTAX, number,
                       "%.60s:%u: packet %" PRIu64 " is behind packet %" PRIu64, path, number,
                       packet, last);
    if (!isalpha((unsigned char)*verdict))
        return wn_fail(err, WN_E_SYNTAX, number, "%.60s:%u: \"%.30s\" is no verdict", path, number,
                       verdict);
    if (e->n == e->cap) {
        size_t cap = e->cap ? e->cap * 2 : 64;
        struct line *more = realloc(e->lines, cap * sizeof *more);
        if (!more)
            return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
        e->lines = more;
        e->cap = cap;
    }
    char *copy = strdup(verdict);
    if (!copy)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    for (size_t n = strlen(copy); n && strchr(blanks, copy[n - 1]); n--)
        copy[n - 1] = '\0';
    e->chosen |= packet != last + 1;
    e->lines[e->n++] = (struct line){packet, number, copy};
    return 0;
}

int expect_load(const char *path, struct expect **out, struct wn_error *err)
{
    OWN(expect) struct expect *e = calloc(1, sizeof *e);
    OWN(file) FILE *file = fopen(path, "re");
    OWN(free) char *text = NULL;
    size_t size = 0;
    int code = 0;

    if (!e)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    if (!file)
        return wn_fail(err, -errno, WN_NOWHERE, "cannot read %.100s: %s", path, strerror(errno));
    for (unsigned number = 1; !code && getline(&text, &size, file) >= 0; number++)
        code = add_line(e, path, number, text, err);
    if (!code && ferror(file))
        code = wn_fail(err, -EIO, WN_NOWHERE, "cannot read %.100s", path);
    if (!code)
        *out = give(e);
    return code;
}

/* Whether the words of `expected` are the first ones of `got`. */
static bool agrees(const char *expected, const char *got)
{
    while (*expected) {
        size_t n = strcspn(expected, blanks);
        if (n != strcspn(got, blanks) || memcmp(expected, got, n) != 0)
            return false;
        expected += n;
        expected += strspn(expected, blanks);
        got += n;
        got += strspn(got, blanks);
    }
    return true;
}

static void miss(struct expect *e, uint64_t packet, const struct line *line, const char *got)
{
    if (e->differing < KEPT) {
        struct expect_miss *m = &e->misses[e->differing];
        m->packet = packet;
        m->line = line ? line->number : 0;
        m->expected = line ? strdup(line->text) : NULL;
        m->got = got ? strdup(got) : NULL;
    }
    e->differing++;
}

void expect_packet(struct expect *e, uint64_t packet, const char *line)
{
    const char *got = line + strspn(line, blanks);
    uint64_t number;
    read_packet(&got, &number);
    const struct line *l = e->next < e->n ? &e->lines[e->next] : NULL;
    if (!l || l->packet != packet) {
        if (!e->chosen)
            miss(e, packet, NULL, got);
        return;
    }
    e->next++;
    if (!agrees(l->text, got))
        miss(e, packet, l, got);
}

uint64_t expect_end(struct expect *expect)
{
    for (; expect->next < expect->n; expect->next++) {
        const struct line *l = &expect->lines[expect->next];
        miss(expect, l->packet, l, NULL);
    }
    return expect->differing;
}

const struct expect_miss *expect_miss_at(const struct expect *expect, size_t i)
{
    return i < KEPT && i < expect->differing ? &expect->misses[i] : NULL;
}
