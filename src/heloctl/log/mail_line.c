/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mail_line: a table of programs, each with its reader. A reader parses the text after "program[pid]: " from left to
 * right. What a stranger can put into a line (names, addresses, message ids) comes after the words that the program
 * itself writes, so a stranger cannot make it look like another line.
 */
#include "mail_line.h"

#include <string.h>

const char *mail_source_name(enum mail_source source)
{
    static const char *const names[MAIL_SOURCES] = {
        [MAIL_BY_POSTFIX] = "Postfix", [MAIL_BY_POSTSCREEN] = "postscreen",     [MAIL_BY_MILTER] = "a milter",
        [MAIL_BY_RSPAMD] = "rspamd",   [MAIL_BY_SPAMASSASSIN] = "SpamAssassin", [MAIL_BY_AMAVIS] = "amavis",
    };

    return names[source];
}

static const char *find(struct mail_part in, const char *word)
{
    return memmem(in.at, in.n, word, strlen(word));
}

static bool starts(struct mail_part in, const char *word)
{
    return in.n >= strlen(word) && memcmp(in.at, word, strlen(word)) == 0;
}

/* The rest from `at` on. */
static struct mail_part rest(struct mail_part in, const char *at)
{
    return (struct mail_part){at, in.n - (size_t)(at - in.at)};
}

/* The text between the first `open` and the next `close`. Empty unless both are there. */
static struct mail_part between(struct mail_part in, const char *open, const char *close)
{
    const char *at = find(in, open), *end;

    if (!at)
        return (struct mail_part){NULL, 0};
    in = rest(in, at + strlen(open));
    end = find(in, close);
    return end ? (struct mail_part){in.at, (size_t)(end - in.at)} : (struct mail_part){NULL, 0};
}

/* Reads "ID: ", letters and digits, and moves *in past it. NOQUEUE is no id. */
static struct mail_part take_queue_id(struct mail_part *in)
{
    size_t n = 0;
    struct mail_part id = {in->at, 0};

    while (n < in->n && ((in->at[n] >= '0' && in->at[n] <= '9') || (in->at[n] >= 'A' && in->at[n] <= 'Z') ||
                         (in->at[n] >= 'a' && in->at[n] <= 'z')))
        n++;
    if (n == 0 || n + 2 > in->n || in->at[n] != ':' || in->at[n + 1] != ' ')
        return id;
    id.n = n == 7 && memcmp(in->at, "NOQUEUE", 7) == 0 ? 0 : n;
    *in = rest(*in, in->at + n + 2);
    return id;
}

/* Reads "name[address]" or "name[address]:port" at the start. A name has no bracket. */
static bool take_client(struct mail_part *in, struct mail_line *out)
{
    const char *open = memchr(in->at, '[', in->n), *close;

    if (!open)
        return false;
    close = memchr(open, ']', in->n - (size_t)(open - in->at));
    if (!close)
        return false;
    out->name = (struct mail_part){in->at, (size_t)(open - in->at)};
    out->client = (struct mail_part){open + 1, (size_t)(close - open - 1)};
    *in = rest(*in, close + 1);
    return true;
}

/*
 * "RCPT from name[address]: 554 5.7.1 text; from=<…> to=<…> proto=ESMTP helo=<…>". Others than Postfix write the text,
 * too, so the attributes are those after the last "; from=<".
 */
static bool read_refusal(struct mail_part in, struct mail_line *out)
{
    const char *at = find(in, " from "), *last = NULL;

    out->kind = MAIL_REFUSED;
    if (!at)
        return false;
    in = rest(in, at + strlen(" from "));
    if (!take_client(&in, out))
        return false;
    at = find(in, ": ");
    if (!at)
        return false;
    in = rest(in, at + 2);
    for (struct mail_part search = in; (at = find(search, "; from=<")); search = rest(search, at + 1))
        last = at;
    out->reply = (struct mail_part){in.at, last ? (size_t)(last - in.at) : in.n};
    if (!last)
        return true;
    in = rest(in, last);
    out->sender = between(in, "; from=<", ">");
    out->has_sender = true;
    out->protocol = between(in, " proto=", " ");
    out->helo = between(in, " helo=<", ">");
    return true;
}

static bool has_word(struct mail_part in, const char *const words[])
{
    for (size_t i = 0; words[i]; i++)
        if (find(in, words[i]))
            return true;
    return false;
}

/*
 * If another restriction refuses a message, that counts as an opinion that the client is a spammer, unless the
 * refusal is temporary or about the recipient.
 */
static enum mail_opinion refusal_opinion(const struct mail_line *line)
{
    static const char *const harmless[] = {"User unknown",
                                           "Recipient address rejected",
                                           "Greylisted",
                                           "mailbox is full",
                                           "unknown in",
                                           "undeliverable",
                                           "Message size exceeds",
                                           "Insufficient system",
                                           NULL};

