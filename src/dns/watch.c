/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch: notices a rewritten or replaced resolv.conf by stat(2). A file that is missing or half written is checked
 * again at the next interval.
 */
#include "watch.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE_MOST = 1 << 20 };

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

/* The event loop pauses while we and c-ares read it, so it must be a file that ends. Opening a pipe would block. */
static FILE *open_bounded(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    FILE *file;

    if (fd < 0)
        return NULL;
    file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= SIZE_MOST ? fdopen(fd, "r") : NULL;
    if (!file)
        close(fd);
    return file;
}

bool watch_names_server(const char *path)
{
    static const char word[] = "nameserver";
    FILE *file = open_bounded(path);
    bool found = false;
    char line[512];

    if (!file)
        return false;
    while (!found && fgets(line, sizeof line, file))
        found = strncmp(line, word, sizeof word - 1) == 0 && isspace((unsigned char)line[sizeof word - 1]);
    fclose(file);
    return found;
}
