/* SPDX-License-Identifier: MIT */
/** A fuzz target without libFuzzer: runs it over the files named, and those in the directories
 * named. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static unsigned replayed;

static bool replay_file(const char *path, off_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc((size_t)size + 1);
    bool good = file && data && fread(data, 1, (size_t)size + 1, file) == (size_t)size;
    if (file)
        fclose(file);
    if (good) {
        /* A copy of exactly its size, so that the sanitizer sees a read behind its end. */
        uint8_t *exact = realloc(data, (size_t)size ? (size_t)size : 1);
        data = exact ? exact : data;
        LLVMFuzzerTestOneInput(data, (size_t)size);
        replayed++;
    } else {
        fprintf(stderr, "%s: cannot be read\n", path);
    }
    free(data);
    return good;
}

static bool replay(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
        return replay_file(path, st.st_size);
    DIR *dir = opendir(path);
    if (!dir) {
        perror(path);
        return false;
    }
    bool good = true;
    for (struct dirent *e; (e = readdir(dir));) {
        char inner[4096];
        if (e->d_name[0] == '.')
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
        good &= replay(inner);
    }
    closedir(dir);
    return good;
}

int main(int argc, char **argv)
{
    bool good = true;
    for (int i = 1; i < argc; i++)
        good &= replay(argv[i]);
    printf("%u inputs replayed\n", replayed);
    return good && replayed ? 0 : 1;
}
