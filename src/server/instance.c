/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * instance: a bounded table from (policy, client, instance) to the answer as Postfix reads it. Promises that one client
 * cannot meet another's answer, that no entry outlives its time, and that a full table costs no malloc: the entry that
 * is thrown out is used again.
 */
#include "instance.h"

#include <stdlib.h>
#include <string.h>

#include "table.h"

enum {
    KEY_MAX = 256,     /* a longer key is no Postfix's */
    ENTRY_ROOM = 256,  /* bytes for key and answer in an entry that can be used again */
};

struct instances {
    struct table *table;
    uint64_t ttl_ms;
    struct entry *spare; /* of ENTRY_ROOM, or NULL */
};

struct entry {
    struct table_entry link;
    uint64_t until_ms;
    size_t answer_size, room;
    char bytes[]; /* key, then answer */
};

static void entry_release(struct table_entry *link, void *arg)
{
    struct instances *t = arg;
    struct entry *e = (struct entry *)link;

    if (t->spare == NULL && e->room == ENTRY_ROOM)
        t->spare = e;
    else
        free(e);
}

struct instances *instances_new(size_t max, uint64_t ttl_ms)
{
    struct instances *t = calloc(1, sizeof(*t));
    struct table_limits limits = {.max_entries = max > 0 ? max : 1};

    if (t == NULL)
        return NULL;
    t->ttl_ms = ttl_ms;
    t->table = table_new(&limits, entry_release, t);
    if (t->table == NULL) {
        free(t);
        return NULL;
    }
    return t;
}

void instances_free(struct instances *t)
{
    if (t == NULL)
        return;
    table_free(t->table);
    free(t->spare);
    free(t);
}

void instances_set_ttl(struct instances *t, uint64_t ttl_ms)
{
    t->ttl_ms = ttl_ms;
}

/* The key as bytes; 0 when there is none. The address has a fixed size, so no two keys read alike. */
static size_t key_bytes(const struct instance_key *key, char out[KEY_MAX])
{
    size_t policy = strlen(key->policy) + 1;
    size_t instance = strlen(key->instance);
    size_t address = sizeof(key->client->family) + sizeof(key->client->bytes);

    if (instance == 0 || policy > KEY_MAX - address || instance > KEY_MAX - address - policy)
        return 0;
    out[0] = (char)key->client->family;
    memcpy(out + 1, key->client->bytes, sizeof(key->client->bytes));
    memcpy(out + address, key->policy, policy);
    memcpy(out + address + policy, key->instance, instance);
    return address + policy + instance;
}

const char *instances_find(struct instances *t, const struct instance_key *key, uint64_t now_ms, size_t *size)
{
    char bytes[KEY_MAX];
    size_t n = key_bytes(key, bytes);
    struct entry *e = n == 0 ? NULL : (struct entry *)table_find(t->table, bytes, n);

    if (e == NULL)
        return NULL;
    if (now_ms >= e->until_ms) {
        table_remove(t->table, &e->link);
        return NULL;
    }
    *size = e->answer_size;
    return e->bytes + e->link.key_size;
}

static struct entry *entry_take(struct instances *t, size_t need)
{
    struct entry *e = t->spare;
    size_t room = need > ENTRY_ROOM ? need : ENTRY_ROOM;

    if (e != NULL && need <= ENTRY_ROOM) {
        t->spare = NULL;
        return e;
    }
    e = malloc(sizeof(*e) + room);
    if (e != NULL)
        e->room = room;
    return e;
}

void instances_keep(struct instances *t, const struct instance_key *key, uint64_t now_ms, const struct reply *reply,
                    bool once)
{
    static const struct reply dunno = {.verb = REPLY_DUNNO};
    char bytes[KEY_MAX], answer[REPLY_SIZE];
    size_t n = key_bytes(key, bytes), answer_size;
    struct entry *e;

    if (n == 0)
        return;
    answer_size = reply_format(once ? &dunno : reply, answer);
    e = entry_take(t, n + answer_size);
    if (e == NULL)
        return;
    memcpy(e->bytes, bytes, n);
    memcpy(e->bytes + n, answer, answer_size);
    e->answer_size = answer_size;
    e->until_ms = now_ms + t->ttl_ms;
    e->link = (struct table_entry){.key = e->bytes, .key_size = n};
    table_insert(t->table, &e->link);
}

size_t instances_count(const struct instances *t)
{
    return table_count(t->table);
}
