/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mail_parts: finds the parts of a message by their boundaries and decodes base64 and quoted-printable. Promises to
 * read nothing outside the message, to go at most ten levels deep, and to copy no more than one part at a time for each
 * level. Damaged encodings give what can be decoded.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "mail_parts.h"

enum { LEVELS_MAX = 10, VALUE_SIZE = 600, BOUNDARY_SIZE = 80 };

struct span {
    const char *at, *end;
};

/* The header fields that say how to read a body. */
struct entity {
    char type[VALUE_SIZE], encoding[VALUE_SIZE];
    struct span body;
};

struct walk {
    mail_part_sink *sink;
    void *arg;
};

static bool walk_entity(const struct walk *w, struct span whole, unsigned level);

/* The next line without its end. False: there is none. */
static bool next_line(struct span *rest, struct span *line)
{
    const char *lf;

    if (rest->at == rest->end)
        return false;
    lf = memchr(rest->at, '\n', (size_t)(rest->end - rest->at));
    line->at = rest->at;
    line->end = lf ? lf : rest->end;
    rest->at = lf ? lf + 1 : rest->end;
    if (line->end > line->at && line->end[-1] == '\r')
        line->end--;
    return true;
}

static size_t length(struct span s)
{
    return (size_t)(s.end - s.at);
}

/* Appends a folded value, cut at the size. */
static void append(char out[VALUE_SIZE], struct span text)
{
    size_t used = strlen(out), n = length(text);

    n = n < VALUE_SIZE - 1 - used ? n : VALUE_SIZE - 1 - used;
    memcpy(out + used, text.at, n);
    out[used + n] = '\0';
}

static bool has_name(struct span line, const char *name)
{
    size_t n = strlen(name);

    return length(line) > n && strncasecmp(line.at, name, n) == 0 && line.at[n] == ':';
}

static void read_entity(struct entity *e, struct span whole)
{
    struct span rest = whole, line;
    char *field = NULL;

    *e = (struct entity){.type = ""};
    while (next_line(&rest, &line) && length(line) > 0) {
        if (*line.at == ' ' || *line.at == '\t') {
            if (field)
                append(field, line);
            continue;
        }
        field = has_name(line, "content-type")                ? e->type
                : has_name(line, "content-transfer-encoding") ? e->encoding
                                                              : NULL;
        if (!field)
            continue;
        field[0] = '\0';
        line.at = (const char *)memchr(line.at, ':', length(line)) + 1;
        while (line.at < line.end && (*line.at == ' ' || *line.at == '\t'))
            line.at++;
        append(field, line);
    }
    e->body = rest;
}

/* The value of boundary=, with or without quotes. False: there is none that RFC 2046 allows. */
static bool read_boundary(const char *type, char out[BOUNDARY_SIZE])
{
    const char *at = strcasestr(type, "boundary=");
    size_t n;

    if (!at)
        return false;
    at += strlen("boundary=");
    n = *at == '"' ? strcspn(++at, "\"") : strcspn(at, "; \t");
    if (n == 0 || n >= BOUNDARY_SIZE)
        return false;
    memcpy(out, at, n);
    out[n] = '\0';
    return true;
}

/* A delimiter line: "--boundary", and "--boundary--" at the end (*last). */
static bool is_delimiter(struct span line, const char *boundary, bool *last)
{
    size_t n = strlen(boundary);

    if (length(line) < n + 2 || memcmp(line.at, "--", 2) != 0 || memcmp(line.at + 2, boundary, n) != 0)
        return false;
    *last = length(line) >= n + 4 && memcmp(line.at + 2 + n, "--", 2) == 0;
    return true;
}

