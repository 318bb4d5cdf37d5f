/* SPDX-License-Identifier: MIT */
#include "daemon/output_kind.h"

#include <errno.h>

int output_file_open(const struct conf_output *conf, struct stat_output *stats, struct output **out,
                     struct diag_list *diags)
{
    (void)conf;
    (void)stats;
    (void)out;
    (void)diags;
    return -ENOSYS;
}
