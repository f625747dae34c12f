/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * macro: checks and expands macro strings. Both use the same tokeniser, so what passes the check is what is expanded.
 *
 *     macro-string = *( macro-expand / macro-literal )
 *     macro-expand = ( "%{" macro-letter transformers *delimiter "}" ) / "%%" / "%_" / "%-"
 *     domain-spec  = macro-string ( "." toplabel [ "." ] / macro-expand )
 *
 * Memory is bounded whatever the string contains: a domain is built in a window that holds only its last bytes.
 */
#include "macro.h"

#include <string.h>

#include "ascii.h"
#include "cursor.h"
#include "text.h"

/* A token of a macro string: a run of literal bytes, or a macro letter with its transformers. */
struct piece {
    const char *literal; /* NULL for a letter */
    size_t length;
    char letter; /* lower case */
    bool escape; /* the letter was in upper case, which means URL escaping */
    bool reverse;
    unsigned keep; /* number of right-hand parts to keep; 0: all */
    const char *delimiters;
    size_t delimiter_count;
};

static const char letters_everywhere[] = "slodipvh";
static const char letters_explanation[] = "crt";
static const char delimiters[] = ".-+,/_=";

static bool is_one_of(const char *set, int c)
{
    return c > 0 && c < 0x80 && strchr(set, c);
}

/* Reads what follows "%{". Returns false when it is malformed. */
static bool read_letter(struct cursor *c, struct piece *p)
{
    int letter = cursor_u8(c);

    if (!is_one_of(letters_everywhere, ascii_lower(letter)) && !is_one_of(letters_explanation, ascii_lower(letter)))
        return false;
    p->letter = (char)ascii_lower(letter);
    p->escape = letter != p->letter;
    if (ascii_is_digit(cursor_peek(c))) {
        while (ascii_is_digit(cursor_peek(c))) {
            unsigned digit = (unsigned)cursor_u8(c) - '0';

            if (p->keep <= SPF_VALUE_MAX)
                p->keep = p->keep * 10 + digit;
        }
        if (!p->keep)
            return false;
    }
    p->reverse = cursor_take(c, 'r') || cursor_take(c, 'R');
    p->delimiters = (const char *)c->base + c->at;
    while (is_one_of(delimiters, cursor_peek(c))) {
        cursor_skip(c, 1);
        p->delimiter_count++;
    }
    return cursor_take(c, '}');
}

/* Reads the next token. Returns NULL, or what is wrong. To be called only while bytes remain. */
static const char *next_piece(struct cursor *c, struct piece *p)
{
    memset(p, 0, sizeof *p);
    if (!cursor_take(c, '%')) {
        p->literal = (const char *)c->base + c->at;
        for (int byte = cursor_peek(c); byte >= 0 && byte != '%'; byte = cursor_peek(c)) {
            cursor_skip(c, 1);
            p->length++;
        }
        return NULL;
    }
    switch (cursor_u8(c)) {
    case '%':
        p->literal = "%";
        p->length = 1;
        return NULL;
    case '_':
        p->literal = " ";
        p->length = 1;
        return NULL;
    case '-':
        p->literal = "%20";
        p->length = 3;
        return NULL;
    case '{':
        return read_letter(c, p) ? NULL : "malformed macro";
    default:
        return "stray percent sign";
    }
}

/* A toplabel has letters, digits and inner hyphens, and is not all digits. */
static bool is_toplabel(const char *s, size_t n)
{
    bool other = false;

    if (!n || s[0] == '-' || s[n - 1] == '-')
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!ascii_is_digit(s[i]) && !ascii_is_letter(s[i]) && s[i] != '-')
            return false;
        other = other || !ascii_is_digit(s[i]);
    }
    return other;
}

/* Checks what follows the last macro of a domain-spec: it must end with "." toplabel [ "." ]. */
static const char *check_tail(const char *tail, size_t n)
{
    const char *dot;

    if (n && tail[n - 1] == '.')
        n--;
    dot = memrchr(tail, '.', n);
    if (!dot)
        return "domain of one label";
    return is_toplabel(dot + 1, (size_t)(tail + n - dot - 1)) ? NULL : "malformed top label";
}

static const char *check_literal(const struct piece *p, enum spf_use use)
{
    char lowest = use == SPF_USE_EXPLANATION ? ' ' : '!';

    for (size_t i = 0; i < p->length; i++)
        if (p->literal[i] < lowest || p->literal[i] > '~')
            return "byte outside printable ASCII";
    return NULL;
}

