/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * evidence_builder: see the header. A mistake in a line is a mistake in the test, so it aborts.
 */
#include "evidence_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_SIZE = 1200 };

struct region *region;
static struct name_data *names;

static void fail(const char *what, const char *word)
{
    fprintf(stderr, "evidence builder: %s: %s\n", what, word);
    abort();
}

int builder_start(void **state)
{
    const char *top = getenv("top_srcdir");
    char file[512], error[256];

    (void)state;
    snprintf(file, sizeof(file), "%s/tests/unit/names/psl.dat", top ? top : ".");
    names = name_data_new(file, NULL, error, sizeof(error));
    if (!names)
        fail("no names", error);
    region = region_new(16 << 20);
    return region == NULL;
}

int builder_stop(void **state)
{
    (void)state;
    region_free(region);
    name_data_free(names);
    return 0;
}

const struct name_data *builder_names(void)
{
    return names;
}

static struct address address(const char *text)
{
    struct address a;

    if (!address_parse(&a, text, strlen(text)))
        fail("no address", text);
    return a;
}

static void parse_name(struct name *out, const char *text, struct region *r)
{
    name_parse(out, text, strlen(text), names, r);
}

static struct naming naming_flags(char *list)
{
    static const struct {
        const char *word;
        unsigned flag;
    } flags[] = {
        {"address", NAMING_ADDRESS}, {"foreign", NAMING_FOREIGN}, {"dynamic", NAMING_DYNAMIC},
        {"generic", NAMING_GENERIC}, {"server", NAMING_SERVER},   {"random", NAMING_RANDOM},
        {"bulk", NAMING_BULK},       {"role", NAMING_MAIL_ROLE},  {"stock", NAMING_STOCK},
        {"partial", NAMING_PARTIAL}, {"long", NAMING_LONG},       {"fixed", NAMING_FIXED},
        {"mass", NAMING_MASS},
    };
    struct naming out = {0, ""};
    char *rest = list;

    for (char *word = strtok_r(list, "+", &rest); word; word = strtok_r(NULL, "+", &rest)) {
        unsigned found = 0;

        for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
            if (strcmp(flags[i].word, word) == 0)
                found = flags[i].flag;
        if (!found)
            fail("no naming flag", word);
        out.flags |= found;
        out.detail = "token";
    }
    return out;
}

static void add_rdns(struct evidence *e, char *item, struct region *r)
{
    struct evidence_rdns *rdns = &e->rdns[e->rdns_count++];
    char *flags = strchr(item, '/'), *state;

    if (flags)
        *flags++ = '\0';
    state = strchr(item, ':');
    if (state)
        *state++ = '\0';
    parse_name(&rdns->name, item, r);
    rdns->naming = flags ? naming_flags(flags) : (struct naming){0, ""};
    rdns->has_address = state && (strcmp(state, "pass") == 0 || strcmp(state, "fail") == 0);
    if (!state)
        rdns->confirmed = KNOWN_NOT_ASKED;
    else if (strcmp(state, "pass") == 0)
        rdns->confirmed = KNOWN_PRESENT;
    else if (strcmp(state, "fail") == 0 || strcmp(state, "noaddr") == 0)
        rdns->confirmed = KNOWN_ABSENT;
    else if (strcmp(state, "temp") == 0)
        rdns->confirmed = KNOWN_TEMPERROR;
    else
        fail("no state", state);
}

static void word_rdns(struct evidence *e, char *value, struct region *r)
{
    char *rest = value;

    e->reverse = KNOWN_PRESENT;
    e->reverse_silent = strcmp(value, "silent") == 0;
    if (strcmp(value, "none") == 0)
        e->reverse = KNOWN_ABSENT;
    else if (strcmp(value, "temperror") == 0 || strcmp(value, "silent") == 0)
        e->reverse = KNOWN_TEMPERROR;
    else
        for (char *item = strtok_r(value, ",", &rest); item; item = strtok_r(NULL, ",", &rest))
            add_rdns(e, item, r);
}

static void word_addr(struct evidence *e, char *value, struct region *r)
{
    char *rest = value;

    (void)r;
    e->helo_nxdomain = strcmp(value, "nxdomain") == 0;
    if (strcmp(value, "none") == 0 || e->helo_nxdomain) {
        e->helo_address = e->helo_is_client = KNOWN_ABSENT;
    } else if (strcmp(value, "temperror") == 0) {
        e->helo_address = e->helo_is_client = KNOWN_TEMPERROR;
    } else {
        e->helo_address = KNOWN_PRESENT;
        e->helo_is_client = KNOWN_ABSENT;
        for (char *item = strtok_r(value, ",", &rest); item; item = strtok_r(NULL, ",", &rest))
            e->helo_addresses[e->helo_address_count++] = address(item);
    }
}

static void word_addr4temp(struct evidence *e, char *value, struct region *r)
{
    (void)value;
    (void)r;
    e->helo_is_client = KNOWN_TEMPERROR;
}

static void word_mx(struct evidence *e, char *value, struct region *r)
{
    (void)r;
    e->helo_mx = strcmp(value, "yes") == 0    ? KNOWN_PRESENT
                 : strcmp(value, "none") == 0 ? KNOWN_ABSENT
                                              : KNOWN_TEMPERROR;
}

