/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine: the steps that every mechanism takes: asking for a lookup, judging its answer, and ending a term, a record
 * or the whole. A stack of frames replaces the recursion of check_host() (RFC 7208 sections 4 to 6).
 */
#include "machine.h"

#include <string.h>

struct spf_frame *machine_top(struct spf *spf)
{
    return &spf->frames[spf->depth - 1];
}

const struct spf_term *machine_current(struct spf *spf)
{
    struct spf_frame *top = machine_top(spf);

    return &top->record.terms[top->at];
}

/* Whether all include terms that led to the top frame pass if it does. */
bool machine_includes_would_pass(const struct spf *spf)
{
    for (unsigned i = 0; i + 1 < spf->depth; i++)
        if (spf->frames[i].record.terms[spf->frames[i].at].result != SPF_PASS)
            return false;
    return true;
}

bool machine_would_pass(struct spf *spf)
{
    return machine_includes_would_pass(spf) && machine_current(spf)->result == SPF_PASS;
}

void machine_query_dns(struct spf *spf, enum spf_state state, const char *name, enum dns_type type)
{
    if (spf->outcome.trace_count >= SPF_QUERIES_MAX) {
        machine_end(spf, SPF_TEMPERROR, "more than 40 lookups");
        return;
    }
    spf->ask = (struct spf_ask){.name = name, .type = type};
    spf->asking = true;
    spf->state = state;
}

const char *machine_printable_domain(struct spf *spf)
{
    const char *domain = machine_top(spf)->domain;

    return record_printable(domain, strlen(domain), spf->region);
}

void machine_end(struct spf *spf, enum spf_result result, const char *reason)
{
    spf->outcome.result = result;
    spf->outcome.reason = reason ? reason : "";
    spf->outcome.term = "";
    spf->outcome.domain = machine_printable_domain(spf);
    spf->asking = false;
    spf->state = STATE_DONE;
}

bool machine_askable(const char *name)
{
    size_t n = strlen(name), label = 0;

    if (!n || n > SPF_DOMAIN_MAX)
        return false;
    for (size_t i = 0; i <= n; i++) {
        if (i < n && name[i] != '.')
            label++;
        else if (!label || label > 63)
            return false;
        else
            label = 0;
    }
    return true;
}

void machine_end_permerror(struct spf *spf, const char *what, const char *about)
{
    machine_end(spf, SPF_PERMERROR, region_printf(spf->region, "%s: %s", what, about));
}

bool machine_usable(struct spf *spf, const struct dns_answer *answer)
{
    const char *name;

    if (answer->status == DNS_FOUND)
        return true;
    name = record_printable(spf->ask.name, strlen(spf->ask.name), spf->region);
    if (answer->status != DNS_TEMPERROR) {
        if (++spf->outcome.voids > spf->query.void_limit)
            machine_end_permerror(spf, "too many void lookups", name);
        return false;
    }
    machine_end(spf, SPF_TEMPERROR,
                region_printf(spf->region, "lookup of %s: %s", name, answer->why ? answer->why : "temperror"));
    return false;
}

/* The top frame has a result. It is the result of the evaluation, or of the include that pushed it (section 5.2). */
void machine_end_frame(struct spf *spf, enum spf_result result)
{
    if (spf->depth > 1) {
        spf->depth--;
        if (result == SPF_PASS)
            machine_match(spf);
        else
            machine_no_match(spf);
        return;
    }
    spf->outcome.result = result;
    spf->outcome.allows_everybody = breadth_is_everybody(&spf->breadth);
    spf->outcome.may_match_anybody = spf->breadth.anybody;
    spf->state =
        result == SPF_FAIL && spf->query.explain && machine_top(spf)->record.exp.text ? STATE_EXPLAIN : STATE_DONE;
}

void machine_match(struct spf *spf)
{
    const struct spf_term *term = machine_current(spf);

    if (machine_would_pass(spf)) {
        breadth_add_match(&spf->breadth, term);
        spf->breadth.anybody = spf->breadth.anybody || machine_top(spf)->anybody;
    }
    /* For an include that passes, report the term that matched inside it. Any other result is the include's own. */
    if (term->kind != SPF_INCLUDE || term->result != SPF_PASS) {
        spf->outcome.term = term->text;
        spf->outcome.domain = machine_printable_domain(spf);
    }
    machine_end_frame(spf, term->result);
}

void machine_no_match(struct spf *spf)
{
    machine_top(spf)->at++;
    spf->state = STATE_TERM;
}
