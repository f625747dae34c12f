/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns: types and statuses of answers by name and number.
 */
#include "dns.h"

static const struct {
    uint16_t type;
    const char *name;
} types[] = {
    {DNS_A, "A"},   {DNS_CNAME, "CNAME"}, {DNS_SOA, "SOA"},   {DNS_PTR, "PTR"},
    {DNS_MX, "MX"}, {DNS_TXT, "TXT"},     {DNS_AAAA, "AAAA"},
};

static const char *const status_names[] = {
    [DNS_FOUND] = "found",
    [DNS_NODATA] = "nodata",
    [DNS_NXDOMAIN] = "nxdomain",
    [DNS_TEMPERROR] = "temperror",
};

const char *dns_type_name(uint16_t type)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].type == type)
            return types[i].name;
    return "?";
}

static const uint16_t asked_types[DNS_TYPE_NUMBERS - 1] = {DNS_A, DNS_AAAA, DNS_PTR, DNS_MX, DNS_TXT};

unsigned dns_type_number(uint16_t type)
{
    unsigned i = 0;

    while (i < DNS_TYPE_NUMBERS - 1 && asked_types[i] != type)
        i++;
    return i;
}

const char *dns_type_number_name(unsigned number)
{
    return number < DNS_TYPE_NUMBERS - 1 ? dns_type_name(asked_types[number]) : "other";
}

const char *dns_status_name(enum dns_status status)
{
    return (unsigned)status <= DNS_TEMPERROR ? status_names[status] : "?";
}
