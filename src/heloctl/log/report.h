/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: prints a summary for people. Private to the verbs that print one: report, tune and survey.
 */
#ifndef HELOD_REPORT_H
#define HELOD_REPORT_H

#include "summary.h"

/* report.html as the build embeds it; the line "@DATA@" stands for the summary as JSON. */
extern const char report_page[];

/*
 * The page with the summary in it, and `notes` below its overview; "-" for standard output. CTL_OK, or CTL_TROUBLE,
 * reported.
 */
int report_write_page(const struct ctl *ctl, const struct summary *s, const char *notes, const char *file);
/* Whether the page can be written, before the log is read. False: reported. */
bool report_can_write(const struct ctl *ctl, const char *file);
void report_print_text(const struct summary *s, bool colour);
/* The number of judged greetings by score, in steps; with_proved: and how many of these prove their HELO name. */
void report_print_scores(const struct summary *s, int step, bool with_proved);
/* What happened to marked, deferred and rejected mail by the mail log. Prints nothing without one. */
void report_print_fates(const struct summary *s);
/* How the shadow policy would differ. Prints nothing without one. */
void report_print_shadow(const struct summary *s);

#endif
