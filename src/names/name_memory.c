/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_memory: sets of WAYS entries, found by a hash of the name in lower case; the oldest entry of a set is
 * replaced first. Promises a fixed size, no allocation, and that an entry is returned only for exactly the bytes
 * that it was made of. Names whose hashes collide only evict each other, so a quick hash suffices.
 */
#include "name_memory.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"

enum { SETS = 1024, WAYS = 4, KEY_MAX = 104, DETAIL_MAX = 48 };

struct entry {
    uint8_t size; /* of the key; 0: free */
    bool has_naming, has_provider;
    int registrable_at; /* -1: none */
    struct name name;   /* its pointers are not valid; see `registrable_at` */
    char key[KEY_MAX];  /* the bytes in lower case, which begin with the name's text */
    const char *const *provider;
    struct address client; /* of the naming */
    unsigned naming_flags;
    char detail[DETAIL_MAX];
};

/* The hashes are stored side by side, so a search reads no entry but the one that it finds. */
struct set {
    uint64_t hashes[WAYS];
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

/* Eight bytes of a name in lower case; only A to Z change. */
static uint64_t lower(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x80 * ones;
    uint64_t low = word & ~high, from_a = low + (0x80 - 'A') * ones, past_z = low + (0x7f - 'Z') * ones;

    return word | ((from_a ^ past_z) & ~word & high) >> 2;
}

static uint64_t hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

/* The key, padded with zeros to whole words, and its hash. */
static uint64_t make_key(const struct name_memory *memory, const char *raw, size_t n, char key[KEY_MAX])
{
    uint64_t hash = memory->key.k0 + n, word;
    size_t at = 0;

    for (; at + sizeof(word) <= n; at += sizeof(word)) {
        memcpy(&word, raw + at, sizeof(word));
        word = lower(word);
        memcpy(key + at, &word, sizeof(word));
        hash = hash_word(hash, word);
    }
    if (at < n) {
        word = 0;
        memcpy(&word, raw + at, n - at);
        word = lower(word);
        memcpy(key + at, &word, sizeof(word));
        hash = hash_word(hash, word);
    }
    return hash;
}

static struct set *set_of(struct name_memory *memory, uint64_t hash)
{
    return &memory->sets[hash % SETS];
}

static struct entry *find(struct name_memory *memory, const char *key, size_t n, uint64_t hash)
{
    struct set *set = set_of(memory, hash);

    for (unsigned i = 0; i < WAYS; i++) {
        struct entry *e = &set->ways[i];

        if (set->hashes[i] == hash && e->size == n && memcmp(e->key, key, n) == 0)
            return e;
    }
    return NULL;
}

/* The number of the entry, at least 1. */
static unsigned place_of(const struct name_memory *memory, const struct entry *e)
{
    size_t set = (size_t)((const char *)e - (const char *)memory->sets) / sizeof(struct set);

    return 1 + (unsigned)(set * WAYS + (size_t)(e - memory->sets[set].ways));
}

bool name_memory_recall(struct name_memory *memory, const char *raw, size_t n, struct name *out, struct region *r)
{
    char key[KEY_MAX];
    const struct entry *e;
    char *text;

    if (memory == NULL || n == 0 || n > KEY_MAX)
        return false;
    e = find(memory, key, n, make_key(memory, raw, n, key));
    text = e != NULL ? region_text(r, e->key, e->name.length) : NULL;
    if (text == NULL)
        return false;
    *out = e->name;
    out->text = text;
    out->registrable = e->registrable_at >= 0 ? text + e->registrable_at : NULL;
    return true;
}

void name_memory_keep(struct name_memory *memory, const char *raw, size_t n, struct name *name)
{
    struct entry *e;
    struct set *set;
    char key[KEY_MAX];
    uint64_t hash;

    if (memory == NULL || n == 0 || n > KEY_MAX || (name->kind != NAME_HOST && name->kind != NAME_SINGLE))
        return;
    hash = make_key(memory, raw, n, key);
    set = set_of(memory, hash);
    e = find(memory, key, n, hash);
    if (e == NULL)
        e = &set->ways[set->next++ % WAYS];
    name->kept_at = place_of(memory, e);
    set->hashes[e - set->ways] = hash;
    *e = (struct entry){.size = (uint8_t)n, .name = *name};
    e->registrable_at = name->registrable != NULL ? (int)(name->registrable - name->text) : -1;
    memcpy(e->key, key, n);
}

/* The entry that was made from this name's text, or NULL if another one has replaced it since. */
static struct entry *held(struct name_memory *memory, const struct name *name)
{
    char key[KEY_MAX];

    if (memory == NULL || name->length == 0 || name->length > KEY_MAX)
        return NULL;
    if (name->kept_at > 0 && name->kept_at <= SETS * WAYS) {
        struct entry *e = &memory->sets[(name->kept_at - 1) / WAYS].ways[(name->kept_at - 1) % WAYS];

        if (e->size == name->length && memcmp(e->key, name->text, name->length) == 0)
            return e;
    }
    return find(memory, key, name->length, make_key(memory, name->text, name->length, key));
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
