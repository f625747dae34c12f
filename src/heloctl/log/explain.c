/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain: one decision by its id, as a sender quotes it or reads it out on the telephone: from the log, finding by
 * finding; then what DNS says now, and what to write to let this sender in or to keep it out.
 */
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "ctl.h"
#include "logged.h"
#include "policyfile.h"
#include "text.h"

enum { ID_LENGTH = 7, ID_SIZE, VALUE_SIZE = 1200 };

struct explain {
    struct ctl *ctl;
    char id[ID_SIZE]; /* folded */
    int first_log;    /* among the arguments */
    unsigned found;
    /* Of the last decision with that id, for the check: */
    char client[ADDRESS_TEXT_SIZE], helo[VALUE_SIZE], sender[VALUE_SIZE], policy[VALUE_SIZE];
    bool esmtp;
};

/* ---- the id ---- */

static bool is_word(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c);
}

/* Ids have no I, L and O, so whoever reads these means 1, 1 and 0. */
static char fold(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    return c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
}

/* Whether an id stands here, as a word of its own. */
static bool take_id(const char *at, char id[ID_SIZE])
{
    for (size_t i = 0; i < ID_LENGTH; i++) {
        if (!is_word(at[i]))
            return false;
        id[i] = fold(at[i]);
    }
    id[ID_LENGTH] = '\0';
    return !is_word(at[ID_LENGTH]);
}

/*
 * Finds the id in what a sender quotes: alone, perhaps in brackets or with a full stop, or after "id" in the text of a
 * bounce. "[id X]" is what helod writes by default, so it is preferred to any other "id X", such as a message id.
 */
static bool find_id(const char *text, char id[ID_SIZE])
{
    static const char edges[] = "[](){}<>.,;:\"'` \t\r\n";
    const char *alone = text + strspn(text, edges);
    char other[ID_SIZE];
    bool found = false;

    if (take_id(alone, id) && alone[ID_LENGTH + strspn(alone + ID_LENGTH, edges)] == '\0')
        return true;
    for (const char *at = text; *at; at++) {
        size_t between = strncasecmp(at, "id", 2) == 0 ? strspn(at + 2, "=:[\" \t\r\n") : 0;

        if (between == 0 || (at > text && is_word(at[-1])) || !take_id(at + 2 + between, other))
            continue;
        memcpy(id, other, ID_SIZE);
        found = true;
        if (at > text && at[-1] == '[')
            break;
    }
    return found;
}

static bool is_same_id(const char *logged, const char id[ID_SIZE])
{
    char folded[ID_SIZE];

    return take_id(logged, folded) && strcmp(folded, id) == 0;
}

/* Without quotes, the shell makes two arguments of [id X]. */
static bool take_arguments(struct explain *x)
{
    char **arguments = x->ctl->arguments;
    char both[VALUE_SIZE];

    x->first_log = 1;
    if (find_id(arguments[0], x->id))
        return true;
    x->first_log = 2;
    if (x->ctl->argument_count < 2)
        return false;
    snprintf(both, sizeof(both), "%s %s", arguments[0], arguments[1]);
    return find_id(both, x->id);
}

/* ---- the decision ---- */

/* Strangers chose the texts in the log, so only printable ASCII of them is shown. */
static const char *plain(const char *foreign, char out[VALUE_SIZE])
{
    struct text t;

    text_init(&t, out, VALUE_SIZE);
    text_add_as(&t, TEXT_PLAIN, foreign, SIZE_MAX);
    return out;
}

static void print_value(const char *label, const char *foreign, const char *empty)
{
    char value[VALUE_SIZE];

    printf("  %-16s %s\n", label, foreign[0] ? plain(foreign, value) : empty);
}

static void print_time(time_t when)
{
    struct tm tm;
    char text[40];

    if (when && localtime_r(&when, &tm) && strftime(text, sizeof(text), " of %Y-%m-%d %H:%M:%S %z", &tm) > 0)
        fputs(text, stdout);
}

