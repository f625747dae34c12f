/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names: the words of the decision line for outcomes and reasons not to judge.
 */
#include "verdict.h"

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
