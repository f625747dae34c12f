/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address_in_name: is this client's address, or another one, written into the host part of a name?
 */
#ifndef HELOD_ADDRESS_IN_NAME_H
#define HELOD_ADDRESS_IN_NAME_H

#include "host_part.h"

struct address_in_name {
    const char *own;  /* the form in which the name contains the client's address; NULL: it does not */
    const char *part; /* the same for only two neighbouring octets, which pools of honest servers also have */
    bool four;        /* the name contains four octets of any address */
};

struct address_in_name address_in_name(const struct host_part *host, const struct address *client);

#endif
