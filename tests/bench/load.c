/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load: sends requests to a policy server as many Postfix smtpd processes would, and prints one line of JSON about
 * the replies.
 *
 * Every request has all attributes of Postfix 3.7 and an instance of its own, so no verdict is one remembered for
 * another recipient. Closed loop: each connection sends its next request as soon as it has a reply. Open loop (-r):
 * requests are sent at a steady rate whatever the server does. Their time counts from when they were due, so a stall
 * shows in all requests that it delayed.
 *
 * Checked (-C): for runs in which the server, its resolver or the machine is disturbed. Each reply must be one that
 * the table wants, and a broken connection is opened again as Postfix does. A request's time counts from when it was
 * sent: Postfix has another smtpd for the next client. The run is steered over standard input, see read_commands().
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "checked.h"
#include "endpoint.h"
#include "histogram.h"
#include "load_options.h"
#include "observed.h"
#include "pool.h"
#include "request_text.h"

enum { EVENTS = 256, VERBS = 8, VERB_SIZE = 16, DRAIN_SECONDS = 120 };

#define SECOND UINT64_C(1000000000)
#define AGAIN_NS (SECOND / 5)    /* Postfix waits a second before it connects again; this shows more of what happens */
#define BEHIND_NS SECOND         /* when the generator itself was held up for longer, no burst follows */
#define GAP_MIN_NS (SECOND / 10) /* one turn of the loop may take this long */

struct connection {
    int fd;          /* -1: broken */
    uint64_t due_ns; /* of the request under way; 0: none */
    size_t used;
    char reply[1200];
    /* Only in a checked run. */
    const struct greeting *greeting;
    uint32_t number;
    uint64_t again_ns, gaps_ns; /* when to connect again; run.gaps_ns when the request was sent */
};

static struct {
    struct load_options options;
    struct pool pool;
    struct connection *all, **free;
    unsigned free_count, broken_count;
    int epoll;
    uint32_t sent;
    uint64_t answered, failed, under_way;
    uint64_t next_due_ns;
    uint64_t turn_ns, gaps_ns; /* when the last turn began; how long turns took beyond what they waited for */
    uint64_t start_ns;
    double cpu_at_start;
    bool stopped;
    struct checked checked;
    struct histogram histogram;
    struct {
        char word[VERB_SIZE];
        uint64_t count;
    } verbs[VERBS];
} run;

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void give_back(struct connection *c)
{
    run.free[run.free_count++] = c;
}

/* The one that was free last, or in a checked run any: all connections should be used there. */
static struct connection *take_free(void)
{
    unsigned at = run.free_count - 1;
    struct connection *c;

    if (run.options.slow > 0)
        at = (unsigned)(pool_share() * run.free_count);
    c = run.free[at];
    run.free[at] = run.free[--run.free_count];
    return c;
}

static bool is_open(struct connection *c)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};

    c->fd = endpoint_connect(run.options.address);
    c->used = 0;
    return c->fd >= 0 && epoll_ctl(run.epoll, EPOLL_CTL_ADD, c->fd, &event) == 0;
}

static void hang_up(struct connection *c)
{
    epoll_ctl(run.epoll, EPOLL_CTL_DEL, c->fd, NULL);
    close(c->fd);
    c->fd = -1;
}

static void failed(struct connection *c, const char *what)
{
    if (run.failed++ == 0)
        fprintf(stderr, "load: %s after %" PRIu64 " replies\n", what, run.answered);
    hang_up(c);
    run.under_way -= c->due_ns != 0;
    c->due_ns = 0;
}

