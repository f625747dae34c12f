/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * header: Authentication-Results (RFC 8601) with iprev and, where it was evaluated, SPF of the HELO name; or
 * X-HELO-Score.
 *
 * iprev has no result "none": without a PTR record it is permerror (section 2.7.3). What is not known at all is left
 * out. Score and findings are a comment, because RFC 8601 registers no method for them. Foreign bytes pass
 * TEXT_REPLY, so they cannot end a comment, a value or the line.
 */
#include "header.h"

#include <string.h>

enum { SHOWN_MAX = 120, FINDINGS_ROOM = 300 };

/* The result word of RFC 8601 section 2.7.3, or NULL when reverse DNS was not looked up. */
static const char *iprev(const struct evidence *e)
{
    if (e->fcrdns == KNOWN_PRESENT)
        return "pass";
    if (e->reverse == KNOWN_ABSENT)
        return "permerror";
    if (e->reverse == KNOWN_TEMPERROR || e->fcrdns == KNOWN_TEMPERROR)
        return "temperror";
    return e->reverse == KNOWN_PRESENT && e->fcrdns == KNOWN_ABSENT && !e->rdns_partial ? "fail" : NULL;
}

static void add_name(struct text *t, const char *name)
{
    text_add_as(t, TEXT_REPLY, name, strnlen(name, SHOWN_MAX));
}

/* An IPv6 address is not a token of RFC 2045, so it is quoted. */
static void add_address(struct text *t, const struct address *a)
{
    char text[ADDRESS_TEXT_SIZE];
    const char *quote = a->family == ADDRESS_IPV6 ? "\"" : "";

    text_addf(t, "%s%s%s", quote, address_format(a, text), quote);
}

static bool add_iprev(struct text *t, const struct evidence *e)
{
    const char *result = iprev(e);
    const struct evidence_rdns *rdns = e->confirmed ? e->confirmed : e->rdns_count > 0 ? &e->rdns[0] : NULL;

    if (!result)
        return false;
    text_addf(t, "; iprev=%s policy.iprev=", result);
    add_address(t, &e->client);
    if (rdns) {
        text_add(t, " (");
        add_name(t, rdns->name.text);
        text_add(t, ")");
    }
    return true;
}

static bool add_spf(struct text *t, const struct evidence *e)
{
    if (!e->helo_spf || e->helo_spf->result == SPF_NOT_ASKED || e->helo.kind != NAME_HOST)
        return false;
    text_addf(t, "; spf=%s smtp.helo=", spf_result_name(e->helo_spf->result));
    add_name(t, e->helo.text);
    return true;
}

/* The score; or the least that it can be, where gathering stopped because the outcome was decided. */
static void add_number(struct text *t, const struct verdict *v)
{
    if (v->partial)
        text_addf(t, "at least %d", v->at_least);
    else
        text_addf(t, "%d", v->score);
}

static void add_authentication_results(struct text *t, const struct verdict *v, const struct evidence *e)
{
    bool any;

    text_add(t, "Authentication-Results: ");
    add_name(t, v->policy->authserv_id);
    any = add_iprev(t, e);
    any = add_spf(t, e) || any;
    if (!any)
        text_add(t, "; none");
    text_add(t, " (HELO score ");
    add_number(t, v);
    if (v->finding_count > 0) {
        text_add(t, ": ");
        decision_add_findings(v, FINDINGS_ROOM, t);
    }
    text_add(t, ")");
}

static void add_score(struct text *t, const struct verdict *v, const struct evidence *e)
{
    const char *result = iprev(e);

    text_add(t, "X-HELO-Score: ");
    add_number(t, v);
    text_add(t, " policy=");
    add_name(t, v->policy->name);
    text_addf(t, " action=%s", outcome_name(v->outcome));
    if (result)
        text_addf(t, " iprev=%s", result);
    if (v->id[0])
        text_addf(t, " id=%s", v->id);
    if (v->finding_count > 0) {
        text_add(t, " findings=");
        decision_add_findings(v, FINDINGS_ROOM, t);
    }
}

const char *header_make(const struct verdict *v, const struct evidence *e, struct region *r)
{
    static void (*const forms[])(struct text *, const struct verdict *, const struct evidence *) = {
        [HEADER_AUTHENTICATION_RESULTS] = add_authentication_results,
        [HEADER_SCORE] = add_score,
    };
    char line[REPLY_HEADER_MAX + 1];
    struct text t;

    text_init(&t, line, sizeof(line));
    forms[v->policy->header](&t, v, e);
    return t.full ? NULL : region_strdup(r, line);
}
