/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name: reads a HELO argument or a host name from DNS. Promises that a HOST or SINGLE name can be queried in DNS
 * (letters, digits, hyphen, underscore; labels of 1 to 63; at most 253 bytes), and time linear in the bytes given.
 *
 *     argument = literal | address | name
 *     literal  = "[" ( IPv4 | "IPv6:" IPv6 | IPv6 ) "]" tail      RFC 5321 4.1.3; the tag is required, its lack a flag
 *     name     = label *( "." label ) [ "." ]
 */
#include <idn2.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "name_data.h"

enum { NAME_MAX_LENGTH = 253, LABEL_MAX_LENGTH = 63, ADDRESS_MAX_LENGTH = 64, SUFFIX_LABELS_MAX = 10 };

/* RFC 5321's Snum: one to three digits, leading zeros allowed, which address_parse() rightly refuses elsewhere. */
static bool parse_ipv4(struct address *out, const char *s, size_t n)
{
    struct address a = {.family = ADDRESS_IPV4};
    size_t at = 0;

    for (unsigned octet = 0; octet < 4; octet++) {
        unsigned value = 0, digits = 0;

        if (octet > 0 && (at >= n || s[at++] != '.'))
            return false;
        for (; at < n && digits < 3 && ascii_is_digit((unsigned char)s[at]); at++, digits++)
            value = value * 10 + (unsigned)(s[at] - '0');
        if (digits == 0 || value > 255)
            return false;
        a.bytes[octet] = (uint8_t)value;
    }
    if (at != n)
        return false;
    *out = a;
    return true;
}

static bool has_ipv6_tag(const char *s, size_t n)
{
    return n >= 5 && strncasecmp(s, "IPv6:", 5) == 0;
}

/* Any address; *tagged is false if it lacks the tag that a literal must have. */
static bool parse_any(struct address *out, bool *tagged, const char *s, size_t n)
{
    bool tag = has_ipv6_tag(s, n);

    *tagged = true;
    if (n > ADDRESS_MAX_LENGTH)
        return false;
    if (parse_ipv4(out, s, n))
        return true;
    *tagged = tag;
    s += tag ? 5 : 0;
    n -= tag ? 5 : 0;
    return memchr(s, ':', n) != NULL && address_parse(out, s, n);
}

static void parse_literal(struct name *out, const char *raw, size_t n)
{
    const char *end = memchr(raw, ']', n);
    bool tagged = false;

    if (end == NULL || !parse_any(&out->literal, &tagged, raw + 1, (size_t)(end - raw) - 1)) {
        out->kind = NAME_BAD;
        out->flags |= NAME_BAD_LITERAL;
        return;
    }
    out->kind = NAME_LITERAL;
    if (!tagged)
        out->flags |= NAME_BAD_LITERAL;
    if (end + 1 != raw + n)
        out->flags |= NAME_LITERAL_TAIL;
}

/* What is wrong with one label, as flags. */
static unsigned check_label(const char *label, size_t n)
{
    unsigned flags = 0;

    if (n == 0 || label[0] == '-' || label[n - 1] == '-')
        flags |= NAME_BAD_LABEL;
    if (n > LABEL_MAX_LENGTH)
        flags |= NAME_TOO_LONG;
    return flags;
}

static unsigned check_byte(unsigned char c)
{
    if (c >= 0x80)
        return NAME_NON_ASCII;
    if (c == '_')
        return NAME_UNDERSCORE;
    return ascii_is_digit(c) || ascii_is_letter(c) || c == '-' || c == '.' ? 0 : NAME_BAD_BYTE;
}

/* Checks bytes and labels of a name without a trailing dot, and counts the labels. */
static unsigned check_labels(const char *s, size_t n, unsigned *labels)
{
    unsigned flags = n > NAME_MAX_LENGTH ? NAME_TOO_LONG : 0;
    size_t start = 0;

    *labels = 0;
    for (size_t i = 0; i <= n; i++) {
        if (i < n && s[i] != '.') {
            flags |= check_byte((unsigned char)s[i]);
            continue;
        }
        flags |= check_label(s + start, i - start);
        start = i + 1;
        ++*labels;
    }
    return flags;
}

/* libidn2 refuses legal host names such as r4---sn.example, so it sees nothing but labels that claim to be A-labels. */
static bool alabels_good(const char *name)
{
    for (const char *label = name; label != NULL; label = strchr(label, '.')) {
        char copy[LABEL_MAX_LENGTH + 1];
        uint8_t *given = NULL;
        size_t n;
        bool good;

        label += *label == '.';
        n = strcspn(label, ".");
        if (strncmp(label, "xn--", 4) != 0)
            continue;
        memcpy(copy, label, n);
        copy[n] = '\0';
        good = idn2_lookup_u8((const uint8_t *)copy, &given, IDN2_NFC_INPUT) == IDN2_OK &&
               strcmp((const char *)given, copy) == 0;
        idn2_free(given);
        if (!good)
            return false;
    }
    return true;
}

/* Whether `suffix` is in these parts of the public suffix list. Its rule "*", for unknown names, does not count. */
static bool is_suffix(const struct name_data *data, const char *suffix, int types)
{
    return psl_is_public_suffix2(data->psl, suffix, types | PSL_TYPE_NO_STAR_RULE) != 0;
}

