/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deployment: signs of a Postfix configuration that hides from helod what it needs to see. Pure. Promises to report
 * each sign at most once, and to cost nothing after the first REQUESTS requests.
 */
#include "deployment.h"

#include <string.h>

#include "request.h"

enum { REQUESTS = 1000, ENOUGH = 200, FEW = 20 };

static bool client_not_global(const struct deployment *d, const struct request *req)
{
    enum address_scope scope = address_scope(&req->client);

    (void)d;
    return scope == ADDRESS_LOOPBACK || scope == ADDRESS_PRIVATE || scope == ADDRESS_SHARED ||
           scope == ADDRESS_LINK_LOCAL;
}

static bool client_is_first(const struct deployment *d, const struct request *req)
{
    return address_scope(&req->client) == ADDRESS_GLOBAL && address_equal(&req->client, &d->first);
}

static bool client_name_unknown(const struct deployment *d, const struct request *req)
{
    (void)d;
    return req->client_name[0] == '\0' || strcmp(req->client_name, "unknown") == 0;
}

static bool no_instance(const struct deployment *d, const struct request *req)
{
    (void)d;
    return req->state == REQUEST_STATE_HELO;
}

static bool submission(const struct deployment *d, const struct request *req)
{
    (void)d;
    return strcmp(req->server_port, "465") == 0 || strcmp(req->server_port, "587") == 0;
}

static bool no_helo(const struct deployment *d, const struct request *req)
{
    (void)d;
    return req->helo_name[0] == '\0' && (req->state == REQUEST_STATE_MAIL || req->state == REQUEST_STATE_RCPT);
}

static const struct {
    bool (*test)(const struct deployment *d, const struct request *req);
    unsigned every; /* reported when each of the first this many requests shows the sign */
    unsigned any;   /* reported when this many requests show the sign; 0: never */
    const char *text;
    bool with_lookups; /* matters only if helod looks something up */
} signs[DEPLOYMENT_SIGNS] = {
    {client_not_global, ENOUGH, 0,
     "every client so far is in a private network: a proxy or NAT hides the senders (smtpd_upstream_proxy_protocol, "
     "XCLIENT), or helod guards an internal server",
     false},
    {client_is_first, ENOUGH, 0,
     "every request so far is about the same client: a proxy or NAT hides the senders (smtpd_upstream_proxy_protocol, "
     "XCLIENT)",
     false},
    {client_name_unknown, ENOUGH, 0,
     "client_name was never known: Postfix cannot look up names, so helod looks up every client itself; check "
     "smtpd_peername_lookup, and resolv.conf in the chroot",
     true},
    {no_instance, FEW, 0,
     "requests come at HELO (smtpd_delay_reject = no): they have no instance, so helod cannot add a header, and "
     "the log shows no sender and recipient of refused mail",
     false},
    {submission, 0, FEW,
     "requests come from a submission port (465, 587): helod should not judge the greetings of mail programs; remove "
     "it from smtpd_*_restrictions of these services in master.cf",
     false},
    {no_helo, 0, FEW,
     "clients send mail without HELO: set smtpd_helo_required = yes, because otherwise Postfix does not apply "
     "smtpd_helo_restrictions to them",
     false},
};

const char *deployment_watch(struct deployment *d, const struct request *req, unsigned lookups)
{
    const char *text = NULL;

    if (d->seen >= REQUESTS)
        return NULL;
    if (d->seen++ == 0)
        d->first = req->client;
    d->looked_up = d->looked_up || lookups > 0;
    for (unsigned i = 0; i < DEPLOYMENT_SIGNS; i++) {
        d->hits[i] += signs[i].test(d, req);
        if (d->said[i] || text != NULL || (signs[i].with_lookups && !d->looked_up))
            continue;
        if ((signs[i].any > 0 && d->hits[i] >= signs[i].any) ||
            (signs[i].every > 0 && d->hits[i] >= signs[i].every && d->hits[i] == d->seen)) {
            d->said[i] = true;
            text = signs[i].text;
        }
    }
    return text;
}
