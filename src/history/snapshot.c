/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snapshot: numbers are in network order:
 *
 *     "helod history\n"  version (2)
 *     for each record, least recently used first, the names after the networks, then the policies:
 *         'n', 'h' or 'p'  key (1 + n)  first (4)  last (4)  three sets (2 + n each)
 *         identities (1), each: first (4)  last (4)  count (4)  domain (1 + n), newest first
 *     'e'  checksum of everything before it (8)
 *
 * Promises: a snapshot that is incomplete, or whose checksum is wrong, changes nothing.
 */
#include "snapshot.h"

#include <string.h>

#include "cursor.h"

enum { VERSION = 3, TAG_END = 'e' };

static const char tags[STORE_SUBJECTS] = {[STORE_NETWORK] = 'n', [STORE_NAME] = 'h', [STORE_POLICY] = 'p'};

static const char magic[] = "helod history\n";
enum { MAGIC_SIZE = sizeof(magic) - 1 };

struct writer {
    FILE *out;
    uint64_t checksum;
    struct distinct_window window;
    uint8_t tag;
};

/* FNV-1a detects accidental damage, not forgeries: anyone who can write the file can also write the checksum. */
uint64_t snapshot_checksum(uint64_t so_far, const uint8_t *bytes, size_t n)
{
    uint64_t sum = so_far == 0 ? 0xcbf29ce484222325u : so_far;

    for (size_t i = 0; i < n; i++)
        sum = (sum ^ bytes[i]) * 0x100000001b3u;
    return sum;
}

static void put(struct writer *w, const void *bytes, size_t n)
{
    w->checksum = snapshot_checksum(w->checksum, bytes, n);
    fwrite(bytes, 1, n, w->out);
}

static void put_number(struct writer *w, uint64_t number, unsigned size)
{
    uint8_t bytes[8];

    for (unsigned i = 0; i < size; i++)
        bytes[i] = (uint8_t)(number >> (8 * (size - 1 - i)));
    put(w, bytes, size);
}

static void put_text(struct writer *w, const char *text)
{
    size_t n = strlen(text);

    put_number(w, n, 1);
    put(w, text, n);
}

static bool put_record(struct table_entry *entry, void *arg)
{
    const struct record *r = (const struct record *)entry;
    struct writer *w = arg;
    unsigned identities = 0;

    if (!distinct_is_live(r->last, &w->window))
        return true;
    put_number(w, w->tag, 1);
    put_text(w, r->key);
    put_number(w, r->first, 4);
    put_number(w, r->last, 4);
    for (unsigned i = 0; i < RECORD_SETS; i++) {
        size_t n;
        const uint8_t *bytes = distinct_bytes(r->sets[i], &n);

        put_number(w, n, 2);
        if (n > 0)
            put(w, bytes, n);
    }
    for (const struct identity *i = r->identities; i != NULL; i = i->next)
        identities++;
    put_number(w, identities, 1);
    for (const struct identity *i = r->identities; i != NULL; i = i->next) {
        put_number(w, i->first, 4);
        put_number(w, i->last, 4);
        put_number(w, i->count, 4);
        put_text(w, i->domain);
    }
    return ferror(w->out) == 0;
}

bool snapshot_write(const struct records *m, FILE *out)
{
    struct writer w = {.out = out, .window = records_window(m)};

    put(&w, magic, MAGIC_SIZE);
    put_number(&w, VERSION, 2);
    for (size_t i = 0; i < STORE_SUBJECTS; i++) {
        w.tag = (uint8_t)tags[i];
        table_walk(m->tables[i], put_record, &w);
    }
    put_number(&w, TAG_END, 1);
    put_number(&w, w.checksum, 8);
    return ferror(out) == 0;
}

static bool read_text(struct cursor *c, char out[STORE_KEY_SIZE])
{
    size_t n = cursor_u8(c);
    const uint8_t *bytes = cursor_bytes(c, n);

    if (bytes == NULL || n == 0 || memchr(bytes, '\0', n) != NULL)
        return false;
    memcpy(out, bytes, n);
    out[n] = '\0';
    return true;
}

