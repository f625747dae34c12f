/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe: the verb. Finds the receiving servers of a domain, greets them as a client would, and reports what they offer,
 * in plain text and after STARTTLS, and whether they still serve a client that says HELO. It says EHLO, STARTTLS, HELO
 * and QUIT, never more.
 */
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "policyfile.h"
#include "probe.h"
#include "probe_target.h"
#include "units.h"
#include "wire.h"

enum { SECONDS = 60, LINE_SIZE = 400, PORT_TLS = 465 };

static bool good(const struct ehlo_reply *reply)
{
    return reply->code >= 200 && reply->code < 300;
}

static void copy(char *out, const char *text)
{
    snprintf(out, PROBE_VALUE_SIZE, "%s", text);
}

/* STARTTLS and EHLO again. */
static void secure(struct probe *probe, struct wire *wire, const char *ehlo)
{
    char value[PROBE_VALUE_SIZE];

    if (probe->tls_first || !ehlo_offers(&probe->ehlo, "STARTTLS", value, sizeof(value)))
        return;
    if (!wire_has_tls())
        copy(probe->tls_error, "built without OpenSSL");
    else if (!wire_talk(wire, "STARTTLS", &probe->starttls))
        copy(probe->tls_error, wire->error);
    else if (!good(&probe->starttls))
        copy(probe->tls_error, "STARTTLS was refused");
    else if (!wire_start_tls(wire, probe->host, probe->tls, sizeof(probe->tls)) ||
             !wire_talk(wire, ehlo, &probe->ehlo_tls))
        copy(probe->tls_error, wire->error);
}

/* A client without a name of its own greets with its address (RFC 5321 section 4.1.1.1). */
static void choose_name(struct probe *probe, const struct wire *wire)
{
    struct address local;
    char text[ADDRESS_TEXT_SIZE];

    if (probe->name[0])
        return;
    probe->nameless = true;
    if (wire_local(wire, &local))
        snprintf(probe->name, sizeof(probe->name), "[%s%s]", local.family == ADDRESS_IPV6 ? "IPv6:" : "",
                 address_format(&local, text));
}

/* Connects and reads the banner. */
static bool begin(struct probe *probe, struct wire *wire, struct ehlo_reply *banner)
{
    char said[PROBE_VALUE_SIZE] = "";

    if (!wire_connect(wire, &probe->address, probe->port, probe->from, SECONDS))
        return false;
    choose_name(probe, wire);
    if (probe->tls_first && !wire_start_tls(wire, probe->host, said, sizeof(said)))
        return false;
    if (probe->tls_first)
        copy(probe->tls, said);
    return wire_talk(wire, NULL, banner);
}

static void talk_ehlo(struct probe *probe, struct wire *wire)
{
    struct ehlo_reply bye;
    char ehlo[LINE_SIZE], helo[LINE_SIZE];

    snprintf(ehlo, sizeof(ehlo), "EHLO %s", probe->name);
    snprintf(helo, sizeof(helo), "HELO %s", probe->name);
    if (!wire_talk(wire, ehlo, &probe->ehlo)) {
        snprintf(probe->error, sizeof(probe->error), "after EHLO: %s", wire->error);
        return;
    }
    if (good(&probe->ehlo))
        secure(probe, wire, ehlo);
    else
        probe->fell_back = wire_talk(wire, helo, &probe->helo);
    if (!wire->error[0])
        wire_talk(wire, "QUIT", &bye);
}

/* Both connections. What was learnt before an error is kept. */
static void talk(struct probe *probe)
{
    struct ehlo_reply banner;
    struct wire wire;
    char helo[LINE_SIZE];

    if (!begin(probe, &wire, &probe->banner)) {
        copy(probe->error, wire.error);
        wire_close(&wire);
        return;
    }
    if (good(&probe->banner))
        talk_ehlo(probe, &wire);
    wire_close(&wire);
    if (!good(&probe->banner) || probe->fell_back || probe->error[0])
        return;
    snprintf(helo, sizeof(helo), "HELO %s", probe->name);
    if (begin(probe, &wire, &banner) && wire_talk(&wire, helo, &probe->helo))
        wire_talk(&wire, "QUIT", &banner);
    wire_close(&wire);
}

bool probe_offers(const struct probe *probe, const struct ehlo_keyword *row, char value[PROBE_VALUE_SIZE])
{
    const struct ehlo_reply *last = good(&probe->ehlo_tls) ? &probe->ehlo_tls : &probe->ehlo;

    return ehlo_offers(row->before_tls ? &probe->ehlo : last, row->name, value, PROBE_VALUE_SIZE);
}

bool probe_applies(const struct probe *probe, const struct ehlo_keyword *row)
{
    return good(&probe->ehlo) && !(probe->tls_first && row->before_tls);
}

bool probe_offers_tls_again(const struct probe *probe)
{
    const struct ehlo_reply *inside = probe->tls_first ? &probe->ehlo : &probe->ehlo_tls;
    char value[PROBE_VALUE_SIZE];

    return good(inside) && ehlo_offers(inside, "STARTTLS", value, sizeof(value));
}

static void judge(struct probe *probe)
{
    char value[PROBE_VALUE_SIZE];

    probe->wrong = probe->tls_error[0] || !good(&probe->banner) || !good(&probe->ehlo) || !good(&probe->helo) ||
                   (good(&probe->starttls) && !good(&probe->ehlo_tls)) || probe_offers_tls_again(probe);
    for (const struct ehlo_keyword *row = ehlo_keywords; row->name; row++) {
        bool offered = probe_offers(probe, row, value);

        if (!probe_applies(probe, row))
            continue;
        probe->wrong = probe->wrong || (row->worth == EHLO_NEEDED && !offered) ||
                       (strcmp(row->name, "SIZE") == 0 && offered && ehlo_size_is_tiny(value));
    }
}

