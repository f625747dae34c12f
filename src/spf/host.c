/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host: the mechanisms that look for the client among addresses of hosts: a, mx, and the validated PTR names, which ptr
 * and %{p} share. The PTR names are looked up once per evaluation.
 */
#include <string.h>
#include <strings.h>

#include "machine.h"

enum dns_type host_address_type(const struct spf *spf)
{
    return spf->query.client.family == ADDRESS_IPV6 ? DNS_AAAA : DNS_A;
}

/* True when the client is in one of the addresses' networks of the term's prefix length. */
static bool among(struct spf *spf, const struct dns_answer *answer)
{
    const struct spf_frame *top = machine_top(spf);
    const struct spf_term *term = &top->record.terms[top->at];
    unsigned bits = spf->query.client.family == ADDRESS_IPV6 ? term->bits6 : term->bits4;

    if (machine_would_pass(spf))
        breadth_add_hosts(&spf->breadth, term, spf->query.client.family, answer->count);

    for (size_t i = 0; i < answer->count; i++) {
        const struct address *a = &answer->records[i].address;
        struct network net = address_network(a, bits);

        if (a->family == spf->query.client.family && address_in(&spf->query.client, &net))
            return true;
    }
    return false;
}

/*
 * The same for the answer to a mechanism. If the client is not among the addresses but some were left out, the result
 * is unknown and the evaluation ends with temperror.
 */
static bool matches(struct spf *spf, const struct dns_answer *answer)
{
    if (!machine_usable(spf, answer))
        return false;
    if (among(spf, answer))
        return true;
    if (answer->left_out > 0)
        machine_end(spf, SPF_TEMPERROR, "a host with too many addresses");
    return false;
}

void host_address_take(struct spf *spf, const struct dns_answer *answer)
{
    if (matches(spf, answer))
        machine_match(spf);
    else if (spf->state != STATE_DONE)
        machine_no_match(spf);
}

/* Copies the names of a PTR or MX answer, because the answer is borrowed. */
static void keep_hosts(struct spf *spf, const struct dns_answer *answer)
{
    spf->host_count = spf->host_at = 0;
    for (size_t i = 0; i < answer->count && spf->host_count < SPF_HOSTS_MAX; i++) {
        const char *name = region_strdup(spf->region, answer->records[i].host.name);

        if (name)
            spf->hosts[spf->host_count++] = name;
    }
}

/* Returns the next host that can be looked up, or NULL after the last. A null MX (the root) is skipped. */
static const char *next_host(struct spf *spf)
{
    while (spf->host_at < spf->host_count) {
        const char *name = spf->hosts[spf->host_at++];

        if (machine_askable(name))
            return name;
    }
    return NULL;
}

void host_mx_take(struct spf *spf, const struct dns_answer *answer)
{
    if (!machine_usable(spf, answer)) {
        if (spf->state != STATE_DONE)
            machine_no_match(spf);
        return;
    }
    if (answer->count + answer->left_out > SPF_HOSTS_MAX) {
        machine_end(spf, SPF_PERMERROR, "more than 10 MX records");
        return;
    }
    keep_hosts(spf, answer);
    spf->state = STATE_MX_HOST;
}

void host_mx_host_run(struct spf *spf)
{
    const char *name = next_host(spf);

    if (name)
        machine_query_dns(spf, STATE_MX_HOST, name, host_address_type(spf));
    else
        machine_no_match(spf);
}

void host_mx_host_take(struct spf *spf, const struct dns_answer *answer)
{
    if (matches(spf, answer))
        machine_match(spf);
}

void host_ptr_run(struct spf *spf)
{
    char name[ADDRESS_REVERSE_SIZE];
    const char *copy = region_strdup(spf->region, address_reverse_name(&spf->query.client, name));

    if (copy)
        machine_query_dns(spf, STATE_PTR, copy, DNS_PTR);
}

/*
 * Section 5.5: a DNS error means that there are no names; it never ends the evaluation. A missing PTR counts as a
 * void lookup of the term that needed it. Failed lookups of the PTR names do not count, because the client chose
 * those names, not the publisher of the record.
 */
void host_ptr_take(struct spf *spf, const struct dns_answer *answer)
{
    spf->host_count = spf->host_at = 0;
    spf->state = STATE_PTR_HOST;
    if (answer->status == DNS_FOUND)
        keep_hosts(spf, answer);
    else if (answer->status != DNS_TEMPERROR && spf->after_ptr == STATE_TERM)
        machine_usable(spf, answer);
}

void host_ptr_host_run(struct spf *spf)
{
    const char *name = next_host(spf);

    if (name) {
        machine_query_dns(spf, STATE_PTR_HOST, name, host_address_type(spf));
        return;
    }
    spf->valid_known = true;
    spf->state = spf->after_ptr;
}

void host_ptr_host_take(struct spf *spf, const struct dns_answer *answer)
{
    if (answer->status != DNS_FOUND)
        return;
    for (size_t i = 0; i < answer->count; i++) {
        if (address_equal(&answer->records[i].address, &spf->query.client)) {
            spf->valid[spf->valid_count++] = spf->hosts[spf->host_at - 1];
            return;
        }
    }
}

bool host_name_within(const char *name, const char *domain)
{
    size_t n = strlen(name), m = strlen(domain);

    if (n < m || strcasecmp(name + n - m, domain) != 0)
        return false;
    return n == m || name[n - m - 1] == '.';
}

const char *host_valid_name(const struct spf *spf, const char *domain)
{
    const char *best = spf->valid_count ? spf->valid[0] : "unknown";

    for (unsigned i = spf->valid_count; i-- > 0;) { /* backwards, so that the first name below the domain wins */
        if (!strcasecmp(spf->valid[i], domain))
            return spf->valid[i];
        if (host_name_within(spf->valid[i], domain))
            best = spf->valid[i];
    }
    return best;
}
