/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_reply: one function for each kind of reply. Promises to read nothing past a reply, whatever it holds, to
 * take no memory for what is only announced, and to let no reply pass that no command waits for.
 */
#include "redis_reply.h"

#include <stdlib.h>
#include <string.h>

enum { DAY = 86400 };

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

static uint32_t clamped(unsigned long long n)
{
    return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* A number, which scores are in the form of a text (a floating point number without a fraction); nil is 0. */
static bool read_number(const redisReply *reply, uint32_t *out)
{
    char *end;

    *out = 0;
    if (reply->type == REDIS_REPLY_NIL)
        return true;
    if (reply->type == REDIS_REPLY_INTEGER) {
        *out = reply->integer < 0 ? 0 : clamped((unsigned long long)reply->integer);
        return reply->integer >= 0;
    }
    if (reply->type != REDIS_REPLY_STRING || reply->len == 0 || reply->str[0] < '0' || reply->str[0] > '9')
        return false;
    *out = clamped(strtoull(reply->str, &end, 10));
    return end > reply->str;
}

static bool read_text(const redisReply *reply, char out[STORE_KEY_SIZE])
{
    if (reply->type != REDIS_REPLY_STRING || (size_t)reply->len >= STORE_KEY_SIZE ||
        memchr(reply->str, '\0', (size_t)reply->len) != NULL)
        return false;
    memcpy(out, reply->str, (size_t)reply->len);
    out[reply->len] = '\0';
    return true;
}

static bool is_array(const redisReply *reply, size_t at_most)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements <= at_most;
}

static bool read_times(const redisReply *reply, uint32_t *first, uint32_t *last)
{
    return is_array(reply, 2) && reply->elements == 2 && read_number(reply->element[0], first) &&
           read_number(reply->element[1], last);
}

static bool read_live(struct redis_question *q, const redisReply *reply)
{
    q->only[0] = '\0';
    return is_array(reply, 2) && (reply->elements != 1 || read_text(reply->element[0], q->only));
}

static bool read_top(struct redis_question *q, const redisReply *reply)
{
    char domain[STORE_KEY_SIZE] = "";
    uint32_t count = 0;

    if (!is_array(reply, 2))
        return false;
    if (reply->elements == 2 && (!read_text(reply->element[0], domain) || !read_number(reply->element[1], &count)))
        return false;
    q->facts.verified_other =
        q->only[0] != '\0' && strcmp(q->only, domain) == 0 && strcmp(domain, q->domain) != 0 && count >= q->known_count;
    return true;
}

bool redis_reply_fact(struct redis_question *q, unsigned index, const redisReply *reply)
{
    uint32_t first, last;

    switch ((enum redis_ask)index) {
    case REDIS_ASK_TIMES:
        if (!read_times(reply, &first, &last))
            return false;
        q->facts.first_seen = (time_t)first;
        q->facts.last_seen = (time_t)last;
        return true;
    case REDIS_ASK_DOMAINS:
        return read_number(reply, &q->facts.domains);
    case REDIS_ASK_NAMES:
        return read_number(reply, &q->facts.names);
    case REDIS_ASK_NETWORKS:
        return read_number(reply, &q->facts.networks);
    case REDIS_ASK_LIVE:
        return read_live(q, reply);
    case REDIS_ASK_TOP:
        return read_top(q, reply);
    case REDIS_ASK_LAST:
        return read_number(reply, &q->last);
    case REDIS_ASK_COUNT:
        return read_number(reply, &q->count);
    case REDIS_ASK_FIRST:
        return read_number(reply, &q->first);
    case REDIS_ASK_MISFITS:
        return read_number(reply, &q->facts.misfits);
    case REDIS_ASK_MISFIT_DAYS:
        return read_number(reply, &q->facts.misfit_days);
    case REDIS_ASK_ENCRYPTED:
        return read_number(reply, &q->facts.encrypted_networks);
    case REDIS_ASKS:
        break;
    }
    return false;
}

void redis_reply_conclude(struct redis_question *q)
{
    if (q->last > q->since) {
        q->facts.good = q->count;
        q->facts.good_days = q->first > 0 && q->last > q->first ? (q->last - q->first) / DAY : 0;
    }
    q->facts.known = true;
}

static struct store_listed *listed(struct store_list *list, const char *text)
{
    for (unsigned i = 0; i < list->count; i++)
        if (strcmp(list->items[i].text, text) == 0)
            return &list->items[i];
    return NULL;
}

/* Text and number by turns. New ones are listed by the times they were seen; the rest adds to what is listed. */
static bool read_pairs(struct store_list *list, enum redis_list what, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements % 2 != 0)
        return false;
    for (size_t i = 0; i < reply->elements; i += 2) {
        char text[STORE_KEY_SIZE];
        struct store_listed *item;
        uint32_t number;

        if (!read_text(reply->element[i], text) || !read_number(reply->element[i + 1], &number))
            return false;
        item = listed(list, text);
        if (item == NULL && what == REDIS_LIST_SEEN && list->count < STORE_LISTED_MAX) {
            item = &list->items[list->count++];
            memcpy(item->text, text, sizeof(text));
        }
        if (item != NULL && what == REDIS_LIST_SEEN)
            item->seen = number;
        else if (item != NULL)
            *(what == REDIS_LIST_NUMBERS ? &item->count : &item->first) = number;
    }
    return true;
}

bool redis_reply_list(struct store_record *record, enum store_kind kind, enum redis_list what, const redisReply *reply)
{
    struct store_list *list;

    if (what == REDIS_LIST_TIMES)
        return read_times(reply, &record->first, &record->last);
    if (what == REDIS_LIST_MISFITS)
        return read_number(reply, &record->misfits);
    if (what == REDIS_LIST_MISFIT_DAYS)
        return read_number(reply, &record->misfit_days);
    list = &record->lists[kind];
    if (what == REDIS_LIST_COUNT)
        return read_number(reply, &list->total);
    return read_pairs(list, what, reply);
}
