/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pending: handles one request: gather, decide, log, answer, remember the answer. Promises an answer to every
 * request within the deadline, and DUNNO if helod itself fails. A request that waits for nothing allocates no
 * memory, because it reuses a spare struct pending and its region.
 */
#include "pending.h"

#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "counts.h"
#include "decision.h"
#include "decision_line.h"
#include "hash.h"
#include "log.h"
#include "policyfile.h"
#include "server.h"
#include "text.h"

enum { REGION_LIMIT = 1 << 20, SPARE_MAX = 64, ID_BITS = 35, ID_CHARS = 7, POLICY_NAMES_SIZE = 300 };

struct pending {
    struct pending *next; /* in the spare list */
    struct pending_list *all;
    struct connection *connection;
    struct settings *settings; /* as they were when the request began */
    const struct policy *policy;
    struct region *region;
    struct gather *gather; /* while it waits */
    struct event deadline;
    uint64_t began_us;
    struct request request;
    struct instance_key key;
    bool claimed; /* HELO claims to be of the recipient's domain: instance.h */
    bool second;  /* other recipients of the message have a verdict already, and this one gets its own */
    bool headed;  /* the message has its header */
};

struct pending_list {
    struct server *server;
    struct pending *spare;
    unsigned spare_count;
    size_t in_flight;
    uint64_t id_next, id_step; /* ids walk through all numbers of ID_BITS in a secret order */
};

static void on_deadline(int fd, short what, void *arg);

struct pending_list *pending_list_new(struct server *s)
{
    struct pending_list *all = calloc(1, sizeof(*all));
    struct hash_key key;

    if (all == NULL || !hash_key_random(&key)) {
        free(all);
        return NULL;
    }
    all->server = s;
    all->id_next = key.k0;
    all->id_step = key.k1 | 1;
    return all;
}

static void pending_free(struct pending *p)
{
    region_free(p->region);
    free(p);
}

void pending_list_free(struct pending_list *all)
{
    if (all == NULL)
        return;
    for (struct pending *p = all->spare, *next; p != NULL; p = next) {
        next = p->next;
        pending_free(p);
    }
    free(all);
}

size_t pending_in_flight(const struct pending_list *all)
{
    return all->in_flight;
}

struct pending *pending_spare(struct pending_list *all)
{
    struct pending *p = all->spare;

    if (p != NULL)
        return p;
    p = calloc(1, sizeof(*p));
    if (p == NULL)
        return NULL;
    p->region = region_new(REGION_LIMIT);
    if (p->region == NULL) {
        free(p);
        return NULL;
    }
    p->all = all;
    evtimer_assign(&p->deadline, all->server->base, on_deadline, p);
    all->spare = p;
    all->spare_count = 1;
    return p;
}

struct request *pending_request(struct pending *p)
{
    return &p->request;
}

static void pending_end(struct pending *p)
{
    struct pending_list *all = p->all;

    settings_unref(p->settings);
    region_reset(p->region);
    if (all->spare_count >= SPARE_MAX) {
        pending_free(p);
        return;
    }
    p->next = all->spare;
    all->spare = p;
    all->spare_count++;
}

/* So that one network whose zones never answer cannot use up all lookups in flight. */
static void count_waiting(const struct pending *p, int by)
{
    const struct address network = rates_network(&p->request.client);

    counts_add(p->all->server->waiting, &network, sizeof(network), by);
}

/* The request is no longer in flight, and only the caller still uses `p`. */
static void pending_finish(struct pending *p)
{
    struct pending_list *all = p->all;

    p->gather = NULL;
    evtimer_del(&p->deadline);
    all->in_flight--;
    count_waiting(p, -1);
    metrics_set(all->server->metrics, METRIC_IN_FLIGHT, all->in_flight);
}

static void decision_id(struct pending_list *all, char out[VERDICT_ID_SIZE])
{
    /* Without I, L, O and U, because people read ids aloud on the telephone. */
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t id = all->id_next & ((1ULL << ID_BITS) - 1);

    all->id_next += all->id_step;
    for (unsigned i = 0; i < ID_CHARS; i++, id >>= 5)
        out[i] = digits[id & 31];
    out[ID_CHARS] = '\0';
}

/*
 * Whether Postfix accepts a header now. It does not before MAIL FROM and at the end of the message
 * (SMTPD_POLICY_README, access(5)). Without an instance, helod could not send the header only once.
 */
