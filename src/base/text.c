/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text: the bounded text builder, and the only place where bytes from strangers are escaped.
 *
 * Promises: it never writes past `size`, and the text always ends with NUL. A text that does not fit is cut, and
 * stays cut: a later, shorter piece never appears after a gap. An escape is written whole or not at all, and a
 * quoted LOGFMT value is always closed. text_add_as() writes only 0x20..0x7e, whatever its input.
 */
#include "text.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { ESCAPE_MAX = 8 }; /* longest escape: \u00ff */

static const char hex_digits[] = "0123456789abcdef";

void text_init(struct text *t, char *base, size_t size)
{
    assert(size > 0);
    *t = (struct text){.base = base, .size = size};
    base[0] = '\0';
}

void text_add_bytes(struct text *t, const char *trusted, size_t n)
{
    size_t room = t->size - 1 - t->used;

    if (t->full)
        return;
    if (n > room) {
        n = room;
        t->full = true;
    }
    memcpy(t->base + t->used, trusted, n);
    t->used += n;
    t->base[t->used] = '\0';
}

void text_add_char(struct text *t, char c)
{
    if (t->full || t->used + 1 >= t->size) {
        t->full = true;
        return;
    }
    t->base[t->used++] = c;
    t->base[t->used] = '\0';
}

void text_add_number(struct text *t, long long n)
{
    char digits[24];
    size_t at = sizeof digits;
    unsigned long long rest = n < 0 ? 0 - (unsigned long long)n : (unsigned long long)n;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (n < 0)
        digits[--at] = '-';
    text_add_bytes(t, digits + at, sizeof digits - at);
}

void text_addv(struct text *t, const char *format, va_list args)
{
    size_t room = t->size - t->used;
    int n;

    if (t->full)
        return;
    n = vsnprintf(t->base + t->used, room, format, args);
    if (n < 0) {
        t->base[t->used] = '\0';
        t->full = true;
    } else if ((size_t)n >= room) {
        t->used = t->size - 1;
        t->full = true;
    } else {
        t->used += (size_t)n;
    }
}

void text_addf(struct text *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    text_addv(t, format, args);
    va_end(args);
}

void text_rewind(struct text *t, size_t used)
{
    assert(used <= t->used);
    t->used = used;
    t->base[used] = '\0';
    t->full = false;
}

/* Writes the escape of a byte that a form does not allow as it is. Returns the length. */
typedef size_t escape_byte(unsigned char byte, char out[ESCAPE_MAX]);

static size_t escape_question_mark(unsigned char byte, char out[ESCAPE_MAX])
{
    (void)byte;
    out[0] = '?';
    return 1;
}

static size_t escape_logfmt(unsigned char byte, char out[ESCAPE_MAX])
{
    out[0] = '\\';
    if (byte == '"' || byte == '\\') {
        out[1] = (char)byte;
        return 2;
    }
    out[1] = 'x';
    out[2] = hex_digits[byte >> 4];
    out[3] = hex_digits[byte & 15];
    return 4;
}

static size_t escape_json(unsigned char byte, char out[ESCAPE_MAX])
{
    if (byte == '"' || byte == '\\') {
        out[0] = '\\';
        out[1] = (char)byte;
        return 2;
    }
    memcpy(out, "\\u00", 4);
    out[4] = hex_digits[byte >> 4];
    out[5] = hex_digits[byte & 15];
    return 6;
}

static size_t escape_prometheus(unsigned char byte, char out[ESCAPE_MAX])
{
    if (byte != '"' && byte != '\\' && byte != '\n')
        return escape_question_mark(byte, out);
    out[0] = '\\';
    out[1] = byte == '\n' ? 'n' : (char)byte;
    return 2;
}

/* For each byte, one bit per form that must escape it, so one table access decides. */
enum {
    PLAIN = 1 << TEXT_PLAIN,
    REPLY = 1 << TEXT_REPLY,
    LOGFMT = 1 << TEXT_LOGFMT,
    JSON = 1 << TEXT_JSON,
    PROMETHEUS = 1 << TEXT_PROMETHEUS,
    WORD = 1 << 5, /* a bare LOGFMT word: escapes bytes that end it, begin a quoted one, or look like a field */
    EVERY = PLAIN | REPLY | LOGFMT | JSON | PROMETHEUS | WORD,
};

#define BREAKS(c)                                                                                                      \
    ((c) < 0x20 || (c) > 0x7e                               ? EVERY                                                    \
     : (c) == '"'                                           ? EVERY & ~PLAIN                                           \
     : (c) == '\\'                                          ? REPLY | LOGFMT | JSON | PROMETHEUS | WORD                \
     : (c) == '<'                                           ? REPLY | JSON /* JSON may be inside a <script> element */ \
     : (c) == '>' || (c) == '(' || (c) == ')' || (c) == ';' ? REPLY                                                    \
     : (c) == ' ' || (c) == '='                             ? WORD                                                     \
                                                            : 0)
