/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decision_line_read: reads a decision line back, after any prefix that a log puts before it. The line is not
 * trusted: names in it may be hostile, and other programs log, too. Promises linear time, no byte read past the
 * line, and false for anything that decision_line_write() cannot have written, except unknown keys, which later
 * versions may add.
 */
#include "decision_line.h"

#include <string.h>

#include "ascii.h"
#include "cursor.h"

static const char mark[] = "decision v=";

/* A mark begins the message: at the line's start, or after what ends a log's prefix. */
static bool begins_message(const char *line, size_t at)
{
    char before = at > 0 ? line[at - 1] : ' ';

    return before == ' ' || before == '\t' || before == '=' || (unsigned char)before == 0xbf; /* end of a BOM */
}

static const char *find_mark(const char *line, size_t n)
{
    const size_t size = sizeof(mark) - 1;
    const char *end = line + n;

    for (const char *p = line; (size_t)(end - p) >= size; p++) {
        p = memchr(p, mark[0], (size_t)(end - p));
        if (!p || (size_t)(end - p) < size)
            return NULL;
        if (memcmp(p, mark, size) == 0 && begins_message(line, (size_t)(p - line)))
            return p;
    }
    return NULL;
}

/* After a backslash: the byte that it stands for, or -1. A NUL cannot have been written. */
static int escaped_byte(struct cursor *c)
{
    int high, low;

    if (cursor_take(c, '"'))
        return '"';
    if (cursor_take(c, '\\'))
        return '\\';
    if (!cursor_take(c, 'x'))
        return -1;
    high = ascii_hex(cursor_peek(c));
    cursor_skip(c, 1);
    low = ascii_hex(cursor_peek(c));
    cursor_skip(c, 1);
    return high >= 0 && low >= 0 && (high | low) ? high * 16 + low : -1;
}

/* `room` holds at least what is left of the line, and a NUL. */
static bool read_quoted(struct cursor *c, char *room)
{
    size_t n = 0;

    while (!cursor_take(c, '"')) {
        int byte = cursor_u8(c);

        if (byte == '\\')
            byte = escaped_byte(c);
        if (c->failed || byte <= 0)
            return false;
        room[n++] = (char)byte;
    }
    room[n] = '\0';
    return true;
}

static bool read_bare(struct cursor *c, char *room)
{
    size_t n = 0;

    while (cursor_peek(c) >= 0 && cursor_peek(c) != ' ') {
        int byte = cursor_u8(c);

        if (byte <= ' ' || byte > '~' || byte == '"')
            return false;
        room[n++] = (char)byte;
    }
    room[n] = '\0';
    return true;
}

static bool read_key(struct cursor *c, char *key, size_t size)
{
    size_t n = 0;

    while (!cursor_take(c, '=')) {
        int byte = cursor_u8(c);

        if (c->failed || n + 1 >= size || !((byte >= 'a' && byte <= 'z') || byte == '_'))
            return false;
        key[n++] = (char)byte;
    }
    key[n] = '\0';
    return n > 0;
}

static bool read_unsigned(const char *s, const char *end, unsigned *out)
{
    unsigned value = 0;

    if (s == end || end - s > 9)
        return false;
    for (; s < end; s++) {
        if (*s < '0' || *s > '9')
            return false;
        value = value * 10 + (unsigned)(*s - '0');
    }
    *out = value;
    return true;
}

/* A whole number up to `end`, at most six digits. */
static bool read_int(const char *s, const char *end, int *out)
{
    bool minus = s < end && *s == '-';
    unsigned value;

    s += minus;
    if (end - s > 6 || !read_unsigned(s, end, &value))
        return false;
    *out = minus ? -(int)value : (int)value;
    return true;
}

static bool read_finding(const char *item, const char *end, struct region *r, struct decision_fields *out)
{
    const char *colon = memchr(item, ':', (size_t)(end - item));
    struct decision_logged *f = &out->findings[out->finding_count];

    if (*item == '+')
        return *end == '\0' && read_unsigned(item + 1, end, &out->findings_cut);
    if (!colon || colon == item || out->finding_count == VERDICT_FINDINGS_MAX)
        return false;
    if (!read_int(colon + 1, end, &f->points))
        return false;
    f->rule = region_strndup(r, item, (size_t)(colon - item));
    out->finding_count++;
    return f->rule != NULL;
}

static bool read_findings(const char *value, struct region *r, struct decision_fields *out)
{
    while (*value) {
        const char *end = value + strcspn(value, ",");

        if (end == value || !read_finding(value, end, r, out))
            return false;
        if (*end == ',' && end[1] == '\0')
            return false;
        value = *end ? end + 1 : end;
    }
    return true;
}

