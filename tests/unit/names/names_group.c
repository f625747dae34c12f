/* SPDX-License-Identifier: BSD-2-Clause */
#include "names_group.h"

#include <stdio.h>
#include <stdlib.h>

struct name_data *data;
struct region *region;

int names_start(void **state)
{
    char path[512], error[256];

    (void)state;
    snprintf(path, sizeof path, "%s/tests/unit/names/psl.dat", getenv("top_srcdir"));
    data = name_data_new(path, NULL, error, sizeof error);
    region = region_new(1 << 20);
    return data == NULL || region == NULL;
}

int names_stop(void **state)
{
    (void)state;
    name_data_free(data);
    region_free(region);
    return 0;
}
