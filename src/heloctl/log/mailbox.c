/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailbox: walks folders and reads the headers of messages, up to a fixed size each. It reads Received headers from the
 * top, where the site's own servers write them. The first one with a foreign client shows who handed the message over.
 * It does not look at the headers below, because strangers wrote these.
 */
#include "mailbox.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <zlib.h>

#include "ascii.h"
#include "labels.h"
#include "lines.h"
#include "log_time.h"
#include "mail_line.h"
#include "progress.h"
#include "settings.h"
#include "text.h"

enum { HEAD_SIZE = 64 << 10, WORD_SIZE = 256, SHOW_EVERY = 64, SESSIONS = 64 };

/* ---- names ---- */

/* Whether the word is in the list, in any case. */
static bool listed(const char *list, const char *word, size_t n)
{
    while (list && *list) {
        size_t length = strcspn(list, ",");

        if (length == n && strncasecmp(list, word, n) == 0)
            return true;
        list += length + (list[length] == ',');
    }
    return false;
}

/* The label of one part of a path: "Junk", ".Junk", ".INBOX.Junk", "spam.mbox.gz". */
static int folder_label(const struct mailbox *m, const char *part, size_t n)
{
    while (n > 0) {
        size_t length = 0;

        while (length < n && part[length] != '.')
            length++;
        if (length > 0 && listed(m->ham, part, length))
            return LABEL_HAM;
        if (length > 0 && listed(m->spam ? m->spam : "Junk,Junk E-mail,Spam", part, length))
            return LABEL_SPAM;
        part += length + (length < n);
        n -= length + (length < n);
    }
    return LABEL_NONE;
}

/* The label of the innermost folder that has one. Everything else is ham. */
static int path_label(const struct mailbox *m, const char *path)
{
    int label = LABEL_HAM;

    while (*path) {
        size_t n = strcspn(path, "/");
        int found = folder_label(m, path, n);

        if (found != LABEL_NONE)
            label = found;
        path += n + (path[n] == '/');
    }
    return label;
}

/* ---- a message ---- */

static bool is_foreign(const struct mailbox *m, const struct address *client)
{
    enum address_scope scope = address_scope(client);

    return (scope == ADDRESS_GLOBAL || scope == ADDRESS_DOCUMENTATION) &&
           network_set_find(m->settings->local.networks, client) == LOOKUP_NONE;
}

/* Copies the address in "<a@b>". One that is longer than an address may be is cut. */
static void copy_sender(const char *value, char out[WORD_SIZE])
{
    const char *open = strchr(value, '<');
    size_t n = open ? strcspn(open + 1, ">") : 0;

    n = n < WORD_SIZE ? n : WORD_SIZE - 1;
    memcpy(out, open ? open + 1 : "", n);
    out[n] = '\0';
}

static void count_server(struct mailbox *m, const char *by)
{
    char name[WORD_SIZE];
    struct text t;

    text_init(&t, name, sizeof(name));
    text_add_as(&t, TEXT_PLAIN, by, SIZE_MAX);
    tally_add(m->servers, name);
}

static void read_head(struct mailbox *m, const char *path, const char *head, size_t n)
{
    struct mailbox_mail mail = {.path = path, .label = path_label(m, path)};
    char sender[WORD_SIZE];
    struct received hop;
    struct headers h;
    bool found = false, unclear = false; /* unclear: it may name a foreign client, so the rest is not trusted */

    m->messages++;
    headers_begin(&h, head, n);
    while (headers_next(&h)) {
        if (strcmp(h.name, "return-path") == 0 && !mail.sender) {
            copy_sender(h.value, sender);
            mail.sender = sender;
        }
        if (found || unclear || strcmp(h.name, "received") != 0)
            continue;
        if (received_read(h.value, h.size, &hop))
            found = is_foreign(m, &hop.client) && (!m->mx || listed(m->mx, hop.by, strlen(hop.by)));
        else
            unclear = memmem(h.value, h.size, "from ", 5) && memchr(h.value, '[', h.size);
    }
    if (!found) {
        m->without_hop++;
        return;
    }
    count_server(m, hop.by);
    mail.hop = &hop;
    m->visit(m->arg, &mail);
}

