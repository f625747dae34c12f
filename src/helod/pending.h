/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pending: one policy request of Postfix while helod works on it, from its bytes to its answer.
 */
#ifndef HELOD_PENDING_H
#define HELOD_PENDING_H

#include <stddef.h>
#include <stdint.h>

#include "request.h"

struct connection;
struct pending;
struct pending_list;
struct server;

struct pending_list *pending_list_new(struct server *s); /* NULL: no memory, no randomness */
void pending_list_free(struct pending_list *all);        /* after the connections */
size_t pending_in_flight(const struct pending_list *all);

/* A spare one to parse the next request into; it stays spare until pending_begin(). NULL: no memory. */
struct pending *pending_spare(struct pending_list *all);
struct request *pending_request(struct pending *p);
/*
 * Answers the connection by connection_answer(): before this returns, or later, and then calls connection_go_on()
 * too.
 */
void pending_begin(struct pending *p, struct connection *c, uint64_t now_us);
/* Ends a request whose connection was closed. */
void pending_cancel(struct pending *p);

#endif
