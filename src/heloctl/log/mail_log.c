/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mail_log: keeps the messages in one array, which is filled up to a limit. Three bounded, seeded tables find them: by
 * queue id and by message id while the log is read, and by client and time afterwards.
 */
#include "mail_log.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "lines.h"
#include "table.h"

enum {
    MESSAGES_MAX = 400000,
    KEYS_MAX = 100000, /* queue ids, and message ids, that may be looked up */
    KEY_SIZE = 256,
    SLOT_S = 1024, /* each client's messages are listed in slots of this many seconds */
    LOOK_AT = 256, /* how many messages of a slot are compared at most */
    /*
     * A line about the message may be from BEFORE_S before the decision, because the clocks of two logs differ, to
     * AFTER_S after it. More time may pass if the smtpd process is known to be the same, or if postscreen writes the
     * line.
     */
    BEFORE_S = 5,
    AFTER_S = 120,
    PROCESS_S = 900,
    POSTSCREEN_S = 3600,
    DECISION_ID_SIZE = 12,
};

struct message {
    struct address client;
    time_t when;
    uint64_t sender; /* hash; 0: unknown */
    unsigned long pid;
    uint32_t next;             /* index of the next message in its slot, plus 1; 0: this is the last */
    char id[DECISION_ID_SIZE]; /* the decision's id at the end of the reply, if helod itself refused the message */
    struct mail_fate fate;
};

/* An entry of the tables: the index of the message with this key. */
struct place {
    struct table_entry entry;
    uint32_t message;
};

struct slot_key {
    struct address client;
    int64_t slot;
};

struct mail_log {
    struct message *messages;
    size_t count, room;
    uint64_t left_out;
    struct table *queue_ids, *message_ids, *slots;
    struct hash_key hash;
    struct log_time time;
};

void mail_log_free(struct mail_log *m)
{
    if (!m)
        return;
    table_free(m->queue_ids);
    table_free(m->message_ids);
    table_free(m->slots);
    free(m->messages);
    free(m);
}

struct mail_log *mail_log_new(void)
{
    struct mail_log *m = sure(calloc(1, sizeof(*m)));

    m->queue_ids = sure_table(KEYS_MAX);
    m->message_ids = sure_table(KEYS_MAX);
    m->slots = sure_table(MESSAGES_MAX);
    sure(hash_key_random(&m->hash) ? m : NULL);
    return m;
}

/* From now on the key finds this message. */
static void put(struct table *table, const void *key, size_t n, uint32_t message)
{
    struct place *p = sure_entry(table, key, n, sizeof(*p));

    p->message = message;
}

static void put_id(struct table *table, struct mail_part id, uint32_t message)
{
    if (id.n > 0 && id.n <= KEY_SIZE)
        put(table, id.at, id.n, message);
}

static struct message *find_id(const struct mail_log *m, struct table *table, struct mail_part id)
{
    const struct place *p = id.n > 0 ? (const struct place *)table_find(table, id.at, id.n) : NULL;

    return p ? &m->messages[p->message] : NULL;
}

static void make_slot_key(struct slot_key *key, const struct address *client, time_t when)
{
    memset(key, 0, sizeof(*key));
    key->client = *client;
    key->slot = when / SLOT_S;
}

static uint64_t sender_hash(const struct mail_log *m, const char *sender, size_t n)
{
    char lower[KEY_SIZE];

    n = n < sizeof(lower) ? n : sizeof(lower);
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)(sender[i] >= 'A' && sender[i] <= 'Z' ? sender[i] + ('a' - 'A') : sender[i]);
    return hash_bytes(&m->hash, lower, n) | 1;
}

/* "… [id 7QK2M9A]" */
static void copy_id(struct mail_part reply, char id[DECISION_ID_SIZE])
{
    static const char mark[] = "[id ";
    const char *open = reply.n > sizeof(mark) ? memrchr(reply.at, '[', reply.n - sizeof(mark)) : NULL;
    size_t n = open ? (size_t)(reply.at + reply.n - open) - sizeof(mark) : 0;

    if (open && memcmp(open, mark, sizeof(mark) - 1) == 0 && n < DECISION_ID_SIZE && reply.at[reply.n - 1] == ']')
        memcpy(id, open + sizeof(mark) - 1, n);
}

/* Adds the message that this line is the first about. NULL: the line has no client, or there are too many messages. */
static struct message *begin(struct mail_log *m, const struct mail_line *line, time_t when)
{
    const struct place *slot;
    struct slot_key key;
    struct message *message;
    struct address client;

    if (when <= 0 || !address_parse(&client, line->client.at, line->client.n))
        return NULL;
    if (m->count == MESSAGES_MAX) {
        m->left_out++;
        return NULL;
    }
    m->messages = sure_room(m->messages, m->count, &m->room, sizeof(*m->messages));
    message = &m->messages[m->count];
    *message = (struct message){.client = client, .when = when, .pid = line->pid};
    copy_id(line->reply, message->id);
    if (line->has_sender)
        message->sender = sender_hash(m, line->sender.at, line->sender.n);
    make_slot_key(&key, &client, when);
    slot = (const struct place *)table_find(m->slots, &key, sizeof(key));
    message->next = slot ? slot->message + 1 : 0;
    put(m->slots, &key, sizeof(key), (uint32_t)m->count);
    put_id(m->queue_ids, line->queue_id, (uint32_t)m->count);
    m->count++;
    return message;
}

/* If two filters disagree, the one that calls the message spam counts. */
static void give_opinion(struct message *message, const struct mail_line *line)
{
    if (line->opinion <= message->fate.opinion)
        return;
    message->fate.opinion = line->opinion;
    message->fate.source = line->source;
}

