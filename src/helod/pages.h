/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pages: the paths that the status listener serves, one complete row each. A new page needs a function and a row.
 */
#ifndef HELOD_PAGES_H
#define HELOD_PAGES_H

#include <stdio.h>

struct evkeyvalq;
struct server;

struct page_call {
    struct server *server;
    const struct page *page;           /* the row */
    const struct evkeyvalq *arguments; /* of the query */
    FILE *out;
};

enum page_kind {
    PAGE_SHOW,   /* GET and HEAD, for everybody who may connect */
    PAGE_CHANGE, /* POST, over a unix socket, for root and the user that helod runs as */
};

struct page {
    enum page_kind kind;
    const char *path, *type, *summary;
    unsigned (*write)(const struct page_call *call); /* the body to call->out; returns the HTTP status */
    const char *text;                                /* that show_text() writes; NULL: another function writes */
};

extern const struct page pages[]; /* ended by a NULL path */

const struct page *pages_find(const char *path); /* NULL: none */

#endif
