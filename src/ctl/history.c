/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history, forget: what helod remembers of a client or a name. A redis store is asked directly; a memory store lives in
 * the daemon, which is asked over its unix status listener. Where there is none, its snapshot is read, which may be as
 * old as history.snapshot.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl.h"
#include "history.h"
#include "policyfile.h"
#include "text.h"

enum { ANSWER_SIZE = 1 << 17, REQUEST_SIZE = 2048 };

struct reaching {
    struct event_base *base;
    bool over, ok;
};

static void report(void *arg, bool is_error, const char *message)
{
    (void)arg;
    (void)is_error;
    fprintf(stderr, "%s\n", message);
}

static void shown(void *arg, bool ok, const char *text)
{
    struct reaching *r = arg;

    fputs(text, ok ? stdout : stderr);
    r->ok = ok;
    r->over = true;
}

static int reach_store(struct ctl *ctl, const struct settings *settings, bool forget)
{
    struct history_options options = {.settings = &settings->history, .read_only = true, .report = report};
    struct reaching r = {.base = event_base_new()};
    char error[300] = "out of memory";
    struct history *h = r.base ? history_new(r.base, &options, error, sizeof(error)) : NULL;

    if (!h) {
        ctl_fail(ctl, CTL_TROUBLE, "%s", error);
    } else {
        r.over = !(forget ? history_forget(h, ctl->arguments[0], shown, &r) :
                            history_show(h, ctl->arguments[0], ctl_given(ctl, 'j') ? HISTORY_JSON : HISTORY_TEXT, shown,
                                         &r));
        while (!r.over && event_base_loop(r.base, EVLOOP_ONCE) == 0)
            ;
    }
    history_free(h);
    if (r.base)
        event_base_free(r.base);
    return r.ok ? CTL_OK : CTL_TROUBLE;
}

/* A socket to the daemon, or -1. */
static int connect_daemon(const struct settings *settings)
{
    for (const char *const *where = settings->status.listen; where && *where; where++) {
        struct sockaddr_un sun = {.sun_family = AF_UNIX};
        int fd;

        if (strncmp(*where, "unix:", 5) != 0 || strlen(*where + 5) >= sizeof(sun.sun_path))
            continue;
        memcpy(sun.sun_path, *where + 5, strlen(*where + 5));
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
            return fd;
        if (fd >= 0)
            close(fd);
    }
    return -1;
}

static void add_escaped(struct text *t, const char *subject)
{
    for (; *subject; subject++)
        text_addf(t, "%%%02X", (unsigned)(unsigned char)*subject);
}

/* The answer's body goes to stdout when all is well, else to stderr. */
static int ask_daemon(struct ctl *ctl, int fd, bool forget)
{
    char request[REQUEST_SIZE], *answer = calloc(1, ANSWER_SIZE), *body;
    size_t used = 0;
    struct text t;
    ssize_t n;
    bool ok;

    text_init(&t, request, sizeof(request));
    text_add(&t, forget ? "POST /forget?subject=" : "GET /history?subject=");
    add_escaped(&t, ctl->arguments[0]);
    text_add(&t, !forget && ctl_given(ctl, 'j') ? "&form=json" : "");
    text_add(&t, " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    if (!answer || t.full || send(fd, request, t.used, MSG_NOSIGNAL) != (ssize_t)t.used) {
        free(answer);
        return ctl_fail(ctl, CTL_TROUBLE, "helod does not listen");
    }
    while (used < ANSWER_SIZE - 1 && (n = recv(fd, answer + used, ANSWER_SIZE - 1 - used, 0)) > 0)
        used += (size_t)n;
    body = strstr(answer, "\r\n\r\n");
    ok = body && strncmp(answer, "HTTP/1.1 200 ", 13) == 0;
    fputs(body ? body + 4 : "helod does not answer\n", ok ? stdout : stderr);
    if (body && strncmp(answer, "HTTP/1.1 403 ", 13) == 0)
        fprintf(stderr, ": only root and helod's own user may\n");
    free(answer);
    return ok ? CTL_OK : CTL_TROUBLE;
}

static int reach_daemon(struct ctl *ctl, const struct settings *settings, bool forget)
{
    int fd = connect_daemon(settings), status;

    if (fd >= 0) {
        status = ask_daemon(ctl, fd, forget);
        close(fd);
        return status;
    }
    if (forget)
        return ctl_fail(ctl, CTL_TROUBLE, "helod cannot be asked: it must run, with a unix: socket in status.listen");
    if (settings->history.file[0] == '\0')
        return ctl_fail(ctl, CTL_TROUBLE, "helod cannot be asked, and history.file names no snapshot");
    fprintf(stderr, "helod cannot be asked: this is of its snapshot\n");
    return reach_store(ctl, settings, false);
}

static int reach(struct ctl *ctl, bool forget)
{
    struct settings *settings = ctl_settings(ctl);
    int status;

    if (!settings)
        return CTL_CONFIG;
    if (settings->history.store == HISTORY_NONE)
        status = ctl_fail(ctl, CTL_TROUBLE, "there is no history: history.store is none");
    else if (settings->history.store == HISTORY_REDIS)
        status = reach_store(ctl, settings, forget);
    else
        status = reach_daemon(ctl, settings, forget);
    settings_unref(settings);
    return status;
}

static int run_history(struct ctl *ctl)
{
    return reach(ctl, false);
}

static int run_forget(struct ctl *ctl)
{
    return reach(ctl, true);
}

const struct ctl_verb ctl_history = {
    .name = "history",
    .arguments = "ADDRESS|NAME",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "show what is remembered of a client or a HELO name",
    .help = "Of a client network: the names and domains it greeted with, verified and not. Of a name: the networks "
            "that it came\nfrom without being verified.",
    .exits = "0 shown, 64 and more: usage or failure",
    .run = run_history,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, else the defaults)"},
                {'j', "json", NULL, "print JSON"},
                {0, NULL, NULL, NULL}},
};

const struct ctl_verb ctl_forget = {
    .name = "forget",
    .arguments = "ADDRESS|NAME",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "remove what is remembered of a client or a HELO name",
    .help = "Removes the record of one client network or one name. A memory store's daemon is told over its unix "
            "status listener,\nwhich root and helod's own user may.",
    .exits = "0 done, 64 and more: usage or failure",
    .run = run_forget,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, else the defaults)"},
                {0, NULL, NULL, NULL}},
};
