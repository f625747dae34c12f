/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * channel: drives c-ares from libevent. The same source serves c-ares 1.18 to 1.34: a newer option is used when its
 * macro is defined. (Only options can be tested that way; error codes are an enum in newer versions.)
 *
 * It watches sockets through the socket-state callback only, and calls c-ares periodically while a lookup is pending
 * so that it notices timeouts. The environment, /etc/hosts and search lists never change what is asked. Names that
 * c-ares refuses to ask for are passed to direct.c.
 */
#define CARES_NO_DEPRECATED
#include "channel.h"

#include <ares.h>
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "address.h"
#include "direct.h"
#include "text.h"
#include "units.h"

enum { EDNS_SIZE = 1232, SERVERS_TEXT = 1024, DNS_CLASS_IN = 1, DNS_PORT = 53, RECEIVE_BUFFER = 1 << 20 };
/*
 * Polling makes a timeout at most a twentieth late. ares_timeout() would be exact, but it walks all lookups each
 * time.
 */
enum { TICKS_PER_TIMEOUT = 20, TICK_MIN_MS = 2, TICK_MAX_MS = 50 };

struct channel {
    struct event_base *base;
    ares_channel ares;
    bool open;
    struct direct *direct; /* for names that c-ares refuses to ask for */
    struct event *tick;
    bool ticking;
    struct timeval tick_time;
    struct event **sockets; /* by descriptor */
    size_t socket_count;
    size_t pending;
};

struct ask {
    struct channel *channel;
    channel_done *done;
    void *arg;
};

/*
 * What each c-ares status means. Any status not listed is a temporary failure, because c-ares 1.18 cannot distinguish
 * SERVFAIL from a server that does not answer.
 */
static const struct {
    int status;
    enum dns_status means;
    const char *why;
} statuses[] = {
    {ARES_SUCCESS, DNS_FOUND, "ok"},
    {ARES_ENODATA, DNS_NODATA, "nodata"},
    {ARES_ENOTFOUND, DNS_NXDOMAIN, "nxdomain"},
    {ARES_EFORMERR, DNS_TEMPERROR, "formerr"},
    {ARES_ESERVFAIL, DNS_TEMPERROR, "servfail"},
    {ARES_ENOTIMP, DNS_TEMPERROR, "notimp"},
    {ARES_EREFUSED, DNS_TEMPERROR, "refused"},
    {ARES_EBADRESP, DNS_TEMPERROR, "badresp"},
    {ARES_ETIMEOUT, DNS_TEMPERROR, "timeout"},
    {ARES_ECONNREFUSED, DNS_TEMPERROR, "unanswered"},
    {ARES_ENOMEM, DNS_TEMPERROR, "memory"},
};

/* Versions with defects that the owner of a hostile zone, or someone who forges answers, can exploit. */
static const struct {
    int from, to;     /* first and last affected version */
    bool remote_only; /* matters only when the resolver is on another host */
    const char *text;
} defects[] = {
    {0x012003, 0x012206, false,
     "c-ares 1.32.3 to 1.34.6 has memory errors (CVE-2025-31498, CVE-2025-62408, CVE-2026-33630): update to 1.34.8"},
    {0, 0x0113ff, true,
     "c-ares before 1.20 sends all queries from one source port, and the resolver is on another host, which makes "
     "answers easier to forge: use a resolver on this host"},
#ifndef ARES_OPT_UDP_MAX_QUERIES
    {0x011400, INT_MAX, false,
     "built with c-ares before 1.20 but running with a newer one, where a malformed answer ends other lookups too: "
     "rebuild helod"},
#endif
};

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct channel *c = arg;
    struct timeval wait;

    (void)fd;
    (void)what;
    ares_process_fd(c->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    if (c->pending > 0 || ares_timeout(c->ares, NULL, &wait)) /* c-ares may probe servers on its own */
        return;
    event_del(c->tick);
    c->ticking = false;
}

static void keep_ticking(struct channel *c)
{
    if (!c->ticking)
        c->ticking = event_add(c->tick, &c->tick_time) == 0;
}

