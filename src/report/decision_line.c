/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decision_line: writes the one line per decision. Logfmt, fields in the table's order, never over 900 bytes.
 *
 * A field is written completely or not at all. If the line is too long, values are cut: first with generous limits,
 * then with tighter ones. If it is still too long, the list of findings is cut and says how many are missing. Every
 * value is written as TEXT_LOGFMT, so the line is printable ASCII without a line end.
 */
#include "decision_line.h"

#include <stdio.h>
#include <string.h>

#include "decision.h"

enum { CUTS = 3, VALUE_MAX = 200, FINDINGS_MAX = DECISION_LINE_SIZE };

/* Longest value in the line by kind, for each cut. */
enum kind { KIND_NAME, KIND_LABEL, KIND_REPLY };
static const size_t limits[CUTS][KIND_REPLY + 1] = {
    {[KIND_NAME] = 160, [KIND_LABEL] = 64, [KIND_REPLY] = VALUE_MAX},
    {[KIND_NAME] = 80, [KIND_LABEL] = 40, [KIND_REPLY] = 120},
    {[KIND_NAME] = 48, [KIND_LABEL] = 24, [KIND_REPLY] = 60},
};

struct line {
    struct text text;
    const struct decision_record *record;
    const size_t *limit; /* by kind */
    size_t findings_room;
    struct decision_field_list *list; /* the fields go there, one by one, and `text` holds their values; NULL: a line */
};

static void add_key(struct line *l, const struct decision_line_field *f)
{
    if (l->list)
        l->list->fields[l->list->count++] = (struct log_field){.name = f->name, .value = l->text.base + l->text.used};
    else
        text_add_bytes(&l->text, f->key, f->key_size);
}

/* Writes the value in place, through a second text at the end of the line whose size is the value's limit. */
static void add_value(struct line *l, const struct decision_line_field *f, enum kind kind, const char *value)
{
    size_t room;
    struct text t;

    add_key(l, f);
    if (l->list)
        text_add_bytes(&l->text, value, strnlen(value, l->limit[kind]));
    if (l->list || l->text.full)
        return;
    room = l->text.size - l->text.used;
    text_init(&t, l->text.base + l->text.used, room > l->limit[kind] ? l->limit[kind] + 1 : room);
    text_add_as(&t, TEXT_LOGFMT, value, SIZE_MAX);
    l->text.used += t.used;
    l->text.full |= t.full && room <= l->limit[kind];
}

/* A word of ours, or "". */
static void add_word(struct line *l, const struct decision_line_field *f, const char *word)
{
    add_key(l, f);
    text_add(&l->text, *word != '\0' || l->list ? word : "\"\"");
}

static void add_number(struct line *l, const struct decision_line_field *f, long long n)
{
    add_key(l, f);
    text_add_number(&l->text, n);
    if (l->list)
        l->list->fields[l->list->count - 1].number = true;
}

static void write_version(struct line *l, const struct decision_line_field *f)
{
    add_number(l, f, 1);
}

static void write_id(struct line *l, const struct decision_line_field *f)
{
    add_word(l, f, l->record->verdict->id);
}

static void write_action(struct line *l, const struct decision_line_field *f)
{
    add_word(l, f, outcome_name(l->record->verdict->outcome));
}

static void write_judged(struct line *l, const struct decision_line_field *f)
{
    add_word(l, f, outcome_name(l->record->verdict->judged));
}

static void write_score(struct line *l, const struct decision_line_field *f)
{
    add_number(l, f, l->record->verdict->score);
}

static void write_threshold(struct line *l, const struct decision_line_field *f)
{
    const struct threshold *t = l->record->verdict->threshold;

    add_value(l, f, KIND_LABEL, t ? t->name : "");
}

static void write_policy(struct line *l, const struct decision_line_field *f)
{
    const struct policy *policy = l->record->verdict->policy;

    add_value(l, f, KIND_LABEL, policy ? policy->name : "");
}

static void write_mode(struct line *l, const struct decision_line_field *f)
{
    const struct policy *policy = l->record->verdict->policy;

    add_word(l, f, policy ? policy_mode_name(policy->mode) : "");
}

static void write_skip(struct line *l, const struct decision_line_field *f)
{
    if (l->record->verdict->skip != SKIP_NONE)
        add_word(l, f, skip_name(l->record->verdict->skip));
}

static void write_exemption(struct line *l, const struct decision_line_field *f)
{
    const struct exemption *exemption = l->record->exemption;
    char text[VALUE_MAX];

    if (!exemption)
        return;
    snprintf(text, sizeof(text), "%s:%s", exempt_kind_name(exemption->kind), exemption->pattern);
    add_value(l, f, KIND_LABEL, text);
}

static void write_client(struct line *l, const struct decision_line_field *f)
{
    const struct address *client = &l->record->request->client;
    char text[ADDRESS_TEXT_SIZE];

    add_value(l, f, KIND_NAME, client->family == ADDRESS_NONE ? "unknown" : address_format(client, text));
}

