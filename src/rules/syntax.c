/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syntax: how the HELO argument is written (RFC 5321 4.1.1.1, 4.1.2, RFC 1035). Local facts alone.
 *
 * RFC 5321 4.1.2 wants names with illegal characters refused, so these rows are certain. A name that could not be
 * parsed for our own want of memory has no flag and is never found here.
 */
#include "catalogue.h"

static bool flagged(const struct evidence *e, unsigned flags)
{
    return (e->helo.flags & flags) != 0;
}

static bool test_missing(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return e->helo.kind == NAME_EMPTY;
}

RULE(helo_missing) = {
    .name = "helo_missing",
    .family = FAMILY_SYNTAX,
    .summary = "The client gave no name in HELO or EHLO.",
    .points = 70, /* by hand: no row has it */
    .code = 550,
    .enhanced = "5.5.2",
    .advice = "your server sent no name in EHLO: let it greet with its own host name, for which Postfix has "
              "smtp_helo_name",
    .test = test_missing,
};

static bool test_bad_syntax(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (e->helo.kind != NAME_BAD || !flagged(e, NAME_BAD_BYTE | NAME_BAD_LABEL))
        return false;
    *detail = flagged(e, NAME_BAD_BYTE) ? "illegal character" : "empty label, or a hyphen at the edge of one";
    return true;
}

RULE(helo_bad_syntax) = {
    .name = "helo_bad_syntax",
    .family = FAMILY_SYNTAX,
    .summary = "The HELO name has characters or labels that no host name can have.",
    .points = 100,
    .certain = true,
    .code = 550,
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} is not a valid host name (%{detail}): "
              "use only letters, digits, inner hyphens and single dots",
    .test = test_bad_syntax,
};

static bool test_non_ascii(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return flagged(e, NAME_NON_ASCII);
}

RULE(helo_non_ascii) = {
    .name = "helo_non_ascii",
    .family = FAMILY_SYNTAX,
    .summary = "The HELO name holds bytes outside ASCII; even with SMTPUTF8 it must be an A-label (RFC 6531).",
    .points = 100,
    .certain = true,
    .implies = IMPLIES(helo_bad_syntax, helo_not_fqdn, helo_unknown_tld),
    .code = 550,
    .enhanced = "5.5.2",
    .advice = "your HELO name holds characters outside ASCII: greet with the name's A-label form (xn--...)",
    .test = test_non_ascii,
};

static bool test_too_long(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return flagged(e, NAME_TOO_LONG);
}

RULE(helo_too_long) = {
    .name = "helo_too_long",
    .family = FAMILY_SYNTAX,
    .summary = "The HELO name is longer than 253 characters, or one of its labels than 63.",
    .points = 100,
    .certain = true,
    .implies = IMPLIES(helo_bad_syntax, helo_not_fqdn, helo_unknown_tld),
    .code = 550,
    .enhanced = "5.5.2",
    .advice = "your HELO name is too long for a host name: at most 253 characters, and 63 between two dots",
    .test = test_too_long,
};

static bool test_not_fqdn(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return e->helo.kind == NAME_SINGLE;
}

RULE(helo_not_fqdn) = {
    .name = "helo_not_fqdn",
    .family = FAMILY_SYNTAX,
    .summary = "The HELO name has one label only and cannot be found in the DNS.",
    .points = 37, /* calibrate says 41: with no reverse name and HELO it shall be put off, not refused */
    .adds = 100,
    .implies = IMPLIES(helo_unknown_tld, helo_public_suffix),
    .code = 550,
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} has no domain: greet with a full host name such as mail.your-domain that has an "
              "address record for %{client}",
    .test = test_not_fqdn,
};

static bool test_underscore(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return helo_is_word(e) && flagged(e, NAME_UNDERSCORE);
}

RULE(helo_underscore) = {
    .name = "helo_underscore",
    .family = FAMILY_SYNTAX,
    .summary = "The HELO name has an underscore, which RFC 5321 forbids and most servers tolerate.",
    .points = 33,
    .adds = 100,
    .code = 550,
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} has an underscore, which host names must not have: use a hyphen",
    .test = test_underscore,
};

static bool test_trailing_dot(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return helo_is_word(e) && flagged(e, NAME_TRAILING_DOT);
}

RULE(helo_trailing_dot) = {
    .name = "helo_trailing_dot",
    .family = FAMILY_SYNTAX,
    .summary = "The HELO name ends in a dot, which SMTP does not have.",
    .points = 16,
    .adds = 100,
    .code = 550,
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} was sent with a dot at its end: leave it out",
    .test = test_trailing_dot,
};

static bool test_bad_alabel(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return helo_is_word(e) && flagged(e, NAME_BAD_ALABEL);
}

RULE(helo_bad_alabel) = {
    .name = "helo_bad_alabel",
    .family = FAMILY_SYNTAX,
    .summary = "A label of the HELO name begins with xn-- and is no A-label of IDNA2008.",
    .points = 25, /* by hand: no row has it */
    .adds = 50,
    .code = 550,
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} has an xn-- label that stands for no name: correct it or use an ASCII name",
    .test = test_bad_alabel,
};

static bool test_unknown_tld(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return e->helo.kind == NAME_HOST && e->helo.reserved == NAME_RESERVED_NONE && flagged(e, NAME_UNKNOWN_TLD) &&
           !flagged(e, NAME_NUMERIC_TLD);
}

RULE(helo_unknown_tld) = {
    .name = "helo_unknown_tld",
    .family = FAMILY_SYNTAX,
    .summary = "The last label of the HELO name is no top-level domain.",
    .points = 30,
    .adds = 100,
    .implies = IMPLIES(helo_unresolvable),
    .code = 550,
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} ends in no existing top-level domain: greet with a public name of your server",
    .test = test_unknown_tld,
};

static bool test_numeric_tld(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return flagged(e, NAME_NUMERIC_TLD);
}

RULE(helo_numeric_tld) = {
    .name = "helo_numeric_tld",
    .family = FAMILY_SYNTAX,
    .summary = "The last label of the HELO name is a number and the whole is no address.",
    .points = 100,
    .certain = true,
    .implies = IMPLIES(helo_bad_syntax, helo_unknown_tld),
    .code = 550,
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} ends in a number and is neither a host name nor an address: "
              "greet with the host name of your server",
    .test = test_numeric_tld,
};

static bool test_public_suffix(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return e->helo.kind == NAME_HOST && e->helo.reserved == NAME_RESERVED_NONE && flagged(e, NAME_IS_SUFFIX);
}

RULE(helo_public_suffix) = {
    .name = "helo_public_suffix",
    .family = FAMILY_SYNTAX,
    .summary = "The HELO name is a public suffix such as co.uk, in which nobody has a host of that name.",
    .points = 40, /* by hand: no row has it */
    .adds = 25,
    .code = 550,
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} is a suffix under which domains are registered: greet with a host name of your "
              "own",
    .test = test_public_suffix,
};
