/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message: a parser for hostile DNS answers. The parsers of c-ares differ between versions, and none reports TTLs,
 * checks owner names and bounds the number of records. This one does, and it behaves the same with every version.
 *
 * Work is bounded: 512 records, 8 CNAMEs, 32 KB of owner names, compression pointers that only go backwards. A
 * record counts only if its owner is the name asked for or the end of the CNAME chain from it. Anything malformed in
 * the answer or authority section makes the whole message a temporary failure. Later sections are ignored.
 */
#include "message.h"

#include <string.h>

#include "wire.h"

enum {
    CLASS_IN = 1,
    FLAG_RESPONSE = 0x8000,
    FLAG_TRUNCATED = 0x0200,
    RCODE_BITS = 0x000f,
    RCODE_NXDOMAIN = 3,
    TTL_SIGN = 0x80000000u,
    /* Enough for all texts: TXT data cannot exceed the message, and the number of names is bounded. */
    /*
     * Bytes of owner names that equal the name asked for. The owners of DNS_RECORDS_MAX records are within it; a
     * message that needs more was made to cost time.
     */
    COMPARED_MAX = 32768,
    /* Records that begin after this are left out: 512 addresses, or the names of DNS_RECORDS_MAX hosts, fit in. */
    SCANNED_MAX = 16384,
    TEXTS_SIZE = MESSAGE_SIZE_MAX + DNS_RECORDS_MAX + DNS_NAME_SIZE,
};

static const char *const rcode_words[] = {"ok", "formerr", "servfail", "nxdomain", "notimp", "refused"};

struct resource {
    size_t owner, data; /* offsets */
    uint16_t type, size;
    uint32_t ttl;
};

struct parse {
    struct cursor c;
    const struct message_question *question;
    unsigned flags, answers, authorities;
    size_t count; /* of resources: first the answer section, then the authority section */
    struct resource resources[MESSAGE_RECORDS_MAX];
    struct wire_name at; /* the name that the CNAME chain has reached */
    unsigned hops;
    size_t compared; /* bytes of owner names */
    uint32_t ttl;

    uint16_t found, left_out;
    struct dns_record records[DNS_RECORDS_MAX];
    uint32_t offsets[DNS_RECORDS_MAX];
    size_t texts_size;
    char texts[TEXTS_SIZE];
};

/* RFC 2181 section 8: a TTL with its highest bit set counts as zero. */
static uint32_t least_ttl(uint32_t a, uint32_t b)
{
    b = b & TTL_SIGN ? 0 : b;
    return a < b ? a : b;
}

static struct cursor cursor_at(const struct parse *p, size_t offset)
{
    struct cursor c = p->c;

    cursor_seek(&c, offset);
    return c;
}

/* Reads header and question; the question must be the one that was asked. Returns NULL, or why this is no answer. */
static const char *read_head(struct parse *p)
{
    struct wire_name asked;
    unsigned questions;

    cursor_skip(&p->c, 2); /* c-ares has checked the id */
    p->flags = cursor_u16(&p->c);
    questions = cursor_u16(&p->c);
    p->answers = cursor_u16(&p->c);
    p->authorities = cursor_u16(&p->c);
    cursor_skip(&p->c, 2);
    if (p->c.failed || !(p->flags & FLAG_RESPONSE) || questions != 1)
        return "badresp";
    if (!wire_from_text(&p->at, p->question->target) || !wire_read(&p->c, &asked) || !wire_equal(&asked, &p->at))
        return "badresp";
    if (cursor_u16(&p->c) != p->question->type || cursor_u16(&p->c) != CLASS_IN || p->c.failed)
        return "badresp";
    return p->flags & FLAG_TRUNCATED ? "truncated" : NULL;
}

/*
 * Adds one section's records to the list, except those of another class than IN. The owners are read where they matter:
 * a name can have 127 labels, and a message hundreds of records.
 */
static bool read_section(struct parse *p, unsigned count)
{
    while (count-- > 0) {
        struct resource r = {.owner = p->c.at};

        if (p->c.at > SCANNED_MAX) {
            p->left_out++;
            return true;
        }
        if (!wire_skip(&p->c))
            return false;
        r.type = cursor_u16(&p->c);
        unsigned class = cursor_u16(&p->c);
        r.ttl = cursor_u32(&p->c);
        r.size = cursor_u16(&p->c);
        r.data = p->c.at;
        if (!cursor_skip(&p->c, r.size))
            return false;
        if (class == CLASS_IN)
            p->resources[p->count++] = r;
    }
    return true;
}

/* Reads a name that must end exactly where its rdata ends. */
static bool read_data_name(const struct parse *p, const struct resource *r, size_t skip, struct wire_name *name)
{
    struct cursor c = cursor_at(p, r->data + skip);

    return skip <= r->size && wire_read(&c, name) && c.at == r->data + r->size;
}

