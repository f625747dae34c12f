/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * survey: judges the mail that a site already has, by the policy that it would use. Each message becomes a request, is
 * judged by the daemon's own code, and its decision line is summed up as if it came from a log: so survey and report
 * cannot differ, and the lines can be kept for tune and replay.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "clock.h"
#include "decision.h"
#include "mailbox.h"
#include "policyfile.h"
#include "report.h"

enum { SERVERS_MAX = 1000, SERVERS_SHOWN = 3, DEFAULT_RATE = 50 };

struct survey {
    struct ctl *ctl;
    struct policy policy; /* in monitor mode: nobody is answered */
    struct summary *summary;
    struct mailbox mailbox;
    FILE *log; /* --log; NULL: none */
    bool dns;
    unsigned long long rate; /* greetings per second that may query DNS */
    uint64_t next_ms;        /* when the next may */
    uint64_t judged, without_sender, without_date, trouble;
};

/* One message that is being judged. */
struct message {
    struct ctl_job job;
    struct survey *survey;
    time_t when;
    int label;
};

/* "2026-01-31T12:00:00Z survey helod: decision … label=ham" */
static void keep_line(const struct message *message, const char *line, size_t n, int label)
{
    char text[32] = "";
    struct tm tm;

    if (message->when > 0 && gmtime_r(&message->when, &tm))
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    fprintf(message->survey->log, "%s survey helod: %.*s%s%s\n", text, (int)n, line,
            label == LABEL_NONE ? "" : " label=", label_name(label));
}

static void sum_up(struct message *message, const struct verdict *verdict, const struct evidence *e)
{
    const struct reply reply = {.verb = REPLY_DUNNO};
    const struct decision_record record = {
        .verdict = verdict, .evidence = e, .request = &message->job.request, .reply = &reply};
    struct region *region = message->job.region;
    struct decision_fields fields;
    struct logs_record as_logged = {.fields = &fields, .region = region, .when = message->when};
    char line[DECISION_LINE_SIZE];
    int label = message->label;
    struct logged logged;

    as_logged.text = line;
    as_logged.length = decision_line_write(&record, line);
    if (decision_line_read(line, as_logged.length, region, &fields) && logged_read(&as_logged, &logged))
        label = summary_add(message->survey->summary, &logged, message->label);
    if (message->survey->log)
        keep_line(message, line, as_logged.length, label);
}

static void on_gathered(struct ctl_job *job, const struct gathered *gathered)
{
    struct message *message = (struct message *)job;
    struct survey *s = message->survey;
    struct verdict verdict;

    if (!gathered) {
        s->trouble++;
        return;
    }
    policy_verdict(&gathered->judgement, gathered->evidence, job->region, &verdict);
    s->judged++;
    snprintf(verdict.id, sizeof(verdict.id), "S%06llu", (unsigned long long)s->judged % 1000000);
    sum_up(message, &verdict, gathered->evidence);
}

/* The decision line cuts an instance at this length. Paths of mails differ at their end, not at their start. */
enum { INSTANCE_SHOWN = 64 };

static const char *path_end(const char *path)
{
    size_t n = strlen(path);

    return n > INSTANCE_SHOWN ? path + n - INSTANCE_SHOWN : path;
}

static const char *copy(struct region *r, const char *text)
{
    return sure(region_strdup(r, text));
}

/* The request as Postfix would have sent it. What the header does not say is unknown: "unknown", or empty. */
static void make_request(const struct mailbox_mail *mail, struct region *r, struct request *req)
{
    const struct received *hop = mail->hop;
    const char *name = hop->name[0] ? copy(r, hop->name) : "unknown";
    char address[ADDRESS_TEXT_SIZE];

    req->client = hop->client;
    req->client_address = copy(r, address_format(&hop->client, address));
    req->helo_name = copy(r, hop->helo);
    req->esmtp = hop->protocol[0] != 'S';
    req->protocol_name = req->esmtp ? "ESMTP" : "SMTP";
    req->reverse_client_name = name;
    req->client_name = hop->confirmed ? name : "unknown";
    req->encrypted = hop->tls;
    req->encryption_protocol = hop->tls ? "TLS" : "";
    req->sasl_username = hop->authenticated ? "authenticated" : "";
    req->sender = mail->sender ? copy(r, mail->sender) : "";
    if (!mail->sender)
        req->state = REQUEST_STATE_HELO;
    req->instance = path_end(copy(r, mail->path));
}

static void on_pause(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    event_base_loopbreak(arg);
}