/* ---- files ---- */

static void read_message(struct mailbox *m, const char *path)
{
    gzFile in = gzopen(path, "rb");
    char *head = sure(malloc(HEAD_SIZE));
    int n = in ? gzread(in, head, HEAD_SIZE) : -1;

    if (n >= 0)
        read_head(m, path, head, (size_t)n);
    else
        m->unreadable++;
    free(head);
    if (in)
        gzclose_r(in);
}

/* A message of an mbox begins with a line "From ..." that follows a blank line. */
static void read_mbox(struct mailbox *m, const char *path)
{
    struct lines *lines = lines_open_file(m->ctl, path);
    char *head = sure(malloc(HEAD_SIZE));
    size_t used = 0, n;
    bool in_head = false, blank = true;
    const char *line;

    while (lines_next(lines, &line, &n)) {
        if (n > 0 && line[n - 1] == '\r')
            n--;
        if (blank && n > 5 && memcmp(line, "From ", 5) == 0) {
            if (in_head)
                read_head(m, path, head, used);
            in_head = true;
            used = 0;
        } else if (in_head && n == 0) {
            read_head(m, path, head, used);
            in_head = false;
        } else if (in_head && n + 1 <= HEAD_SIZE - used) {
            memcpy(head + used, line, n);
            head[used + n] = '\n';
            used += n + 1;
        }
        blank = n == 0;
    }
    if (in_head)
        read_head(m, path, head, used);
    free(head);
    if (lines_close(lines) != CTL_OK)
        m->unreadable++;
}

static void copy_part(char *out, size_t size, struct mail_part part)
{
    size_t n = part.n < size ? part.n : size - 1;

    memcpy(out, part.n ? part.at : "", n);
    out[n] = '\0';
}

/*
 * The message that an smtpd process receives at the moment. Postfix logs a line for each recipient that is refused, and
 * "client=" once a recipient is accepted.
 */
struct session {
    unsigned long pid; /* 0: none */
    struct address client;
    char sender[64];
};

/* Whether an earlier line was about the same message. */
static bool is_repeated(struct session *of, const struct mail_line *line, const struct address *client)
{
    struct session *s = &of[line->pid % SESSIONS];
    bool same = line->pid != 0 && s->pid == line->pid && address_equal(&s->client, client);
    char sender[sizeof(s->sender)];

    copy_part(sender, sizeof(sender), line->sender);
    if (line->kind == MAIL_ACCEPTED) {
        s->pid = 0;
        return same;
    }
    if (same && strcmp(s->sender, sender) == 0)
        return true;
    *s = (struct session){.pid = line->pid, .client = *client};
    memcpy(s->sender, sender, sizeof(sender));
    return false;
}

/*
 * Postfix logs the HELO name only of sessions that it refuses or that an access table mentions. Other accepted mail
 * cannot be judged. A refusal with a queue id comes from a milter, and follows a "client=" line, which was counted as
 * one without a HELO name.
 */
static void read_log_line(struct mailbox *m, const char *path, const struct mail_line *line, struct session *sessions,
                          time_t when)
{
    struct mailbox_mail mail = {.path = path, .label = LABEL_NONE};
    struct received hop = {.when = when};
    char sender[WORD_SIZE];

    if ((line->kind != MAIL_REFUSED && line->kind != MAIL_ACCEPTED && line->kind != MAIL_GREETED) ||
        !address_parse(&hop.client, line->client.at, line->client.n) || !is_foreign(m, &hop.client) ||
        is_repeated(sessions, line, &hop.client))
        return;
    m->messages += line->kind == MAIL_ACCEPTED || line->queue_id.n == 0;
    if (line->helo.n == 0) {
        m->without_helo++;
        return;
    }
    if (line->queue_id.n > 0 && m->without_helo > 0)
        m->without_helo--;
    copy_part(hop.helo, sizeof(hop.helo), line->helo);
    copy_part(hop.name, sizeof(hop.name), line->name);
    copy_part(hop.protocol, sizeof(hop.protocol), line->protocol);
    copy_part(sender, sizeof(sender), line->sender);
    hop.confirmed = hop.name[0] != '\0' && strcmp(hop.name, "unknown") != 0;
    if (!hop.confirmed)
        hop.name[0] = '\0';
    mail.hop = &hop;
    mail.sender = line->has_sender ? sender : NULL;
    m->visit(m->arg, &mail);
}

