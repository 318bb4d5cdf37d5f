/* SPDX-License-Identifier: MIT */
/** What the files of the configuration share among themselves: rows, objects, values. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/diag.h"
#include "daemon/conf.h"

struct stat;

enum conf_section {
    SECTION_WINNOWD,
    SECTION_CONTROL,
    SECTION_LOG,
    SECTION_FILTER,
    SECTION_INTERFACE,
    SECTION_OUTPUT,
    SECTION_OUTPUT_FILE, /* of rows: outputs of type = file only */
};

/** How a value is written, and what the field is; with a * in its key: a struct conf_settings of
 * such. */
enum conf_type {
    TYPE_BOOL,     /* bool */
    TYPE_UINT,     /* uint32_t or uint64_t */
    TYPE_SIZE,     /* uint64_t, bytes */
    TYPE_DURATION, /* uint64_t, nanoseconds */
    TYPE_SPACE,    /* min_free and min_free_percent */
    TYPE_ENUM,     /* an enum that begins at 0 */
    TYPE_MODE,     /* unsigned */
    TYPE_PATH,     /* char *, absolute */
    TYPE_WORD,     /* char *, no blanks; RANGE is its length */
    TYPE_PATTERN,  /* char *, a file's name with placeholders */
    TYPE_TEXT,     /* char *, any text */
    TYPE_REF,      /* char *, an object's name */
    TYPE_REFS,     /* char ** and size_t after it, objects' names */
};

/** What a change needs. */
enum conf_reload { RELOAD_L, RELOAD_R, RELOAD_X };

/** A row of conf.def. */
struct conf_row {
    enum conf_section section;
    const char *key;
    enum conf_type type;
    size_t offset, size; /* of the field */
    struct conf_limits {
        uint64_t min, max; /* both 0: any */
        const char *const *choices;
        bool or_none;
    } limits;
    const char *fallback; /* NULL: none */
    bool required;
    enum conf_reload reload;
    const char *meaning;
};

extern const struct conf_row conf_rows[];
extern const size_t conf_n_rows;

enum {
    CONF_ROWS_MAX = 64,
    CONF_OBJECTS_MAX = 64,      /* of one kind */
    CONF_LINE_MAX = 198,        /* inih's buffer, less its line end */
    CONF_LIST_MAX = 64,         /* names in a list */
    CONF_VALUE_MAX = 64 * 1024, /* bytes of a value over several lines */
};

/* ---- conf_table.c: names */

/** "filter" */
const char *conf_section_word(enum conf_section section);

/** Does it have a name of its own, as in [filter NAME]? */
bool conf_section_named(enum conf_section section);

/** The section a word names; false if none does. */
bool conf_section_find(const char *word, enum conf_section *out);

/** Is the row a key of this kind of section? */
bool conf_row_in(const struct conf_row *row, enum conf_section section);

/** The row of a key; NULL if there is none. */
const struct conf_row *conf_row_find(enum conf_section section, const char *key);

/** Is there a * in its key, so that the field is a struct conf_settings? */
bool conf_row_many(const struct conf_row *row);

/** What stands in a key for the * of a pattern, and its length; NULL if the key is another. */
const char *conf_key_name(const char *pattern, const char *key, size_t *len);

/** The key that a pattern becomes with a name for its *; to be freed, NULL without memory. */
char *conf_key_with(const char *pattern, const char *name);

/** Will a later version know it? key "" asks for the whole section. */
bool conf_is_later(const char *word, const char *key);

/** Is it a name for an object? */
bool conf_name_ok(const char *name);

/** The object a row's fields are in: the configuration itself, or number i of its kind. */
void *conf_object_at(const struct conf *conf, enum conf_section section, size_t i);

/** How many there are: 1 of [log] and the like. */
size_t conf_object_count(const struct conf *conf, enum conf_section section);

/* ---- conf_types.c: text and value */

/**
 * Set the field a row describes from text; a list grows.
 *
 * base   the structure of the section
 * at     where the text stands
 *
 * Returns 0, -EINVAL with the reason added to diags, or -ENOMEM.
 */
int conf_value_parse(const struct conf_row *row, const char *text, void *base, struct diag_place at,
                     struct diag_list *diags);

/** Does the field hold a list, TYPE_REFS? */
bool conf_is_list(const struct conf_row *row);

/** The texts of a list, in the structure itself. */
char *const *conf_list_get(const struct conf_row *row, const void *base, size_t *n);

/* ---- conf_settings.c: rows with a * in their key */

/**
 * Set one of a row's settings, or replace it; as conf_value_parse().
 *
 * name    what stands for the *
 * origin  of the setting
 */
int conf_setting_parse(const struct conf_row *row, const char *name, const char *text,
                       struct conf_origin origin, void *base, struct diag_place at,
                       struct diag_list *diags);

/** The settings of such a row. */
struct conf_settings *conf_settings_of(const struct conf_row *row, void *base);
const struct conf_settings *conf_settings_in(const struct conf_row *row, const void *base);

/** All of them: lines NAME=VALUE; NULL if there is none, or without memory. */
char *conf_settings_text(const struct conf_settings *settings);

/* ---- conf_types.c */

/** Set the field to the row's default; 0, or -ENOMEM. */
int conf_value_reset(const struct conf_row *row, void *base);

/** Free what the field owns. */
void conf_value_fini(const struct conf_row *row, void *base);

/** The value as one would write it, to be freed; NULL if it has none, or without memory. */
char *conf_value_text(const struct conf_row *row, const void *base);

bool conf_value_equal(const struct conf_row *row, const void *a, const void *b);

/** Copy a field; `to` has none yet. 0, or -ENOMEM. Lists of names are not copied. */
int conf_value_copy(const struct conf_row *row, const void *from, void *to);

/** What may be written: "1 to 4096", "accept, reject"; in caller's memory. */
void conf_limits_text(const struct conf_row *row, char *text, size_t size);

/** "size", "list of names" */
const char *conf_type_name(const struct conf_row *row);

/* ---- conf_files.c and conf_read.c: what was read */

/** One file as it was at one moment. */
struct conf_file {
    const char *path; /* belongs to the configuration */
    char *bytes;
    size_t size;
};

/** A section, with all places where it was given. */
struct conf_object {
    enum conf_section section;
    const char *name; /* belongs to the configuration; NULL if the section has none */
    size_t index;     /* among those of its kind */
    char label[48];   /* "output disk" */
    struct conf_origin origin;
    struct conf_origin given[CONF_ROWS_MAX]; /* where each key was set; line 0: nowhere */
    unsigned column[CONF_ROWS_MAX];
};

/** A key and its value as they stand in a file. */
struct conf_entry {
    const struct conf_row *row;
    size_t object;
    struct conf_origin origin;
    unsigned column;
    char *key; /* as it stands there */
    char *text;
};

struct conf_input {
    struct conf *conf;
    struct diag_list *diags;
    struct conf_file *files; /* as many as conf->n_files */
    struct conf_object *objects;
    size_t n_objects;
    struct conf_entry *entries;
    size_t n_entries;
    bool no_memory;
};

/** Read the main file and the drop-ins beside it, each once, and hash them into conf->id. */
void conf_files_read(struct conf_input *in, const char *path);

/** May others change the file? Then it is not safe to believe, and C071 says so. */
void conf_file_trust(const struct stat *st, struct diag_place at, struct diag_list *diags);

/** Split a file into objects and entries. */
void conf_file_parse(struct conf_input *in, const struct conf_file *file);

/* ---- conf_check.c */

/** Everything that needs more than one value to see, or the file system. */
void conf_check(struct conf_input *in);
