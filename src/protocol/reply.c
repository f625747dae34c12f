/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reply: formats a struct reply for Postfix, and parses the actions that an admin writes in the policy file.
 *
 * reply_format() always writes exactly one line "action=" with bytes 0x20..0x7e only, and an empty line. The action is
 * one of the words in the table below, or a status with code, enhanced code and text. Whatever its input, it cannot
 * write one of the four answers that let mail in past all later checks (OK, PERMIT, an empty action, bare digits).
 */
#include "reply.h"

#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "text.h"

enum { CODE_MIN = 400, CODE_MAX = 599, ENHANCED_SIZE = 12, RESTRICTION_MAX = 100 };

enum text_need { TEXT_NONE, TEXT_OPTIONAL, TEXT_REQUIRED, TEXT_HEADER };

static const struct verb_row {
    enum reply_verb verb;
    const char *word; /* NULL: the code, or the text itself, is written instead */
    enum text_need text;
    bool enhanced; /* an enhanced code of class 4 precedes the text */
} verbs[] = {
    [REPLY_DUNNO] = {REPLY_DUNNO, "DUNNO", TEXT_NONE, false},
    [REPLY_PREPEND] = {REPLY_PREPEND, "PREPEND", TEXT_HEADER, false},
    [REPLY_STATUS] = {REPLY_STATUS, NULL, TEXT_REQUIRED, true},
    [REPLY_WARN] = {REPLY_WARN, "WARN", TEXT_OPTIONAL, false},
    [REPLY_INFO] = {REPLY_INFO, "INFO", TEXT_OPTIONAL, false},
    [REPLY_HOLD] = {REPLY_HOLD, "HOLD", TEXT_OPTIONAL, false},
    [REPLY_DEFER_IF_PERMIT] = {REPLY_DEFER_IF_PERMIT, "DEFER_IF_PERMIT", TEXT_OPTIONAL, true},
    [REPLY_RESTRICTION] = {REPLY_RESTRICTION, NULL, TEXT_NONE, false},
};

/* Actions of access(5) that helod does not accept, with the reason for the admin. */
static const struct {
    const char *word;
    const char *why;
} refused[] = {
    {"OK", "OK would let the mail in past all later restrictions: say dunno"},
    {"PERMIT", "PERMIT would let the mail in past all later restrictions: say dunno"},
    {"RELAY", "RELAY would let the mail in past all later restrictions: say dunno"},
    {"REJECT", "with a text, write the code as well: \"550 5.7.1 text\""},
    {"DEFER", "with a text, write the code as well: \"450 4.7.1 text\", or DEFER_IF_PERMIT"},
    {"DEFER_IF_REJECT", "DEFER_IF_REJECT would turn other rejections into deferrals: use DEFER_IF_PERMIT"},
    {"FILTER", "FILTER acts on all recipients of the message: use a restriction class"},
    {"REDIRECT", "REDIRECT acts on all recipients of the message: use a restriction class"},
    {"BCC", "BCC acts on all recipients of the message: use a restriction class"},
    {"DISCARD", "DISCARD loses mail without informing its sender: use \"550 5.7.1 text\""},
};

static bool is_name_byte(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) || c == '_' || c == '-';
}

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t");
}

static size_t word_length(const char *s)
{
    return strcspn(s, " \t");
}

static bool same_word(const char *s, size_t n, const char *word)
{
    return strlen(word) == n && strncasecmp(s, word, n) == 0;
}

/* An enhanced code such as "5.7.1": a class, then twice up to three digits. */
static bool is_enhanced(const char *s, size_t n)
{
    size_t at = 1;

    if (n < 5 || n >= ENHANCED_SIZE || (s[0] != '2' && s[0] != '4' && s[0] != '5'))
        return false;
    for (int part = 0; part < 2; part++) {
        size_t digits = 0;
        if (at == n || s[at++] != '.')
            return false;
        while (at < n && digits < 4 && ascii_is_digit(s[at])) {
            at++;
            digits++;
        }
        if (digits < 1 || digits > 3)
            return false;
    }
    return at == n;
}

/* True for "Name: value" with a field name of RFC 5322 and a value that is not blank. */
static bool is_header(const char *s)
{
    size_t n = 0;

    while (s[n] > 0x20 && s[n] < 0x7f && s[n] != ':')
        n++;
    return n > 0 && n < REPLY_HEADER_MAX / 2 && s[n] == ':' && *skip_blanks(s + n + 1) != '\0';
}

/* True for a word that Postfix looks up as a restriction class and does not take for anything else. */
static bool is_restriction(const char *s)
{
    size_t n = 0;

    while (is_name_byte(s[n]))
        n++;
    if (s[n] != '\0' || n > RESTRICTION_MAX || !ascii_is_letter(s[0]) || strncasecmp(s, "permit", 6) == 0)
        return false;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (same_word(s, n, refused[i].word))
            return false;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (verbs[i].word != NULL && same_word(s, n, verbs[i].word))
            return false;
    }
    return true;
}

static bool is_whole(const struct reply *r, const char *text)
{
    bool status = r->verb == REPLY_STATUS;
    int class = status ? r->code / 100 : 4;

    if ((size_t)r->verb >= sizeof verbs / sizeof verbs[0])
        return false;
    if (r->verb == REPLY_RESTRICTION)
        return is_restriction(text);
    if (status && (r->code < CODE_MIN || r->code > CODE_MAX))
        return false;
    if (verbs[r->verb].enhanced && r->enhanced != NULL && r->enhanced[0] != '\0' &&
        (!is_enhanced(r->enhanced, strlen(r->enhanced)) || r->enhanced[0] != '0' + class))
        return false;
    if (verbs[r->verb].text == TEXT_REQUIRED && text[0] == '\0')
        return false;
    return verbs[r->verb].text != TEXT_HEADER || is_header(text);
}

