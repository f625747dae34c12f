/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * protocol: parses the policy protocol into struct request. Pure.
 *
 * A request consists of lines `name=value LF` and ends with an empty line. Unknown names are skipped. When a name is
 * repeated, its first value counts. Limits: PROTOCOL_LINE_MAX bytes for a line with a known name (a longer line with an
 * unknown name is skipped), PROTOCOL_REQUEST_MAX bytes and PROTOCOL_LINES_MAX lines for a request.
 */
#ifndef HELOD_PROTOCOL_H
#define HELOD_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

#include "request.h"

enum {
    PROTOCOL_LINE_MAX = 8192,
    PROTOCOL_REQUEST_MAX = 65536,
    PROTOCOL_LINES_MAX = 128,
    PROTOCOL_VALUES = 21, /* values located: each text of a request, its type, and one for all that are skipped */
};

enum protocol_result {
    PROTOCOL_MORE,     /* the request is not complete yet */
    PROTOCOL_REQUEST,  /* *used bytes were one request */
    PROTOCOL_VIOLATION /* close the connection without an answer; *error says why */
};

/*
 * The parser's position, which makes the total work linear even when bytes arrive one by one. Zero it for each new
 * request. It holds offsets instead of pointers because the buffer may move between two calls.
 */
struct protocol_scan {
    uint32_t at;         /* all bytes before this one have been parsed */
    uint32_t line_start; /* where the current line begins */
    uint16_t lines;
    uint16_t next;                    /* the attribute that Postfix usually sends after the last one found */
    uint32_t values[PROTOCOL_VALUES]; /* where each begins; 0: not there */
};

/*
 * Parses buffer[0..n), which begins with a request. Bytes seen by an earlier call must not have changed. On
 * PROTOCOL_REQUEST it fills *req with texts that lie in the buffer (line ends become NULs) and sets *used.
 * `error` is a constant text.
 */
enum protocol_result protocol_parse(struct protocol_scan *scan, char *buffer, size_t n, struct request *req,
                                    size_t *used, const char **error);

#endif
