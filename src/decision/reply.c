/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reply: verdict to the reply for Postfix. Code, enhanced code and text of a rejection come from the heaviest finding's
 * row, unless the policy file has its own. A deferral is always 4xx with class 4, also when mode or doubt turned a
 * rejection into it. The decision's id ends the text of every 4xx and 5xx and is never cut.
 */
#include <string.h>

#include "header.h"
#include "template.h"

enum {
    HELP_URL_MAX = 200,
    REJECTED_CODE = 550,
    DEFERRED_CODE = 450,
    TAIL_MAX = 32,       /* of "; see " and " [id ID]" */
    LINE_MAX_SMTP = 512, /* RFC 5321 section 4.5.3.1.5, with CR LF */
    LINE_PREFIX = 48,    /* "550 5.7.25 <...>: Recipient address rejected: " and CR LF, with nothing in the brackets */
    TEXT_AT_LEAST = 200, /* for the text and its tail, however long the names are */
    SECOND_FAULT_POINTS = 10 /* a smaller fault is not worth a sentence beside a heavier one */
};

static const char fallback_text[] = "rejected by the policy of this site";

/* The advice where a greeting is deferred only for a limit of its network. */
static const char *const limit_advice[LIMIT_COUNT] = {
    [LIMIT_CLIENT_RATE] = "your network sends more greetings in a minute than this server looks up: try again later",
    [LIMIT_CLIENT_WAITING] = "too many greetings from your network are waiting for DNS answers: try again later",
};

/* The finding that counted most, if any counted at all. */
static const struct finding *heaviest_finding(const struct verdict *v)
{
    return v->finding_count > 0 && v->findings[0].counted > 0 ? &v->findings[0] : NULL;
}

/*
 * Room for the text of a 4xx or 5xx. Postfix begins the text with the HELO name or, in smtpd_recipient_restrictions,
 * with the recipient. Where they are long, the text has to be shorter, so that the line does not become too long for
 * SMTP.
 */
static size_t text_room(const struct evidence *e)
{
    size_t helo = strlen(e->request->helo_name), recipient = strlen(e->request->recipient);
    size_t used = LINE_PREFIX + (helo > recipient ? helo : recipient);

    if (used + TEXT_AT_LEAST > LINE_MAX_SMTP)
        return TEXT_AT_LEAST;
    return used + REPLY_TEXT_MAX > LINE_MAX_SMTP ? LINE_MAX_SMTP - used : REPLY_TEXT_MAX;
}

static const char *advice_within(size_t room, const struct finding *f, const struct evidence *e, struct region *r)
{
    struct decision_values values = {.e = e, .finding = f, .advice = "", .help_url = ""};
    char advice[REPLY_TEXT_MAX + 1];
    const char *copy;
    struct text t;

    text_init(&t, advice, room + 1);
    template_expand(&t, rules[f->rule]->advice, &values, TEMPLATE_REPLY);
    copy = region_strdup(r, advice);
    return copy ? copy : "";
}

const char *decision_advice(const struct finding *f, const struct evidence *e, struct region *r)
{
    return advice_within(REPLY_TEXT_MAX, f, e, r);
}

/* "; see URL [id ID]", as much of it as there is. */
static void add_tail(struct text *t, const struct verdict *v, const char *help_url)
{
    if (help_url[0])
        text_addf(t, "; see %s", help_url);
    if (v->id[0])
        text_addf(t, " [id %s]", v->id);
}

static const char *help_url_of(const struct decision_values *values, struct region *r)
{
    char url[HELP_URL_MAX + 1];
    const char *copy;
    struct text t;

    text_init(&t, url, sizeof(url));
    template_expand(&t, values->v->policy->help_url, values, TEMPLATE_URL);
    copy = t.full ? "" : region_strdup(r, url); /* half a URL does not work */
    return copy ? copy : "";
}

/* The whole text of a 4xx or 5xx; NULL without memory, which the formatter turns into DUNNO. */
static const char *status_text(const char *template, const struct decision_values *values, struct region *r)
{
    char line[REPLY_TEXT_MAX + 1], tail[HELP_URL_MAX + 32];
    bool has_url = template_uses(template, "help_url");
    size_t room = text_room(values->e);
    struct text t;

    text_init(&t, tail, sizeof(tail));
    add_tail(&t, values->v, has_url ? "" : values->help_url);
    /* A long help_url counts for more than the limit of the line, which Postfix itself does not enforce. */
    room = room >= t.used + TEXT_AT_LEAST / 2 ? room - t.used : TEXT_AT_LEAST / 2;
    text_init(&t, line, room + 1);
    template_expand(&t, template, values, TEMPLATE_REPLY);
    memcpy(line + t.used, tail, strlen(tail) + 1);
    return region_strdup(r, line);
}

static const char *class_4(const char *enhanced, struct region *r)
{
    char *copy = region_strdup(r, enhanced);

    if (copy)
        copy[0] = '4';
    return copy;
}

/*
 * A second fault for a greeting that was decided by its name alone, without lookups: Postfix reports that the address
 * has no reverse name. That is enough for a hint, but not for a finding.
 */
