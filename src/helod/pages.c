/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pages: the table of pages, which show the state of helod or change it for heloctl. status.c checks the permission
 * before it calls them. Text that strangers chose is written only through struct json or exposition_write().
 */
#include "pages.h"

#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "config.h"
#include "counts.h"
#include "decision_line.h"
#include "exposition.h"
#include "history.h"
#include "json.h"
#include "page/files.h"
#include "rule.h"
#include "server.h"

enum { EXEMPTIONS_SHOWN = 200 };

static unsigned show_text(const struct page_call *call)
{
    fputs(call->page->text, call->out);
    return 200;
}

static unsigned show_metrics(const struct page_call *call)
{
    exposition_write(call->server->metrics, call->out);
    return 200;
}

static unsigned show_stats(const struct page_call *call)
{
    struct json j;

    json_init(&j, call->out);
    json_open(&j, NULL, '{');
    json_text(&j, "version", PACKAGE_VERSION);
    exposition_json(call->server->metrics, &j);
    json_close(&j, '}');
    json_end(&j);
    return 200;
}

/* The sentence of each rule: the page shows findings in words. */
static void add_rules(struct json *j)
{
    json_open(j, "rules", '{');
    for (size_t i = 0; i < rules_count; i++)
        json_text(j, rule_names[i], rules[i]->summary);
    json_close(j, '}');
}

/* What helod has learned of STARTTLS since start; without a request so far it does not know what the history holds. */
static void add_starttls(const struct server *s, const struct policy *policy, struct json *j)
{
    unsigned number = metrics_policy(s->metrics, policy->name);

    json_bool(j, "starttls_learned", policy->starttls == STARTTLS_AUTO);
    json_bool(j, "starttls_offered",
              policy->starttls == STARTTLS_YES || metrics_get_by(s->metrics, METRIC_STARTTLS, number, 0) == 1);
    json_number(j, "encrypted_networks", (long long)metrics_get_by(s->metrics, METRIC_ENCRYPTED_NETWORKS, number, 0));
}

static void add_policies(const struct server *s, struct json *j)
{
    json_open(j, "policies", '[');
    for (size_t i = 0; i < s->settings->policy_count; i++) {
        const struct policy *policy = s->settings->policies[i];

        json_open(j, NULL, '{');
        json_text(j, "name", policy->name);
        json_text(j, "mode", policy_mode_name(policy->mode));
        add_starttls(s, policy, j);
        json_open(j, "thresholds", '[');
        for (unsigned t = 0; t < policy->threshold_count; t++) {
            json_open(j, NULL, '{');
            json_text(j, "name", policy->thresholds[t].name);
            json_number(j, "score", policy->thresholds[t].score);
            json_text(j, "action", policy->thresholds[t].action);
            json_text(j, "outcome", outcome_name(policy->thresholds[t].outcome));
            json_close(j, '}');
        }
        json_close(j, ']');
        json_close(j, '}');
    }
    json_close(j, ']');
}

