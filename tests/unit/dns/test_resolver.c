/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resolver over sockets: c-ares and libevent as they are, against tests/lib/faultdns.py on loopback. What was
 * asked is read from the server's own query log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "resolver.h"
#include "text.h"

enum {
    TIMEOUT_MS = 1000, /* far above what "slow" and "late" mean below, and what a busy machine adds */
    TRIES = 2,
    BOUND_MS = TIMEOUT_MS * TRIES + 900, /* still under what a third try would take */
    PATIENCE_MS = 60000,                 /* what hangs must end */
    OUT_SIZE = 2048,
    ASKS = 256
};

static const char zone[] =
    "example 60 SOA ns.example host.example 1 2 3 4 30\n"
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
    "void.example 60 CNAME nothing.example\n"
    "odd/name.example 60 A 192.0.2.9\n"
    "drop.example fault drop\n"
    "*.fault.example 60 A 192.0.2.5\n"
    "*.late.example 60 A 192.0.2.6\n"
    "*.late.example fault slow=150\n"
    "*.broken.example fault servfail\n"
    "*.10.in-addr.arpa fault servfail\n"
    "*.11.in-addr.arpa 60 PTR a.example\n";

static const struct {
    const char *name;
    enum dns_type type;
    const char *want;
} rows[] = {
    {"a.example", DNS_A, "found ttl=60: 192.0.2.1 192.0.2.2"},
    {"A.Example.", DNS_AAAA, "found ttl=60: 2001:db8::1"},
    {"mx.example", DNS_MX, "found ttl=60: 10/a.example 20/b.example"},
    {"null.example", DNS_MX, "found ttl=60: 0/"},
    {"txt.example", DNS_TXT, "found ttl=60: [v=spf1 -all]"},
    {"1.2.0.192.in-addr.arpa", DNS_PTR, "found ttl=60: a.example"},
    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", DNS_PTR, "found ttl=60: a.example"},
    {"3.2.0.192.in-addr.arpa", DNS_PTR, "found ttl=60 left=1: good.example"},
    {"4.2.0.192.in-addr.arpa", DNS_PTR, "found ttl=60 canonical=4.0/26.2.0.192.in-addr.arpa: classless.example"},
    {"60.2.0.192.in-addr.arpa", DNS_PTR, "found ttl=60 (60)"},
    {"alias.example", DNS_A, "found ttl=60 canonical=a.example: 192.0.2.1 192.0.2.2"},
    {"half.example", DNS_A, "found ttl=20 canonical=a.example: 192.0.2.1 192.0.2.2"},
    {"dangling.example", DNS_A, "temperror ttl=5 canonical=a.example:"},
    {"void.example", DNS_A, "nxdomain ttl=30 canonical=nothing.example:"},
    {"a.example", DNS_MX, "nodata ttl=30:"},
    {"nothing.example", DNS_A, "nxdomain ttl=30:"},
    {"x.onion", DNS_A, "nxdomain ttl=1:"},
    {"odd/name.example", DNS_A, "found ttl=60: 192.0.2.9"},
    {"", DNS_A, "nxdomain ttl=0:"},
    {"a..example", DNS_A, "nxdomain ttl=0:"},
};

/* Found in some versions of c-ares, a failure in others; never "no record". */
enum { FOUND_OR_FAILURE = -1 };

/* What every query for NUMBER.fault.example gets, and what is to be made of it. Those asked alone are errors of the
 * socket: c-ares before 1.20 ends, or sends once more, all that the same server was asked. */
