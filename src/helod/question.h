/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * question: one policy request of Postfix while helod works on it, from its bytes to its answer.
 */
#ifndef HELOD_QUESTION_H
#define HELOD_QUESTION_H

#include <stddef.h>
#include <stdint.h>

#include "request.h"

struct connection;
struct question;
struct questions;
struct server;

struct questions *questions_new(struct server *s); /* NULL: no memory, no randomness */
void questions_free(struct questions *all);        /* after the connections */
size_t questions_in_flight(const struct questions *all);

/* A spare question to parse the next request into; it stays spare until question_begin(). NULL: no memory. */
struct question *questions_spare(struct questions *all);
struct request *question_request(struct question *q);
/*
 * Answers the connection by connection_answer(): before this returns, or later, and then calls connection_go_on()
 * too.
 */
void question_begin(struct question *q, struct connection *c, uint64_t now_us);
/* Ends a question whose connection was closed. */
void question_cancel(struct question *q);

#endif