static const struct spf_outcome *spf_outcome_of(const char *value, struct region *r)
{
    struct spf_outcome *spf = region_alloc(r, sizeof(*spf));

    spf->record = spf->term = spf->domain = spf->reason = spf->explanation = "";
    spf->deny_all = strcmp(value, "denyall") == 0;
    spf->allows_everybody = strcmp(value, "passall") == 0;
    spf->record = spf->deny_all ? "v=spf1 -all" : "";
    for (int i = SPF_NONE; i <= SPF_PERMERROR; i++)
        if (strcmp(spf_result_name((enum spf_result)i), spf->deny_all           ? "fail"
                                                        : spf->allows_everybody ? "pass"
                                                                                : value) == 0)
            spf->result = (enum spf_result)i;
    if (spf->result == SPF_NOT_ASKED)
        fail("no SPF result", value);
    return spf;
}

static void word_spf(struct evidence *e, char *value, struct region *r)
{
    e->helo_spf = spf_outcome_of(value, r);
}

/* "unasked", "address", or what SPF of the domain says that HELO claims to be of. */
static void word_owner(struct evidence *e, char *value, struct region *r)
{
    bool asked = strcmp(value, "unasked") != 0, address = strcmp(value, "address") == 0;

    e->owner_is_client = address ? KNOWN_PRESENT : asked ? KNOWN_ABSENT : KNOWN_NOT_ASKED;
    e->owner_spf = asked ? spf_outcome_of(address ? "none" : value, r) : NULL;
}

static void word_naming(struct evidence *e, char *value, struct region *r)
{
    (void)r;
    e->helo_naming = naming_flags(value);
}

static void word_history(struct evidence *e, char *value, struct region *r)
{
    struct history_facts *h = &e->history;
    char *rest = value;

    (void)r;
    h->known = h->name_known = true;
    for (char *item = strtok_r(value, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
        unsigned n = 0;
        char what[16] = "";

        if (sscanf(item, "%15[a-z]:%u", what, &n) < 1)
            fail("no fact", item);
        h->known = h->known && strcmp(what, "down") != 0 && strcmp(what, "clientdown") != 0;
        h->name_known = h->name_known && strcmp(what, "down") != 0 && strcmp(what, "namedown") != 0;
        h->misfits = strcmp(what, "misfits") == 0 ? n : h->misfits;
        h->misfit_days = strcmp(what, "misfitdays") == 0 ? n : h->misfit_days;
        h->domains = strcmp(what, "domains") == 0 ? n : h->domains;
        h->networks = strcmp(what, "networks") == 0 ? n : h->networks;
        h->good = strcmp(what, "good") == 0 ? n : h->good;
        h->good_days = strcmp(what, "days") == 0 ? n : h->good_days;
        h->verified_other = h->verified_other || strcmp(what, "other") == 0;
    }
}

static void word_provider(struct evidence *e, char *value, struct region *r)
{
    const char **list = region_alloc(r, 2 * sizeof(*list));

    list[0] = region_strdup(r, value);
    e->helo_provider = list;
}

static void word_sender_provider(struct evidence *e, char *value, struct region *r)
{
    const char **list = region_alloc(r, 2 * sizeof(*list));

    list[0] = region_strdup(r, value);
    e->sender_provider = list;
}

static void domain_of(struct name *out, const char *mailbox, struct region *r)
{
    const char *at = strrchr(mailbox, '@');

    parse_name(out, at ? at + 1 : "", r);
}

/* The builder made the request, so it may write to it. */
static struct request *request_of(struct evidence *e)
{
    return (struct request *)(uintptr_t)e->request;
}

static void word_sender(struct evidence *e, char *value, struct region *r)
{
    request_of(e)->sender = region_strdup(r, value);
    domain_of(&e->sender_domain, value, r);
}

static void word_rcpt(struct evidence *e, char *value, struct region *r)
{
    request_of(e)->recipient = region_strdup(r, value);
    domain_of(&e->recipient_domain, value, r);
}

static void word_proto(struct evidence *e, char *value, struct region *r)
{
    request_of(e)->protocol_name = region_strdup(r, value);
    request_of(e)->esmtp = strcmp(value, "ESMTP") == 0;
}

static void word_starttls(struct evidence *e, char *value, struct region *r)
{
    (void)r;
    e->starttls = strcmp(value, "yes") == 0 ? YES : strcmp(value, "open") == 0 ? OPEN : NO;
}

static void word_limit(struct evidence *e, char *value, struct region *r)
{
    static const char *const limits[] = {
        [LIMIT_NONE] = "none",
        [LIMIT_STRESS] = "stress",
        [LIMIT_CLIENT_RATE] = "client_rate",
        [LIMIT_CLIENT_WAITING] = "client_waiting",
        [LIMIT_GUARD] = "guard",
    };

    (void)r;
    for (e->limit = LIMIT_GUARD; e->limit > LIMIT_NONE && strcmp(limits[e->limit], value) != 0;)
        e->limit--;
    if (e->limit == LIMIT_NONE)
        fail("no such limit", value);
}

static void word_state(struct evidence *e, char *value, struct region *r)
{
    (void)r;
    request_of(e)->state = strcmp(value, "HELO") == 0 ? REQUEST_STATE_HELO : REQUEST_STATE_MAIL;
}

static void word_client(struct evidence *e, char *value, struct region *r)
{
    e->client = address(value);
    request_of(e)->client = e->client;
    request_of(e)->client_address = region_strdup(r, value);
}

static void word_helo(struct evidence *e, char *value, struct region *r)
{
    request_of(e)->helo_name = region_strdup(r, value);
    parse_name(&e->helo, value, r);
}

static void word_flag(struct evidence *e, const char *word)
{
    if (strcmp(word, "partial") == 0)
        e->rdns_partial = true;
    else if (strcmp(word, "leftout") == 0)
        e->rdns_left_out = 1;
    else if (strcmp(word, "encrypted") == 0)
        request_of(e)->encrypted = true;
    else if (strcmp(word, "ours") == 0)
        e->helo_is_ours = true;
    else if (strcmp(word, "ouraddr") == 0)
        e->helo_is_our_address = true;
    else if (strcmp(word, "local") == 0)
        e->client_is_local = true;
    else
        fail("no such word", word);
}

static const struct {
    const char *name;
    void (*take)(struct evidence *e, char *value, struct region *r);
} words[] = {
    {"client", word_client},
    {"helo", word_helo},
    {"rdns", word_rdns},
    {"addr", word_addr},
    {"mx", word_mx},
    {"spf", word_spf},
    {"owner", word_owner},
    {"naming", word_naming},
    {"history", word_history},
    {"provider", word_provider},
    {"sender", word_sender},
    {"rcpt", word_rcpt},
    {"proto", word_proto},
    {"senderprovider", word_sender_provider},
    {"addr4temp", word_addr4temp},
    {"starttls", word_starttls},
    {"state", word_state},
    {"limit", word_limit},
};

static void take_word(struct evidence *e, char *word, struct region *r)
{
    char *value = strchr(word, '=');

    if (!value) {
        if (strcmp(word, "addr4temp") == 0)
            word_addr4temp(e, word, r);
        else
            word_flag(e, word);
        return;
    }
    *value++ = '\0';
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i].name, word) == 0) {
            words[i].take(e, value, r);
            return;
        }
    fail("no such word", word);
}