/* The last n labels of the name, or all of it if it has fewer. */
static const char *last_labels(const char *name, unsigned n)
{
    const char *at = name + strlen(name);

    while (at > name && (at[-1] != '.' || --n > 0))
        at--;
    return at;
}

/*
 * Returns the longest public suffix of the name, or NULL if it has none (.za has no rule of its own, co.za has one).
 * *domain is one label longer than the suffix, or has two labels without one; NULL if the name is too short for that.
 * No rule of the list has more than a few labels, so a name of 127 labels does not cost 127 lookups.
 */
static const char *find_suffix(const char *name, const struct name_data *data, const char **domain)
{
    const char *label = last_labels(name, SUFFIX_LABELS_MAX), *dot;

    for (*domain = NULL; !is_suffix(data, label, PSL_TYPE_ANY); label = dot + 1) {
        dot = strchr(label, '.');
        if (dot == NULL)
            return NULL;
        *domain = label;
    }
    return label;
}

/* The ICANN section is part of the list, so its longest suffix is not longer than that of the whole list. */
const char *name_icann_domain(const struct name *name, const struct name_data *data)
{
    const char *before = name->registrable, *label = before != NULL ? strchr(before, '.') + 1 : name->text;

    while (strchr(label, '.') != NULL && !is_suffix(data, label, PSL_TYPE_ICANN)) {
        before = label;
        label = strchr(label, '.') + 1;
    }
    return before;
}

static void describe(struct name *out, const struct name_data *data)
{
    const char *last = strrchr(out->text, '.'), *domain;
    const char *suffix = find_suffix(out->text, data, &domain);

    last = last != NULL ? last + 1 : out->text;
    if (last[strspn(last, "0123456789")] == '\0')
        out->flags |= NAME_NUMERIC_TLD;
    else if (out->kind == NAME_HOST && suffix == NULL)
        out->flags |= NAME_UNKNOWN_TLD;
    if (suffix == out->text && is_suffix(data, suffix, PSL_TYPE_ICANN))
        out->flags |= NAME_IS_SUFFIX;
    if (!alabels_good(out->text))
        out->flags |= NAME_BAD_ALABEL;
    out->reserved = name_reserved_class(out->text, out->labels);
    /* Nobody can register a name under a numeric or a reserved last label. */
    if (out->kind == NAME_HOST && (out->flags & NAME_NUMERIC_TLD) == 0 && name_reserved_has_owner(out->reserved))
        out->registrable = domain;
}

/* Sets the text and the kind. */
static void classify(struct name *out, const char *raw, size_t n)
{
    const unsigned wrong = NAME_NON_ASCII | NAME_BAD_BYTE | NAME_BAD_LABEL | NAME_TOO_LONG;
    size_t dot = n > 0 && raw[n - 1] == '.';
    bool tagged;

    if (n == 0)
        return;
    if (raw[0] == '[') {
        parse_literal(out, raw, n);
        return;
    }
    out->flags |= dot ? NAME_TRAILING_DOT : 0;
    if (parse_any(&out->literal, &tagged, raw, n - dot)) {
        out->kind = NAME_BARE;
        return;
    }
    out->flags |= check_labels(raw, n - dot, &out->labels);
    if ((out->flags & wrong) != 0) {
        out->kind = NAME_BAD;
        out->labels = 0;
        return;
    }
    out->kind = out->labels > 1 ? NAME_HOST : NAME_SINGLE;
}

void name_parse(struct name *out, const char *raw, size_t n, const struct name_data *data, struct region *r)
{
    char *text;

    if (name_memory_recall(data->memory, raw, n, out, r))
        return;
    *out = (struct name){.text = ""};
    classify(out, raw, n);
    if (out->kind == NAME_EMPTY)
        return;
    text = region_alloc(r, n + 1);
    if (text == NULL) {
        *out = (struct name){.text = "", .kind = NAME_BAD, .flags = out->flags};
        return;
    }
    out->text = text;
    out->length = n;
    if (out->kind == NAME_BAD) {
        memcpy(text, raw, n);
        return;
    }
    out->length -= (out->flags & NAME_TRAILING_DOT) != 0;
    for (size_t i = 0; i < out->length; i++)
        text[i] = (char)ascii_lower(raw[i]);
    if (out->kind == NAME_HOST || out->kind == NAME_SINGLE)
        describe(out, data);
    name_memory_keep(data->memory, raw, n, out);
}

bool name_equal(const struct name *a, const struct name *b)
{
    return a->kind == NAME_HOST && b->kind == NAME_HOST && a->length == b->length &&
           memcmp(a->text, b->text, a->length) == 0;
}

/* The registrable domain is the text's end. */
bool name_same_domain(const struct name *a, const struct name *b)
{
    size_t n;

    if (a->registrable == NULL || b->registrable == NULL)
        return false;
    n = (size_t)(a->text + a->length - a->registrable);
    return (size_t)(b->text + b->length - b->registrable) == n && memcmp(a->registrable, b->registrable, n) == 0;
}
