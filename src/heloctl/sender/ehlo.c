/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ehlo: reads replies by RFC 5321 section 4.2 and finds EHLO keywords in them. Promises bounds on lines and bytes.
 */
#include <string.h>
#include <strings.h>

#include "ehlo.h"
#include "ascii.h"
#include "text.h"

const struct ehlo_keyword ehlo_keywords[] = {
    {"STARTTLS", "mail arrives unencrypted (RFC 3207)", EHLO_NEEDED, true},
    {"SIZE", "a message that is too large is refused only after it was sent (RFC 1870)", EHLO_NEEDED, false},
    {"8BITMIME", "senders must recode messages, which breaks signatures (RFC 6152)", EHLO_NEEDED, false},
    {"PIPELINING", "every command waits for its reply (RFC 2920)", EHLO_USUAL, false},
    {"ENHANCEDSTATUSCODES", "senders must guess why a message was refused (RFC 2034)", EHLO_USUAL, false},
    {"SMTPUTF8", "addresses outside ASCII do not work (RFC 6531)", EHLO_EXTRA, false},
    {"DSN", "senders cannot ask for delivery notices (RFC 3461)", EHLO_EXTRA, false},
    {"CHUNKING", "BDAT cannot be used (RFC 3030)", EHLO_EXTRA, false},
    {NULL, NULL, EHLO_EXTRA, false},
};

enum ehlo_step ehlo_read(struct ehlo_reply *reply, const char *line, size_t n)
{
    bool last = n == 3 || (n > 3 && line[3] == ' ');
    size_t text = n > 4 ? n - 4 : 0;
    int code;

    if (n < 3 || n > EHLO_LINE_MAX || !ascii_is_digit(line[0]) || !ascii_is_digit(line[1]) || !ascii_is_digit(line[2]))
        return EHLO_BAD;
    if (!last && line[3] != '-')
        return EHLO_BAD;
    code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (code < 200 || code > 599 || (reply->lines > 0 && code != reply->code))
        return EHLO_BAD;
    if (reply->lines == EHLO_LINES_MAX || reply->used + text + 2 > sizeof(reply->text))
        return EHLO_BAD;
    reply->code = code;
    reply->lines++;
    for (size_t i = 0; i < text; i++)
        reply->text[reply->used++] = line[4 + i] && line[4 + i] != '\n' ? line[4 + i] : '?';
    reply->text[reply->used++] = '\n';
    reply->text[reply->used] = '\0';
    return last ? EHLO_DONE : EHLO_MORE;
}

bool ehlo_offers(const struct ehlo_reply *reply, const char *keyword, char *out, size_t size)
{
    const char *line = strchr(reply->text, '\n');
    size_t length = strlen(keyword);
    struct text t;

    text_init(&t, out, size);
    for (; line && line[1]; line = strchr(line + 1, '\n')) {
        size_t n = strcspn(line + 1, "\n");

        /* Very old servers wrote "SIZE=1000". */
        if (n < length || strncasecmp(line + 1, keyword, length) != 0 ||
            (n > length && line[1 + length] != ' ' && line[1 + length] != '='))
            continue;
        if (n > length + 1)
            text_add_as(&t, TEXT_PLAIN, line + 2 + length, n - length - 1);
        return true;
    }
    return false;
}

bool ehlo_keyword_line(const struct ehlo_reply *reply, unsigned n, char *out, size_t size)
{
    const char *line = strchr(reply->text, '\n');
    struct text t;

    for (; line && line[1] && n > 0; n--)
        line = strchr(line + 1, '\n');
    if (!line || !line[1])
        return false;
    text_init(&t, out, size);
    text_add_as(&t, TEXT_PLAIN, line + 1, strcspn(line + 1, "\n"));
    return true;
}

bool ehlo_size_is_tiny(const char *parameter)
{
    unsigned long long size = 0;

    if (!*parameter)
        return false;
    for (; *parameter; parameter++) {
        if (!ascii_is_digit(*parameter))
            return false;
        if (size < EHLO_SIZE_LEAST)
            size = size * 10 + (unsigned)(*parameter - '0');
    }
    return size > 0 && size < EHLO_SIZE_LEAST;
}
