/* SPDX-License-Identifier: MIT */
/* A configuration of any bytes: read or refused; what was read is printed, and reads the same. */
#include "daemon/conf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/diag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/** Load bytes as a file that is nobody else's; NULL if they are no configuration. */
static struct conf *load(const void *bytes, size_t len)
{
    char path[40];
    struct conf *conf = NULL;
    struct diag_list diags = {0};
    int fd = memfd_create("winnowd.conf", MFD_CLOEXEC);
    if (fd < 0 || fchmod(fd, 0600) < 0 || write(fd, bytes, len) != (ssize_t)len)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int ret = conf_load(path, NULL, &conf, &diags);
    if ((ret == 0) != (conf != NULL) || (ret < 0 && !diags.errors))
        abort();
    FILE *nowhere = fopen("/dev/null", "w");
    if (nowhere) {
        diag_print(&diags, nowhere);
        fclose(nowhere);
    }
    diag_fini(&diags);
    close(fd);
    return conf;
}

static char *print(const struct conf *conf, size_t *size)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, size);
    if (!to)
        abort();
    conf_print(conf, CONF_PRINT_EFFECTIVE, false, to);
    fclose(to);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct conf *conf = load(data, len);
    if (!conf)
        return 0;
    size_t size, size_again;
    char *text = print(conf, &size);
    struct conf *again = load(text, size);
    if (!again)
        abort();
    char *text_again = print(again, &size_again);
    if (size != size_again || memcmp(text, text_again, size) != 0)
        abort();
    free(text);
    free(text_again);
    conf_free(conf);
    conf_free(again);
    return 0;
}
