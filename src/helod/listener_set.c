/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listener_set: a list of listeners, identified by their text in the policy file. A new listener has no event until the
 * change is committed, so the change can be undone.
 */
#include "listener_set.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "log.h"
#include "lookup.h"
#include "settings.h"
#include "text.h"

static struct listener *listener_add(struct listener_set *set, const char *where)
{
    size_t n = strlen(where) + 1;
    struct listener *l = calloc(1, sizeof(*l) + n);

    if (l == NULL)
        return NULL;
    memcpy(l->where, where, n);
    l->endpoint.fd = -1;
    l->keep = true;
    l->next = set->first;
    set->first = l;
    return l;
}

static struct listener *listener_of(const struct listener_set *set, const char *where)
{
    struct listener *l = set->first;

    while (l != NULL && strcmp(l->where, where) != 0)
        l = l->next;
    return l;
}

static void free_accepting(struct listener_set *set, struct listener *l)
{
    (void)set;
    evconnlistener_free(l->accepting);
}

static void listener_free(struct listener_set *set, struct listener *l)
{
    if (l->accepting != NULL)
        (set->detach != NULL ? set->detach : free_accepting)(set, l);
    if (l->endpoint.fd >= 0)
        endpoint_close(&l->endpoint);
    free(l);
}

bool listener_set_inherit(struct listener_set *set, int fd)
{
    struct listener *l = listener_add(set, "inherited");

    if (l == NULL)
        return false;
    l->endpoint.fd = fd; /* and no path: its file is not ours */
    set->inherited = true;
    return true;
}

/* Those that will be closed stop listening, so that one of the new ones can have their port. False: there is none. */
static bool rest_unlisted(struct listener_set *set)
{
    bool found = false;

    for (struct listener *l = set->first; l != NULL; l = l->next) {
        if (l->keep || l->resting || l->accepting == NULL || !endpoint_rest(&l->endpoint))
            continue;
        evconnlistener_disable(l->accepting);
        l->resting = found = true;
    }
    return found;
}

static void wake(struct listener_set *set)
{
    for (struct listener *l = set->first; l != NULL; l = l->next) {
        if (!l->resting)
            continue;
        l->resting = false;
        if (!endpoint_listen(&l->endpoint))
            log_error("%s: cannot listen again", l->where);
        else if (!set->paused)
            evconnlistener_enable(l->accepting);
    }
}

static bool open_new(struct listener_set *set, const char *where, const struct server_settings *settings, char *error,
                     size_t error_size)
{
    struct listener *l = listener_add(set, where);
    struct text t;

    if (l != NULL)
        return endpoint_open(&l->endpoint, l->where, settings, error, error_size) ||
               (l->endpoint.is_taken && rest_unlisted(set) &&
                endpoint_open(&l->endpoint, l->where, settings, error, error_size));
    text_init(&t, error, error_size);
    text_add(&t, "no memory");
    return false;
}

static bool belongs(const struct listener_set *set, const char *where)
{
    return set->only == NULL || strncmp(where, set->only, strlen(set->only)) == 0;
}

static bool is_listed(const struct listener_set *set, const char *const *listed, const char *where)
{
    for (; *listed != NULL; listed++)
        if (belongs(set, *listed) && strcmp(*listed, where) == 0)
            return true;
    return false;
}

bool listener_set_prepare(struct listener_set *set, const char *const *listed, const struct server_settings *settings,
                          char *error, size_t error_size)
{
    if (set->inherited)
        return true;
    for (struct listener *l = set->first; l != NULL; l = l->next)
        l->keep = is_listed(set, listed, l->where);
    for (; *listed != NULL; listed++) {
        if (!belongs(set, *listed) || listener_of(set, *listed) != NULL)
            continue;
        if (!open_new(set, *listed, settings, error, error_size)) {
            listener_set_abort(set);
            return false;
        }
    }
    return true;
}

static void drop(struct listener_set *set, bool (*which)(const struct listener *l))
{
    struct listener **at = &set->first;

    while (*at != NULL) {
        struct listener *l = *at;

        if (!which(l)) {
            at = &l->next;
            continue;
        }
        *at = l->next;
        listener_free(set, l);
    }
}

static bool is_any(const struct listener *l)
{
    (void)l;
    return true;
}

static bool is_unlisted(const struct listener *l)
{
    return !l->keep;
}

static bool is_new(const struct listener *l)
{
    return l->accepting == NULL;
}

void listener_set_commit(struct listener_set *set, struct event_base *base)
{
    drop(set, is_unlisted);
    for (struct listener *l = set->first; l != NULL; l = l->next) {
        if (l->accepting != NULL)
            continue;
        l->accepting =
            evconnlistener_new(base, set->on_accept, set->arg, set->paused ? LEV_OPT_DISABLED : 0, 0, l->endpoint.fd);
        if (l->accepting == NULL) {
            log_error("%s: no memory to listen", l->where);
            continue;
        }
        evconnlistener_set_error_cb(l->accepting, set->on_error);
        if (set->attach != NULL)
            set->attach(set, l);
    }
}

void listener_set_abort(struct listener_set *set)
{
    drop(set, is_new);
    wake(set);
}

void listener_set_close(struct listener_set *set)
{
    drop(set, is_any);
}

void listener_set_pause(struct listener_set *set)
{
    set->paused = true;
    for (struct listener *l = set->first; l != NULL; l = l->next)
        if (l->accepting != NULL)
            evconnlistener_disable(l->accepting);
}

void listener_set_resume(struct listener_set *set)
{
    set->paused = false;
    for (struct listener *l = set->first; l != NULL; l = l->next)
        if (l->accepting != NULL)
            evconnlistener_enable(l->accepting);
}

/* A client that keeps trying must not fill the log, so refusals are logged at a limited rate. */
bool listener_set_allows(const struct network_set *allow, const struct sockaddr *peer, const char *option,
                         struct log_limit *limit)
{
    char text[ADDRESS_TEXT_SIZE] = "an unknown address";
    struct address a;
    bool known;

    if (allow == NULL || peer->sa_family == AF_UNIX)
        return true;
    known = address_from_sockaddr(&a, peer);
    if (known && network_set_find(allow, &a) != LOOKUP_NONE)
        return true;
    if (known)
        address_format(&a, text);
    log_limited(limit, LOG_LEVEL_WARNING, "connection from %s closed: %s does not list this address", text, option);
    return false;
}