static bool owned(struct parse *p, const struct resource *r)
{
    return wire_matches(&p->c, r->owner, &p->at, &p->compared);
}

/*
 * Only the first CNAME records are looked at: a chain that may be followed has no more, and each look reads a name of
 * up to 127 labels again.
 */
static const struct resource *find_alias(struct parse *p, size_t answers)
{
    unsigned aliases = 0;

    for (size_t i = 0; i < answers && aliases <= MESSAGE_CHAIN_MAX; i++) {
        if (p->resources[i].type != DNS_CNAME)
            continue;
        aliases++;
        if (owned(p, &p->resources[i]))
            return &p->resources[i];
    }
    return NULL;
}

/* Follows the aliases, in whatever order the records are. Returns NULL, or why the chain cannot be followed. */
static const char *follow(struct parse *p, size_t answers)
{
    const struct resource *alias;

    while ((alias = find_alias(p, answers)) != NULL) {
        if (++p->hops > MESSAGE_CHAIN_MAX)
            return "cname";
        if (!read_data_name(p, alias, 0, &p->at))
            return "badresp";
        p->ttl = least_ttl(p->ttl, alias->ttl);
    }
    return NULL;
}

static bool take_address(struct parse *p, const struct resource *r)
{
    struct cursor c = cursor_at(p, r->data);
    struct address *a = &p->records[p->found].address;
    size_t size = r->type == DNS_A ? 4 : 16;
    const uint8_t *bytes = cursor_bytes(&c, size);

    if (!bytes || r->size != size)
        return false;
    *a = (struct address){.family = r->type == DNS_A ? ADDRESS_IPV4 : ADDRESS_IPV6};
    memcpy(a->bytes, bytes, size);
    p->found++;
    return true;
}

/* A repeated name adds nothing and must not use up the bound on names. */
static bool known_name(const struct parse *p, const char *text)
{
    for (size_t i = 0; i < p->found; i++)
        if (strcmp(p->texts + p->offsets[i], text) == 0)
            return true;
    return false;
}

static bool take_host(struct parse *p, const struct resource *r)
{
    bool mx = r->type == DNS_MX;
    struct wire_name name;
    struct cursor c = cursor_at(p, r->data);
    char *text = p->texts + p->texts_size;

    if (!read_data_name(p, r, mx ? 2 : 0, &name))
        return false;
    if (!wire_to_text(&name, text) || (!mx && *text == '\0')) {
        p->left_out++;
        return true;
    }
    if (!mx && known_name(p, text))
        return true;
    p->records[p->found].host.preference = mx ? cursor_u16(&c) : 0;
    p->offsets[p->found++] = (uint32_t)p->texts_size;
    p->texts_size += strlen(text) + 1;
    return true;
}

static bool take_text(struct parse *p, const struct resource *r)
{
    struct cursor c = cursor_at(p, r->data);
    size_t end = r->data + r->size, begin = p->texts_size;

    while (c.at < end) {
        uint8_t n = cursor_u8(&c);
        const uint8_t *piece = cursor_bytes(&c, n);
        if (!piece || c.at > end)
            return false;
        memcpy(p->texts + p->texts_size, piece, n);
        p->texts_size += n;
    }
    p->records[p->found].text.size = p->texts_size - begin;
    p->offsets[p->found++] = (uint32_t)begin;
    p->texts[p->texts_size++] = '\0';
    return true;
}

static const struct {
    uint16_t type;
    bool (*take)(struct parse *p, const struct resource *r); /* false: malformed */
} takers[] = {
    {DNS_A, take_address}, {DNS_AAAA, take_address}, {DNS_PTR, take_host}, {DNS_MX, take_host}, {DNS_TXT, take_text},
};

/* Takes the records at the end of the chain. Returns false when one is malformed. */
static bool take_records(struct parse *p, size_t answers)
{
    size_t row = 0;

    while (row < sizeof takers / sizeof takers[0] && takers[row].type != p->question->type)
        row++;
    if (row == sizeof takers / sizeof takers[0])
        return false;
    for (size_t i = 0; i < answers; i++) {
        const struct resource *r = &p->resources[i];
        if (p->compared > COMPARED_MAX)
            return false;
        if (r->type != p->question->type)
            continue;
        if (p->found == DNS_RECORDS_MAX) {
            p->left_out++;
            continue;
        }
        if (!owned(p, r))
            continue;
        p->ttl = least_ttl(p->ttl, r->ttl);
        if (!takers[row].take(p, r))
            return false;
    }
    return true;
}

