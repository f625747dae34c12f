/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: the page that `report --html` fills in. Made from report.html by the build.
 */
#ifndef HELOD_REPORT_H
#define HELOD_REPORT_H

extern const char report_page[]; /* the line "@DATA@" stands for the summary as JSON */

#endif
