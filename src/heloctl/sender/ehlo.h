/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ehlo: SMTP replies as a client reads them, and what modern clients expect a server to offer. Pure.
 */
#ifndef HELOD_EHLO_H
#define HELOD_EHLO_H

#include <stdbool.h>
#include <stddef.h>

enum { EHLO_LINES_MAX = 100, EHLO_LINE_MAX = 512, EHLO_TEXT_SIZE = 8192 };

struct ehlo_reply {
    int code; /* 0: none yet */
    unsigned lines;
    char text[EHLO_TEXT_SIZE]; /* of all lines, each ended by LF; foreign */
    size_t used;
};

enum ehlo_step { EHLO_MORE, EHLO_DONE, EHLO_BAD };

/* Adds the next line, without its end; begin with a zeroed reply. EHLO_BAD: no SMTP reply, or past a bound. */
enum ehlo_step ehlo_read(struct ehlo_reply *reply, const char *line, size_t n);

/* The parameters of a keyword that was offered, filtered, in `out`; false: it was not. The first line is no keyword. */
bool ehlo_offers(const struct ehlo_reply *reply, const char *keyword, char *out, size_t size);

/* The n-th keyword line, from 0, filtered, in `out`; false: there are fewer. */
bool ehlo_keyword_line(const struct ehlo_reply *reply, unsigned n, char *out, size_t size);

enum ehlo_worth {
    EHLO_NEEDED, /* something is wrong without it */
    EHLO_USUAL,  /* most servers have it: a remark */
    EHLO_EXTRA,  /* good to have */
};

/* The keywords that we know, ended by a NULL name. */
struct ehlo_keyword {
    const char *name, *why; /* what it means that the keyword is missing */
    enum ehlo_worth worth;
    bool before_tls; /* offered before STARTTLS and never after it */
};
extern const struct ehlo_keyword ehlo_keywords[];

enum { EHLO_SIZE_LEAST = 65536 }; /* RFC 5321 section 4.5.3.1.7: every server takes messages of this size */

/* Whether the parameter of SIZE is a number, not 0, and less than that: no real message would fit. */
bool ehlo_size_is_tiny(const char *parameter);

#endif