#define BREAKS_4(c) BREAKS(c), BREAKS((c) + 1), BREAKS((c) + 2), BREAKS((c) + 3)
#define BREAKS_16(c) BREAKS_4(c), BREAKS_4((c) + 4), BREAKS_4((c) + 8), BREAKS_4((c) + 12)
#define BREAKS_64(c) BREAKS_16(c), BREAKS_16((c) + 16), BREAKS_16((c) + 32), BREAKS_16((c) + 48)

static const uint8_t breaking[256] = {BREAKS_64(0), BREAKS_64(64), BREAKS_64(128), BREAKS_64(192)};

static escape_byte *const escapes[] = {
    [TEXT_PLAIN] = escape_question_mark, [TEXT_REPLY] = escape_question_mark,   [TEXT_LOGFMT] = escape_logfmt,
    [TEXT_JSON] = escape_json,           [TEXT_PROMETHEUS] = escape_prometheus,
};

/* Length of the run of kept bytes that begins at s. Nearly every byte is kept, so four are tested at a time. */
static size_t kept_run(uint8_t breaks, const char *s, size_t n)
{
    const unsigned char *bytes = (const unsigned char *)s;
    size_t i = 0;

    for (; i + 4 <= n; i += 4)
        if ((breaking[bytes[i]] | breaking[bytes[i + 1]] | breaking[bytes[i + 2]] | breaking[bytes[i + 3]]) & breaks)
            break;
    while (i < n && (breaking[bytes[i]] & breaks) == 0)
        i++;
    return i;
}

/*
 * Length of the well-formed UTF-8 sequence of two bytes or more that begins at s; 0 where there is none. Overlong forms
 * and surrogates are none (RFC 3629), and neither are the control characters U+0080 to U+009F, which a terminal obeys.
 */
static size_t utf8_length(const char *s, size_t n)
{
    static const struct {
        uint32_t first, last; /* code points */
        unsigned char lead, mask;
    } rows[] = {{0xa0, 0x7ff, 0xc0, 0xe0}, {0x800, 0xffff, 0xe0, 0xf0}, {0x10000, 0x10ffff, 0xf0, 0xf8}};
    unsigned char lead = (unsigned char)s[0];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t point = lead & (unsigned char)~rows[i].mask;
        size_t length = i + 2;

        if ((lead & rows[i].mask) != rows[i].lead || length > n)
            continue;
        for (size_t k = 1; k < length; k++) {
            if (((unsigned char)s[k] & 0xc0) != 0x80)
                return 0;
            point = point << 6 | ((unsigned char)s[k] & 0x3f);
        }
        return point < rows[i].first || point > rows[i].last || (point >= 0xd800 && point <= 0xdfff) ? 0 : length;
    }
    return 0;
}

/* Writes the escape of the first bytes of s; returns how many bytes it consumed. Sets `full` if there is no room. */
static size_t add_escape(struct text *t, enum text_form form, const char *s, size_t n)
{
    size_t whole = form == TEXT_JSON ? utf8_length(s, n) : 0, length;
    char escape[ESCAPE_MAX];

    if (whole > 0) {
        memcpy(escape, s, whole);
        length = whole;
    } else {
        whole = 1;
        length = escapes[form]((unsigned char)s[0], escape);
    }
    if (form == TEXT_JSON && length == 6 && n > 1 && (unsigned char)s[0] == 0xc2 &&
        ((unsigned char)s[1] & 0xe0) == 0x80) {
        escapes[form]((unsigned char)s[1], escape); /* U+0080 to U+009F */
        whole = 2;
    }
    if (length > t->size - 1 - t->used)
        t->full = true;
    else
        text_add_bytes(t, escape, length);
    return whole;
}

static void add_escaped(struct text *t, enum text_form form, const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && !t->full) {
        size_t run = kept_run((uint8_t)(1u << form), s + i, n - i);

        text_add_bytes(t, s + i, run);
        i += run;
        if (i < n && !t->full)
            i += add_escape(t, form, s + i, n - i);
    }
}

/* The value may be cut, but it always has both quotes. */
static void add_quoted(struct text *t, const char *s, size_t n)
{
    if (t->full || t->size - 1 - t->used < 2) {
        t->full = true;
        return;
    }
    text_add_char(t, '"');
    t->size--; /* reserved for the closing quote */
    add_escaped(t, TEXT_LOGFMT, s, n);
    t->size++;
    t->base[t->used++] = '"';
    t->base[t->used] = '\0';
}

void text_add_as(struct text *t, enum text_form form, const char *foreign, size_t n)
{
    if (foreign == NULL)
        n = 0;
    else if (n == SIZE_MAX)
        n = strlen(foreign);
    if (form != TEXT_LOGFMT)
        add_escaped(t, form, foreign, n);
    else if (n == 0 || kept_run(WORD, foreign, n) < n)
        add_quoted(t, foreign, n);
    else
        text_add_bytes(t, foreign, n);
}

bool text_error(char *error, size_t error_size, const char *what, const char *why)
{
    struct text t;

    text_init(&t, error, error_size);
    text_add_as(&t, TEXT_PLAIN, what, SIZE_MAX);
    text_add(&t, ": ");
    text_add(&t, why);
    return false;
}
