/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dmarc: aggregate reports (RFC 7489 section 7.2, appendix C), read as they come. Private to the room.
 */
#ifndef HELOD_DMARC_H
#define HELOD_DMARC_H

#include <stdbool.h>
#include <stddef.h>

#include "address.h"

/* One row of a report. The texts are borrowed, foreign, and "" where the report has none. */
struct dmarc_record {
    struct address source;
    unsigned long long count;
    bool dkim_aligned, spf_aligned;
    const char *header_from;
    const char *helo; /* the domain of the SPF result of scope helo */
};

/* What identifies a report, as far as it precedes the first row. Borrowed, foreign, "" where missing. */
struct dmarc_identity {
    const char *org, *id, *domain, *begin, *end;
};

/* What is done with a report. All get `arg`. */
struct dmarc_handler {
    bool (*begin)(void *arg, const struct dmarc_identity *identity); /* before the first row; false: unwanted */
    bool (*row)(void *arg, const struct dmarc_record *record);       /* false ends the reading: too many sources */
    void (*trouble)(void *arg, const char *text);                    /* of files: what could not be read, and why */
};

struct dmarc_tally {
    unsigned long long reports; /* read to their end, or up to an error after the first row */
    unsigned long long doubles; /* of these, not wanted */
    unsigned long long rows;    /* that were handed on */
    unsigned long long bad;     /* without a valid source_ip and count */
};

struct dmarc_reader;

/* A reader exists only in a build with expat. */
struct dmarc_reader *dmarc_reader_new(const struct dmarc_handler *handler, void *arg);
void dmarc_reader_free(struct dmarc_reader *reader);
/* The next piece of the document. `last`: it is the last one. False from the first error on. */
bool dmarc_reader_feed(struct dmarc_reader *reader, const void *bytes, size_t n, bool last);
const char *dmarc_reader_error(const struct dmarc_reader *reader); /* a constant text; NULL: none so far */
const struct dmarc_tally *dmarc_reader_tally(const struct dmarc_reader *reader);

/*
 * A file as people have it: XML, gzip, zip, a mail message, an mbox file, or some of these in each other; "-" is
 * standard input. What comes out of one message or file may be `unpacked_max` bytes. Adds to the tally; false: there
 * was trouble, which the handler has received. A file without a report is not trouble here.
 */
bool dmarc_file_read(const char *path, const struct dmarc_handler *handler, void *arg, size_t unpacked_max,
                     struct dmarc_tally *tally);

#endif
