/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer: creates and frees answers. Each answer is one block (header, records, key with type and name, canonical
 * name, texts), because the cache holds tens of thousands of them.
 */
#include "answer.h"

#include <stdlib.h>
#include <string.h>

/* Turns the offsets of the texts into pointers, now that the block has its address. */
static void place_texts(struct dns_record *records, const struct answer_parts *parts, const char *texts)
{
    if (parts->type == DNS_A || parts->type == DNS_AAAA)
        return;
    for (size_t i = 0; i < parts->count; i++) {
        const char *text = texts + parts->offsets[i];
        if (parts->type == DNS_TXT)
            records[i].text.bytes = (const uint8_t *)text;
        else
            records[i].host.name = text;
    }
}

struct answer *answer_new(const struct answer_parts *parts)
{
    size_t records_size = parts->count * sizeof *parts->records;
    size_t name_size = strlen(parts->name) + 1;
    size_t canonical_size = parts->canonical ? strlen(parts->canonical) + 1 : 0;
    size_t size = sizeof(struct answer) + records_size + 2 + name_size + canonical_size + parts->texts_size;
    struct answer *a = malloc(size);
    struct dns_record *records;
    char *at;

    if (!a)
        return NULL;
    records = (struct dns_record *)(void *)(a + 1);
    at = (char *)(records + parts->count);
    *a = (struct answer){.references = 1, .entry = {.key = at, .key_size = 2 + name_size - 1, .cost = size}};
    a->view = (struct dns_answer){.status = parts->status,
                                  .type = parts->type,
                                  .count = parts->count,
                                  .left_out = parts->left_out,
                                  .ttl = parts->ttl,
                                  .why = parts->why,
                                  .records = records};
    if (records_size > 0)
        memcpy(records, parts->records, records_size);
    memcpy(at, &parts->type, 2);
    a->view.name = memcpy(at + 2, parts->name, name_size);
    at += 2 + name_size;
    a->view.canonical = parts->canonical ? memcpy(at, parts->canonical, canonical_size) : a->view.name;
    at += canonical_size;
    if (parts->texts_size > 0)
        memcpy(at, parts->texts, parts->texts_size);
    place_texts(records, parts, at);
    return a;
}

struct answer *answer_empty(const char *name, uint16_t type, enum dns_status status, const char *why)
{
    return answer_new(&(struct answer_parts){.name = name, .type = type, .status = status, .why = why});
}

struct answer *answer_ref(struct answer *a)
{
    a->references++;
    return a;
}

void answer_unref(struct answer *a)
{
    if (a && --a->references == 0)
        free(a);
}
