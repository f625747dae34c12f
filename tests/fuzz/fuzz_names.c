/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_names: a line with the client's address, then the bytes of a HELO argument. A host name that comes out may be
 * asked in the DNS, and is the same name when it is read again.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "names.h"

static void check_host(const struct name *name, const struct name_data *data, struct region *r)
{
    struct name again;

    if (strlen(name->text) != name->length || name->length == 0 || name->length > 253 ||
        strspn(name->text, "abcdefghijklmnopqrstuvwxyz0123456789-._") != name->length)
        abort();
    if (name->registrable != NULL && !name_under(name->text, name->registrable))
        abort();
    name_parse(&again, name->text, name->length, data, r);
    if (again.kind != name->kind || strcmp(again.text, name->text) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct name_data *data;
    const char *text = (const char *)bytes, *line = memchr(bytes, '\n', size);
    struct address client = {.family = ADDRESS_NONE};
    struct region *r = region_new(1 << 20);
    struct name name;
    struct naming naming;
    char error[256];

    if (data == NULL)
        data = name_data_new(NULL, NULL, error, sizeof error);
    if (data == NULL || r == NULL)
        abort();
    if (line != NULL && !address_parse(&client, text, (size_t)(line - text)))
        client = (struct address){.family = ADDRESS_NONE};
    text = line != NULL ? line + 1 : text;
    name_parse(&name, text, size - (size_t)(text - (const char *)bytes), data, r);
    naming = name_naming(&name, &client, data, r);
    if (name.kind == NAME_HOST || name.kind == NAME_SINGLE)
        check_host(&name, data, r);
    else if (naming.flags != 0 || name.registrable != NULL)
        abort();
    if ((naming.detail[0] != '\0') != (naming.flags != 0))
        abort();
    name_provider(&name, data);
    region_free(r);
    return 0;
}