static bool takes_header(const struct request *req)
{
    return req->instance[0] != '\0' && (req->state == REQUEST_STATE_RCPT ||
                                        (req->state == REQUEST_STATE_DATA && strcmp(req->protocol_state, "DATA") == 0));
}

static bool is_worth_a_line(const struct pending *p, const struct verdict *v, const struct verdict *shadow)
{
    return p->settings->server.log_dunno || v->skip == SKIP_TROUBLE || v->judged != OUTCOME_DUNNO ||
           (shadow != NULL && shadow->judged != OUTCOME_DUNNO);
}

static void count(const struct pending *p, const struct evidence *e, const struct verdict *v,
                  const struct verdict *shadow)
{
    struct server *s = p->all->server;
    const struct exempt_settings *exempt = &p->settings->exempt;
    unsigned policy = metrics_policy(s->metrics, p->policy->name);

    metrics_add_by(s->metrics, METRIC_DECISIONS, policy, metrics_decision(p->policy->mode, v->judged), 1);
    if (shadow != NULL)
        metrics_add_by(s->metrics, METRIC_SHADOW, policy, metrics_shadow(v->judged, shadow->judged), 1);
    if (e->limit != LIMIT_NONE)
        metrics_add(s->metrics, METRIC_LIMITED, e->limit, 1);
    if (e->starttls != OPEN && v->skip == SKIP_NONE) {
        metrics_set_by(s->metrics, METRIC_ENCRYPTED_NETWORKS, policy, e->history.encrypted_networks);
        metrics_set_by(s->metrics, METRIC_STARTTLS, policy, e->starttls == YES);
    }
    if (v->skip != SKIP_NONE) {
        metrics_add(s->metrics, METRIC_SKIPPED, v->skip, 1);
    } else {
        metrics_observe(s->metrics, METRIC_SCORE, (uint64_t)v->score);
        for (unsigned i = 0; i < v->finding_count; i++)
            metrics_add(s->metrics, METRIC_FINDINGS, (unsigned)v->findings[i].rule, 1);
    }
    if (v->exemption >= 0 && (size_t)v->exemption < exempt->count) {
        const struct exemption *exemption = &exempt->entries[v->exemption];

        metrics_add(s->metrics, METRIC_EXEMPTED, exemption->kind, 1);
        counts_add(s->hits[exemption->kind], exemption->pattern, strlen(exemption->pattern), 1);
    }
}

/* A line that nobody will see is not even built. */
static void log_decision(const struct pending *p, const struct decision_record *record)
{
    const struct server *s = p->all->server;
    const struct verdict *v = record->verdict;
    bool logged = is_worth_a_line(p, v, record->shadow);
    bool room = recent_count(s->recent, clock_wall(), v->skip == SKIP_NONE ? v->judged : RECENT_SKIPPED);
    bool shown = s->status_listens && (logged || room);
    struct decision_field_list own, *fields = &own;
    char line[DECISION_LINE_SIZE];

    own.count = 0;
    if (shown)
        fields = recent_keep(s->recent);
    if (shown || (logged && log_keeps_fields()))
        decision_line_list(record, fields);
    if (logged)
        log_line_fields(LOG_LEVEL_INFO, line, decision_line_write(record, line), fields->fields, fields->count);
}

/*
 * Adds the greeting to the history by which later ones are judged. Greetings of exempt and local clients are left
 * out, and those for which it is unknown whether they are verified. The first request of a message is enough.
 */
static void remember(const struct pending *p, const struct evidence *e)
{
    const struct history_greeting greeting = {.client = &e->client, .helo = &e->helo, .policy = p->policy->name};
    struct history *history = p->all->server->gather.history;

    if (history == NULL || e->skip != SKIP_NONE || e->client_is_local)
        return;
    if (p->request.encrypted && p->policy->starttls == STARTTLS_AUTO)
        history_note_encrypted(history, &greeting);
    if (evidence_verified(e) != OPEN)
        history_note(history, &greeting, evidence_verified(e) == YES);
}

/* The result when there was no memory for evidence: such a request is not judged. Static, because it is large. */
static const struct gathered *nothing_gathered(const struct pending *p)
{
    static struct evidence none;
    static struct gathered result = {.evidence = &none};

    none =
        (struct evidence){.skip = SKIP_TROUBLE, .exemption = -1, .request = &p->request, .client = p->request.client};
    judge_evidence(p->policy, &none, &result.judgement);
    if (p->policy->shadow != NULL)
        judge_evidence(p->policy->shadow, &none, &result.shadow);
    return &result;
}

