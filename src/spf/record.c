/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record: the parser. The whole record is checked before any of it is used, so that an error at its end is found even
 * when an earlier term would match (RFC 7208 section 4.6).
 *
 *     record    = "v=spf1" *( 1*SP ( directive / modifier ) ) *SP
 *     directive = [ "+" / "-" / "?" / "~" ] mechanism
 *     modifier  = name "=" value
 *
 * Each mechanism is a row of the table below. Names are compared without regard to case. A known modifier with a bad
 * value is an error; it is never treated as an unknown modifier.
 */
#include "record.h"

#include <string.h>
#include <strings.h>

#include "macro.h"
#include "text.h"

enum target { TARGET_NONE, TARGET_OPTIONAL, TARGET_REQUIRED, TARGET_NETWORK };

struct mechanism {
    const char *name;
    enum spf_kind kind;
    enum target target;
    bool cidr; /* a dual-cidr-length may follow */
};

static const struct mechanism mechanisms[] = {
    {"all", SPF_ALL, TARGET_NONE, false},     {"include", SPF_INCLUDE, TARGET_REQUIRED, false},
    {"a", SPF_A, TARGET_OPTIONAL, true},      {"mx", SPF_MX, TARGET_OPTIONAL, true},
    {"ptr", SPF_PTR, TARGET_OPTIONAL, false}, {"ip4", SPF_IP4, TARGET_NETWORK, false},
    {"ip6", SPF_IP6, TARGET_NETWORK, false},  {"exists", SPF_EXISTS, TARGET_REQUIRED, false},
};

static const struct {
    char sign;
    enum spf_result result;
} qualifiers[] = {
    {'+', SPF_PASS},
    {'-', SPF_FAIL},
    {'?', SPF_NEUTRAL},
    {'~', SPF_SOFTFAIL},
};

static const char version[] = "v=spf1";
static const size_t version_size = sizeof version - 1;

bool record_is(const uint8_t *bytes, size_t size)
{
    return size >= version_size && !strncasecmp((const char *)bytes, version, version_size) &&
           (size == version_size || bytes[version_size] == ' ');
}

const char *record_printable(const void *bytes, size_t size, struct region *r)
{
    char *out = region_alloc(r, size + 1);
    struct text t;

    if (!out)
        return "";
    text_init(&t, out, size + 1);
    text_add_as(&t, TEXT_PLAIN, bytes, size);
    return out;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ). Returns its length, or 0 when there is none. */
static size_t name_length(const char *s)
{
    size_t n = 0;

    while (is_letter(s[n]) || (n > 0 && ((s[n] >= '0' && s[n] <= '9') || s[n] == '-' || s[n] == '_' || s[n] == '.')))
        n++;
    return n;
}

/*
 * Removes "/" and a number without leading zeros from the end of s[0..*n). Returns false when it is present but
 * malformed. Leaves *bits unchanged when it is absent.
 */
static bool take_bits(const char *s, size_t *n, unsigned most, uint8_t *bits)
{
    size_t digits = 0;
    unsigned value = 0;

    while (digits < *n && s[*n - digits - 1] >= '0' && s[*n - digits - 1] <= '9')
        digits++;
    if (!digits || digits == *n || s[*n - digits - 1] != '/')
        return true;
    if (digits > 3 || (digits > 1 && s[*n - digits] == '0'))
        return false;
    for (size_t i = *n - digits; i < *n; i++)
        value = value * 10 + (unsigned)(s[i] - '0');
    if (value > most)
        return false;
    *bits = (uint8_t)value;
    *n -= digits + 1;
    return true;
}

/* dual-cidr-length = [ "/" ip4 ] [ "//" ip6 ], at the end of what follows the mechanism's name. */
static bool take_dual_cidr(const char *s, size_t *n, struct spf_term *term)
{
    uint8_t last = 0;
    size_t before = *n;

    if (!take_bits(s, n, 128, &last))
        return false;
    if (*n == before)
        return true;
    if (*n && s[*n - 1] == '/') {
        term->bits6 = last;
        --*n;
        return take_bits(s, n, 32, &term->bits4);
    }
    term->bits4 = last;
    return last <= 32;
}

/* ip4 and ip6: an address of that family with an optional prefix length. */
static const char *parse_network(struct spf_term *term, const char *s, size_t n)
{
    bool six = term->kind == SPF_IP6;
    uint8_t bits = six ? 128 : 32;
    struct address a;

    if (!take_bits(s, &n, bits, &bits))
        return "malformed prefix length";
    if (!memchr(s, ':', n) == six || !address_parse(&a, s, n))
        return "malformed address";
    if (six && a.family == ADDRESS_IPV4) {
        /* Elsewhere helod treats an IPv4-mapped address as IPv4, but ip6 matches IPv6 clients only (section 5). */
        struct address mapped = {.family = ADDRESS_IPV6, .bytes = {[10] = 0xff, [11] = 0xff}};

        memcpy(mapped.bytes + 12, a.bytes, 4);
        a = mapped;
    }
    term->net = address_network(&a, bits);
    return NULL;
}