static void print_session(const struct decision_fields *f)
{
    static const struct {
        const char *word, *meaning;
    } reverse[] = {
        {"pass", " (confirmed)"}, {"fail", " (does not lead back to the client)"}, {"temperror", " (DNS failed)"}};
    char value[VALUE_SIZE];

    print_value("client", f->client, "unknown");
    printf("  %-16s %s", "reverse name", f->rdns[0] ? plain(f->rdns, value) : "none");
    for (size_t i = 0; i < sizeof(reverse) / sizeof(reverse[0]); i++)
        if (strcmp(f->fcrdns, reverse[i].word) == 0)
            fputs(reverse[i].meaning, stdout);
    printf("\n  %-16s %s (%s)\n", "HELO name", f->helo[0] ? plain(f->helo, value) : "empty",
           strcmp(f->proto, "SMTP") == 0 ? "HELO" : "EHLO");
    print_value("sender", f->sender, "the null sender (a bounce), or not yet known");
    if (f->spf[0])
        print_value("SPF of HELO", f->spf, "");
}

static void print_findings(const struct logged *l)
{
    printf("\nfindings\n");
    for (unsigned i = 0; i < l->verdict.finding_count; i++) {
        int rule = l->verdict.findings[i].rule;

        printf("  %-24s %4d  %s\n", rule_names[rule], l->counted[rule], rules[rule]->summary);
    }
    if (l->verdict.finding_count == 0)
        printf("  none\n");
    if (l->record->fields->findings_cut > 0)
        printf("  and %u more, for which the log line had no room\n", l->record->fields->findings_cut);
    if (l->unknown_rules > 0)
        printf("  and %u of rules that this version does not have\n", l->unknown_rules);
}

/* The decision line keeps at least this much of a reply. A reply this long has probably been cut. */
enum { REPLY_SHOWN = 190 };

static void print_verdict(const struct logged *l)
{
    const struct decision_fields *f = l->record->fields;
    char value[VALUE_SIZE];

    printf("\n");
    if (l->skip == SKIP_NONE) {
        printf("  %-16s %s, with %d points", "judged", outcome_name((enum outcome)l->state), f->score);
        if (f->threshold[0])
            printf(" (threshold %s)", plain(f->threshold, value));
        putchar('\n');
    } else {
        printf("  %-16s no: %s", "judged", skip_name(l->skip));
        printf(f->exemption[0] ? " by %s\n" : "\n", plain(f->exemption, value));
    }
    if (f->doubt > 0)
        printf("  %-16s missing evidence could have removed %d points, so helod deferred instead of rejecting\n",
               "doubt", f->doubt);
    if (f->limit[0])
        print_value("lookups skipped", f->limit, "");
    print_value("policy", f->policy, "default");
    printf("  %-16s %s%s\n", "mode", plain(f->mode, value),
           strcmp(f->mode, "monitor") == 0 ? ": helod answers dunno, whatever was judged" : "");
    print_value("Postfix received", f->reply, "(the line does not say)");
    if (strlen(f->reply) >= REPLY_SHOWN)
        printf("  %-16s (the log line keeps only the beginning of a long reply; heloctl check shows all of it)\n", "");
    if (f->shadow[0])
        printf("  %-16s %s, with %d points\n", "shadow policy", plain(f->shadow_action, value), f->shadow_score);
}

/* A file name as a word of a shell command. */
static void print_word(const char *word)
{
    if (word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+")] == '\0') {
        fputs(word, stdout);
        return;
    }
    putchar('\'');
    for (; *word; word++)
        fputs(*word == '\'' ? "'\\''" : (const char[]){*word, '\0'}, stdout);
    putchar('\'');
}

/* The command that exempts this client, in the policy file that explain was run with. */
static void print_exempt_command(const struct explain *x, const char *kind, const char *pattern)
{
    const char *file = ctl_value(x->ctl, 'c');

    printf("  heloctl exempt ");
    if (file && strcmp(file, POLICY_FILE) != 0) {
        printf("-c ");
        print_word(file);
        putchar(' ');
    }
    printf("add %s %s --why \"...\"\n", kind, pattern);
}

