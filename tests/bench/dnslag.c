/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnslag: a DNS server that knows the generated clients, answers after a settable time, and loses a settable share.
 *
 *     dnslag [-d milliseconds] [-l percent lost] [-s counter file] inet:ADDRESS:PORT
 *
 * Every question's answer is due the same time after it, so the answers under way are a ring. The counter file holds
 * two 64-bit numbers, questions and losses, for who watches. -l 100 is a dead server.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "endpoint.h"
#include "greetings.h"

enum { MESSAGE_MAX = 512, QUESTION_MAX = 200, RING = 65536, HEADER = 12, TTL = 300 };
enum { TYPE_A = 1, TYPE_SOA = 6, TYPE_PTR = 12, TYPE_TXT = 16 };
enum { NOERROR = 0, FORMERR = 1, NXDOMAIN = 3 };

struct message {
    uint64_t due_ns;
    struct sockaddr_in peer;
    uint16_t size;
    uint8_t bytes[MESSAGE_MAX];
};

struct counters {
    uint64_t questions, lost;
};

static struct message *ring;
static uint32_t first, last; /* under way are [first, last) */
static struct counters *counters;
static uint64_t delay_ns;
static double loss;

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static double random_share(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0;
}

static void put16(struct message *m, unsigned n)
{
    m->bytes[m->size++] = (uint8_t)(n >> 8);
    m->bytes[m->size++] = (uint8_t)n;
}

static void put32(struct message *m, uint32_t n)
{
    put16(m, n >> 16);
    put16(m, n & 0xffff);
}

/* "a.b" as labels. */
static void put_name(struct message *m, const char *name)
{
    while (*name != '\0') {
        size_t n = strcspn(name, ".");

        m->bytes[m->size++] = (uint8_t)n;
        memcpy(m->bytes + m->size, name, n);
        m->size = (uint16_t)(m->size + n);
        name += n + (name[n] == '.');
    }
    m->bytes[m->size++] = 0;
}

