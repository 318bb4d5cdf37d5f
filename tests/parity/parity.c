/* SPDX-License-Identifier: MIT */
/**
 * Whole programs, as authors write them for the kernel: the value that they
 * return, the packet, the context and the maps that they leave must be what the
 * kernel's own machine gives, on every engine, from every compiler's object.
 *
 *     parity OBJECT...                   asks the kernel
 *     parity --record OBJECT...          prints what the kernel says, for the tree
 *     parity --replay ANSWERS OBJECT...  compares with what was printed
 *
 * An object is called PROGRAM.COMPILER.o. Of one program all objects must do the
 * same, so answers are those of programs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ours.h"
#include "theirs.h"

enum { NAME = 64, FAMILIES = 40, ANSWERS = 4000 };

/** What comes of all packets of a family, or of the maps in the end ("maps"). */
struct answer {
    char prog[NAME], family[NAME];
    unsigned packets;
    uint64_t hash;
};

struct answers {
    struct answer *data;
    size_t n;
};

static const struct packet *packets;
static size_t n_packets;

static void add_answer(struct answers *a, const char *prog, const char *family, unsigned n,
                       uint64_t hash)
{
    if (!a->data)
        a->data = calloc(ANSWERS, sizeof *a->data);
    if (!a->data || a->n == ANSWERS)
        abort();
    struct answer *to = &a->data[a->n++];
    snprintf(to->prog, sizeof to->prog, "%s", prog);
    snprintf(to->family, sizeof to->family, "%s", family);
    to->packets = n;
    to->hash = hash;
}

/** The program that an object is named after. */
static void name_of(const char *path, char name[NAME])
{
    const char *slash = strrchr(path, '/');
    snprintf(name, NAME, "%s", slash ? slash + 1 : path);
    name[strcspn(name, ".")] = 0;
}

static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* ---- Asking the kernel ----------------------------------------------------------------------- */

static struct outcome *kernel; /* what it says of each packet */

/** Run on all packets. Returns how many there were, or -1. */
static int ask_kernel(const char *path, const char *name, enum wn_prog_type type,
                      struct elements *maps)
{
    struct theirs *theirs = theirs_open(path, name);
    int asked = 0;
    for (size_t i = 0; i < n_packets && theirs; i++) {
        if (!packet_is_for(type, &packets[i]))
            continue;
        int r = theirs_run(theirs, type, &packets[i], &kernel[i]);
        if (r) {
            printf("# %s: the kernel, packet %zu: %s\n", name, i, strerror(-r));
            break;
        }
        asked++;
    }
    if (!theirs)
        return -1;
    theirs_elements(theirs, maps);
    theirs_close(theirs);
    return asked;
}

/** Whether one engine does with all packets what the kernel did. */
static bool compare(struct ours *ours, const char *who, const struct elements *maps)
{
    static struct outcome here;
    struct elements left = {0};
    bool same = true;
    for (size_t i = 0; i < n_packets && same; i++)
        if (packet_is_for(ours_type(ours), &packets[i]))
            same = ours_run(ours, &packets[i], &here) == 0 &&
                   outcome_same(&kernel[i], &here, who, i, &packets[i]);
    if (same) {
        ours_elements(ours, &left);
        same = elements_same(maps, &left, who);
        elements_fini(&left);
    }
    return same;
}

static bool compare_object(const char *path, const char *name)
{
    struct elements maps = {0};
    bool fine = true;
    if (!kernel)
        kernel = calloc(n_packets, sizeof *kernel);
    for (enum our_engine engine = 0; engine < OUR_ENGINES && fine && kernel; engine++) {
        struct ours *ours = NULL;
        int r = ours_open(path, name, engine, &ours);
        if (r == WN_E_NOJIT)
            continue;
        if (r == 0 && engine == 0)
            fine = ask_kernel(path, name, ours_type(ours), &maps) >= (int)PACKET_LEAST;
        fine = fine && r == 0 && compare(ours, our_engine_names[engine], &maps);
        if (r == 0)
            ours_close(ours);
    }
    elements_fini(&maps);
    return fine && kernel;
}

/* ---- Answers --------------------------------------------------------------------------------- */

typedef int (*run_fn)(void *side, enum wn_prog_type type, const struct packet *packet,
                      struct outcome *out);

/** Run on all packets, and keep what came of each family. */
static bool tally(const char *name, enum wn_prog_type type, void *side, run_fn run,
                  struct answers *out)
{
    static struct outcome o;
    uint64_t hash = HASH_START;
    unsigned n = 0;
    for (size_t i = 0; i < n_packets; i++) {
        if (packet_is_for(type, &packets[i])) {
            int r = run(side, type, &packets[i], &o);
            if (r) {
                printf("# %s: packet %zu: %s\n", name, i, strerror(-r));
                return false;
            }
            hash = outcome_hash(&o, hash);
            n++;
        }
        if (i + 1 == n_packets || strcmp(packets[i + 1].family, packets[i].family) != 0) {
            add_answer(out, name, packets[i].family, n, hash);
            hash = HASH_START;
            n = 0;
        }
    }
    return true;
}

