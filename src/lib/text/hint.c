/* SPDX-License-Identifier: MIT */
#include "text/hint.h"

#include <stdio.h>
#include <string.h>

#include "base/distance.h"
#include "isa/isa.h"

void wn_expect(struct wn_expected *e, const struct wn_token *at, const char *text, size_t len,
               bool quoted)
{
    if (e->at && at < e->at)
        return;
    if (!e->at || at > e->at)
        e->count = 0;
    e->at = at;
    for (unsigned i = 0; i < e->count; i++)
        if (e->words[i].len == len && memcmp(e->words[i].text, text, len) == 0)
            return;
    if (e->count < sizeof e->words / sizeof *e->words)
        e->words[e->count++] = (struct wn_expected_word){text, (uint8_t)len, quoted};
}

/** Append to a list of words that ends with one of them or with dots. */
static size_t append(char *list, size_t room, size_t n, const struct wn_expected_word *w,
                     const char *before)
{
    const char *quote = w->quoted ? "\"" : "";
    int len =
        snprintf(list + n, room - n, "%s%s%.*s%s", before, quote, (int)w->len, w->text, quote);
    return len < 0 || (size_t)len >= room - n ? room - 1 : n + (size_t)len;
}

int wn_fail_expected(const struct wn_expected *e, uint32_t line, struct wn_error *err)
{
    enum { MOST = 7, SOME = 4 };
    char list[100] = "";
    size_t n = 0;
    unsigned show = e->count > MOST ? SOME : e->count, shown = 0;
    for (int quoted = 0; quoted < 2; quoted++)
        for (unsigned i = 0; i < e->count && shown < show; i++) {
            if (e->words[i].quoted != quoted)
                continue;
            const char *before = shown == 0 ? "" : shown + 1 == e->count ? " or " : ", ";
            n = append(list, sizeof list, n, &e->words[i], before);
            shown++;
        }
    int r = wn_fail(err, WN_E_SYNTAX, line, "expected %s%s, found %s", list,
                    show < e->count ? " ..." : "", wn_token_quote(e->at).text);
    if (err)
        err->column = e->at->column;
    return r;
}

/** The mnemonic or keyword nearest to a word, NULL if none is near. */
static const char *nearest_name(const char *word, size_t len)
{
    static const char *const keywords[] = {"if", "goto", "gotol", "lock"};
    const unsigned n_keywords = sizeof keywords / sizeof *keywords;
    unsigned best = wn_name_slack(len) + 1; /* fewer changes than this */
    const char *found = NULL;
    for (unsigned i = 0; i < WN_OPS_ENCODED + n_keywords; i++) {
        const char *name = i < WN_OPS_ENCODED ? wn_rows[i].name : keywords[i - WN_OPS_ENCODED];
        unsigned d = wn_name_distance(word, len, name, strlen(name), 2);
        if (d < best) {
            best = d;
            found = name;
        }
    }
    return found;
}

int wn_fail_unknown(const struct wn_token *first, uint32_t line, struct wn_error *err)
{
    const char *near = nearest_name(first->text, first->len);
    struct wn_quoted name = wn_token_quote(first);
    int r = near == NULL ? wn_fail(err, WN_E_SYNTAX, line, "unknown instruction %s", name.text)
            : wn_token_is(first, near, strlen(near))
                ? wn_fail(err, WN_E_SYNTAX, line, "%s is not of the dialect asked for", name.text)
                : wn_fail(err, WN_E_SYNTAX, line, "unknown instruction %s; did you mean \"%s\"?",
                          name.text, near);
    if (err)
        err->column = first->column;
    return r;
}