static void write_rdns(struct line *l, const struct decision_line_field *f)
{
    const struct evidence *e = l->record->evidence;
    const char *name = l->record->request->reverse_client_name;

    if (e && e->confirmed)
        name = e->confirmed->name.text;
    else if (e && e->rdns_count > 0)
        name = e->rdns[0].name.text;
    add_value(l, f, KIND_NAME, strcmp(name, "unknown") == 0 ? "" : name);
}

static const char *fcrdns_word(const struct evidence *e)
{
    if (!e)
        return "";
    if (e->reverse == KNOWN_ABSENT)
        return "none";
    switch (e->fcrdns) {
    case KNOWN_PRESENT:
        return "pass";
    case KNOWN_ABSENT:
        return "fail";
    case KNOWN_TEMPERROR:
        return "temperror";
    case KNOWN_NOT_ASKED:
        break;
    }
    return e->reverse == KNOWN_TEMPERROR ? "temperror" : "";
}

static void write_fcrdns(struct line *l, const struct decision_line_field *f)
{
    add_word(l, f, fcrdns_word(l->record->evidence));
}

static void write_helo(struct line *l, const struct decision_line_field *f)
{
    add_value(l, f, KIND_NAME, l->record->request->helo_name);
}

static void write_proto(struct line *l, const struct decision_line_field *f)
{
    const struct request *req = l->record->request;

    add_value(l, f, KIND_LABEL, req->esmtp ? "ESMTP" : req->protocol_name);
}

static void write_sender(struct line *l, const struct decision_line_field *f)
{
    add_value(l, f, KIND_NAME, l->record->request->sender);
}

static void write_instance(struct line *l, const struct decision_line_field *f)
{
    add_value(l, f, KIND_LABEL, l->record->request->instance);
}

static void write_findings(struct line *l, const struct decision_line_field *f)
{
    if (l->record->verdict->finding_count == 0) {
        add_word(l, f, "");
        return;
    }
    add_key(l, f);
    decision_add_findings(l->record->verdict, l->findings_room, &l->text);
}

static void write_doubt(struct line *l, const struct decision_line_field *f)
{
    if (l->record->verdict->doubt > 0)
        add_number(l, f, l->record->verdict->doubt);
}

static void write_partial(struct line *l, const struct decision_line_field *f)
{
    if (l->record->verdict->partial)
        add_word(l, f, "yes");
}

static void write_spf(struct line *l, const struct decision_line_field *f)
{
    const struct evidence *e = l->record->evidence;

    if (e && e->helo_spf && e->helo_spf->result != SPF_NOT_ASKED)
        add_word(l, f, spf_result_name(e->helo_spf->result));
}

static void write_limit(struct line *l, const struct decision_line_field *f)
{
    const struct evidence *e = l->record->evidence;

    if (e && e->limit != LIMIT_NONE)
        add_word(l, f, limit_name(e->limit));
}

static void write_shadow(struct line *l, const struct decision_line_field *f)
{
    const struct verdict *shadow = l->record->shadow;

    if (shadow && shadow->policy)
        add_value(l, f, KIND_LABEL, shadow->policy->name);
}

/* What the shadow policy judged. Its mode does not matter, because its action is never sent. */
static void write_shadow_action(struct line *l, const struct decision_line_field *f)
{
    if (l->record->shadow && l->record->shadow->policy)
        add_word(l, f, outcome_name(l->record->shadow->judged));
}

static void write_shadow_score(struct line *l, const struct decision_line_field *f)
{
    if (l->record->shadow && l->record->shadow->policy)
        add_number(l, f, l->record->shadow->score);
}

static void write_dns(struct line *l, const struct decision_line_field *f)
{
    const struct evidence *e = l->record->evidence;

    add_key(l, f);
    text_add_number(&l->text, e ? e->queries : 0);
    text_add_char(&l->text, '/');
    text_add_number(&l->text, e ? (long long)e->dns_ms : 0);
    text_add(&l->text, "ms");
}

static void write_cached(struct line *l, const struct decision_line_field *f)
{
    add_number(l, f, l->record->evidence ? l->record->evidence->cached : 0);
}

static void write_ms(struct line *l, const struct decision_line_field *f)
{
    add_number(l, f, l->record->ms);
}