/* First the exemptions that were used, then the others: an admin wants to see both. */
static void add_exemptions(const struct server *s, struct json *j)
{
    const struct exempt_settings *exempt = &s->settings->exempt;

    json_number(j, "exemption_count", (long long)exempt->count);
    json_open(j, "exemptions", '[');
    for (size_t i = 0; i < exempt->count && i < EXEMPTIONS_SHOWN; i++) {
        const struct exemption *entry = &exempt->entries[i];
        char where[EXEMPTION_WHERE_SIZE];

        json_open(j, NULL, '{');
        json_text(j, "kind", exempt_kind_name(entry->kind));
        json_text(j, "pattern", entry->pattern);
        json_text(j, "where", exempt_where(entry, where));
        json_text(j, "why", entry->why);
        json_number(j, "until", (long long)entry->until);
        json_number(j, "hits", (long long)counts_get(s->hits[entry->kind], entry->pattern, strlen(entry->pattern)));
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void add_field(const struct log_field *f, struct json *j)
{
    if (f->number)
        json_number(j, f->name, strtoll(f->value, NULL, 10));
    else
        json_text(j, f->name, f->value);
}

static void add_recent(const struct recent *recent, struct json *j)
{
    time_t now = clock_wall(), when;
    const struct decision_field_list *list;

    json_open(j, "minutes", '{');
    for (unsigned kind = 0; kind < RECENT_KINDS; kind++) {
        json_open(j, recent_kind_name(kind), '['); /* the oldest first; the last is the current minute */
        for (unsigned back = RECENT_MINUTES + 1; back-- > 0;)
            json_number(j, NULL, (long long)recent_minute(recent, now, back, kind));
        json_close(j, ']');
    }
    json_close(j, '}');
    json_open(j, "decisions", '['); /* the newest first */
    for (unsigned back = 0; (list = recent_decision(recent, back, &when)) != NULL; back++) {
        json_open(j, NULL, '{');
        json_number(j, "time", (long long)when);
        for (unsigned i = 0; i < list->count; i++)
            add_field(&list->fields[i], j);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static unsigned show_status(const struct page_call *call)
{
    const struct server *s = call->server;
    struct json j;

    json_init(&j, call->out);
    json_open(&j, NULL, '{');
    json_text(&j, "version", PACKAGE_VERSION);
    json_number(&j, "now", (long long)clock_wall());
    json_text(&j, "file", s->settings->file);
    json_text(&j, "resolvers", resolver_servers(s->gather.resolver));
    json_open(&j, "metrics", '{');
    exposition_json(s->metrics, &j);
    json_close(&j, '}');
    add_rules(&j);
    add_policies(s, &j);
    add_exemptions(s, &j);
    add_recent(s->recent, &j);
    json_close(&j, '}');
    json_end(&j);
    return 200;
}

static unsigned reload(const struct page_call *call)
{
    struct json j;
    bool done;

    if (call->server->stopping) {
        fputs("helod is stopping\n", call->out);
        return 503;
    }
    done = call->server->hooks.reload(call->server);

    json_init(&j, call->out);
    json_open(&j, NULL, '{');
    json_bool(&j, "done", done);
    json_number(&j, "generation", call->server->settings->generation);
    json_close(&j, '}');
    json_end(&j);
    return done ? 200 : 409;
}

/* heloctl queries a store that several hosts share by itself. */
static unsigned reach_history(const struct page_call *call)
{
    bool forget = call->page->kind == PAGE_CHANGE;
    struct history *history = call->server->gather.history;
    const char *subject = evhttp_find_header(call->arguments, "subject");
    const char *form = evhttp_find_header(call->arguments, "form");
    char *text;
    bool ok;

    if (subject == NULL) {
        fputs("expected ?subject=ADDRESS or NAME\n", call->out);
        return 400;
    }
    if (history == NULL) {
        fputs("there is no history: history.store is none\n", call->out);
        return 404;
    }
    text = (forget ? history_forget : history_show)(
        history, subject, form != NULL && strcmp(form, "json") == 0 ? HISTORY_JSON : HISTORY_TEXT, &ok);
    fputs(text != NULL ? text : "this helod keeps no history in memory: see history.store\n", call->out);
    free(text);
    return ok ? 200 : 409;
}

const struct page pages[] = {
    {PAGE_SHOW, "/", "text/html; charset=utf-8", "the status page", show_text, page_index},
    {PAGE_SHOW, "/status.css", "text/css; charset=utf-8", "its style", show_text, page_style},
    {PAGE_SHOW, "/status.js", "text/javascript; charset=utf-8", "its script", show_text, page_script},
    {PAGE_SHOW, "/status.json", "application/json",
     "what the page shows: metrics, policies, exemptions, last decisions", show_status, NULL},
    {PAGE_SHOW, "/stats.json", "application/json", "the metrics", show_stats, NULL},
    {PAGE_SHOW, "/metrics", EXPOSITION_TYPE, "the metrics for Prometheus", show_metrics, NULL},
    {PAGE_SHOW, "/history", "text/plain; charset=utf-8",
     "what the memory store knows about ?subject=ADDRESS or NAME; &form=json", reach_history, NULL},
    {PAGE_CHANGE, "/forget", "text/plain; charset=utf-8", "removes what it knows about ?subject=ADDRESS or NAME",
     reach_history, NULL},
    {PAGE_CHANGE, "/reload", "application/json", "reads the policy file again", reload, NULL},
    {.path = NULL},
};

const struct page *pages_find(const char *path)
{
    for (const struct page *page = pages; page->path != NULL; page++)
        if (strcmp(page->path, path) == 0)
            return page;
    return NULL;
}