/* "2/13ms": the lookups. */
static bool read_dns(const char *value, struct decision_fields *out)
{
    size_t n = strcspn(value, "/");

    return value[n] == '/' && read_unsigned(value, value + n, &out->dns);
}

enum field_type { FIELD_TEXT, FIELD_INT, FIELD_UNSIGNED };

struct field_place {
    const char *name;
    enum field_type type;
    size_t offset;
};

#define PLACE(name, type)                                                                                              \
    {                                                                                                                  \
#name, type, offsetof(struct decision_fields, name)                                                            \
    }
static const struct field_place places[] = {
    PLACE(id, FIELD_TEXT),       PLACE(action, FIELD_TEXT),        PLACE(judged, FIELD_TEXT),
    PLACE(score, FIELD_INT),     PLACE(threshold, FIELD_TEXT),     PLACE(policy, FIELD_TEXT),
    PLACE(mode, FIELD_TEXT),     PLACE(skip, FIELD_TEXT),          PLACE(exemption, FIELD_TEXT),
    PLACE(client, FIELD_TEXT),   PLACE(rdns, FIELD_TEXT),          PLACE(fcrdns, FIELD_TEXT),
    PLACE(helo, FIELD_TEXT),     PLACE(proto, FIELD_TEXT),         PLACE(sender, FIELD_TEXT),
    PLACE(instance, FIELD_TEXT), PLACE(doubt, FIELD_INT),          PLACE(spf, FIELD_TEXT),
    PLACE(shadow, FIELD_TEXT),   PLACE(shadow_action, FIELD_TEXT), PLACE(shadow_score, FIELD_INT),
    PLACE(limit, FIELD_TEXT),    PLACE(cached, FIELD_UNSIGNED),    PLACE(ms, FIELD_UNSIGNED),
    PLACE(reply, FIELD_TEXT),    PLACE(partial, FIELD_TEXT),       PLACE(label, FIELD_TEXT),
};
enum { PLACES = sizeof(places) / sizeof(places[0]) };

static bool store(const struct field_place *place, const char *value, struct region *r, struct decision_fields *out)
{
    void *at = (char *)out + place->offset;
    const char *end = value + strlen(value);

    switch (place->type) {
    case FIELD_TEXT:
        return (*(const char **)at = region_strdup(r, value)) != NULL;
    case FIELD_INT:
        return read_int(value, end, at);
    case FIELD_UNSIGNED:
        return read_unsigned(value, end, at);
    }
    return false;
}

/* Stores one field; `seen` has a bit for each place: a field comes once. */
static bool read_field(const char *key, const char *value, unsigned long *seen, struct region *r,
                       struct decision_fields *out)
{
    if (strcmp(key, "v") == 0)
        return out->version == 0 && strcmp(value, "1") == 0 && (out->version = 1);
    if (strcmp(key, "findings") == 0)
        return out->finding_count == 0 && read_findings(value, r, out);
    if (strcmp(key, "dns") == 0)
        return read_dns(value, out);
    for (unsigned i = 0; i < PLACES; i++) {
        if (strcmp(places[i].name, key) != 0)
            continue;
        if (*seen & 1ul << i)
            return false;
        *seen |= 1ul << i;
        return store(&places[i], value, r, out);
    }
    return true;
}

static void clear(struct decision_fields *out)
{
    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < PLACES; i++)
        if (places[i].type == FIELD_TEXT)
            *(const char **)((char *)out + places[i].offset) = "";
}

bool decision_line_read(const char *line, size_t n, struct region *r, struct decision_fields *out)
{
    const char *start = find_mark(line, n);
    unsigned long seen = 0;
    struct cursor c;
    char key[16], *room;

    clear(out);
    if (!start)
        return false;
    start += strlen("decision ");
    n -= (size_t)(start - line);
    while (n > 0 && (start[n - 1] == '\n' || start[n - 1] == '\r' || start[n - 1] == ' '))
        n--;
    room = region_alloc(r, n + 1);
    if (!room)
        return false;
    cursor_init(&c, start, n);
    while (cursor_left(&c) > 0) {
        if (!read_key(&c, key, sizeof(key)))
            return false;
        if (!(cursor_take(&c, '"') ? read_quoted(&c, room) : read_bare(&c, room)))
            return false;
        if (!read_field(key, room, &seen, r, out))
            return false;
        if (cursor_left(&c) > 0 && !cursor_take(&c, ' '))
            return false;
    }
    return out->version == 1 && out->action[0] != '\0';
}
