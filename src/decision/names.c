/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names: the words of log and header for outcomes, reasons not to judge, and findings.
 */
#include <stdio.h>

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
    char item[80], more[16];

    for (unsigned i = 0; i < v->finding_count; i++) {
        const struct finding *f = &v->findings[i];
        bool last = i + 1 == v->finding_count;
        int n = snprintf(item, sizeof(item), "%s%s:%d", i > 0 ? "," : "", rules[f->rule]->name, f->points);
        int m = snprintf(more, sizeof(more), "%s+%u", i > 0 ? "," : "", v->finding_count - i);

        /* What is left must hold this one and, unless it is the last, the mark that there were more. */
        if ((size_t)n + (last ? 0 : (size_t)m + 1) > room) {
            if ((size_t)m <= room)
                text_add(t, more);
            return;
        }
        text_add(t, item);
        room -= (size_t)n;
    }
}
