/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reading: one policy file on its way to settings. Each step fills its part of the settings and reports what is wrong;
 * the settings count only when no step reported an error.
 */
#ifndef HELOD_CONFIG_READING_H
#define HELOD_CONFIG_READING_H

#include "file.h"
#include "problems.h"
#include "scan.h"
#include "settings.h"

/* What settings_ref() counts. */
struct owned_settings {
    struct settings settings; /* first: a struct settings of ours is always inside one of these */
    unsigned references;
    struct region *region; /* every text and array of the settings, and the reading's own */
};

struct owned_settings *settings_new(void); /* NULL: no memory */

enum { NO_BLOCK = UINT32_MAX };

struct reading {
    struct settings *settings;
    struct region *region;
    struct problems problems;
    bool early;                             /* exempt files may not exist yet */
    bool whole;                             /* every text so far could be read */
    size_t bytes;                           /* of all texts */
    bool world_readable[PROBLEM_FILES_MAX]; /* each file */
    struct scan scan;
    unsigned *policy_blocks; /* of each policy its block, NO_BLOCK for the one that no file named */
    const char *host;        /* this host's name as the kernel knows it, lower case, "" for none */
};

/* The block of a section under a parent, NO_BLOCK when the file has none. `title` NULL: the plain one. */
unsigned fields_block(const struct reading *rd, enum section section, unsigned parent, const char *title);
/* Line of an option in a block, 0 for NO_BLOCK. */
unsigned fields_line(const struct reading *rd, unsigned block, const char *name);
/* Line of one value of a list. */
unsigned fields_value_line(const struct reading *rd, unsigned block, const char *name, unsigned i);

/* include.c: the text of the file that `problems` is at, and the texts of the files that the policy file includes. */
void include_text(struct reading *rd, const struct file_text *file);
void include_files(struct reading *rd);
/* fields.c: the options of a section, from the block or from their defaults, into the struct at base. */
void fields_read(struct reading *rd, enum section section, unsigned block, void *base);
/* policies.c */
void policies_read(struct reading *rd);
/* local.c */
const char *local_host_name(struct region *r);
void local_read(struct reading *rd);
void allow_read(struct reading *rd);
/* exempt.c */
void exempt_read(struct reading *rd);
/* check.c: the checks that need the complete settings. */
void check_run(struct reading *rd);

#endif
