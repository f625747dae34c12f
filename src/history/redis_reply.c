/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_reply: promises to take no memory for what is only announced, and to let no reply pass that no command waits
 * for.
 */
#include "redis_reply.h"

#include <stdlib.h>
#include <string.h>

/* The library's own functions, which create a reply's objects, and ours in front of them. hiredis 0.14 has fewer. */
static redisReplyObjectFunctions own, bounded;

/*
 * Returns true when no command waits for the reply that begins here. hiredis would call the callback of a command that
 * does not exist: version 0.14 ends the process by an assertion then. Push messages of RESP3 answer no command either.
 */
static bool is_unasked(const redisReadTask *task)
{
    struct redis_expected *expected = task->privdata;

#if HIREDIS_MAJOR >= 1
    if (task->type == REDIS_REPLY_PUSH && expected != NULL)
        return expected->unasked = true;
#endif
    if (task->parent != NULL || expected == NULL)
        return false;
    expected->unasked = expected->unasked || expected->connection->replies.head == NULL;
    return expected->unasked;
}

static void *create_string(const redisReadTask *task, char *bytes, size_t n)
{
    return is_unasked(task) ? NULL : own.createString(task, bytes, n);
}

static void *create_integer(const redisReadTask *task, long long value)
{
    return is_unasked(task) ? NULL : own.createInteger(task, value);
}

static void *create_nil(const redisReadTask *task)
{
    return is_unasked(task) ? NULL : own.createNil(task);
}

#if HIREDIS_MAJOR < 1
typedef int element_count;
#else
typedef size_t element_count;

static void *create_double(const redisReadTask *task, double value, char *bytes, size_t n)
{
    return is_unasked(task) ? NULL : own.createDouble(task, value, bytes, n);
}

static void *create_bool(const redisReadTask *task, int value)
{
    return is_unasked(task) ? NULL : own.createBool(task, value);
}
#endif

static void *create_array(const redisReadTask *task, element_count count)
{
    return count > REDIS_ELEMENTS_MAX || is_unasked(task) ? NULL : own.createArray(task, count);
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

bool redis_reply_decimal(const char *text, uint32_t *out)
{
    unsigned long long n;
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    n = strtoull(text, &end, 10);
    *out = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
    return *end == '\0';
}

bool redis_reply_count(const redisReply *reply, unsigned *out)
{
    if (reply->type != REDIS_REPLY_INTEGER || reply->integer < 0)
        return false;
    *out = reply->integer > UINT32_MAX ? UINT32_MAX : (unsigned)reply->integer;
    return true;
}