/* Parses what follows the name of a mechanism: nothing, ":" and an argument, or "/" and a prefix length. */
static const char *parse_argument(const struct mechanism *m, struct spf_term *term, const char *s, struct region *r)
{
    size_t n = strlen(s);
    const char *error;

    term->target = "";
    term->bits4 = 32;
    term->bits6 = 128;
    if (m->target == TARGET_NETWORK)
        return *s == ':' ? parse_network(term, s + 1, n - 1) : "address missing";
    if (m->cidr && !take_dual_cidr(s, &n, term))
        return "malformed prefix length";
    if (!n)
        return m->target == TARGET_REQUIRED ? "domain missing" : NULL;
    if (*s != ':' || m->target == TARGET_NONE)
        return "unexpected text after the mechanism";
    error = macro_check(s + 1, n - 1, SPF_USE_DOMAIN);
    if (!error)
        term->target = region_strndup(r, s + 1, n - 1);
    return error;
}

static const char *parse_mechanism(struct spf_term *term, const char *s, struct region *r)
{
    size_t n;

    term->text = s;
    term->result = SPF_PASS;
    for (size_t i = 0; i < sizeof qualifiers / sizeof *qualifiers; i++) {
        if (*s == qualifiers[i].sign) {
            term->result = qualifiers[i].result;
            s++;
            break;
        }
    }
    n = name_length(s);
    for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++) {
        if (n == strlen(mechanisms[i].name) && !strncasecmp(s, mechanisms[i].name, n)) {
            term->kind = mechanisms[i].kind;
            return parse_argument(&mechanisms[i], term, s + n, r);
        }
    }
    return "unknown mechanism";
}

/* `name` is the length of the modifier's name; '=' follows. */
static const char *parse_modifier(struct spf_record *out, const char *s, size_t name)
{
    struct spf_modifier *known = NULL;
    const char *value = s + name + 1, *error;

    if (name == 8 && !strncasecmp(s, "redirect", name))
        known = &out->redirect;
    else if (name == 3 && !strncasecmp(s, "exp", name))
        known = &out->exp;
    error = macro_check(value, strlen(value), known ? SPF_USE_DOMAIN : SPF_USE_MODIFIER);
    if (error || !known)
        return error;
    if (known->text)
        return "modifier given twice";
    known->text = s;
    known->target = value;
    return NULL;
}

static const char *parse_term(struct spf_record *out, const char *s, struct region *r)
{
    size_t name = name_length(s);

    for (const char *c = s; *c; c++)
        if (*c < '!' || *c > '~')
            return "byte outside printable ASCII";
    if (name && s[name] == '=')
        return parse_modifier(out, s, name);
    return parse_mechanism(&out->terms[out->count++], s, r);
}

/* Splits at spaces, in place. Returns NULL at the end. */
static char *next_word(char **rest)
{
    char *word = *rest, *end;

    while (*word == ' ')
        word++;
    for (end = word; *end && *end != ' ';)
        end++;
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return end > word ? word : NULL;
}

bool record_parse(struct spf_record *out, const uint8_t *bytes, size_t size, struct region *r, const char **error)
{
    char *rest, *word;
    size_t words = 0, seen = 0;

    memset(out, 0, sizeof *out);
    *error = NULL;
    if (size > SPF_RECORD_MAX || memchr(bytes, 0, size)) {
        *error = size > SPF_RECORD_MAX ? "record over 65535 bytes" : "NUL in the record";
        return false;
    }
    for (size_t i = version_size; i < size; i++)
        words += bytes[i] != ' ' && bytes[i - 1] == ' ';
    rest = region_strndup(r, (const char *)bytes + version_size, size - version_size);
    out->terms = region_alloc(r, (words + 1) * sizeof *out->terms);
    if (!rest || !out->terms)
        return false;
    for (; (word = next_word(&rest)); seen++) {
        const char *what = parse_term(out, word, r);

        if (what) {
            *error = region_printf(r, "%s: %s", what, record_printable(word, strnlen(word, 100), r));
            return false;
        }
    }
    out->deny_all = seen == 1 && out->count == 1 && out->terms[0].kind == SPF_ALL && out->terms[0].result == SPF_FAIL;
    return !region_failed(r);
}
