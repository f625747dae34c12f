/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * instance: a bounded memory from (policy, client, instance) to the answer as Postfix reads it. Promises that one
 * client cannot meet another's answer, that no entry outlives its time, and that an answer of usual length costs no
 * malloc.
 *
 * Every question looks here and most are never found, so what counts is how much memory a look touches. The answers
 * stand in a ring in the order in which they came, the oldest is overwritten; beside it lies an index whose sets are a
 * cache line each. A set may be full before the ring is: then its oldest message is forgotten early, as if it were new.
 */
#include "instance.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "reply.h"

enum {
    WAYS = 8,
    PER_SET = 3,  /* messages that a set has to hold on average, when the ring is full */
    INLINE = 104, /* bytes for key and answer in an entry: DUNNO and an instance as Postfix makes it */
};

struct entry {
    uint64_t until_ms;
    uint16_t key_size, answer_size; /* key_size 0: free */
    char *more;                     /* key and answer, when they do not fit */
    char bytes[INLINE];             /* key, then answer */
};

/* A guess: the entry itself tells whether it is the one. */
struct place {
    uint32_t tag, number;
};

struct instances {
    struct hash_key key;
    uint64_t ttl_ms;
    uint32_t max, sets;  /* sets: a power of two */
    uint32_t next, head; /* number of the next entry, never 0, and its place in the ring */
    size_t count;
    struct entry *ring;
    struct place (*index)[WAYS];
};

struct instances *instances_new(size_t max, uint64_t ttl_ms)
{
    struct instances *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return NULL;
    t->ttl_ms = ttl_ms;
    t->max = max > 0 ? (uint32_t)max : 1;
    t->next = 1;
    t->sets = 1;
    while (t->sets < t->max / PER_SET)
        t->sets *= 2;
    t->ring = calloc(t->max, sizeof(*t->ring)); /* memory that was never used costs nothing yet */
    t->index = aligned_alloc(sizeof(*t->index), t->sets * sizeof(*t->index));
    if (t->ring == NULL || t->index == NULL || !hash_key_random(&t->key)) {
        instances_free(t);
        return NULL;
    }
    memset(t->index, 0, t->sets * sizeof(*t->index));
    return t;
}

void instances_free(struct instances *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; t->ring != NULL && i < t->max && t->ring[i].until_ms > 0; i++) /* 0: never used, nor the next */
        free(t->ring[i].more);
    free(t->ring);
    free(t->index);
    free(t);
}

void instances_set_ttl(struct instances *t, uint64_t ttl_ms)
{
    t->ttl_ms = ttl_ms;
}

/* The address has a fixed size, so no two keys read alike. */
void instances_key(const struct instances *t, const char *policy, const struct address *client, const char *instance,
                   struct instance_key *out)
{
    const size_t address = 1 + sizeof(client->bytes);
    size_t named = strlen(policy) + 1, n = strlen(instance);

    out->size = 0;
    if (n == 0 || named > INSTANCE_KEY_MAX - address || n > INSTANCE_KEY_MAX - address - named)
        return;
    out->bytes[0] = (char)client->family;
    memcpy(out->bytes + 1, client->bytes, sizeof(client->bytes));
    memcpy(out->bytes + address, policy, named);
    memcpy(out->bytes + address + named, instance, n);
    out->size = (uint16_t)(address + named + n);
    out->hash = hash_bytes(&t->key, out->bytes, out->size);
}

static char *bytes_of(struct entry *e)
{
    return e->more != NULL ? e->more : e->bytes;
}

static void entry_clear(struct instances *t, struct entry *e)
{
    if (e->key_size == 0)
        return;
    free(e->more);
    e->more = NULL;
    e->key_size = 0;
    t->count--;
}

/* How many entries ago a place was filled, 1 for the last; more than `max`: what it tells of is overwritten. */
static uint32_t age(const struct instances *t, const struct place *p)
{
    return p->number == 0 ? UINT32_MAX : t->next - p->number;
}

static struct place *set_of(const struct instances *t, const struct instance_key *key)
{
    return t->index[(key->hash >> 32) & (t->sets - 1)];
}

static struct entry *entry_find(struct instances *t, const struct instance_key *key)
{
    const struct place *set = set_of(t, key);

    for (unsigned i = 0; i < WAYS; i++) {
        uint32_t back = age(t, &set[i]);
        struct entry *e;

        if (set[i].tag != (uint32_t)key->hash || back > t->max)
            continue;
        e = &t->ring[t->head >= back ? t->head - back : t->head + t->max - back];
        if (e->key_size == key->size && memcmp(bytes_of(e), key->bytes, key->size) == 0)
            return e;
    }
    return NULL;
}

const char *instances_find(struct instances *t, const struct instance_key *key, uint64_t now_ms, size_t *size)
{
    struct entry *e = key->size == 0 ? NULL : entry_find(t, key);

    if (e == NULL)
        return NULL;
    if (now_ms >= e->until_ms) {
        entry_clear(t, e);
        return NULL;
    }
    *size = e->answer_size;
    return bytes_of(e) + e->key_size;
}

/* The oldest entry, free, with a place in the index that leads to it. */
static struct entry *entry_take(struct instances *t, const struct instance_key *key)
{
    struct place *set = set_of(t, key), *oldest = set;
    struct entry *e = &t->ring[t->head];

    for (unsigned i = 1; i < WAYS; i++)
        if (age(t, &set[i]) > age(t, oldest))
            oldest = &set[i];
    *oldest = (struct place){(uint32_t)key->hash, t->next};
    t->next = t->next == UINT32_MAX ? 1 : t->next + 1;
    t->head = t->head + 1 == t->max ? 0 : t->head + 1;
    entry_clear(t, e);
    return e;
}

void instances_keep(struct instances *t, const struct instance_key *key, uint64_t now_ms, const char *answer,
                    size_t size)
{
    const size_t n = key->size;
    struct entry *e;
    char *more = NULL;

    if (n == 0 || size > REPLY_SIZE)
        return;
    if (n + size > INLINE) {
        more = malloc(n + size);
        if (more == NULL)
            return;
    }
    e = entry_find(t, key);
    if (e == NULL)
        e = entry_take(t, key);
    else
        entry_clear(t, e);
    e->more = more;
    e->until_ms = now_ms + t->ttl_ms;
    e->key_size = (uint16_t)n;
    e->answer_size = (uint16_t)size;
    memcpy(bytes_of(e), key->bytes, n);
    memcpy(bytes_of(e) + n, answer, size);
    t->count++;
}

size_t instances_count(const struct instances *t)
{
    return t->count;
}
