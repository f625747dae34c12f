/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "asking.h"
#include "clock.h"
#include "text.h"

static const char zone[] = "example 60 SOA ns.example host.example 1 2 3 4 30\n"
                           "a.example 60 A 192.0.2.1\n"
                           "a.example 60 A 192.0.2.2\n"
                           "a.example 60 AAAA 2001:db8::1\n"
                           "mx.example 60 MX 10 a.example\n"
                           "mx.example 60 MX 20 B.Example\n"
                           "null.example 60 MX 0 .\n"
                           "txt.example 60 TXT \"v=spf1 \" \"-all\"\n"
                           "192.0.2.1 60 PTR A.Example\n"
                           "2001:db8::1 60 PTR a.example\n"
                           "192.0.2.3 60 PTR \"bad\\010name.example\"\n"
                           "192.0.2.3 60 PTR good.example\n"
                           "4.2.0.192.in-addr.arpa 60 CNAME 4.0/26.2.0.192.in-addr.arpa\n"
                           "4.0/26.2.0.192.in-addr.arpa 60 PTR classless.example\n"
                           "192.0.2.60 fault manyans=60\n"
                           "alias.example 60 CNAME a.example\n"
                           "half.example 20 CNAME a.example\n"
                           "half.example fault cnameonly\n"
                           "dangling.example 60 CNAME half.example\n"
                           "dangling.example fault cnameonly\n"
                           "chase.example 20 CNAME end:1.late.example\n"
                           "chase.example fault cnameonly\n"
                           "odd@chase.example 20 CNAME end:1.late.example\n"
                           "odd@chase.example fault cnameonly\n"
                           "void.example 60 CNAME nothing.example\n"
                           "odd/name.example 60 A 192.0.2.9\n"
                           "drop.example fault drop\n"
                           "odd@drop.example fault drop\n"
                           "tcp@drop.example fault tcdrop\n"
                           "*.fault.example 60 A 192.0.2.5\n"
                           "*.late.example 60 A 192.0.2.6\n"
                           "*.late.example fault slow=150\n"
                           "*.broken.example fault servfail\n"
                           "*.10.in-addr.arpa fault servfail\n"
                           "*.11.in-addr.arpa 60 PTR a.example\n";

char folder[] = "/tmp/helod-dns-XXXXXX";
static char zone_path[64];
struct server servers[2];

