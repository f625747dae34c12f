/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_reply: promises to allocate no memory for elements that a server only announces, and to reject every reply that
 * no command waits for.
 */
#include "redis_reply.h"

#include <stdlib.h>
#include <string.h>

/* The library's own functions, which create a reply's objects, and ours in front of them. hiredis 0.14 has fewer. */
static redisReplyObjectFunctions own, bounded;

/*
 * Whether this part of a reply, a text of n bytes or an array of n elements, fits a message of the channel. hiredis
 * expects an array of three: "message" or "subscribe", the channel, and a text or number. For anything else its
 * assertion would abort the process, so we close the connection instead.
 */
static bool is_message(const struct redis_expected *expected, const redisReadTask *task, const char *bytes, size_t n)
{
    static const char *const kinds[] = {"message", "subscribe"};

    if (task->parent == NULL)
        return task->type == REDIS_REPLY_ERROR || (task->type == REDIS_REPLY_ARRAY && n == 3);
    if (task->idx == 2)
        return task->type == REDIS_REPLY_STRING || task->type == REDIS_REPLY_INTEGER;
    if (task->type != REDIS_REPLY_STRING || bytes == NULL)
        return false;
    if (task->idx == 1)
        return n == strlen(expected->channel) && memcmp(bytes, expected->channel, n) == 0;
    return (n == 7 && memcmp(bytes, kinds[0], n) == 0) || (n == 9 && memcmp(bytes, kinds[1], n) == 0);
}

/*
 * Returns true if no command waits for the reply that begins here, or if it has more elements than any reply to our
 * commands. hiredis would look for a callback that does not exist; in version 0.14 an assertion then aborts the
 * process. RESP3 push messages answer no command either.
 */
static bool is_unasked(const redisReadTask *task, const char *bytes, size_t n)
{
    struct redis_expected *expected = task->privdata;

    if (expected == NULL)
        return false;
    expected->total = task->parent == NULL ? 1 : expected->total + 1;
    if (expected->total > REDIS_TOTAL_MAX)
        return true;
#if HIREDIS_MAJOR >= 1
    if (task->type == REDIS_REPLY_PUSH)
        return expected->unasked = true;
#endif
    if (expected->connection->replies.head == NULL &&
        (expected->channel == NULL ? task->parent == NULL : !is_message(expected, task, bytes, n)))
        expected->unasked = true;
    return expected->unasked;
}

static void *create_string(const redisReadTask *task, char *bytes, size_t n)
{
    return is_unasked(task, bytes, n) ? NULL : own.createString(task, bytes, n);
}

static void *create_integer(const redisReadTask *task, long long value)
{
    return is_unasked(task, NULL, 0) ? NULL : own.createInteger(task, value);
}

static void *create_nil(const redisReadTask *task)
{
    return is_unasked(task, NULL, 0) ? NULL : own.createNil(task);
}

#if HIREDIS_MAJOR < 1
typedef int element_count;
#else
typedef size_t element_count;

static void *create_double(const redisReadTask *task, double value, char *bytes, size_t n)
{
    return is_unasked(task, NULL, 0) ? NULL : own.createDouble(task, value, bytes, n);
}

static void *create_bool(const redisReadTask *task, int value)
{
    return is_unasked(task, NULL, 0) ? NULL : own.createBool(task, value);
}
#endif

static void *create_array(const redisReadTask *task, element_count count)
{
    return count > REDIS_ELEMENTS_MAX || is_unasked(task, NULL, (size_t)count) ? NULL : own.createArray(task, count);
}

/* hiredis 1.0 has a limit of elements of its own (maxelements), 0.14 has none: both have the functions. */
void redis_reply_bound(redisReader *reader, struct redis_expected *expected)
{
    if (own.createArray == NULL) {
        own = bounded = *reader->fn;
        bounded.createString = create_string;
        bounded.createInteger = create_integer;
        bounded.createNil = create_nil;
        bounded.createArray = create_array;
#if HIREDIS_MAJOR >= 1
        bounded.createDouble = create_double;
        bounded.createBool = create_bool;
#endif
    }
    reader->fn = &bounded;
    reader->privdata = expected;
}

bool redis_reply_is_endless(const redisReader *reader)
{
    return reader->len > REDIS_REPLY_MAX;
}

bool redis_reply_count(const redisReply *reply, unsigned *out)
{
    if (reply->type != REDIS_REPLY_INTEGER || reply->integer < 0)
        return false;
    *out = reply->integer > UINT32_MAX ? UINT32_MAX : (unsigned)reply->integer;
    return true;
}
