/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * macro: checks and expands macro strings. Both use the same tokeniser, so what passes the check is what is expanded.
 *
 *     macro-string = *( macro-expand / macro-literal )
 *     macro-expand = ( "%{" macro-letter transformers *delimiter "}" ) / "%%" / "%_" / "%-"
 *     domain-spec  = macro-string ( "." toplabel [ "." ] / macro-expand )
 *
 * Memory and work are bounded whatever the string contains: a domain is expanded from its right end, and only as far as
 * a name is long. An evaluation expands at most one domain for each of its terms and one explanation.
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
        const char *percent;

        p->literal = (const char *)c->base + c->at;
        percent = memchr(p->literal, '%', cursor_left(c));
        p->length = percent ? (size_t)(percent - p->literal) : cursor_left(c);
        cursor_skip(c, p->length);
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

const char *macro_check(const char *s, size_t n, enum spf_use use)
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

bool macro_uses(const char *s, char letter)
{
    struct cursor c;
    struct piece p;

    cursor_init(&c, s, strlen(s));
    while (cursor_left(&c) && !next_piece(&c, &p))
        if (p.letter == letter)
            return true;
    return false;
}

/*
 * The output of an expansion, written from the last byte to the first: a name is cut at its left (section 7.3), so what
 * would be cut is never produced. The work is in proportion to the bytes that are kept, whatever the record asks for.
 */
struct tail {
    char *base;
    size_t at; /* the first byte in use; 0: full */
};

enum {
    TAIL_KEEP = SPF_DOMAIN_MAX + 2,          /* the byte before the name, and a trailing dot */
    VALUE_EXPANDED_MAX = 3 * SPF_VALUE_MAX,  /* every byte URL-escaped */
    PIECES_MAX = TAIL_KEEP + SPF_DOMAIN_MAX, /* the last tokens; nearly all yield at least one byte */
};

static void put_before(struct tail *out, char byte)
{
    if (out->at > 0)
        out->base[--out->at] = byte;
}

static void put_escaped(struct tail *out, char byte, bool escape)
{
    static const char hex[] = "0123456789ABCDEF";
    unsigned value = (unsigned char)byte;

    if (!escape || ascii_is_letter(byte) || ascii_is_digit(byte) || is_one_of("-._~", byte)) {
        put_before(out, byte);
        return;
    }
    put_before(out, hex[value & 15]);
    put_before(out, hex[value >> 4]);
    put_before(out, '%');
}

static void put_part(struct tail *out, const struct piece *p, const char *from, const char *to)
{
    while (to > from && out->at > 0)
        put_escaped(out, *--to, p->escape);
}

static bool is_delimiter(const struct piece *p, char byte)
{
    return p->delimiter_count ? memchr(p->delimiters, byte, p->delimiter_count) != NULL : byte == '.';
}

/*
 * Splits the value at the delimiters, reverses the parts if asked, keeps the right-hand ones and joins them with dots.
 * The part that ends up rightmost comes first, and the rest of the value is not looked at once enough parts are out.
 */
static void put_value(struct tail *out, const struct piece *p, const char *value)
{
    const char *begin = value, *end = value + strnlen(value, SPF_VALUE_MAX);

    for (unsigned parts = 1; out->at > 0; parts++) {
        const char *edge = p->reverse ? begin : end;

        if (p->reverse) {
            while (edge < end && !is_delimiter(p, *edge))
                edge++;
            put_part(out, p, begin, edge);
        } else {
            while (edge > begin && !is_delimiter(p, edge[-1]))
                edge--;
            put_part(out, p, edge, end);
        }
        if (edge == (p->reverse ? end : begin) || parts == p->keep)
            return;
        put_before(out, '.');
        begin = p->reverse ? edge + 1 : begin;
        end = p->reverse ? end : edge - 1;
    }
}

static void put_piece(struct tail *out, const struct piece *p, const struct spf_values *values)
{
    const char *value = p->literal ? NULL : values->value[p->letter - 'a'];

    if (p->literal)
        put_part(out, p, p->literal, p->literal + p->length);
    else
        put_value(out, p, value ? value : "unknown");
}

const char *macro_domain(const char *s, const struct spf_values *values, struct region *r)
{
    struct piece pieces[PIECES_MAX]; /* a ring of the last ones */
    size_t count = 0, used;
    char bytes[TAIL_KEEP];
    struct tail out = {.base = bytes, .at = sizeof bytes};
    const char *name;
    struct cursor c;

    cursor_init(&c, s, strlen(s));
    while (cursor_left(&c) && !next_piece(&c, &pieces[count % PIECES_MAX]))
        count++;
    for (size_t i = 0; i < count && i < PIECES_MAX && out.at > 0; i++)
        put_piece(&out, &pieces[(count - 1 - i) % PIECES_MAX], values);
    name = bytes + out.at;
    used = sizeof bytes - out.at;
    if (used && name[used - 1] == '.')
        used--;
    if (used > SPF_DOMAIN_MAX) {
        const char *from = name + used - SPF_DOMAIN_MAX - 1, *dot = memchr(from, '.', SPF_DOMAIN_MAX + 1);

        /* A single label over 253 bytes cannot be shortened from the left. No such name exists. */
        used = dot ? used - (size_t)(dot + 1 - name) : 0;
        name = dot ? dot + 1 : "";
    }
    return region_strndup(r, name, used);
}

const char *macro_explanation(const char *s, const struct spf_values *values, struct region *r)
{
    char bytes[SPF_EXPLANATION_MAX], expanded[VALUE_EXPANDED_MAX], *filtered = region_alloc(r, SPF_EXPLANATION_MAX + 1);
    size_t used = 0;
    struct cursor c;
    struct piece p;
    struct text t;

    if (!filtered)
        return NULL;
    cursor_init(&c, s, strlen(s));
    while (used < sizeof bytes && cursor_left(&c) && !next_piece(&c, &p)) {
        struct tail out = {.base = expanded, .at = sizeof expanded};
        const char *from = p.literal;
        size_t n = p.length;

        if (!p.literal) {
            put_piece(&out, &p, values);
            from = expanded + out.at;
            n = sizeof expanded - out.at;
        }
        n = n < sizeof bytes - used ? n : sizeof bytes - used;
        memcpy(bytes + used, from, n);
        used += n;
    }
    text_init(&t, filtered, SPF_EXPLANATION_MAX + 1);
    text_add_as(&t, TEXT_PLAIN, bytes, used);
    return filtered;
}