static bool is_sent(struct connection *c, const struct greeting *g)
{
    char bytes[REQUEST_SIZE];
    size_t n = request_text(bytes, g, run.options.first + c->number);

    return send(c->fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Opens a connection again and repeats its request, as Postfix does. Without success it is tried again later. */
static void reconnect(struct connection *c)
{
    if (is_open(c) && (c->due_ns == 0 || is_sent(c, c->greeting)))
        return;
    if (c->fd < 0)
        run.checked.refused++;
    else
        hang_up(c);
    c->again_ns = now_ns() + AGAIN_NS;
    run.broken_count++;
}

static void broken(struct connection *c)
{
    run.checked.retried += c->due_ns != 0;
    hang_up(c);
    reconnect(c);
}

static void reconnect_due(void)
{
    uint64_t now = now_ns();

    for (unsigned i = 0; run.broken_count > 0 && i < run.options.connections; i++) {
        if (run.all[i].fd >= 0 || run.all[i].again_ns > now)
            continue;
        run.broken_count--;
        reconnect(&run.all[i]);
    }
}

static void request(struct connection *c, uint64_t due_ns)
{
    struct greeting scratch;

    c->number = run.sent++;
    c->greeting = pool_pick(&run.pool, &run.options, c->number, &scratch);
    c->due_ns = due_ns;
    c->used = 0;
    c->gaps_ns = run.gaps_ns;
    run.under_way++;
    if (is_sent(c, c->greeting))
        return;
    if (run.options.slow > 0)
        broken(c);
    else
        failed(c, "cannot send");
}

static void count_verb(const char *reply)
{
    size_t n = strcspn(reply + 7, " \n");

    if (n >= VERB_SIZE)
        n = VERB_SIZE - 1;
    for (unsigned i = 0; i < VERBS; i++) {
        if (run.verbs[i].count == 0)
            memcpy(run.verbs[i].word, reply + 7, n);
        if (strlen(run.verbs[i].word) == n && memcmp(run.verbs[i].word, reply + 7, n) == 0) {
            run.verbs[i].count++;
            return;
        }
    }
}

static bool wants_more(void)
{
    return !run.stopped && (run.options.requests == 0 || run.sent < run.options.requests);
}

static void check_reply(struct connection *c, uint64_t took_ns)
{
    uint64_t own_ns = run.gaps_ns - c->gaps_ns;

    checked_reply(&run.checked, c->greeting, c->reply);
    if ((double)took_ns > run.options.slow * 1e9 + (double)own_ns)
        checked_slow(c->greeting, (double)c->due_ns / 1e9, (double)took_ns / 1e9, (double)own_ns / 1e9);
}

/* A whole reply is in c->reply. */
static void take_reply(struct connection *c)
{
    uint64_t now = now_ns();

    if (run.options.slow > 0) {
        check_reply(c, now - c->due_ns);
    } else if (strncmp(c->reply, "action=", 7) != 0) {
        failed(c, "no reply of the policy protocol");
        return;
    }
    histogram_add(&run.histogram, now - c->due_ns);
    count_verb(c->reply);
    run.answered++;
    run.under_way--;
    c->due_ns = 0;
    if (run.options.rate == 0 && wants_more())
        request(c, now);
    else
        give_back(c);
}

static void read_reply(struct connection *c)
{
    ssize_t n = recv(c->fd, c->reply + c->used, sizeof(c->reply) - 1 - c->used, MSG_DONTWAIT);

    if (n < 0 && errno == EAGAIN)
        return;
    if (n > 0) {
        c->used += (size_t)n;
        c->reply[c->used] = '\0';
    }
    if (run.options.slow > 0 && n <= 0) {
        broken(c);
    } else if (run.options.slow > 0 && c->due_ns == 0) {
        checked_unasked(&run.checked, c->reply);
        c->used = 0;
    } else if (n <= 0 || c->due_ns == 0) {
        failed(c, n == 0 ? "closed by the server" : "unasked or no reply");
    } else if (strstr(c->reply, "\n\n") != NULL) {
        take_reply(c);
    }
}

/* Sends what is due by now, as far as there are free connections. The rest stays due. */
static void request_due(void)
{
    uint64_t now = now_ns(), step = (uint64_t)(1e9 / run.options.rate);
    bool is_checked = run.options.slow > 0;

    if (is_checked && now > run.next_due_ns + BEHIND_NS)
        run.next_due_ns = now;
    while (run.next_due_ns <= now && run.free_count > 0 && wants_more()) {
        struct connection *c = take_free();

        if (c->fd < 0) {
            give_back(c);
            return;
        }
        request(c, is_checked ? now : run.next_due_ns);
        run.next_due_ns += step;
    }
}

static void print_result(void);

/* "rate N" changes the rate, "tally" prints the figures so far, and "stop" or the end of the input stops the run. */
static void read_commands(void)
{
    static char line[256];
    static size_t used;
    ssize_t n = read(STDIN_FILENO, line + used, sizeof(line) - 1 - used);
    char *end;

    if (n <= 0) {
        run.stopped = true;
        epoll_ctl(run.epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
        return;
    }
    used += (size_t)n;
    line[used] = '\0';
    while ((end = strchr(line, '\n')) != NULL) {
        *end = '\0';
        if (strncmp(line, "rate ", 5) == 0)
            run.options.rate = strtod(line + 5, NULL);
        else if (strcmp(line, "tally") == 0)
            print_result();
        else
            run.stopped = true;
        used -= (size_t)(end + 1 - line);
        memmove(line, end + 1, used + 1);
    }
}

/* What a turn takes beyond what it waits for, the generator did not run or was blocked: no server is late for that. */
static void note_gap(uint64_t waited_ns)
{
    uint64_t now = now_ns();

    if (run.turn_ns != 0 && now > run.turn_ns + waited_ns + GAP_MIN_NS)
        run.gaps_ns += now - run.turn_ns - waited_ns;
    run.turn_ns = now;
}

static void turn(uint64_t until_ns)
{
    struct epoll_event events[EVENTS];
    uint64_t now = now_ns();
    uint64_t wake =
        run.options.rate > 0 && run.free_count > 0 && run.next_due_ns < until_ns ? run.next_due_ns : until_ns;
    struct timespec wait = {0};
    int n;

    if (wake > now) {
        wait.tv_sec = (time_t)((wake - now) / SECOND);
        wait.tv_nsec = (long)((wake - now) % SECOND);
    }
    n = epoll_pwait2(run.epoll, events, EVENTS, &wait, NULL);
    note_gap(wake > now ? wake - now : 0);
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == NULL)
            read_commands();
        else
            read_reply(events[i].data.ptr);
    }
    if (run.broken_count > 0)
        reconnect_due();
    if (run.options.rate > 0)
        request_due();
}

static void run_until(uint64_t until_ns)
{
    while (now_ns() < until_ns && (wants_more() || run.under_way > 0))
        turn(until_ns);
}

/* Until it is stopped; then every request may still get its reply, and one reply too many may still arrive. */
static void run_checked(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    uint64_t end;

    epoll_ctl(run.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
    while (!run.stopped)
        turn(now_ns() + SECOND / 50);
    end = now_ns() + DRAIN_SECONDS * SECOND;
    while (run.under_way > 0 && now_ns() < end)
        turn(now_ns() + SECOND / 20);
    turn(now_ns() + SECOND / 20);
}

static void connect_all(void)
{
    unsigned n = run.options.connections;

    run.all = calloc(n, sizeof(*run.all));
    run.free = calloc(n, sizeof(struct connection *));
    run.epoll = epoll_create1(0);
    if (run.all == NULL || run.free == NULL || run.epoll < 0)
        die("start");
    for (unsigned i = 0; i < n; i++) {
        struct connection *c = &run.all[i];

        if (run.options.slow > 0)
            reconnect(c);
        else if (!is_open(c))
            die(run.options.address);
        give_back(c);
    }
}

static void print_result(void)
{
    const struct histogram *h = &run.histogram;
    const struct checked *checked = &run.checked;
    double answers = run.answered > 0 ? (double)run.answered : 1;
    double cpu = observed_cpu(run.options.pids) - run.cpu_at_start, seconds = (double)(now_ns() - run.start_ns) / 1e9;

    printf("{\"answers\": %" PRIu64 ", \"failed\": %" PRIu64 ", \"unanswered\": %" PRIu64 ", \"seconds\": %.3f, "
           "\"per_second\": %.1f, ",
           run.answered, run.failed, run.under_way, seconds, (double)run.answered / seconds);
    printf("\"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f, ",
           histogram_quantile(h, 0.5), histogram_quantile(h, 0.9), histogram_quantile(h, 0.99),
           histogram_quantile(h, 0.999), (double)h->max / 1000);
    if (run.options.slow > 0)
        printf("\"sent\": %" PRIu32 ", \"wrong\": %" PRIu64 ", \"twice\": %" PRIu64 ", \"retried\": %" PRIu64
               ", \"refused\": %" PRIu64 ", ",
               run.sent, checked->wrong, checked->twice, checked->retried, checked->refused);
    printf("\"cpu_us\": %.3f, \"rss_kb\": %ld, \"verbs\": {", cpu / answers * 1e6, observed_rss_kb(run.options.pids));
    for (unsigned i = 0; i < VERBS && run.verbs[i].count > 0; i++)
        printf("%s\"%s\": %" PRIu64, i > 0 ? ", " : "", run.verbs[i].word, run.verbs[i].count);
    printf("}}\n");
    fflush(stdout);
}

static void start_counting(void)
{
    run.answered = 0;
    memset(&run.histogram, 0, sizeof(run.histogram));
    memset(run.verbs, 0, sizeof(run.verbs));
    run.start_ns = now_ns();
    run.cpu_at_start = observed_cpu(run.options.pids);
}

int main(int argc, char **argv)
{
    struct rlimit files;

    run.options = load_options_read(argc, argv);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    pool_fill(&run.pool, &run.options);
    connect_all();
    run.next_due_ns = now_ns();
    for (unsigned i = 0; run.options.rate == 0 && i < run.options.connections && wants_more(); i++)
        request(take_free(), now_ns());
    run_until(now_ns() + (uint64_t)(run.options.warmup * 1e9));
    start_counting();
    if (run.options.slow > 0)
        run_checked();
    else
        run_until(run.start_ns + (uint64_t)(run.options.seconds * 1e9));
    print_result();
    return run.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
