/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_preview: runs the daemon's own gather and judgement on greetings whose DNS answers are given here. gather
 * finds the local facts and looks nothing up without a resolver; the DNS evidence is then filled in.
 */
#include "policy_preview.h"

#include <limits.h>
#include <string.h>

#include "decision.h"
#include "gather.h"
#include "text.h"

enum { REGION_LIMIT = 1 << 20 };

static const char client[] = "198.51.100.25", elsewhere[] = "25.0.0.25";

/* Each row is complete: the client, its greeting, and what DNS says. */
static const struct greeting {
    const char *words, *helo, *rdns; /* rdns: confirmed; "": there is none */
    enum known address, is_client;   /* whether the HELO name has addresses, and the client is among them */
    bool says_ehlo;
    bool persistent; /* it has greeted unverified for days */
} greetings[POLICY_PREVIEW_GREETINGS] = {
    {"a correctly configured mail server", "mail.honest.org", "mail.honest.org", KNOWN_PRESENT, KNOWN_PRESENT, true,
     false},
    {"a large provider's pool: another name of its domain", "outbound.pool.org", "out17.pool.org", KNOWN_PRESENT,
     KNOWN_ABSENT, true, false},
    {"a server without a reverse name", "mail.small.org", "", KNOWN_PRESENT, KNOWN_PRESENT, true, false},
    {"a name that has nothing to do with the client", "mail.other.org", "web7.hoster.net", KNOWN_PRESENT, KNOWN_ABSENT,
     true, false},
    {"the same, for days", "mail.other.org", "web7.hoster.net", KNOWN_PRESENT, KNOWN_ABSENT, true, true},
    {"a dynamic customer address under its provider's name", "dyn-198-51-100-25.pool.isp.net",
     "dyn-198-51-100-25.pool.isp.net", KNOWN_PRESENT, KNOWN_PRESENT, true, false},
    {"a name of one label", "mailserver", "", KNOWN_ABSENT, KNOWN_ABSENT, true, false},
    {"a client that calls itself localhost", "localhost", "", KNOWN_ABSENT, KNOWN_ABSENT, true, false},
    {"a special-use or private name", "server1.local", "mail.honest.org", KNOWN_ABSENT, KNOWN_ABSENT, true, false},
    {"an example name from documentation", "mail.example.com", "mail.honest.org", KNOWN_ABSENT, KNOWN_ABSENT, true,
     false},
    {"an address without brackets", client, "", KNOWN_NOT_ASKED, KNOWN_NOT_ASKED, false, false},
    {"an address literal", "[198.51.100.25]", "", KNOWN_NOT_ASKED, KNOWN_NOT_ASKED, true, false},
    {"a malformed name", "mail?server..org", "", KNOWN_NOT_ASKED, KNOWN_NOT_ASKED, false, false},
};

static struct request request_of(const struct greeting *g)
{
    struct request req;

    request_init(&req);
    (void)address_parse(&req.client, client, strlen(client));
    req.esmtp = g->says_ehlo;
    req.protocol_name = g->says_ehlo ? "ESMTP" : "SMTP";
    req.client_address = client;
    req.client_name = req.reverse_client_name = g->rdns[0] != '\0' ? g->rdns : "unknown";
    req.helo_name = g->helo;
    req.sender = "info@sender.org";
    req.recipient = "info@recipient.org";
    req.instance = "1";
    return req;
}

static void never(void *arg, const struct gathered *gathered)
{
    (void)arg;
    (void)gathered;
}

/* The evidence as it would be after all lookups. False without memory. */
static bool gather_for(const struct settings *s, const struct policy *policy, const struct greeting *g,
                       const struct request *req, struct region *r, struct evidence *e)
{
    static const struct gather_context nothing = {.resolver = NULL};
    static const struct spf_outcome no_spf = {.result = SPF_NONE};
    struct gather_options options = {.settings = s, .policy = policy, .request = req, .region = r, .done = never};
    struct gather *pending = NULL;
    const struct gathered *gathered = gather_start(&nothing, &options, &pending);

    if (gathered == NULL)
        return false;
    *e = *gathered->evidence;
    e->reverse = e->fcrdns = g->rdns[0] != '\0' ? KNOWN_PRESENT : KNOWN_ABSENT;
    e->rdns_partial = false;
    e->helo_address = g->address;
    e->helo_is_client = g->is_client;
    e->helo_address_count = g->address == KNOWN_PRESENT;
    (void)address_parse(&e->helo_addresses[0], elsewhere, strlen(elsewhere));
    if (g->is_client == KNOWN_PRESENT)
        e->helo_addresses[0] = req->client;
    e->helo_mx = KNOWN_ABSENT;
    e->helo_nxdomain = g->address == KNOWN_ABSENT;
    e->helo_spf = e->owner_spf = &no_spf;
    e->owner_is_client = KNOWN_ABSENT;
    e->history.known = e->history.name_known = true;
    e->history.limits.shared_networks = UINT_MAX; /* there is a store, whatever the policy file says */
    e->history.misfits = e->history.misfit_days = g->persistent ? 10 : 0;
    evidence_conclude(e);
    return true;
}

/* What happens to the mail, and where the mode changes that, what would happen without it. */
static const char *fate(const struct verdict *v, struct region *r)
{
    static const char *const words[OUTCOME_COUNT] = {
        [OUTCOME_DUNNO] = "passes",
        [OUTCOME_MARK] = "passes, marked",
        [OUTCOME_DEFER] = "is deferred (4xx)",
        [OUTCOME_REJECT] = "is rejected (5xx)",
    };
    static const char *const would[OUTCOME_COUNT] = {
        [OUTCOME_DUNNO] = "pass",
        [OUTCOME_MARK] = "be marked",
        [OUTCOME_DEFER] = "be deferred (4xx)",
        [OUTCOME_REJECT] = "be rejected (5xx)",
    };
    const char *text;

    if (v->outcome == v->judged)
        return words[v->outcome];
    text = region_printf(r, "%s because of the mode, would %s", words[v->outcome], would[v->judged]);
    return text ? text : words[v->outcome];
}

static bool print_greeting(const struct settings *s, const struct policy *policy, const struct greeting *g,
                           struct region *r, FILE *out)
{
    struct request req = request_of(g);
    struct evidence e;
    struct judgement j;
    struct verdict v;
    char why[256];
    struct text t;

    region_reset(r);
    if (!gather_for(s, policy, g, &req, r, &e))
        return false;
    judge_evidence(policy, &e, &j);
    policy_verdict(&j, &e, r, &v);
    text_init(&t, why, sizeof(why));
    decision_add_findings(&v, sizeof(why) - 1, &t);
    fprintf(out, "#   %-52s %s: score %d%s%s\n", g->words, fate(&v, r), v.score, why[0] != '\0' ? ", " : "", why);
    return true;
}

bool policy_preview_print(const struct settings *s, FILE *out)
{
    struct region *r = region_new(REGION_LIMIT);
    bool done = r != NULL;

    for (size_t p = 0; done && p < s->policy_count; p++) {
        fprintf(out, "\n# What policy \"%s\" does to mail from\n", s->policies[p]->name);
        for (size_t i = 0; done && i < POLICY_PREVIEW_GREETINGS; i++)
            done = print_greeting(s, s->policies[p], &greetings[i], r, out);
    }
    region_free(r);
    return done;
}
