/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: a summary for people. Private to the verbs that print one: report, tune and survey.
 */
#ifndef HELOD_REPORT_H
#define HELOD_REPORT_H

#include "summary.h"

/* report.html as the build embeds it; the line "@DATA@" stands for the summary as JSON. */
extern const char report_page[];

void report_print_text(const struct summary *s, bool colour);
/* How the shadow policy would differ; nothing where there is none. */
void report_print_shadow(const struct summary *s);

#endif
