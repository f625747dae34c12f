/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: checks that need the whole policy. A combination that cannot be intended is an error. One that is possible but
 * may hurt honest mail is a warning, above all against RFC 5321 section 4.1.4: a server must not refuse a message only
 * because the HELO name does not match the client's address.
 */
#include <string.h>

#include "reading.h"

static unsigned line_of(const struct reading *rd, enum section section, const char *name)
{
    return fields_line(rd, fields_block(rd, section, 0, NULL), name);
}

static void check_times(struct reading *rd)
{
    const struct settings *s = rd->settings;

    if (s->dns.ttl_min_ms > s->dns.ttl_max_ms)
        problems_error(&rd->problems, line_of(rd, SECTION_DNS, "ttl_min"), "ttl_min is longer than ttl_max");
    if (s->dns.timeout_ms > s->server.deadline_ms)
        problems_warning(&rd->problems, line_of(rd, SECTION_DNS, "timeout"),
                         "timeout is longer than the deadline of a request: no query is repeated");
    if (s->history.known_days * (uint64_t)86400000 > s->history.window_ms)
        problems_error(&rd->problems, line_of(rd, SECTION_HISTORY, "known_days"),
                       "known_days is longer than the window: identity_known could never apply");
}

static void check_redis(struct reading *rd, unsigned block)
{
    const struct history_settings *history = &rd->settings->history;
    bool sentinels = history->redis_sentinel[0] != '\0';
    unsigned count = 0;

    for (; history->redis[count] != NULL; count++) {
        unsigned line = fields_value_line(rd, block, "redis", count);

        if (sentinels && strncmp(history->redis[count], "unix:", 5) == 0)
            problems_error(&rd->problems, line, "redis: \"%.100s\" cannot be a sentinel, expected inet:HOST:PORT",
                           history->redis[count]);
        for (unsigned i = 0; i < count; i++)
            if (strcmp(history->redis[i], history->redis[count]) == 0)
                problems_error(&rd->problems, line, "redis: \"%.100s\" is listed twice", history->redis[i]);
    }
    if (count == 0 || count > HISTORY_REDIS_MAX)
        problems_error(&rd->problems, fields_line(rd, block, "redis"), "redis: %u servers, expected 1 to %d", count,
                       HISTORY_REDIS_MAX);
    if (sentinels && (block == NO_BLOCK || scan_find(&rd->scan, block, "redis") == NULL))
        problems_error(&rd->problems, fields_line(rd, block, "redis_sentinel"),
                       "redis_sentinel needs a list of sentinels in redis, such as "
                       "{ \"inet:192.0.2.1:26379\", \"inet:192.0.2.2:26379\", \"inet:192.0.2.3:26379\" }");
}

static void check_history(struct reading *rd)
{
    const struct history_settings *history = &rd->settings->history;

    if (history->hashed && history->hash_key[0] == '\0')
        problems_error(&rd->problems, line_of(rd, SECTION_HISTORY, "hashed"), "hashed needs a hash_key");
    check_redis(rd, fields_block(rd, SECTION_HISTORY, 0, NULL));
}

static void check_log(struct reading *rd)
{
    const struct settings *s = rd->settings;

    if (s->log.to == LOG_TO_FILE && s->log.file[0] == '\0')
        problems_error(&rd->problems, line_of(rd, SECTION_LOG, "to"), "to = \"file\" needs file, expected a path");
    if (s->exempt.helo_unverified && s->exempt.helo_list[0])
        problems_warning(&rd->problems, line_of(rd, SECTION_EXEMPT, "helo_unverified"),
                         "helo_unverified lets anybody in who greets with one of the exempt names");
}

/* Actions must get stricter as scores rise, and no two thresholds may have the same score. */
static void check_thresholds(struct reading *rd, const struct policy *policy, unsigned block)
{
    for (unsigned i = 1; i < policy->threshold_count; i++) {
        const struct threshold *low = &policy->thresholds[i - 1], *high = &policy->thresholds[i];
        unsigned line = fields_line(rd, fields_block(rd, SECTION_THRESHOLD, block, high->name), "score");
        if (low->score == high->score)
            problems_error(&rd->problems, line, "thresholds \"%s\" and \"%s\" have the same score %d", low->name,
                           high->name, high->score);
        else if (high->outcome < low->outcome)
            problems_error(&rd->problems, line,
                           "threshold \"%s\" at %d is milder than \"%s\" at %d, expected actions "
                           "that rise with the score",
                           high->name, high->score, low->name, low->score);
    }
}

static const struct threshold *first_rejection(const struct policy *policy)
{
    for (unsigned i = 0; i < policy->threshold_count; i++) {
        if (policy->thresholds[i].outcome == OUTCOME_REJECT && policy->thresholds[i].score > 0)
            return &policy->thresholds[i];
    }
    return NULL;
}