/* Waits until another greeting may query DNS, and processes DNS answers meanwhile. */
static void keep_rate(struct survey *s)
{
    struct event_base *base = s->ctl->session.base;
    uint64_t now;

    while ((now = clock_ms()) < s->next_ms) {
        struct timeval after = {.tv_sec = (time_t)((s->next_ms - now) / 1000),
                                .tv_usec = (suseconds_t)((s->next_ms - now) % 1000 * 1000)};

        if (event_base_once(base, -1, EV_TIMEOUT, on_pause, base, &after) != 0)
            break;
        event_base_dispatch(base);
    }
    s->next_ms = (now > s->next_ms ? now : s->next_ms) + 1000 / s->rate;
}

static void on_mail(void *arg, const struct mailbox_mail *mail)
{
    struct survey *s = arg;
    struct message *message = ctl_job_new(s->ctl, sizeof(*message), on_gathered);

    message->survey = s;
    message->when = mail->hop->when;
    message->label = mail->label;
    make_request(mail, message->job.region, &message->job.request);
    s->without_sender += mail->sender == NULL;
    s->without_date += mail->hop->when == 0;
    if (ctl_gather(&message->job, (struct gather_options){.settings = s->ctl->settings,
                                                          .policy = &s->policy,
                                                          .limit = s->dns ? LIMIT_NONE : LIMIT_OFFLINE}))
        keep_rate(s);
}

/* ---- output ---- */

static void print_servers(const struct survey *s, FILE *out)
{
    size_t count;
    struct tally_row **rows = tally_sorted(s->mailbox.servers, tally_by_count, SERVERS_SHOWN, &count);

    fprintf(out, "  the client is read from the topmost Received header with a foreign client%s; written by:\n",
            s->mailbox.mx ? " and a server of --mx" : " (a guess: --mx names your servers)");
    for (size_t i = 0; i < count; i++)
        fprintf(out, "    %.80s (%llu)\n", tally_key(rows[i])[0] ? tally_key(rows[i]) : "no name", n(rows[i]->count));
    free(rows);
}

enum { NOTES = 5 };

/* What could not be known, and the name that the count has in the JSON output. */
static const struct note {
    const char *name, *text;
} notes[NOTES] = {
    {"without_hop", "have no Received header with a foreign client: local mail, or another server's headers"},
    {"without_helo", "in mail logs have no HELO name: Postfix logs it only for refusals and access tables"},
    {"without_sender", "have no Return-Path: rules about the sender did not apply"},
    {"without_date", "have no readable date"},
    {"unreadable", "could not be read"},
};

static void count_notes(const struct survey *s, uint64_t counts[NOTES])
{
    const struct mailbox *m = &s->mailbox;
    const uint64_t values[NOTES] = {m->without_hop, m->without_helo, s->without_sender, s->without_date,
                                    m->unreadable + s->trouble};

    memcpy(counts, values, sizeof(values));
}

static void print_notes(const struct survey *s, FILE *out)
{
    uint64_t counts[NOTES];

    count_notes(s, counts);
    fprintf(out, "survey of %llu messages, %llu judged\n", n(s->mailbox.messages), n(s->judged));
    print_servers(s, out);
    for (size_t i = 0; i < NOTES; i++)
        if (counts[i] > 0)
            fprintf(out, "  %llu %s\n", n(counts[i]), notes[i].text);
    fputs(s->dns ? "  DNS was queried now, and may have changed since the mail arrived\n"
                 : "  DNS was not queried: rules that need more than the recorded names could not match\n",
          out);
    fputs("  not known: what other mail the clients sent (history), and what never got into these folders\n", out);
}

/* The page has the same notes as the text. */
static int write_page(const struct survey *s)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    int status;

    if (out) {
        print_notes(s, out);
        fclose(out);
    }
    status = report_write_page(s->ctl, s->summary, text ? text : "", ctl_value(s->ctl, 'w'));
    free(text);
    return status;
}

static void print_json(const struct survey *s)
{
    uint64_t counts[NOTES];
    struct json j;

    count_notes(s, counts);
    json_init(&j, stdout);
    json_open(&j, NULL, '{');
    json_open(&j, "survey", '{');
    json_number(&j, "messages", (long long)s->mailbox.messages);
    json_number(&j, "judged", (long long)s->judged);
    for (size_t i = 0; i < NOTES; i++)
        json_number(&j, notes[i].name, (long long)counts[i]);
    json_bool(&j, "dns", s->dns);
    json_bool(&j, "hop_guessed", s->mailbox.mx == NULL);
    json_close(&j, '}');
    summary_print_json(s->summary, &j, "summary");
    json_close(&j, '}');
    json_end(&j);
}

