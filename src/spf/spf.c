/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spf: the evaluator's interface. It prepares the macro values, records each answer in the trace, and runs states until
 * one needs a lookup. It always terminates, because every state either requests a lookup, which happens at most
 * SPF_QUERIES_MAX times, or advances in a record.
 */
#include <assert.h>
#include <string.h>

#include "machine.h"
#include "text.h"

static const char *const result_names[] = {
    [SPF_NOT_ASKED] = "not_asked", [SPF_NONE] = "none",           [SPF_NEUTRAL] = "neutral",
    [SPF_PASS] = "pass",           [SPF_FAIL] = "fail",           [SPF_SOFTFAIL] = "softfail",
    [SPF_TEMPERROR] = "temperror", [SPF_PERMERROR] = "permerror",
};

const char *spf_result_name(enum spf_result result)
{
    return (size_t)result < sizeof result_names / sizeof *result_names ? result_names[result] : "?";
}

static void set_value(struct spf *spf, char letter, const char *value)
{
    spf->values.value[letter - 'a'] = value ? value : "";
}

/* The value of %{i}: the dotted quad, or the nibbles of an IPv6 address separated by dots. */
static const char *dotted(const struct address *a, struct region *r)
{
    static const char hex[] = "0123456789ABCDEF";
    char text[ADDRESS_TEXT_SIZE], nibbles[64];

    if (a->family != ADDRESS_IPV6)
        return region_strdup(r, address_format(a, text));
    for (size_t i = 0; i < 32; i++) {
        nibbles[2 * i] = hex[i % 2 ? a->bytes[i / 2] & 15 : a->bytes[i / 2] >> 4];
        nibbles[2 * i + 1] = '.';
    }
    return region_strndup(r, nibbles, 63);
}

/* Returns LOCAL@DOMAIN. */
static const char *mailbox(struct region *r, const char *local, size_t local_size, const char *domain)
{
    size_t n = strnlen(domain, SPF_VALUE_MAX), size = local_size + 1 + n + 1;
    char *out = region_alloc(r, size);
    struct text t;

    if (!out)
        return NULL;
    text_init(&t, out, size);
    text_add_bytes(&t, local, local_size);
    text_add_char(&t, '@');
    text_add_bytes(&t, domain, n);
    return out;
}

static const char *number(struct region *r, long long n)
{
    char digits[24];
    struct text t;

    text_init(&t, digits, sizeof digits);
    text_add_number(&t, n);
    return region_strndup(r, digits, t.used);
}

static void set_sender(struct spf *spf, const char *sender, const char *helo)
{
    const char *at, *local = "postmaster", *domain;
    int local_size = (int)strlen(local);

    if (!sender || !*sender)
        sender = helo;
    at = strrchr(sender, '@');
    domain = at ? at + 1 : sender;
    if (at && at > sender) {
        local = sender;
        local_size = at - sender < SPF_VALUE_MAX ? (int)(at - sender) : SPF_VALUE_MAX;
    }
    set_value(spf, 's', mailbox(spf->region, local, (size_t)local_size, domain));
    set_value(spf, 'l', region_strndup(spf->region, local, (size_t)local_size));
    set_value(spf, 'o', region_strndup(spf->region, domain, strnlen(domain, SPF_VALUE_MAX)));
}

static void set_values(struct spf *spf, const struct spf_query *query)
{
    struct region *r = spf->region;
    const char *helo = query->helo ? query->helo : "";
    const char *receiver = query->receiver && *query->receiver ? query->receiver : "unknown";
    char text[ADDRESS_TEXT_SIZE];

    set_sender(spf, query->sender, helo);
    set_value(spf, 'h', region_strndup(r, helo, strnlen(helo, SPF_VALUE_MAX)));
    set_value(spf, 'i', dotted(&query->client, r));
    set_value(spf, 'c', region_strdup(r, address_format(&query->client, text)));
    set_value(spf, 'v', query->client.family == ADDRESS_IPV6 ? "ip6" : "in-addr");
    set_value(spf, 'r', region_strndup(r, receiver, strnlen(receiver, SPF_VALUE_MAX)));
    set_value(spf, 't', number(r, query->now));
}

/*
 * Section 4.3: only a name of two or more labels has a record. Address literals, bare addresses and names with bytes
 * that no host name has are malformed. Returns NULL, or the reason for "none".
 */
static const char *refuse_domain(const char *domain)
{
    bool dots = false, digits = true;

    if (!*domain)
        return "no domain";
    for (const char *c = domain; *c; c++) {
        bool digit = *c >= '0' && *c <= '9';

        if (!digit && !(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') && !strchr("-_.", *c))
            return "malformed domain";
        dots = dots || *c == '.';
        digits = *c == '.' || (digits && digit); /* whether the last label is all digits */
    }
    if (!machine_askable(domain))
        return "malformed domain";
    if (!dots)
        return "domain of one label";
    return digits ? "malformed domain" : NULL;
}

static void start(struct spf *spf)
{
    const char *refusal = refuse_domain(spf->frames[0].domain);

    spf->depth = 1;
    if (!refusal && spf->query.client.family == ADDRESS_NONE)
        refusal = "no client address";
    if (refusal)
        machine_end(spf, SPF_NONE, refusal);
}

struct spf *spf_new(const struct spf_query *query, struct region *r)
{
    struct spf *spf = region_alloc(r, sizeof *spf);
    const char *domain = query->domain ? query->domain : "";
    size_t n = strnlen(domain, DNS_NAME_SIZE);

    if (!spf)
        return NULL;
    spf->region = r;
    spf->query = *query;
    spf->query.domain = spf->query.sender = spf->query.helo = spf->query.receiver =
        NULL; /* these belong to the caller */
    spf->outcome = (struct spf_outcome){
        .record = "", .term = "", .domain = "", .reason = "", .explanation = "", .trace = spf->trace};
    if (n && domain[n - 1] == '.')
        n--;
    spf->frames[0].domain = region_strndup(r, domain, n);
    set_values(spf, query);
    if (region_failed(r))
        return NULL;
    start(spf);
    return spf;
}

enum spf_step spf_step(struct spf *spf, struct spf_ask *ask)
{
    while (!spf->asking && spf->state != STATE_DONE) {
        spf_states[spf->state].run(spf);
        if (region_failed(spf->region))
            machine_end(spf, SPF_TEMPERROR, "out of memory");
    }
    if (spf->state == STATE_DONE)
        return SPF_DONE;
    *ask = spf->ask;
    return SPF_ASK;
}

void spf_feed(struct spf *spf, const struct dns_answer *answer)
{
    assert(spf->asking);
    spf->asking = false;
    if (spf->outcome.trace_count < SPF_QUERIES_MAX)
        spf->trace[spf->outcome.trace_count++] = (struct spf_trace){
            .name = spf->ask.name,
            .type = spf->ask.type,
            .status = answer->status,
            .why = answer->why ? answer->why : "",
            .records = answer->status == DNS_FOUND ? answer->count : 0,
        };
    spf_states[spf->state].take(spf, answer);
    if (region_failed(spf->region))
        machine_end(spf, SPF_TEMPERROR, "out of memory");
}

void spf_abandon(struct spf *spf)
{
    if (spf->outcome.result == SPF_NOT_ASKED)
        machine_end(spf, SPF_TEMPERROR, "deadline");
    spf->asking = false;
    spf->state = STATE_DONE;
}

const struct spf_outcome *spf_outcome(const struct spf *spf)
{
    return &spf->outcome;
}
