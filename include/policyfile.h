/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policyfile: reads the policy file (helod.conf) into settings. It is the only interface to src/config and libconfuse.
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
 * Reads the file. Returns NULL after at least one error; warnings alone do not fail. All are reported. `path` NULL
 * stands for an empty file, so every option has its default. The caller owns one reference to the result.
 */
struct settings *policyfile_read(const char *path, policyfile_report *report, void *arg);
/* The same for `heloctl exempt add`, which creates exempt files: one that does not exist yet counts as empty. */
struct settings *policyfile_read_early(const char *path, policyfile_report *report, void *arg);
struct settings *policyfile_read_text(const char *name, const char *text, size_t n, policyfile_report *report,
                                      void *arg);
struct settings *settings_ref(struct settings *s);
void settings_unref(struct settings *s); /* frees after the last reference; NULL is allowed */

/* The version of the libconfuse library in use, such as "3.3". */
const char *policyfile_version(void);

/* Prints the effective settings as a policy file. Reading it gives the same settings. */
void policyfile_print(const struct settings *s, FILE *out);
/*
 * Calls `difference` for each difference: "policy default: rdns_missing 40 -> 50". Returns how many there are.
 * `restart`: the new value takes effect only when helod starts.
 */
typedef void policyfile_difference(void *arg, bool restart, const char *text);
size_t policyfile_diff(const struct settings *old, const struct settings *now, policyfile_difference *difference,
                       void *arg);

/* Row `i` of the option table, for documentation checks. False past the end. */
struct policyfile_option {
    const char *section; /* "policy.threshold" */
    const char *name;
    char value[128]; /* the default in the file's syntax: 8, "8s", { "a", "b" }; "" if the option is mandatory */
    const char *summary;
};
bool policyfile_option_at(size_t i, struct policyfile_option *out);

#endif