static void set_tick_time(struct channel *c, uint64_t timeout_ms)
{
    uint64_t ms = timeout_ms / TICKS_PER_TIMEOUT;

    ms = ms < TICK_MIN_MS ? TICK_MIN_MS : ms > TICK_MAX_MS ? TICK_MAX_MS : ms;
    c->tick_time = (struct timeval){.tv_usec = (suseconds_t)(ms * 1000)};
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    struct channel *c = arg;

    ares_process_fd(c->ares, what & EV_READ ? fd : ARES_SOCKET_BAD, what & EV_WRITE ? fd : ARES_SOCKET_BAD);
}

/* Makes room for one more descriptor. Without memory the lookup on it ends by its timeout. */
static bool hold_socket(struct channel *c, size_t fd)
{
    size_t count = fd + 64;
    struct event **grown;

    if (fd < c->socket_count)
        return true;
    grown = realloc(c->sockets, count * sizeof *grown);
    if (!grown)
        return false;
    memset(grown + c->socket_count, 0, (count - c->socket_count) * sizeof *grown);
    c->sockets = grown;
    c->socket_count = count;
    return true;
}

/* c-ares reports which events it wants for a socket. It reports (0, 0) before it closes the socket. */
static void on_state(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct channel *c = arg;
    size_t at = (size_t)fd;
    short what = (short)(EV_PERSIST | (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0));

    if (fd < 0 || !hold_socket(c, at))
        return;
    if (c->sockets[at]) {
        event_free(c->sockets[at]);
        c->sockets[at] = NULL;
    }
    if (!readable && !writable)
        return;
    c->sockets[at] = event_new(c->base, fd, what, on_socket, c);
    if (c->sockets[at])
        event_add(c->sockets[at], NULL);
}

static bool read_server(const char *server, struct address *a, uint64_t *port)
{
    char host[ADDRESS_TEXT_SIZE];
    const char *given;

    *port = DNS_PORT;
    if (!address_split_port(server, host, sizeof host, &given) || !address_parse(a, host, strlen(host)))
        return false;
    if (server[0] == '[' && a->family != ADDRESS_IPV6)
        return false;
    return !given || (units_number(given, port) && *port > 0 && *port <= 65535);
}

/* Adds an "address", "address:port" or "[v6]:port" to the list in the form that c-ares expects. */
static bool add_server(struct text *list, const char *server)
{
    char shown[ADDRESS_TEXT_SIZE];
    struct address a;
    uint64_t port;

    if (!read_server(server, &a, &port))
        return false;
    text_addf(list, a.family == ADDRESS_IPV6 ? "%s[%s]:%u" : "%s%s:%u", list->used > 0 ? "," : "",
              address_format(&a, shown), (unsigned)port);
    return !list->full;
}

static bool list_servers(const struct channel_options *options, struct text *list, char *error, size_t error_size)
{
    for (size_t i = 0; options->servers && options->servers[i]; i++) {
        if (!add_server(list, options->servers[i])) {
            snprintf(error, error_size, "%s is not a DNS server, expected address, address:port or [address]:port",
                     options->servers[i]);
            return false;
        }
    }
    return true;
}

/*
 * Before 1.23, c-ares doubles the timeout at each try without a bound. Tries that would begin after our own deadline
 * are left out: nobody waits for them, and they would only occupy a place in flight.
 */
static int useful_tries(const struct channel_options *options)
{
    int tries = (int)options->tries;
#ifndef ARES_OPT_MAXTIMEOUTMS
    for (tries = 1; (1u << tries) - 1 < options->tries; tries++)
        ;
#endif
    return tries;
}