    if (line->reply.n == 0 || line->reply.at[0] != '5' || has_word(line->reply, harmless))
        return MAIL_NO_OPINION;
    return MAIL_SPAM;
}

/* Whether it is an action of an access table that refuses nothing. smtpd_log_access_permit_actions adds "permit". */
static bool is_access_action(struct mail_part in)
{
    static const char *const words[] = {"permit: ", "warn: ",     "info: ", "reject_warning: ", "prepend: ", "filter: ",
                                        "hold: ",   "redirect: ", "bcc: ",  "delay: "};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (starts(in, words[i]))
            return true;
    return false;
}

static bool read_smtpd(struct mail_part in, struct mail_line *out)
{
    out->queue_id = take_queue_id(&in);
    if (starts(in, "client=")) {
        in = rest(in, in.at + strlen("client="));
        out->kind = MAIL_ACCEPTED;
        if (out->queue_id.n == 0 || !take_client(&in, out))
            return false;
        out->original_id = between(in, ", orig_queue_id=", ",");
        return true;
    }
    if (is_access_action(in)) {
        if (!read_refusal(in, out))
            return false;
        out->kind = MAIL_GREETED;
        return true;
    }
    if (!starts(in, "reject: ") && !starts(in, "milter-reject: "))
        return false;
    if (starts(in, "milter-"))
        out->source = MAIL_BY_MILTER;
    if (!read_refusal(in, out))
        return false;
    out->opinion = refusal_opinion(out);
    return true;
}

static bool read_cleanup(struct mail_part in, struct mail_line *out)
{
    struct mail_part whole = in;

    out->queue_id = take_queue_id(&in);
    out->kind = MAIL_ID;
    out->message_id = between(in, "message-id=<", ">");
    if (starts(in, "message-id=<"))
        return out->queue_id.n > 0 && out->message_id.n > 0;
    out->message_id.n = 0;
    if (!starts(in, "milter-reject: ") || !read_smtpd(whole, out))
        return false;
    /* The reply of a milter is "5.7.1 text", without the three digits before it. */
    out->opinion = out->reply.n > 0 && out->reply.at[0] == '5' ? MAIL_SPAM : MAIL_NO_OPINION;
    return true;
}

static bool read_qmgr(struct mail_part in, struct mail_line *out)
{
    out->queue_id = take_queue_id(&in);
    out->kind = MAIL_FROM;
    out->sender = between(in, "from=<", ">");
    out->has_sender = true;
    return out->queue_id.n > 0 && starts(in, "from=<");
}

static bool read_delivery(struct mail_part in, struct mail_line *out)
{
    out->queue_id = take_queue_id(&in);
    out->kind = MAIL_DELIVERED;
    return out->queue_id.n > 0 && starts(in, "to=<") && find(in, " status=sent (");
}

/* "NOQUEUE: reject: RCPT from [192.0.2.1]:2525: 550 …", "PREGREET 11 after 0.1 from [192.0.2.1]:2525: EHLO x". */
static bool read_postscreen(struct mail_part in, struct mail_line *out)
{
    bool early = starts(in, "PREGREET ");

    out->source = MAIL_BY_POSTSCREEN;
    if (starts(in, "NOQUEUE: reject: "))
        in = rest(in, in.at + strlen("NOQUEUE: "));
    else if (!early)
        return false;
    if (!read_refusal(in, out))
        return false;
    out->opinion = early ? MAIL_SPAM : refusal_opinion(out);
    return true;
}

static bool equals(struct mail_part in, const char *word)
{
    return in.n == strlen(word) && memcmp(in.at, word, in.n) == 0;
}

/* rspamd's default log_format: "id: <…>, qid: <…>, ip: …, from: <…>, (default: T (reject): [15.1/15.0] …". */
static bool read_rspamd(struct mail_part in, struct mail_line *out)
{
    static const char *const spam[] = {"reject", "add header", "rewrite subject", "quarantine", "discard", NULL};
    const char *at = find(in, "rspamd_task_write_log: id: <"), *end;
    struct mail_part action;

    if (!at)
        return false;
    in = rest(in, at);
    out->kind = MAIL_VERDICT;
    out->source = MAIL_BY_RSPAMD;
    end = find(in, "(default: ");
    if (!end)
        return false;
    action = between(rest(in, end), " (", ")");
    in.n = (size_t)(end - in.at);
    out->message_id = between(in, " id: <", ">");
    out->queue_id = between(in, ", qid: <", ">");
    out->client = between(in, ", ip: ", ",");
    out->sender = between(in, ", from: <", ">");
    out->has_sender = find(in, ", from: <") != NULL;
    if (equals(action, "no action"))
        out->opinion = MAIL_HAM;
    for (size_t i = 0; spam[i]; i++)
        if (equals(action, spam[i]))
            out->opinion = MAIL_SPAM;
    return out->message_id.n > 0 || out->queue_id.n > 0;
}

