/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control: pages for heloctl, most of which change something (POST). status.c checks the permission
 * before it calls them.
 */
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "json.h"
#include "pages.h"
#include "reload.h"
#include "server.h"

unsigned control_reload(const struct page_call *call)
{
    struct json j;
    bool done;

    if (call->server->stopping) {
        fputs("helod is stopping\n", call->out);
        return 503;
    }
    done = reload_run(call->server);

    json_init(&j, call->out);
    json_open(&j, NULL, '{');
    json_bool(&j, "done", done);
    json_number(&j, "generation", call->server->settings->generation);
    json_close(&j, '}');
    json_end(&j);
    return done ? 200 : 409;
}

/* A store that several hosts share is asked by heloctl itself, without us. */
static unsigned reach_history(const struct page_call *call, bool forget)
{
    struct history *history = call->server->gather.history;
    const char *subject = evhttp_find_header(call->arguments, "subject");
    const char *form = evhttp_find_header(call->arguments, "form");
    char *text;
    bool ok;

    if (subject == NULL) {
        fputs("expected ?subject=ADDRESS or NAME\n", call->out);
        return 400;
    }
    if (history == NULL) {
        fputs("there is no history: history.store is none\n", call->out);
        return 404;
    }
    text = (forget ? history_forget_at_once : history_show_at_once)(
        history, subject, form != NULL && strcmp(form, "json") == 0 ? HISTORY_JSON : HISTORY_TEXT, &ok);
    fputs(text != NULL ? text : "the history is not in this process\n", call->out);
    free(text);
    return ok ? 200 : 409;
}

unsigned control_history(const struct page_call *call)
{
    return reach_history(call, false);
}

unsigned control_forget(const struct page_call *call)
{
    return reach_history(call, true);
}
