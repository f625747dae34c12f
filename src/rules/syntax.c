/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syntax: how the HELO argument is written (RFC 5321 sections 4.1.1.1 and 4.1.2, RFC 1035). Local facts alone.
 *
 * RFC 5321 section 4.1.2 asks servers to refuse names with illegal characters, so these rows are certain. A name that
 * we could not parse because we ran out of memory has no flag, so no rule here matches it.
 */
#include "catalogue.h"

static bool flagged(const struct evidence *e, unsigned flags)
{
    return (e->helo.flags & flags) != 0;
}

static enum answer test_missing(const struct evidence *e)
{
    return answer_if(e->helo.kind == NAME_EMPTY);
}

RULE(helo_missing) = {
    .summary = "The client gave no name in HELO or EHLO.",
    .points = 70, /* by hand: no row has it */
    .enhanced = "5.5.2",
    .advice = "your server sent no name in EHLO: configure it to greet with a host name that points to %{client} "
              "(Postfix: smtp_helo_name)",
    .test = test_missing,
};

static enum answer test_bad_syntax(const struct evidence *e)
{
    return answer_if(e->helo.kind == NAME_BAD && flagged(e, NAME_BAD_BYTE | NAME_BAD_LABEL));
}

static const char *detail_bad_syntax(const struct evidence *e, struct region *r)
{
    (void)r;
    return flagged(e, NAME_BAD_BYTE) ? "illegal character"
                                     : "empty label, or a label that begins or ends with a hyphen";
}

RULE(helo_bad_syntax) = {
    .summary = "The HELO name has characters or labels that no host name can have.",
    .points = 100,
    .certain = true,
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} is not a valid host name (%{detail}): greet with a host name that points to "
              "%{client}",
    .test = test_bad_syntax,
    .detail = detail_bad_syntax,
};

static enum answer test_non_ascii(const struct evidence *e)
{
    return answer_if(flagged(e, NAME_NON_ASCII));
}

RULE(helo_non_ascii) = {
    .summary = "The HELO name has bytes outside ASCII; even with SMTPUTF8 it must be an A-label (RFC 6531).",
    .points = 100,
    .certain = true,
    .implies = IMPLIES(helo_bad_syntax, helo_not_fqdn, helo_unknown_tld),
    .enhanced = "5.5.2",
    .advice =
        "your HELO name has characters outside ASCII: greet with an ASCII host name that points to %{client}, such "
        "as the A-label form (xn--...) of the name",
    .test = test_non_ascii,
};

static enum answer test_too_long(const struct evidence *e)
{
    return answer_if(flagged(e, NAME_TOO_LONG));
}

RULE(helo_too_long) = {
    .summary = "The HELO name is longer than 253 characters, or one of its labels is longer than 63.",
    .points = 100,
    .certain = true,
    .implies = IMPLIES(helo_bad_syntax, helo_not_fqdn, helo_unknown_tld),
    .enhanced = "5.5.2",
    .advice =
        "your HELO name is too long (a host name has at most 253 characters, and 63 between two dots): greet with "
        "a host name that points to %{client}",
    .test = test_too_long,
};

static enum answer test_not_fqdn(const struct evidence *e)
{
    return answer_if(e->helo.kind == NAME_SINGLE);
}

RULE(helo_not_fqdn) = {
    .summary = "The HELO name has only one label and cannot be looked up in DNS.",
    .points = 30,
    .adds = 100,
    .implies = IMPLIES(helo_unknown_tld, helo_public_suffix),
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} has no domain: greet with a full host name such as mail.your-domain that has an "
              "address record for %{client}",
    .test = test_not_fqdn,
};

/* Of a name with one label only that counts: it is one fault, whatever else is wrong with how it is written. */
static enum answer test_underscore(const struct evidence *e)
{
    return answer_if(e->helo.kind == NAME_HOST && flagged(e, NAME_UNDERSCORE));
}

RULE(helo_underscore) = {
    .summary = "The HELO name has an underscore, which RFC 5321 forbids but most servers tolerate.",
    .points = 33,
    .adds = 100,
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} has an underscore, which is not allowed in host names: greet with a name "
              "without one that points to %{client}",
    .test = test_underscore,
};

static enum answer test_trailing_dot(const struct evidence *e)
{
    return answer_if(e->helo.kind == NAME_HOST && flagged(e, NAME_TRAILING_DOT));
}

RULE(helo_trailing_dot) = {
    .summary = "The HELO name ends in a dot, which SMTP does not allow.",
    .points = 16,
    .adds = 100,
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} ends in a dot: remove it",
    .test = test_trailing_dot,
};

static enum answer test_bad_alabel(const struct evidence *e)
{
    return answer_if(e->helo.kind == NAME_HOST && flagged(e, NAME_BAD_ALABEL));
}

RULE(helo_bad_alabel) = {
    .summary = "A label of the HELO name begins with xn-- but is not a valid A-label of IDNA2008.",
    .points = 25, /* by hand: no row has it */
    .adds = 50,
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} has an invalid xn-- label: correct it or use an ASCII name",
    .test = test_bad_alabel,
};

static enum answer test_unknown_tld(const struct evidence *e)
{
    return answer_if(e->helo.kind == NAME_HOST && e->helo.reserved == NAME_RESERVED_NONE &&
                     flagged(e, NAME_UNKNOWN_TLD) && !flagged(e, NAME_NUMERIC_TLD));
}

RULE(helo_unknown_tld) = {
    .summary = "The last label of the HELO name is not a top-level domain.",
    .points = 31,
    .adds = 100,
    .implies = IMPLIES(helo_unresolvable),
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} does not end in an existing top-level domain: greet with a host name that "
              "points to %{client}",
    .test = test_unknown_tld,
};

/* A container's id may happen to have no letter: helo_factory covers it. */
static enum answer test_numeric_tld(const struct evidence *e)
{
    return answer_if(flagged(e, NAME_NUMERIC_TLD) && e->helo.reserved != NAME_RESERVED_FACTORY);
}

RULE(helo_numeric_tld) = {
    .summary = "The last label of the HELO name is a number, but the name is not an address.",
    .points = 100,
    .certain = true,
    .implies = IMPLIES(helo_bad_syntax, helo_unknown_tld),
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} ends in a number and is neither a host name nor an address: greet with a "
              "host name that points to %{client}",
    .test = test_numeric_tld,
};

static enum answer test_public_suffix(const struct evidence *e)
{
    return answer_if(e->helo.kind == NAME_HOST && e->helo.reserved == NAME_RESERVED_NONE && flagged(e, NAME_IS_SUFFIX));
}

RULE(helo_public_suffix) = {
    .summary = "The HELO name is a public suffix such as co.uk, not the name of a host.",
    .points = 40, /* by hand: no row has it */
    .adds = 25,
    .enhanced = "5.5.2",
    .advice = "your HELO name %{helo} is a suffix under which domains are registered: greet with a host name of "
              "your own that points to %{client}",
    .test = test_public_suffix,
};
