/* SPDX-License-Identifier: MIT */
/* Definitions of maps that each have one thing wrong, which its name tells. */
#include <winnow/bpf.h>

#define ATTR_NUMBER(name, value) int(*name)[value]
#define ATTR_TYPE(name, t)       __typeof__(t) *name

struct incomplete;

struct {
    ATTR_NUMBER(type, 1);
    ATTR_NUMBER(colour, 3);
} unknown_attribute SEC(".maps");

struct {
    ATTR_NUMBER(max_entries, 1);
} no_type SEC(".maps");

struct {
    ATTR_NUMBER(type, 1);
    ATTR_NUMBER(key_size, 8);
    ATTR_TYPE(key, unsigned);
} two_key_sizes SEC(".maps");

struct {
    ATTR_NUMBER(type, 1);
    int max_entries;
} plain_number SEC(".maps");

struct {
    ATTR_NUMBER(type, 1);
    ATTR_TYPE(value, struct incomplete);
} incomplete_value SEC(".maps");

struct {
    ATTR_NUMBER(type, 1);
    int (*values[])(void *);
} values_of_hash SEC(".maps");

struct {
    ATTR_NUMBER(type, 3);
    int (*values[2])(void *);
    ATTR_NUMBER(max_entries, 2);
} values_first SEC(".maps");

struct {
    ATTR_NUMBER(type, 12);
    struct {
        ATTR_NUMBER(type, 12);
        struct {
            ATTR_NUMBER(type, 2);
        } * values[1];
    } * values[1];
} too_deep SEC(".maps");

struct {
    ATTR_NUMBER(type, 12);
    struct {
        ATTR_NUMBER(max_entries, 2);
    } * values[1];
} inner_without_type SEC(".maps");

long no_structure SEC(".maps") = 1;

SEC("filter")
unsigned wrongmaps(const unsigned char *data, unsigned long caplen)
{
    return caplen ? data[0] : 0;
}
