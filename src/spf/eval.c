/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * eval: evaluates the records. A stack of frames replaces the recursion of check_host(): an include pushes a frame, a
 * redirect replaces the top one, and an error in any frame ends the evaluation (RFC 7208 sections 4 to 6).
 */
#include <string.h>

#include "machine.h"

struct spf_frame *spf_top(struct spf *spf)
{
    return &spf->frames[spf->depth - 1];
}

static const struct spf_term *current(struct spf *spf)
{
    struct spf_frame *top = spf_top(spf);

    return &top->record.terms[top->at];
}

/* The terms through which the top frame was included would pass with it. */
static bool includes_would_pass(const struct spf *spf)
{
    for (unsigned i = 0; i + 1 < spf->depth; i++)
        if (spf->frames[i].record.terms[spf->frames[i].at].result != SPF_PASS)
            return false;
    return true;
}

bool spf_would_pass(struct spf *spf)
{
    return includes_would_pass(spf) && current(spf)->result == SPF_PASS;
}

void spf_query_dns(struct spf *spf, enum spf_state state, const char *name, enum dns_type type)
{
    if (spf->outcome.trace_count >= SPF_QUERIES_MAX) {
        spf_end(spf, SPF_TEMPERROR, "more than 40 lookups");
        return;
    }
    spf->ask = (struct spf_ask){.name = name, .type = type};
    spf->asking = true;
    spf->state = state;
}

static const char *printable_domain(struct spf *spf)
{
    const char *domain = spf_top(spf)->domain;

    return spf_printable(domain, strlen(domain), spf->region);
}

void spf_end(struct spf *spf, enum spf_result result, const char *reason)
{
    spf->outcome.result = result;
    spf->outcome.reason = reason ? reason : "";
    spf->outcome.term = "";
    spf->outcome.domain = printable_domain(spf);
    spf->asking = false;
    spf->state = STATE_DONE;
}

bool spf_askable(const char *name)
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

static void end_permerror(struct spf *spf, const char *what, const char *about)
{
    spf_end(spf, SPF_PERMERROR, region_printf(spf->region, "%s: %s", what, about));
}

bool spf_usable(struct spf *spf, const struct dns_answer *answer)
{
    const char *name;

    if (answer->status == DNS_FOUND)
        return true;
    name = spf_printable(spf->ask.name, strlen(spf->ask.name), spf->region);
    if (answer->status != DNS_TEMPERROR) {
        if (++spf->outcome.voids > spf->query.void_limit)
            end_permerror(spf, "too many void lookups", name);
        return false;
    }
    spf_end(spf, SPF_TEMPERROR,
            region_printf(spf->region, "lookup of %s: %s", name, answer->why ? answer->why : "temperror"));
    return false;
}

/* The top frame has a result. It is the result of the evaluation, or of the include that pushed it (section 5.2). */
static void end_frame(struct spf *spf, enum spf_result result)
{
    if (spf->depth > 1) {
        spf->depth--;
        if (result == SPF_PASS)
            spf_match(spf);
        else
            spf_no_match(spf);
        return;
    }
    spf->outcome.result = result;
    spf->outcome.allows_everybody = spf_breadth_is_everybody(&spf->breadth);
    spf->state = result == SPF_FAIL && spf->query.explain && spf_top(spf)->record.exp.text ? STATE_EXPLAIN : STATE_DONE;
}

void spf_match(struct spf *spf)
{
    const struct spf_term *term = current(spf);

    if (spf_would_pass(spf))
        spf_breadth_add_match(&spf->breadth, term);
    /* For an include that passes, report the term that matched inside it. Any other result is the include's own. */
    if (term->kind != SPF_INCLUDE || term->result != SPF_PASS) {
        spf->outcome.term = term->text;
        spf->outcome.domain = printable_domain(spf);
    }
    end_frame(spf, term->result);
}

void spf_no_match(struct spf *spf)
{
    spf_top(spf)->at++;
    spf->state = STATE_TERM;
}

static void fetch_run(struct spf *spf)
{
    spf_query_dns(spf, STATE_FETCH, spf_top(spf)->domain, DNS_TXT);
}