static const struct {
    const char *fault;
    int want; /* enum dns_status, or FOUND_OR_FAILURE */
    bool alone;
} faults[] = {
    {"servfail", DNS_TEMPERROR, false}, {"refused", DNS_TEMPERROR, false}, {"formerr", DNS_TEMPERROR, false},
    {"notimp", DNS_TEMPERROR, false}, {"rcode=6", DNS_TEMPERROR, false}, {"drop", DNS_TEMPERROR, false},
    {"wrongid", DNS_TEMPERROR, false}, {"wrongq", DNS_TEMPERROR, false}, {"noq", DNS_TEMPERROR, false},
    {"qr0", DNS_TEMPERROR, false}, {"short", DNS_TEMPERROR, false}, {"trunc=20", DNS_TEMPERROR, false},
    {"trunc=40", DNS_TEMPERROR, false}, {"garbage", DNS_TEMPERROR, false}, {"ptrloop", DNS_TEMPERROR, false},
    {"ptrfwd", DNS_TEMPERROR, false}, {"badrdlen", DNS_TEMPERROR, false}, {"badtype", FOUND_OR_FAILURE, false},
    {"tcall", DNS_TEMPERROR, false}, {"tcdrop", DNS_TEMPERROR, false}, {"tcclose", DNS_TEMPERROR, true},
    {"tcshort", FOUND_OR_FAILURE, true}, {"empty", DNS_TEMPERROR, true}, {"cnameloop", DNS_TEMPERROR, false},
    {"wrongsrc", DNS_TEMPERROR, false}, {"otherowner", DNS_TEMPERROR, false}, {"slow=20000", DNS_TEMPERROR, false},
    {"chain=9", DNS_TEMPERROR, false}, {"chain=8", DNS_FOUND, false}, {"nodata", DNS_NODATA, false},
    {"nxdomain", DNS_NXDOMAIN, false}, {"tc", DNS_FOUND, false}, {"tcpart", DNS_FOUND, false},
    {"extra", DNS_FOUND, false}, {"dup", DNS_FOUND, false}, {"upper", DNS_FOUND, false}, {"drop1", DNS_FOUND, false},
    {"servfail1", DNS_FOUND, false}, {"wrongid+good", DNS_FOUND, false}, {"slow=100", DNS_FOUND, false},
};

/* ---- the server ---- */

struct server {
    pid_t pid;
    unsigned port;
    char text[32], log[64];
};

static char folder[] = "/tmp/helod-dns-XXXXXX";
static char zone_path[64];
static struct server servers[2];

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

/* Queries for a name that the server has seen; of any type. */
static int seen(const struct server *s, const char *name)
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

static int group_setup(void **state)
{
    FILE *out;

    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(zone_path, sizeof zone_path, "%s/zone", folder);
    out = fopen(zone_path, "w");
    if (!out)
        return -1;
    fputs(zone, out);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        fprintf(out, "%zu.fault.example fault %s\n%zu.fault.example 60 A 192.0.2.5\n", i, faults[i].fault, i);
    fclose(out);
    start_server(&servers[0], 0);
    start_server(&servers[1], 1);
    return 0;
}

static int group_teardown(void **state)
{
    char command[2][64];

    (void)state;
    for (int i = 0; i < 2; i++) {
        kill(servers[i].pid, SIGTERM);
        waitpid(servers[i].pid, NULL, 0);
        unlink(servers[i].log);
    }
    snprintf(command[0], sizeof command[0], "%s/resolv.conf", folder);
    unlink(command[0]);
    unlink(zone_path);
    return rmdir(folder);
}

/* ---- asking ---- */

struct ask {
    char out[OUT_SIZE];
    enum dns_status status;
    int called;
    bool from_cache;
    uint64_t at_ms;
    const char *why;
};

static struct event_base *base;
static struct resolver *resolver;
static struct ask asks[ASKS];
static int outstanding;
static bool asking;

static struct resolver_options defaults(const char *const *list)
{
    return (struct resolver_options){
        .servers = list, .timeout_ms = TIMEOUT_MS, .tries = TRIES, .cache_entries = 1000, .in_flight = 100,
        .ttl_min = 1, .ttl_max = 3600, .negative_ttl_max = 900, .failure_ttl = 5, .edns = true, .watch_ms = 50,
    };
}

static int setup(void **state)
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

static int teardown(void **state)
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

static struct resolver_query *ask(int n, const char *name, enum dns_type type)
{
    struct resolver_query *q;

    asking = true;
    q = resolver_ask(resolver, name, type, on_done, &asks[n]);
    asking = false;
    assert_non_null(q);
    outstanding++;
    return q;
}

/* Until all are answered, or so long. */
static void run(unsigned ms)
{
    struct timeval limit = {ms / 1000, ms % 1000 * 1000};

    event_base_loopexit(base, &limit);
    event_base_dispatch(base);
}

/* So long, whatever is answered. */
static void run_out(unsigned ms)
{
    outstanding += 1000000;
    run(ms);
    outstanding -= 1000000;
}

