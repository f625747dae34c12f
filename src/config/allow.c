/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * allow: which clients may connect over TCP. Without `allow`, every client that reaches the socket may connect. So a
 * socket that other hosts can reach needs it: without it the status page is refused, and the policy socket gets a
 * warning.
 */
#include <string.h>

#include "reading.h"

static bool is_loopback(const char *endpoint)
{
    const char *host = endpoint + strlen("inet:");
    const char *port = strrchr(host, ':');
    struct address a;
    bool in_brackets = host[0] == '[';

    if (strncmp(endpoint, "unix:", 5) == 0)
        return true;
    return port && address_parse(&a, host + in_brackets, (size_t)(port - host) - 2 * in_brackets) &&
           address_scope(&a) == ADDRESS_LOOPBACK;
}

/* NULL for an empty list. The networks have been checked when the list was read. */
static struct network_set *set_of(struct reading *rd, const char *const *list)
{
    struct network_set *set = list[0] ? network_set_new() : NULL;
    struct network net;

    if (list[0] && !set)
        problems_error(&rd->problems, 0, "no memory for allow");
    for (size_t i = 0; set && list[i]; i++) {
        if (network_parse(&net, list[i], strlen(list[i])) && !network_set_add(set, &net, 0))
            problems_error(&rd->problems, 0, "no memory for allow");
    }
    return set;
}

static void check_reach(struct reading *rd, enum section section, const char *const *listen)
{
    unsigned block = fields_block(rd, section, 0, NULL);

    for (unsigned i = 0; listen[i]; i++) {
        unsigned line = fields_value_line(rd, block, "listen", i);
        if (is_loopback(listen[i]))
            continue;
        if (section == SECTION_STATUS)
            problems_error(&rd->problems, line,
                           "listen: \"%s\" could be reached from outside, expected a loopback address or unix:/PATH, "
                           "or the networks of its clients in status.allow",
                           listen[i]);
        else
            problems_warning(
                &rd->problems, line,
                "listen: \"%s\" can be reached by other hosts, and all of them may connect: list the networks "
                "of your mail servers in server.allow",
                listen[i]);
    }
}

void allow_read(struct reading *rd)
{
    struct settings *s = rd->settings;

    s->server.allow = set_of(rd, s->server.allow_list);
    s->status.allow = set_of(rd, s->status.allow_list);
    if (!s->server.allow_list[0])
        check_reach(rd, SECTION_SERVER, s->server.listen);
    if (!s->status.allow_list[0])
        check_reach(rd, SECTION_STATUS, s->status.listen);
}
