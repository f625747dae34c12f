/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe: the verb. Greets a receiving server as a client would and tells what it offers, plain and after STARTTLS, and
 * whether it still serves a client that says HELO. Says EHLO, STARTTLS, HELO and QUIT, never more.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <event2/event.h>

#include "audit.h"
#include "ehlo.h"
#include "policyfile.h"
#include "resolver.h"
#include "wire.h"

enum { SECONDS = 60, LINE_SIZE = 400, NAME_MAX_BYTES = 255, VALUE_SIZE = 300 };

struct probe {
    struct ctl *ctl;
    char host[NAME_MAX_BYTES + 1];
    const char *name; /* that we greet with */
    uint16_t port;
    struct address address;
    struct ehlo_reply banner, ehlo, starttls, ehlo_tls, helo;
    char tls[VALUE_SIZE], tls_error[VALUE_SIZE];
    bool fell_back; /* EHLO was refused and HELO tried on the same connection */
    bool wrong;
};

static void found(void *arg, const struct dns_answer *answer, bool from_cache)
{
    struct probe *probe = arg;

    (void)from_cache;
    if (answer->count > 0)
        probe->address = answer->records[0].address;
}

/* HOST to an address: itself, or the first of its A, else AAAA records. */
static bool find_address(struct probe *probe, const struct settings *settings)
{
    static const enum dns_type types[] = {DNS_A, DNS_AAAA};
    struct ctl_session session;

    if (address_parse(&probe->address, probe->host, strlen(probe->host)))
        return true;
    if (!ctl_session_open(probe->ctl, &session, settings))
        return false;
    for (size_t i = 0; i < 2 && probe->address.family == ADDRESS_NONE; i++) {
        struct resolver_query *query = resolver_ask(session.context.resolver, probe->host, types[i], found, probe);
        struct resolver_stats stats;

        do {
            event_base_loop(session.base, EVLOOP_ONCE);
            resolver_stats(session.context.resolver, &stats);
        } while (query && stats.in_flight + stats.waiting > 0);
    }
    ctl_session_close(&session);
    return probe->address.family != ADDRESS_NONE;
}

static bool good(const struct ehlo_reply *reply)
{
    return reply->code >= 200 && reply->code < 300;
}

static void secure(struct probe *probe, struct wire *wire, const char *ehlo)
{
    char value[VALUE_SIZE];

    if (!ehlo_offers(&probe->ehlo, "STARTTLS", value, sizeof(value)))
        return;
    if (!wire_has_tls()) {
        memcpy(probe->tls_error, "built without OpenSSL", sizeof("built without OpenSSL"));
        return;
    }
    if (!wire_talk(wire, "STARTTLS", &probe->starttls) || !good(&probe->starttls)) {
        memcpy(probe->tls_error, "STARTTLS was refused", sizeof("STARTTLS was refused"));
    } else if (!wire_start_tls(wire, probe->host, probe->tls, sizeof(probe->tls)) ||
               !wire_talk(wire, ehlo, &probe->ehlo_tls)) {
        memcpy(probe->tls_error, wire->error, sizeof(wire->error));
    }
    probe->wrong = probe->wrong || probe->tls_error[0] || !good(&probe->ehlo_tls);
}

/* Both connections. False with the wire's error: the server could not be talked to. */
static bool talk(struct probe *probe, struct wire *wire)
{
    struct ehlo_reply bye;
    char ehlo[LINE_SIZE], helo[LINE_SIZE];
    bool talked;

    snprintf(ehlo, sizeof(ehlo), "EHLO %s", probe->name);
    snprintf(helo, sizeof(helo), "HELO %s", probe->name);
    talked = wire_connect(wire, &probe->address, probe->port, SECONDS) && wire_talk(wire, NULL, &probe->banner) &&
             (!good(&probe->banner) || wire_talk(wire, ehlo, &probe->ehlo));
    if (!talked || !good(&probe->banner)) {
        wire_close(wire);
        return talked;
    }
    if (good(&probe->ehlo))
        secure(probe, wire, ehlo);
    else
        probe->fell_back = wire_talk(wire, helo, &probe->helo);
    if (!wire->error[0])
        wire_talk(wire, "QUIT", &bye);
    wire_close(wire);
    if (probe->fell_back)
        return true;
    talked = wire_connect(wire, &probe->address, probe->port, SECONDS) && wire_talk(wire, NULL, &bye) &&
             wire_talk(wire, helo, &probe->helo);
    if (talked)
        wire_talk(wire, "QUIT", &bye);
    wire_close(wire);
    return true;
}

