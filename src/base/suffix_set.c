/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suffix_set: domain names and suffixes in one hash table of chains, with at least as many buckets as names.
 *
 * A name is looked up in one pass from its last byte to its first. Only whole labels are probed, so that
 * "evilname.example" is not below "name.example". The hash is seeded, although only the admin's patterns are in it.
 */
#include "lookup.h"

#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "hash.h"
#include "region.h"

enum { FIRST_BUCKETS = 16 };

struct entry {
    struct entry *next;
    uint64_t hash;
    int32_t alone; /* value of the pattern "name" */
    int32_t below; /* value of the pattern ".name" */
    size_t length;
    char name[]; /* lower case, without a leading dot, not ended by NUL */
};

struct suffix_set {
    struct entry **buckets;
    size_t size;    /* number of buckets, a power of two */
    size_t used;    /* names */
    size_t count;   /* of patterns */
    size_t longest; /* length of the longest name; longer suffixes need no probe */
    uint64_t seed;
    struct region *names;
};

/* Hashes from the last byte to the first, so one pass yields the hash of every suffix. */
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
    set->buckets = calloc(FIRST_BUCKETS, sizeof *set->buckets);
    set->names = region_new(SIZE_MAX);
    set->size = FIRST_BUCKETS;
    if (set->buckets == NULL || set->names == NULL || !hash_key_random(&key)) {
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
    free(set->buckets);
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

static struct entry **bucket_of(const struct suffix_set *set, uint64_t hash)
{
    return &set->buckets[(size_t)hash & (set->size - 1)];
}

/* NULL if the name is not in the table. */
static struct entry *probe(const struct suffix_set *set, uint64_t hash, const char *name, size_t length)
{
    struct entry *e = *bucket_of(set, hash);

    while (e != NULL && !(e->hash == hash && same_name(e, name, length)))
        e = e->next;
    return e;
}

/* False if there is no memory; then nothing changes. */
static bool grow(struct suffix_set *set)
{
    size_t old = set->size;
    struct entry **from = set->buckets, **larger = calloc(old * 2, sizeof(struct entry *)), *next;

    if (larger == NULL)
        return false;
    set->buckets = larger;
    set->size = old * 2;
    for (size_t i = 0; i < old; i++) {
        for (struct entry *e = from[i]; e != NULL; e = next) {
            struct entry **bucket = bucket_of(set, e->hash);

            next = e->next;
            e->next = *bucket;
            *bucket = e;
        }
    }
    free(from);
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

/* A single trailing dot has no meaning. */
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

    if (length == 0 || (set->used >= set->size && !grow(set)))
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
