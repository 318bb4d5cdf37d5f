/* SPDX-License-Identifier: MIT */
/*
 * gdb's manual, "JIT Compilation Interface": a list of ELF files in memory hangs on a symbol that
 * gdb knows, and a function that it has a breakpoint in says that the list has changed.
 */
#include "jit/gdb.h"

#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "jit/bytes.h"
#include "jit/dwarf.h"

#if defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_X86_64
#endif

/* The layout of these is gdb's. */
enum action { NOTHING, REGISTER, UNREGISTER };

struct wn_gdb_file {
    struct wn_gdb_file *next, *prev;
    const uint8_t *elf;
    uint64_t bytes;
};

struct wn_gdb_descriptor {
    uint32_t version;
    uint32_t action; /* enum action */
    struct wn_gdb_file *relevant;
    struct wn_gdb_file *first;
};

/* Weak, so that the library can be linked into a program with another compiler of this kind. */
extern struct wn_gdb_descriptor __jit_debug_descriptor; // NOLINT(bugprone-reserved-identifier)
WN_API __attribute__((weak)) struct wn_gdb_descriptor __jit_debug_descriptor = {.version = 1};

void __jit_debug_register_code(void); // NOLINT(bugprone-reserved-identifier)

/** gdb stops here and reads the descriptor. */
WN_API __attribute__((weak, noinline)) void __jit_debug_register_code(void)
{
    __asm__ volatile("" ::: "memory");
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool wanted;

/* ---- the file */

/** Its sections; each name is followed by the next in .shstrtab. */
#define SECTIONS(X)                                                                                \
    X(NONE, "", SHT_NULL)                                                                          \
    X(TEXT, ".text", SHT_NOBITS)                                                                   \
    X(SYMBOLS, ".symtab", SHT_SYMTAB)                                                              \
    X(STRINGS, ".strtab", SHT_STRTAB)                                                              \
    X(NAMES, ".shstrtab", SHT_STRTAB)                                                              \
    X(FRAMES, ".debug_frame", SHT_PROGBITS)                                                        \
    X(ABBREVS, ".debug_abbrev", SHT_PROGBITS)                                                      \
    X(INFO, ".debug_info", SHT_PROGBITS)                                                           \
    X(LINES, ".debug_line", SHT_PROGBITS)

enum section {
#define X(id, name, type) id,
    SECTIONS(X)
#undef X
        COUNT
};

static void put_symbols(struct wn_bytes *b, struct wn_bytes *strings, const struct wn_code_file *f)
{
    Elf64_Sym none = {0};
    wn_bytes_put(b, &none, sizeof none);
    wn_bytes_u8(strings, 0);
    for (size_t i = 0; i < f->layout->parts.len; i++) {
        const struct wn_part *part = &f->layout->parts.data[i];
        char name[WN_PART_NAME];
        Elf64_Sym symbol = {
            .st_name = (Elf64_Word)strings->len,
            .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
            .st_shndx = TEXT,
            .st_value = (uintptr_t)f->code + part->offset,
            .st_size = part->bytes,
        };
        wn_part_name(part, f->name, f->prog, name);
        wn_bytes_text(strings, name);
        wn_bytes_put(b, &symbol, sizeof symbol);
    }
}

/** Append what a section holds. */
static void put_section(struct wn_bytes *b, enum section which, const struct wn_bytes *strings,
                        const struct wn_code_file *f)
{
    static const char names[] =
#define X(id, name, type) name "\0"
        SECTIONS(X)
#undef X
        ;
    switch (which) {
    case NONE:
    case TEXT:
    case SYMBOLS:
    case COUNT: break;
    case STRINGS: wn_bytes_put(b, strings->data, strings->len); break;
    case NAMES: wn_bytes_put(b, names, sizeof names - 1); break;
    case FRAMES: wn_dwarf_frames(b, f); break;
    case ABBREVS: wn_dwarf_abbrevs(b); break;
    case INFO: wn_dwarf_info(b, f); break;
    case LINES: wn_dwarf_lines(b, f); break;
    }
}

/** All sections and their headers, behind the room for the file's own. */
static uint64_t put_sections(struct wn_bytes *b, const struct wn_code_file *f)
{
    static const struct {
        const char *name;
        uint32_t type;
    } rows[] = {
#define X(id, name, type) {name, type},
        SECTIONS(X)
#undef X
    };
    Elf64_Shdr headers[COUNT] = {{0}};
    struct wn_bytes strings = {0};
    Elf64_Word name = 0;
    for (enum section s = NONE; s < COUNT; s++) {
        wn_bytes_pad(b, 0, 8, 0);
        Elf64_Shdr *h = &headers[s];
        h->sh_name = name;
        h->sh_type = rows[s].type;
        h->sh_addralign = 8;
        h->sh_offset = b->len;
        if (s == SYMBOLS)
            put_symbols(b, &strings, f);
        else
            put_section(b, s, &strings, f);
        h->sh_size = b->len - h->sh_offset;
        name += (Elf64_Word)strlen(rows[s].name) + 1;
    }
    b->failed |= strings.failed;
    free(strings.data);
    headers[NONE] = (Elf64_Shdr){0};
    headers[TEXT].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
    headers[TEXT].sh_addr = (uintptr_t)f->code;
    headers[TEXT].sh_size = f->bytes;
    headers[SYMBOLS].sh_link = STRINGS;
    headers[SYMBOLS].sh_info = 1; /* the first that is global */
    headers[SYMBOLS].sh_entsize = sizeof(Elf64_Sym);
    wn_bytes_pad(b, 0, 8, 0);
    uint64_t at = b->len;
    wn_bytes_put(b, headers, sizeof headers);
    return at;
}

/** The program as an executable that has been loaded already. */
static void put_elf(struct wn_bytes *b, const struct wn_code_file *f)
{
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = MACHINE,
        .e_version = EV_CURRENT,
        .e_entry = (uintptr_t)f->code,
        .e_ehsize = sizeof header,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = COUNT,
        .e_shstrndx = NAMES,
    };
    wn_bytes_put(b, &header, sizeof header);
    header.e_shoff = put_sections(b, f);
    if (!b->failed)
        memcpy(b->data, &header, sizeof header);
}

