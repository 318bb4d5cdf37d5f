/* SPDX-License-Identifier: MIT */
#include "common/nearest.h"

#include <string.h>

/**
 * Edits (change, insertion, deletion, exchange of neighbours) from one short
 * name to another; at most `cap` is told exactly.
 */
static unsigned distance(const char *a, const char *b)
{
    enum { MAX = 40 };
    unsigned rows[3][MAX + 1];
    size_t n = strnlen(a, MAX), m = strnlen(b, MAX);
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        unsigned *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[m];
}

const char *nearest_find(const char *text, const char *const *names, size_t n)
{
    const char *best = NULL;
    unsigned limit = strlen(text) < 5 ? 1 : 2; /* beyond that, a guess only misleads */
    for (size_t i = 0; i < n; i++) {
        unsigned d = distance(text, names[i]);
        if (d <= limit && strlen(names[i]) > d) {
            best = names[i];
            limit = d ? d - 1 : 0;
            if (!d)
                break;
        }
    }
    return best;
}