static int fit(const struct evidence *e, const struct name *name)
{
    return name_equal(name, &e->helo) ? 2 : name_same_domain(name, &e->helo) ? 1 : 0;
}

static void conclude_reverse(struct evidence *e)
{
    bool unsure = e->reverse == KNOWN_TEMPERROR, unasked = false;

    e->confirmed = NULL;
    for (unsigned i = 0; i < e->rdns_count; i++) {
        const struct evidence_rdns *rdns = &e->rdns[i];

        unsure = unsure || rdns->confirmed == KNOWN_TEMPERROR;
        unasked = unasked || rdns->confirmed == KNOWN_NOT_ASKED;
        if (rdns->confirmed == KNOWN_PRESENT && (!e->confirmed || fit(e, &rdns->name) > fit(e, &e->confirmed->name)))
            e->confirmed = rdns;
    }
    if (e->confirmed)
        e->fcrdns = KNOWN_PRESENT;
    else if (e->reverse == KNOWN_NOT_ASKED || unasked)
        e->fcrdns = KNOWN_NOT_ASKED;
    else
        e->fcrdns = unsure ? KNOWN_TEMPERROR : KNOWN_ABSENT;
}

void builder_conclude(struct evidence *e)
{
    struct network around = address_network(&e->client, e->client.family == ADDRESS_IPV4 ? 24 : 48);

    conclude_reverse(e);
    e->helo_near_client = false;
    for (unsigned i = 0; i < e->helo_address_count; i++) {
        if (address_equal(&e->helo_addresses[i], &e->client))
            e->helo_is_client = KNOWN_PRESENT;
        e->helo_near_client = e->helo_near_client || address_in(&e->helo_addresses[i], &around);
    }
    evidence_conclude(e);
}

struct evidence *builder_evidence(const char *line, struct region *r)
{
    struct evidence *e = region_alloc(r, sizeof(*e));
    struct request *request = region_alloc(r, sizeof(*request));
    char copy[LINE_MAX_SIZE], *rest = copy;

    snprintf(copy, sizeof(copy), "%s", line);
    request_init(request);
    request->esmtp = false;
    request->instance = "1f3.5a";
    *e = (struct evidence){.request = request, .exemption = -1};
    e->history.limits = (struct history_limits){8, 20, 3, 5};
    e->helo_naming.detail = "";
    word_client(e, region_strdup(r, "25.1.2.3"), r);
    word_helo(e, region_strdup(r, ""), r);
    word_sender(e, region_strdup(r, ""), r);
    word_rcpt(e, region_strdup(r, ""), r);
    word_owner(e, region_strdup(r, "none"), r);
    word_proto(e, region_strdup(r, "ESMTP"), r);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        take_word(e, word, r);
    builder_conclude(e);
    return e;
}
