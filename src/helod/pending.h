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

/* A spare one, into which the next request is parsed. It is in use only after pending_begin(). NULL: no memory. */
struct pending *pending_spare(struct pending_list *all);
struct request *pending_request(struct pending *p);
/*
 * Answers with connection_answer(), either before this returns or later. If later, it also calls connection_go_on().
 */
void pending_begin(struct pending *p, struct connection *c, uint64_t now_us);
/* Ends a request whose connection was closed. */
void pending_cancel(struct pending *p);

#endif