static void write_reply(struct line *l, const struct decision_line_field *f)
{
    static const char *const verbs[] = {
        [REPLY_DUNNO] = "DUNNO",
        [REPLY_PREPEND] = "PREPEND",
        [REPLY_STATUS] = "",
        [REPLY_WARN] = "WARN",
        [REPLY_INFO] = "INFO",
        [REPLY_HOLD] = "HOLD",
        [REPLY_DEFER_IF_PERMIT] = "DEFER_IF_PERMIT",
        [REPLY_RESTRICTION] = "RESTRICTION",
    };
    const struct reply *reply = l->record->reply;
    char text[VALUE_MAX * 2];

    if (!reply)
        return;
    if (reply->verb == REPLY_DUNNO) {
        add_word(l, f, verbs[REPLY_DUNNO]);
        return;
    }
    if (reply->verb == REPLY_STATUS)
        snprintf(text, sizeof(text), "%u %s %s", reply->code, reply->enhanced ? reply->enhanced : "",
                 reply->text ? reply->text : "");
    else
        snprintf(text, sizeof(text), "%s%s%s", verbs[reply->verb],
                 reply->verb != REPLY_PREPEND && reply->text ? " " : "",
                 reply->verb != REPLY_PREPEND && reply->text ? reply->text : "");
    add_value(l, f, KIND_REPLY, text);
}

#define FIELD(name) name, " " name "=", sizeof " " name "=" - 1

/* Each field is one row: name, how it begins in the line, what it says, who writes it. */
const struct decision_line_field decision_line_fields[] = {
    {"v", "decision v=", sizeof "decision v=" - 1, "version of the format", write_version},
    {FIELD("id"), "of the decision; also at the end of a 4xx or 5xx text", write_id},
    {FIELD("action"), "dunno, mark, defer or reject: what Postfix received", write_action},
    {FIELD("judged"), "dunno, mark, defer or reject: what the thresholds said, whatever the mode", write_judged},
    {FIELD("score"), "after caps and credits", write_score},
    {FIELD("threshold"), "the highest threshold reached", write_threshold},
    {FIELD("policy"), "that judged", write_policy},
    {FIELD("mode"), "enforce, soft or monitor", write_mode},
    {FIELD("skip"), "why the client was not judged; only then", write_skip},
    {FIELD("exemption"), "the exemption that applied; only then", write_exemption},
    {FIELD("client"), "address", write_client},
    {FIELD("rdns"), "reverse name, the confirmed one where there is one", write_rdns},
    {FIELD("fcrdns"), "pass, fail, none (no reverse name), temperror; empty when not asked for", write_fcrdns},
    {FIELD("helo"), "HELO or EHLO argument", write_helo},
    {FIELD("proto"), "SMTP or ESMTP", write_proto},
    {FIELD("sender"), "envelope sender, empty for the null sender", write_sender},
    {FIELD("instance"), "Postfix's identifier of the message", write_instance},
    {FIELD("findings"), "rule:points, heaviest first, adding up to the score; +N counts those that did not fit",
     write_findings},
    {FIELD("doubt"),
     "points that missing evidence could have removed; only if a rejection became a deferral for that "
     "reason",
     write_doubt},
    {FIELD("partial"), "yes when the outcome was decided before all evidence was there; only then", write_partial},
    {FIELD("spf"), "result for the HELO name; only when it was evaluated", write_spf},
    {FIELD("shadow"), "the shadow policy; only with one", write_shadow},
    {FIELD("shadow_action"), "what it judged", write_shadow_action},
    {FIELD("shadow_score"), "its score", write_shadow_score},
    {FIELD("limit"), "why lookups were skipped that might have changed the score; only then", write_limit},
    {FIELD("dns"), "lookups, and the time they took", write_dns},
    {FIELD("cached"), "lookups answered from the cache", write_cached},
    {FIELD("ms"), "from request to answer", write_ms},
    {FIELD("reply"), "the answer as sent to Postfix, its text cut", write_reply},
    {NULL, NULL, 0, NULL, NULL},
};

_Static_assert(sizeof(decision_line_fields) / sizeof(decision_line_fields[0]) - 1 <= DECISION_FIELDS_MAX,
               "more fields than DECISION_FIELDS_MAX");

void decision_line_list(const struct decision_record *record, struct decision_field_list *out)
{
    struct line l = {.record = record, .limit = limits[0], .findings_room = FINDINGS_MAX, .list = out};

    out->count = 0;
    text_init(&l.text, out->bytes, sizeof(out->bytes));
    for (const struct decision_line_field *f = decision_line_fields; f->name; f++) {
        f->write(&l, f);
        text_add_char(&l.text, '\0'); /* ends the value */
    }
}

/* Writes all fields; true when they fit. */
static bool write_all(struct line *l, char out[DECISION_LINE_SIZE])
{
    text_init(&l->text, out, DECISION_LINE_SIZE);
    for (const struct decision_line_field *f = decision_line_fields; f->name; f++)
        f->write(l, f);
    return !l->text.full;
}

size_t decision_line_write(const struct decision_record *record, char out[DECISION_LINE_SIZE])
{
    struct line l = {.record = record};

    for (unsigned cut = 0; cut < CUTS; cut++) {
        l.limit = limits[cut];
        l.findings_room = FINDINGS_MAX;
        if (write_all(&l, out))
            return l.text.used;
    }
    l.findings_room = 0;
    write_all(&l, out);
    l.findings_room = DECISION_LINE_SIZE - 1 - l.text.used;
    write_all(&l, out);
    return l.text.used;
}