static const struct ehlo_reply *final_ehlo(const struct probe *probe)
{
    return good(&probe->ehlo_tls) ? &probe->ehlo_tls : &probe->ehlo;
}

/* Whether the server offers a row where it should; *value: what it says to it. */
static bool offered(const struct probe *probe, const struct ehlo_keyword *row, char value[VALUE_SIZE])
{
    return ehlo_offers(row->before_tls ? &probe->ehlo : final_ehlo(probe), row->name, value, VALUE_SIZE);
}

static bool starttls_again(const struct probe *probe)
{
    char value[VALUE_SIZE];

    return good(&probe->ehlo_tls) && ehlo_offers(&probe->ehlo_tls, "STARTTLS", value, sizeof(value));
}

static void judge(struct probe *probe)
{
    char value[VALUE_SIZE];

    probe->wrong =
        probe->wrong || !good(&probe->banner) || !good(&probe->ehlo) || !good(&probe->helo) || starttls_again(probe);
    for (const struct ehlo_keyword *row = ehlo_keywords; row->name; row++)
        probe->wrong = probe->wrong || (row->needed && !offered(probe, row, value));
}

/* The first line of a reply. */
static void print_reply(const char *label, const struct ehlo_reply *reply)
{
    char line[EHLO_LINE_MAX + 1];
    struct text t;

    printf("%-20s ", label);
    if (reply->code == 0) {
        printf("no answer\n");
        return;
    }
    text_init(&t, line, sizeof(line));
    text_add_as(&t, TEXT_PLAIN, reply->text, strcspn(reply->text, "\n"));
    printf("%d %s\n", reply->code, line);
}

static void print_text(const struct probe *probe)
{
    char address[ADDRESS_TEXT_SIZE], value[VALUE_SIZE];

    printf("%-20s ", "server");
    audit_put(stdout, probe->host);
    printf(" (%s) port %u, greeted as %s\n", address_format(&probe->address, address), probe->port, probe->name);
    print_reply("banner", &probe->banner);
    print_reply("EHLO", &probe->ehlo);
    if (good(&probe->ehlo))
        for (const struct ehlo_keyword *row = ehlo_keywords; row->name; row++) {
            bool has = offered(probe, row, value);

            printf("  %-18s %s%s%s\n", row->name,
                   has           ? "offered"
                   : row->needed ? "MISSING: "
                                 : "not offered: ",
                   has && value[0] ? ": " : "", has ? value : row->why);
        }
    if (probe->tls[0])
        printf("%-20s %s\n", "TLS", probe->tls);
    if (probe->tls_error[0])
        printf("%-20s failed: %s\n", "TLS", probe->tls_error);
    if (good(&probe->starttls) && !probe->tls_error[0])
        print_reply("EHLO in TLS", &probe->ehlo_tls);
    if (starttls_again(probe))
        printf("  STARTTLS is offered inside TLS, which RFC 3207 forbids\n");
    print_reply(probe->fell_back ? "HELO after EHLO" : "HELO", &probe->helo);
}