/* HOST, HOST:PORT, [ADDRESS]:PORT, ADDRESS. */
static bool read_target(const char *argument, char host[DNS_NAME_SIZE], uint16_t *port)
{
    const char *given;
    uint64_t number = *port;

    if (!address_split_port(argument, host, DNS_NAME_SIZE, &given) || host[0] == '\0')
        return false;
    if (given && *given && (!units_number(given, &number) || number < 1 || number > 65535))
        return false;
    *port = (uint16_t)number;
    return true;
}

/* This host's own name if it is fully qualified, as hostname -f finds it; else "". */
static void own_name(char name[DNS_NAME_SIZE])
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME};
    struct addrinfo *found = NULL;
    struct utsname host;

    name[0] = '\0';
    if (uname(&host) != 0)
        return;
    if (!strchr(host.nodename, '.') && getaddrinfo(host.nodename, NULL, &hints, &found) != 0)
        return;
    snprintf(name, DNS_NAME_SIZE, "%s", found ? (found->ai_canonname ? found->ai_canonname : "") : host.nodename);
    if (found)
        freeaddrinfo(found);
    if (!strchr(name, '.') || strncmp(name, "localhost", 9) == 0)
        name[0] = '\0';
}

/* Probes the targets in order: all of them, or until one answers. */
static int probe_targets(struct probe *probe, const struct probe_targets *targets)
{
    bool all = ctl_given(probe->ctl, 'a'), wrong = false, silent = false, any = false;
    const struct probe start = *probe;

    for (size_t i = 0; i < targets->count && (all || !any); i++) {
        const struct probe_target *target = &targets->all[i];

        *probe = start;
        probe->host = target->host;
        probe->address = target->address;
        if (probe->from && probe->from->family != probe->address.family)
            continue;
        talk(probe);
        judge(probe);
        if (probe->banner.code == 0) {
            silent = true;
            probe_print_silent(probe);
            continue;
        }
        any = true;
        wrong = wrong || (probe->wrong && !probe->error[0]);
        silent = silent || probe->error[0];
        probe_print(probe);
    }
    if (!any && !silent)
        return ctl_fail(probe->ctl, CTL_UNSURE, "no address of the same family as --from");
    return wrong ? CTL_WRONG : silent && (all || !any || probe->error[0]) ? CTL_UNSURE : CTL_OK;
}

static int run_probe(struct probe *probe, const char *name)
{
    struct probe_targets *targets = region_alloc(probe->ctl->memory, sizeof(*targets));

    switch (probe_find(probe->ctl, name, targets)) {
    case PROBE_FOUND:
        return probe_targets(probe, targets);
    case PROBE_NONE:
        return ctl_fail(probe->ctl, CTL_WRONG, "%s", targets->why);
    default:
        return ctl_fail(probe->ctl, CTL_UNSURE, "%s", targets->why);
    }
}

/* Fills in what the options say. CTL_OK or CTL_USAGE. */
static int set_up(struct probe *probe, struct address *from, char host[DNS_NAME_SIZE])
{
    const char *bind = ctl_value(probe->ctl, 'f'), *name = ctl_value(probe->ctl, 'n');

    probe->port = ctl_given(probe->ctl, 't') ? PORT_TLS : 25;
    if (!read_target(probe->ctl->arguments[0], host, &probe->port))
        return ctl_fail(probe->ctl, CTL_USAGE, "give a DOMAIN, HOST or ADDRESS, and :PORT if it is not 25");
    probe->tls_first = probe->port == PORT_TLS || ctl_given(probe->ctl, 't');
    if (probe->tls_first && !wire_has_tls())
        return ctl_fail(probe->ctl, CTL_USAGE, "built without OpenSSL");
    if (bind && !address_parse(from, bind, strlen(bind)))
        return ctl_fail(probe->ctl, CTL_USAGE, "--from: \"%s\" is not an IP address", bind);
    probe->from = bind ? from : NULL;
    if (name && (!*name || strlen(name) >= sizeof(probe->name) || strpbrk(name, "\r\n")))
        return ctl_fail(probe->ctl, CTL_USAGE, "--name must be a name on one line");
    if (name)
        snprintf(probe->name, sizeof(probe->name), "%s", name);
    else
        own_name(probe->name);
    return CTL_OK;
}

static int run(struct ctl *ctl)
{
    struct probe *probe = region_alloc(ctl->memory, sizeof(*probe));
    char host[DNS_NAME_SIZE];
    struct address from;
    int status;

    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to servers that have closed the connection */
    probe->ctl = ctl;
    status = set_up(probe, &from, host);
    if (status != CTL_OK)
        return status;
    return ctl_settings(ctl) ? run_probe(probe, host) : CTL_CONFIG;
}

const struct ctl_verb ctl_probe = {
    .name = "probe",
    .arguments = "DOMAIN[:PORT]",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "greet a receiving server and show what it offers",
    .help = "Greets the first MX host of a domain that answers, or the given host or address. Shows its banner,\n"
            "what it offers before and after STARTTLS, and whether it serves HELO. It never sends mail.",
    .exits =
        "0 everything needed is offered, 1 something is missing, refused or not in DNS, 75 no connection or no DNS, "
        "64 or\nmore: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, or built-in defaults)"},
                {'n', "name", "NAME", "greet with this name (default: this host's, if it is fully qualified)"},
                {'f', "from", "ADDRESS", "connect from this address"},
                {'a', "all", NULL, "probe every address of every MX host"},
                {'t', "tls", NULL, "TLS from the first byte, as on port 465, which is then the default"},
                {'j', "json", NULL, "print one line of JSON for each server"}},
};