/* "spamd: result: Y 15 - TESTS scantime=…,mid=<…>,…" */
static bool read_spamd(struct mail_part in, struct mail_line *out)
{
    const char *at = find(in, "spamd: result: ");

    if (!at)
        return false;
    in = rest(in, at + strlen("spamd: result: "));
    out->kind = MAIL_VERDICT;
    out->source = MAIL_BY_SPAMASSASSIN;
    out->opinion = starts(in, "Y ") ? MAIL_SPAM : starts(in, ". ") ? MAIL_HAM : MAIL_NO_OPINION;
    out->message_id = between(in, ",mid=<", ">");
    return out->message_id.n > 0;
}

/* "(08-01) Blocked SPAM {…}, [192.0.2.1]:25 [192.0.2.1] <a@b> -> <c@d>, Queue-ID: …, Message-ID: <…>, …, Hits: 9" */
static bool read_amavis(struct mail_part in, struct mail_line *out)
{
    static const struct {
        const char *word;
        enum mail_opinion opinion;
    } words[] = {{"Passed CLEAN ", MAIL_HAM},     {"Passed SPAMMY ", MAIL_SPAM},  {"Passed SPAM ", MAIL_SPAM},
                 {"Blocked SPAM ", MAIL_SPAM},    {"Blocked SPAMMY ", MAIL_SPAM}, {"Blocked INFECTED ", MAIL_SPAM},
                 {"Passed INFECTED ", MAIL_SPAM}, {"Blocked BANNED ", MAIL_SPAM}};
    const char *at = in.n > 0 && in.at[0] == '(' ? find(in, ") ") : NULL;

    if (!at)
        return false;
    in = rest(in, at + 2);
    out->kind = MAIL_VERDICT;
    out->source = MAIL_BY_AMAVIS;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (starts(in, words[i].word))
            out->opinion = words[i].opinion;
    at = find(in, "}, [");
    if (out->opinion == MAIL_NO_OPINION || !at)
        return false;
    out->client = between(rest(in, at), "}, [", "]");
    out->queue_id = between(in, ", Queue-ID: ", ",");
    out->message_id = between(in, ", Message-ID: <", ">");
    return true;
}

static const struct {
    const char *program; /* the last part of the name before "[pid]: " */
    bool (*read)(struct mail_part text, struct mail_line *out);
} programs[] = {
    {"smtpd", read_smtpd},   {"cleanup", read_cleanup},       {"qmgr", read_qmgr},      {"nqmgr", read_qmgr},
    {"smtp", read_delivery}, {"lmtp", read_delivery},         {"local", read_delivery}, {"virtual", read_delivery},
    {"pipe", read_delivery}, {"postscreen", read_postscreen}, {"spamd", read_spamd},    {"amavis", read_amavis},
    {"rspamd", read_rspamd},
};

static unsigned long number(const char *at, const char *end)
{
    unsigned long value = 0;

    for (; at < end && *at >= '0' && *at <= '9' && value < 100000000; at++)
        value = value * 10 + (unsigned long)(*at - '0');
    return value;
}

/* The first "[pid]: " ends the prefix of the line. No logger writes a stranger's text before it. */
static const char *find_pid(struct mail_part line, const char **end)
{
    const char *at = line.at;

    while ((at = memchr(at, '[', line.n - (size_t)(at - line.at)))) {
        const char *p = at + 1, *stop = line.at + line.n;

        while (p < stop && *p >= '0' && *p <= '9')
            p++;
        if (p > at + 1 && stop - p >= 3 && memcmp(p, "]: ", 3) == 0) {
            *end = p + 3;
            return at;
        }
        at++;
    }
    return NULL;
}

bool mail_line_read(const char *line, size_t n, struct mail_line *out)
{
    struct mail_part whole = {line, n};
    const char *text, *pid;

    memset(out, 0, sizeof(*out));
    if (n == 0)
        return false;
    /* rspamd's own log file has another prefix: "2026-01-31 12:00:00 #12(normal) <tag>; task; rspamd_task_…". */
    if (line[0] >= '0' && line[0] <= '9' && find(whole, "; task; rspamd_task_write_log: "))
        return read_rspamd(whole, out);
    pid = find_pid(whole, &text);
    if (!pid)
        return false;
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        size_t size = strlen(programs[i].program);

        if ((size_t)(pid - line) <= size || memcmp(pid - size, programs[i].program, size) != 0 ||
            (pid[-1 - (ptrdiff_t)size] != '/' && pid[-1 - (ptrdiff_t)size] != ' '))
            continue;
        out->pid = number(pid + 1, text);
        return programs[i].read(rest(whole, text), out);
    }
    return false;
}
