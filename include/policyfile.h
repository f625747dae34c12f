/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policyfile: reads the policy file (helod.conf) into settings. The only door to the config room and to libconfuse.
 */
#ifndef HELOD_POLICYFILE_H
#define HELOD_POLICYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "settings.h"

/* Called once for every problem found, in the file's order: "FILE:LINE: what is wrong, what was expected". */
typedef void policyfile_report(void *arg, bool is_error, const char *message);

/*
 * NULL when there was at least one error (each was reported); warnings alone do not fail. `path` NULL: an empty file,
 * all defaults. The caller owns one reference.
 */
struct settings *policyfile_read(const char *path, policyfile_report *report, void *arg);
/* The same before `heloctl exempt add`: an exempt file that does not exist yet counts as empty. */
struct settings *policyfile_read_early(const char *path, policyfile_report *report, void *arg);
struct settings *policyfile_read_text(const char *name, const char *text, size_t n, policyfile_report *report,
                                      void *arg);
struct settings *settings_ref(struct settings *s);
void settings_unref(struct settings *s); /* NULL is allowed; the last one frees */

/* The libconfuse library that runs, "3.3". */
const char *policyfile_version(void);

/* The effective policy, as a policy file that reads back to the same settings. */
void policyfile_print(const struct settings *s, FILE *out);
/* What differs, a line each: "policy default: rdns_missing 40 -> 50". Returns how many. */
size_t policyfile_diff(const struct settings *old, const struct settings *now,
                       void (*line)(void *arg, const char *text), void *arg);

/* Row `i` of the option table, for documentation checks. False past the end. */
struct policyfile_option {
    const char *section; /* "policy.threshold" */
    const char *name;
    char value[128]; /* the default as it stands in a file: 8, "8s", { "a", "b" }; "" where it must be given */
    const char *summary;
};
bool policyfile_option_at(size_t i, struct policyfile_option *out);

#endif