static void add_refusal(struct mail_log *m, const struct mail_line *line, time_t when)
{
    struct message *message = find_id(m, m->queue_ids, line->queue_id);

    if (!message)
        message = begin(m, line, when);
    if (!message)
        return;
    message->fate.refused = true;
    if (message->fate.opinion == MAIL_NO_OPINION)
        message->fate.source = line->source;
    give_opinion(message, line);
}

static void add_verdict(struct mail_log *m, const struct mail_line *line)
{
    struct message *message = find_id(m, m->queue_ids, line->queue_id);

    if (!message)
        message = find_id(m, m->message_ids, line->message_id);
    if (message)
        give_opinion(message, line);
}

static bool is_own_host(struct mail_part client)
{
    struct address address;

    return address_parse(&address, client.at, client.n) && address_scope(&address) == ADDRESS_LOOPBACK;
}

/*
 * A content filter behind Postfix hands the message back, and Postfix gives it another queue id. Lines with that id are
 * about the message that the foreign client sent. If the filter passes the first id on (XFORWARD), Postfix logs both
 * ids here. Otherwise add_message_id() finds the message by its message id.
 */
static void add_accepted(struct mail_log *m, const struct mail_line *line, time_t when)
{
    struct message *original = find_id(m, m->queue_ids, line->original_id);

    if (original)
        put_id(m->queue_ids, line->queue_id, (uint32_t)(original - m->messages));
    else if (!is_own_host(line->client))
        begin(m, line, when);
}

static void add_message_id(struct mail_log *m, const struct mail_line *line)
{
    struct message *message = find_id(m, m->queue_ids, line->queue_id);
    struct message *known = find_id(m, m->message_ids, line->message_id);

    if (message)
        put_id(m->message_ids, line->message_id, (uint32_t)(message - m->messages));
    else if (known)
        put_id(m->queue_ids, line->queue_id, (uint32_t)(known - m->messages));
}

static void add(struct mail_log *m, const struct mail_line *line, time_t when)
{
    struct message *message;

    switch (line->kind) {
    case MAIL_ACCEPTED:
        add_accepted(m, line, when);
        return;
    case MAIL_REFUSED:
        add_refusal(m, line, when);
        return;
    case MAIL_VERDICT:
        add_verdict(m, line);
        return;
    case MAIL_ID:
        add_message_id(m, line);
        return;
    case MAIL_FROM:
    case MAIL_DELIVERED:
        message = find_id(m, m->queue_ids, line->queue_id);
        if (!message)
            return;
        message->fate.delivered |= line->kind == MAIL_DELIVERED;
        if (line->kind == MAIL_FROM)
            message->sender = sender_hash(m, line->sender.at, line->sender.n);
        return;
    case MAIL_GREETED:
    case MAIL_NONE:
        return;
    }
}

bool mail_log_add(struct mail_log *m, const struct ctl *ctl, const char *file)
{
    char *files[] = {(char *)(uintptr_t)file}; /* it is only read */
    struct lines *lines = lines_open(ctl, files, 1);
    struct mail_line found;
    const char *line;
    size_t n;

    while (lines_next(lines, &line, &n))
        if (mail_line_read(line, n, &found))
            add(m, &found, log_time_read(&m->time, line, n));
    return lines_close(lines) == CTL_OK;
}

/* Postfix's instance is "PID.TIME.…" in hexadecimal digits. */
static unsigned long instance_pid(const char *instance)
{
    char *end;
    unsigned long pid = strtoul(instance, &end, 16);

    return *end == '.' ? pid : 0;
}

struct search {
    const struct logged *l;
    unsigned long pid;
    uint64_t sender;
    const struct message *best;
    bool best_same_process;
    time_t best_distance;
};

static void consider(struct search *s, const struct message *message)
{
    time_t distance = message->when - s->l->record->when;
    bool same_process = s->pid != 0 && message->pid == s->pid;
    time_t after = message->fate.source == MAIL_BY_POSTSCREEN ? POSTSCREEN_S : same_process ? PROCESS_S : AFTER_S;

    if (distance < -BEFORE_S || distance > after || !address_equal(&message->client, &s->l->client))
        return;
    if (message->sender && s->sender && message->sender != s->sender)
        return;
    if (message->id[0] && strcmp(message->id, s->l->record->fields->id) == 0)
        return; /* helod itself refused it by this decision, so this is nobody else's opinion */
    distance = distance < 0 ? -distance : distance;
    if (s->best &&
        (s->best_same_process > same_process || (s->best_same_process == same_process && s->best_distance <= distance)))
        return;
    s->best = message;
    s->best_same_process = same_process;
    s->best_distance = distance;
}

const struct mail_fate *mail_log_find(const struct mail_log *m, const struct logged *l)
{
    const struct decision_fields *f = l->record->fields;
    struct search s = {.l = l, .pid = instance_pid(f->instance)};
    time_t when = l->record->when;

    if (!m || when <= 0 || l->client.family == ADDRESS_NONE)
        return NULL;
    s.sender = sender_hash(m, f->sender, strlen(f->sender));
    for (time_t at = when - BEFORE_S; at <= when + POSTSCREEN_S + SLOT_S; at += SLOT_S) {
        const struct place *slot;
        struct slot_key key;
        unsigned looked = 0;

        make_slot_key(&key, &l->client, at);
        slot = (const struct place *)table_peek(m->slots, &key, sizeof(key));
        for (uint32_t next = slot ? slot->message + 1 : 0; next > 0 && looked++ < LOOK_AT;
             next = m->messages[next - 1].next)
            consider(&s, &m->messages[next - 1]);
    }
    return s.best ? &s.best->fate : NULL;
}

uint64_t mail_log_messages(const struct mail_log *m)
{
    return m->count;
}

uint64_t mail_log_left_out(const struct mail_log *m)
{
    return m->left_out;
}
