/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load: asks a policy server as many Postfix smtpd processes would, and prints one line of JSON about how it fared.
 *
 * Every question is whole (all attributes of Postfix 3.7) and has an instance of its own, so that no answer is one kept
 * for another recipient. Closed loop: each connection asks again as soon as it is answered. Open loop (-r): questions
 * come at a steady rate whatever the server does, and their time counts from when they were due, so that a stall shows
 * in all questions that it held up.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "endpoint.h"
#include "greetings.h"
#include "histogram.h"
#include "observed.h"
#include "question_text.h"

enum { EVENTS = 256, VERBS = 8, VERB_SIZE = 16, POOL_MAX = 65536 };

enum order { ORDER_CYCLED, ORDER_ZIPF, ORDER_UNIQUE, ORDERS };
static const char *const order_names[ORDERS] = {"cycled", "zipf", "unique"};

struct options {
    const char *address, *file, *pids;
    unsigned connections;
    double seconds, warmup, rate;
    uint64_t questions; /* 0: until the time is over */
    enum population population;
    enum order order;
    uint32_t pool, first;
};

struct connection {
    int fd;
    uint64_t due_ns; /* of the question under way; 0: none */
    size_t used;
    char answer[1200];
    struct connection *next_free;
};

static struct {
    struct options options;
    struct greeting *pool;
    double *zipf; /* cumulated shares */
    struct connection *all, *free;
    int epoll;
    uint32_t asked;
    uint64_t answered, failed, under_way;
    uint64_t next_due_ns;
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
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static double random_share(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0;
}

static void prepare_pool(void)
{
    struct options *o = &run.options;
    size_t n = 0;
    double sum = 0;

    if (o->file != NULL) {
        run.pool = greetings_read(o->file, &n);
        o->pool = (uint32_t)n;
        if (n == 0)
            exit(EXIT_FAILURE);
    } else if (o->order != ORDER_UNIQUE && o->pool <= POOL_MAX) {
        run.pool = calloc(o->pool, sizeof(*run.pool));
        for (uint32_t i = 0; run.pool != NULL && i < o->pool; i++)
            greeting_make(&run.pool[i], o->population, o->first + i);
    }
    if (o->order != ORDER_ZIPF)
        return;
    run.zipf = calloc(o->pool, sizeof(*run.zipf));
    for (uint32_t i = 0; run.zipf != NULL && i < o->pool; i++)
        run.zipf[i] = sum += 1.0 / (i + 1);
}

static uint32_t pick_zipf(void)
{
    double wanted = random_share() * run.zipf[run.options.pool - 1];
    uint32_t low = 0, high = run.options.pool - 1;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (run.zipf[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct greeting *pick(uint32_t number, struct greeting *scratch)
{
    const struct options *o = &run.options;
    uint32_t i = o->order == ORDER_ZIPF ? pick_zipf() : o->order == ORDER_CYCLED || o->file ? number % o->pool : number;

    if (run.pool != NULL)
        return &run.pool[i];
    greeting_make(scratch, o->population, o->first + i);
    return scratch;
}

static void failed(struct connection *c, const char *what)
{
    if (run.failed++ == 0)
        fprintf(stderr, "load: %s after %" PRIu64 " answers\n", what, run.answered);
    epoll_ctl(run.epoll, EPOLL_CTL_DEL, c->fd, NULL);
    close(c->fd);
    c->fd = -1;
    run.under_way -= c->due_ns != 0;
    c->due_ns = 0;
}

static void ask(struct connection *c, uint64_t due_ns)
{
    char bytes[QUESTION_SIZE];
    struct greeting scratch;
    size_t n = question_text(bytes, pick(run.asked, &scratch), run.options.first + run.asked);

    run.asked++;
    c->due_ns = due_ns;
    c->used = 0;
    run.under_way++;
    if (send(c->fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
        failed(c, "cannot send");
}

static void count_verb(const char *answer)
{
    size_t n = strcspn(answer + 7, " \n");

    if (n >= VERB_SIZE)
        n = VERB_SIZE - 1;
    for (unsigned i = 0; i < VERBS; i++) {
        if (run.verbs[i].count == 0)
            memcpy(run.verbs[i].word, answer + 7, n);
        if (strlen(run.verbs[i].word) == n && memcmp(run.verbs[i].word, answer + 7, n) == 0) {
            run.verbs[i].count++;
            return;
        }
    }
}

static bool wants_more(void)
{
    return run.options.questions == 0 || run.asked < run.options.questions;
}

static void take_answer(struct connection *c)
{
    ssize_t n = recv(c->fd, c->answer + c->used, sizeof(c->answer) - 1 - c->used, 0);
    uint64_t now;

    if (n <= 0 || c->due_ns == 0) {
        failed(c, n == 0 ? "closed by the server" : "unasked or no answer");
        return;
    }
    c->used += (size_t)n;
    c->answer[c->used] = '\0';
    if (c->used < 2 || memcmp(c->answer + c->used - 2, "\n\n", 2) != 0)
        return;
    if (strncmp(c->answer, "action=", 7) != 0) {
        failed(c, "no answer of the policy protocol");
        return;
    }
    now = now_ns();
    histogram_add(&run.histogram, now - c->due_ns);
    count_verb(c->answer);
    run.answered++;
    run.under_way--;
    c->due_ns = 0;
    if (run.options.rate == 0 && wants_more()) {
        ask(c, now);
    } else {
        c->next_free = run.free;
        run.free = c;
    }
}

/* What is due by now goes out, as far as there are connections; what is not stays due. */
static void ask_due(void)
{
    uint64_t now = now_ns(), step = (uint64_t)(1e9 / run.options.rate);

    while (run.next_due_ns <= now && run.free != NULL && wants_more()) {
        struct connection *c = run.free;

        run.free = c->next_free;
        ask(c, run.next_due_ns);
        run.next_due_ns += step;
    }
}

static void turn(uint64_t until_ns)
{
    struct epoll_event events[EVENTS];
    uint64_t now = now_ns();
    uint64_t wake = run.options.rate > 0 && run.free != NULL && run.next_due_ns < until_ns ? run.next_due_ns : until_ns;
    struct timespec wait = {0};
    int n;

    if (wake > now) {
        wait.tv_sec = (time_t)((wake - now) / 1000000000u);
        wait.tv_nsec = (long)((wake - now) % 1000000000u);
    }
    n = epoll_pwait2(run.epoll, events, EVENTS, &wait, NULL);
    for (int i = 0; i < n; i++)
        take_answer(events[i].data.ptr);
    if (run.options.rate > 0)
        ask_due();
}

static void run_until(uint64_t until_ns)
{
    while (now_ns() < until_ns && (wants_more() || run.under_way > 0))
        turn(until_ns);
}

static void connect_all(void)
{
    unsigned n = run.options.connections;

    run.all = calloc(n, sizeof(*run.all));
    run.epoll = epoll_create1(0);
    if (run.all == NULL || run.epoll < 0)
        die("start");
    for (unsigned i = 0; i < n; i++) {
        struct connection *c = &run.all[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};

        c->fd = endpoint_connect(run.options.address);
        if (c->fd < 0 || epoll_ctl(run.epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
            die(run.options.address);
        c->next_free = run.free;
        run.free = c;
    }
}

static void print_result(double seconds, double cpu_seconds)
{
    const struct histogram *h = &run.histogram;
    double answers = run.answered > 0 ? (double)run.answered : 1;

    printf("{\"answers\": %" PRIu64 ", \"failed\": %" PRIu64 ", \"unanswered\": %" PRIu64 ", \"seconds\": %.3f, "
           "\"per_second\": %.1f, ",
           run.answered, run.failed, run.under_way, seconds, (double)run.answered / seconds);
    printf("\"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f, ",
           histogram_quantile(h, 0.5), histogram_quantile(h, 0.9), histogram_quantile(h, 0.99),
           histogram_quantile(h, 0.999), (double)h->max / 1000);
    printf("\"cpu_us\": %.3f, \"rss_kb\": %ld, \"verbs\": {", cpu_seconds / answers * 1e6,
           observed_rss_kb(run.options.pids));
    for (unsigned i = 0; i < VERBS && run.verbs[i].count > 0; i++)
        printf("%s\"%s\": %" PRIu64, i > 0 ? ", " : "", run.verbs[i].word, run.verbs[i].count);
    printf("}}\n");
}

static unsigned row_of(const char *const names[], unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    fprintf(stderr, "load: what is %s?\n", name);
    exit(EXIT_FAILURE);
}

static void usage(void)
{
    fputs("usage: load [-c connections] [-t seconds] [-w warm-up seconds] [-r questions a second] [-q questions]\n"
          "            [-p pid,pid] [-f greetings.tsv | -g clean|judged|strangers] [-o cycled|zipf|unique] [-n pool]\n"
          "            [-1 first number] inet:HOST:PORT|unix:PATH\n",
          stderr);
    exit(64);
}

static void read_options(int argc, char **argv)
{
    struct options *o = &run.options;
    int letter;

    *o = (struct options){.connections = 10, .seconds = 2, .pool = 1000, .order = ORDER_CYCLED};
    while ((letter = getopt(argc, argv, "c:t:w:r:q:p:f:g:o:n:1:")) != -1) {
        switch (letter) {
        case 'c':
            o->connections = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 't':
            o->seconds = strtod(optarg, NULL);
            break;
        case 'w':
            o->warmup = strtod(optarg, NULL);
            break;
        case 'r':
            o->rate = strtod(optarg, NULL);
            break;
        case 'q':
            o->questions = strtoull(optarg, NULL, 10);
            break;
        case 'p':
            o->pids = optarg;
            break;
        case 'f':
            o->file = optarg;
            break;
        case 'g':
            o->population = row_of(population_names, POPULATION_COUNT, optarg);
            break;
        case 'o':
            o->order = row_of(order_names, ORDERS, optarg);
            break;
        case 'n':
            o->pool = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case '1':
            o->first = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        default:
            usage();
        }
    }
    if (optind + 1 != argc || o->connections == 0 || o->pool == 0)
        usage();
    o->address = argv[optind];
}

int main(int argc, char **argv)
{
    struct rlimit files;
    uint64_t start, drain;
    double cpu;

    read_options(argc, argv);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    prepare_pool();
    connect_all();
    run.next_due_ns = now_ns();
    for (unsigned i = 0; run.options.rate == 0 && i < run.options.connections && wants_more(); i++) {
        struct connection *c = run.free;

        run.free = c->next_free;
        ask(c, now_ns());
    }
    run_until(now_ns() + (uint64_t)(run.options.warmup * 1e9));
    run.answered = 0;
    memset(&run.histogram, 0, sizeof(run.histogram));
    memset(run.verbs, 0, sizeof(run.verbs));
    start = now_ns();
    cpu = observed_cpu(run.options.pids);
    run_until(start + (uint64_t)(run.options.seconds * 1e9));
    drain = now_ns();
    cpu = observed_cpu(run.options.pids) - cpu;
    print_result((double)(drain - start) / 1e9, cpu);
    return run.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
