/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * question: handles one request: gather, decide, log, answer, remember the answer. Promises an answer to every
 * request within the deadline, and DUNNO if helod itself fails. A request that waits for nothing allocates no
 * memory, because it reuses a spare struct question and its region.
 */
#include "question.h"

#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "connection.h"
#include "decision.h"
#include "decision_line.h"
#include "hash.h"
#include "log.h"
#include "policyfile.h"
#include "server.h"
#include "status.h"

enum { REGION_LIMIT = 1 << 20, SPARE_MAX = 64, ID_BITS = 35, ID_CHARS = 7 };

struct question {
    struct question *next; /* in the spare list */
    struct questions *all;
    struct connection *connection;
    struct settings *settings; /* the generation it began with */
    const struct policy *policy;
    struct region *region;
    struct gather *gather; /* while it waits */
    struct event deadline;
    uint64_t began_us;
    struct request request;
    struct instance_key key;
};

struct questions {
    struct server *server;
    struct question *spare;
    unsigned spare_count;
    size_t in_flight;
    uint64_t id_next, id_step; /* ids walk through all numbers of ID_BITS in a secret order */
};

static void on_deadline(int fd, short what, void *arg);

struct questions *questions_new(struct server *s)
{
    struct questions *all = calloc(1, sizeof(*all));
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

static void question_free(struct question *q)
{
    region_free(q->region);
    free(q);
}

void questions_free(struct questions *all)
{
    if (all == NULL)
        return;
    for (struct question *q = all->spare, *next; q != NULL; q = next) {
        next = q->next;
        question_free(q);
    }
    free(all);
}

size_t questions_in_flight(const struct questions *all)
{
    return all->in_flight;
}

struct question *questions_spare(struct questions *all)
{
    struct question *q = all->spare;

    if (q != NULL)
        return q;
    q = calloc(1, sizeof(*q));
    if (q == NULL)
        return NULL;
    q->region = region_new(REGION_LIMIT);
    if (q->region == NULL) {
        free(q);
        return NULL;
    }
    q->all = all;
    evtimer_assign(&q->deadline, all->server->base, on_deadline, q);
    all->spare = q;
    all->spare_count = 1;
    return q;
}

struct request *question_request(struct question *q)
{
    return &q->request;
}

static void question_end(struct question *q)
{
    struct questions *all = q->all;

    settings_unref(q->settings);
    region_reset(q->region);
    if (all->spare_count >= SPARE_MAX) {
        question_free(q);
        return;
    }
    q->next = all->spare;
    all->spare = q;
    all->spare_count++;
}

/* No longer in flight; nobody waits for `q` but us. */
static void question_landed(struct question *q)
{
    struct questions *all = q->all;

    q->gather = NULL;
    evtimer_del(&q->deadline);
    all->in_flight--;
    client_waiting_end(all->server->waiting, &q->request.client);
    metrics_set(all->server->metrics, METRIC_IN_FLIGHT, all->in_flight);
}

static void decision_id(struct questions *all, char out[VERDICT_ID_SIZE])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* no I, L, O, U: it is read out on telephones */
    uint64_t id = all->id_next & ((1ULL << ID_BITS) - 1);

    all->id_next += all->id_step;
    for (unsigned i = 0; i < ID_CHARS; i++, id >>= 5)
        out[i] = digits[id & 31];
    out[ID_CHARS] = '\0';
}

/* Would Postfix take a header now? Not before there is a sender, not at the end of the message, and not without the
 * instance by which we give it once (SMTPD_POLICY_README, access(5)). */
static bool takes_header(const struct request *req)
{
    return req->instance[0] != '\0' && (req->state == REQUEST_STATE_RCPT ||
                                        (req->state == REQUEST_STATE_DATA && strcmp(req->protocol_state, "DATA") == 0));
}

static bool is_worth_a_line(const struct question *q, const struct verdict *v, const struct verdict *shadow)
{
    return q->settings->server.log_dunno || v->skip == SKIP_TROUBLE || v->judged != OUTCOME_DUNNO ||
           (shadow != NULL && shadow->judged != OUTCOME_DUNNO);
}