/* The question's name as text and where its type stands; 0 when it is none. */
static size_t read_question(const struct message *m, char name[GREETING_TEXT])
{
    size_t at = HEADER, used = 0;

    while (at < m->size && m->bytes[at] != 0) {
        size_t n = m->bytes[at];

        if (n > 63 || at + 1 + n >= m->size || used + n + 1 >= GREETING_TEXT)
            return 0;
        for (size_t i = 0; i < n; i++) {
            uint8_t c = m->bytes[at + 1 + i];
            name[used++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
        name[used++] = '.';
        at += 1 + n;
    }
    name[used > 0 ? used - 1 : 0] = '\0';
    return at + 5 <= m->size ? at + 1 : 0;
}

static void open_record(struct message *m, unsigned type, size_t data)
{
    put16(m, 0xc000 | HEADER);
    put16(m, type);
    put16(m, 1);
    put32(m, TTL);
    put16(m, (unsigned)data);
}

static unsigned answer_address(struct message *m, uint32_t address, unsigned type)
{
    static const char spf[] = "v=spf1 a -all";

    if (type == TYPE_A) {
        open_record(m, TYPE_A, 4);
        put32(m, address);
    } else if (type == TYPE_TXT) {
        open_record(m, TYPE_TXT, sizeof(spf));
        m->bytes[m->size++] = sizeof(spf) - 1;
        memcpy(m->bytes + m->size, spf, sizeof(spf) - 1);
        m->size = (uint16_t)(m->size + sizeof(spf) - 1);
    } else {
        return 0;
    }
    return 1;
}

static unsigned answer_reverse(struct message *m, uint32_t address)
{
    char name[GREETING_TEXT];

    greeting_reverse_of(address, name);
    if (name[0] == '\0')
        return 0;
    open_record(m, TYPE_PTR, strlen(name) + 2);
    put_name(m, name);
    return 1;
}

/* RFC 2308: what is not there says for how long. */
static void put_soa(struct message *m)
{
    m->bytes[m->size++] = 0;
    put16(m, TYPE_SOA);
    put16(m, 1);
    put32(m, TTL);
    put16(m, 22);
    put16(m, 0);
    for (unsigned i = 0; i < 5; i++)
        put32(m, TTL);
}

/* The question in *m becomes its answer. */
static void answer(struct message *m)
{
    char name[GREETING_TEXT];
    size_t type_at = m->size >= HEADER ? read_question(m, name) : 0;
    unsigned a, b, c, d, type, records = 0, code = NOERROR;
    uint32_t address;

    if (type_at == 0) {
        m->bytes[2] |= 0x80;
        m->bytes[3] = FORMERR;
        return;
    }
    type = (unsigned)m->bytes[type_at] << 8 | m->bytes[type_at + 1];
    m->size = (uint16_t)(type_at + 4);
    if (sscanf(name, "%u.%u.%u.%u.in-addr.arpa", &d, &c, &b, &a) == 4) {
        records = type == TYPE_PTR ? answer_reverse(m, a << 24 | b << 16 | c << 8 | d) : 0;
        code = records > 0 ? NOERROR : NXDOMAIN;
    } else if (greeting_address_of(name, strlen(name), &address)) {
        records = answer_address(m, address, type);
    } else {
        code = NXDOMAIN;
    }
    if (records == 0)
        put_soa(m);
    m->bytes[2] = 0x81; /* an answer; recursion was desired */
    m->bytes[3] = (uint8_t)(0x80 | code);
    memset(m->bytes + 4, 0, 8);
    m->bytes[5] = 1;
    m->bytes[7] = (uint8_t)records;
    m->bytes[9] = records == 0;
}

/* False: nothing is there. */
static bool take(int fd)
{
    struct message *m = &ring[last % RING];
    socklen_t size = sizeof(m->peer);
    ssize_t n = recvfrom(fd, m->bytes, QUESTION_MAX, MSG_DONTWAIT, (struct sockaddr *)&m->peer, &size);

    if (n < HEADER)
        return n >= 0;
    counters->questions++;
    if (random_share() < loss || last - first == RING - 1) {
        counters->lost++;
        return true;
    }
    m->size = (uint16_t)n;
    m->due_ns = now_ns() + delay_ns;
    answer(m);
    last++;
    return true;
}

static void send_due(int fd)
{
    uint64_t now = now_ns();

    while (first != last && ring[first % RING].due_ns <= now) {
        struct message *m = &ring[first++ % RING];

        if (sendto(fd, m->bytes, m->size, MSG_DONTWAIT, (struct sockaddr *)&m->peer, sizeof(m->peer)) < 0)
            counters->lost++;
    }
}

static void serve(int fd)
{
    enum { BURST = 64 };
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    for (;;) {
        uint64_t now = now_ns(), wait = 1000000000u;
        struct timespec pause;

        if (first != last)
            wait = ring[first % RING].due_ns > now ? ring[first % RING].due_ns - now : 0;
        pause = (struct timespec){.tv_sec = (time_t)(wait / 1000000000u), .tv_nsec = (long)(wait % 1000000000u)};
        if (ppoll(&poll_fd, 1, &pause, NULL) > 0)
            for (unsigned i = 0; i < BURST && take(fd); i++)
                ;
        send_due(fd);
    }
}

static struct counters *open_counters(const char *file)
{
    int fd = file != NULL ? open(file, O_RDWR | O_CREAT | O_TRUNC, 0644) : -1;
    void *p;

    if (file != NULL && (fd < 0 || ftruncate(fd, sizeof(struct counters)) != 0))
        return NULL;
    p = mmap(NULL, sizeof(struct counters), PROT_READ | PROT_WRITE, fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED,
             fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

int main(int argc, char **argv)
{
    const char *file = NULL;
    int letter, fd, room = 8 << 20;

    while ((letter = getopt(argc, argv, "d:l:s:")) != -1) {
        switch (letter) {
        case 'd':
            delay_ns = (uint64_t)(strtod(optarg, NULL) * 1e6);
            break;
        case 'l':
            loss = strtod(optarg, NULL) / 100;
            break;
        case 's':
            file = optarg;
            break;
        default:
            return 64;
        }
    }
    counters = open_counters(file);
    ring = malloc(RING * sizeof(*ring));
    if (optind + 1 != argc || counters == NULL || ring == NULL)
        return 64;
    fd = endpoint_bind_udp(argv[optind]);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    serve(fd);
}