static void add_enhanced(struct text *t, const struct reply *r)
{
    text_add_char(t, ' ');
    if (r->enhanced != NULL && r->enhanced[0] != '\0')
        text_add(t, r->enhanced);
    else
        text_add(t, r->verb == REPLY_STATUS && r->code >= 500 ? "5.7.1" : "4.7.1");
}

size_t reply_format(const struct reply *r, char out[REPLY_SIZE])
{
    static const char dunno[] = "action=DUNNO\n\n";
    const char *text = r->text == NULL ? "" : skip_blanks(r->text);
    const struct verb_row *row;
    struct text t;

    if (r->verb == REPLY_DUNNO || !is_whole(r, text)) {
        memcpy(out, dunno, sizeof dunno);
        return sizeof dunno - 1;
    }
    row = &verbs[r->verb];
    text_init(&t, out, REPLY_SIZE);
    text_add(&t, "action=");
    if (r->verb == REPLY_STATUS)
        text_add_number(&t, r->code);
    else
        text_add(&t, row->word != NULL ? row->word : text); /* is_restriction() has checked every byte of it */
    if (row->enhanced)
        add_enhanced(&t, r);
    if (row->text != TEXT_NONE && text[0] != '\0') {
        text_add_char(&t, ' ');
        text_add_as(&t, TEXT_PLAIN, text, strnlen(text, row->text == TEXT_HEADER ? REPLY_HEADER_MAX : REPLY_TEXT_MAX));
    }
    text_add(&t, "\n\n");
    return t.used;
}

/* Takes an enhanced code from the front of *s, if there is one. Returns an error text, or NULL. */
static const char *take_enhanced(const char **s, char class, char enhanced[12])
{
    size_t n = word_length(*s);

    if (n == 0 || strspn(*s, "0123456789.") < n || memchr(*s, '.', n) == NULL)
        return NULL;
    if (!is_enhanced(*s, n))
        return "the enhanced status code is malformed: it is like 5.7.1";
    if (**s != class)
        return "the enhanced status code's class is not that of the reply";
    memcpy(enhanced, *s, n);
    enhanced[n] = '\0';
    *s = skip_blanks(*s + n);
    return NULL;
}

static const char *parse_status(const char *s, size_t n, struct reply *r, char enhanced[12])
{
    const char *why;

    if (n != 3 || (s[0] != '4' && s[0] != '5'))
        return "only reply codes from 400 to 599 are allowed";
    r->verb = REPLY_STATUS;
    r->code = (uint16_t)((s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0'));
    r->text = skip_blanks(s + n);
    why = take_enhanced(&r->text, s[0], enhanced);
    if (why != NULL)
        return why;
    if (r->text[0] == '\0')
        return "a text is missing: Postfix treats a bare number as OK";
    return NULL;
}

static const char *parse_restriction(const char *name, struct reply *r)
{
    r->verb = REPLY_RESTRICTION;
    r->text = name;
    return is_restriction(name) ? NULL : "restriction: takes the name of a restriction class, not a word of access(5)";
}

static const char *parse_word(const char *s, size_t n, struct reply *r, char enhanced[12])
{
    const struct verb_row *row = NULL;
    const char *why;

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (same_word(s, n, refused[i].word))
            return refused[i].why;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (verbs[i].word != NULL && same_word(s, n, verbs[i].word))
            row = &verbs[i];
    }
    if (row == NULL)
        return "unknown action: dunno, prepend, defer, reject, \"450 4.7.1 text\", \"550 5.7.1 text\", WARN, INFO, "
               "HOLD, PREPEND, DEFER_IF_PERMIT or restriction:NAME";
    r->verb = row->verb;
    r->text = skip_blanks(s + n);
    if (row->text == TEXT_NONE && r->text[0] != '\0')
        return "this action takes no text";
    if (row->text == TEXT_HEADER && !is_header(r->text))
        return "PREPEND takes a header: \"PREPEND Name: value\"";
    if (!row->enhanced)
        return NULL;
    why = take_enhanced(&r->text, '4', enhanced);
    return why;
}

bool reply_parse_action(const char *s, struct reply *r, char enhanced[12], const char **error)
{
    static const char restriction[] = "restriction:";
    const char *why;
    size_t n;

    *r = (struct reply){.verb = REPLY_DUNNO, .enhanced = enhanced};
    enhanced[0] = '\0';
    s = skip_blanks(s);
    n = word_length(s);
    for (const char *p = s; *p != '\0'; p++) {
        unsigned char byte = (unsigned char)*p;
        if ((byte < 0x20 && byte != '\t') || byte > 0x7e) {
            *error = "only printable ASCII is allowed";
            return false;
        }
    }
    if (n == 0)
        why = "the action is empty, which Postfix treats as OK";
    else if (strncasecmp(s, restriction, sizeof restriction - 1) == 0)
        why = parse_restriction(s + sizeof restriction - 1, r);
    else if (strspn(s, "0123456789") == n)
        why = parse_status(s, n, r, enhanced);
    else
        why = parse_word(s, n, r, enhanced);
    if (why == NULL && r->text != NULL &&
        strlen(r->text) > (r->verb == REPLY_PREPEND ? REPLY_HEADER_MAX : REPLY_TEXT_MAX))
        why = "the text is too long";
    if (why != NULL)
        *error = why;
    return why == NULL;
}