/* RFC 2308 section 5: a negative answer's TTL is the smaller of the SOA's own TTL and its minimum field. */
static bool take_soa(struct parse *p, size_t answers)
{
    for (size_t i = answers; i < p->count; i++) {
        const struct resource *r = &p->resources[i];
        if (r->type != DNS_SOA)
            continue;
        struct cursor c = cursor_at(p, r->data);
        struct wire_name name;
        if (!wire_read(&c, &name) || !wire_read(&c, &name) || !cursor_skip(&c, 16))
            continue;
        uint32_t minimum = cursor_u32(&c);
        if (c.failed || c.at != r->data + r->size)
            continue;
        p->ttl = least_ttl(least_ttl(p->ttl, r->ttl), minimum);
        return true;
    }
    return false;
}

static struct answer *conclude(const struct parse *p, enum dns_status status, const char *why)
{
    char canonical[DNS_NAME_SIZE];
    bool chained = p->hops > 0 || strcmp(p->question->target, p->question->name) != 0;
    bool found = status == DNS_FOUND;

    if (chained)
        wire_to_text(&p->at, canonical);
    return answer_new(&(struct answer_parts){
        .name = p->question->name,
        .canonical = chained ? canonical : NULL,
        .why = why,
        .status = status,
        .type = p->question->type,
        .left_out = p->left_out,
        .ttl = p->ttl == UINT32_MAX ? 0 : p->ttl,
        .count = found ? p->found : 0,
        .records = p->records,
        .texts = p->texts,
        .texts_size = found ? p->texts_size : 0,
        .offsets = p->offsets,
    });
}

static struct answer *fail(const struct message_question *q, const char *why)
{
    return answer_empty(q->name, q->type, DNS_TEMPERROR, why);
}

/*
 * True when the answer section has records but none of them is about the name asked for. Such a message is not an
 * answer, and in particular it does not mean that the name has no records.
 */
static bool is_unrelated(struct parse *p, size_t answers)
{
    if (p->hops > 0)
        return false;
    for (size_t i = 0; i < answers && p->compared <= COMPARED_MAX; i++)
        if (owned(p, &p->resources[i]))
            return false;
    return answers > 0;
}

/* Decides what the sections, once read, amount to. */
static struct answer *judge(struct parse *p, size_t answers, char chase[DNS_NAME_SIZE])
{
    unsigned rcode = p->flags & RCODE_BITS;
    const char *why = follow(p, answers);
    bool soa;

    if (why)
        return fail(p->question, why);
    if (rcode == 0 && (is_unrelated(p, answers) || !take_records(p, answers)))
        return fail(p->question, "badresp");
    if (p->found > 0)
        return conclude(p, DNS_FOUND, "ok");
    if (p->c.at > SCANNED_MAX)
        return fail(p->question, "badresp"); /* what was left out may be the answer */
    soa = p->left_out == 0 && take_soa(p, answers);
    if (rcode == 0 && p->hops > 0 && p->left_out == 0 && !soa) {
        if (!wire_to_text(&p->at, chase))
            *chase = '\0';
        return conclude(p, DNS_TEMPERROR, "cname");
    }
    if (rcode == 0 && p->hops == 0 && answers > 0 && p->left_out == 0)
        return fail(p->question, "badresp"); /* there are records but none answers: this does not mean "no record" */
    if (!soa && p->left_out == 0)
        p->ttl = 0;
    return rcode == 0 ? conclude(p, DNS_NODATA, "nodata") : conclude(p, DNS_NXDOMAIN, "nxdomain");
}

struct answer *message_parse(const uint8_t *bytes, size_t size, const struct message_question *question,
                             char chase[DNS_NAME_SIZE])
{
    struct parse p; /* about 90 KiB, most of it never touched, therefore not zeroed */
    const char *why;
    unsigned rcode;
    size_t answers;

    *chase = '\0';
    p.question = question;
    p.ttl = question->ttl;
    p.count = p.compared = p.texts_size = p.hops = p.found = p.left_out = 0;
    if (size > MESSAGE_SIZE_MAX)
        return fail(question, "badresp");
    cursor_init(&p.c, bytes, size);
    if ((why = read_head(&p)) != NULL)
        return fail(question, why);
    rcode = p.flags & RCODE_BITS;
    if (rcode != 0 && rcode != RCODE_NXDOMAIN)
        return fail(question, rcode < sizeof rcode_words / sizeof rcode_words[0] ? rcode_words[rcode] : "rcode");
    if (p.answers + p.authorities > MESSAGE_RECORDS_MAX)
        p.authorities = p.answers < MESSAGE_RECORDS_MAX ? MESSAGE_RECORDS_MAX - p.answers : 0;
    if (p.answers > MESSAGE_RECORDS_MAX)
        p.answers = MESSAGE_RECORDS_MAX;
    if (!read_section(&p, p.answers))
        return fail(question, "badresp");
    answers = p.count;
    if (p.c.at <= SCANNED_MAX && !read_section(&p, p.authorities))
        return fail(question, "badresp");
    return judge(&p, answers, chase);
}
