/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_dns_message: the first byte chooses what was asked, the rest is the answer's bytes. What comes out keeps the
 * promises of dns.h, and lies inside its one block.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "message.h"

static const struct message_question questions[] = {
    {"a.example", "a.example", DNS_A, UINT32_MAX},
    {"a.example", "a.example", DNS_AAAA, UINT32_MAX},
    {"1.2.0.192.in-addr.arpa", "1.2.0.192.in-addr.arpa", DNS_PTR, UINT32_MAX},
    {"a.example", "a.example", DNS_MX, UINT32_MAX},
    {"a.example", "a.example", DNS_TXT, UINT32_MAX},
    {"alias.example", "a.example", DNS_A, 5},
};

static void check(bool kept)
{
    if (!kept)
        abort();
}

static void check_inside(const struct answer *a, const void *at, size_t n)
{
    const char *begin = (const char *)a, *text = at;

    check(text >= begin && n <= a->entry.cost && text + n <= begin + a->entry.cost);
}

static void check_name(const struct answer *a, const char *name)
{
    check_inside(a, name, 1);
    check_inside(a, name, strnlen(name, DNS_NAME_SIZE) + 1);
    for (; *name != '\0'; name++)
        check(*name > ' ' && *name < 0x7f && *name != '\\' && !(*name >= 'A' && *name <= 'Z'));
}

static void check_record(const struct answer *a, const struct dns_record *r)
{
    if (a->view.type == DNS_A || a->view.type == DNS_AAAA) {
        check(r->address.family == (a->view.type == DNS_A ? ADDRESS_IPV4 : ADDRESS_IPV6));
    } else if (a->view.type == DNS_TXT) {
        check_inside(a, r->text.bytes, r->text.size + 1);
        check(r->text.bytes[r->text.size] == '\0');
    } else {
        check_name(a, r->host.name);
        check(a->view.type == DNS_MX || *r->host.name != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct message_question *q = &questions[size > 0 ? data[0] % (sizeof questions / sizeof questions[0]) : 0];
    size_t n = size > 0 ? size - 1 : 0;
    char chase[DNS_NAME_SIZE];
    uint8_t *exact = malloc(n > 0 ? n : 1);
    struct answer *a;

    if (!exact)
        return 0;
    if (n > 0)
        memcpy(exact, data + 1, n);
    a = message_parse(exact, n, q, chase);
    free(exact);
    if (!a)
        return 0;
    check(a->view.count <= DNS_RECORDS_MAX && (a->view.count > 0) == (a->view.status == DNS_FOUND));
    check(a->view.ttl <= INT32_MAX && strcmp(a->view.name, q->name) == 0 && a->view.type == q->type);
    check(*chase == '\0' || a->view.status == DNS_TEMPERROR);
    check_name(a, a->view.canonical);
    for (size_t i = 0; i < a->view.count; i++)
        check_record(a, &a->view.records[i]);
    answer_unref(a);
    return 0;
}
