/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress: a bar on stderr. Promises to write nothing where stderr is no terminal, and at most ten times a second.
 */
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "progress.h"

enum { WIDTH = 40, PERIOD_MS = 100 };

void progress_begin(struct progress *p, const char *what, uint64_t total)
{
    *p = (struct progress){.what = what, .total = total ? total : 1, .shown = isatty(STDERR_FILENO) == 1};
}

void progress_set(struct progress *p, uint64_t done)
{
    static const char full[WIDTH + 1] = "########################################";
    uint64_t now;
    int filled;

    p->done = done < p->total ? done : p->total;
    if (!p->shown)
        return;
    now = clock_ms();
    if (now - p->drawn_ms < PERIOD_MS)
        return;
    p->drawn_ms = now;
    filled = (int)(p->done * WIDTH / p->total);
    fprintf(stderr, "\r%s [%.*s%*s] %d %%", p->what, filled, full, WIDTH - filled, "", (int)(p->done * 100 / p->total));
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->shown && p->drawn_ms)
        fprintf(stderr, "\r\033[K");
    p->shown = false;
}