/* Sets each option that this c-ares version has. A version without an option does not have the behaviour either. */
static int set_options(struct channel *c, const struct channel_options *options, bool own_servers)
{
    struct ares_options o;
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_LOOKUPS |
               ARES_OPT_DOMAINS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_EDNSPSZ | ARES_OPT_NOROTATE | ARES_OPT_RESOLVCONF |
               ARES_OPT_SOCK_RCVBUF;
    char lookups[] = "b", nothing[] = "/dev/null";
    char *path = own_servers ? nothing : strdup(options->resolv_conf);
    int status;

    if (!path)
        return ARES_ENOMEM;
    memset(&o, 0, sizeof o);
    o.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | (options->edns ? ARES_FLAG_EDNS : 0);
    o.timeout = (int)options->timeout_ms;
    o.tries = useful_tries(options);
    o.lookups = lookups;
    o.ednspsz = EDNS_SIZE;
    /* Before 1.20 all answers arrive on one socket, which must hold a burst of them. The kernel limits the size. */
    o.socket_receive_buffer_size = RECEIVE_BUFFER;
    o.sock_state_cb = on_state;
    o.sock_state_cb_data = c;
    o.resolvconf_path = path;
#ifdef ARES_OPT_UDP_MAX_QUERIES
    /* One socket per lookup: each gets its own source port, and a malformed answer cannot end other lookups. */
    mask |= ARES_OPT_UDP_MAX_QUERIES;
    o.udp_max_queries = 1;
#endif
#ifdef ARES_OPT_QUERY_CACHE
    mask |= ARES_OPT_QUERY_CACHE; /* off: our own cache is bounded, this one is not */
    o.qcache_max_ttl = 0;
#endif
#ifdef ARES_OPT_MAXTIMEOUTMS
    mask |= ARES_OPT_MAXTIMEOUTMS;
    o.maxtimeout = (int)options->timeout_ms;
#endif
    status = ares_init_options(&c->ares, &o, mask);
    if (!own_servers)
        free(path);
    return status;
}

static bool open_channel(struct channel *c, const struct channel_options *options, char *error, size_t error_size)
{
    char servers[SERVERS_TEXT];
    struct text list;
    int status;

    text_init(&list, servers, sizeof servers);
    if (!list_servers(options, &list, error, error_size))
        return false;
    /* These variables would change which names are asked and which servers are used. */
    unsetenv("RES_OPTIONS");
    unsetenv("LOCALDOMAIN");
    unsetenv("HOSTALIASES");
    status = set_options(c, options, list.used > 0);
    c->open = status == ARES_SUCCESS;
    if (c->open && list.used > 0)
        status = ares_set_servers_ports_csv(c->ares, servers);
    if (status != ARES_SUCCESS)
        snprintf(error, error_size, "c-ares: %s", ares_strerror(status));
    return status == ARES_SUCCESS;
}

static bool node_address(const struct ares_addr_port_node *node, struct address *a)
{
    *a = (struct address){.family = node->family == AF_INET ? ADDRESS_IPV4 : ADDRESS_IPV6};
    memcpy(a->bytes, &node->addr, address_size(a));
    return node->family == AF_INET || node->family == AF_INET6;
}

/* Lookups without c-ares go to the servers that c-ares has. */
static bool open_direct(struct channel *c, const struct channel_options *options)
{
    struct ares_addr_port_node *servers = NULL;
    struct address a;

    c->direct = direct_new(c->base, options->timeout_ms, options->tries);
    if (!c->direct || ares_get_servers_ports(c->ares, &servers) != ARES_SUCCESS)
        return false;
    for (const struct ares_addr_port_node *node = servers; node; node = node->next)
        if (node_address(node, &a))
            direct_add_server(c->direct, &a, (uint16_t)(node->udp_port ? node->udp_port : DNS_PORT));
    ares_free_data(servers);
    return true;
}

struct channel *channel_new(struct event_base *base, const struct channel_options *options, char *error,
                            size_t error_size)
{
    struct channel *c = calloc(1, sizeof *c);

    snprintf(error, error_size, "out of memory");
    if (!c)
        return NULL;
    if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
        free(c);
        return NULL;
    }
    c->base = base;
    set_tick_time(c, options->timeout_ms);
    c->tick = event_new(base, -1, EV_PERSIST, on_tick, c);
    if (!c->tick || !open_channel(c, options, error, error_size) || !open_direct(c, options)) {
        channel_free(c);
        return NULL;
    }
    return c;
}

