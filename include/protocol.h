/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * protocol: bytes of the policy protocol to struct request, and struct reply to bytes. Pure.
 *
 * A question is lines `name=value LF`, ended by an empty line. Unknown names are skipped, of repeated ones the first
 * is kept. Limits: PROTOCOL_LINE_MAX bytes for a line with a known name (a longer line with an unknown name is
 * skipped), PROTOCOL_REQUEST_MAX bytes and PROTOCOL_LINES_MAX lines for a question.
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
    PROTOCOL_VALUES = 21, /* noted: the texts of a request, what it is, and all that is skipped */
};

enum protocol_result {
    PROTOCOL_MORE,     /* no empty line yet */
    PROTOCOL_QUESTION, /* *used bytes were one question */
    PROTOCOL_VIOLATION /* close without an answer; *error says why */
};

/*
 * What has been read already, so that bytes arriving one by one cost linear time. Zero it for each new question.
 * Offsets, not pointers: the buffer may move between two calls.
 */
struct protocol_scan {
    uint32_t at;         /* everything before was seen */
    uint32_t line_start; /* of the line being read */
    uint16_t lines;
    uint16_t next;                    /* attribute that Postfix sends after the last one found */
    uint32_t values[PROTOCOL_VALUES]; /* where each begins; 0: not there */
};

/*
 * Looks at buffer[0..n), which begins with a question; bytes that an earlier call saw must not be changed. On
 * PROTOCOL_QUESTION fills *req with texts that lie in the buffer (it puts NULs where lines ended) and sets *used.
 * `error` is a constant text.
 */
enum protocol_result protocol_parse(struct protocol_scan *scan, char *buffer, size_t n, struct request *req,
                                    size_t *used, const char **error);

#endif
