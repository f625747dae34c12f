/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options: the table of everything a policy file may say. One row per option; a row carries all its properties, and
 * reading, checking, printing, comparing and documenting work from the rows alone.
 */
#ifndef HELOD_CONFIG_OPTIONS_H
#define HELOD_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The type of an option's value; values.c has a row for each type. */
enum option_type {
    OPTION_TEXT,      /* printable ASCII */
    OPTION_TEMPLATE,  /* the same, with %{macros} */
    OPTION_WORD,      /* a user, group, policy: letters, digits, . _ - */
    OPTION_HOST,      /* a host name */
    OPTION_PATH,      /* absolute, or "" */
    OPTION_ACTION,    /* of a threshold */
    OPTION_NUMBER,    /* unsigned */
    OPTION_POINTS,    /* int */
    OPTION_MODE,      /* octal */
    OPTION_SWITCH,    /* yes or no */
    OPTION_CHOICE,    /* an enum: one of the row's choices */
    OPTION_DURATION,  /* 8s; kept in milliseconds */
    OPTION_SIZE,      /* 64m; kept in bytes */
    OPTION_ENDPOINTS, /* list of inet:ADDRESS:PORT or unix:PATH, to listen on */
    OPTION_REMOTES,   /* list of inet:HOST:PORT or unix:PATH, to connect to */
    OPTION_SERVERS,   /* list of DNS servers */
    OPTION_NETWORKS,  /* list of addresses and networks */
    OPTION_SUFFIXES,  /* list of host names and .suffixes */
    OPTION_PATHS,     /* list of files */
    OPTION_TYPE_COUNT
};

/* The sections, in the order of the file. Points and caps hold a number per rule and per family. */
enum section {
    SECTION_ROOT,
    SECTION_SERVER,
    SECTION_DNS,
    SECTION_LOCAL,
    SECTION_EXEMPT,
    SECTION_NAMES,
    SECTION_POLICY,
    SECTION_THRESHOLD,
    SECTION_POINTS,
    SECTION_CAPS,
    SECTION_HISTORY,
    SECTION_STATUS,
    SECTION_LOG,
    SECTION_COUNT
};

struct option {
    enum section section;
    const char *name;
    enum option_type type;
    const char *initial; /* as in the file, without quotes; lists separated by ", "; NULL: required */
    int64_t min, max;    /* for numbers, points, durations (milliseconds) and sizes */
    const char *unit;    /* unit of a number, for messages and documents; NULL: none */
    const char *const *choices;
    size_t offset; /* into struct settings, struct policy or struct threshold */
    bool secret;   /* never logged */
    bool restart;  /* takes effect only when helod starts */
    const char *summary;
};

extern const struct option options[];
extern const size_t options_count;

struct section_row {
    const char *path; /* "server", "policy", "policy.threshold" */
    const char *name; /* the last part of it */
    enum section parent;
    bool titled; /* NAME "TITLE" { … }, may appear several times */
    const char *summary;
};
extern const struct section_row sections[SECTION_COUNT];

/* Limits of the numbers that name rules or families. */
enum { POINTS_MIN = -1000, POINTS_MAX = 1000, CAP_MAX = 1000 };

/*
 * Iterates over the names allowed in a section: options, rules or families, then nested sections. `at` is 0 at first.
 * Returns NULL after the last.
 */
const char *option_name_next(enum section section, size_t *at);
const struct option *option_find(enum section section, const char *name); /* NULL: not in the table */
bool option_known(enum section section, const char *name);                /* also true for rules and families */
bool option_section(enum section parent, const char *name, enum section *out);
bool option_is_list(const struct option *option);

#endif
