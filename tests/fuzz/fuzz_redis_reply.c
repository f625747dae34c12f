/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_redis_reply: bytes as what a server sends, through hiredis' own reader, as records and counts. Whatever comes,
 * the facts are within their bounds, the list and the memory taken within theirs, and only members of the record are
 * removed from it.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "redis_record.h"
#include "redis_reply.h"
#include "redis_slots.h"

static const struct redis_record_bounds bounds = {.since = 1000, .names = 4, .networks = 4};

static void check(bool kept)
{
    if (!kept)
        abort();
}

static void as_facts(const redisReply *reply)
{
    static const struct store_keys keys = {.domain = "b.example", .known_count = 3};
    struct history_facts facts = {.known = false};
    unsigned count;

    if (redis_record_facts(reply, bounds.since, &keys, &facts)) {
        check(facts.domains <= REDIS_RECORD_READ && facts.names <= REDIS_RECORD_READ);
        check(facts.misfits <= REDIS_RECORD_MISFITS && facts.misfit_days <= facts.misfits);
        check(facts.last_seen == 0 || facts.last_seen > bounds.since);
    }
    redis_reply_count(reply, &count);
}

/* One record for all runs: to clear so much memory each time would be most of the work. */
static void as_listing(const redisReply *reply)
{
    static struct store_record record;

    for (enum store_kind kind = 0; kind < STORE_KINDS; kind++)
        record.lists[kind].count = 0;
    redis_record_list(reply, &bounds, STORE_NETWORK, &record);
    redis_record_list(reply, &bounds, STORE_NAME, &record);
    for (enum store_kind kind = 0; kind < STORE_KINDS; kind++) {
        check(record.lists[kind].count <= STORE_LISTED_MAX);
        for (unsigned i = 0; i < record.lists[kind].count; i++)
            check(memchr(record.lists[kind].items[i].text, '\0', STORE_KEY_SIZE) != NULL);
    }
}

static void as_excess(const redisReply *reply)
{
    static struct redis_record_excess excess;

    if (!redis_record_excess(reply, &bounds, &excess))
        return;
    check(excess.count <= reply->elements / 2);
    for (unsigned i = 0; i < excess.count; i++)
        check(excess.sizes[i] == strlen(excess.members[i]) && excess.sizes[i] > 0);
}

/* As a row of CLUSTER SLOTS, as what a sentinel names, or as an error. */
static void as_slots(const redisReply *reply)
{
    struct redis_announced master;
    struct redis_redirect redirect;
    struct redis_range range;

    if (redis_slots_master(reply, &master))
        check(master.port > 0);

    if (redis_slots_range(reply, &range))
        check(range.first <= range.last && range.last < REDIS_SLOTS && range.owner.port > 0);
    if ((reply->type == REDIS_REPLY_ERROR || reply->type == REDIS_REPLY_STATUS) &&
        redis_slots_redirect(reply->str, &redirect))
        check(redirect.slot < REDIS_SLOTS && redirect.to.port > 0);
}

/* What arrives unasked on a connection, subscribed or not: only messages of the channel pass. */
static void as_unasked(const uint8_t *data, size_t size, const char *channel)
{
    static const redisAsyncContext idle;
    struct redis_expected expected = {.connection = &idle, .channel = channel};
    redisReader *reader = redisReaderCreate();
    void *got = NULL;

    if (reader == NULL)
        return;
    redis_reply_bound(reader, &expected);
    redisReaderFeed(reader, (const char *)data, size);
    while (redisReaderGetReply(reader, &got) == REDIS_OK && got != NULL) {
        const redisReply *reply = got;

        check(channel != NULL && !expected.unasked);
        check(reply->type == REDIS_REPLY_ERROR || (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
                                                   strcmp(reply->element[1]->str, channel) == 0));
        freeReplyObject(got);
        got = NULL;
    }
    check(redis_reply_is_endless(reader) == (size > REDIS_REPLY_MAX && reader->len > REDIS_REPLY_MAX));
    redisReaderFree(reader);
}

static void as_key(const char *bytes, size_t size)
{
    size_t n;
    const char *key = redis_slots_key(bytes, size, &n);

    check(redis_slots_of(bytes, size) < REDIS_SLOTS);
    check(key == NULL || (key >= bytes && n <= size && key + n <= bytes + size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;

    if (reader == NULL)
        return 0;
    redis_reply_bound(reader, NULL);
    redisReaderFeed(reader, (const char *)data, size);
    for (unsigned i = 0; i < 4 && redisReaderGetReply(reader, &reply) == REDIS_OK && reply != NULL; i++) {
        as_facts(reply);
        as_listing(reply);
        as_excess(reply);
        as_slots(reply);
        freeReplyObject(reply);
        reply = NULL;
    }
    redisReaderFree(reader);
    as_unasked(data, size, NULL);
    as_unasked(data, size, "+switch-master");
    as_key((const char *)data, size);
    return 0;
}