/* Until the resolver asks these servers. */
static void run_to_servers(const char *servers_wanted)
{
    for (int i = 0; i < 1000 && strcmp(resolver_servers(resolver), servers_wanted) != 0; i++)
        run_out(20);
    assert_string_equal(resolver_servers(resolver), servers_wanted);
}

static struct resolver_stats stats(void)
{
    struct resolver_stats s;

    resolver_stats(resolver, &s);
    return s;
}

/* ---- tests ---- */

static void test_answers(void **state)
{
    int failed = 0, count = sizeof rows / sizeof rows[0];

    (void)state;
    for (int i = 0; i < count; i++)
        ask(i, rows[i].name, rows[i].type);
    run(PATIENCE_MS);
    for (int i = 0; i < count; i++) {
        if (asks[i].called == 1 && strcmp(asks[i].out, rows[i].want) == 0)
            continue;
        print_error("%s %s: called %d times, got \"%s\", want \"%s\"\n", rows[i].name,
                    dns_type_name((uint16_t)rows[i].type), asks[i].called, asks[i].out, rows[i].want);
        failed++;
    }
    assert_int_equal(failed, 0);
}

static bool as_wanted(int i, uint64_t start)
{
    unsigned took = (unsigned)(asks[i].at_ms - start);
    int got = (int)asks[i].status;
    bool good = got == faults[i].want ||
                (faults[i].want == FOUND_OR_FAILURE && (got == DNS_FOUND || got == DNS_TEMPERROR));

    if (asks[i].called == 1 && good && took < BOUND_MS)
        return true;
    print_error("%s: called %d times after %u ms, got \"%s\" (%s)\n", faults[i].fault, asks[i].called, took,
                asks[i].out, asks[i].called ? asks[i].why : "");
    return false;
}

/* Nothing that a server does is read as "no record", and nothing takes longer than the bound. */
static void test_faults(void **state)
{
    int failed = 0, count = sizeof faults / sizeof faults[0];
    uint64_t start = clock_ms();
    char name[64];

    (void)state;
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%d.fault.example", i);
        if (!faults[i].alone)
            ask(i, name, DNS_A);
    }
    run(PATIENCE_MS);
    for (int i = 0; i < count; i++)
        failed += !faults[i].alone && !as_wanted(i, start);
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%d.fault.example", i);
        if (!faults[i].alone)
            continue;
        start = clock_ms();
        ask(i, name, DNS_A);
        run(PATIENCE_MS);
        failed += !as_wanted(i, start);
    }
    assert_int_equal(failed, 0);
}

static void test_shared(void **state)
{
    struct resolver_query *third, *fourth;

    (void)state;
    ask(0, "shared.late.example", DNS_A);
    ask(1, "SHARED.late.example", DNS_A);
    third = ask(2, "shared.late.example.", DNS_A);
    fourth = ask(3, "shared.late.example", DNS_A);
    assert_int_equal(stats().shared, 3);
    resolver_cancel(third);
    resolver_cancel(fourth);
    outstanding -= 2;
    run(PATIENCE_MS);
    assert_int_equal(asks[0].called + asks[1].called, 2);
    assert_int_equal(asks[2].called + asks[3].called, 0);
    assert_string_equal(asks[1].out, "found ttl=60: 192.0.2.6");
    assert_int_equal(seen(&servers[0], "shared.late.example"), 1);
}

static void test_cancelled_fills_cache(void **state)
{
    (void)state;
    resolver_cancel(ask(0, "orphan.late.example", DNS_A));
    for (int i = 0; i < 1000 && !resolver_cached(resolver, "orphan.late.example", DNS_A); i++)
        run_out(20);
    assert_int_equal(asks[0].called, 0);
    assert_int_equal(seen(&servers[0], "orphan.late.example"), 1);
    assert_non_null(resolver_cached(resolver, "Orphan.late.example", DNS_A));
    assert_null(resolver_cached(resolver, "orphan.late.example", DNS_AAAA));
}

/* A callback asks anew, and cancels another question that is ready by then. */
static struct resolver_query *victim;

static void on_first(void *arg, const struct dns_answer *a, bool from_cache)
{
    (void)arg;
    (void)from_cache;
    assert_int_equal(a->status, DNS_FOUND);
    resolver_cancel(victim);
    outstanding--;
    ask(2, "mx.example", DNS_MX);
    assert_string_equal(a->name, "a.example");
}

