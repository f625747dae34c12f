/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names: the words that log, header and metrics use for outcomes, modes, reasons not to judge, and findings.
 */
#include "decision.h"

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[OUTCOME_COUNT] = {
        [OUTCOME_DUNNO] = "dunno",
        [OUTCOME_MARK] = "mark",
        [OUTCOME_DEFER] = "defer",
        [OUTCOME_REJECT] = "reject",
    };

    return (unsigned)outcome < OUTCOME_COUNT ? names[outcome] : "dunno";
}

const char *skip_name(enum skip skip)
{
    static const char *const names[SKIP_COUNT] = {
        [SKIP_NONE] = "",
        [SKIP_EXEMPT] = "exempt",
        [SKIP_AUTHENTICATED] = "authenticated",
        [SKIP_NO_CLIENT] = "no_client",
        [SKIP_NO_MAIL] = "no_mail",
        [SKIP_TROUBLE] = "trouble",
    };

    return (unsigned)skip < SKIP_COUNT ? names[skip] : "";
}

const char *limit_name(enum limit limit)
{
    static const char *const names[LIMIT_COUNT] = {
        [LIMIT_NONE] = "",
        [LIMIT_STRESS] = "stress",
        [LIMIT_CLIENT_RATE] = "client_rate",
        [LIMIT_CLIENT_WAITING] = "client_waiting",
        [LIMIT_GUARD] = "guard",
        [LIMIT_ANSWERS] = "answers",
        [LIMIT_OFFLINE] = "offline",
    };

    return (unsigned)limit < LIMIT_COUNT ? names[limit] : "";
}

const char *policy_mode_name(enum policy_mode mode)
{
    static const char *const names[] = {[MODE_ENFORCE] = "enforce", [MODE_SOFT] = "soft", [MODE_MONITOR] = "monitor"};

    return names[mode];
}

enum outcome policy_mode_outcome(enum policy_mode mode, enum outcome judged)
{
    if (mode == MODE_MONITOR)
        return OUTCOME_DUNNO;
    return mode == MODE_SOFT && judged == OUTCOME_REJECT ? OUTCOME_DEFER : judged;
}

const char *exempt_kind_name(enum exempt_kind kind)
{
    static const char *const names[EXEMPT_KINDS] = {
        [EXEMPT_CLIENT] = "client",
        [EXEMPT_RDNS] = "rdns",
        [EXEMPT_HELO] = "helo",
    };

    return names[kind];
}

void decision_add_findings(const struct verdict *v, size_t room, struct text *t)
{
    for (unsigned i = 0; i < v->finding_count && !t->full; i++) {
        const struct finding *f = &v->findings[i];
        unsigned left = v->finding_count - i;
        size_t before = t->used, more = (i > 0) + (left > 9 ? sizeof "+99" : sizeof "+9") - 1, item;

        if (i > 0)
            text_add_char(t, ',');
        text_add(t, rule_names[f->rule]);
        text_add_char(t, ':');
        text_add_number(t, f->counted);
        item = t->used - before;
        /* The room that is left must hold this finding and, unless it is the last, the "+N" for those after it. */
        if (item + (left == 1 ? 0 : more + 1) <= room) {
            room -= item;
            continue;
        }
        text_rewind(t, before);
        if (more > room)
            return;
        text_add(t, i > 0 ? ",+" : "+");
        text_add_number(t, left);
        return;
    }
}