static int run_theirs(void *side, enum wn_prog_type type, const struct packet *packet,
                      struct outcome *out)
{
    return theirs_run(side, type, packet, out);
}

static int run_ours(void *side, enum wn_prog_type type, const struct packet *packet,
                    struct outcome *out)
{
    (void)type;
    return ours_run(side, packet, out);
}

static bool tally_theirs(const char *path, const char *name, struct answers *out)
{
    struct ours *ours = NULL; /* knows the type */
    struct elements e = {0};
    if (ours_open(path, name, OUR_REFERENCE, &ours))
        return false;
    struct theirs *theirs = theirs_open(path, name);
    bool fine = theirs && tally(name, ours_type(ours), theirs, run_theirs, out);
    if (fine) {
        theirs_elements(theirs, &e);
        add_answer(out, name, "maps", (unsigned)e.n, elements_hash(&e));
        elements_fini(&e);
    }
    if (theirs)
        theirs_close(theirs);
    ours_close(ours);
    return fine;
}

static int tally_ours(const char *path, const char *name, enum our_engine engine,
                      struct answers *out)
{
    struct ours *ours = NULL;
    struct elements e = {0};
    int r = ours_open(path, name, engine, &ours);
    if (r)
        return r;
    if (!tally(name, ours_type(ours), ours, run_ours, out))
        r = -1;
    ours_elements(ours, &e);
    add_answer(out, name, "maps", (unsigned)e.n, elements_hash(&e));
    elements_fini(&e);
    ours_close(ours);
    return r;
}

static const struct answer *find_answer(const struct answers *all, const struct answer *like)
{
    for (size_t i = 0; i < all->n; i++)
        if (!strcmp(all->data[i].prog, like->prog) && !strcmp(all->data[i].family, like->family))
            return &all->data[i];
    return NULL;
}

/** Whether what came is what is known; *added: nothing is known of the program. */
static bool agree(const struct answers *known, const struct answers *came, const char *who,
                  bool *added)
{
    *added = came->n && !find_answer(known, &came->data[0]);
    for (size_t i = 0; i < came->n && !*added; i++) {
        const struct answer *c = &came->data[i], *k = find_answer(known, c);
        if (k && k->packets == c->packets && k->hash == c->hash)
            continue;
        printf("# %s: %s: another answer for %s\n", who, c->prog, c->family);
        return false;
    }
    return true;
}

static int record(int n, char **paths)
{
    struct answers known = {0};
    for (int i = 0; i < n; i++) {
        struct answers came = {0};
        char name[NAME];
        bool added = false;
        name_of(paths[i], name);
        if (!tally_theirs(paths[i], name, &came) ||
            !agree(&known, &came, file_of(paths[i]), &added))
            return 1;
        for (size_t k = 0; k < came.n && added; k++) {
            const struct answer *a = &came.data[k];
            add_answer(&known, a->prog, a->family, a->packets, a->hash);
            printf("%s:%s:%u:%016" PRIx64 "\n", a->prog, a->family, a->packets, a->hash);
        }
        free(came.data);
    }
    free(known.data);
    return 0;
}

static void read_answers(const char *path, struct answers *out)
{
    FILE *f = fopen(path, "re");
    char prog[NAME], name[NAME];
    unsigned n;
    uint64_t hash;
    while (f && fscanf(f, "%63[^:]:%63[^:]:%u:%" SCNx64 "\n", prog, name, &n, &hash) == 4)
        add_answer(out, prog, name, n, hash);
    if (!f || !feof(f) || out->n == 0) {
        printf("Bail out! %s cannot be read\n", path);
        exit(1);
    }
    fclose(f);
}

static bool replay_object(const struct answers *known, const char *path, const char *name)
{
    bool fine = true;
    for (enum our_engine engine = 0; engine < OUR_ENGINES && fine; engine++) {
        struct answers came = {0};
        bool unknown = false;
        int r = tally_ours(path, name, engine, &came);
        if (r != WN_E_NOJIT)
            fine &= r == 0 && agree(known, &came, our_engine_names[engine], &unknown) && !unknown;
        free(came.data);
    }
    return fine;
}

int main(int argc, char **argv)
{
    struct answers known = {0};
    bool replay = argc > 2 && strcmp(argv[1], "--replay") == 0;
    packets = packets_all(&n_packets);
    const char *missing = replay ? NULL : theirs_missing();
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
        missing = "the objects are for little-endian machines";
    if (missing) {
        printf("1..0 # SKIP %s\n", missing);
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "--record") == 0)
        return record(argc - 2, argv + 2);
    int first = replay ? 3 : 1, failed = 0;
    if (replay)
        read_answers(argv[2], &known);
    printf("1..%d\n", argc - first);
    for (int i = first; i < argc; i++) {
        char name[NAME];
        name_of(argv[i], name);
        bool fine = replay ? replay_object(&known, argv[i], name) : compare_object(argv[i], name);
        printf("%sok %d - %s\n", fine ? "" : "not ", i - first + 1, file_of(argv[i]));
        failed += !fine;
    }
    free(known.data);
    return failed != 0;
}