/* A missing record is "none" for the query's own domain, and an error in the record that refers to it otherwise. */
static void end_none(struct spf *spf, const char *why)
{
    const struct spf_frame *top = spf_top(spf);

    if (spf->depth == 1 && !top->redirected)
        spf_end(spf, SPF_NONE, why);
    else
        end_permerror(spf, why, printable_domain(spf));
}

/* Section 4.5: finds the only TXT record that is an SPF record. */
static void fetch_take(struct spf *spf, const struct dns_answer *answer)
{
    struct spf_frame *top = spf_top(spf);
    const struct dns_record *found = NULL;
    const char *error;

    if (answer->status == DNS_TEMPERROR) {
        spf_usable(spf, answer);
        return;
    }
    for (size_t i = 0; answer->status == DNS_FOUND && i < answer->count; i++) {
        if (!spf_record_is(answer->records[i].text.bytes, answer->records[i].text.size))
            continue;
        if (found) {
            end_permerror(spf, "more than one SPF record", printable_domain(spf));
            return;
        }
        found = &answer->records[i];
    }
    if (!found) {
        end_none(spf, "no SPF record");
        return;
    }
    spf->record_bytes += found->text.size;
    if (spf->record_bytes > SPF_BYTES_MAX) {
        spf_end(spf, SPF_TEMPERROR, "SPF records of more than 32 KB in total");
        return;
    }
    if (spf->depth == 1 && !top->redirected)
        spf->outcome.record = spf_printable(found->text.bytes, found->text.size, spf->region);
    if (!spf_record_parse(&top->record, found->text.bytes, found->text.size, spf->region, &error)) {
        spf_end(spf, SPF_PERMERROR, error);
        return;
    }
    if (spf->depth == 1 && !top->redirected)
        spf->outcome.deny_all = top->record.deny_all;
    if (includes_would_pass(spf))
        spf_breadth_add_record(&spf->breadth, &top->record);
    spf->state = STATE_TERM;
}

/*
 * Prepares the use of a domain-spec: enforces the limit of terms and, where the domain-spec or the mechanism needs the
 * client's validated names, looks them up first. Returns false when the term cannot be evaluated now.
 */
static bool prepare(struct spf *spf, const char *text, const char *target, bool needs_names)
{
    if (spf->outcome.lookups == SPF_TERMS_MAX) {
        end_permerror(spf, "too many terms that require lookups", text);
        return false;
    }
    if (!spf->valid_known && (needs_names || spf_macro_uses(target, 'p'))) {
        spf->after_ptr = spf->state;
        spf->state = STATE_PTR;
        return false;
    }
    spf->outcome.lookups++;
    return true;
}

/* Expands a domain-spec in the top frame. Without one the target is the frame's domain. */
static const char *target_name(struct spf *spf, const char *target)
{
    const char *domain = spf_top(spf)->domain, *name;

    if (!*target)
        return domain;
    spf->values.value['d' - 'a'] = domain;
    spf->values.value['p' - 'a'] = spf->valid_known ? spf_valid_name(spf, domain) : NULL;
    name = spf_macro_domain(target, &spf->values, spf->region);
    return name ? name : "";
}

static void redirect(struct spf *spf)
{
    struct spf_frame *top = spf_top(spf);
    const struct spf_modifier *modifier = &top->record.redirect;
    const char *name;

    if (!prepare(spf, modifier->text, modifier->target, false))
        return;
    name = target_name(spf, modifier->target);
    if (!spf_askable(name)) {
        end_permerror(spf, "malformed target", modifier->text);
        return;
    }
    *top = (struct spf_frame){.domain = name, .redirected = true};
    spf->state = STATE_FETCH;
}

static void push_include(struct spf *spf, const char *name)
{
    if (!spf_askable(name)) {
        end_permerror(spf, "malformed target", current(spf)->text);
        return;
    }
    spf->frames[spf->depth++] = (struct spf_frame){.domain = name};
    spf->state = STATE_FETCH;
}

static bool ptr_matches(const struct spf *spf, const char *domain)
{
    for (unsigned i = 0; i < spf->valid_count; i++)
        if (spf_name_within(spf->valid[i], domain))
            return true;
    return false;
}

