/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http: one request as far as a status listener needs HTTP/1: no body, no kept connection. Pure and strict; what it
 * does not know it refuses with the status that says why.
 */
#ifndef HELOD_HTTP_H
#define HELOD_HTTP_H

#include <stdbool.h>
#include <stddef.h>

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST };

enum {
    HTTP_HEAD_MAX = 4096, /* request line and headers */
    HTTP_PATH_SIZE = 64,
    HTTP_QUERY_SIZE = 512,
    HTTP_HOST_SIZE = 128,
    HTTP_MORE = 0,
    HTTP_WHOLE = 200,
};

struct http_request {
    enum http_method method;
    char path[HTTP_PATH_SIZE];   /* as it came, not decoded: ours need no escapes */
    char query[HTTP_QUERY_SIZE]; /* after the '?', not decoded; "" for none */
    char host[HTTP_HOST_SIZE];   /* the Host header without its port; "" for none */
};

/* HTTP_MORE: the bytes are a beginning. HTTP_WHOLE: *out is filled. Else: the HTTP status to refuse with; of *out the
 * method counts, which is GET where it could not be read. */
unsigned http_request_read(const char *bytes, size_t n, struct http_request *out);
/* The value of name=value in the query, decoded (%XX, '+'). False: not there, malformed, has a NUL, or too long. */
bool http_argument(const struct http_request *r, const char *name, char *out, size_t size);
/* Is the Host one under which only this machine can be meant: absent, localhost or an IP address? A name of somebody
 * else's DNS that points here (rebinding) is not. */
bool http_host_is_local(const struct http_request *r);
const char *http_reason(unsigned status); /* "Not Found" */

#endif
