/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_redis_reply: bytes as what a server sends, through hiredis' own reader, as the replies to a question and to a
 * listing. Whatever comes, the facts are within their texts, the list and the memory taken within their bounds.
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

/* One record for all runs: to clear so much memory each time would be most of the work. */
static void as_listing(const redisReply *reply)
{
    static struct store_record record;
    struct store_list *list = &record.lists[STORE_VERIFIED];

    list->count = 0;
    for (enum redis_list what = REDIS_LIST_TIMES; what <= REDIS_LIST_FIRST; what++) {
        redis_reply_list(&record, STORE_VERIFIED, what, reply);
        check(list->count <= STORE_LISTED_MAX);
        for (unsigned i = 0; i < list->count; i++)
            check(memchr(list->items[i].text, '\0', STORE_KEY_SIZE) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redis_question q = {.domain = "b.example", .known_count = 3, .since = 1000};
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;

    if (reader == NULL)
        return 0;
    redis_reply_bound(reader, NULL);
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
