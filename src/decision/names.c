/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names: the words of log and header for outcomes, reasons not to judge, and findings.
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

void decision_add_findings(const struct verdict *v, size_t room, struct text *t)
{
    char item_bytes[80], more_bytes[16];

    for (unsigned i = 0; i < v->finding_count; i++) {
        const struct finding *f = &v->findings[i];
        bool last = i + 1 == v->finding_count;
        struct text item, more;

        text_init(&item, item_bytes, sizeof(item_bytes));
        text_add(&item, i > 0 ? "," : "");
        text_add(&item, rules[f->rule]->name);
        text_add_char(&item, ':');
        text_add_number(&item, f->points);
        text_init(&more, more_bytes, sizeof(more_bytes));
        text_add(&more, i > 0 ? ",+" : "+");
        text_add_number(&more, v->finding_count - i);
        /* What is left must hold this one and, unless it is the last, the mark that there were more. */
        if (item.used + (last ? 0 : more.used + 1) > room) {
            if (more.used <= room)
                text_add_bytes(t, more_bytes, more.used);
            return;
        }
        text_add_bytes(t, item_bytes, item.used);
        room -= item.used;
    }
}
