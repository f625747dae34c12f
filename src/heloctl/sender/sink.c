/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sink: SMTP commands and their replies, one row each. It accepts what RFC 5321 lets a client do, in the order that the
 * RFC wants, so that an MTA behaves as it does with a real server. After many errors it ends the session.
 */
#include <string.h>
#include <strings.h>

#include "sink.h"
#include "text.h"

const char sink_banner[] = "220 heloctl ESMTP: every message is discarded\r\n";

enum stage { ANY, GREETED, MAIL, RECIPIENT };

enum action { NONE, EHLO, HELO, TAKE_SENDER, TAKE_RECIPIENT, TAKE_DATA, RESET, STARTTLS, QUIT };

static const struct command {
    const char *verb;
    enum stage stage; /* what must have come before it */
    bool argument;    /* needs one */
    const char *reply;
    enum action action;
} commands[] = {
    {"EHLO", ANY, true, "250-heloctl\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE\r\n", EHLO},
    {"HELO", ANY, true, "250 heloctl\r\n", HELO},
    {"MAIL", GREETED, true, "250 2.1.0 ok\r\n", TAKE_SENDER},
    {"RCPT", MAIL, true, "250 2.1.5 ok\r\n", TAKE_RECIPIENT},
    {"DATA", RECIPIENT, false, "354 end with a line that is a dot\r\n", TAKE_DATA},
    {"RSET", ANY, false, "250 2.0.0 ok\r\n", RESET},
    {"NOOP", ANY, false, "250 2.0.0 ok\r\n", NONE},
    {"VRFY", ANY, true, "252 2.0.0 not verified\r\n", NONE},
    {"STARTTLS", GREETED, false, "220 2.0.0 ready for TLS\r\n", STARTTLS},
    {"QUIT", ANY, false, "221 2.0.0 bye\r\n", QUIT},
};

static const char ehlo_with_tls[] =
    "250-heloctl\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-STARTTLS\r\n250 SIZE\r\n";

static enum stage reached(const struct sink *sink)
{
    return sink->recipient ? RECIPIENT : sink->mail ? MAIL : sink->greeted ? GREETED : ANY;
}

static void say(char reply[SINK_REPLY_SIZE], const char *text)
{
    struct text t;

    text_init(&t, reply, SINK_REPLY_SIZE);
    text_add(&t, text);
}

static enum sink_event refuse(struct sink *sink, const char *text, char reply[SINK_REPLY_SIZE])
{
    bool enough = ++sink->errors >= SINK_ERRORS_MAX;

    say(reply, enough ? "421 4.7.0 too many errors\r\n" : text);
    return enough ? SINK_END : SINK_NOTHING;
}

static enum sink_event data_line(struct sink *sink, const char *line, size_t n, char reply[SINK_REPLY_SIZE])
{
    reply[0] = '\0';
    if (n != 1 || line[0] != '.')
        return SINK_NOTHING;
    sink->in_data = sink->mail = sink->recipient = false;
    say(reply, "250 2.0.0 discarded\r\n");
    return SINK_NOTHING;
}

static enum sink_event greet(struct sink *sink, const char *name, size_t n, bool esmtp)
{
    n = n < SINK_HELO_SIZE ? n : SINK_HELO_SIZE - 1;
    *sink = (struct sink){.greeted = true, .esmtp = esmtp, .errors = sink->errors, .can_tls = sink->can_tls};
    for (size_t i = 0; i < n; i++)
        sink->helo[i] = (char)(name[i] ? name[i] : '?');
    return SINK_GREETING;
}

static enum sink_event act(struct sink *sink, enum action action, const char *argument, size_t n)
{
    switch (action) {
    case NONE:
        break;
    case EHLO:
    case HELO:
        return greet(sink, argument, n, action == EHLO);
    case TAKE_SENDER:
        sink->mail = true;
        break;
    case TAKE_RECIPIENT:
        sink->recipient = true;
        break;
    case TAKE_DATA:
        sink->in_data = true;
        break;
    case RESET:
        sink->mail = sink->recipient = false;
        break;
    case STARTTLS: /* everything that the client said in plain text is forgotten (RFC 3207 section 4.2) */
        *sink = (struct sink){.errors = sink->errors};
        return SINK_TLS;
    case QUIT:
        return SINK_END;
    }
    return SINK_NOTHING;
}

enum sink_event sink_line(struct sink *sink, const char *line, size_t n, char reply[SINK_REPLY_SIZE])
{
    if (sink->in_data)
        return data_line(sink, line, n, reply);
    while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t'))
        n--;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        const struct command *c = &commands[i];
        size_t at = strlen(c->verb);

        if (n < at || strncasecmp(line, c->verb, at) != 0 || (n > at && line[at] != ' '))
            continue;
        while (at < n && line[at] == ' ')
            at++;
        if (c->argument && at == n)
            return refuse(sink, "501 5.5.4 an argument is missing\r\n", reply);
        if (reached(sink) < c->stage)
            return refuse(sink, "503 5.5.1 out of order\r\n", reply);
        if (c->action == STARTTLS && !sink->can_tls)
            return refuse(sink, "502 5.5.1 not offered\r\n", reply);
        say(reply, c->action == EHLO && sink->can_tls ? ehlo_with_tls : c->reply);
        return act(sink, c->action, line + at, n - at);
    }
    return refuse(sink, "500 5.5.2 unknown command\r\n", reply);
}