/* A name is the better exemption where it is proved: the address may change. */
static void print_ways(const struct explain *x, const struct logged *l)
{
    const struct decision_fields *f = l->record->fields;
    bool by_name = logged_confirmed(l) && f->rdns[0];
    const char *what = by_name ? f->rdns : f->client;
    char value[VALUE_SIZE];

    if (l->client.family == ADDRESS_NONE)
        return;
    if (f->exemption[0]) {
        printf("\nto have this sender judged again\n  remove the exemption: heloctl exempt list shows where it is\n");
        return;
    }
    putchar('\n');
    if (l->state != OUTCOME_DUNNO) { /* otherwise its mail passes already */
        printf("to let this sender in\n");
        print_exempt_command(x, by_name ? "rdns" : "client", plain(what, value));
    }
    printf("to keep it out, whatever helod says\n  %s REJECT    in a check_client_access table of Postfix\n",
           plain(f->client, value));
}

static void take(struct explain *x, const struct logged *l)
{
    const struct decision_fields *f = l->record->fields;

    snprintf(x->client, sizeof(x->client), "%s", f->client);
    snprintf(x->helo, sizeof(x->helo), "%s", f->helo);
    snprintf(x->sender, sizeof(x->sender), "%s", f->sender);
    snprintf(x->policy, sizeof(x->policy), "%s", f->policy);
    x->esmtp = strcmp(f->proto, "SMTP") != 0;
}

static void print_decision(struct explain *x, struct logged *l)
{
    char id[VALUE_SIZE];

    printf("%sdecision %s", x->found++ > 0 ? "\n" : "", plain(l->record->fields->id, id));
    print_time(l->record->when);
    putchar('\n');
    print_session(l->record->fields);
    print_verdict(l);
    print_findings(l);
    print_ways(x, l);
    take(x, l);
}

static int read_logs(struct explain *x)
{
    struct logs *logs = logs_open(x->ctl, x->first_log);
    struct logs_counts counts;
    char place[VALUE_SIZE];
    struct logged l;
    int status;

    while (logged_next(logs, &l))
        if (is_same_id(l.record->fields->id, x->id))
            print_decision(x, &l);
    counts = logs_counts(logs);
    snprintf(place, sizeof(place), "%s", logs_place(logs));
    status = logs_close(logs);
    if (x->found == 0 && (status == CTL_OK || counts.lines > 0))
        ctl_fail(x->ctl, CTL_WRONG, "no decision %s among the %llu decisions in %s%s", x->id,
                 (unsigned long long)counts.decisions, place,
                 x->ctl->argument_count > x->first_log ? "" : " (name log files to search these instead)");
    return status != CTL_OK ? status : x->found == 0 ? CTL_WRONG : CTL_OK;
}

static int check_again(struct explain *x)
{
    struct ctl_greeting greeting = {.address = x->client,
                                    .helo = x->helo,
                                    .sender = x->sender,
                                    .policy = x->policy[0] ? x->policy : NULL,
                                    .esmtp = x->esmtp};
    int status;

    printf("\n\nwhat DNS says now\n\n");
    fflush(stdout);
    status = ctl_check_greeting(x->ctl, &greeting);
    return status < CTL_USAGE || status == CTL_UNSURE ? CTL_OK : status;
}

static int run(struct ctl *ctl)
{
    struct explain x = {.ctl = ctl};
    int status;

    if (!take_arguments(&x))
        return ctl_fail(ctl, CTL_USAGE,
                        "no decision id in \"%s\": expected seven letters and digits, as in [id 7QK2M9A]",
                        ctl->arguments[0]);
    if (!ctl_settings(ctl))
        return CTL_CONFIG;
    status = read_logs(&x);
    return status != CTL_OK || ctl_given(ctl, 'o') ? status : check_again(&x);
}

const struct ctl_verb ctl_explain = {
    .name = "explain",
    .arguments = "ID [LOG ...]",
    .arguments_min = 1,
    .arguments_max = -1,
    .summary = "explain a logged decision, by the id in the reply",
    .help = "Finds the decision with this id in log files; without LOG, in log.file or in the journal. "
            "Shows the\n"
            "findings in words, the reply to Postfix, what DNS says now, and how to let this sender in or keep it out.",
    .exits = "0 done, 1 no such decision, 64 or more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, or built-in defaults)"},
                {'o', "offline", NULL, "do not query DNS"}},
};