static bool walk_multipart(const struct walk *w, struct span body, const char *boundary, unsigned level)
{
    struct span line, part = {NULL, NULL};
    bool last = false;

    while (!last && next_line(&body, &line)) {
        if (!is_delimiter(line, boundary, &last))
            continue;
        if (part.at) {
            part.end = line.at;
            if (!walk_entity(w, part, level))
                return false;
        }
        part.at = body.at;
    }
    /* A message that was cut short has no last delimiter. */
    part.end = body.end;
    return last || !part.at || walk_entity(w, part, level);
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* `out` has room for the whole text, which no decoding makes longer. */
static size_t decode_base64(struct span text, char *out)
{
    unsigned bits = 0, held = 0;
    size_t n = 0;

    for (const char *p = text.at; p < text.end && *p != '='; p++) {
        int digit = base64_digit(*p);

        if (digit < 0)
            continue;
        held = held << 6 | (unsigned)digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[n++] = (char)(held >> bits & 0xff);
        }
    }
    return n;
}

static int hex_digit(char c)
{
    return ascii_hex(ascii_lower(c));
}

static size_t decode_quoted(struct span text, char *out)
{
    size_t n = 0;

    for (const char *p = text.at; p < text.end; p++) {
        size_t left = (size_t)(text.end - p);

        if (*p == '=' && left > 2 && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0) {
            out[n++] = (char)(hex_digit(p[1]) * 16 + hex_digit(p[2]));
            p += 2;
        } else if (*p == '=' && left > 1 && p[1] == '\n') {
            p++;
        } else if (*p == '=' && left > 2 && p[1] == '\r' && p[2] == '\n') {
            p += 2;
        } else {
            out[n++] = *p;
        }
    }
    return n;
}

static bool walk_leaf(const struct walk *w, const struct entity *e, unsigned level)
{
    bool base64 = strncasecmp(e->encoding, "base64", 6) == 0;
    bool quoted = strncasecmp(e->encoding, "quoted-printable", 16) == 0;
    struct span part = e->body;
    char *decoded = NULL;
    bool good;

    if (base64 || quoted) {
        decoded = malloc(length(part) + 1);
        if (!decoded)
            return false;
        part.end = decoded + (base64 ? decode_base64(part, decoded) : decode_quoted(part, decoded));
        part.at = decoded;
    }
    good = strncasecmp(e->type, "message/rfc822", 14) == 0 ? walk_entity(w, part, level)
                                                           : w->sink(w->arg, part.at, length(part));
    free(decoded);
    return good;
}

static bool walk_entity(const struct walk *w, struct span whole, unsigned level)
{
    char boundary[BOUNDARY_SIZE];
    struct entity e;

    if (level == LEVELS_MAX)
        return true; /* nobody packs a report so deep */
    read_entity(&e, whole);
    if (strncasecmp(e.type, "multipart/", 10) == 0 && read_boundary(e.type, boundary))
        return walk_multipart(w, e.body, boundary, level + 1);
    return walk_leaf(w, &e, level + 1);
}

bool mail_is_message(const char *bytes, size_t n)
{
    size_t i = 0;

    while (i < n && bytes[i] > ' ' && bytes[i] < 127 && bytes[i] != ':' && bytes[i] != '<')
        i++;
    return i > 0 && i < n && bytes[i] == ':';
}

bool mail_each_part(const char *message, size_t n, mail_part_sink *sink, void *arg)
{
    const struct walk w = {sink, arg};

    return walk_entity(&w, (struct span){message, message + n}, 0);
}

/* A message begins at a line "From ..." that is the first or follows an empty line. */
bool mail_each_of_mbox(const char *mbox, size_t n, mail_part_sink *sink, void *arg)
{
    struct span rest = {mbox, mbox + n}, line;
    const char *message = NULL;
    bool empty = true;

    while (next_line(&rest, &line)) {
        if (empty && length(line) > 5 && memcmp(line.at, "From ", 5) == 0) {
            if (message && !sink(arg, message, (size_t)(line.at - message)))
                return false;
            message = rest.at;
        }
        empty = length(line) == 0;
    }
    return !message || sink(arg, message, (size_t)(rest.end - message));
}
