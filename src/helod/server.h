/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server: the state that listeners, connections and requests of the event loop share. Owned by daemon.c.
 */
#ifndef HELOD_SERVER_H
#define HELOD_SERVER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "deployment.h"
#include "gather.h"
#include "guard.h"
#include "earlier.h"
#include "instance.h"
#include "metrics.h"
#include "probe.h"
#include "rate.h"
#include "recent.h"
#include "settings.h"

struct acceptor;
struct connection;
struct server;

/*
 * What these files call in files above them, so that no files call each other in a circle: acceptor uses connection,
 * connection uses pending, and status uses pages. daemon.c sets them.
 */
struct server_hooks {
    bool (*reload)(struct server *s);   /* reload_run(), for pages */
    void (*room)(struct acceptor *all); /* acceptor_room(), for connection */
    void (*answer)(struct connection *c, const char *bytes,
                   size_t n); /* connection_answer(), these three for pending */
    bool (*answer_now)(struct connection *c, const char *bytes, size_t n);
    void (*go_on)(struct connection *c);
};

struct server {
    struct event_base *base;
    bool foreground; /* of the command line */
    bool stopping;
    struct settings *settings; /* the running policy; a request in flight holds its own reference */
    struct gather_context gather;
    struct table *instances; /* see instance.h */
    struct earlier *earlier;
    struct rates *rates;
    struct table *waiting;            /* requests that wait for DNS, by the client's network: see counts.h */
    struct table *hits[EXEMPT_KINDS]; /* uses of exemptions, by the text that the admin wrote: a reload keeps them */
    struct metrics *metrics;
    struct guard guard;
    struct probe probe;
    struct deployment deployment;
    struct acceptor *acceptor;
    struct connections *connections;
    struct pending_list *pending; /* requests */
    struct status *status;
    bool status_listens; /* somebody may look at the status page */
    struct server_hooks hooks;
    struct recent *recent; /* the last decisions, for the status page */
};

#endif
