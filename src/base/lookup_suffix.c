/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup_suffix: domain names and suffixes in one hash table of chains, at most half as many names as buckets.
 *
 * Promises: a name is looked up in one pass from its last byte to its first; only whole labels are probed, so
 * "evilname.example" is not below "name.example". The table grows by linear hashing, a bucket or two with each name, so
 * that no single addition takes long, however many there are: a policy file is read between questions. The hash is
 * seeded, although only the admin's patterns are kept in it.
 */
#include "lookup.h"

#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "hash.h"
#include "region.h"

enum { FIRST_BUCKETS = 16, SEGMENTS = 32 };

struct entry {
    struct entry *next;
    uint64_t hash;
    int32_t alone; /* value of the pattern "name" */
    int32_t below; /* value of the pattern ".name" */
    size_t length;
    char name[]; /* lower case, without a leading dot, not ended by NUL */
};

struct suffix_set {
    /* Buckets [0, 16), [16, 32), [32, 64)…: growing moves none of them. */
    struct entry **segments[SEGMENTS];
    size_t buckets; /* in use: full <= buckets < 2 * full */
    size_t full;    /* a power of two; buckets from full on were split off from those from 0 on */
    size_t used;    /* names */
    size_t count;   /* of patterns */
    size_t longest; /* name in the table: longer suffixes need no probe */
    uint64_t seed;
    struct region *names;
};

/* The hash goes from the end to the beginning, so that each suffix of a name is a prefix of the work. */
static uint64_t hash_step(uint64_t hash, char c)
{
    return (hash ^ (unsigned char)c) * 0x9e3779b97f4a7c15u;
}

static uint64_t hash_end(uint64_t hash)
{
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93u;
    return hash ^ hash >> 32;
}

struct suffix_set *suffix_set_new(void)
{
    struct suffix_set *set = calloc(1, sizeof *set);
    struct hash_key key;

    if (set == NULL)
        return NULL;
    set->segments[0] = calloc(FIRST_BUCKETS, sizeof *set->segments[0]);
    set->names = region_new(SIZE_MAX);
    set->buckets = set->full = FIRST_BUCKETS;
    if (set->segments[0] == NULL || set->names == NULL || !hash_key_random(&key)) {
        suffix_set_free(set);
        return NULL;
    }
    set->seed = key.k0;
    return set;
}

void suffix_set_free(struct suffix_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < SEGMENTS; i++)
        free(set->segments[i]);
    region_free(set->names);
    free(set);
}

static bool same_name(const struct entry *e, const char *name, size_t length)
{
    if (e->length != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (e->name[i] != (char)ascii_lower(name[i]))
            return false;
    }
    return true;
}

/* 0 for buckets 0 to 15, 1 for 16 to 31, 2 for 32 to 63… */
static unsigned segment_of(size_t bucket)
{
    return bucket < FIRST_BUCKETS ? 0 : 64 - (unsigned)__builtin_clzll(bucket / FIRST_BUCKETS);
}

static struct entry **bucket_at(const struct suffix_set *set, size_t bucket)
{
    unsigned segment = segment_of(bucket);

    return &set->segments[segment][segment == 0 ? bucket : bucket - ((size_t)FIRST_BUCKETS << (segment - 1))];
}

static struct entry **bucket_of(const struct suffix_set *set, uint64_t hash)
{
    size_t bucket = (size_t)hash & (2 * set->full - 1);

    return bucket_at(set, bucket < set->buckets ? bucket : bucket - set->full);
}

/* NULL when there is none of this name. */
static struct entry *probe(const struct suffix_set *set, uint64_t hash, const char *name, size_t length)
{
    struct entry *e = *bucket_of(set, hash);

    while (e != NULL && !(e->hash == hash && same_name(e, name, length)))
        e = e->next;
    return e;
}

/* One bucket more, with those of its elder's names that belong there. False: no memory, and all is as before. */
static bool split(struct suffix_set *set)
{
    unsigned segment = segment_of(set->buckets);
    struct entry **from, **to, *next;

    if (set->buckets == set->full) {
        set->segments[segment] = calloc(set->full, sizeof *set->segments[segment]);
        if (set->segments[segment] == NULL)
            return false;
    }
    from = bucket_at(set, set->buckets - set->full);
    to = bucket_at(set, set->buckets);
    for (struct entry *e = *from, **kept = from; e != NULL; e = next) {
        next = e->next;
        if (((size_t)e->hash & (2 * set->full - 1)) == set->buckets) {
            *kept = next;
            e->next = *to;
            *to = e;
        } else {
            kept = &e->next;
        }
    }
    if (++set->buckets == 2 * set->full)
        set->full = set->buckets;
    return true;
}

static bool grow(struct suffix_set *set)
{
    while (set->buckets < (set->used + 1) * 2) {
        if (!split(set))
            return false;
    }
    return true;
}

static struct entry *insert(struct suffix_set *set, uint64_t hash, const char *name, size_t length)
{
    struct entry *e = region_alloc(set->names, sizeof *e + length), **bucket;

    if (e == NULL)
        return NULL;
    for (size_t i = 0; i < length; i++)
        e->name[i] = (char)ascii_lower(name[i]);
    e->length = length;
    e->hash = hash;
    e->alone = e->below = LOOKUP_NONE;
    bucket = bucket_of(set, hash);
    e->next = *bucket;
    *bucket = e;
    set->used++;
    if (length > set->longest)
        set->longest = length;
    return e;
}

/* One trailing dot says nothing. */
static size_t name_length(const char *name)
{
    size_t n = strlen(name);

    return n > 0 && name[n - 1] == '.' ? n - 1 : n;
}

bool suffix_set_add(struct suffix_set *set, const char *pattern, int32_t value)
{
    bool subtree = pattern[0] == '.';
    const char *name = pattern + subtree;
    size_t length = name_length(name);
    uint64_t hash = set->seed;
    struct entry *e;
    int32_t *place;

    if (length == 0 || !grow(set))
        return false;
    for (size_t i = length; i > 0; i--)
        hash = hash_step(hash, (char)ascii_lower(name[i - 1]));
    hash = hash_end(hash);
    e = probe(set, hash, name, length);
    if (e == NULL && (e = insert(set, hash, name, length)) == NULL)
        return false;
    place = subtree ? &e->below : &e->alone;
    if (*place == LOOKUP_NONE) {
        *place = value;
        set->count++;
    }
    return true;
}

int32_t suffix_set_find(const struct suffix_set *set, const char *name)
{
    int32_t found = LOOKUP_NONE;
    size_t length, end;
    uint64_t hash;

    if (set == NULL || set->used == 0)
        return LOOKUP_NONE;
    length = name_length(name);
    end = length > set->longest ? length - set->longest : 0;
    hash = set->seed;
    for (size_t i = length; i > end; i--) {
        const struct entry *e;
        hash = hash_step(hash, (char)ascii_lower(name[i - 1]));
        if (i > 1 && name[i - 2] != '.')
            continue;
        e = probe(set, hash_end(hash), name + i - 1, length - i + 1);
        if (e == NULL)
            continue;
        if (i == 1 && e->alone != LOOKUP_NONE)
            found = e->alone;
        else if (e->below != LOOKUP_NONE)
            found = e->below;
    }
    return found;
}

size_t suffix_set_count(const struct suffix_set *set)
{
    return set == NULL ? 0 : set->count;
}
