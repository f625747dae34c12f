/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_memory: sets of WAYS entries, found by a seeded hash of the name in lower case; the entry of a set that was made
 * first is the first to go. Promises a fixed size, no allocation, and that an entry answers for exactly the bytes that
 * it was made of.
 */
#include "name_memory.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"

enum { SETS = 1024, WAYS = 4, KEY_MAX = 104, DETAIL_MAX = 48 };

struct entry {
    uint64_t hash;
    uint8_t size; /* of the key; 0: free */
    bool has_naming, has_provider;
    struct address client;   /* of the naming */
    unsigned naming_flags;
    struct name name;        /* its pointers are of no use: `registrable_at` is */
    int registrable_at;      /* -1: none */
    const char *const *provider;
    char key[KEY_MAX];       /* the bytes in lower case; the name's text is what they begin with */
    char detail[DETAIL_MAX];
};

struct set {
    unsigned next; /* the way that is replaced */
    struct entry ways[WAYS];
};

struct name_memory {
    struct hash_key key;
    struct set sets[SETS];
};

struct name_memory *name_memory_new(void)
{
    struct name_memory *memory = calloc(1, sizeof *memory);

    if (memory != NULL && !hash_key_random(&memory->key)) {
        free(memory);
        return NULL;
    }
    return memory;
}

void name_memory_free(struct name_memory *memory)
{
    free(memory);
}

static void lower(char *out, const char *raw, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (char)(raw[i] | (raw[i] >= 'A' && raw[i] <= 'Z' ? 0x20 : 0));
}

static struct set *set_of(struct name_memory *memory, uint64_t hash)
{
    return &memory->sets[hash % SETS];
}

static struct entry *find(struct name_memory *memory, const char *key, size_t n)
{
    uint64_t hash = hash_bytes(&memory->key, key, n);
    struct set *set = set_of(memory, hash);

    for (unsigned i = 0; i < WAYS; i++) {
        struct entry *e = &set->ways[i];

        if (e->hash == hash && e->size == n && memcmp(e->key, key, n) == 0)
            return e;
    }
    return NULL;
}

bool name_memory_recall(struct name_memory *memory, const char *raw, size_t n, struct name *out, struct region *r)
{
    char key[KEY_MAX];
    const struct entry *e;
    char *text;

    if (memory == NULL || n == 0 || n > KEY_MAX)
        return false;
    lower(key, raw, n);
    e = find(memory, key, n);
    text = e != NULL ? region_strndup(r, e->key, e->name.length) : NULL;
    if (text == NULL)
        return false;
    *out = e->name;
    out->text = text;
    out->registrable = e->registrable_at >= 0 ? text + e->registrable_at : NULL;
    return true;
}

void name_memory_keep(struct name_memory *memory, const char *raw, size_t n, const struct name *name)
{
    struct entry *e;
    struct set *set;
    char key[KEY_MAX];

    if (memory == NULL || n == 0 || n > KEY_MAX || (name->kind != NAME_HOST && name->kind != NAME_SINGLE))
        return;
    lower(key, raw, n);
    set = set_of(memory, hash_bytes(&memory->key, key, n));
    e = find(memory, key, n);
    if (e == NULL)
        e = &set->ways[set->next++ % WAYS];
    *e = (struct entry){.hash = hash_bytes(&memory->key, key, n), .size = (uint8_t)n, .name = *name};
    e->registrable_at = name->registrable != NULL ? (int)(name->registrable - name->text) : -1;
    memcpy(e->key, key, n);
}

static struct entry *held(struct name_memory *memory, const struct name *name)
{
    if (memory == NULL || name->length == 0 || name->length > KEY_MAX)
        return NULL;
    return find(memory, name->text, name->length);
}

bool name_memory_recall_naming(struct name_memory *memory, const struct name *name, const struct address *client,
                               struct naming *out, struct region *r)
{
    const struct entry *e = held(memory, name);

    if (e == NULL || !e->has_naming || !address_equal(&e->client, client))
        return false;
    out->flags = e->naming_flags;
    out->detail = e->detail[0] == '\0' ? "" : region_strdup(r, e->detail);
    return out->detail != NULL;
}

void name_memory_keep_naming(struct name_memory *memory, const struct name *name, const struct address *client,
                             const struct naming *naming)
{
    struct entry *e = held(memory, name);
    size_t n = strlen(naming->detail);

    if (e == NULL || n >= DETAIL_MAX)
        return;
    e->has_naming = true;
    e->client = *client;
    e->naming_flags = naming->flags;
    memcpy(e->detail, naming->detail, n + 1);
}

bool name_memory_recall_provider(struct name_memory *memory, const struct name *name, const char *const **out)
{
    const struct entry *e = held(memory, name);

    if (e == NULL || !e->has_provider)
        return false;
    *out = e->provider;
    return true;
}

void name_memory_keep_provider(struct name_memory *memory, const struct name *name, const char *const *provider)
{
    struct entry *e = held(memory, name);

    if (e == NULL)
        return;
    e->has_provider = true;
    e->provider = provider;
}