static void print_json(const struct probe *probe)
{
    char address[ADDRESS_TEXT_SIZE], value[VALUE_SIZE];
    struct json j;

    json_init(&j, stdout);
    json_open(&j, NULL, '{');
    json_text(&j, "host", probe->host);
    json_text(&j, "address", address_format(&probe->address, address));
    json_number(&j, "port", probe->port);
    json_text(&j, "banner", probe->banner.text);
    json_number(&j, "banner_code", probe->banner.code);
    json_number(&j, "ehlo_code", probe->ehlo.code);
    json_number(&j, "ehlo_tls_code", probe->ehlo_tls.code);
    json_number(&j, "helo_code", probe->helo.code);
    json_bool(&j, "fell_back", probe->fell_back);
    json_text(&j, "ehlo", probe->ehlo.text);
    json_text(&j, "ehlo_tls", probe->ehlo_tls.code ? probe->ehlo_tls.text : NULL);
    json_text(&j, "tls", probe->tls[0] ? probe->tls : NULL);
    json_text(&j, "tls_error", probe->tls_error[0] ? probe->tls_error : NULL);
    json_open(&j, "expected", '[');
    for (const struct ehlo_keyword *row = ehlo_keywords; row->name; row++) {
        bool has = offered(probe, row, value);

        json_open(&j, NULL, '{');
        json_text(&j, "keyword", row->name);
        json_bool(&j, "needed", row->needed);
        json_bool(&j, "offered", has);
        json_text(&j, "value", has ? value : NULL);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_bool(&j, "wrong", probe->wrong);
    json_close(&j, '}');
    json_end(&j);
}

/* HOST, HOST:PORT, [ADDRESS]:PORT, ADDRESS. */
static bool read_target(struct probe *probe, const char *argument)
{
    const char *colon = strrchr(argument, ':'), *end = argument + strlen(argument);
    struct address whole;

    probe->port = 25;
    if (colon && !address_parse(&whole, argument, strlen(argument)) && colon[1]) {
        char *rest;
        unsigned long port = strtoul(colon + 1, &rest, 10);

        if (*rest || port < 1 || port > 65535)
            return false;
        probe->port = (uint16_t)port;
        end = colon;
    }
    if (*argument == '[' && end > argument + 1 && end[-1] == ']') {
        argument++;
        end--;
    }
    if (end == argument || (size_t)(end - argument) > NAME_MAX_BYTES)
        return false;
    memcpy(probe->host, argument, (size_t)(end - argument));
    return true;
}

static int run_probe(struct probe *probe, const struct settings *settings)
{
    struct wire wire;

    if (!find_address(probe, settings))
        return ctl_fail(probe->ctl, CTL_UNSURE, "%s has no address", probe->host);
    if (!talk(probe, &wire))
        return ctl_fail(probe->ctl, CTL_UNSURE, "%s: %s", probe->host, wire.error);
    judge(probe);
    (ctl_given(probe->ctl, 'j') ? print_json : print_text)(probe);
    return probe->wrong ? CTL_WRONG : CTL_OK;
}

static int run(struct ctl *ctl)
{
    struct probe *probe = calloc(1, sizeof(*probe));
    struct settings *settings;
    struct utsname host;
    int status;

    if (!probe || uname(&host) != 0) {
        free(probe);
        return ctl_fail(ctl, CTL_TROUBLE, "out of memory");
    }
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to servers that have gone */
    probe->ctl = ctl;
    probe->name = ctl_given(ctl, 'n') ? ctl_value(ctl, 'n') : host.nodename;
    settings = NULL;
    if (!read_target(probe, ctl->arguments[0]) || strlen(probe->name) > NAME_MAX_BYTES ||
        strpbrk(probe->name, "\r\n")) {
        status = ctl_fail(ctl, CTL_USAGE, "HOST or HOST:PORT is wanted, and a name of one line");
    } else {
        settings = ctl_settings(ctl);
        status = settings ? run_probe(probe, settings) : CTL_CONFIG;
    }
    settings_unref(settings);
    free(probe);
    return status;
}

const struct ctl_verb ctl_probe = {
    .name = "probe",
    .arguments = "HOST[:PORT]",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "greet a receiving server and show what it offers",
    .help = "Says EHLO, again after STARTTLS, and HELO on a second connection, and compares what the server offers "
            "with what\nmodern senders expect. It never goes on to MAIL.",
    .exits = "0 all that is needed, 1 something is missing or refused, 75 no connection, 64 and more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, else the defaults)"},
                {'n', "name", "NAME", "greet with this name (default: this host's)"},
                {'j', "json", NULL, "print JSON"},
                {0, NULL, NULL, NULL}},
};
