/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_redis_reply: bytes as what a server sends, through hiredis' own reader, as the replies to a question and to a
 * listing. Whatever comes, the facts are within their texts and the list within its bounds.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "redis_reply.h"

static void check(bool kept)
{
    if (!kept)
        abort();
}

static void as_listing(const redisReply *reply)
{
    struct store_record *record = calloc(1, sizeof(*record));

    if (record == NULL)
        return;
    for (enum redis_list what = REDIS_LIST_TIMES; what <= REDIS_LIST_FIRST; what++) {
        redis_reply_list(record, STORE_VERIFIED, what, reply);
        check(record->lists[STORE_VERIFIED].count <= STORE_LISTED_MAX);
        for (unsigned i = 0; i < record->lists[STORE_VERIFIED].count; i++)
            check(memchr(record->lists[STORE_VERIFIED].items[i].text, '\0', STORE_KEY_SIZE) != NULL);
    }
    free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redis_question q = {.domain = "b.example", .known_count = 3, .since = 1000};
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;

    if (reader == NULL)
        return 0;
    redisReaderFeed(reader, (const char *)data, size);
    for (unsigned i = 0; i <= REDIS_ASKS && redisReaderGetReply(reader, &reply) == REDIS_OK && reply != NULL; i++) {
        bool good = redis_reply_fact(&q, i, reply);

        check(i < REDIS_ASKS || !good); /* one too many is refused */
        as_listing(reply);
        freeReplyObject(reply);
        reply = NULL;
    }
    redis_reply_conclude(&q);
    check(q.facts.known && memchr(q.only, '\0', STORE_KEY_SIZE) != NULL);
    check(q.facts.good == 0 || q.last > q.since);
    redisReaderFree(reader);
    return 0;
}
