/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_data: the tables of the naming room, and what its files share. Const once name_data_new() has returned, but for
 * the memory of names, which changes no answer.
 */
#ifndef HELOD_NAME_DATA_H
#define HELOD_NAME_DATA_H

#include <libpsl.h>
#include <sys/stat.h>

#include "name_memory.h"
#include "names.h"
#include "token_file.h"

/* A public suffix list, and by what it is known to be the same one. */
struct suffix_list {
    psl_ctx_t *psl;
    unsigned references;
    bool is_admins;   /* names.psl_file; else the newest of the system's and libpsl's own */
    struct stat file; /* of the admin's or the system's; all 0: there is none */
    char date[16];
};

struct name_data {
    const psl_ctx_t *psl; /* the list's */
    struct suffix_list *list;
    struct tokens tokens;
    struct name_memory *memory;   /* NULL: nothing is remembered */
    struct name_reading *reading; /* NULL once all is there */
};

/* Is `suffix` in the public suffix list? `types` as of libpsl; never by the rule "*" that stands for unknown names. */
bool name_data_is_suffix(const struct name_data *data, const char *suffix, int types);

/* reserved.c */
enum name_reserved name_reserved_class(const char *name, unsigned labels);
bool name_reserved_has_owner(enum name_reserved class);

/* name.c: as the registrable domain, by the ICANN section alone: for what a provider writes left of its own domain. */
const char *name_icann_domain(const struct name *name, const struct name_data *data);

#endif
