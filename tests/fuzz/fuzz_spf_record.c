/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_spf_record: a TXT record as an SPF record. What is taken is whole and within its bounds; what is refused has a
 * reason in printable ASCII.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "macro.h"
#include "record.h"

static void check_printable(const char *s)
{
    for (; *s; s++)
        if (*s < ' ' || *s > '~')
            abort();
}

static void check_term(const struct spf_term *term, size_t size)
{
    check_printable(term->text);
    if (strlen(term->text) > size || !*term->text || (unsigned)term->kind >= SPF_KINDS)
        abort();
    if (*term->target && macro_check(term->target, strlen(term->target), SPF_USE_DOMAIN))
        abort();
    if ((term->kind == SPF_A || term->kind == SPF_MX) && term->bits4 > 32)
        abort();
    if (term->kind == SPF_IP4 && (term->net.base.family != ADDRESS_IPV4 || term->net.bits > 32))
        abort();
    if (term->kind == SPF_IP6 && (term->net.base.family != ADDRESS_IPV6 || term->net.bits > 128))
        abort();
    if ((term->kind == SPF_INCLUDE || term->kind == SPF_EXISTS) !=
        (*term->target && term->kind != SPF_A && term->kind != SPF_MX && term->kind != SPF_PTR))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct region *r = region_new(1 << 20);
    struct spf_record record;
    const char *error;

    if (r && record_is(data, size)) {
        if (record_parse(&record, data, size, r, &error)) {
            if (record.count > size / 2 || (record.deny_all && record.count != 1))
                abort();
            for (size_t i = 0; i < record.count; i++)
                check_term(&record.terms[i], size);
        } else if (error) {
            check_printable(error);
        } else if (!region_failed(r)) {
            abort();
        }
    }
    region_free(r);
    return 0;
}