static int print(struct survey *s)
{
    if (ctl_given(s->ctl, 'w'))
        return write_page(s);
    if (ctl_given(s->ctl, 'j')) {
        print_json(s);
        return CTL_OK;
    }
    print_notes(s, stdout);
    putchar('\n');
    report_print_text(s->summary, s->ctl->colour);
    return CTL_OK;
}

/* ---- the verb ---- */

static bool open_log(struct survey *s)
{
    const char *file = ctl_value(s->ctl, 'l');

    s->log = file ? fopen(file, "w") : NULL;
    if (!file || s->log)
        return true;
    ctl_fail(s->ctl, CTL_TROUBLE, "%s: cannot be written: %s", file, strerror(errno));
    return false;
}

static bool close_log(struct survey *s)
{
    FILE *log = s->log;
    bool good = !log || !ferror(log);

    s->log = NULL;
    if (log && fclose(log) != 0)
        good = false;
    if (!good)
        ctl_fail(s->ctl, CTL_TROUBLE, "%s: cannot be written: %s", ctl_value(s->ctl, 'l'), strerror(errno));
    return good;
}

static int survey(struct survey *s)
{
    struct ctl *ctl = s->ctl;
    int status = CTL_TROUBLE;

    s->mailbox = (struct mailbox){
        .ctl = ctl,
        .settings = ctl->settings,
        .mx = ctl_value(ctl, 'm'),
        .spam = ctl_value(ctl, 's'),
        .ham = ctl_value(ctl, 'a'),
        .visit = on_mail,
        .arg = s,
        .servers = sure_table(SERVERS_MAX),
        .mail_log = mail_log_new(),
    };
    s->summary = summary_new(ctl);
    s->summary->mail_log = s->mailbox.mail_log;
    if (open_log(s))
        status = mailbox_read(&s->mailbox, ctl->arguments, ctl->argument_count);
    ctl_gather_rest(ctl);
    if (!close_log(s))
        status = CTL_TROUBLE;
    if (s->mailbox.logs == 0)
        s->summary->mail_log = NULL; /* then the report does not mention it */
    if (status != CTL_TROUBLE && (status == CTL_OK || s->mailbox.messages > 0) && print(s) != CTL_OK)
        status = CTL_TROUBLE;
    summary_close(s->summary);
    table_free(s->mailbox.servers);
    mail_log_free(s->mailbox.mail_log);
    return status;
}

static int run(struct ctl *ctl)
{
    struct survey s = {.ctl = ctl, .dns = !ctl_given(ctl, 'o'), .rate = DEFAULT_RATE};
    const char *page = ctl_value(ctl, 'w');
    const struct policy *policy;

    if (!ctl_number(ctl, 'r', 1, 1000, &s.rate))
        return CTL_USAGE;
    if (!ctl_settings(ctl))
        return CTL_CONFIG;
    policy = ctl_policy(ctl, ctl_value(ctl, 'p'));
    if (!policy)
        return CTL_USAGE;
    if (page && !report_can_write(ctl, page))
        return CTL_TROUBLE;
    s.policy = *policy;
    s.policy.mode = MODE_MONITOR;
    return !s.dns || ctl_session_open(ctl) ? survey(&s) : CTL_TROUBLE;
}

const struct ctl_verb ctl_survey = {
    .name = "survey",
    .arguments = "PATH ...",
    .arguments_min = 1,
    .arguments_max = -1,
    .summary = "judge the mail that you already have, before Postfix uses helod",
    .help = "Reads mail folders (Maildir, mbox, single messages; .gz too) and mail logs of Postfix. The\n"
            "Received header of your own server shows which client handed each message over. It judges these clients\n"
            "by the policy and prints the same report as heloctl report. Folders named Junk, Junk E-mail or Spam are "
            "spam, all "
            "others ham.",
    .exits = "0 done, 64 or more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, or built-in defaults)"},
                {'p', "policy", "NAME", "the policy_context"},
                {'m', "mx", "NAMES", "names of your mail servers, separated by commas (default: guessed)"},
                {'s', "spam", "NAMES", "folders with spam (default Junk,Junk E-mail,Spam)"},
                {'a', "ham", "NAMES", "folders with ham, also inside a folder with spam"},
                {'o', "offline", NULL, "do not query DNS"},
                {'r', "rate", "N", "greetings per second that may query DNS (default 50)"},
                {'l', "log", "FILE", "write the decision lines, with labels, for report, tune and replay"},
                {'w', "html", "FILE", "write a page of HTML that needs no network (- for standard output)"},
                {'j', "json", NULL, "print JSON"}},
};
