/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doors: a list, by the text of each. What is new has no event yet, so that a change can be taken back.
 */
#include "doors.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "settings.h"
#include "text.h"

static struct door *door_add(struct doors *d, const char *where)
{
    size_t n = strlen(where) + 1;
    struct door *door = calloc(1, sizeof(*door) + n);

    if (door == NULL)
        return NULL;
    memcpy(door->where, where, n);
    door->endpoint.fd = -1;
    door->keep = true;
    door->next = d->first;
    d->first = door;
    return door;
}

static struct door *door_of(const struct doors *d, const char *where)
{
    struct door *door = d->first;

    while (door != NULL && strcmp(door->where, where) != 0)
        door = door->next;
    return door;
}

static void door_free(struct door *door)
{
    if (door->event != NULL)
        event_free(door->event);
    if (door->endpoint.fd >= 0)
        endpoint_close(&door->endpoint);
    free(door);
}

bool doors_inherit(struct doors *d, int fd)
{
    struct door *door = door_add(d, "inherited");

    if (door == NULL)
        return false;
    door->endpoint.fd = fd; /* and no path: its file is not ours */
    d->inherited = true;
    return true;
}

static bool open_listed(struct doors *d, const char *where, const struct server_settings *settings, char *error,
                        size_t error_size)
{
    struct door *door = door_of(d, where);
    struct text t;

    if (door != NULL) {
        door->keep = true;
        return true;
    }
    door = door_add(d, where);
    if (door != NULL)
        return endpoint_open(&door->endpoint, door->where, settings, error, error_size);
    text_init(&t, error, error_size);
    text_add(&t, "no memory");
    return false;
}

bool doors_prepare(struct doors *d, const char *const *listed, const struct server_settings *settings, char *error,
                   size_t error_size)
{
    if (d->inherited)
        return true;
    for (struct door *door = d->first; door != NULL; door = door->next)
        door->keep = false;
    for (; *listed != NULL; listed++) {
        if (!open_listed(d, *listed, settings, error, error_size)) {
            doors_abort(d);
            return false;
        }
    }
    return true;
}

static void drop(struct doors *d, bool (*which)(const struct door *door))
{
    struct door **at = &d->first;

    while (*at != NULL) {
        struct door *door = *at;

        if (!which(door)) {
            at = &door->next;
            continue;
        }
        *at = door->next;
        door_free(door);
    }
}

static bool is_any(const struct door *door)
{
    (void)door;
    return true;
}

static bool is_unlisted(const struct door *door)
{
    return !door->keep;
}

static bool is_new(const struct door *door)
{
    return door->event == NULL;
}

void doors_commit(struct doors *d, struct event_base *base)
{
    drop(d, is_unlisted);
    for (struct door *door = d->first; door != NULL; door = door->next) {
        if (door->event != NULL)
            continue;
        door->event = event_new(base, door->endpoint.fd, EV_READ | EV_PERSIST, d->on_knock, d->arg);
        if (door->event == NULL || (!d->resting && event_add(door->event, NULL) != 0))
            log_error("%s: no memory to listen", door->where);
    }
}

void doors_abort(struct doors *d)
{
    drop(d, is_new);
}

void doors_close(struct doors *d)
{
    drop(d, is_any);
}

void doors_rest(struct doors *d)
{
    d->resting = true;
    for (struct door *door = d->first; door != NULL; door = door->next)
        if (door->event != NULL)
            event_del(door->event);
}

void doors_resume(struct doors *d)
{
    d->resting = false;
    for (struct door *door = d->first; door != NULL; door = door->next)
        if (door->event != NULL)
            event_add(door->event, NULL);
}
