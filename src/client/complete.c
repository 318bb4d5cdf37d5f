/* SPDX-License-Identifier: MIT */
/* What a shell offers when Tab is pressed: read from the same tables as the command line. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "client/client.h"

#define OPERANDS 3 /* of a command, that matter to what comes next */

static void offer(const char *candidate, const char *word)
{
    if (!strncmp(candidate, word, strlen(word)))
        puts(candidate);
}

/* The option a word of the line names; NULL: none. */
static const struct client_option *option_of(const char *word)
{
    const struct client_option *o;
    for (unsigned i = 0; *word == '-' && (o = client_option_at(i)); i++) {
        size_t len = strlen(o->name);
        if (word[1] == '-'
                ? !strncmp(word + 2, o->name, len) && (!word[2 + len] || word[2 + len] == '=')
                : o->letter && word[1] == o->letter)
            return o;
    }
    return NULL;
}

/* Whether the word after this one is the option's value. */
static bool wants_value(const char *word)
{
    const struct client_option *o = option_of(word);
    return o && o->value && *o->value != '[' && !strchr(word, '=') && (word[1] == '-' || !word[2]);
}

static void offer_options(const struct client_command *command, const char *word)
{
    const struct client_option *o;
    char text[64];
    for (unsigned i = 0; (o = client_option_at(i)); i++) {
        snprintf(text, sizeof text, "--%s", o->name);
        const char *at = command ? strstr(command->options, text) : NULL;
        size_t len = strlen(text);
        if (o->everywhere || (at && (at[len] == ' ' || !at[len])))
            offer(text, word);
    }
}

/* Choices such as "auto|jit". */
static void offer_choices(const char *choices, const char *word)
{
    while (*choices) {
        char text[32];
        size_t len = strcspn(choices, "|");
        snprintf(text, sizeof text, "%.*s", (int)len, choices);
        offer(text, word);
        choices += len + (choices[len] == '|');
    }
}

static void offer_names(const struct client_opts *opts, const char *word)
{
    json_t *names = remote_object_names(opts), *name;
    size_t i;
    json_array_foreach(names, i, name) offer(json_string_value(name), word);
    json_decref(names);
}

static void offer_maps(const struct client_opts *opts, const char *filter, const char *word)
{
    json_t *names = remote_map_names(opts, filter), *name;
    size_t i;
    json_array_foreach(names, i, name)
    {
        /* One filter has several maps. */
        if (!i || !json_equal(name, json_array_get(names, i - 1)))
            offer(json_string_value(name), word);
    }
    json_decref(names);
}

int client_complete(const struct client_opts *opts, char **words)
{
    struct client_opts line = *opts;
    const struct client_command *command = NULL;
    const char *value_of = NULL; /* the option whose value comes next */
    const char *operands[OPERANDS] = {NULL};
    size_t n = 0;

    for (; words[0] && words[1]; words++) {
        if (value_of && !strcmp(option_of(value_of)->name, "socket"))
            line.socket = words[0];
        if (value_of)
            value_of = NULL;
        else if (wants_value(words[0]))
            value_of = words[0];
        else if (!command && *words[0] != '-')
            command = client_find(words[0]);
        else if (*words[0] != '-' && n < OPERANDS)
            operands[n++] = words[0];
    }
    const char *word = words[0] ? words[0] : "";
    if (value_of) {
        const char *value = option_of(value_of)->value;
        if (strchr(value, '|'))
            offer_choices(value, word);
    } else if (*word == '-') {
        offer_options(command, word);
    } else if (!command) {
        for (unsigned i = 0; client_at(i); i++)
            offer(client_at(i)->name, word);
    } else if (!strcmp(command->name, "stat")) {
        offer_names(&line, word);
    } else if (!strcmp(command->name, "map") && n) {
        if (n <= 2)
            offer_maps(&line, n == 2 ? operands[1] : NULL, word);
    } else if (!strcmp(command->name, "map")) {
        offer_choices("list|dump|get|set|del|watch", word);
    } else if (strchr(command->operands, '|') && !strchr(command->operands, 'F')) {
        offer_choices(command->operands, word);
    }
    return CLIENT_OK;
}