static void test_ask_in_callback(void **state)
{
    (void)state;
    ask(0, "a.example", DNS_A);
    run(PATIENCE_MS);
    assert_non_null(resolver_ask(resolver, "a.example", DNS_A, on_first, NULL));
    victim = ask(1, "a.example", DNS_A);
    run(PATIENCE_MS);
    assert_int_equal(asks[1].called, 0);
    assert_int_equal(asks[2].called, 1);
    assert_string_equal(asks[2].out, "found ttl=60: 10/a.example 20/b.example");
}

static void ask_again(int n, const char *name, bool from_cache, const char *want)
{
    ask(n, name, DNS_A);
    run(PATIENCE_MS);
    assert_int_equal(asks[n].called, 1);
    assert_int_equal(asks[n].from_cache, from_cache);
    if (want)
        assert_string_equal(asks[n].out, want);
}

static void test_cached(void **state)
{
    (void)state;
    clock_freeze(1000000, clock_ms());
    ask_again(0, "a.example", false, "found ttl=60: 192.0.2.1 192.0.2.2");
    clock_advance(20000);
    ask_again(1, "a.example", true, "found ttl=40: 192.0.2.1 192.0.2.2");
    clock_advance(40000);
    ask_again(2, "a.example", false, "found ttl=60: 192.0.2.1 192.0.2.2");
    ask_again(3, "none.example", false, "nxdomain ttl=30:");
    clock_advance(29999);
    ask_again(4, "none.example", true, "nxdomain ttl=1:");
    clock_advance(1);
    ask_again(5, "none.example", false, "nxdomain ttl=30:");
    ask_again(6, "x.broken.example", false, "temperror ttl=5:");
    ask_again(7, "x.broken.example", true, "temperror ttl=5:");
    clock_advance(5000);
    ask_again(8, "x.broken.example", false, "temperror ttl=5:");
    assert_int_equal(seen(&servers[0], "none.example"), 2);
    assert_int_equal(stats().hits, 3);
}

static const struct dns_answer *get(int n, const char *name)
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

/* What is cached comes back at once, and nobody is called; all else is as if it were asked. */
static void test_get(void **state)
{
    const struct dns_answer *a;

    (void)state;
    assert_null(get(0, "get.late.example"));
    assert_null(get(1, "get..example"));
    run(2000);
    assert_string_equal(asks[0].out, "found ttl=60: 192.0.2.6");
    assert_string_equal(asks[1].out, "nxdomain ttl=0:");
    a = get(2, "GET.late.example.");
    assert_non_null(a);
    assert_int_equal(a->status, DNS_FOUND);
    assert_string_equal(a->name, "get.late.example");
    run_out(20);
    assert_int_equal(asks[2].called, 0);
    assert_int_equal(stats().asked, 3);
    assert_int_equal(stats().hits, 1);
    assert_int_equal(seen(&servers[0], "get.late.example"), 1);
}

/* Forty look-ups on their way stay whole while the servers change under them. */
static void test_reconfigure(void **state)
{
    const char *list[] = {servers[1].text, NULL}, *bad[] = {"192.0.2.300", NULL};
    struct resolver_options o = defaults(list), wrong = defaults(bad);
    char name[64], error[200];

    (void)state;
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "r%d.late.example", i);
        ask(i, name, DNS_A);
    }
    run_out(50);
    assert_false(resolver_reconfigure(resolver, &wrong, error, sizeof error));
    assert_non_null(strstr(error, "192.0.2.300"));
    assert_string_equal(resolver_servers(resolver), servers[0].text);
    assert_true(resolver_reconfigure(resolver, &o, error, sizeof error));
    assert_string_equal(resolver_servers(resolver), servers[1].text);
    ask(40, "new.example", DNS_A);
    run(PATIENCE_MS);
    for (int i = 0; i < 40; i++)
        assert_string_equal(asks[i].out, "found ttl=60: 192.0.2.6");
    assert_string_equal(asks[40].out, "nxdomain ttl=30:");
    assert_int_equal(seen(&servers[1], "r7.late.example"), 0);
    assert_int_equal(seen(&servers[0], "new.example"), 0);
    assert_int_equal(seen(&servers[1], "new.example"), 1);
    assert_non_null(resolver_cached(resolver, "r7.late.example", DNS_A));
}