static void start_server(struct server *s, int number)
{
    char script[512];
    const char *python = getenv("PYTHON3"), *source = getenv("top_srcdir");
    int out[2];
    FILE *from;

    snprintf(s->log, sizeof s->log, "%s/log%d", folder, number);
    snprintf(script, sizeof script, "%s/tests/lib/faultdns.py", source ? source : "..");
    assert_int_equal(pipe(out), 0);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0) {
        dup2(out[1], 1);
        close(out[0]);
        close(out[1]);
        execlp(python ? python : "python3", "python3", script, "-z", zone_path, "-l", s->log, "-x", (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    from = fdopen(out[0], "r");
    assert_non_null(from);
    assert_int_equal(fscanf(from, "ready %u", &s->port), 1);
    fclose(from);
    snprintf(s->text, sizeof s->text, "127.0.0.1:%u", s->port);
}

int seen(const struct server *s, const char *name)
{
    char line[512], asked[300];
    FILE *log = fopen(s->log, "r");
    int n = 0;

    while (log && fgets(line, sizeof line, log))
        n += sscanf(line, "%*s %*s %299s", asked) == 1 && strcmp(asked, name) == 0;
    if (log)
        fclose(log);
    return n;
}

int servers_start(const char *more)
{
    FILE *out;

    if (!mkdtemp(folder))
        return -1;
    snprintf(zone_path, sizeof zone_path, "%s/zone", folder);
    out = fopen(zone_path, "w");
    if (!out)
        return -1;
    fputs(zone, out);
    fputs(more, out);
    fclose(out);
    start_server(&servers[0], 0);
    start_server(&servers[1], 1);
    return 0;
}

int servers_stop(void **state)
{
    char path[64];

    (void)state;
    for (int i = 0; i < 2; i++) {
        kill(servers[i].pid, SIGTERM);
        waitpid(servers[i].pid, NULL, 0);
        unlink(servers[i].log);
    }
    snprintf(path, sizeof path, "%s/resolv.conf", folder);
    unlink(path);
    unlink(zone_path);
    return rmdir(folder);
}

struct event_base *base;
struct resolver *resolver;
struct ask asks[ASKS];
int outstanding;
static bool asking;

struct resolver_options defaults(const char *const *list)
{
    return (struct resolver_options){
        .servers = list,
        .timeout_ms = TIMEOUT_MS,
        .tries = TRIES,
        .cache_entries = 1000,
        .in_flight = 100,
        .ttl_min = 1,
        .ttl_max = 3600,
        .negative_ttl_max = 900,
        .failure_ttl = 5,
        .edns = true,
        .watch_ms = 50,
    };
}

int setup(void **state)
{
    const char *list[] = {servers[0].text, NULL};
    struct resolver_options o = defaults(list);
    char error[200];

    (void)state;
    memset(asks, 0, sizeof asks);
    outstanding = 0;
    base = event_base_new();
    resolver = resolver_new(base, &o, error, sizeof error);
    return base && resolver ? 0 : -1;
}

int teardown(void **state)
{
    (void)state;
    clock_thaw();
    resolver_free(resolver);
    event_base_free(base);
    return 0;
}

static void show(const struct dns_answer *a, char out[OUT_SIZE])
{
    char shown[ADDRESS_TEXT_SIZE];
    struct text t;

    text_init(&t, out, OUT_SIZE);
    text_addf(&t, "%s ttl=%u", dns_status_name(a->status), (unsigned)a->ttl);
    if (a->left_out > 0)
        text_addf(&t, " left=%u", a->left_out);
    if (strcmp(a->canonical, a->name) != 0)
        text_addf(&t, " canonical=%s", a->canonical);
    if (a->count > 10) {
        text_addf(&t, " (%u)", a->count);
        return;
    }
    text_add(&t, ":");
    for (size_t i = 0; i < a->count; i++) {
        const struct dns_record *r = &a->records[i];
        if (a->type == DNS_A || a->type == DNS_AAAA)
            text_addf(&t, " %s", address_format(&r->address, shown));
        else if (a->type == DNS_TXT)
            text_addf(&t, " [%s]", (const char *)r->text.bytes);
        else if (a->type == DNS_MX)
            text_addf(&t, " %u/%s", r->host.preference, r->host.name);
        else
            text_addf(&t, " %s", r->host.name);
    }
}

static void on_done(void *arg, const struct dns_answer *a, bool from_cache)
{
    struct ask *ask = arg;

    assert_false(asking);
    show(a, ask->out);
    ask->status = a->status;
    ask->why = a->why;
    ask->from_cache = from_cache;
    ask->at_ms = clock_ms();
    ask->called++;
    if (--outstanding == 0)
        event_base_loopbreak(base);
}

struct resolver_query *ask(int n, const char *name, enum dns_type type)
{
    struct resolver_query *q;

    asking = true;
    q = resolver_ask(resolver, name, type, on_done, &asks[n]);
    asking = false;
    assert_non_null(q);
    outstanding++;
    return q;
}

const struct dns_answer *get(int n, const char *name)
{
    const struct resolver_question question = {.name = name, .type = DNS_A, .done = on_done, .arg = &asks[n]};
    const struct dns_answer *at_once;
    struct resolver_query *query;

    asking = true;
    at_once = resolver_get(resolver, &question, &query);
    asking = false;
    assert_true((at_once != NULL) != (query != NULL));
    outstanding += query != NULL;
    return at_once;
}

void run(unsigned ms)
{
    struct timeval limit = {ms / 1000, ms % 1000 * 1000};

    event_base_loopexit(base, &limit);
    event_base_dispatch(base);
}

void run_out(unsigned ms)
{
    outstanding += 1000000;
    run(ms);
    outstanding -= 1000000;
}

void run_to_servers(const char *servers_wanted)
{
    for (int i = 0; i < 1000 && strcmp(resolver_servers(resolver), servers_wanted) != 0; i++)
        run_out(20);
    assert_string_equal(resolver_servers(resolver), servers_wanted);
}

struct resolver_stats stats(void)
{
    struct resolver_stats s;

    resolver_stats(resolver, &s);
    return s;
}
