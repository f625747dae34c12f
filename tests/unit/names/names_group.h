/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names_group: what the tests of names have while they run.
 */
#ifndef TEST_NAMES_GROUP_H
#define TEST_NAMES_GROUP_H

#include "names.h"
#include "region.h"

extern struct name_data *data; /* with the tests' own public suffix list */
extern struct region *region;

/* Group setup and teardown. */
int names_start(void **state);
int names_stop(void **state);

#endif