static void write_resolv_conf(const char *path, const char *line)
{
    char fresh[96];
    FILE *out;

    snprintf(fresh, sizeof fresh, "%s.new", path);
    out = fopen(fresh, "w");
    assert_non_null(out);
    fputs(line, out);
    fclose(out);
    assert_int_equal(rename(fresh, path), 0);
}

/* By what the servers are: a resolv.conf cannot name a port, and 53 is not ours to take. */
static void test_resolv_conf(void **state)
{
    struct resolver_options o = defaults(NULL);
    char path[64], error[200];

    (void)state;
    snprintf(path, sizeof path, "%s/resolv.conf", folder);
    o.resolv_conf = path;
    setenv("RES_OPTIONS", "rotate ndots:9", 1);
    assert_false(resolver_reconfigure(resolver, &o, error, sizeof error));
    write_resolv_conf(path, "search example\n");
    assert_false(resolver_reconfigure(resolver, &o, error, sizeof error));
    assert_non_null(strstr(error, "names no nameserver"));
    ask(0, "conf0.late.example", DNS_A);
    write_resolv_conf(path, "search example\noptions ndots:5\nnameserver 127.0.0.77\n");
    assert_true(resolver_reconfigure(resolver, &o, error, sizeof error));
    assert_string_equal(resolver_servers(resolver), "127.0.0.77:53");
    assert_null(getenv("RES_OPTIONS"));
    write_resolv_conf(path, "# being rewritten\n");
    run_out(120);
    assert_string_equal(resolver_servers(resolver), "127.0.0.77:53");
    write_resolv_conf(path, "nameserver 127.0.0.78\nnameserver ::1\n");
    run_to_servers("127.0.0.78:53 [::1]:53");
    if (asks[0].called == 0)
        run(PATIENCE_MS);
    assert_string_equal(asks[0].out, "found ttl=60: 192.0.2.6");
    o = defaults((const char *[]){servers[0].text, NULL});
    assert_true(resolver_reconfigure(resolver, &o, error, sizeof error));
    write_resolv_conf(path, "nameserver 127.0.0.79\n");
    run_out(120);
    assert_string_equal(resolver_servers(resolver), servers[0].text);
}

/* Four at once, forty in line, the rest is told at once that there is trouble. */
static void test_bounds(void **state)
{
    const char *list[] = {servers[0].text, NULL};
    struct resolver_options o = defaults(list);
    char name[64], error[200];
    int found = 0;

    (void)state;
    o.in_flight = 4;
    o.timeout_ms = 20000;
    assert_true(resolver_reconfigure(resolver, &o, error, sizeof error));
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "b%d.late.example", i);
        ask(i, name, DNS_A);
    }
    assert_int_equal(stats().in_flight, 4);
    assert_int_equal(stats().waiting, 40);
    assert_int_equal(stats().refused, 56);
    for (int i = 0; i < 1000 && asks[99].called == 0; i++)
        run_out(20);
    for (int i = 44; i < 100; i++) {
        assert_int_equal(asks[i].status, DNS_TEMPERROR);
        assert_string_equal(asks[i].why, "busy");
    }
    while (outstanding > 0) {
        run_out(60);
        assert_true(stats().in_flight <= 4);
    }
    for (int i = 0; i < 44; i++)
        found += asks[i].called == 1 && asks[i].status == DNS_FOUND;
    assert_int_equal(found, 44);
    assert_null(resolver_cached(resolver, "b99.late.example", DNS_A));
}

/* Look-ups out of thirty zones, of which twenty fail; then what one zone does, which is no resolver in trouble. */
static void test_trouble(void **state)
{
    char name[64];

    (void)state;
    assert_int_equal(resolver_trouble(resolver), -1);
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "1.%d.0.%s.in-addr.arpa", i, i < 10 ? "11" : "10");
        ask(i, name, DNS_PTR);
    }
    run(PATIENCE_MS);
    assert_in_range(resolver_trouble(resolver), 64, 69); /* 66, but for zones that share a mark by chance */
    for (int i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "t%d.broken.example", i);
        ask(30 + i, name, DNS_A);
    }
    run(PATIENCE_MS);
    assert_int_equal(asks[89].status, DNS_TEMPERROR);
    assert_in_range(resolver_trouble(resolver), 65, 70);
    clock_freeze(1000000, clock_ms() + 66000);
    assert_int_equal(resolver_trouble(resolver), -1);
}