const char *spf_macro_check(const char *s, size_t n, enum spf_use use)
{
    struct cursor c;
    struct piece p;
    size_t tail = 0; /* where the text after the last macro begins */

    cursor_init(&c, s, n);
    while (cursor_left(&c)) {
        bool macro = cursor_peek(&c) == '%';
        const char *error = next_piece(&c, &p);

        if (!error && !macro)
            error = check_literal(&p, use);
        if (!error && p.letter && use != SPF_USE_EXPLANATION && is_one_of(letters_explanation, p.letter))
            error = "macro letter of explanations only";
        if (error)
            return error;
        if (macro)
            tail = c.at;
    }
    if (use != SPF_USE_DOMAIN)
        return NULL;
    if (!n)
        return "empty domain";
    return tail == n ? NULL : check_tail(s + tail, n - tail);
}

bool spf_macro_uses(const char *s, char letter)
{
    struct cursor c;
    struct piece p;

    cursor_init(&c, s, strlen(s));
    while (cursor_left(&c) && !next_piece(&c, &p))
        if (p.letter == letter)
            return true;
    return false;
}

/* The output of an expansion: a window that keeps the last bytes, or a buffer that keeps the first. */
struct sink {
    char *base;
    size_t size, used;
    bool window;
    bool cut;
};

enum { WINDOW_KEEP = SPF_DOMAIN_MAX + 2 }; /* the byte before the name, and a trailing dot */

static void put(struct sink *out, char byte)
{
    if (out->used == out->size) {
        out->cut = true;
        if (!out->window)
            return;
        memmove(out->base, out->base + out->used - WINDOW_KEEP, WINDOW_KEEP);
        out->used = WINDOW_KEEP;
    }
    out->base[out->used++] = byte;
}

static void put_escaped(struct sink *out, char byte, bool escape)
{
    static const char hex[] = "0123456789ABCDEF";
    unsigned value = (unsigned char)byte;

    if (!escape || ascii_is_letter(byte) || ascii_is_digit(byte) || is_one_of("-._~", byte)) {
        put(out, byte);
        return;
    }
    put(out, '%');
    put(out, hex[value >> 4]);
    put(out, hex[value & 15]);
}

/*
 * Splits the value at the delimiters, reverses the parts if asked, keeps the right-hand ones and joins them with
 * dots.
 */
static void put_value(struct sink *out, const struct piece *p, const char *value)
{
    struct {
        size_t at, length;
    } parts[SPF_VALUE_MAX + 1];
    size_t length = strnlen(value, SPF_VALUE_MAX), count = 0, first;
    const char *set = p->delimiter_count ? p->delimiters : ".";
    size_t set_size = p->delimiter_count ? p->delimiter_count : 1;

    parts[0].at = parts[0].length = 0;
    for (size_t i = 0; i < length; i++) {
        if (memchr(set, value[i], set_size)) {
            parts[++count].at = i + 1;
            parts[count].length = 0;
        } else {
            parts[count].length++;
        }
    }
    count++;
    first = p->keep && p->keep < count ? count - p->keep : 0;
    for (size_t i = first; i < count; i++) {
        size_t part = p->reverse ? count - 1 - i : i;

        if (i > first)
            put(out, '.');
        for (size_t j = 0; j < parts[part].length; j++)
            put_escaped(out, value[parts[part].at + j], p->escape);
    }
}

static void expand(struct sink *out, const char *s, const struct spf_values *values)
{
    struct cursor c;
    struct piece p;

    cursor_init(&c, s, strlen(s));
    while (cursor_left(&c) && !next_piece(&c, &p)) {
        if (p.literal)
            for (size_t i = 0; i < p.length; i++)
                put(out, p.literal[i]);
        else
            put_value(out, &p, values->value[p.letter - 'a'] ? values->value[p.letter - 'a'] : "unknown");
    }
}

const char *spf_macro_domain(const char *s, const struct spf_values *values, struct region *r)
{
    char bytes[4 * WINDOW_KEEP];
    struct sink out = {.base = bytes, .size = sizeof bytes, .window = true};
    const char *name = bytes;

    expand(&out, s, values);
    if (out.used && bytes[out.used - 1] == '.')
        out.used--;
    if (out.used > SPF_DOMAIN_MAX) {
        const char *from = bytes + out.used - SPF_DOMAIN_MAX - 1, *dot = memchr(from, '.', SPF_DOMAIN_MAX + 1);

        /* A single label over 253 bytes cannot be shortened from the left. No such name exists. */
        name = dot ? dot + 1 : "";
        out.used = dot ? out.used - (size_t)(name - bytes) : 0;
    }
    return region_strndup(r, name, out.used);
}

const char *spf_macro_explanation(const char *s, const struct spf_values *values, struct region *r)
{
    char bytes[SPF_EXPLANATION_MAX], *filtered = region_alloc(r, SPF_EXPLANATION_MAX + 1);
    struct sink out = {.base = bytes, .size = sizeof bytes};
    struct text t;

    if (!filtered)
        return NULL;
    expand(&out, s, values);
    text_init(&t, filtered, SPF_EXPLANATION_MAX + 1);
    text_add_as(&t, TEXT_PLAIN, bytes, out.used);
    return filtered;
}
