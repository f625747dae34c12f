/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * none: the store that remembers nothing. It has only the functions that every store must have.
 */
#include "store.h"

static void *none_open(const struct store_context *context, char *error, size_t error_size)
{
    static char nothing;

    (void)context;
    (void)error;
    (void)error_size;
    return &nothing;
}

static void none_close(void *store)
{
    (void)store;
}

static bool none_at_once(void *store, const struct store_keys *keys, struct history_facts *out)
{
    (void)store;
    (void)keys;
    out->known = out->name_known = false;
    return true;
}

static void none_note(void *store, const struct store_keys *keys, bool verified)
{
    (void)store;
    (void)keys;
    (void)verified;
}

static void none_note_encrypted(void *store, const struct store_keys *keys)
{
    (void)store;
    (void)keys;
}

static void none_reach(void *store, enum store_subject subject, const char *key, struct store_waiter *w)
{
    (void)store;
    (void)subject;
    (void)key;
    w->ok = true;
}

static void none_stats(const void *store, struct history_stats *out)
{
    (void)store;
    out->up = true;
}

const struct store store_none = {
    .name = "none",
    .open = none_open,
    .close = none_close,
    .at_once = none_at_once,
    .note = none_note,
    .note_encrypted = none_note_encrypted,
    .show = none_reach,
    .forget = none_reach,
    .stats = none_stats,
};
