/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_data: the tables of the naming room, and what its files share. After name_data_new() has returned, only the
 * cache of names changes, and it does not change results.
 */
#ifndef HELOD_NAME_DATA_H
#define HELOD_NAME_DATA_H

#include <libpsl.h>

#include "name_memory.h"
#include "names.h"
#include "token_file.h"

struct name_data {
    psl_ctx_t *psl;
    char date[16]; /* of the public suffix list */
    struct tokens tokens;
    struct name_memory *memory; /* NULL: nothing is remembered */
};

/* reserved.c */
enum name_reserved name_reserved_class(const char *name, unsigned labels);
bool name_reserved_has_owner(enum name_reserved class);

/* name.c: the registrable domain by the ICANN section alone, which shows what a provider writes left of its domain. */
const char *name_icann_domain(const struct name *name, const struct name_data *data);

#endif
