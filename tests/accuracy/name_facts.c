/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_facts: prints what the naming room says of greetings, for those who choose points. Reads lines
 *
 *     ADDRESS <tab> HELO <tab> RDNS
 *
 * ("-" or "unknown": no reverse name) and writes, tab-separated, a line for each: kind, flags, reserved class, naming
 * flags and detail of HELO; the same of RDNS; how the two are related; the provider's first reverse domain. "-" where
 * there is nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

enum { LINE_MEMORY = 1 << 20 };

struct word {
    unsigned bit;
    const char *text;
};

static const char *const kinds[] = {
    [NAME_EMPTY] = "empty",     [NAME_HOST] = "host", [NAME_SINGLE] = "single",
    [NAME_LITERAL] = "literal", [NAME_BARE] = "bare", [NAME_BAD] = "bad",
};

static const char *const reserved[] = {
    [NAME_RESERVED_NONE] = "-",
    [NAME_RESERVED_LOCALHOST] = "localhost",
    [NAME_RESERVED_SPECIAL] = "special",
    [NAME_RESERVED_PRIVATE] = "private",
    [NAME_RESERVED_PLACEHOLDER] = "placeholder",
    [NAME_RESERVED_FACTORY] = "factory",
};

static const struct word flags[] = {
    {NAME_TRAILING_DOT, "trailing_dot"},
    {NAME_UNDERSCORE, "underscore"},
    {NAME_NON_ASCII, "non_ascii"},
    {NAME_TOO_LONG, "too_long"},
    {NAME_BAD_BYTE, "bad_byte"},
    {NAME_BAD_LABEL, "bad_label"},
    {NAME_BAD_LITERAL, "bad_literal"},
    {NAME_BAD_ALABEL, "bad_alabel"},
    {NAME_NUMERIC_TLD, "numeric_tld"},
    {NAME_UNKNOWN_TLD, "unknown_tld"},
    {NAME_IS_SUFFIX, "is_suffix"},
    {NAME_LITERAL_TAIL, "literal_tail"},
    {0, NULL},
};

static const struct word namings[] = {
    {NAMING_ADDRESS, "address"}, {NAMING_FOREIGN, "foreign"},
    {NAMING_DYNAMIC, "dynamic"}, {NAMING_GENERIC, "generic"},
    {NAMING_SERVER, "server"},   {NAMING_RANDOM, "random"},
    {NAMING_BULK, "bulk"},       {NAMING_MAIL_ROLE, "mail_role"},
    {NAMING_STOCK, "stock"},     {NAMING_PARTIAL, "partial"},
    {NAMING_LONG, "long"},       {NAMING_FIXED, "fixed"},
    {NAMING_MASS, "mass"},       {0, NULL},
};

static void print_words(const struct word *table, unsigned set)
{
    const char *comma = "";

    for (; table->text != NULL; table++) {
        if ((set & table->bit) == 0)
            continue;
        printf("%s%s", comma, table->text);
        comma = ",";
    }
    printf("%s\t", set == 0 ? "-" : "");
}

static void print_name(const struct name *name, const struct address *client, const struct name_data *data,
                       struct region *r)
{
    struct naming naming = name_naming(name, client, data, r);

    printf("%s\t", kinds[name->kind]);
    print_words(flags, name->flags);
    printf("%s\t", reserved[name->reserved]);
    print_words(namings, naming.flags);
    printf("%s\t", naming.detail[0] != '\0' ? naming.detail : "-");
}

static const char *relation(const struct name *helo, const struct name *rdns)
{
    if (name_equal(helo, rdns))
        return "equal";
    return name_same_domain(helo, rdns) ? "same_domain" : "-";
}

static void print_facts(char *line, const struct name_data *data, struct region *r)
{
    char *ip = strsep(&line, "\t"), *helo_text = strsep(&line, "\t"), *rdns_text = strsep(&line, "\t");
    struct address client = {.family = ADDRESS_NONE};
    struct name helo, rdns;
    const char *const *provider;

    if (helo_text == NULL || rdns_text == NULL || !address_parse(&client, ip, strlen(ip))) {
        puts("-");
        return;
    }
    if (strcmp(rdns_text, "-") == 0 || strcmp(rdns_text, "unknown") == 0)
        rdns_text = rdns_text + strlen(rdns_text);
    name_parse(&helo, helo_text, strlen(helo_text), data, r);
    name_parse(&rdns, rdns_text, strlen(rdns_text), data, r);
    print_name(&helo, &client, data, r);
    print_name(&rdns, &client, data, r);
    provider = name_provider(&helo, data);
    printf("%s\t%s\n", relation(&helo, &rdns), provider != NULL ? provider[0] : "-");
}

int main(void)
{
    char error[256], *line = NULL;
    size_t room = 0;
    ssize_t n;
    struct name_data *data = name_data_new(NULL, NULL, error, sizeof error);
    struct region *r = region_new(LINE_MEMORY);

    if (data == NULL || r == NULL) {
        fprintf(stderr, "name_facts: %s\n", data == NULL ? error : "out of memory");
        return EXIT_FAILURE;
    }
    while ((n = getline(&line, &room, stdin)) > 0) {
        line[n - 1] = line[n - 1] == '\n' ? '\0' : line[n - 1];
        print_facts(line, data, r);
        region_reset(r);
    }
    free(line);
    region_free(r);
    name_data_free(data);
    return EXIT_SUCCESS;
}
