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
    {"STARTTLS", "mail goes unencrypted without it (RFC 3207)", true, true},
    {"SIZE", "a message that is too large is sent before it is refused (RFC 1870)", true, false},
    {"PIPELINING", "every command waits for its answer (RFC 2920)", true, false},
    {"8BITMIME", "messages must be recoded, which breaks signatures (RFC 6152)", true, false},
    {"ENHANCEDSTATUSCODES", "senders must guess why a message was refused (RFC 2034)", true, false},
    {"SMTPUTF8", "addresses outside ASCII cannot be written to (RFC 6531)", false, false},
    {"DSN", "senders cannot ask for delivery notices (RFC 3461)", false, false},
    {"CHUNKING", "no BDAT (RFC 3030)", false, false},
    {NULL, NULL, false, false},
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

        /* "SIZE=1000" was written by servers of long ago. */
        if (n < length || strncasecmp(line + 1, keyword, length) != 0 ||
            (n > length && line[1 + length] != ' ' && line[1 + length] != '='))
            continue;
        if (n > length + 1)
            text_add_as(&t, TEXT_PLAIN, line + 2 + length, n - length - 1);
        return true;
    }
    return false;
}
