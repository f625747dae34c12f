/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * local: our own names and networks: those in the file, and this host's name and addresses. It never queries DNS, and
 * never treats a name or an address as ours that other machines may have as well.
 */
#include <ifaddrs.h>
#include <string.h>
#include <sys/utsname.h>

#include "ascii.h"
#include "reading.h"

const char *local_host_name(struct region *r)
{
    struct utsname host;
    char *name;

    if (uname(&host) != 0)
        return "";
    name = region_strdup(r, host.nodename);
    for (char *c = name; c && *c; c++)
        *c = (char)ascii_lower(*c);
    return name ? name : "";
}

/* Only registered names are unique: any machine may be called "debian" or "mail.local". */
static bool is_own_name(const struct reading *rd, const char *host)
{
    struct name name;

    if (!rd->settings->name_data)
        return false;
    name_parse(&name, host, strlen(host), rd->settings->name_data, rd->region);
    return name.kind == NAME_HOST && name.reserved == NAME_RESERVED_NONE && name.registrable != NULL;
}

static void add_names(struct reading *rd, struct local_settings *local)
{
    bool added = true;

    for (size_t i = 0; local->names[i]; i++) {
        char *lower = region_strdup(rd->region, local->names[i]);
        for (char *c = lower; c && *c; c++)
            *c = (char)ascii_lower(*c);
        added = added && lower && suffix_set_add(local->own, lower, LOCAL_OURS);
    }
    if (!local->names[0] && is_own_name(rd, rd->host))
        added = suffix_set_add(local->own, rd->host, LOCAL_OURS);
    if (!added)
        problems_error(&rd->problems, 0, "no memory for local.names");
}

static int32_t whose(const struct address *a)
{
    switch (address_scope(a)) {
    case ADDRESS_LOOPBACK:
    case ADDRESS_PRIVATE:
    case ADDRESS_SHARED:
    case ADDRESS_LINK_LOCAL:
    case ADDRESS_UNSPECIFIED:
        return LOCAL_CLIENT;
    default:
        return LOCAL_OURS;
    }
}

static bool add_networks(struct local_settings *local, const char *const *list)
{
    struct network net;

    for (; *list; list++)
        if (!network_parse(&net, *list, strlen(*list)) || !network_set_add(local->networks, &net, whose(&net.base)))
            return false;
    return true;
}

/* If the interfaces cannot be listed, only the networks in the file count. That is not an error. */
static bool add_interfaces(struct local_settings *local)
{
    struct ifaddrs *list;
    bool added = true;

    if (getifaddrs(&list) != 0)
        return true;
    for (struct ifaddrs *i = list; i && added; i = i->ifa_next) {
        struct address a;
        struct network net;
        if (!i->ifa_addr || !address_from_sockaddr(&a, i->ifa_addr))
            continue;
        net = address_network(&a, 128);
        added = network_set_add(local->networks, &net, whose(&a));
    }
    freeifaddrs(list);
    return added;
}

void local_read(struct reading *rd)
{
    static const char *const loopback[] = {"127.0.0.0/8", "::1/128", NULL};
    struct local_settings *local = &rd->settings->local;

    local->own = suffix_set_new();
    local->networks = network_set_new();
    if (!local->own || !local->networks) {
        problems_error(&rd->problems, 0, "no memory for section local");
        return;
    }
    add_names(rd, local);
    if (!add_networks(local, local->network_list) || !add_networks(local, loopback) || !add_interfaces(local))
        problems_error(&rd->problems, 0, "no memory for local.networks");
}
