/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http: reads the head of one request. Lines end in CR LF; no folded headers, no control bytes, no body. Promises
 * linear time and that nothing past the given bytes is read.
 */
#include "http.h"

#include <string.h>
#include <strings.h>

#include "address.h"
#include "ascii.h"

static const struct {
    const char *name;
    enum http_method method;
} methods[] = {{"GET", HTTP_GET}, {"HEAD", HTTP_HEAD}, {"POST", HTTP_POST}};

static const struct {
    unsigned status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {421, "Misdirected Request"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

const char *http_reason(unsigned status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Status";
}

/* Copies what fits, with its NUL. */
static bool keep(char *out, size_t size, const char *s, size_t n)
{
    if (n >= size)
        return false;
    memcpy(out, s, n);
    out[n] = '\0';
    return true;
}

static bool is_word(const char *s, size_t n, const char *word)
{
    return n == strlen(word) && strncasecmp(s, word, n) == 0;
}

static unsigned read_target(const char *s, size_t n, struct http_request *out)
{
    const char *mark = memchr(s, '?', n);
    size_t path = mark == NULL ? n : (size_t)(mark - s);

    if (n == 0 || s[0] != '/')
        return 400;
    if (!keep(out->path, sizeof(out->path), s, path))
        return 414;
    if (mark != NULL && !keep(out->query, sizeof(out->query), mark + 1, n - path - 1))
        return 414;
    return HTTP_WHOLE;
}

/* METHOD SP TARGET SP HTTP/1.x */
static unsigned read_request_line(const char *s, size_t n, struct http_request *out)
{
    static const char version[] = " HTTP/1.";
    const size_t tail = sizeof(version); /* and one digit */
    const char *blank = memchr(s, ' ', n);
    size_t i = 0, method = blank == NULL ? 0 : (size_t)(blank - s);

    if (method == 0 || n < method + 1 + tail)
        return 400;
    while (i < sizeof(methods) / sizeof(methods[0]) &&
           !(strlen(methods[i].name) == method && memcmp(methods[i].name, s, method) == 0))
        i++;
    if (memcmp(s + n - tail, version, tail - 1) != 0)
        return 505;
    if (memchr(s + method + 1, ' ', n - tail - method - 1) != NULL)
        return 400;
    if (i == sizeof(methods) / sizeof(methods[0]))
        return 405;
    out->method = methods[i].method;
    return read_target(s + method + 1, n - tail - method - 1, out);
}

static unsigned read_host(const char *s, size_t n, struct http_request *out)
{
    const char *end = n > 0 && s[0] == '[' ? memchr(s, ']', n) : memchr(s, ':', n);

    if (n > 0 && s[0] == '[') {
        if (end == NULL)
            return 400;
        s++;
    }
    return keep(out->host, sizeof(out->host), s, end == NULL ? n : (size_t)(end - s)) ? HTTP_WHOLE : 400;
}

static unsigned read_header(const char *s, size_t n, struct http_request *out)
{
    const char *colon = memchr(s, ':', n);
    size_t name = colon == NULL ? 0 : (size_t)(colon - s);

    if (name == 0 || memchr(s, ' ', name) != NULL || memchr(s, '\t', name) != NULL)
        return 400;
    s += name + 1;
    n -= name + 1;
    while (n > 0 && (s[0] == ' ' || s[0] == '\t')) {
        s++;
        n--;
    }
    while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
        n--;
    if (is_word(colon - name, name, "Host"))
        return out->host[0] == '\0' ? read_host(s, n, out) : 400;
    if (is_word(colon - name, name, "Transfer-Encoding"))
        return 413;
    if (is_word(colon - name, name, "Content-Length") && !is_word(s, n, "0"))
        return 413;
    return HTTP_WHOLE;
}

static bool has_control(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f)
            return true;
    return false;
}

unsigned http_request_read(const char *bytes, size_t n, struct http_request *out)
{
    const char *s = bytes, *end = bytes + n;
    unsigned status = HTTP_WHOLE;

    memset(out, 0, sizeof(*out));
    for (;;) {
        const char *line = s, *eol = memchr(s, '\n', (size_t)(end - s));
        size_t size;

        if (eol == NULL)
            return n >= HTTP_HEAD_MAX ? 431 : HTTP_MORE;
        if (eol - bytes >= HTTP_HEAD_MAX)
            return 431;
        if (eol == s || eol[-1] != '\r')
            return 400;
        size = (size_t)(eol - 1 - s);
        s = eol + 1;
        if (size == 0 && line != bytes)
            return HTTP_WHOLE;
        if (has_control(line, size))
            return 400;
        status = line == bytes ? read_request_line(line, size, out) : read_header(line, size, out);
        if (status != HTTP_WHOLE)
            return status;
    }
}

static bool decode(const char *s, size_t n, char *out, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        char c = s[i] == '+' ? ' ' : s[i];

        if (c == '%') {
            int high = i + 2 < n ? ascii_hex(ascii_lower(s[i + 1])) : -1;
            int low = i + 2 < n ? ascii_hex(ascii_lower(s[i + 2])) : -1;

            if (high < 0 || low < 0 || (high | low) == 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (used + 1 >= size)
            return false;
        out[used++] = c;
    }
    out[used] = '\0';
    return true;
}

bool http_argument(const struct http_request *r, const char *name, char *out, size_t size)
{
    size_t n = strlen(name);

    for (const char *s = r->query; *s != '\0';) {
        size_t all = strcspn(s, "&");

        if (all > n && s[n] == '=' && memcmp(s, name, n) == 0)
            return decode(s + n + 1, all - n - 1, out, size);
        s += all;
        s += *s == '&';
    }
    return false;
}

bool http_host_is_local(const struct http_request *r)
{
    struct address a;

    return r->host[0] == '\0' || strcasecmp(r->host, "localhost") == 0 || address_parse(&a, r->host, strlen(r->host));
}