/* Evaluates a mechanism that requires lookups. A name that is not valid in DNS does not match. */
static void look_up(struct spf *spf, const struct spf_term *term, const char *name)
{
    if (term->kind == SPF_INCLUDE)
        push_include(spf, name);
    else if (!spf_askable(name))
        spf_no_match(spf);
    else if (term->kind == SPF_A)
        spf_query_dns(spf, STATE_ADDRESS, name, spf_address_type(spf));
    else if (term->kind == SPF_EXISTS)
        spf_query_dns(spf, STATE_EXISTS, name, DNS_A);
    else if (term->kind == SPF_MX)
        spf_query_dns(spf, STATE_MX, name, DNS_MX);
    else if (ptr_matches(spf, name))
        spf_match(spf);
    else
        spf_no_match(spf);
}

static void term_run(struct spf *spf)
{
    struct spf_frame *top = spf_top(spf);
    const struct spf_term *term = current(spf);

    if (top->at == top->record.count) {
        if (top->record.redirect.text)
            redirect(spf);
        else
            end_frame(spf, SPF_NEUTRAL);
    } else if (term->kind == SPF_ALL) {
        spf_match(spf);
    } else if (term->kind == SPF_IP4 || term->kind == SPF_IP6) {
        if (address_in(&spf->query.client, &term->net))
            spf_match(spf);
        else
            spf_no_match(spf);
    } else if (prepare(spf, term->text, term->target, term->kind == SPF_PTR)) {
        look_up(spf, term, target_name(spf, term->target));
    }
}

static void exists_take(struct spf *spf, const struct dns_answer *answer)
{
    if (spf_usable(spf, answer))
        spf_match(spf);
    else if (spf->state != STATE_DONE)
        spf_no_match(spf);
}

/* Section 6.2: when an explanation cannot be obtained, the result is kept and has no explanation. */
static void explain_run(struct spf *spf)
{
    const char *target = spf_top(spf)->record.exp.target, *name;

    if (!spf->valid_known && spf_macro_uses(target, 'p')) {
        spf->after_ptr = STATE_EXPLAIN;
        spf->state = STATE_PTR;
        return;
    }
    name = target_name(spf, target);
    if (spf_askable(name))
        spf_query_dns(spf, STATE_EXPLAIN, name, DNS_TXT);
    else
        spf->state = STATE_DONE;
}

static void explain_take(struct spf *spf, const struct dns_answer *answer)
{
    const struct dns_record *text = answer->records;

    spf->state = STATE_DONE;
    if (answer->status != DNS_FOUND || answer->count != 1 || answer->left_out || text->text.size > SPF_BYTES_MAX ||
        spf_macro_check((const char *)text->text.bytes, text->text.size, SPF_USE_EXPLANATION))
        return;
    spf->explanation = region_strndup(spf->region, (const char *)text->text.bytes, text->text.size);
    if (!spf->explanation)
        return;
    spf->after_ptr = STATE_EXPAND;
    spf->state = !spf->valid_known && spf_macro_uses(spf->explanation, 'p') ? STATE_PTR : STATE_EXPAND;
}

static void expand_run(struct spf *spf)
{
    const char *domain = spf_top(spf)->domain, *text;

    spf->values.value['d' - 'a'] = domain;
    spf->values.value['p' - 'a'] = spf->valid_known ? spf_valid_name(spf, domain) : NULL;
    text = spf_macro_explanation(spf->explanation, &spf->values, spf->region);
    if (text)
        spf->outcome.explanation = text;
    spf->state = STATE_DONE;
}

const struct spf_state_row spf_states[STATE_COUNT] = {
    [STATE_FETCH] = {fetch_run, fetch_take},
    [STATE_TERM] = {term_run, NULL},
    [STATE_ADDRESS] = {NULL, spf_address_take},
    [STATE_EXISTS] = {NULL, exists_take},
    [STATE_MX] = {NULL, spf_mx_take},
    [STATE_MX_HOST] = {spf_mx_host_run, spf_mx_host_take},
    [STATE_PTR] = {spf_ptr_run, spf_ptr_take},
    [STATE_PTR_HOST] = {spf_ptr_host_run, spf_ptr_host_take},
    [STATE_EXPLAIN] = {explain_run, explain_take},
    [STATE_EXPAND] = {expand_run, NULL},
    [STATE_DONE] = {NULL, NULL},
};