/* Every request counts, including those for further recipients, whose verdict is already known. */
static void watch_deployment(const struct pending *p, unsigned lookups)
{
    const char *advice = deployment_watch(&p->all->server->deployment, &p->request, lookups);

    if (advice != NULL)
        log_warning("%s", advice);
}

/* Of the answer, one more byte is kept: whether the message has its header. */
static void keep_answer(struct pending *p, uint64_t now_us, char *bytes, size_t n)
{
    uint64_t until_ms = now_us / 1000 + p->settings->server.instance_ms;

    bytes[n++] = p->headed ? 1 : 0;
    do
        instances_keep(p->all->server->instances, &p->key, until_ms, bytes, n);
    while (p->claimed && instances_key_of_claimed(&p->key));
}

/* The answer to an earlier request about this message; NULL: the request has to be judged. */
static const char *find_answer(struct pending *p, size_t *n)
{
    const struct request *req = &p->request;

    instances_key(p->policy->name, &req->client, req->instance, &p->key);
    p->claimed = instances_is_claimed(req->helo_name, req->recipient);
    for (p->second = p->headed = false;; p->second = true) {
        const char *kept = instances_find(p->all->server->instances, &p->key, p->began_us / 1000, n);

        if (kept == NULL)
            return NULL;
        p->headed = kept[--*n] != 0;
        if (!p->claimed || !instances_key_of_claimed(&p->key))
            return kept;
    }
}

/*
 * Answers with what was gathered (NULL: there was no memory for it). When this returns, the connection has no request
 * in flight.
 */
static void decide(struct pending *p, const struct gathered *gathered)
{
    const struct gathered *result = gathered != NULL ? gathered : nothing_gathered(p);
    const struct evidence *e = result->evidence;
    struct server *s = p->all->server;
    struct verdict verdict, shadow;
    struct decision_record record = {.verdict = &verdict, .evidence = e, .request = &p->request};
    char bytes[REPLY_SIZE + 1];
    struct reply reply;
    uint64_t us;
    size_t n;

    policy_verdict(&result->judgement, e, p->region, &verdict);
    earlier_apply(s->earlier, e, p->began_us / 1000, p->region, &verdict);
    if (p->policy->shadow != NULL) {
        policy_verdict(&result->shadow, e, p->region, &shadow);
        earlier_apply(s->earlier, e, p->began_us / 1000, p->region, &shadow);
        record.shadow = &shadow;
    }
    decision_id(p->all, verdict.id);
    reply = decision_reply(&verdict, e, takes_header(&p->request) && !p->headed, p->region);
    us = clock_us() - p->began_us;
    record.reply = &reply;
    if (verdict.exemption >= 0 && (size_t)verdict.exemption < p->settings->exempt.count)
        record.exemption = &p->settings->exempt.entries[verdict.exemption];
    record.ms = (unsigned)(us / 1000);
    watch_deployment(p, e->queries);
    log_decision(p, &record);
    count(p, e, &verdict, record.shadow);
    metrics_observe(s->metrics, METRIC_REQUEST_SECONDS, us);
    n = reply_format(&reply, bytes);
    if (reply.verb != REPLY_PREPEND)
        s->hooks.answer(p->connection, bytes, n);
    else if (s->hooks.answer_now(p->connection, bytes, n)) {
        n = reply_format(&(struct reply){.verb = REPLY_DUNNO}, bytes); /* no second header, on no connection */
        p->headed = true;
    }
    /* VRFY has the instance of the message around it, but is not about that message. */
    if (verdict.skip != SKIP_NO_MAIL)
        keep_answer(p, p->began_us + us, bytes, n);
    if (!p->second)
        remember(p, e);
}

static void on_gathered(void *arg, const struct gathered *gathered)
{
    struct pending *p = arg;
    struct connection *c = p->connection;
    const struct server *s = p->all->server;

    pending_finish(p);
    decide(p, gathered);
    pending_end(p); /* may free it */
    s->hooks.go_on(c);
}

static void on_deadline(int fd, short what, void *arg)
{
    struct pending *p = arg;

    (void)fd;
    (void)what;
    gather_expire(p->gather);
}

/*
 * Waits for on_gathered() or the deadline. All deadlines have the same length, so libevent keeps them in a queue
 * instead of a heap.
 */
