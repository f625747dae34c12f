/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * template: %{macro} texts of replies, advice and help_url. Private to the room.
 */
#ifndef HELOD_TEMPLATE_H
#define HELOD_TEMPLATE_H

#include "decision.h"

/* What the macros of a template take their values from. */
struct decision_values {
    const struct evidence *e;
    const struct verdict *v;       /* NULL: none yet, its macros are empty */
    const struct finding *finding; /* the heaviest, or the one that the advice is for; NULL: none */
    const char *advice, *help_url; /* ready; "" for none */
    char *scratch;                 /* where a macro may write its value; set by template_expand() */
};

enum template_target { TEMPLATE_REPLY, TEMPLATE_URL };

/*
 * Adds the template with its macros filled in: plain ASCII, every foreign byte filtered, or percent-encoded for a
 * URL.
 */
void template_expand(struct text *t, const char *template, const struct decision_values *values,
                     enum template_target target);

#endif