void channel_free(struct channel *c)
{
    if (!c)
        return;
    if (c->open)
        ares_destroy(c->ares);
    direct_free(c->direct);
    for (size_t i = 0; i < c->socket_count; i++)
        if (c->sockets[i])
            event_free(c->sockets[i]);
    free(c->sockets);
    if (c->tick)
        event_free(c->tick);
    ares_library_cleanup();
    free(c);
}

static void on_reply(void *arg, int status, int timeouts, unsigned char *bytes, int size)
{
    struct ask *ask = arg;
    size_t row = 0;
    struct channel_reply reply = {
        .bytes = bytes && size > 0 ? bytes : NULL,
        .size = bytes && size > 0 ? (size_t)size : 0,
        .status = DNS_TEMPERROR,
        .why = "failed",
        .aborted = status == ARES_ECANCELLED || status == ARES_EDESTRUCTION,
    };

    (void)timeouts;
    while (row < sizeof statuses / sizeof statuses[0] && statuses[row].status != status)
        row++;
    if (row < sizeof statuses / sizeof statuses[0]) {
        reply.status = statuses[row].means;
        reply.why = statuses[row].why;
    }
    ask->channel->pending--;
    ask->done(ask->arg, &reply);
    free(ask);
}

/*
 * c-ares 1.34 answers ARES_EBADNAME to a name with any other character, in ares_send() too. Earlier versions would ask,
 * but they take the same path here, so that one path serves and tests all versions.
 */
static bool c_ares_accepts(const char *name)
{
    return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/*")] == '\0';
}

void channel_ask(struct channel *c, const char *name, uint16_t type, channel_done *done, void *arg)
{
    struct ask *ask;

    if (!c_ares_accepts(name)) {
        direct_ask(c->direct, name, type, done, arg);
        return;
    }
    ask = malloc(sizeof *ask);
    if (!ask) {
        done(arg, &(struct channel_reply){.status = DNS_TEMPERROR, .why = "memory"});
        return;
    }
    *ask = (struct ask){c, done, arg};
    c->pending++;
    keep_ticking(c);
    ares_query(c->ares, name, DNS_CLASS_IN, type, on_reply, ask);
}

size_t channel_pending(const struct channel *c)
{
    return c->pending + direct_pending(c->direct);
}

void channel_servers(struct channel *c, char *out, size_t size)
{
    struct ares_addr_port_node *servers = NULL;
    char shown[ADDRESS_TEXT_SIZE];
    struct address a;
    struct text t;

    text_init(&t, out, size);
    if (ares_get_servers_ports(c->ares, &servers) != ARES_SUCCESS)
        return;
    for (const struct ares_addr_port_node *node = servers; node; node = node->next) {
        size_t before = t.used;
        if (!node_address(node, &a))
            continue;
        text_addf(&t, a.family == ADDRESS_IPV6 ? "%s[%s]:%d" : "%s%s:%d", before > 0 ? " " : "",
                  address_format(&a, shown), node->udp_port ? node->udp_port : DNS_PORT);
        if (t.full) {
            text_rewind(&t, before);
            break;
        }
    }
    ares_free_data(servers);
}

static bool all_loopback(struct channel *c)
{
    struct ares_addr_port_node *servers = NULL;
    struct address a;
    bool all = true;

    if (ares_get_servers_ports(c->ares, &servers) != ARES_SUCCESS)
        return false;
    for (const struct ares_addr_port_node *node = servers; node; node = node->next)
        all = all && node_address(node, &a) && address_scope(&a) == ADDRESS_LOOPBACK;
    ares_free_data(servers);
    return all;
}

const char *channel_version(void)
{
    return ares_version(NULL);
}

const char *channel_warning(struct channel *c)
{
    int version;

    ares_version(&version);
    for (size_t i = 0; i < sizeof defects / sizeof defects[0]; i++)
        if (version >= defects[i].from && version <= defects[i].to && !(defects[i].remote_only && all_loopback(c)))
            return defects[i].text;
    return NULL;
}
