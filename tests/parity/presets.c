/* SPDX-License-Identifier: MIT */
#include "side.h"

const struct preset presets[] = {
    {0},
};