/* ---- the list */

static void tell(enum action action, struct wn_gdb_file *file)
{
    __jit_debug_descriptor.action = action;
    __jit_debug_descriptor.relevant = file;
    __jit_debug_register_code();
    __jit_debug_descriptor.action = NOTHING;
    __jit_debug_descriptor.relevant = NULL;
}

bool wn_gdb_wanted(void)
{
    return atomic_load_explicit(&wanted, memory_order_relaxed);
}

void wn_gdb_announce(bool on)
{
    atomic_store_explicit(&wanted, on, memory_order_relaxed);
}

int wn_gdb_add(const struct wn_code_file *file, struct wn_gdb_file **out, struct wn_error *err)
{
    if (!wn_gdb_wanted())
        return 0;
    struct wn_bytes b = {0};
    struct wn_gdb_file *new = malloc(sizeof *new);
    put_elf(&b, file);
    if (!new || b.failed) {
        free(new);
        free(b.data);
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    }
    pthread_mutex_lock(&lock);
    *new = (struct wn_gdb_file){__jit_debug_descriptor.first, NULL, b.data, b.len};
    if (new->next)
        new->next->prev = new;
    __jit_debug_descriptor.first = new;
    tell(REGISTER, new);
    pthread_mutex_unlock(&lock);
    *out = new;
    return 0;
}

void wn_gdb_remove(struct wn_gdb_file *file)
{
    if (!file)
        return;
    pthread_mutex_lock(&lock);
    if (file->next)
        file->next->prev = file->prev;
    if (file->prev)
        file->prev->next = file->next;
    else
        __jit_debug_descriptor.first = file->next;
    tell(UNREGISTER, file);
    pthread_mutex_unlock(&lock);
    free((void *)(uintptr_t)file->elf);
    free(file);
}