/* Reads the log twice: the lines that say what happened to a message follow the line that is judged. */
static void read_log(struct mailbox *m, const char *path)
{
    struct lines *lines = mail_log_add(m->mail_log, m->ctl, path) ? lines_open_file(m->ctl, path) : NULL;
    struct session sessions[SESSIONS] = {{.pid = 0}};
    struct log_time time = {.now = 0};
    struct mail_line found;
    const char *line;
    size_t n;

    m->logs++;
    while (lines && lines_next(lines, &line, &n))
        if (mail_line_read(line, n, &found))
            read_log_line(m, path, &found, sessions, log_time_read(&time, line, n));
    if (!lines || lines_close(lines) != CTL_OK)
        m->unreadable++;
}

static bool is_log(const char *text, size_t n)
{
    const char *end = memchr(text, '\n', n);
    size_t line = end ? (size_t)(end - text) : n;
    struct log_time time = {.now = 0};

    return log_time_read(&time, text, line) != 0 && memmem(text, line, ": ", 2);
}

/* The first bytes of a file show what kind it is. */
static void read_file(struct mailbox *m, const char *path)
{
    char begin[1024];
    gzFile in = gzopen(path, "rb");
    int n = in ? gzread(in, begin, sizeof(begin)) : -1;

    if (in)
        gzclose_r(in);
    if (n < 0)
        m->unreadable++;
    else if (n > 5 && memcmp(begin, "From ", 5) == 0)
        read_mbox(m, path);
    else if (is_log(begin, (size_t)n))
        read_log(m, path);
    else if (n > 0)
        read_message(m, path);
}

/* ---- folders ---- */

/* Whether it is a file that a mail server keeps beside the messages, or an incomplete delivery. */
static bool is_passed_over(const FTSENT *entry)
{
    static const char *const names[] = {"tmp", "maildirfolder", "subscriptions"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(entry->fts_name, names[i]) == 0)
            return entry->fts_level > 0;
    return entry->fts_level > 0 &&
           (strncmp(entry->fts_name, "dovecot", 7) == 0 || strncmp(entry->fts_name, "courier", 7) == 0);
}

/*
 * Names in a Maildir begin with the time of delivery, so this is the order in which the messages came. The order of the
 * directory itself differs between file systems, and the history would know something else at each message.
 */
static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Reads every file below the paths; without `progress` it only counts them. Links below the paths are not followed. */
static int walk(struct mailbox *m, char **paths, struct progress *progress, uint64_t *files)
{
    FTS *tree = sure(fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name));
    int status = CTL_OK;
    FTSENT *entry;

    while ((entry = fts_read(tree))) {
        if (entry->fts_info == FTS_D && is_passed_over(entry)) {
            fts_set(tree, entry, FTS_SKIP);
        } else if (entry->fts_info == FTS_F && !is_passed_over(entry)) {
            ++*files;
            if (!progress)
                continue;
            if (*files % SHOW_EVERY == 0)
                progress_set(progress, *files);
            read_file(m, entry->fts_path);
        } else if (progress &&
                   (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR)) {
            status =
                ctl_fail(m->ctl, CTL_NO_INPUT, "%s: cannot be read: %s", entry->fts_path, strerror(entry->fts_errno));
        } else if (progress && entry->fts_info == FTS_DEFAULT && entry->fts_level == 0) {
            status = ctl_fail(m->ctl, CTL_NO_INPUT, "%s: neither a file nor a folder", entry->fts_path);
        }
    }
    fts_close(tree);
    return status;
}

int mailbox_read(struct mailbox *m, char **paths, int count)
{
    char **list = region_alloc(m->ctl->memory, ((size_t)count + 1) * sizeof(*list));
    struct progress progress;
    uint64_t files = 0, done = 0;
    int status;

    memcpy(list, paths, (size_t)count * sizeof(*list));
    walk(m, list, NULL, &files);
    progress_begin(&progress, "messages", files);
    status = walk(m, list, &progress, &done);
    progress_end(&progress);
    return status;
}
