/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * observed: /proc/PID/schedstat counts nanoseconds where the kernel keeps it; /proc/PID/stat counts ticks everywhere.
 */
#include "observed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static double cpu_of(long pid)
{
    char path[64], text[1024] = "";
    unsigned long long ns = 0, user = 0, system = 0;
    const char *after;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%ld/schedstat", pid);
    f = fopen(path, "r");
    if (f != NULL) {
        int got = fscanf(f, "%llu", &ns);

        fclose(f);
        if (got == 1 && ns > 0)
            return (double)ns / 1e9;
    }
    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    f = fopen(path, "r");
    if (f == NULL)
        return 0;
    if (fgets(text, sizeof(text), f) == NULL)
        text[0] = '\0';
    fclose(f);
    after = strrchr(text, ')');
    if (after == NULL ||
        sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) != 2)
        return 0;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double rss_of(long pid)
{
    char path[64];
    long pages = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%ld/statm", pid);
    f = fopen(path, "r");
    if (f == NULL)
        return 0;
    if (fscanf(f, "%*d %ld", &pages) != 1)
        pages = 0;
    fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static double sum(const char *pids, double (*of)(long pid))
{
    double total = 0;

    while (pids != NULL && *pids != '\0') {
        char *end;
        long pid = strtol(pids, &end, 10);

        if (end == pids)
            break;
        total += of(pid);
        pids = *end == ',' ? end + 1 : end;
    }
    return total;
}

double observed_cpu(const char *pids)
{
    return sum(pids, cpu_of);
}

long observed_rss_kb(const char *pids)
{
    return (long)sum(pids, rss_of);
}
