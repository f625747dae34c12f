/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * instance: a bounded table from (policy, client, instance) to the answer as Postfix reads it. A client never gets
 * another client's answer, and no entry is used after its time. A lookup does not make an entry "recently used", so the
 * oldest entry is always the one that makes room.
 */
#include "instance.h"

#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "reply.h"
#include "table.h"

struct entry {
    struct table_entry link; /* first */
    uint64_t until_ms;
    size_t answer_size;
    char bytes[]; /* the key, then the answer */
};

struct table *instances_new(size_t max)
{
    return table_new(&(struct table_limits){.max_entries = max}, NULL, NULL);
}

/* The address has a fixed size, so that two different messages never have the same key. */
void instances_key(const char *policy, const struct address *client, const char *instance, struct instance_key *out)
{
    const size_t address = 1 + sizeof(client->bytes);
    size_t named = strlen(policy) + 1, n = strlen(instance);

    out->size = 0;
    out->hash = 0;
    if (n == 0 || named > INSTANCE_KEY_MAX - address || n > INSTANCE_KEY_MAX - address - named)
        return;
    out->bytes[0] = (char)client->family;
    memcpy(out->bytes + 1, client->bytes, sizeof(client->bytes));
    memcpy(out->bytes + address, policy, named);
    memcpy(out->bytes + address + named, instance, n);
    out->size = address + named + n;
}

bool instances_is_claimed(const char *helo, const char *recipient)
{
    size_t n = strlen(helo), at = strlen(recipient);

    n -= n > 0 && helo[n - 1] == '.';
    at -= at > 0 && recipient[at - 1] == '.';
    for (; n > 0 && at > 0 && recipient[at - 1] != '@'; n--, at--)
        if (ascii_lower(helo[n - 1]) != ascii_lower(recipient[at - 1]))
            return false;
    return at > 0 && recipient[at - 1] == '@' && (n == 0 || helo[n - 1] == '.');
}

/* An instance has no NUL, so no other key ends with one. */
bool instances_key_of_claimed(struct instance_key *key)
{
    if (key->size == 0 || key->size == sizeof(key->bytes) || key->bytes[key->size - 1] == '\0')
        return false;
    key->bytes[key->size++] = '\0';
    key->hash = 0;
    return true;
}

const char *instances_find(struct table *t, struct instance_key *key, uint64_t now_ms, size_t *size)
{
    struct entry *e;

    if (key->size == 0)
        return NULL;
    key->hash = table_hash(t, key->bytes, key->size);
    e = (struct entry *)table_peek_hashed(t, key->hash, key->bytes, key->size);
    if (e == NULL)
        return NULL;
    if (now_ms >= e->until_ms) {
        table_remove(t, &e->link);
        return NULL;
    }
    *size = e->answer_size;
    return e->bytes + key->size;
}

void instances_keep(struct table *t, const struct instance_key *key, uint64_t until_ms, const char *answer, size_t size)
{
    struct entry *e = key->size == 0 || size > REPLY_SIZE ? NULL : malloc(sizeof(*e) + key->size + size);

    if (e == NULL)
        return;
    e->link = (struct table_entry){.key = e->bytes, .key_size = key->size};
    e->until_ms = until_ms;
    e->answer_size = size;
    memcpy(e->bytes, key->bytes, key->size);
    memcpy(e->bytes + key->size, answer, size);
    table_insert_hashed(t, &e->link, key->hash != 0 ? key->hash : table_hash(t, key->bytes, key->size));
}
