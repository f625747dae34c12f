/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listener_set: the listening sockets of one kind, as the settings list them. A reload opens those that are new and
 * closes those that are no longer listed.
 */
#ifndef HELOD_LISTENER_SET_H
#define HELOD_LISTENER_SET_H

#include <event2/listener.h>
#include <stdbool.h>

#include "endpoint.h"

struct log_limit;
struct network_set;
struct server_settings;
struct sockaddr;

struct listener {
    struct listener *next;
    struct endpoint endpoint;
    struct evconnlistener *accepting; /* NULL until listener_set_commit() */
    void *owner;                      /* for `attach` and `detach` */
    bool keep;                        /* listed by the settings that are being prepared */
    bool resting;                     /* does not listen: see endpoint_rest() */
    char where[];                     /* as in the policy file */
};

struct listener_set {
    struct listener *first;
    const char *only; /* beginning of the texts that belong to this set; NULL: all */
    evconnlistener_cb on_accept;
    evconnlistener_errorcb on_error;
    void *arg; /* of these two */
    /* `attach` may pass `accepting` to an owner that frees it in `detach`. Both may be NULL. */
    void (*attach)(struct listener_set *set, struct listener *l);
    void (*detach)(struct listener_set *set, struct listener *l);
    bool inherited; /* from the service manager: the policy file's list is not used, and no socket file is removed */
    bool paused;    /* new connections wait in the kernel's queue */
};

/* Takes over a listening socket of the service manager. False if there is no memory; then the caller keeps it. */
bool listener_set_inherit(struct listener_set *set, int fd);
/*
 * Opens what `listed` (ended by NULL) has and is not open, with the owner and mode in `settings`; nothing is closed
 * and no connection accepted yet. False, with a text in error and everything as before, when one cannot be opened.
 * listener_set_commit() puts the change into force, listener_set_abort() undoes it.
 */
bool listener_set_prepare(struct listener_set *set, const char *const *listed, const struct server_settings *settings,
                          char *error, size_t error_size);
/* Accepts connections on the new sockets, unless the set is paused; closes those that are no longer listed. */
void listener_set_commit(struct listener_set *set, struct event_base *base);
void listener_set_abort(struct listener_set *set);
/* Closes them all, and removes the socket files that helod made. */
void listener_set_close(struct listener_set *set);
void listener_set_pause(struct listener_set *set);
void listener_set_resume(struct listener_set *set);

/*
 * Whether a client may use a TCP listener: `allow` has the peer's address. Also true without a list, and for a unix
 * socket, whose file mode decides instead. A refusal is logged within the limit; `option` names the list.
 */
bool listener_set_allows(const struct network_set *allow, const struct sockaddr *peer, const char *option,
                         struct log_limit *limit);

#endif