static void wait_for_evidence(struct pending *p)
{
    struct pending_list *all = p->all;
    struct timeval plain = clock_timeval(p->settings->server.deadline_ms);
    const struct timeval *common = event_base_init_common_timeout(all->server->base, &plain);

    all->in_flight++;
    count_waiting(p, 1);
    metrics_set(all->server->metrics, METRIC_IN_FLIGHT, all->in_flight);
    if (evtimer_add(&p->deadline, common != NULL ? common : &plain) == 0)
        return;
    gather_cancel(p->gather);
    pending_finish(p);
    decide(p, NULL);
    pending_end(p);
}

/*
 * Whether this request may cost lookups; LIMIT_NONE: it may. Called only when there is something to look up, so a
 * request that is decided by local and cached facts uses up nothing of client_rate.
 */
static enum limit limit_of(void *arg)
{
    const struct pending *p = arg;
    uint64_t now_ms = p->began_us / 1000;
    struct server *s = p->all->server;
    const struct settings *settings = p->settings;
    size_t most = (size_t)settings->dns.in_flight * settings->dns.client_share / 100;
    const struct address network = rates_network(&p->request.client);

    if (rates_exceeded(s->rates, &p->request.client, settings->server.client_rate, now_ms))
        return LIMIT_CLIENT_RATE;
    if (settings->dns.client_share > 0 && counts_get(s->waiting, &network, sizeof(network)) >= (most > 0 ? most : 1))
        return LIMIT_CLIENT_WAITING;
    return LIMIT_NONE;
}

/* The client's network matters only while DNS is suspended. */
static bool dns_is_suspended(const struct pending *p, uint64_t now_ms)
{
    struct guard *guard = &p->all->server->guard;
    struct address network;

    if (!guard->suspended)
        return false;
    network = rates_network(&p->request.client);
    return guard_holds_back(guard, &network, now_ms);
}

static void judge(struct pending *p)
{
    struct server *s = p->all->server;
    uint64_t now_ms = p->began_us / 1000;
    struct gather_options options = {
        .settings = p->settings,
        .policy = p->policy,
        .request = &p->request,
        .region = p->region,
        .done = on_gathered,
        .arg = p,
        .suspend_dns = dns_is_suspended(p, now_ms),
        .limit = p->request.stress ? LIMIT_STRESS : LIMIT_NONE,
        .limit_of = limit_of,
    };
    const struct gathered *gathered = gather_start(&s->gather, &options, &p->gather);

    if (gathered == NULL && p->gather != NULL) {
        wait_for_evidence(p);
        return;
    }
    decide(p, gathered);
    pending_end(p);
}

/*
 * The policy that the request names. A name that the policy file does not have is most likely a typing error in main.cf
 * or master.cf. Policy "default" applies then, which may be stricter than what the admin meant, so helod says it.
 */
static const struct policy *choose_policy(struct server *s, const struct settings *settings, const char *context)
{
    static struct log_limit limit = {.burst = 1, .seconds = 600};
    const struct policy *policy = settings_policy(settings, context);
    char names[POLICY_NAMES_SIZE];
    struct text known;

    if (context[0] == '\0' || strcmp(context, policy->name) == 0)
        return policy;
    metrics_add(s->metrics, METRIC_UNKNOWN_POLICY, 0, 1);
    text_init(&known, names, sizeof(names));
    for (size_t i = 0; i < settings->policy_count; i++)
        text_addf(&known, "%s\"%s\"", i > 0 ? ", " : "", settings->policies[i]->name);
    log_limited(&limit, LOG_LEVEL_WARNING,
                "Postfix sends policy_context=%.64s, but %s has no such policy (it has %s); policy \"%s\" is used, in "
                "mode %s: correct policy_context in main.cf or master.cf, or add the policy",
                context, settings->file, names, policy->name, policy_mode_name(policy->mode));
    return policy;
}

void pending_begin(struct pending *p, struct connection *c, uint64_t now_us)
{
    struct pending_list *all = p->all;
    struct server *s = all->server;
    const char *kept;
    size_t n;

    all->spare = p->next;
    all->spare_count--;
    p->next = NULL;
    p->connection = c;
    p->gather = NULL;
    p->began_us = now_us;
    p->settings = settings_ref(s->settings);
    p->policy = choose_policy(s, p->settings, p->request.policy_context);
    metrics_add(s->metrics, METRIC_REQUESTS, 0, 1);
    kept = find_answer(p, &n);
    if (kept == NULL) {
        judge(p);
        return;
    }
    watch_deployment(p, 0);
    s->hooks.answer(c, kept, n);
    pending_end(p);
}

void pending_cancel(struct pending *p)
{
    gather_cancel(p->gather);
    pending_finish(p);
    pending_end(p);
}
