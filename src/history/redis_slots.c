/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_slots: the rules of the cluster protocol. Promises never to read past the end of a reply or error text, and
 * never to return a slot number that does not exist.
 */
#include "redis_slots.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_MAX = 65535 };

/* CRC16-CCITT with the polynomial 0x1021 and 0 at the start (XMODEM), as the cluster specification demands. */
static unsigned crc16(const char *bytes, size_t n)
{
    unsigned crc = 0;

    for (size_t i = 0; i < n; i++) {
        crc ^= (unsigned)(unsigned char)bytes[i] << 8;
        for (unsigned bit = 0; bit < 8; bit++)
            crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021u : 0)) & 0xffff;
    }
    return crc;
}

unsigned redis_slots_of(const char *key, size_t n)
{
    const char *open = memchr(key, '{', n);
    const char *close = open != NULL ? memchr(open + 1, '}', n - (size_t)(open + 1 - key)) : NULL;

    if (close != NULL && close > open + 1)
        return crc16(open + 1, (size_t)(close - open - 1)) % REDIS_SLOTS;
    return crc16(key, n) % REDIS_SLOTS;
}

/* Moves *at past the next line break and returns the number before it, which follows one character. */
static size_t number_line(const char **at, const char *end)
{
    const char *line = *at, *ends = memchr(line, '\n', (size_t)(end - line));
    size_t number = 0;

    *at = ends != NULL ? ends + 1 : end;
    for (const char *c = line + 1; c < *at && *c >= '0' && *c <= '9' && number < SIZE_MAX / 20; c++)
        number = number * 10 + (size_t)(*c - '0');
    return number;
}

const char *redis_slots_key(const char *command, size_t n, size_t *key_n)
{
    const char *at = command, *end = command + n;
    size_t name_n;

    if (number_line(&at, end) < 2)
        return NULL;
    name_n = number_line(&at, end);
    if (name_n + 2 > (size_t)(end - at))
        return NULL;
    at += name_n + 2;
    *key_n = number_line(&at, end);
    return *key_n <= (size_t)(end - at) ? at : NULL;
}

/* The number at *at, which moves past it. False: there is none, or it is greater than `most`. */
static bool read_number(const char **at, unsigned most, unsigned *out)
{
    const char *c = *at;

    for (*out = 0; *c >= '0' && *c <= '9' && *out <= most; c++)
        *out = *out * 10 + (unsigned)(*c - '0');
    if (c == *at || *out > most)
        return false;
    *at = c;
    return true;
}

static bool copy_text(char *out, size_t size, const char *bytes, size_t n)
{
    if (n >= size || memchr(bytes, '\0', n) != NULL)
        return false;
    memcpy(out, bytes, n);
    out[n] = '\0';
    return true;
}

/* Only addresses begin with a digit and have nothing but digits and dots, or have a colon. */
static bool is_address(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == ':')
            return true;
        if (text[i] != '.' && (text[i] < '0' || text[i] > '9'))
            return false;
    }
    return true;
}

/* "?" stands for a name that the node does not know. Names go into messages, so nothing but host names may pass. */
static bool read_host(struct redis_announced *out, const char *host, size_t n)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_";

    if (n == 0 || (n == 1 && host[0] == '?'))
        return true;
    for (size_t i = 0; i < n; i++)
        if (memchr(allowed, host[i], sizeof(allowed) - 1) == NULL)
            return false;
    return is_address(host, n) ? copy_text(out->address, sizeof(out->address), host, n)
                               : copy_text(out->name, sizeof(out->name), host, n);
}

bool redis_slots_redirect(const char *error, struct redis_redirect *out)
{
    const char *at, *colon;
    unsigned port;

    *out = (struct redis_redirect){.ask = strncmp(error, "ASK ", 4) == 0};
    if (!out->ask && strncmp(error, "MOVED ", 6) != 0)
        return false;
    at = strchr(error, ' ') + 1;
    if (!read_number(&at, REDIS_SLOTS - 1, &out->slot) || *at++ != ' ')
        return false;
    colon = strrchr(at, ':');
    if (colon == NULL || !read_host(&out->to, at, (size_t)(colon - at)))
        return false;
    at = colon + 1;
    if (!read_number(&at, PORT_MAX, &port) || *at != '\0' || port == 0)
        return false;
    out->to.port = (int)port;
    return true;
}

static bool is_text(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING;
}

bool redis_slots_master(const redisReply *reply, struct redis_announced *out)
{
    const redisReply *host, *port;
    const char *at;
    unsigned number;

    *out = (struct redis_announced){.port = 0};
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
        return false;
    host = reply->element[0];
    port = reply->element[1];
    if (!is_text(host) || host->len == 0 || !is_text(port) || !read_host(out, host->str, (size_t)host->len) ||
        (out->address[0] == '\0' && out->name[0] == '\0'))
        return false;
    at = port->str;
    if (!read_number(&at, PORT_MAX, &number) || *at != '\0' || number == 0)
        return false;
    out->port = (int)number;
    return true;
}

static bool is_number(const redisReply *reply, long long most)
{
    return reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0 && reply->integer <= most;
}

/* Since Redis 7: alternating names and values, which give the address or name that is not the preferred one. */
static bool read_more(struct redis_announced *out, const redisReply *more)
{
    for (size_t i = 0; i + 1 < more->elements; i += 2) {
        const redisReply *what = more->element[i], *value = more->element[i + 1];

        if (!is_text(what) || !is_text(value))
            continue;
        if ((strcmp(what->str, "ip") == 0 || strcmp(what->str, "hostname") == 0) &&
            !read_host(out, value->str, (size_t)value->len))
            return false;
    }
    return true;
}

bool redis_slots_range(const redisReply *row, struct redis_range *out)
{
    const redisReply *node;

    *out = (struct redis_range){.first = 0};
    if (row->type != REDIS_REPLY_ARRAY || row->elements < 3 || !is_number(row->element[0], REDIS_SLOTS - 1) ||
        !is_number(row->element[1], REDIS_SLOTS - 1) || row->element[0]->integer > row->element[1]->integer)
        return false;
    out->first = (unsigned)row->element[0]->integer;
    out->last = (unsigned)row->element[1]->integer;
    node = row->element[2];
    if (node->type != REDIS_REPLY_ARRAY || node->elements < 2 || !is_number(node->element[1], PORT_MAX) ||
        node->element[1]->integer == 0)
        return false;
    out->owner.port = (int)node->element[1]->integer;
    if (is_text(node->element[0]) && !read_host(&out->owner, node->element[0]->str, (size_t)node->element[0]->len))
        return false;
    return node->elements < 4 || node->element[3]->type != REDIS_REPLY_ARRAY ||
           read_more(&out->owner, node->element[3]);
}
