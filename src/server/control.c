/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control: pages that change something (POST). Who may is looked at before they are called, see status.c.
 */
#include "json.h"
#include "pages.h"
#include "reload.h"
#include "server.h"

unsigned control_reload(const struct page_call *call)
{
    bool done = reload(call->server);
    struct json j;

    json_init(&j, call->out);
    json_open(&j, NULL, '{');
    json_bool(&j, "done", done);
    json_number(&j, "generation", call->server->settings->generation);
    json_close(&j, '}');
    json_end(&j);
    return done ? 200 : 409;
}
