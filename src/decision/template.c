/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * template: %{macro} texts. Every macro is a row; "%%" is a percent sign. An unknown macro, which template_check()
 * would have rejected, is copied unchanged. The result is printable ASCII whatever bytes the values contain.
 */
#include "template.h"

#include <stdio.h>
#include <string.h>

enum {
    SCRATCH_SIZE = ADDRESS_TEXT_SIZE,
    FOREIGN_MAX =
        80, /* of one value: a reply has 400 bytes for all; where a value is cut, "..." shows it, but not in a URL */
    FOREIGN_LESS = 24, /* in a text for which long names before it leave less than LITTLE_ROOM */
    LITTLE_ROOM = 250,
};
static const char cut_mark[] = "...";

static const char *value_helo(const struct decision_values *values)
{
    return values->e->request->helo_name;
}

static const char *value_client(const struct decision_values *values)
{
    return values->e->client.family == ADDRESS_NONE ? "unknown" : address_format(&values->e->client, values->scratch);
}

static const char *value_rdns(const struct decision_values *values)
{
    if (values->e->confirmed)
        return values->e->confirmed->name.text;
    return values->e->rdns_count > 0 ? values->e->rdns[0].name.text : "unknown";
}

static const char *value_sender(const struct decision_values *values)
{
    return values->e->request->sender;
}

static const char *value_recipient(const struct decision_values *values)
{
    return values->e->request->recipient;
}

static const char *value_detail(const struct decision_values *values)
{
    return values->finding ? values->finding->detail : "";
}

static const char *value_spf_explanation(const struct decision_values *values)
{
    return values->e->helo_spf && values->e->helo_spf->explanation ? values->e->helo_spf->explanation : "";
}

static const char *value_score(const struct decision_values *values)
{
    snprintf(values->scratch, SCRATCH_SIZE, "%d", values->v ? values->v->score : 0);
    return values->scratch;
}

static const char *value_rule(const struct decision_values *values)
{
    return values->finding ? rule_names[values->finding->rule] : "";
}

static const char *value_policy(const struct decision_values *values)
{
    return values->v && values->v->policy ? values->v->policy->name : "";
}

static const char *value_id(const struct decision_values *values)
{
    return values->v ? values->v->id : "";
}

static const char *value_advice(const struct decision_values *values)
{
    return values->advice;
}

static const char *value_help_url(const struct decision_values *values)
{
    return values->help_url;
}

const struct decision_macro decision_macros[] = {
    {"helo", "the HELO or EHLO argument as it was sent", false, value_helo},
    {"client", "the client's address", true, value_client},
    {"rdns", "the client's reverse name, a confirmed one if there is one; \"unknown\" if there is none", false,
     value_rdns},
    {"sender", "the envelope sender", false, value_sender},
    {"recipient", "the envelope recipient", false, value_recipient},
    {"detail", "what exactly the heaviest finding saw", false, value_detail},
    {"spf_explanation", "the explanation that the HELO name's SPF record gives", false, value_spf_explanation},
    {"score", "the score", true, value_score},
    {"rule", "the name of the heaviest finding", true, value_rule},
    {"policy", "the name of the policy", true, value_policy},
    {"id", "the id of the decision, as in the log", true, value_id},
    {"advice", "what the sender should do about the heaviest finding", true, value_advice},
    {"help_url", "the policy's help_url, filled in", true, value_help_url},
    {NULL, NULL, false, NULL},
};

static const struct decision_macro *find_macro(const char *name, size_t n)
{
    for (const struct decision_macro *m = decision_macros; m->name; m++)
        if (strlen(m->name) == n && memcmp(m->name, name, n) == 0)
            return m;
    return NULL;
}

/* The macro at "%{": its row, and where the text continues; NULL if it is unknown or not closed. */
static const struct decision_macro *macro_at(const char *percent, const char **after)
{
    const char *name = percent + 2;
    const char *end = strchr(name, '}');

    if (!end)
        return NULL;
    *after = end + 1;
    return find_macro(name, (size_t)(end - name));
}

bool template_check(const char *text, const char **unknown)
{
    for (const char *p = strchr(text, '%'); p; p = strchr(p, '%')) {
        if (p[1] != '{') {
            p += p[1] == '%' ? 2 : 1;
            continue;
        }
        if (!macro_at(p, unknown)) {
            *unknown = p + 2;
            return false;
        }
        p = *unknown;
    }
    *unknown = NULL;
    return true;
}

bool template_uses(const char *text, const char *macro)
{
    const char *after;

    for (const char *p = strchr(text, '%'); p; p = strchr(p, '%')) {
        const struct decision_macro *m = p[1] == '{' ? macro_at(p, &after) : NULL;

        if (m && strcmp(m->name, macro) == 0)
            return true;
        p += p[1] == '%' ? 2 : 1;
    }
    return false;
}

/* RFC 3986: everything but the unreserved characters. */
static void add_encoded(struct text *t, const char *s, size_t n)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (size_t i = 0; i < n; i++) {
        if (strchr(unreserved, s[i]))
            text_add_char(t, s[i]);
        else
            text_addf(t, "%%%02X", (unsigned char)s[i]);
    }
}

static void add_value(struct text *t, const struct decision_macro *m, const struct decision_values *values,
                      enum template_target target)
{
    char scratch[SCRATCH_SIZE];
    struct decision_values own = *values;
    const char *value;
    size_t n, most = target == TEMPLATE_REPLY && t->size < LITTLE_ROOM ? FOREIGN_LESS : FOREIGN_MAX;
    bool cut;

    own.scratch = scratch;
    value = m->value(&own);
    n = strlen(value);
    cut = !m->ours && n > most;
    if (cut)
        n = most - strlen(cut_mark);
    if (target == TEMPLATE_URL)
        add_encoded(t, value, n);
    else
        text_add_as(t, m->ours ? TEXT_PLAIN : TEXT_REPLY, value, n);
    if (cut && target == TEMPLATE_REPLY)
        text_add(t, cut_mark);
}

void template_expand(struct text *t, const char *template, const struct decision_values *values,
                     enum template_target target)
{
    for (const char *p = template; *p;) {
        size_t plain = strcspn(p, "%");
        const struct decision_macro *m = NULL;
        const char *after;

        text_add_as(t, TEXT_PLAIN, p, plain);
        p += plain;
        if (*p == '\0')
            break;
        if (p[1] == '{')
            m = macro_at(p, &after);
        if (m) {
            add_value(t, m, values, target);
            p = after;
        } else {
            text_add_char(t, '%');
            p += p[1] == '%' ? 2 : 1;
        }
    }
}
