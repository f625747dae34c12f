/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history, forget: show and remove what helod remembers about a client or a name. heloctl queries a Redis store
 * directly. A memory store is in the daemon, so heloctl asks it over its unix status listener. If the daemon does not
 * answer, heloctl reads the snapshot, which may be as old as history.snapshot.
 */
#include <ctype.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "history.h"
#include "policyfile.h"
#include "running.h"
#include "text.h"

enum { PATH_SIZE = 512 };

static void report(void *arg, bool is_error, const char *message)
{
    (void)arg;
    (void)is_error;
    fprintf(stderr, "%s\n", message);
}

static int reach_store(struct ctl *ctl, const struct settings *settings, bool forget)
{
    struct history_options options = {.settings = &settings->history, .read_only = true, .report = report};
    enum history_form form = !forget && ctl_given(ctl, 'j') ? HISTORY_JSON : HISTORY_TEXT;
    struct event_base *base = sure(event_base_new());
    char error[300] = "out of memory", *text = NULL;
    struct history *h = history_new(base, &options, error, sizeof(error));
    bool ok = false;

    if (h)
        text = (forget ? history_forget : history_show)(h, ctl->arguments[0], form, &ok);
    if (text)
        fputs(text, ok ? stdout : stderr);
    else
        ctl_fail(ctl, CTL_TROUBLE, "%s", error);
    free(text);
    history_free(h);
    event_base_free(base);
    return ok ? CTL_OK : CTL_TROUBLE;
}

/* Names are not percent-encoded: HTTP_QUERY_SIZE has room for the longest name, but not for three times its length. */
static void add_escaped(struct text *t, const char *subject)
{
    for (; *subject; subject++) {
        if (isalnum((unsigned char)*subject) || strchr(".-:", *subject))
            text_add_char(t, *subject);
        else
            text_addf(t, "%%%02X", (unsigned)(unsigned char)*subject);
    }
}

/* Prints the daemon's answer, an error to stderr. False if the daemon does not answer, which has been reported. */
static bool ask_daemon(struct ctl *ctl, const char *place, bool forget, int *status)
{
    char path[PATH_SIZE], *body;
    struct text t;
    int http;

    text_init(&t, path, sizeof(path));
    text_add(&t, forget ? "/forget?subject=" : "/history?subject=");
    add_escaped(&t, ctl->arguments[0]);
    text_add(&t, !forget && ctl_given(ctl, 'j') ? "&form=json" : "");
    if (t.full) {
        *status = ctl_fail(ctl, CTL_USAGE, "this is longer than any name");
        return true;
    }
    http = running_ask(ctl, place, forget ? "POST" : "GET", path, &body);
    if (http == 0)
        return false;
    fputs(body, http == 200 ? stdout : stderr);
    if (http == 403)
        fprintf(stderr, ": only root and helod's own user may do this\n");
    free(body);
    *status = http == 200 ? CTL_OK : CTL_TROUBLE;
    return true;
}

static int reach_daemon(struct ctl *ctl, const struct settings *settings, bool forget)
{
    const char *place = running_place(settings, "unix:");
    int status;

    if (place != NULL && ask_daemon(ctl, place, forget, &status))
        return status;
    if (place == NULL)
        ctl_fail(ctl, CTL_TROUBLE, "%s has no unix: socket in status.listen", ctl_policy_file(ctl));
    if (forget)
        return ctl_fail(ctl, CTL_TROUBLE, "helod does not answer");
    if (settings->history.file[0] == '\0')
        return ctl_fail(ctl, CTL_TROUBLE, "helod does not answer, and history.file names no snapshot");
    fprintf(stderr, "helod does not answer: this is from its snapshot\n");
    return reach_store(ctl, settings, false);
}

static int run(struct ctl *ctl)
{
    const struct settings *settings = ctl_settings(ctl);
    bool forget = ctl->verb == &ctl_forget;

    if (!settings)
        return CTL_CONFIG;
    if (settings->history.store == HISTORY_NONE)
        return ctl_fail(ctl, CTL_TROUBLE, "there is no history: history.store is none");
    return settings->history.store == HISTORY_REDIS ? reach_store(ctl, settings, forget)
                                                    : reach_daemon(ctl, settings, forget);
}

const struct ctl_verb ctl_history = {
    .name = "history",
    .arguments = "ADDRESS|NAME",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "show what is remembered about a client or a HELO name",
    .help = "For a client network it shows the names and domains that the client greeted with, verified or not.\n"
            "For a name it shows the networks that used it without being verified.",
    .exits = "0 shown, 64 or more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, or built-in defaults)"},
                {'j', "json", NULL, "print JSON"}},
};

const struct ctl_verb ctl_forget = {
    .name = "forget",
    .arguments = "ADDRESS|NAME",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "remove what is remembered about a client or a HELO name",
    .help = "Removes the record of one client network or one name. If the store is in memory, this needs a unix\n"
            "socket in status.listen, and only root and helod's own user may do it.",
    .exits = "0 done, 64 or more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, or built-in defaults)"}},
};
