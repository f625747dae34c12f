/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * received: reads headers with a checked cursor. It leaves empty what it does not understand, never reads past the end,
 * and takes no address that is not in brackets.
 */
#include "received.h"

#include <string.h>

#include "ascii.h"
#include "cursor.h"

enum { DATE_SIZE = 64 };

/* ---- words ---- */

/* A word ends at a blank, a semicolon or a parenthesis. */
static size_t take_word(struct cursor *c, char *out, size_t size)
{
    size_t n = 0;

    while (cursor_take(c, ' '))
        ;
    for (int byte; (byte = cursor_peek(c)) > ' ' && byte != ';' && byte != '(' && byte != ')'; cursor_skip(c, 1))
        if (n + 1 < size)
            out[n++] = (char)byte;
    out[n] = '\0';
    return n;
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" */
static bool is_address(const char *word, struct address *out)
{
    size_t n = strlen(word);

    if (n < 3 || word[0] != '[' || word[n - 1] != ']')
        return false;
    word++;
    n -= 2;
    if (n > 5 && (memcmp(word, "IPv6:", 5) == 0 || memcmp(word, "ipv6:", 5) == 0)) {
        word += 5;
        n -= 5;
    }
    return address_parse(out, word, n);
}

/* Also "[192.0.2.1]:4711", as Exim may write it. */
static bool take_address(char *word, struct address *out)
{
    char *close = strchr(word, ']');

    if (word[0] != '[' || !close)
        return false;
    close[1] = '\0';
    return is_address(word, out);
}

static void copy(char out[RECEIVED_NAME_SIZE], const char *word)
{
    size_t n = strnlen(word, RECEIVED_NAME_SIZE - 1);

    memcpy(out, word, n);
    out[n] = '\0';
}

/* ---- the client ---- */

/*
 * Reads the parentheses after the first word: "name [address]" (Postfix), "name [address] (may be forged)" (sendmail),
 * "[address] helo=name" or "helo=name" (Exim). Ends at the matching parenthesis.
 */
static void read_comment(struct cursor *c, struct received *out, bool *has_helo)
{
    char word[RECEIVED_NAME_SIZE];
    bool forged = false;
    int depth = 1;

    while (depth > 0 && cursor_peek(c) >= 0) {
        if (cursor_take(c, '(')) {
            depth++;
        } else if (cursor_take(c, ')')) {
            depth--;
        } else if (take_word(c, word, sizeof(word)) == 0) {
            if (cursor_peek(c) != '(' && cursor_peek(c) != ')')
                cursor_skip(c, 1);
        } else if (word[0] == '[') {
            if (out->client.family == ADDRESS_NONE)
                take_address(word, &out->client);
        } else if (strncmp(word, "helo=", 5) == 0) {
            copy(out->helo, word + 5);
            *has_helo = true;
        } else if (strcmp(word, "forged") == 0) {
            forged = true;
        } else if (depth == 1 && out->name[0] == '\0' && out->client.family == ADDRESS_NONE) {
            const char *at = strrchr(word, '@'); /* sendmail: ident@name */

            copy(out->name, at ? at + 1 : word);
        }
    }
    out->confirmed = out->name[0] != '\0' && !forged;
}

static bool is_exim(const char *value, size_t n)
{
    return memmem(value, n, "(Exim ", 6) != NULL;
}

static bool read_from(struct cursor *c, struct received *out, bool exim)
{
    char first[RECEIVED_NAME_SIZE];
    bool has_helo = false;

    if (take_word(c, first, sizeof(first)) == 0)
        return false;
    if (exim && first[0] == '[')
        take_address(first, &out->client);
    while (cursor_take(c, ' '))
        ;
    if (cursor_take(c, '('))
        read_comment(c, out, &has_helo);
    if (exim) {
        /* Exim names the host first, and the HELO name only if it differs. */
        if (first[0] != '[') {
            copy(out->name, first);
            out->confirmed = true;
        }
        if (!has_helo)
            copy(out->helo, first);
    } else {
        copy(out->helo, first);
    }
    if (strcmp(out->name, "unknown") == 0) {
        out->name[0] = '\0';
        out->confirmed = false;
    }
    return out->client.family != ADDRESS_NONE;
}

/* ---- the rest ---- */

/*
 * In "ESMTPSA" the S after ESMTP means TLS, and the A means authenticated (RFC 3848). "local" and "http" are no
 * SMTP.
 */
static void read_protocol(struct received *out)
{
    const char *letters = strncmp(out->protocol, "ESMTP", 5) == 0 ? out->protocol + 5 : "";

    out->tls = strchr(letters, 'S') != NULL;
    out->authenticated = strchr(letters, 'A') != NULL;
}

static void read_clauses(struct cursor *c, struct received *out)
{
    char word[RECEIVED_NAME_SIZE];
    int depth = 0;

    while (cursor_peek(c) >= 0 && cursor_peek(c) != ';') {
        if (cursor_take(c, '(')) {
            depth++;
        } else if (cursor_take(c, ')')) {
            depth -= depth > 0;
        } else if (take_word(c, word, sizeof(word)) == 0) {
            if (cursor_peek(c) != '(' && cursor_peek(c) != ')' && cursor_peek(c) != ';')
                cursor_skip(c, 1);
        } else if (depth > 0) {
            continue;
        } else if (strcmp(word, "by") == 0 && out->by[0] == '\0') {
            take_word(c, out->by, sizeof(out->by));
        } else if (strcmp(word, "with") == 0 && out->protocol[0] == '\0') {
            take_word(c, out->protocol, sizeof(out->protocol));
        }
    }
    for (char *p = out->protocol; *p; p++)
        *p = (char)(*p >= 'a' && *p <= 'z' ? *p - ('a' - 'A') : *p);
    read_protocol(out);
}

bool received_read(const char *value, size_t n, struct received *out)
{
    const char *date = memrchr(value, ';', n);
    struct cursor c;
    char word[8];

    memset(out, 0, sizeof(*out));
    cursor_init(&c, value, n);
    if (take_word(&c, word, sizeof(word)) == 0 || strcmp(word, "from") != 0)
        return false;
    if (!read_from(&c, out, is_exim(value, n)))
        return false;
    read_clauses(&c, out);
    if (date)
        out->when = received_date(date + 1, n - (size_t)(date + 1 - value));
    return true;
}

/* ---- dates ---- */

time_t received_date(const char *text, size_t n)
{
    const char *comma = memchr(text, ',', n), *start = comma ? comma + 1 : text, *p;
    struct tm tm = {.tm_isdst = 0};
    char date[DATE_SIZE] = "";
    long ahead;

    n -= (size_t)(start - text);
    memcpy(date, start, n < sizeof(date) ? n : sizeof(date) - 1);
    p = strptime(date, "%d %b %Y %H:%M", &tm);
    if (p && *p == ':')
        p = strptime(p, ":%S", &tm);
    if (!p || tm.tm_year < 70)
        return 0;
    strptime(p, "%z", &tm); /* the name of a zone counts as UTC, as RFC 5322 says */
    ahead = tm.tm_gmtoff;
    return timegm(&tm) - ahead;
}

/* ---- headers ---- */

void headers_begin(struct headers *h, const char *message, size_t n)
{
    h->at = message;
    h->end = message + n;
}

/* The line at *at without its end. Moves *at past it. */
static size_t take_line(const char **at, const char *end, const char **line)
{
    const char *newline = memchr(*at, '\n', (size_t)(end - *at));
    size_t n = (size_t)((newline ? newline : end) - *at);

    *line = *at;
    *at = newline ? newline + 1 : end;
    return n > 0 && (*line)[n - 1] == '\r' ? n - 1 : n;
}

static void add(struct headers *h, const char *text, size_t n)
{
    if (n > sizeof(h->value) - 1 - h->size)
        n = sizeof(h->value) - 1 - h->size;
    for (size_t i = 0; i < n; i++)
        h->value[h->size++] = text[i] == '\t' || text[i] == '\0' ? ' ' : text[i];
    h->value[h->size] = '\0';
}

bool headers_next(struct headers *h)
{
    const char *line, *colon;
    size_t n, name;

    do {
        if (h->at == h->end)
            return false;
        n = take_line(&h->at, h->end, &line);
        if (n == 0)
            return false;
        colon = memchr(line, ':', n);
    } while (!colon || colon == line); /* "From " of an mbox, and garbage */
    name = (size_t)(colon - line);
    name = name < sizeof(h->name) ? name : sizeof(h->name) - 1;
    for (size_t i = 0; i < name; i++)
        h->name[i] = (char)ascii_lower(line[i]);
    h->name[name] = '\0';
    h->size = 0;
    add(h, colon + 1, n - (size_t)(colon + 1 - line));
    while (h->at < h->end && (*h->at == ' ' || *h->at == '\t')) {
        n = take_line(&h->at, h->end, &line);
        add(h, line, n);
    }
    return true;
}
