/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doors: the listening sockets of one kind, as the settings list them; a reload opens and closes what has changed.
 */
#ifndef HELOD_DOORS_H
#define HELOD_DOORS_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "endpoint.h"

struct server_settings;

struct door {
    struct door *next;
    struct endpoint endpoint;
    struct event *event; /* NULL until it counts */
    bool keep;           /* listed by the settings that are being prepared */
    char where[];
};

struct doors {
    struct door *first;
    event_callback_fn on_knock;
    void *arg;      /* of on_knock */
    bool inherited; /* the service manager's: what is listed is not used, and closing removes no socket file */
    bool resting;   /* nobody is let in */
};

/* Takes over a listening socket of the service manager; false: no memory, and it is not taken. */
bool doors_inherit(struct doors *d, int fd);
/*
 * Opens what `listed` (ended by NULL) has and is not open, with the owner and mode in `settings`; nothing is closed
 * and nobody let in yet. False, with a text in error and everything as before, when one cannot be opened.
 * doors_commit() lets the change count, doors_abort() forgets it.
 */
bool doors_prepare(struct doors *d, const char *const *listed, const struct server_settings *settings, char *error,
                   size_t error_size);
/* Who knocks at a new one is heard, unless they rest; closes those that are not listed any more. */
void doors_commit(struct doors *d, struct event_base *base);
void doors_abort(struct doors *d);
/* Closes them all, and removes the socket files that we made. */
void doors_close(struct doors *d);
/* Who knocks waits in the kernel's queue, until doors_resume(). */
void doors_rest(struct doors *d);
void doors_resume(struct doors *d);

#endif
