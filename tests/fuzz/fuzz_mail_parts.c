/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_mail_parts: a mail message or an mbox file. Every part that comes out can be read, and no part is longer than
 * the message it came from.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "mail_parts.h"

static volatile unsigned long long sum;

static bool read_part(void *arg, const char *bytes, size_t n)
{
    if (n > *(size_t *)arg)
        abort();
    for (size_t i = 0; i < n; i++)
        sum += (unsigned char)bytes[i];
    return true;
}

static bool read_message(void *arg, const char *bytes, size_t n)
{
    return read_part(arg, bytes, n) && mail_each_part(bytes, n, read_part, arg);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    mail_is_message((const char *)bytes, size);
    mail_each_part((const char *)bytes, size, read_part, &size);
    mail_each_of_mbox((const char *)bytes, size, read_message, &size);
    return 0;
}
