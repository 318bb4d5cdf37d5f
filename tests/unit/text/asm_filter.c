/* SPDX-License-Identifier: MIT */
/** Standard input assembled to standard output: how scripts reach the assembler. */
#include <winnow/text.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    static char text[1 << 20];
    size_t len = fread(text, 1, sizeof text, stdin), count = 0;
    struct wn_slot *slots = NULL;
    struct wn_error err;
    if (wn_assemble(text, len, NULL, &slots, &count, &err)) {
        fprintf(stderr, "%u:%u: %s\n", err.at, err.column, err.text);
        return 1;
    }
    bool wrote = fwrite(slots, sizeof *slots, count, stdout) == count;
    free(slots);
    return wrote ? 0 : 1;
}
