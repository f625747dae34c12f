/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup_suffix: domain names and suffixes in one hash table, open addressing, at most half full.
 *
 * Promises: a name is looked up in one pass from its last byte to its first; only whole labels are probed, so
 * "evilname.example" is not below "name.example". The hash is seeded, although only the admin's patterns are kept in
 * it.
 */
#include "lookup.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"

struct entry {
    char *name; /* lower case, without a leading dot; NULL: free */
    size_t length;
    uint64_t hash;
    int32_t alone; /* value of the pattern "name" */
    int32_t below; /* value of the pattern ".name" */
};

struct suffix_set {
    struct entry *entries;
    size_t room; /* a power of two, or 0 */
    size_t used;
    size_t count;   /* of patterns */
    size_t longest; /* name in the table: longer suffixes need no probe */
    uint64_t seed;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

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
    if (!hash_key_random(&key)) {
        free(set);
        return NULL;
    }
    set->seed = key.k0;
    return set;
}

void suffix_set_free(struct suffix_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->room; i++)
        free(set->entries[i].name);
    free(set->entries);
    free(set);
}

static bool same_name(const struct entry *e, const char *name, size_t length)
{
    if (e->length != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (e->name[i] != lower(name[i]))
            return false;
    }
    return true;
}

/* The entry of this name, or the free one where it belongs. There always is a free one. */
static struct entry *probe(const struct suffix_set *set, uint64_t hash, const char *name, size_t length)
{
    size_t at = (size_t)hash & (set->room - 1);

    while (set->entries[at].name != NULL) {
        struct entry *e = &set->entries[at];
        if (e->hash == hash && same_name(e, name, length))
            return e;
        at = (at + 1) & (set->room - 1);
    }
    return &set->entries[at];
}

static bool grow(struct suffix_set *set)
{
    struct suffix_set larger = *set;

    if (set->used * 2 < set->room)
        return true;
    larger.room = set->room == 0 ? 16 : set->room * 2;
    larger.entries = calloc(larger.room, sizeof *larger.entries);
    if (larger.entries == NULL)
        return false;
    for (size_t i = 0; i < set->room; i++) {
        struct entry *e = &set->entries[i];
        if (e->name != NULL)
            *probe(&larger, e->hash, e->name, e->length) = *e;
    }
    free(set->entries);
    *set = larger;
    return true;
}

static bool fill(struct suffix_set *set, struct entry *e, const char *name, size_t length)
{
    e->name = malloc(length);
    if (e->name == NULL)
        return false;
    for (size_t i = 0; i < length; i++)
        e->name[i] = lower(name[i]);
    e->length = length;
    e->alone = e->below = LOOKUP_NONE;
    set->used++;
    if (length > set->longest)
        set->longest = length;
    return true;
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
        hash = hash_step(hash, lower(name[i - 1]));
    hash = hash_end(hash);
    e = probe(set, hash, name, length);
    if (e->name == NULL && !fill(set, e, name, length))
        return false;
    e->hash = hash;
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
        hash = hash_step(hash, lower(name[i - 1]));
        if (i > 1 && name[i - 2] != '.')
            continue;
        e = probe(set, hash_end(hash), name + i - 1, length - i + 1);
        if (e->name == NULL)
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
