/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checked: compares replies with the list of actions in the table's column "want".
 */
#include "checked.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 160 };

/* A string for JSON, without what would need an escape. */
static void print_text(const char *name, const char *text)
{
    printf("\"%s\": \"", name);
    for (unsigned i = 0; i < SHOWN && text[i] != '\0'; i++)
        putchar(text[i] >= ' ' && text[i] <= '~' && text[i] != '"' && text[i] != '\\' ? text[i] : '?');
    putchar('"');
}

static void report(const char *fault, const char *helo, const char *reply)
{
    putchar('{');
    print_text("fault", fault);
    printf(", ");
    print_text("helo", helo);
    printf(", ");
    print_text("reply", reply);
    puts("}");
    fflush(stdout);
}

/* "DUNNO" and "PREPEND" are whole words; "5" is any code that begins with it. */
static bool is_wanted(const char *want, const char *action)
{
    size_t length = strcspn(action, " \n");

    while (*want != '\0') {
        size_t n = strcspn(want, ",");

        if (strncmp(want, action, n) == 0 && (n == length || (isdigit((unsigned char)*want) && length == 3)))
            return true;
        want += n + (want[n] == ',');
    }
    return false;
}

void checked_reply(struct checked *checked, const struct greeting *g, const char *reply)
{
    const char *rest = strstr(reply, "\n\n") + 2;

    if (strncmp(reply, "action=", 7) != 0 || !is_wanted(g->want, reply + 7)) {
        checked->wrong++;
        report("wrong", g->helo, reply);
    }
    if (*rest != '\0') {
        checked->twice++;
        report("twice", g->helo, rest);
    }
}

void checked_unasked(struct checked *checked, const char *bytes)
{
    checked->twice++;
    report("twice", "", bytes);
}

void checked_slow(const struct greeting *g, double sent, double took, double own)
{
    putchar('{');
    print_text("fault", "slow");
    printf(", ");
    print_text("helo", g->helo);
    printf(", \"sent\": %.3f, \"took\": %.3f, \"own\": %.3f}\n", sent, took, own);
    fflush(stdout);
}
