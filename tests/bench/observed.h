/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * observed: what the server under load has used, out of /proc. `pids` is a list with commas, or NULL.
 */
#ifndef HELOD_BENCH_OBSERVED_H
#define HELOD_BENCH_OBSERVED_H

double observed_cpu(const char *pids);  /* seconds of all its threads, user and system */
long observed_rss_kb(const char *pids); /* resident, 0 when it cannot be told */

#endif
