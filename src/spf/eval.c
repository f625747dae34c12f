/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * eval: evaluates the records. An include pushes a frame, a redirect replaces the top one, and an error in any frame
 * ends the evaluation (RFC 7208 sections 4 to 6).
 */
#include <string.h>

#include "machine.h"

static void fetch_run(struct spf *spf)
{
    machine_query_dns(spf, STATE_FETCH, machine_top(spf)->domain, DNS_TXT);
}

/* A missing record is "none" for the query's own domain, and an error in the record that refers to it otherwise. */
static void end_none(struct spf *spf, const char *why)
{
    const struct spf_frame *top = machine_top(spf);

    if (spf->depth == 1 && !top->redirected)
        machine_end(spf, SPF_NONE, why);
    else
        machine_end_permerror(spf, why, machine_printable_domain(spf));
}

/* Section 4.5: finds the only TXT record that is an SPF record. */
static void fetch_take(struct spf *spf, const struct dns_answer *answer)
{
    struct spf_frame *top = machine_top(spf);
    const struct dns_record *found = NULL;
    const char *error;

    if (answer->status == DNS_TEMPERROR) {
        machine_usable(spf, answer);
        return;
    }
    for (size_t i = 0; answer->status == DNS_FOUND && i < answer->count; i++) {
        if (!record_is(answer->records[i].text.bytes, answer->records[i].text.size))
            continue;
        if (found) {
            machine_end_permerror(spf, "more than one SPF record", machine_printable_domain(spf));
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
        machine_end(spf, SPF_TEMPERROR, "SPF records of more than 32 KB in total");
        return;
    }
    if (spf->depth == 1 && !top->redirected)
        spf->outcome.record = record_printable(found->text.bytes, found->text.size, spf->region);
    if (!record_parse(&top->record, found->text.bytes, found->text.size, spf->region, &error)) {
        machine_end(spf, SPF_PERMERROR, error);
        return;
    }
    if (spf->depth == 1 && !top->redirected)
        spf->outcome.deny_all = top->record.deny_all;
    if (machine_includes_would_pass(spf))
        breadth_add_record(&spf->breadth, &top->record);
    spf->state = STATE_TERM;
}

/*
 * Prepares the use of a domain-spec: enforces the limit of terms and, where the domain-spec or the mechanism needs the
 * client's validated names, looks them up first. Returns false when the term cannot be evaluated now.
 */
static bool prepare(struct spf *spf, const char *text, const char *target, bool needs_names)
{
    if (spf->outcome.lookups == SPF_TERMS_MAX) {
        machine_end_permerror(spf, "too many terms that require lookups", text);
        return false;
    }
    if (!spf->valid_known && (needs_names || macro_uses(target, 'p'))) {
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
    const char *domain = machine_top(spf)->domain, *name;

    if (!*target)
        return domain;
    spf->values.value['d' - 'a'] = domain;
    spf->values.value['p' - 'a'] = spf->valid_known ? host_valid_name(spf, domain) : NULL;
    name = macro_domain(target, &spf->values, spf->region);
    return name ? name : "";
}

static void redirect(struct spf *spf)
{
    struct spf_frame *top = machine_top(spf);
    const struct spf_modifier *modifier = &top->record.redirect;
    const char *name;

    if (!prepare(spf, modifier->text, modifier->target, false))
        return;
    name = target_name(spf, modifier->target);
    if (!machine_askable(name)) {
        machine_end_permerror(spf, "malformed target", modifier->text);
        return;
    }
    *top = (struct spf_frame){
        .domain = name, .redirected = true, .anybody = top->anybody || breadth_redirects_anybody(modifier)};
    spf->state = STATE_FETCH;
}

static void push_include(struct spf *spf, const char *name)
{
    if (!machine_askable(name)) {
        machine_end_permerror(spf, "malformed target", machine_current(spf)->text);
        return;
    }
    spf->frames[spf->depth++] = (struct spf_frame){.domain = name};
    spf->state = STATE_FETCH;
}

static bool ptr_matches(const struct spf *spf, const char *domain)
{
    for (unsigned i = 0; i < spf->valid_count; i++)
        if (host_name_within(spf->valid[i], domain))
            return true;
    return false;
}

/* Evaluates a mechanism that requires lookups. A name that is not valid in DNS does not match. */
static void look_up(struct spf *spf, const struct spf_term *term, const char *name)
{
    if (term->kind == SPF_INCLUDE)
        push_include(spf, name);
    else if (!machine_askable(name))
        machine_no_match(spf);
    else if (term->kind == SPF_A)
        machine_query_dns(spf, STATE_ADDRESS, name, host_address_type(spf));
    else if (term->kind == SPF_EXISTS)
        machine_query_dns(spf, STATE_EXISTS, name, DNS_A);
    else if (term->kind == SPF_MX)
        machine_query_dns(spf, STATE_MX, name, DNS_MX);
    else if (ptr_matches(spf, name))
        machine_match(spf);
    else
        machine_no_match(spf);
}

static void term_run(struct spf *spf)
{
    struct spf_frame *top = machine_top(spf);
    const struct spf_term *term = machine_current(spf);

    if (top->at == top->record.count) {
        if (top->record.redirect.text)
            redirect(spf);
        else
            machine_end_frame(spf, SPF_NEUTRAL);
    } else if (term->kind == SPF_ALL) {
        machine_match(spf);
    } else if (term->kind == SPF_IP4 || term->kind == SPF_IP6) {
        if (address_in(&spf->query.client, &term->net))
            machine_match(spf);
        else
            machine_no_match(spf);
    } else if (prepare(spf, term->text, term->target, term->kind == SPF_PTR)) {
        look_up(spf, term, target_name(spf, term->target));
    }
}

static void exists_take(struct spf *spf, const struct dns_answer *answer)
{
    if (machine_usable(spf, answer))
        machine_match(spf);
    else if (spf->state != STATE_DONE)
        machine_no_match(spf);
}

/* Section 6.2: when an explanation cannot be obtained, the result is kept and has no explanation. */
static void explain_run(struct spf *spf)
{
    const char *target = machine_top(spf)->record.exp.target, *name;

    if (!spf->valid_known && macro_uses(target, 'p')) {
        spf->after_ptr = STATE_EXPLAIN;
        spf->state = STATE_PTR;
        return;
    }
    name = target_name(spf, target);
    if (machine_askable(name))
        machine_query_dns(spf, STATE_EXPLAIN, name, DNS_TXT);
    else
        spf->state = STATE_DONE;
}

static void explain_take(struct spf *spf, const struct dns_answer *answer)
{
    const struct dns_record *text = answer->records;

    spf->state = STATE_DONE;
    if (answer->status != DNS_FOUND || answer->count != 1 || answer->left_out || text->text.size > SPF_BYTES_MAX ||
        macro_check((const char *)text->text.bytes, text->text.size, SPF_USE_EXPLANATION))
        return;
    spf->explanation = region_strndup(spf->region, (const char *)text->text.bytes, text->text.size);
    if (!spf->explanation)
        return;
    spf->after_ptr = STATE_EXPAND;
    spf->state = !spf->valid_known && macro_uses(spf->explanation, 'p') ? STATE_PTR : STATE_EXPAND;
}

static void expand_run(struct spf *spf)
{
    const char *domain = machine_top(spf)->domain, *text;

    spf->values.value['d' - 'a'] = domain;
    spf->values.value['p' - 'a'] = spf->valid_known ? host_valid_name(spf, domain) : NULL;
    text = macro_explanation(spf->explanation, &spf->values, spf->region);
    if (text)
        spf->outcome.explanation = text;
    spf->state = STATE_DONE;
}

const struct spf_state_row spf_states[STATE_COUNT] = {
    [STATE_FETCH] = {fetch_run, fetch_take},
    [STATE_TERM] = {term_run, NULL},
    [STATE_ADDRESS] = {NULL, host_address_take},
    [STATE_EXISTS] = {NULL, exists_take},
    [STATE_MX] = {NULL, host_mx_take},
    [STATE_MX_HOST] = {host_mx_host_run, host_mx_host_take},
    [STATE_PTR] = {host_ptr_run, host_ptr_take},
    [STATE_PTR_HOST] = {host_ptr_host_run, host_ptr_host_take},
    [STATE_EXPLAIN] = {explain_run, explain_take},
    [STATE_EXPAND] = {expand_run, NULL},
    [STATE_DONE] = {NULL, NULL},
};