static void check_caps(struct reading *rd, const struct policy *policy, unsigned block)
{
    const struct threshold *reject = first_rejection(policy);
    unsigned caps = fields_block(rd, SECTION_CAPS, block, NULL);

    for (int i = 0; i < FAMILY_COUNT; i++) {
        unsigned line = caps == NO_BLOCK ? 0 : fields_line(rd, caps, families[i].name);
        if (i == FAMILY_ALIGNMENT && reject && policy->caps[i] >= reject->score) {
            if (line == 0 && block != NO_BLOCK)
                line = fields_line(rd, fields_block(rd, SECTION_THRESHOLD, block, reject->name), "score");
            problems_warning(&rd->problems, line,
                             "policy \"%s\" can reject for alignment alone (cap %d, threshold \"%s\" at %d): "
                             "RFC 5321 section 4.1.4 forbids refusing mail because HELO does not match the address",
                             policy->name, policy->caps[i], reject->name, reject->score);
        } else if (line != 0 && families[i].cap_limit > 0 && policy->caps[i] > families[i].cap_limit) {
            problems_warning(&rd->problems, line, "the cap of %s is %d, expected at most %d", families[i].name,
                             policy->caps[i], families[i].cap_limit);
        }
    }
}

/* Checks the points that the file sets; the defaults in the catalogue are known to be valid. */
static void check_points(struct reading *rd, const struct policy *policy, unsigned block)
{
    unsigned points = fields_block(rd, SECTION_POINTS, block, NULL);

    for (size_t i = 0; points != NO_BLOCK && i < rules_count; i++) {
        const struct rule *rule = rules[i];
        const struct assignment *a = scan_find(&rd->scan, points, rule_names[i]);
        int given = policy->points[i];
        if (!a)
            continue;
        if (given > 0 && strstr(rule_names[i], "temperror"))
            problems_error(&rd->problems, a->line, "%s: expected 0: DNS failures never count against a client",
                           rule_names[i]);
        else if (given > 0 && rule->points < 0)
            problems_error(&rd->problems, a->line, "%s is a credit, expected 0 or a negative number", rule_names[i]);
        else if (given < 0 && rule->points >= 0)
            problems_error(&rd->problems, a->line, "%s is not a credit, expected 0 or a positive number",
                           rule_names[i]);
        else if (given > policy->caps[rule_families[i]] && !rule->certain) /* a certain finding counts past the cap */
            problems_warning(&rd->problems, a->line, "%s: the cap of its family %s is %d, so %d points count as %d",
                             rule_names[i], families[rule_families[i]].name, policy->caps[rule_families[i]], given,
                             policy->caps[rule_families[i]]);
    }
}

static void check_shadow(struct reading *rd, const struct policy *policy, unsigned block)
{
    const struct policy *at = policy->shadow;

    for (size_t steps = 0; at && steps <= rd->settings->policy_count; steps++, at = at->shadow) {
        if (at != policy)
            continue;
        problems_error(&rd->problems, fields_line(rd, block, "shadow"), "shadow: policy \"%s\" %s", policy->name,
                       steps == 0 ? "is its own shadow" : "leads back to itself");
        return;
    }
}

static void check_texts(struct reading *rd, const struct policy *policy, unsigned block)
{
    const struct {
        const char *name, *text;
    } texts[] = {{"reject_text", policy->reject_text}, {"defer_text", policy->defer_text}};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strlen(texts[i].text) > REPLY_TEXT_MAX)
            problems_error(&rd->problems, fields_line(rd, block, texts[i].name),
                           "%s has %zu bytes, expected at most %d", texts[i].name, strlen(texts[i].text),
                           REPLY_TEXT_MAX);
    }
    if (policy->help_url[0] && strncmp(policy->help_url, "https://", 8) != 0 &&
        strncmp(policy->help_url, "http://", 7) != 0)
        problems_error(&rd->problems, fields_line(rd, block, "help_url"),
                       "help_url: \"%.80s\" is not the address of a web page, expected https://HOST/PATH",
                       policy->help_url);
    else if (strpbrk(policy->help_url, " \"<>"))
        problems_error(&rd->problems, fields_line(rd, block, "help_url"),
                       "help_url: \"%.80s\" contains a space or quote", policy->help_url);
}

void check_run(struct reading *rd)
{
    const struct settings *s = rd->settings;

    check_times(rd);
    check_history(rd);
    check_log(rd);
    for (size_t i = 0; i < s->policy_count; i++) {
        unsigned block = rd->policy_blocks[i];
        check_thresholds(rd, s->policies[i], block);
        check_caps(rd, s->policies[i], block);
        check_points(rd, s->policies[i], block);
        check_shadow(rd, s->policies[i], block);
        check_texts(rd, s->policies[i], block);
    }
}
