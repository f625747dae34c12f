/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * observed: /proc/PID/schedstat counts nanoseconds where the kernel keeps it; /proc/PID/stat counts ticks everywhere.
 *
 * "PID+" is a process and all that came of it, those too that have ended and been waited for: servers that fork.
 */
#include "observed.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TREE_MAX = 4096 };

struct process {
    long pid, parent;
    double cpu; /* with its children that have ended */
};

/* What /proc/PID/stat says; false: it is gone. */
static bool read_stat(long pid, struct process *out, bool with_ended)
{
    char path[64], text[1024] = "";
    unsigned long long user = 0, system = 0, ended_user = 0, ended_system = 0;
    const char *after;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    f = fopen(path, "r");
    if (f == NULL)
        return false;
    if (fgets(text, sizeof(text), f) == NULL)
        text[0] = '\0';
    fclose(f);
    after = strrchr(text, ')');
    out->pid = pid;
    if (after == NULL || sscanf(after + 1, " %*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu",
                                &out->parent, &user, &system, &ended_user, &ended_system) != 5)
        return false;
    out->cpu = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    if (with_ended)
        out->cpu += (double)(ended_user + ended_system) / (double)sysconf(_SC_CLK_TCK);
    return true;
}

static double cpu_of(long pid)
{
    char path[64];
    unsigned long long ns = 0;
    struct process p;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%ld/schedstat", pid);
    f = fopen(path, "r");
    if (f != NULL) {
        int got = fscanf(f, "%llu", &ns);

        fclose(f);
        if (got == 1 && ns > 0)
            return (double)ns / 1e9;
    }
    return read_stat(pid, &p, false) ? p.cpu : 0;
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

static unsigned read_all(struct process all[TREE_MAX])
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    unsigned n = 0;

    while (proc != NULL && n < TREE_MAX && (entry = readdir(proc)) != NULL) {
        long pid = strtol(entry->d_name, NULL, 10);

        if (pid > 0 && read_stat(pid, &all[n], true))
            n++;
    }
    if (proc != NULL)
        closedir(proc);
    return n;
}

/* The tree's processes come first in `all` when it is done, the number of them is the result. */
static unsigned gather_tree(struct process all[TREE_MAX], unsigned count, long root)
{
    unsigned found = 0;

    for (unsigned i = 0; i < count; i++) {
        if (all[i].pid == root) {
            struct process moved = all[i];

            all[i] = all[0];
            all[0] = moved;
            found = 1;
        }
    }
    for (unsigned parent = 0; parent < found; parent++) {
        for (unsigned i = found; i < count; i++) {
            struct process moved = all[i];

            if (moved.parent != all[parent].pid)
                continue;
            all[i] = all[found];
            all[found++] = moved;
        }
    }
    return found;
}

static double sum_tree(long root, bool memory)
{
    static struct process all[TREE_MAX];
    unsigned count = gather_tree(all, read_all(all), root);
    double total = 0;

    for (unsigned i = 0; i < count; i++)
        total += memory ? rss_of(all[i].pid) : all[i].cpu;
    return total;
}

static double sum(const char *pids, bool memory)
{
    double total = 0;

    while (pids != NULL && *pids != '\0') {
        char *end;
        long pid = strtol(pids, &end, 10);

        if (end == pids)
            break;
        if (*end == '+')
            total += sum_tree(pid, memory);
        else
            total += memory ? rss_of(pid) : cpu_of(pid);
        end += *end == '+';
        pids = *end == ',' ? end + 1 : end;
    }
    return total;
}

double observed_cpu(const char *pids)
{
    return sum(pids, false);
}

long observed_rss_kb(const char *pids)
{
    return (long)sum(pids, true);
}