static void test_free_in_flight(void **state)
{
    char error[200];
    const char *list[] = {servers[1].text, NULL};
    struct resolver_options o = defaults(list);

    ask(0, "drop.example", DNS_A);
    ask(1, "drop.example", DNS_MX);
    run_out(20);
    assert_true(resolver_reconfigure(resolver, &o, error, sizeof error));
    ask(2, "drop.example", DNS_TXT);
    ask(3, "a..example", DNS_A);
    resolver_free(resolver);
    for (int i = 0; i < 4; i++)
        assert_int_equal(asks[i].called, 0);
    event_base_free(base);
    setup(state);
}

/* c-ares 1.18 asks any byte; 1.34 refuses what is no host name, which then says nothing about the name. */
static void test_odd_bytes(void **state)
{
    static const char *const names[] = {"macro%percent  space%20.late.example", "a:b.late.example",
                                        "back\\slash.late.example"};

    (void)state;
    for (int i = 0; i < 3; i++)
        ask(i, names[i], DNS_A);
    run(PATIENCE_MS);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(asks[i].called, 1);
        if (asks[i].status == DNS_TEMPERROR)
            assert_string_equal(asks[i].why, "unasked");
        else
            assert_string_equal(asks[i].out, "found ttl=60: 192.0.2.6");
    }
}

static void test_servers(void **state)
{
    static const struct {
        const char *server, *shown; /* NULL: refused */
    } list[] = {
        {"192.0.2.1", "192.0.2.1:53"},
        {"192.0.2.1:5353", "192.0.2.1:5353"},
        {"2001:db8::1", "[2001:db8::1]:53"},
        {"[2001:db8::1]", "[2001:db8::1]:53"},
        {"[2001:db8::1]:5353", "[2001:db8::1]:5353"},
        {"", NULL}, {"localhost", NULL}, {"192.0.2", NULL}, {"192.0.2.1:", NULL}, {"192.0.2.1:0", NULL},
        {"192.0.2.1:65536", NULL}, {"192.0.2.1:53x", NULL}, {"192.0.2.1,192.0.2.2", NULL}, {"[192.0.2.1]:53", NULL},
        {"[2001:db8::1", NULL}, {"2001:db8::1:", NULL}, {":53", NULL}, {"192.0.2.1:-1", NULL},
    };
    char error[200];

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        const char *one[] = {list[i].server, NULL};
        struct resolver_options o = defaults(one);
        bool taken = resolver_reconfigure(resolver, &o, error, sizeof error);
        if (taken != (list[i].shown != NULL))
            print_error("server \"%s\"\n", list[i].server);
        assert_int_equal(taken, list[i].shown != NULL);
        if (taken)
            assert_string_equal(resolver_servers(resolver), list[i].shown);
    }
}

/* Silence is a failure that is remembered for a moment, so that the next question need not wait as well. */
static void test_silence(void **state)
{
    const char *list[] = {servers[0].text, NULL};
    struct resolver_options o = defaults(list);
    char error[200];

    (void)state;
    o.timeout_ms = 100;
    o.tries = 1;
    assert_true(resolver_reconfigure(resolver, &o, error, sizeof error));
    ask(0, "drop.example", DNS_A);
    run(PATIENCE_MS);
    assert_int_equal(asks[0].status, DNS_TEMPERROR);
    assert_string_equal(asks[0].why, "timeout");
    assert_int_equal(resolver_cached(resolver, "drop.example", DNS_A)->status, DNS_TEMPERROR);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_answers),     TEST(test_faults),     TEST(test_shared),      TEST(test_cancelled_fills_cache),
        TEST(test_ask_in_callback), TEST(test_cached), TEST(test_reconfigure), TEST(test_resolv_conf),
        TEST(test_bounds),      TEST(test_trouble),    TEST(test_free_in_flight), TEST(test_servers),
        TEST(test_odd_bytes),   TEST(test_get),
        TEST(test_silence),
    };

    return cmocka_run_group_tests_name("dns resolver", tests, group_setup, group_teardown);
}
