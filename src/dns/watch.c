/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch: notices a rewritten or replaced resolv.conf by stat(2). A file that is missing or half written is checked
 * again at the next interval.
 */
#include "watch.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct watch look(const char *path)
{
    struct watch seen = {.path = path};
    struct stat st;

    if (stat(path, &st) == 0) {
        seen.device = st.st_dev;
        seen.inode = st.st_ino;
        seen.size = st.st_size;
        seen.modified_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    }
    return seen;
}

void watch_init(struct watch *w, const char *path)
{
    *w = look(path);
}

bool watch_changed(struct watch *w)
{
    struct watch now = look(w->path);
    bool changed =
        now.device != w->device || now.inode != w->inode || now.size != w->size || now.modified_ns != w->modified_ns;

    *w = now;
    return changed;
}

bool watch_names_server(const char *path)
{
    static const char word[] = "nameserver";
    FILE *file = fopen(path, "re");
    bool found = false;
    char line[512];

    if (!file)
        return false;
    while (!found && fgets(line, sizeof line, file))
        found = strncmp(line, word, sizeof word - 1) == 0 && isspace((unsigned char)line[sizeof word - 1]);
    fclose(file);
    return found;
}
