/* SPDX-License-Identifier: MIT */
/** Keys of tries, as people write prefixes: "10.0.0.0/8", "2001:db8::/32". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PREFIX_TEXT_BYTES 64

/* Whether keys of so many bytes can be written so: a length and an address. */
bool prefix_fits(size_t key_bytes);

/* Write a key that can be. */
void prefix_print(const uint8_t *key, size_t key_bytes, char text[PREFIX_TEXT_BYTES]);

/* Read one into key_bytes; false if it is none of that size. Without a length all bits count. */
bool prefix_parse(const char *text, uint8_t *key, size_t key_bytes);
