/* SPDX-License-Identifier: MIT */
/**
 * ELF files of 64 bits, either byte order, bounded: what is handed out lies
 * within the file. Knows nothing of BPF. (System V ABI, chapters 4 and 5.)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/err.h>

struct wn_elf_section {
    const char *name;
    const uint8_t *data; /* NULL if it takes no place in the file */
    uint64_t size;
    uint64_t flags; /* SHF_ */
    uint64_t align; /* a power of two, at least 1 */
    uint32_t type;  /* SHT_ */
    uint32_t link;
    uint32_t info;
};

struct wn_elf_symbol {
    const char *name; /* a section's symbol has the section's name */
    uint64_t value;
    uint64_t size;
    uint32_t section; /* index, or SHN_ below and above them */
    uint8_t type;     /* STT_ */
    uint8_t bind;     /* STB_ */
};

struct wn_elf_reloc {
    uint64_t offset; /* in the section it applies to */
    int64_t addend;  /* SHT_RELA; 0 with SHT_REL, which has it in place */
    uint32_t type;
    uint32_t symbol; /* below n_symbols */
};

/** Everything borrows from the file's bytes, but the two arrays. */
struct wn_elf {
    const uint8_t *data;
    size_t len;
    bool big;
    uint16_t type;    /* ET_ */
    uint16_t machine; /* EM_ */
    struct wn_elf_section *sections;
    uint32_t n_sections;
    struct wn_elf_symbol *symbols;
    uint32_t n_symbols;
};

/**
 * Read the tables of a file.
 *
 * data   borrowed for as long as the result is used
 * out    set on success alone; the caller releases it with wn_elf_fini()
 *
 * Returns 0, WN_E_FORMAT or -ENOMEM.
 */
int wn_elf_parse(const void *data, size_t len, struct wn_elf *out, struct wn_error *err);

/** Release the arrays; all zero is allowed. */
void wn_elf_fini(struct wn_elf *elf);

/** Number of relocations in a section of type SHT_REL or SHT_RELA; 0 in any other. */
uint64_t wn_elf_reloc_count(const struct wn_elf_section *section);

/** Read relocation i, below the count. Returns 0, or WN_E_FORMAT if its symbol does not exist. */
int wn_elf_reloc(const struct wn_elf *elf, const struct wn_elf_section *section, uint64_t i,
                 struct wn_elf_reloc *out, struct wn_error *err);