static bool read_set(struct cursor *c, struct distinct **set)
{
    size_t n = cursor_u16(c);
    const uint8_t *bytes = cursor_bytes(c, n);

    return bytes != NULL && distinct_from_bytes(set, bytes, n);
}

/* The file has the newest first, and each added one goes to the front, so add them in reverse order. */
static bool read_identities(struct cursor *c, struct record *r)
{
    struct {
        uint32_t first, last, count;
        char domain[STORE_KEY_SIZE];
    } found[RECORD_IDENTITIES_MAX];
    unsigned n = cursor_u8(c);

    if (n > RECORD_IDENTITIES_MAX)
        return false;
    for (unsigned i = 0; i < n; i++) {
        found[i].first = cursor_u32(c);
        found[i].last = cursor_u32(c);
        found[i].count = cursor_u32(c);
        if (!read_text(c, found[i].domain) || found[i].first > found[i].last)
            return false;
    }
    while (n-- > 0)
        if (records_add_identity(r, found[n].domain, found[n].first, found[n].last))
            r->identities->count = found[n].count;
    return true;
}

static const char *read_record(struct records *m, struct cursor *c, enum store_subject subject)
{
    struct record whole = {.first = 0};
    char key[STORE_KEY_SIZE];
    struct record *r;

    if (!read_text(c, key))
        return "a key is damaged";
    whole.first = cursor_u32(c);
    whole.last = cursor_u32(c);
    r = records_add(m, subject, key);
    if (r == NULL)
        return "no memory";
    r->first = whole.first;
    r->last = whole.last;
    for (unsigned i = 0; i < RECORD_SETS; i++)
        if (!read_set(c, &r->sets[i]))
            return "a set is damaged";
    if (!read_identities(c, r))
        return "an identity is damaged";
    records_changed(m, subject, r);
    return NULL;
}

static const char *read_records(struct records *m, struct cursor *c)
{
    const char *wrong = NULL;

    while (wrong == NULL && !c->failed) {
        uint8_t tag = cursor_u8(c);

        if (tag == TAG_END && cursor_left(c) == 0)
            return NULL;
        const char *subject = memchr(tags, tag, STORE_SUBJECTS);

        if (subject == NULL)
            return "a record is damaged";
        wrong = read_record(m, c, (enum store_subject)(subject - tags));
    }
    return wrong == NULL ? "it ends too early" : wrong;
}

static const char *check_frame(const uint8_t *bytes, size_t n)
{
    struct cursor end;

    if (n < MAGIC_SIZE || memcmp(bytes, magic, MAGIC_SIZE) != 0)
        return "it is not a snapshot of the history";
    if (n < MAGIC_SIZE + 2 + SNAPSHOT_CHECKSUM_SIZE)
        return "it ends too early";
    if (bytes[MAGIC_SIZE] != 0 || bytes[MAGIC_SIZE + 1] != VERSION)
        return "it has another format version";
    cursor_init(&end, bytes + n - SNAPSHOT_CHECKSUM_SIZE, SNAPSHOT_CHECKSUM_SIZE);
    if (cursor_u64(&end) != snapshot_checksum(0, bytes, n - SNAPSHOT_CHECKSUM_SIZE))
        return "its checksum is wrong: it is damaged or ends too early";
    return NULL;
}

const char *snapshot_read(struct records *m, const uint8_t *bytes, size_t n)
{
    const char *wrong = check_frame(bytes, n);
    struct cursor c;

    if (wrong != NULL)
        return wrong;
    cursor_init(&c, bytes, n - SNAPSHOT_CHECKSUM_SIZE);
    cursor_skip(&c, MAGIC_SIZE + 2);
    wrong = read_records(m, &c);
    if (wrong != NULL)
        records_clear(m);
    return wrong;
}