static const char *unasked_advice(const struct evidence *e, struct region *r)
{
    char client[ADDRESS_TEXT_SIZE];
    const char *text;

    if (e->reverse != KNOWN_NOT_ASKED || strcmp(e->request->reverse_client_name, "unknown") != 0)
        return "";
    text = region_printf(r,
                         "no reverse name of your address %s was found: have your provider set a PTR record to a "
                         "host name that points to it",
                         address_format(&e->client, client));
    return text ? text : "";
}

/* What to say about a second fault, "" if there is none: the next finding that counts and is worth a sentence. */
static const char *second_advice(const struct decision_values *values, struct region *r)
{
    const struct verdict *v = values->v;

    for (size_t i = 1; i < v->finding_count && v->findings[i].counted > 0; i++)
        if (v->findings[i].points >= SECOND_FAULT_POINTS)
            return advice_within(text_room(values->e), &v->findings[i], values->e, r);
    return unasked_advice(values->e, r);
}

/*
 * The text where the policy file has none: what the heaviest finding and the next one advise. A sender who corrects
 * only the first of two faults would be refused again. The second is left out where both do not fit.
 */
static const char *advice_of_two(const struct decision_values *values, struct region *r)
{
    const char *second;
    size_t room = text_room(values->e), tail = strlen(values->help_url) + TAIL_MAX;

    /* Whoever uses somebody else's name needs no advice on how to make that name fit. */
    if (values->finding == NULL || rule_families[values->finding->rule] == FAMILY_IMPERSONATION)
        return values->advice;
    second = second_advice(values, r);
    if (second[0] == '\0' || strlen(values->advice) + strlen(second) + tail > room)
        return values->advice;
    second = region_printf(r, "%s; also, %s", values->advice, second);
    return second ? second : values->advice;
}

/* A 5xx with the codes of the heaviest finding's row, or a 450. */
static struct reply status(const struct verdict *v, const struct decision_values *values, struct region *r)
{
    const struct rule *rule = values->finding ? rules[values->finding->rule] : NULL;
    bool defer = v->outcome == OUTCOME_DEFER;
    const char *template = defer ? v->policy->defer_text : v->policy->reject_text;
    struct decision_values both = *values;
    struct reply reply = {.verb = REPLY_STATUS, .code = REJECTED_CODE, .enhanced = RULE_ENHANCED};

    if (rule && rule->enhanced && rule->enhanced[0] == '5')
        reply.enhanced = rule->enhanced;
    if (!template[0]) {
        both.advice = advice_of_two(values, r);
        template = both.advice[0] ? "%{advice}" : fallback_text;
    }
    reply.text = status_text(template, &both, r);
    if (defer) {
        reply.code = DEFERRED_CODE;
        reply.enhanced = class_4(reply.enhanced, r);
    }
    return reply;
}

/* The admin's own action with its text filled in. A 5xx becomes a 4xx where the outcome is a deferral. */
static struct reply own_action(const struct verdict *v, const struct decision_values *values, struct region *r)
{
    struct reply reply = v->threshold->reply;
    char line[REPLY_TEXT_MAX + 1];
    struct text t;

    if (reply.verb == REPLY_DUNNO || reply.verb == REPLY_RESTRICTION || !reply.text)
        return reply;
    if (reply.verb == REPLY_STATUS) {
        reply.text = status_text(reply.text, values, r);
    } else {
        text_init(&t, line, sizeof(line));
        template_expand(&t, reply.text, values, TEMPLATE_REPLY);
        reply.text = region_strdup(r, line);
    }
    if (v->outcome == OUTCOME_DEFER && reply.verb == REPLY_STATUS && reply.code >= 500) {
        reply.code = DEFERRED_CODE;
        reply.enhanced = class_4(reply.enhanced ? reply.enhanced : "4.7.1", r);
    }
    return reply;
}

static struct reply prepend(const struct verdict *v, const struct evidence *e, bool first, struct region *r)
{
    struct reply reply = {.verb = REPLY_DUNNO};

    if (first) {
        reply.text = header_make(v, e, r);
        reply.verb = reply.text ? REPLY_PREPEND : REPLY_DUNNO;
    }
    return reply;
}

struct reply decision_reply(const struct verdict *v, const struct evidence *e, bool first, struct region *r)
{
    struct decision_values values = {.e = e, .v = v, .finding = heaviest_finding(v), .advice = "", .help_url = ""};
    const struct reply dunno = {.verb = REPLY_DUNNO};
    bool marks_all = v->policy && v->policy->header_always && v->policy->mode != MODE_MONITOR;

    if (v->skip != SKIP_NONE || !v->policy)
        return dunno;
    if (v->outcome == OUTCOME_DUNNO)
        return marks_all ? prepend(v, e, first, r) : dunno;
    if (v->limited != LIMIT_NONE) {
        values.finding = NULL;
        values.advice = limit_advice[v->limited];
    } else if (values.finding) {
        values.advice = advice_within(text_room(e), values.finding, e, r);
    }
    values.help_url = help_url_of(&values, r);
    if (v->limited == LIMIT_NONE && v->threshold && v->threshold->has_reply &&
        v->threshold->reply.verb != REPLY_PREPEND)
        return own_action(v, &values, r);
    return v->outcome == OUTCOME_MARK ? prepend(v, e, first, r) : status(v, &values, r);
}