static void count(const struct question *q, const struct evidence *e, const struct verdict *v,
                  const struct verdict *shadow)
{
    struct server *s = q->all->server;
    const struct exempt_settings *exempt = &q->settings->exempt;
    unsigned policy = metrics_policy(s->metrics, q->policy->name);

    metrics_add_by(s->metrics, METRIC_DECISIONS, policy, metrics_decision(q->policy->mode, v->judged), 1);
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
        metrics_add(s->metrics, METRIC_EXEMPTED, exempt->entries[v->exemption].kind, 1);
        exemption_hits_add(s->hits, &exempt->entries[v->exemption]);
    }
}

/* A line that nobody will see is not written at all. */
static void log_decision(const struct question *q, const struct decision_record *record)
{
    const struct server *s = q->all->server;
    const struct verdict *v = record->verdict;
    bool logged = is_worth_a_line(q, v, record->shadow);
    bool room = recent_count(s->recent, clock_wall(), v->skip == SKIP_NONE ? v->judged : RECENT_SKIPPED);
    bool shown = status_listens(s->status) && (logged || room);
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
 * Adds the greeting to the history that later ones are judged by: neither an exempt or local client's, nor one of which
 * it cannot be said whether it is verified. The first request of a message is enough.
 */
static void remember(const struct question *q, const struct evidence *e)
{
    const struct history_greeting greeting = {.client = &e->client, .helo = &e->helo, .policy = q->policy->name};
    struct history *history = q->all->server->gather.history;

    if (history == NULL || e->skip != SKIP_NONE || e->client_is_local)
        return;
    if (q->request.encrypted && q->policy->starttls == STARTTLS_AUTO)
        history_note_encrypted(history, &greeting);
    if (evidence_verified(e) != OPEN)
        history_note(history, &greeting, evidence_verified(e) == YES);
}

/* The result when there was no memory for evidence: such a request is not judged. Static, because it is large. */
static const struct gathered *nothing_gathered(const struct question *q)
{
    static struct evidence none;
    static struct gathered result = {.evidence = &none};

    none =
        (struct evidence){.skip = SKIP_TROUBLE, .exemption = -1, .request = &q->request, .client = q->request.client};
    judge_evidence(q->policy, &none, &result.judgement);
    if (q->policy->shadow != NULL)
        judge_evidence(q->policy->shadow, &none, &result.shadow);
    return &result;
}

/* Every request counts, also those of further recipients, whose verdict is known already. */
static void watch_deployment(const struct question *q, unsigned lookups)
{
    const char *advice = deployment_watch(&q->all->server->deployment, &q->request, lookups);

    if (advice != NULL)
        log_warning("%s", advice);
}

/*
 * Answers with what was gathered (NULL: we had no memory for it). The connection has no request any more when this
 * returns.
 */
static void decide(struct question *q, const struct gathered *gathered)
{
    const struct gathered *result = gathered != NULL ? gathered : nothing_gathered(q);
    const struct evidence *e = result->evidence;
    struct server *s = q->all->server;
    struct verdict verdict, shadow;
    struct decision_record record = {.verdict = &verdict, .evidence = e, .request = &q->request};
    char bytes[REPLY_SIZE];
    struct reply reply;
    uint64_t us;
    size_t n;

    policy_verdict(&result->judgement, e, q->region, &verdict);
    earlier_apply(s->earlier, e, q->began_us / 1000, q->region, &verdict);
    if (q->policy->shadow != NULL) {
        policy_verdict(&result->shadow, e, q->region, &shadow);
        earlier_apply(s->earlier, e, q->began_us / 1000, q->region, &shadow);
        record.shadow = &shadow;
    }
    decision_id(q->all, verdict.id);
    reply = decision_reply(&verdict, e, takes_header(&q->request), q->region);
    us = clock_us() - q->began_us;
    record.reply = &reply;
    if (verdict.exemption >= 0 && (size_t)verdict.exemption < q->settings->exempt.count)
        record.exemption = &q->settings->exempt.entries[verdict.exemption];
    record.ms = (unsigned)(us / 1000);
    watch_deployment(q, e->queries);
    log_decision(q, &record);
    count(q, e, &verdict, record.shadow);
    metrics_observe(s->metrics, METRIC_REQUEST_SECONDS, us);
    n = reply_format(&reply, bytes);
    if (reply.verb != REPLY_PREPEND)
        connection_answer(q->connection, bytes, n);
    else if (connection_answer_now(q->connection, bytes, n))
        n = reply_format(&(struct reply){.verb = REPLY_DUNNO}, bytes); /* the header once, over reconnects too */
    if (verdict.skip != SKIP_NO_MAIL) /* VRFY bears the instance of the message around it, and says nothing of it */
        instances_keep(s->instances, &q->key, (q->began_us + us) / 1000, bytes, n);
    remember(q, e);
}

static void on_gathered(void *arg, const struct gathered *gathered)
{
    struct question *q = arg;
    struct connection *c = q->connection;

    question_landed(q);
    decide(q, gathered);
    question_end(q);
    connection_go_on(c);
}

static void on_deadline(int fd, short what, void *arg)
{
    struct question *q = arg;

    (void)fd;
    (void)what;
    gather_expire(q->gather);
}

/*
 * Waits for on_gathered() or the deadline. All deadlines are equally long: libevent keeps them in a queue, not a
 * heap.
 */
static void wait_for_evidence(struct question *q)
{
    struct questions *all = q->all;
    uint64_t ms = q->settings->server.deadline_ms;
    struct timeval plain = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
    const struct timeval *common = event_base_init_common_timeout(all->server->base, &plain);

    all->in_flight++;
    client_waiting_begin(all->server->waiting, &q->request.client);
    metrics_set(all->server->metrics, METRIC_IN_FLIGHT, all->in_flight);
    if (evtimer_add(&q->deadline, common != NULL ? common : &plain) == 0)
        return;
    gather_cancel(q->gather);
    question_landed(q);
    decide(q, NULL);
    question_end(q);
}

/*
 * Whether this request may cost lookups; LIMIT_NONE: it may. Called only when there is something to look up, so a
 * request that is decided by local and cached facts uses up nothing of client_rate.
 */
static enum limit limit_of(void *arg)
{
    const struct question *q = arg;
    uint64_t now_ms = q->began_us / 1000;
    struct server *s = q->all->server;
    const struct settings *settings = q->settings;
    size_t most = (size_t)settings->dns.in_flight * settings->dns.client_share / 100;

    if (rates_exceeded(s->rates, &q->request.client, settings->server.client_rate, now_ms))
        return LIMIT_CLIENT_RATE;
    if (settings->dns.client_share > 0 && client_waiting_count(s->waiting, &q->request.client) >= (most > 0 ? most : 1))
        return LIMIT_CLIENT_WAITING;
    return LIMIT_NONE;
}

/* The client's network matters only while DNS is suspended. */
static bool dns_is_suspended(const struct question *q, uint64_t now_ms)
{
    struct guard *guard = &q->all->server->guard;
    struct network network;

    if (!guard->suspended)
        return false;
    network = rates_network(&q->request.client);
    return guard_holds_back(guard, &network.base, now_ms);
}

static void judge(struct question *q)
{
    struct server *s = q->all->server;
    uint64_t now_ms = q->began_us / 1000;
    struct gather_options options = {
        .settings = q->settings,
        .policy = q->policy,
        .request = &q->request,
        .region = q->region,
        .done = on_gathered,
        .arg = q,
        .suspend_dns = dns_is_suspended(q, now_ms),
        .limit = q->request.stress ? LIMIT_STRESS : LIMIT_NONE,
        .limit_of = limit_of,
    };
    const struct gathered *gathered = gather_start(&s->gather, &options, &q->gather);

    if (gathered == NULL && q->gather != NULL) {
        wait_for_evidence(q);
        return;
    }
    decide(q, gathered);
    question_end(q);
}

void question_begin(struct question *q, struct connection *c, uint64_t now_us)
{
    struct questions *all = q->all;
    struct server *s = all->server;
    const char *kept;
    size_t n;

    all->spare = q->next;
    all->spare_count--;
    q->next = NULL;
    q->connection = c;
    q->gather = NULL;
    q->began_us = now_us;
    q->settings = settings_ref(s->settings);
    q->policy = settings_policy(q->settings, q->request.policy_context);
    metrics_add(s->metrics, METRIC_REQUESTS, 0, 1);
    instances_key(q->policy->name, &q->request.client, q->request.instance, &q->key);
    kept = instances_find(s->instances, &q->key, q->began_us / 1000, &n);
    if (kept == NULL) {
        judge(q);
        return;
    }
    watch_deployment(q, 0);
    connection_answer(c, kept, n);
    question_end(q);
}

void question_cancel(struct question *q)
{
    gather_cancel(q->gather);
    question_landed(q);
    question_end(q);
}
