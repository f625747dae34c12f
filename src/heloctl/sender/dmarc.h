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

/* Called for each row; false ends the reading: no memory. */
typedef bool dmarc_sink(void *arg, const struct dmarc_record *record);

struct dmarc_reader;

/* NULL: dmarc_reader_error(NULL) says why. */
struct dmarc_reader *dmarc_reader_new(dmarc_sink *sink, void *arg);
void dmarc_reader_free(struct dmarc_reader *reader); /* NULL is allowed */
/* The next piece of the document; `last`: there is no more. False from the first error on. */
bool dmarc_reader_feed(struct dmarc_reader *reader, const void *bytes, size_t n, bool last);
const char *dmarc_reader_error(const struct dmarc_reader *reader); /* a constant text; NULL: no error so far */

/* A file: plain, .gz, or .zip with one or more reports. False with a text in error. "-": standard input, no zip. */
bool dmarc_file_read(const char *path, dmarc_sink *sink, void *arg, const char **error);

#endif
